#include "actors/logic/wording.hpp"

#include "test/logic/tenant_bench.hpp"
#include "test/support/catch.hpp"

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::logic;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

// 2026-09-21 14:13:20 UTC
const wall_time when = from_micros(1'790'000'000'000'000);

alert example(alert_type type) {
  alert a;
  a.id = alert_id("al_1");
  a.tenant = tenant_id("acme");
  a.key = {test::hq, type, test::resource_of(type, "61")};
  a.label = "Bandwidth-Primary";
  a.since = when;
  a.opened = when;
  return a;
}

alert_view view(const alert& a) { return view_of(a, test::usual_config()); }

} // namespace

TEST_CASE("every type has a title and a sentence that name the instance") {
  for (const alert_type_facts& type : alert_types()) {
    INFO(type.name);
    const alert_view what = view(example(type.type));
    CHECK_THAT(title_of(notice_event::fired, what), Contains("Acme HQ"));
    const std::string text = text_of(notice_event::fired, what, "");
    CHECK_THAT(text, Contains("Acme HQ"));
    CHECK_THAT(text, Contains("Since 14:13 UTC."));
  }
}

TEST_CASE("titles say what happened") {
  alert a = example(alert_type::trunk_down);
  const std::vector<std::pair<notice_event, std::string>> table{
      {notice_event::fired, "Trunk down: Bandwidth-Primary at Acme HQ"},
      {notice_event::acknowledged, "Acknowledged: Trunk down: Bandwidth-Primary at Acme HQ"},
      {notice_event::resolved, "Resolved: Trunk down: Bandwidth-Primary at Acme HQ"},
      {notice_event::updated, "Updated: Trunk down: Bandwidth-Primary at Acme HQ"},
      {notice_event::reminder, "Still failing: Trunk down: Bandwidth-Primary at Acme HQ"}};
  for (const auto& [event, title] : table) CHECK(title_of(event, view(a)) == title);
  a.flapping = true;
  CHECK(title_of(notice_event::fired, view(a)) == "Flapping: Trunk down: Bandwidth-Primary at Acme HQ");
}

TEST_CASE("rejected credentials and a silent provider read differently, and the provider is named") {
  alert a = example(alert_type::trunk_down);
  a.provider = "sip.example.net";
  a.why = cause::credentials_rejected;
  CHECK_THAT(text_of(notice_event::fired, view(a), ""),
             Contains("(sip.example.net)") && Contains("credentials are rejected"));
  a.why = cause::provider_silent;
  CHECK_THAT(text_of(notice_event::fired, view(a), ""), Contains("does not answer"));
}

TEST_CASE("what nobody watched is dated by a window") {
  alert a = example(alert_type::trunk_down);
  a.not_before = when - 31min;
  CHECK_THAT(text_of(notice_event::fired, view(a), ""), Contains("Began between 13:42 and 14:13 UTC."));
}

TEST_CASE("an end says how long it lasted, or that the thing is gone") {
  alert a = example(alert_type::trunk_down);
  a.resolved = when + 31min;
  CHECK(text_of(notice_event::resolved, view(a), "") == "Bandwidth-Primary at Acme HQ is fine again after 31 min.");
  CHECK(removed_text(view(a)) ==
        "Bandwidth-Primary at Acme HQ is no longer configured at the PBX; its alert is closed.");
  alert whole = example(alert_type::instance_unreachable);
  whole.resolved = when + 31min;
  CHECK(text_of(notice_event::resolved, view(whole), "Still down: T2.") ==
        "Acme HQ is back after 31 min. Still down: T2.");
  whole.resolved = when - 1min; // the wall clock was set back
  CHECK_THAT(text_of(notice_event::resolved, view(whole), ""), !Contains("-"));
}

TEST_CASE("names from outside stay on their line and within their length") {
  alert a = example(alert_type::trunk_down);
  a.label = "evil\r\nX-Header: 1\x7f";
  const std::string title = title_of(notice_event::fired, view(a));
  CHECK(title.find_first_of("\r\n\x7f") == std::string::npos);
  a.label.clear();
  for (int i = 0; i < 5000; ++i) a.label += "\xc3\xbc"; // u umlaut: two bytes
  const std::string cut = title_of(notice_event::fired, view(a));
  CHECK(cut.size() < 200);
  CHECK_THAT(cut, Contains("\xc3\xbc at Acme HQ"));
}

TEST_CASE("a summary names what it covers, and counts the rest") {
  std::vector<alert_view> many;
  for (int i = 0; i < 15; ++i) {
    alert a = example(alert_type::trunk_down);
    a.label = "T" + std::to_string(i);
    many.push_back(view(a));
  }
  CHECK(summary_title(many) == "15 problems at Acme HQ");
  const std::string text = summary_text(many, true);
  CHECK_THAT(text, Contains("first seen") && Contains("T11") && !Contains("T12 ") && Contains("and 3 more."));
  many.back().instance_name = "Acme Branch";
  CHECK(summary_title(many) == "15 problems on 2 PBXes");
}
