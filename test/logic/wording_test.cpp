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
  const bool of_tenant =
      type == alert_type::channel_failing || type == alert_type::provider_outage || type == alert_type::drill;
  if (of_tenant) a.key.instance = {};
  a.label = "Bandwidth-Primary";
  a.since = when;
  a.opened = when;
  return a;
}

alert_view view(const alert& a) { return view_of(a, test::usual_config()); }

const tenant_config usual = test::usual_config();
reader somebody(wall_time now = when) { return {usual, now}; }

// Berlin around the end of summer time 2026.
tenant_config in_berlin() {
  tenant_config config = test::usual_config();
  config.zone = "Europe/Berlin";
  config.clocks = {{*parse_rfc3339("2026-03-29T01:00:00Z"), 2h, "CEST"},
                   {*parse_rfc3339("2026-10-25T01:00:00Z"), 1h, "CET"}};
  return config;
}

} // namespace

namespace {

struct row {
  alert_type type;
  std::string fired;
  std::string fired_text;
  std::string resolved;
  std::string resolved_text;
};

std::vector<row> wordings() {
  using enum alert_type;
  return {
      {instance_unreachable, "Acme HQ: PBX unreachable", "Acme HQ cannot be reached. Since 14:13 UTC.",
       "Resolved: Acme HQ: PBX reachable again", "Acme HQ is back after 31 min."},
      {instance_auth_failed, "Acme HQ: PBX refuses our login",
       "Acme HQ answers but does not let ringdown read it. Since 14:13 UTC.",
       "Resolved: Acme HQ: PBX accepts our login again", "Acme HQ can be read again after 31 min."},
      {instance_degraded, "Acme HQ: PBX readable only in part",
       "Some parts of Acme HQ cannot be read; what cannot be read is not known to be fine. Since 14:13 UTC.",
       "Resolved: Acme HQ: PBX readable in full again", "Acme HQ can be read in full again after 31 min."},
      {trunk_down, "Acme HQ: trunk Bandwidth-Primary down",
       "Trunk Bandwidth-Primary of Acme HQ is down. Since 14:13 UTC.",
       "Resolved: Acme HQ: trunk Bandwidth-Primary up again",
       "Trunk Bandwidth-Primary of Acme HQ is up again after 31 min."},
      {all_trunks_down, "Acme HQ: all trunks down",
       "Every trunk of Acme HQ is down: no outside calls. Since 14:13 UTC.",
       "Resolved: Acme HQ: not all trunks down any more", "At least one trunk of Acme HQ is up again after 31 min."},
      {sbc_offline, "Acme HQ: SBC Bandwidth-Primary offline",
       "SBC Bandwidth-Primary lost its connection to Acme HQ: the branch office behind it is offline. Since 14:13 UTC.",
       "Resolved: Acme HQ: SBC Bandwidth-Primary online again",
       "SBC Bandwidth-Primary is connected to Acme HQ again after 31 min."},
      {bridge_down, "Acme HQ: bridge Bandwidth-Primary down",
       "Bridge Bandwidth-Primary is down, seen from Acme HQ. Since 14:13 UTC.",
       "Resolved: Acme HQ: bridge Bandwidth-Primary up again",
       "Bridge Bandwidth-Primary is up again after 31 min, seen from Acme HQ."},
      {sim_calls, "Acme HQ: calls near the licensed limit",
       "Acme HQ is close to its licensed number of simultaneous calls. Since 14:13 UTC.",
       "Resolved: Acme HQ: calls below the licensed limit again",
       "Acme HQ is below the threshold of simultaneous calls again after 31 min."},
      {service_down, "Acme HQ: service Bandwidth-Primary not running",
       "Service Bandwidth-Primary on Acme HQ is not running. Since 14:13 UTC.",
       "Resolved: Acme HQ: service Bandwidth-Primary running again",
       "Service Bandwidth-Primary on Acme HQ is running again after 31 min."},
      {channel_failing, "Acme: channel Bandwidth-Primary failing",
       "Channel Bandwidth-Primary does not accept what is sent to it: nobody hears of anything over it. Since 14:13 "
       "UTC.",
       "Resolved: Acme: channel Bandwidth-Primary accepts messages again",
       "Channel Bandwidth-Primary accepts messages again after 31 min."},
      {provider_outage, "Provider Bandwidth-Primary: trunks down",
       "Trunks of Bandwidth-Primary are down. Since 14:13 UTC.", "Resolved: Provider Bandwidth-Primary: outage over",
       "The outage of Bandwidth-Primary is over after 31 min."},
      {drill, "Acme: DRILL, nothing is wrong",
       "This is a drill: a critical alert down the real path. Nothing is wrong. Since 14:13 UTC.",
       "Resolved: Acme: the drill is over", "The drill is over."}};
}

} // namespace

