// S-D2: a ticket may have been opened by a create whose answer never came. Then it is searched for, and opened again only
// after two empty searches some time apart. How far that is stands in the row's `progress`, so it outlives the process.
#pragma once

#include "protocol/types/delivery.hpp"
#include "protocol/types/time.hpp"

#include <cstdint>
#include <string>

namespace ringdown::wire::psa {

enum class create_state : std::uint8_t {
  clear,        // no create can have been taken: one search is enough
  doubtful,     // one may have been
  searched_once // and one search since then found nothing
};

struct create_doubt {
  create_state is = create_state::clear;
  wall_time searched; // of searched_once
};

// What a row says at the beginning of an attempt. An attempt that left no record between then and now may have created.
[[nodiscard]] create_doubt doubt_of(const delivery& row);

// What to write down at the end of this attempt.
[[nodiscard]] std::string written_down(const delivery& row, const create_doubt& doubt);

} // namespace ringdown::wire::psa
