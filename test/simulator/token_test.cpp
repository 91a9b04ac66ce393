#include "bin/ringdown-sim/token.hpp"

#include "test/simulator/builders.hpp"
#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::sim;
using namespace std::chrono_literals;

namespace {
login_answer good_login(token_office& office, wall_time now, std::uint64_t salt) {
  return office.login("client_credentials", "900", "right", now, salt);
}
} // namespace

TEST_CASE("a new token ends the one before") {
  token_office office("900", "right", 60s, 3);
  REQUIRE(good_login(office, noon, 1) == login_answer::granted);
  const auto first = office.token();
  REQUIRE(good_login(office, noon, 2) == login_answer::granted);
  CHECK_FALSE(office.accepts(first, noon));
  CHECK(office.accepts(office.token(), noon));
}

TEST_CASE("a token ends by age, by revocation and by a new secret") {
  token_office office("900", "right", 60s, 3);
  REQUIRE(good_login(office, noon, 1) == login_answer::granted);
  CHECK(office.accepts(office.token(), noon + 59s));
  CHECK_FALSE(office.accepts(office.token(), noon + 60s));
  office.revoke();
  CHECK_FALSE(office.accepts("", noon));
  REQUIRE(good_login(office, noon, 2) == login_answer::granted);
  const auto token = office.token();
  office.change_secret("other");
  CHECK_FALSE(office.accepts(token, noon));
  CHECK(good_login(office, noon, 3) == login_answer::bad_credentials);
}

TEST_CASE("the third wrong login blocks, a right one in between forgives") {
  token_office office("900", "right", 60s, 3);
  const auto wrong = [&] { return office.login("client_credentials", "900", "wrong", noon, 1); };
  CHECK(wrong() == login_answer::bad_credentials);
  CHECK(wrong() == login_answer::bad_credentials);
  CHECK(good_login(office, noon, 1) == login_answer::granted);
  CHECK(wrong() == login_answer::bad_credentials);
  CHECK(wrong() == login_answer::bad_credentials);
  CHECK_FALSE(office.blocked());
  CHECK(wrong() == login_answer::bad_credentials);
  CHECK(office.blocked());
  CHECK(good_login(office, noon, 1) == login_answer::blocked);
  office.unblock();
  CHECK(good_login(office, noon, 1) == login_answer::granted);
}

TEST_CASE("another grant type is refused without counting") {
  token_office office("900", "right", 60s, 3);
  CHECK(office.login("password", "900", "wrong", noon, 1) == login_answer::bad_grant);
  CHECK(office.failures() == 0);
}