TEST_CASE("every type says in its title and its text where and what, failing and over") {
  const std::vector<row> table = wordings();
  CHECK(table.size() == alert_types().size());
  for (const row& one : table) {
    alert a = example(one.type);
    CHECK(title_of(notice_event::fired, view(a), somebody()) == one.fired);
    CHECK(text_of(notice_event::fired, view(a), "", somebody()) == one.fired_text);
    a.resolved = when + 31min;
    CHECK(title_of(notice_event::resolved, view(a), somebody()) == one.resolved);
    CHECK(text_of(notice_event::resolved, view(a), "", somebody()) == one.resolved_text);
  }
}

TEST_CASE("titles say what happened") {
  alert a = example(alert_type::trunk_down);
  const std::vector<std::pair<notice_event, std::string>> table{
      {notice_event::fired, "Acme HQ: trunk Bandwidth-Primary down"},
      {notice_event::escalated, "Escalated: Acme HQ: trunk Bandwidth-Primary down"},
      {notice_event::acknowledged, "Acknowledged: Acme HQ: trunk Bandwidth-Primary down"},
      {notice_event::updated, "Updated: Acme HQ: trunk Bandwidth-Primary down"},
      {notice_event::reminder, "Still failing: Acme HQ: trunk Bandwidth-Primary down"}};
  for (const auto& [event, title] : table) CHECK(title_of(event, view(a), somebody()) == title);
  CHECK(removed_title(view(a), somebody()) == "Removed: Acme HQ: trunk Bandwidth-Primary");
  a.flapping = true;
  CHECK(title_of(notice_event::fired, view(a), somebody()) == "Acme HQ: trunk Bandwidth-Primary down, flapping");
  CHECK_THAT(text_of(notice_event::fired, view(a), "", somebody()), Contains("goes up and down"));
}

TEST_CASE("the customer is named where there are several, unless the instance's name says it") {
  tenant_config config = test::usual_config();
  config.customers = {{customer_id("n"), "Northwind"}};
  config.instances[0].customer = customer_id("n");
  const alert a = example(alert_type::trunk_down);
  const auto title = [&] { return title_of(notice_event::fired, view_of(a, config), {config, when}); };
  CHECK(title() == "Acme HQ: trunk Bandwidth-Primary down");
  config.customers.push_back({customer_id("o"), "Other"});
  CHECK(title() == "Acme HQ (Northwind): trunk Bandwidth-Primary down");
  CHECK_THAT(text_of(notice_event::fired, view_of(a, config), "", {config, when}),
             Contains("Trunk Bandwidth-Primary of Acme HQ (Northwind) is down."));
  config.instances[0].name = "Northwind HQ";
  CHECK(title() == "Northwind HQ: trunk Bandwidth-Primary down");
}

TEST_CASE("rejected credentials and a silent provider read differently, and the provider is named") {
  alert a = example(alert_type::trunk_down);
  a.provider = "sip.example.net";
  a.why = cause::credentials_rejected;
  CHECK_THAT(text_of(notice_event::fired, view(a), "", somebody()),
             Contains("(sip.example.net)") && Contains("credentials are rejected"));
  a.why = cause::provider_silent;
  CHECK_THAT(text_of(notice_event::fired, view(a), "", somebody()), Contains("does not answer"));
}

TEST_CASE("what nobody watched is dated by a window") {
  alert a = example(alert_type::trunk_down);
  a.not_before = when - 31min;
  CHECK_THAT(text_of(notice_event::fired, view(a), "", somebody()), Contains("Began between 13:42 and 14:13 UTC."));
}

