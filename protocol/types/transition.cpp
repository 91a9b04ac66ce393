#include "protocol/types/transition.hpp"

#include "protocol/types/enum_names.hpp"

namespace ringdown {

namespace {

constexpr std::array<std::string_view, 3> sighting_names{"regular", "first_sight", "after_silence"};

} // namespace

std::string_view name(sighting value) { return name_in(sighting_names, value); }

} // namespace ringdown
