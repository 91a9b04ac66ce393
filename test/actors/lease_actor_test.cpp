// Who keeps the leases, between a register in memory, a clock that the test moves, and a store and a root that only listen.
// Everything runs in the test's thread.
#include "actors/lease_actor.hpp"

#include "test/actors/actor_bench.hpp"
#include "test/persistence/builders.hpp"
#include "test/support/catch.hpp"
#include "test/support/lease_register.hpp"

#include <caf/after.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace {

using namespace ringdown;
using namespace std::chrono_literals;

// The session: what the test says of it.
struct scripted_session final : persistence::lease_register {
  result<lease_answer> ask(const lease_question&) override { return failure{failure_kind::internal, "not asked here"}; }
  bool is_cut() override { return cut; }
  void give_up() override { ++given_up; }

  bool cut = false;
  int given_up = 0;
};

struct bench {
  bench() {
    world->time.now = [this] {
      return moment{wall_time{500'000h} + std::chrono::duration_cast<duration>(passed()), steady_time{1h} + passed()};
    };
    world->time.boot = [this] { return boot_time(5h) + passed(); };
    world->clock = caf::actor_cast<clock_actor>(pointer(clock));
    world->store = caf::actor_cast<store_actor>(pointer(store));
    world->fatal = [this](std::string_view) { ++ends; };
    world->before_shard = [this](persistence::store&, const fence&) { return prepared(); };
    static_cast<void>(shared.open(me));
    lease_holder::setting given;
    given.self.id = me;
    given.self.name = "one of us";
    given.at = session;
    given.clock = common;
    given.asker = caf::actor_cast<register_actor>(pointer(asker));
    given.board = board;
    given.root = caf::actor_cast<node_actor>(pointer(root));
    under_test = system.spawn<lease_holder>(world, world->health->probe("leases", "leases", "root"), std::move(given));
    run();
  }
  bench(const bench&) = delete;
  bench& operator=(const bench&) = delete;
  ~bench() {
    world->clock = nullptr;
    world->store = nullptr;
    caf::anon_send_exit(under_test, caf::exit_reason::user_shutdown);
    run();
    clock->wait_for(under_test);
  }

  [[nodiscard]] static caf::strong_actor_ptr pointer(caf::scoped_actor& who) {
    return caf::actor_cast<caf::strong_actor_ptr>(who);
  }
  [[nodiscard]] std::chrono::nanoseconds passed() const { return std::chrono::nanoseconds(passed_); }
  [[nodiscard]] boot_time boot() const { return boot_time(5h) + passed(); }

  // Until nobody has anything to do.
  void run() {
    while (jobs.try_run_once()) continue;
  }
  template <class Message>
  void tell(Message what) {
    caf::anon_send(under_test, std::move(what));
    run();
  }
  template <class Message>
  std::optional<Message> heard(caf::scoped_actor& where) {
    std::optional<Message> said;
    where->receive([&](const Message& one) { said = one; }, caf::after(0s) >> [] {});
    return said;
  }
  template <class Message>
  Message hear(caf::scoped_actor& where) {
    const auto said = heard<Message>(where);
    REQUIRE(said);
    return *said;
  }
  // The next question, answered by the register.
  lease_question answer() {
    auto asked = hear<ask_register>(asker).question;
    auto said = shared.answer(asked, passed());
    said.time = time_there;
    tell(register_answered{asked.number, true, std::move(said)});
    return asked;
  }
  // So much later, woken if it wants to be by then.
  void later(std::chrono::nanoseconds time) {
    passed_ += time.count();
    std::optional<wake_me> last;
    while (auto wish = heard<wake_me>(clock)) last = wish;
    REQUIRE(last);
    if (last->at <= world->time.now().steady)
      tell(due{last->token});
    else
      caf::anon_send(caf::actor_cast<caf::actor>(pointer(clock)), *last); // kept
  }
  // From the beginning until both shards run here.
  std::vector<fence> begin_both() {
    answer(); // who is there?
    CHECK(answer().acquire.size() == 2);
    std::vector<fence> begun;
    for (int i = 0; i < 2; ++i) prepare();
    begun.reserve(2);
    for (int i = 0; i < 2; ++i) begun.push_back(hear<shard_begun>(root).owner);
    return begun;
  }
  void prepare() {
    CHECK(hear<with_store>(store).run(*somewhere).ok() == prepared().ok());
    run();
  }
  // Somebody else, over a session of his own, gets what is free; or is only there.
  void another_takes(std::optional<shard_id> shard) {
    static_cast<void>(shared.open(incarnation_id("nd_other")));
    lease_question asked;
    asked.asker.id = incarnation_id("nd_other");
    asked.what = lease_ask::renew;
    if (shard) asked.acquire = {*shard};
    static_cast<void>(shared.answer(asked, passed()));
    if (shard) REQUIRE(shared.owner_of(*shard) == incarnation_id("nd_other"));
  }

  const incarnation_id me{"nd_me"};
  std::int64_t passed_ = 0;
  int ends = 0;
  std::function<result<void>()> prepared = [] { return result<void>{}; };
  persistence::sqlite_place place;
  std::unique_ptr<persistence::store> somewhere = place.open();
  test::lease_register shared{2};
  std::shared_ptr<scripted_session> session = std::make_shared<scripted_session>();
  std::shared_ptr<lease_board> board = std::make_shared<lease_board>();
  std::shared_ptr<common_clock> common = std::make_shared<common_clock>();
  std::optional<wall_time> time_there; // the register's clock
  test::event_log log;
  std::shared_ptr<ports> world = test::make_world(log);
  test::testing_config config;
  caf::actor_system system{config};
  caf::scheduler::test_coordinator& jobs{dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())};
  caf::scoped_actor clock{system};
  caf::scoped_actor store{system};
  caf::scoped_actor root{system};
  caf::scoped_actor asker{system};
  lease_actor under_test;
};

} // namespace