TEST_CASE("times are as the tenant's clocks show them, over a change of theirs too, and of another day with the date") {
  const tenant_config config = in_berlin();
  const auto at = [](const std::string& utc) { return *parse_rfc3339("2026-" + utc + "Z"); };
  struct row {
    std::string what;
    std::string now;
    std::string words;
  };
  const std::vector<row> table{{"10-25T00:14:00", "10-25T00:20:00", "02:14 CEST"},
                               {"10-25T00:14:00", "10-25T05:00:00", "02:14 CEST"},
                               {"10-25T01:14:00", "10-25T05:00:00", "02:14 CET"},
                               {"10-24T22:30:00", "10-25T05:00:00", "00:30 CEST"},
                               {"10-24T21:30:00", "10-25T05:00:00", "24 Oct 23:30 CEST"},
                               {"10-05T10:00:00", "10-25T05:00:00", "5 Oct 12:00 CEST"}};
  for (const row& one : table) CHECK(clock_words(at(one.what), {config, at(one.now)}) == one.words);
  CHECK(clock_words(at("10-05T10:00:00"), {config, *parse_rfc3339("2027-01-01T00:00:00Z")}) == "5 Oct 2026 12:00 CEST");
  const reader morning{config, at("10-25T05:00:00")};
  CHECK(window_words(at("10-25T02:10:00"), at("10-25T02:41:00"), morning) == "between 03:10 and 03:41 CET");
  CHECK(window_words(at("10-25T00:50:00"), at("10-25T01:20:00"), morning) == "between 02:50 CEST and 02:20 CET");
  CHECK(window_words(at("10-24T20:00:00"), at("10-25T01:20:00"), morning) == "between 24 Oct 22:00 CEST and 02:20 CET");
}

TEST_CASE("what failed is said in a sentence, and no code of ours wakes anybody") {
  struct row {
    alert_type type;
    std::string detail;
    std::string said;
  };
  const std::vector<row> table{
      {alert_type::instance_unreachable, "connect_refused", " The connection is refused. Since"},
      // As it was stored by an earlier version.
      {alert_type::instance_unreachable, "connect_refused: no answer: connect_refused", " The connection is refused"},
      {alert_type::instance_unreachable, "server_error (HTTP 503)",
       " It answers with an error of its own (HTTP 503). Since"},
      {alert_type::instance_degraded, "malformed (HTTP 200): JSON of another shape",
       " Its answer cannot be read (HTTP 200): JSON of another shape. Since"},
      {alert_type::instance_auth_failed, "not_asked: no login is tried until 2026-09-21T14:33:20.000000Z",
       " It was not asked: no login is tried until 14:33 UTC. Since"},
      {alert_type::trunk_down, "403", " Detail: 403. Since"},
      {alert_type::trunk_down, "gave up.", " Detail: gave up. Since"},
      {alert_type::channel_failing, "What it was given was refused for good.",
       "over it. What it was given was refused for good. Since"}};
  for (const row& one : table) {
    alert a = example(one.type);
    a.detail = one.detail;
    CHECK_THAT(text_of(notice_event::fired, view(a), "", somebody()), Contains(one.said));
  }
}

TEST_CASE("whoever took it is called by name") {
  tenant_config config = test::usual_config();
  config.users.push_back({user_id("jo"), "Jo Adler", "", "", ""});
  config.channels.emplace_back();
  config.channels.back().id = channel_id("mail");
  config.channels.back().name = "NOC mailbox";
  const std::vector<std::pair<std::string, std::string>> table{{"jo", "Jo Adler"},
                                                               {"Sam", "Sam"},
                                                               {"token:api", "somebody with the token api"},
                                                               {"channel:mail", "somebody over NOC mailbox"},
                                                               {"channel:gone", "somebody over gone"}};
  for (const auto& [by, words] : table) {
    CHECK(person_words(by, config) == words);
    alert a = example(alert_type::trunk_down);
    a.phase = alert_phase::acknowledged;
    a.ack = acknowledgement{by, "link", when, 1};
    const alert_view taken = view_of(a, config);
    CHECK_THAT(text_of(notice_event::acknowledged, taken, "", {config, when}), Contains("Taken by " + words + "."));
    CHECK_THAT(summary_text({taken}, "Open:", {config, when}), Contains("Taken by " + words + "."));
  }
}

