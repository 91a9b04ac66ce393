#include "bin/ringdownctl/exit_codes.hpp"

namespace ringdown::ctl {

int exit_code_of(failure_kind kind) {
  switch (kind) {
    case failure_kind::not_found:
    case failure_kind::conflict: return exit_negative;
    case failure_kind::unavailable:
    case failure_kind::timed_out:
    case failure_kind::too_late: return exit_later;
    case failure_kind::invalid:
    case failure_kind::refused:
    case failure_kind::unauthorized:
    case failure_kind::too_large:
    case failure_kind::corrupt:
    case failure_kind::unreadable: return exit_refused;
    case failure_kind::io_error:
    case failure_kind::internal: return exit_internal;
  }
  return exit_internal;
}

} // namespace ringdown::ctl
