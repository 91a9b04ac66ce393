#include "actors/logic/failure_words.hpp"

#include "protocol/types/http.hpp"
#include "protocol/types/observation.hpp"
#include "test/support/catch.hpp"

#include <string>

using namespace ringdown;

namespace {

bool is_plain(std::string_view words) {
  return !words.empty() && words.find('_') == std::string_view::npos && !words.ends_with('.');
}

} // namespace

TEST_CASE("every way in which a read of a PBX fails is put in words") {
  for (int at = 0; at <= static_cast<int>(read_problem::too_deep); ++at) {
    const std::string code(name(static_cast<read_problem>(at)));
    INFO(code);
    CHECK(is_plain(logic::failure_words(code)));
  }
  for (int at = static_cast<int>(transport_error::dns); at <= static_cast<int>(transport_error::timeout); ++at) {
    const std::string code(name(static_cast<transport_error>(at)));
    INFO(code);
    CHECK(is_plain(logic::failure_words(code)));
  }
  CHECK(logic::failure_words("connect_refused") == "The connection is refused");
}

TEST_CASE("what is no code has no words") {
  for (const char* other : {"", "403", "TrunkIsDisabled", "connect_refuse", "16"})
    CHECK(logic::failure_words(other).empty());
}
