#include "actors/store/commit_queue.hpp"

#include "test/support/catch.hpp"

#include <string>

namespace {

using namespace ringdown;

// "a1" is the first batch of tenant a; "!" after it makes it a critical.
commit_batch named(const std::string& name) {
  auto batch = std::make_shared<persistence::write_batch>();
  batch->tenant = tenant_id(name.substr(0, 1));
  batch->urgency = name.ends_with('!') ? severity::critical : severity::warning;
  commit_batch one;
  one.sequence = static_cast<std::uint64_t>(name[1] - '0');
  one.batch = std::move(batch);
  return one;
}

std::vector<commit_batch> batches(const std::vector<std::string>& names) {
  std::vector<commit_batch> made;
  made.reserve(names.size());
  for (const std::string& name : names) made.push_back(named(name));
  return made;
}

commit_queue queue_of(const std::vector<std::string>& names) {
  commit_queue queue;
  for (commit_batch& one : batches(names)) queue.put(std::move(one));
  return queue;
}

std::string names_of(const std::vector<commit_batch>& taken) {
  std::string names;
  for (const commit_batch& one : taken)
    names += (names.empty() ? "" : " ") + one.batch->tenant.str() + std::to_string(one.sequence);
  return names;
}

} // namespace

TEST_CASE("tenants take turns, each in its own order") {
  auto queue = queue_of({"a1", "a2", "a3", "a4", "b1", "c1", "c2"});
  CHECK(queue.size() == 7);
  CHECK(names_of(queue.take(4)) == "a1 b1 c1 a2");
  CHECK(names_of(queue.take(10)) == "c2 a3 a4");
  CHECK(queue.size() == 0);
  CHECK(queue.take(10).empty());
}

TEST_CASE("who was served last waits for the others, also over several transactions") {
  auto queue = queue_of({"a1", "a2", "b1", "b2", "c1", "c2"});
  CHECK(names_of(queue.take(2)) == "a1 b1");
  CHECK(names_of(queue.take(2)) == "c1 a2");
  CHECK(names_of(queue.take(2)) == "b2 c2");
}

TEST_CASE("a flood of one tenant leaves every other its turn in each round") {
  commit_queue queue;
  for (int i = 0; i < 9; ++i) queue.put(named("a" + std::to_string(i)));
  queue.put(named("b1"));
  CHECK(names_of(queue.take(3)) == "a0 b1 a1");
}

TEST_CASE("criticals go first, and bring what their tenant decided before with them") {
  auto queue = queue_of({"a1", "b1", "b2!", "b3", "c1", "d1!"});
  CHECK(names_of(queue.take(3)) == "b1 d1 b2");
  CHECK(names_of(queue.take(10)) == "c1 a1 b3");
}

TEST_CASE("what is given back goes first again, in its order") {
  auto queue = queue_of({"a1", "a2", "b1!", "b2"});
  auto taken = queue.take(3);
  CHECK(names_of(taken) == "b1 a1 b2");
  queue.put(named("a3"));
  queue.put(named("b3!"));
  queue.give_back(std::move(taken));
  CHECK(queue.size() == 6);
  CHECK(names_of(queue.take(10)) == "b1 b2 b3 a1 a2 a3");
}

TEST_CASE("of a tenant that is held nothing is taken until all are let go, and its order stays") {
  auto queue = queue_of({"a1", "b1", "a2!"});
  auto taken = queue.take(10);
  REQUIRE(names_of(taken) == "a1 a2 b1");
  taken.pop_back();
  queue.hold(tenant_id("a"));
  queue.give_back(std::move(taken));
  CHECK(queue.is_held(tenant_id("a")));
  CHECK_FALSE(queue.has_any());
  queue.put(named("a3!"));
  queue.put(named("b2"));
  CHECK(queue.has_any());
  CHECK(names_of(queue.take(10)) == "b2");
  CHECK(queue.size() == 3);
  queue.let_go();
  CHECK(queue.has_any());
  CHECK(names_of(queue.take(10)) == "a1 a2 a3");
  CHECK_FALSE(queue.has_any());
}
