#include "actors/health_board.hpp"

#include "test/support/catch.hpp"

using namespace ringdown;

TEST_CASE("a probe outlives the restarts of its actor") {
  health_board board;
  board.probe("poller/t/i", "poller", "group/t")->restarts = 3;
  CHECK(board.probe("poller/t/i", "poller", "group/t")->restarts == 3);
  CHECK(board.all().size() == 1);
  board.drop("poller/t/i");
  CHECK(board.all().empty());
}

TEST_CASE("a kind remembers the restarts of actors that are gone") {
  health_board board;
  board.probe("poller/t/i", "poller", "group/t")->restarted();
  board.drop("poller/t/i");
  board.probe("poller/t/j", "poller", "group/t")->restarted();
  CHECK(board.probe("poller/t/j", "poller", "group/t")->restarts == 1);
  CHECK(board.kinds().at("poller")->restarts == 2);
}

TEST_CASE("what an instance shows is replaced and forgotten") {
  health_board board;
  instance_glance glance;
  glance.polls = 1;
  board.show("t/i", glance);
  glance.polls = 2;
  board.show("t/i", glance);
  CHECK(board.glances().at("t/i").polls == 2);
  board.forget("t/i");
  CHECK(board.glances().empty());
}

TEST_CASE("messages to a dead life of an actor wait for nobody") {
  health_board board;
  const auto probe = board.probe("poller/t/i", "poller", "group/t");
  const auto first = probe->open_mailbox();
  *first += 3;
  CHECK(probe->mailbox() == 3);
  probe->close_mailbox(first);
  *first += 5;
  CHECK(probe->mailbox() == 0);
  const auto second = probe->open_mailbox();
  *second += 1;
  *first += 1;
  CHECK(probe->mailbox() == 1);
  probe->close_mailbox(first);
  CHECK(probe->mailbox() == 1);
}

TEST_CASE("an actor's name says whose it is") {
  CHECK(tenant_of("channel/acme/noc-push") == tenant_id("acme"));
  CHECK(tenant_of("tenant/acme") == tenant_id("acme"));
  for (const char* none : {"root", "store", "group/acme", "poller", ""}) CHECK_FALSE(tenant_of(none).has_value());
}

TEST_CASE("deaths of a tenant are forgotten where another node has counted since") {
  health_board board;
  board.set_deaths("poller/t/i", 2, {});
  board.died("tenant/t", {});
  board.died("tenant/u", {});
  board.forget_deaths(tenant_id("t"));
  CHECK(board.deaths("poller/t/i") == 0);
  CHECK(board.deaths("tenant/t") == 0);
  CHECK(board.deaths("tenant/u") == 1);
}
