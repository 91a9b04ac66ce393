#include "protocol/types/result.hpp"

#include "test/support/catch.hpp"

#include <memory>
#include <set>

namespace ringdown {

TEST_CASE("a result is a value or says what went wrong") {
  const result<int> good(7);
  CHECK(good.ok());
  CHECK(*good == 7);
  const result<int> bad(failure{failure_kind::timed_out, "no answer in 10 s"});
  CHECK_FALSE(bad);
  CHECK(bad.error().kind == failure_kind::timed_out);
  CHECK(bad.error().detail == "no answer in 10 s");
}

TEST_CASE("a result of nothing is fine or says what went wrong") {
  CHECK(result<void>().ok());
  CHECK(result<void>(failure{failure_kind::conflict, ""}).error().kind == failure_kind::conflict);
}

TEST_CASE("a value that can only be moved is moved out") {
  result<std::unique_ptr<int>> held(std::make_unique<int>(3));
  const std::unique_ptr<int> taken = *std::move(held);
  CHECK(*taken == 3);
}

TEST_CASE("kinds of failure have names of their own") {
  std::set<std::string_view> names;
  for (int value = 0; value <= static_cast<int>(failure_kind::internal); ++value)
    names.insert(name(static_cast<failure_kind>(value)));
  CHECK(names.size() == 13);
  CHECK(name(failure_kind::internal) == "internal");
}

} // namespace ringdown