TEST_CASE("an end says that the thing is gone, what else is known, and nothing impossible") {
  const alert gone = example(alert_type::trunk_down);
  CHECK(removed_text(view(gone), somebody()) ==
        "Bandwidth-Primary at Acme HQ is no longer configured at the PBX; its alert is closed.");
  alert whole = example(alert_type::instance_unreachable);
  whole.resolved = when + 31min;
  CHECK(text_of(notice_event::resolved, view(whole), "Still down: T2.", somebody()) ==
        "Acme HQ is back after 31 min. Still down: T2.");
  whole.resolved = when - 1min; // the wall clock was set back
  CHECK_THAT(text_of(notice_event::resolved, view(whole), "", somebody()), !Contains("-"));
}

TEST_CASE("a service nobody can name and a PBX without the API are put in words") {
  alert some = example(alert_type::service_down);
  some.key.resource = {resource_kind::service, ""};
  some.label = "a service";
  CHECK(title_of(notice_event::fired, view(some), somebody()) == "Acme HQ: a service not running");
  CHECK_THAT(text_of(notice_event::fired, view(some), "", somebody()),
             Contains("A service on Acme HQ is not running; the PBX does not say which."));
  alert lacking = example(alert_type::instance_auth_failed);
  lacking.why = cause::no_api;
  CHECK_THAT(text_of(notice_event::fired, view(lacking), "", somebody()), Contains("no token endpoint"));
}

TEST_CASE("an alert that ends because its trunk was switched off says so, and not that it is up") {
  for (const alert_type type : {alert_type::trunk_down, alert_type::bridge_down, alert_type::all_trunks_down}) {
    alert ended = example(type);
    ended.resolved = when + 31min;
    ended.detail = "switched off at the PBX";
    CHECK_THAT(title_of(notice_event::resolved, view(ended), somebody()), Contains("switched off") && !Contains("up"));
    CHECK_THAT(text_of(notice_event::resolved, view(ended), "", somebody()),
               Contains("was switched off at the PBX") && !Contains("is up"));
  }
}

TEST_CASE("names from outside stay on their line and within their length") {
  alert a = example(alert_type::trunk_down);
  a.label = "evil\r\nX-Header: 1\x7f";
  const std::string title = title_of(notice_event::fired, view(a), somebody());
  CHECK(title.find_first_of("\r\n\x7f") == std::string::npos);
  a.label.clear();
  for (int i = 0; i < 5000; ++i) a.label += "\xc3\xbc"; // u umlaut: two bytes
  const std::string cut = title_of(notice_event::fired, view(a), somebody());
  CHECK(cut.size() < 200);
  CHECK_THAT(cut, Contains("\xc3\xbc down"));
}

TEST_CASE("a summary counts by type, names what it covers, and counts the rest") {
  std::vector<alert_view> many;
  for (int i = 0; i < 15; ++i) {
    alert a = example(alert_type::trunk_down);
    a.label = "T" + std::to_string(i);
    many.push_back(view(a));
  }
  CHECK(summary_title(many, somebody()) == "Acme HQ: 15 trunks down");
  const std::string text = summary_text(many, "Found when this PBX was first seen:", somebody());
  CHECK_THAT(text, Contains("first seen") && Contains("\n- trunk T11 down. Since 14:13 UTC.") && !Contains("T12 ") &&
                       Contains("and 3 more."));
  many.back() = view(example(alert_type::sbc_offline));
  CHECK(summary_title(many, somebody()) == "Acme HQ: 14 trunks down, SBC Bandwidth-Primary offline");
  many.back().instance = test::branch;
  many.back().instance_name = "Acme Branch";
  CHECK(summary_title(many, somebody()) == "2 PBXes: 14 trunks down, SBC Bandwidth-Primary offline");
  CHECK_THAT(summary_text({many.back(), many.front()}, "Failing now:", somebody()),
             Contains("\n- Acme Branch: SBC Bandwidth-Primary offline."));
}

TEST_CASE("what is of no PBX is counted as none in a summary") {
  const alert_view drill = view(example(alert_type::drill));
  const alert_view trunk = view(example(alert_type::trunk_down));
  CHECK(summary_title({drill, trunk}, somebody()) == "Acme HQ: trunk Bandwidth-Primary down; DRILL, nothing is wrong");
  alert_view elsewhere = trunk;
  elsewhere.instance = test::branch;
  CHECK(summary_title({drill, trunk, elsewhere}, somebody()) == "2 PBXes: 2 trunks down; DRILL, nothing is wrong");
  CHECK(summary_title({drill}, somebody()) == "Acme: DRILL, nothing is wrong");
}
