#include "protocol/wire/notice_json.hpp"

#include "test/protocol/samples.hpp"
#include "test/support/catch.hpp"

#include <rapidcheck.h>

#include <string>

using namespace ringdown;

namespace {

notice full_notice() {
  notice what = samples::fired_delivery().content;
  alert_view second = samples::trunk_view();
  second.type = alert_type::service_down;
  second.phase = alert_phase::resolved;
  second.resource = {resource_kind::service, "odd/key with \"quotes\" and ☎"};
  second.not_before.reset();
  second.resolved = samples::noon() + std::chrono::microseconds(1);
  second.flapping = true;
  second.acknowledged_by = "jo";
  second.parent = alert_id("al_parent");
  what.alerts.push_back(second);
  return what;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

} // namespace

TEST_CASE("A stored notice comes back as it was") {
  const notice what = full_notice();
  const auto back = wire::read_notice(wire::write_notice(what));
  REQUIRE(back);
  CHECK(wire::write_notice(*back) == wire::write_notice(what));
  CHECK(back->event == what.event);
  CHECK(back->level == what.level);
  CHECK(back->title == what.title);
  CHECK(back->at == what.at);
  CHECK(back->acknowledge_path == what.acknowledge_path);
  REQUIRE(back->alerts.size() == 2);
  CHECK(back->alerts[0].since == what.alerts[0].since);
  CHECK(back->alerts[0].not_before == what.alerts[0].not_before);
  CHECK(back->alerts[1].resource == what.alerts[1].resource);
  CHECK(back->alerts[1].resolved == what.alerts[1].resolved);
  CHECK(back->alerts[1].flapping);
  CHECK(back->alerts[1].episode == 2);
  CHECK(back->alerts[0].parent.empty());
  CHECK(back->alerts[1].parent == alert_id("al_parent"));
}

TEST_CASE("A notice that was stored before alerts named what speaks for them is read") {
  const auto back = wire::read_notice(replaced(wire::write_notice(full_notice()), ",\"parent\":\"al_parent\"", ""));
  REQUIRE(back);
  CHECK(back->alerts[1].parent.empty());
}

TEST_CASE("Every event, type, phase and cause survives being stored") {
  for (const alert_type_facts& one : alert_types())
    for (int event = 0; event <= static_cast<int>(notice_event::test); ++event)
      for (int why = 0; why <= static_cast<int>(cause::login_paused); ++why) {
        notice what = full_notice();
        what.event = static_cast<notice_event>(event);
        what.alerts[0].type = one.type;
        what.alerts[0].why = static_cast<cause>(why);
        const auto back = wire::read_notice(wire::write_notice(what));
        REQUIRE(back);
        CHECK(back->event == what.event);
        CHECK(back->alerts[0].type == one.type);
        CHECK(back->alerts[0].why == what.alerts[0].why);
      }
}

TEST_CASE("A test notice without alerts is stored too") {
  notice what;
  what.event = notice_event::test;
  what.test = true;
  const auto back = wire::read_notice(wire::write_notice(what));
  REQUIRE(back);
  CHECK(back->test);
  CHECK(back->alerts.empty());
}

TEST_CASE("A notice stored before a field was kept is read without it") {
  notice what = full_notice();
  what.alerts[0].company = "174";
  const std::string now = wire::write_notice(what);
  CHECK(wire::read_notice(now)->alerts[0].company == "174");
  const auto older = wire::read_notice(replaced(now, R"(,"company":"174")", ""));
  REQUIRE(older);
  CHECK(older->alerts[0].company.empty());
  CHECK(older->alerts[0].detail == what.alerts[0].detail);
}

TEST_CASE("A notice stored before it had the tenant's time and names is read without them") {
  notice what = full_notice();
  what.taken_by = "Jo Adler";
  const std::string now = wire::write_notice(what);
  CHECK(wire::read_notice(now)->since == what.since);
  CHECK(wire::read_notice(now)->taken_by == "Jo Adler");
  const std::string since = R"(,"since":")" + what.since + "\"";
  const auto older = wire::read_notice(replaced(replaced(now, since, ""), R"(,"taken_by":"Jo Adler")", ""));
  REQUIRE(older);
  CHECK(older->since.empty());
  CHECK(older->taken_by.empty());
  CHECK(older->alerts.size() == what.alerts.size());
}

TEST_CASE("A stored notice that is not whole is unreadable, never guessed at") {
  const std::string good = wire::write_notice(full_notice());
  const std::string bad[] = {"",
                             "{}",
                             "[]",
                             good.substr(0, good.size() - 1),
                             good + "x",
                             replaced(good, "\"event\":\"fired\"", "\"event\":\"frobnicated\""),
                             replaced(good, "\"event\":\"fired\",", ""),
                             replaced(good, "\"episode\":2", "\"episode\":-2"),
                             replaced(good, "\"episode\":2", "\"episode\":4294967296"),
                             replaced(good, "\"episode\":2,", ""),
                             replaced(good, "\"test\":false", "\"test\":null"),
                             replaced(good, "\"test\":false", "\"test\":false,\"test\":true"),
                             replaced(good, "\"test\":false", "\"test\":false,\"novel\":1"),
                             replaced(good, "\"since\":", "\"since\":1e30,\"x\":"),
                             replaced(good, "\"alerts\":[", "\"alerts\":[null,")};
  for (const std::string& text : bad) {
    const auto read = wire::read_notice(text);
    REQUIRE_FALSE(read);
    CHECK(read.error().kind == failure_kind::unreadable);
  }
}

TEST_CASE("Any text in a notice is stored as UTF-8 and stays put from then on") {
  const auto holds = rc::check([](const std::string& title, const std::string& label, std::int32_t at) {
    notice what = full_notice();
    what.title = title;
    what.alerts[0].label = label;
    what.at = from_micros(at);
    const auto once = wire::read_notice(wire::write_notice(what));
    RC_ASSERT(once.ok());
    RC_ASSERT(once->at == what.at);
    const auto twice = wire::read_notice(wire::write_notice(*once));
    RC_ASSERT(twice.ok());
    RC_ASSERT(twice->title == once->title);
    RC_ASSERT(twice->alerts[0].label == once->alerts[0].label);
  });
  CHECK(holds);
}
