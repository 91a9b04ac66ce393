// Credentials, tokens and the tries that are left (D-03, S-K2).
#include "test/actors/poller_bench.hpp"

namespace {

using namespace ringdown;
using namespace ringdown::poller_test;

TEST_CASE("another secret ends the poll under way, whose answer harms nobody") {
  for (const bool reading : {false, true}) {
    bench at;
    at.ring();
    auto asked = at.ask();
    if (reading) {
      at.http.answer(asked, 200, token);
      asked = at.ask();
    }
    auto to = pbx();
    to.secret = secret_text("another");
    at.tell(reconfigure_instance{to});
    const auto saved = at.hear<save_budget>();
    CHECK(saved.budget.failures == 0);
    CHECK(saved.budget.credentials == "mark of https://pbx.exampleanother");
    CHECK(at.hear<login_budget_changed>().budget.credentials == saved.budget.credentials);
    CHECK(at.http.cancelled == std::vector<std::uint64_t>{asked});
    at.http.answer(asked, reading ? 200 : 400, reading ? R"({"value":[]})" : refused);
    // It is polled at once, from the beginning, and nothing was counted.
    const auto wish = at.hear<wake_me>();
    CHECK(wish.at <= at.now.steady);
    at.tell(due{wish.token});
    CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
  }
}

TEST_CASE("a corrected secret is tried at once, whatever the pause was") {
  bench at(spent(own_mark));
  at.ring();
  const auto front = at.ask();
  CHECK(at.http.url_of(front) == "https://pbx.example/");
  at.http.answer(front, 200, "<html>");
  static_cast<void>(at.hear<wake_me>());
  auto to = pbx();
  to.secret = secret_text("another");
  at.tell(reconfigure_instance{to});
  CHECK(at.hear<save_budget>().budget.failures == 0);
  const auto wish = at.hear<wake_me>();
  CHECK(wish.at <= at.now.steady);
  at.tell(due{wish.token});
  CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
}

TEST_CASE("a budget spent with other credentials is void") {
  bench at(spent("mark of something else"));
  at.ring();
  CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
}

TEST_CASE("a tenant that was restarted and read an old budget gives no login back and takes none") {
  bench at;
  at.ring();
  at.http.answer(at.ask(), 400, refused);
  CHECK(at.hear<login_budget_changed>().budget.failures == 1);
  CHECK(at.hear<save_budget>().budget.credentials == own_mark);
  static_cast<void>(at.hear<wake_me>());
  at.tell(rebaseline{caf::actor_cast<caf::strong_actor_ptr>(at.self), {}, {}});
  at.ring();
  // The second is counted before it is made.
  CHECK(at.hear<login_budget_changed>().budget.failures == 2);
  CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
}

TEST_CASE("of several nodes none logs in while a login that failed is not stored, or nothing could be") {
  auto leases = std::make_shared<lease_board>();
  leases->write({{0, {6h, 6h}}});
  bench at({}, {}, leases);
  at.ring();
  at.http.answer(at.ask(), 400, refused);
  const auto first = at.hear<save_budget>();
  CHECK(first.budget.failures == 1);
  SECTION("nothing is heard of it: it is said again") {
    at.ring(); // a whole interval later
    const auto next = at.hear<save_budget>();
    CHECK(next.budget.failures == 1);
    CHECK(next.number > first.number);
    at.tell(login_budget_saved{first.number, true}); // of one that may be older
    at.ring();                                       // two seconds later: it may only be slow
    static_cast<void>(at.hear<wake_me>());
    CHECK_FALSE(at.has<save_budget>());
    at.tell(login_budget_saved{next.number, true});
    at.tell(settle_instance{instance_id("hq")});
  }
  SECTION("the store is away, and keeps it") {
    at.tell(login_budget_saved{first.number, false, true});
    at.ring();
    const auto wish = at.hear<wake_me>(); // no login
    at.tell(login_budget_saved{at.hear<save_budget>().number, true});
    at.now.steady = wish.at;
    at.tell(due{wish.token});
    CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
    return;
  }
  SECTION("it is stored, and the store has been lost since") {
    at.tell(login_budget_saved{first.number, true});
    at.made->metrics->store_ready = false;
    at.ring();
    const auto wish = at.hear<wake_me>();
    CHECK(wish.at == at.now.steady + 2s); // not a whole interval later
    at.made->metrics->store_ready = true;
    at.now.steady = wish.at;
    at.tell(due{wish.token});
    CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
    CHECK(at.hear<save_budget>().budget.failures == 2);
    return;
  }
  SECTION("it is refused for good: a PBX that is not read is worse") {
    at.tell(login_budget_saved{first.number, false});
  }
  at.ring();
  CHECK(at.hear<save_budget>().budget.failures == 2); // counted before it is made
  CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
  CHECK(at.made->metrics->logins == 2);
}

TEST_CASE("a node that runs alone logs in though nothing can be stored: it is silent otherwise") {
  bench at;
  at.made->metrics->store_ready = false;
  at.ring();
  at.http.answer(at.ask(), 400, refused);
  at.tell(login_budget_saved{at.hear<save_budget>().number, false, true});
  at.ring();
  CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
}

TEST_CASE("without the lease of its shard a PBX is read with the token in hand, and none is asked for") {
  auto leases = std::make_shared<lease_board>();
  leases->write({{0, {6h, 6h}}});
  bench at({}, {}, leases);
  at.ring();
  auto asked = at.ask();
  CHECK(at.http.url_of(asked) == "https://pbx.example/connect/token");
  CHECK(at.http.send_by_of(asked) == 6h);
  at.http.answer(asked, 200, token);
  leases->write({});
  at.reads_well(at.ask());
  at.ring();
  asked = at.ask();
  CHECK(at.http.url_of(asked).starts_with("https://pbx.example/xapi/"));
  // Somebody else has asked for a token: this one is over, and that says nothing of the PBX.
  at.http.answer(asked, 401, "");
  const auto slot = at.hear<wake_me>();
  CHECK(slot.at > at.now.steady);
  at.now.steady = slot.at;
  at.tell(due{slot.token});
  const auto next = at.hear<wake_me>();
  CHECK(at.made->metrics->login_failures == 0);
  CHECK(at.made->metrics->logins == 1);
  leases->write({{0, {6h, 6h}}});
  at.now.steady = next.at;
  at.tell(due{next.token});
  CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
}

TEST_CASE("a login that is not made for want of the lease costs none of the tries that are left") {
  auto leases = std::make_shared<lease_board>();
  bench at({1, std::nullopt, own_mark}, {}, leases);
  at.ring();
  const auto next = at.hear<wake_me>(); // it was not asked for
  leases->write({{0, {6h, 6h}}});
  at.now.steady = next.at;
  at.tell(due{next.token});
  CHECK(at.hear<login_budget_changed>().budget.failures == 2);
  CHECK(at.http.url_of(at.ask()) == "https://pbx.example/connect/token");
}

} // namespace
