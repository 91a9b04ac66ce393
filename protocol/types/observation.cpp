#include "protocol/types/observation.hpp"

#include "protocol/types/enum_names.hpp"

namespace ringdown {

namespace {

constexpr std::array<std::string_view, 4> endpoint_names{"trunks", "sbcs", "system_status", "services"};
constexpr std::array<std::string_view, 12> problem_names{"not_asked",    "transport",   "unauthorized", "forbidden",
                                                         "not_in_build", "bad_request", "throttled",    "server_error",
                                                         "not_json",     "malformed",   "too_large",    "too_deep"};

} // namespace

std::string_view name(endpoint value) { return name_in(endpoint_names, value); }
std::string_view name(read_problem value) { return name_in(problem_names, value); }

} // namespace ringdown
