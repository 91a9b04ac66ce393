// Many mails at once: bounded, cancellable, and no lane in another's way.
#include "actors/net/boot_clock.hpp"

#include "test/net/mail_client_test.hpp"
#include "test/net/tiny_mail_server.hpp"
#include "test/support/catch.hpp"

#include <vector>

#include <fmt/format.h>

using namespace ringdown;
using namespace ringdown::test;
using namespace std::chrono_literals;

namespace {

net::lane lane_of(int number) { return {.name = fmt::format("channel/t{}/mail", number)}; }

} // namespace

TEST_CASE("a hung server of one lane delays no other lane", "[net][mail]") {
  tiny_server stuck(mail_script({.says = {{"", hangs}}}));
  tiny_server quick(mail_script({}));
  mail_client c;
  auto hanging = c.send(mail_to(stuck.port()), lane_of(1));
  for (int i = 2; i < 6; ++i) {
    const auto outcome = c.ask(mail_to(quick.port()), lane_of(i));
    CHECK(outcome.code == 250);
    CHECK(outcome.elapsed < 3s);
  }
  CHECK(hanging.outcome.wait_for(0s) == std::future_status::timeout);
}

TEST_CASE("lanes that were slow leave half of the threads to the others", "[net][mail]") {
  tiny_server stuck(mail_script({.says = {{"", hangs}}}));
  tiny_server quick(mail_script({}));
  net::smtp_options options;
  options.most_threads = 4;
  options.slow = 20ms;
  mail_client c(options);
  auto request = mail_to(stuck.port());
  request.timeout = 50ms;
  std::vector<mail_client::pending> all;
  all.reserve(40);
  for (int i = 0; i < 4; ++i) all.push_back(c.send(request, lane_of(i)));
  for (auto& each : all) CHECK(each.outcome.get().error == transport_error::timeout);
  all.clear();
  request.timeout = 20s;
  const int before = stuck.accepted();
  for (int i = 0; i < 4; ++i) all.push_back(c.send(request, lane_of(i)));
  CHECK(c.ask(mail_to(quick.port()), lane_of(9)).code == 250);
  CHECK(c.ask(mail_to(quick.port()), lane_of(10)).code == 250);
  CHECK(stuck.accepted() <= before + 2);
}

TEST_CASE("a lane's mails wait in order, bounded, each within its own time", "[net][mail]") {
  tiny_server stuck(mail_script({.says = {{"", hangs}}}));
  mail_client c;
  const net::lane narrow{.name = "narrow", .connections = 1, .queue = 2};
  auto running = c.send(mail_to(stuck.port()), narrow);
  auto request = mail_to(stuck.port());
  request.timeout = 30ms;
  auto waiting = c.send(request, narrow);
  auto due = mail_to(stuck.port());
  due.send_by = net::boot_now() + 20ms;
  auto due_soon = c.send(due, narrow);
  CHECK(c.ask(mail_to(stuck.port()), narrow).error == transport_error::overloaded);
  const auto gave_up = waiting.outcome.get();
  CHECK(gave_up.error == transport_error::overloaded);
  CHECK_FALSE(gave_up.maybe_taken);
  CHECK(due_soon.outcome.get().error == transport_error::too_late);
  CHECK(running.outcome.wait_for(0s) == std::future_status::timeout);
}

TEST_CASE("a mail may be cancelled in the queue, in the greeting and behind the final dot", "[net][mail]") {
  tiny_server deaf(mail_script({.says = {{"EHLO", hangs}}}));
  tiny_server mute(mail_script({.says = {{".", hangs}}}));
  mail_client c;
  auto greeted = c.send(mail_to(deaf.port()), lane_of(1));
  auto queued = c.send(mail_to(deaf.port()), lane_of(1));
  auto handed = c.send(mail_to(mute.port()), lane_of(2));
  deaf.wait_for_requests(1);
  mute.wait_for_requests(6); // its text too
  for (const auto ticket : {queued.ticket, greeted.ticket, handed.ticket, std::uint64_t{99}}) c.port().cancel(ticket);
  CHECK(queued.outcome.get().error == transport_error::cancelled);
  const auto early = greeted.outcome.get();
  CHECK(early.error == transport_error::cancelled);
  CHECK_FALSE(early.maybe_taken);
  const auto late = handed.outcome.get();
  CHECK(late.error == transport_error::cancelled);
  CHECK(late.maybe_taken);
  CHECK(late.elapsed < 5s);
}

TEST_CASE("a name server that does not answer holds nobody but its own lane", "[net][mail]") {
  std::promise<void> never;
  const auto hold = never.get_future().share();
  tiny_server quick(mail_script({}));
  mail_client c({}, [hold](const std::string&) -> result<net::addresses> {
    hold.wait();
    return failure{failure_kind::unavailable, "too late"};
  });
  auto request = mail_to(25);
  request.host = "mx.dead.test";
  request.connect_timeout = 50ms;
  auto lost = c.send(request, lane_of(1));
  CHECK(c.ask(mail_to(quick.port()), lane_of(2)).code == 250);
  CHECK(lost.outcome.get().error == transport_error::dns);
  never.set_value();
}

TEST_CASE("the client's end ends what is under way and what waits", "[net][mail]") {
  tiny_server stuck(mail_script({.says = {{"MAIL", hangs}}}));
  mail_client c;
  auto running = c.send(mail_to(stuck.port()));
  auto waiting = c.send(mail_to(stuck.port()));
  stuck.wait_for_requests(2);
  c.end();
  CHECK(running.outcome.get().error == transport_error::cancelled);
  CHECK(waiting.outcome.get().error == transport_error::cancelled);
}
