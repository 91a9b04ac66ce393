// What a failed call on a file means for whoever waits for it.
#pragma once

#include "protocol/types/result.hpp"

#include <cerrno>

namespace ringdown::persistence {

// unavailable: it may pass (a full disk, no descriptors left). io_error: the device. refused: it stays so until somebody
// mends it (rights, a read-only or missing place).
[[nodiscard]] inline failure_kind kind_of_errno(int error) {
  switch (error) {
    case ENOSPC:
    case EFBIG:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
    case EINTR:
    case EBUSY: return failure_kind::unavailable;
    case EIO: return failure_kind::io_error;
    default: return failure_kind::refused;
  }
}

} // namespace ringdown::persistence
