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
