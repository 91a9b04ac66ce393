#include "protocol/wire/psa/create_doubt.hpp"

#include "test/protocol/samples.hpp"
#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::wire::psa;

namespace {

delivery row_in(std::uint32_t attempt, std::string progress, bool possible_repeat = false) {
  delivery row;
  row.attempts = attempt;
  row.progress = std::move(progress);
  row.possible_repeat = possible_repeat;
  return row;
}

} // namespace

TEST_CASE("What an attempt wrote down is what the next one reads") {
  const wall_time at = samples::noon();
  for (const create_doubt& doubt : {create_doubt{create_state::clear, {}}, create_doubt{create_state::doubtful, {}},
                                    create_doubt{create_state::searched_once, at}}) {
    const auto read = doubt_of(row_in(4, written_down(row_in(3, ""), doubt), true));
    CHECK(read.is == doubt.is);
    CHECK(read.searched == doubt.searched);
  }
}

TEST_CASE("A record holds for the very next attempt: one that left none may have created") {
  const create_doubt searched{create_state::searched_once, samples::noon()};
  CHECK(doubt_of(row_in(5, written_down(row_in(3, ""), searched), true)).is == create_state::doubtful);
  CHECK(doubt_of(row_in(5, written_down(row_in(3, ""), create_doubt{}), true)).is == create_state::doubtful);
  CHECK(doubt_of(row_in(9, written_down(row_in(3, ""), {create_state::doubtful, {}}))).is == create_state::doubtful);
}

TEST_CASE("Without a record the row's flag decides") {
  for (const char* text : {"", "frobnicate", "searched 3", "searched x 1", "clear", "clear 3 4", "searched 3 1 2"}) {
    CHECK(doubt_of(row_in(4, text, true)).is == create_state::doubtful);
    CHECK(doubt_of(row_in(4, text, false)).is == create_state::clear);
  }
}