TEST_CASE("a node that is alone takes every shard, and begins each once what was left of it is taken up") {
  bench at;
  const auto begun = at.begin_both();
  CHECK(std::set<shard_id>{begun[0].shard, begun[1].shard} == std::set<shard_id>{0, 1});
  for (const fence& one : begun) {
    CHECK(one.owner == at.me);
    CHECK(one.epoch == 1);
    CHECK(at.board->of(one.shard).leaves_until == at.boot() + 13s);
    CHECK(at.board->of(one.shard).begins_until == at.boot() + 1500ms);
  }
  CHECK(at.board->of(2).leaves_until == boot_time{});
  REQUIRE(at.board->heard());
  CHECK(at.board->heard()->nodes.size() == 1);
}

TEST_CASE("a shard that cannot be prepared is tried again, and not begun before") {
  bench at;
  at.prepared = [] { return result<void>(failure{failure_kind::unavailable, "away"}); };
  at.answer();
  at.answer();
  for (int i = 0; i < 2; ++i) at.prepare();
  CHECK_FALSE(at.heard<shard_begun>(at.root));
  at.prepared = [] { return result<void>{}; };
  at.later(500ms);
  for (int i = 0; i < 2; ++i) at.prepare();
  for (int i = 0; i < 2; ++i) static_cast<void>(at.hear<shard_begun>(at.root));
  CHECK_FALSE(at.heard<with_store>(at.store));
}

TEST_CASE("what another has taken ends at once, and is taken again only when nothing of it runs here") {
  bench at;
  at.begin_both();
  at.passed_ += std::chrono::nanoseconds(16s).count(); // frozen
  at.another_takes(1);
  at.later(0s);
  CHECK(at.board->of(0).leaves_until < at.boot());
  at.answer();
  const auto ended = at.hear<shard_ended>(at.root);
  CHECK(ended.shard == 1);
  CHECK(ended.patience == duration{});
  CHECK(at.board->of(1).leaves_until == boot_time{});
  CHECK(at.board->of(0).leaves_until > at.boot()); // revived
  // He goes, but we have not stopped.
  at.later(16s);
  for (int i = 0; i < 3; ++i) {
    CHECK(at.answer().acquire.empty());
    at.later(1s);
  }
  at.tell(shard_is_over{{at.me, 1, 1}});
  for (int i = 0; i < 3 && at.shared.owner_of(1) != at.me; ++i) {
    at.answer();
    at.later(1s);
  }
  at.prepare();
  CHECK(at.hear<shard_begun>(at.root).owner == fence{at.me, 3, 1});
}

