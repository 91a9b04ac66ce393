#include "protocol/types/result.hpp"

#include "protocol/types/enum_names.hpp"

namespace ringdown {

namespace {

constexpr std::array<std::string_view, 13> kind_names{
    "invalid",  "not_found", "refused", "unauthorized", "unavailable", "timed_out", "too_large",
    "too_late", "conflict",  "corrupt", "io_error",     "unreadable",  "internal"};

} // namespace

std::string_view name(failure_kind value) { return name_in(kind_names, value); }

} // namespace ringdown