TEST_CASE("a node whose session has ended begins nothing after a moment, and asks again") {
  bench at;
  at.begin_both();
  at.later(1s);
  at.answer();
  at.session->cut = true;
  at.later(1s);
  const auto looked = at.boot();
  CHECK(at.board->of(0).begins_until <= looked + 500ms);
  CHECK(at.board->of(0).leaves_until <= looked + 500ms);
  at.session->cut = false;
  CHECK(at.answer().what == lease_ask::renew);
  CHECK(at.board->of(0).begins_until == looked + 1500ms);
  CHECK(at.board->of(0).leaves_until == looked + 13s);
}

TEST_CASE("a register that does not answer is given up, and its late answer is not listened to") {
  bench at;
  const auto late = at.hear<ask_register>(at.asker).question;
  at.later(7s);
  const auto again = at.hear<ask_register>(at.asker).question;
  CHECK(at.session->given_up == 1);
  CHECK(again.number > late.number);
  at.tell(register_answered{late.number, false, {}});
  at.tell(register_answered{again.number, true, at.shared.answer(again, at.passed())});
  CHECK(at.answer().acquire.size() == 2);
}

TEST_CASE("a shard that does not end takes the process down") {
  bench at;
  at.begin_both();
  at.passed_ += std::chrono::nanoseconds(16s).count();
  at.another_takes(0);
  at.later(0s);
  at.answer();
  CHECK(at.hear<shard_ended>(at.root).shard == 0);
  for (int i = 0; i < 9; ++i) {
    at.later(1s);
    at.answer();
  }
  CHECK(at.ends == 0);
  at.later(1s);
  CHECK(at.ends == 1);
}

TEST_CASE("a node that somebody wants to drain says so, gives away what others take, and stays when it is wanted to") {
  bench at;
  at.begin_both();
  at.another_takes(std::nullopt);
  int known = 0;
  at.tell(drain_node{{"one of us", true}, [&] { ++known; }});
  at.later(1s);
  CHECK(at.answer().wishes.size() == 1);
  CHECK(known == 1);
  CHECK(at.answer().asker.draining);
  CHECK(at.hear<shard_ended>(at.root).patience > duration{});
  CHECK(at.hear<shard_ended>(at.root).patience > duration{});
  at.tell(drain_node{{"one of us", false}, [&] { ++known; }});
  at.later(1s);
  // Lost on the way: said again.
  const auto lost = at.hear<ask_register>(at.asker).question;
  CHECK(lost.wishes.size() == 1);
  at.tell(register_answered{lost.number, false, {}});
  at.later(1s);
  CHECK(at.answer().wishes.size() == 1);
  CHECK(known == 2);
  CHECK_FALSE(at.answer().asker.draining);
}

TEST_CASE("a process that ends hands everything over, and says so when the register knows") {
  bench at;
  at.begin_both();
  bool left = false;
  at.tell(leave_register{[&] { left = true; }});
  for (int i = 0; i < 2; ++i) {
    const auto ended = at.hear<shard_ended>(at.root);
    CHECK(ended.patience > duration{});
    at.tell(shard_is_over{{at.me, 1, ended.shard}});
  }
  for (int i = 0; i < 3 && !left; ++i) {
    at.later(1s);
    at.answer();
  }
  CHECK(left);
  CHECK(at.shared.owner_of(0).empty());
  CHECK(at.shared.owner_of(1).empty());
}

TEST_CASE("the common clock is the register's, as of the question that it answered") {
  bench at;
  static_cast<void>(at.begin_both());
  CHECK_FALSE(at.common->at(at.boot()));
  at.later(1s);
  const boot_time asked = at.boot();
  at.passed_ += std::chrono::nanoseconds(200ms).count();
  at.time_there = wall_time{600'000h};
  static_cast<void>(at.answer());
  CHECK(at.common->at(asked + 200ms) == at.time_there);
}
