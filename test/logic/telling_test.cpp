#include "actors/logic/telling.hpp"

#include "test/logic/tenant_bench.hpp"
#include "test/support/catch.hpp"

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::logic;
using namespace std::chrono_literals;
using ringdown::test::channel;

namespace {

const wall_time noon = from_micros(1'790'000'000'000'000);

alert example(const std::string& key = "T1", severity level = severity::critical) {
  alert a;
  a.id = alert_id("al_" + key);
  a.tenant = tenant_id("acme");
  a.key = {test::hq, alert_type::trunk_down, {resource_kind::trunk, key}};
  a.label = key;
  a.level = level;
  a.since = noon;
  return a;
}

class context {
public:
  explicit context(tenant_config config = test::usual_config()) : config_(std::move(config)) {}
  telling_context at(wall_time now = noon) const { return {config_, kinds_, links_, now}; }

private:
  tenant_config config_;
  std::vector<channel_kind_facts> kinds_ = test::kinds();
  link_maker links_ = [](const alert_id& alert, std::uint32_t episode, const std::string& person) {
    return alert.str() + "." + std::to_string(episode) + "." + person;
  };
};

tenant_config with_channels(const std::vector<std::string>& kinds) {
  tenant_config config = test::usual_config();
  config.channels.clear();
  for (const std::string& kind : kinds) config.channels.push_back(channel(kind, kind));
  config.routes = {{{}, {}, kinds}};
  return config;
}

} // namespace

TEST_CASE("a telling leaves one row or one reason for each channel, and remembers who was told") {
  tenant_config config = test::usual_config();
  config.channels.push_back(channel("mail", "mail"));
  const context world(config);
  alert a = example();
  effects out;
  tell(world.at(), a, notice_event::fired, reason::first, "", out);
  REQUIRE(out.deliveries.size() == 2);
  REQUIRE(out.decisions.size() == 3);
  CHECK(out.decisions[0].made == out.deliveries[0].id);
  CHECK(out.decisions[0].deciding == reason::first);
  CHECK(out.decisions[2].deciding == reason::not_routed);
  CHECK(out.decisions[2].made.empty());
  CHECK(out.decisions[2].gates == "phase=firing masks=none matrix=default:no");
  CHECK(a.told == severity::critical);
  REQUIRE(a.targets.size() == 2);
  CHECK(a.targets[0].fire == out.deliveries[0].id);
  CHECK(out.urgency == severity::critical);
}

TEST_CASE("a tenant without channels has its silence explained") {
  const context world(with_channels({}));
  alert a = example();
  effects out;
  tell(world.at(), a, notice_event::fired, reason::first, "", out);
  REQUIRE(out.decisions.size() == 1);
  CHECK(out.decisions[0].deciding == reason::no_channel);
}

TEST_CASE("the row's kind comes from the channel, its deadline from what it says") {
  const context world;
  alert a = example();
  effects out;
  tell(world.at(), a, notice_event::fired, reason::first, "", out);
  CHECK(out.deliveries[0].kind == delivery_kind::interrupt);
  CHECK(out.deliveries[1].kind == delivery_kind::log);
  CHECK(out.deliveries[0].give_up_at == noon + 6h);
  effects end;
  tell_targets(world.at(), a, notice_event::resolved, reason::recovered, "", {delivery_kind::interrupt}, end);
  CHECK(end.deliveries[0].give_up_at == noon + 24h);
}

TEST_CASE("an acknowledge link stands only where people read it, and is bound to the person where there is one") {
  tenant_config config = with_channels({"ntfy", "webhook", "teams", "psa"});
  const context world(config);
  alert a = example();
  effects out;
  tell(world.at(), a, notice_event::fired, reason::first, "", out);
  CHECK(out.deliveries[0].content.acknowledge_path == "/a/al_T1.1.channel:ntfy");
  CHECK(out.deliveries[1].content.acknowledge_path.empty());
  CHECK(out.deliveries[2].content.acknowledge_path == "/a/al_T1.1.channel:teams");
  CHECK(out.deliveries[3].content.acknowledge_path.empty());
  config.channels[0].user = user_id("jo");
  const context known(config);
  effects again;
  tell(known.at(), a, notice_event::fired, reason::asked, "", again);
  CHECK(again.deliveries[0].content.acknowledge_path == "/a/al_T1.1.jo");
  effects end;
  tell_targets(known.at(), a, notice_event::resolved, reason::recovered, "", {delivery_kind::interrupt}, end);
  CHECK(end.deliveries[0].content.acknowledge_path.empty());
}

TEST_CASE("a notice carries its beginning and who has it as the tenant's people read them") {
  tenant_config config = with_channels({"ntfy"});
  config.clocks = {{noon - 24h, 1h, "CET"}};
  config.users.push_back({user_id("jo"), "Jo Adler", "", "", ""});
  const context world(config);
  alert a = example();
  a.since = noon;
  effects out;
  tell(world.at(), a, notice_event::fired, reason::first, "", out);
  const std::string at = rfc3339(noon + 1h).substr(11, 5) + " CET";
  CHECK(out.deliveries.front().content.since == at);
  CHECK(out.deliveries.front().content.taken_by.empty());
  a.not_before = noon - 5min;
  a.phase = alert_phase::acknowledged;
  a.ack = acknowledgement{"jo", "link", noon, a.episode};
  effects taken;
  tell_targets(world.at(), a, notice_event::acknowledged, reason::acknowledged, "", {delivery_kind::interrupt}, taken);
  REQUIRE(taken.deliveries.size() == 1);
  CHECK(taken.deliveries.front().content.since == "between " + rfc3339(noon + 55min).substr(11, 5) + " and " + at);
  CHECK(taken.deliveries.front().content.taken_by == "Jo Adler");
}

TEST_CASE("the same intent has the same identity, and each part of it counts") {
  const context world;
  const auto id_of = [&](auto change) {
    alert a = example();
    change(a);
    effects out;
    tell(world.at(), a, notice_event::fired, reason::first, "", out);
    return out.deliveries.front().id;
  };
  const auto usual = id_of([](alert&) {});
  CHECK(usual == id_of([](alert& a) { a.label = "another name"; }));
  CHECK(usual != id_of([](alert& a) { a.version = 2; }));
  CHECK(usual != id_of([](alert& a) { a.episode = 2; }));
  CHECK(usual != id_of([](alert& a) { a.id = alert_id("al_other"); }));
}

TEST_CASE("several alerts become one summary to people and one row each to logs and tickets") {
  const context world(with_channels({"ntfy", "webhook", "psa"}));
  alert low = example("T1", severity::warning);
  alert high = example("T2", severity::critical);
  effects out;
  tell_together(world.at(), {{&low, reason::mask_lifted}, {&high, reason::mask_lifted}}, out);
  std::vector<std::string> made;
  made.reserve(out.deliveries.size());
  for (const delivery& row : out.deliveries)
    made.push_back(row.channel.str() + " " + std::string(name(row.event)) + " " + row.alert.str());
  CHECK(made == std::vector<std::string>{"webhook fired al_T1", "psa fired al_T1", "webhook fired al_T2",
                                         "psa fired al_T2", "ntfy summary al_T2"});
  CHECK(out.deliveries.back().level == severity::critical);
  CHECK(out.deliveries.back().content.alerts.size() == 2);
  CHECK(low.targets.back().fire == out.deliveries.back().id);
  CHECK(high.targets.back().fire == out.deliveries.back().id);
  CHECK(out.decisions.size() == 6);
}

TEST_CASE("a group of one for a channel is told plainly") {
  tenant_config config = with_channels({"ntfy"});
  config.channels[0].floor = severity::critical;
  const context world(config);
  alert low = example("T1", severity::warning);
  alert high = example("T2");
  effects out;
  tell_together(world.at(), {{&low, reason::mask_lifted}, {&high, reason::mask_lifted}}, out);
  REQUIRE(out.deliveries.size() == 1);
  CHECK(out.deliveries[0].event == notice_event::fired);
  CHECK(out.deliveries[0].alert == high.id);
  CHECK(low.targets.empty());
}

TEST_CASE("who has not heard is told by a row of its own, and the others get their reason") {
  const context world;
  alert a = example();
  effects first;
  tell(world.at(), a, notice_event::fired, reason::first, "", first);
  CHECK(is_told(world.at(), a));
  REQUIRE(note_end(a, first.deliveries[0].id, delivery_state::suppressed) == told_change::targets);
  CHECK_FALSE(is_told(world.at(), a));
  effects out;
  tell_together(world.at(noon + 1h), {{&a, reason::mask_lifted, audience::unheard}}, out);
  REQUIRE(out.deliveries.size() == 1);
  CHECK(out.deliveries[0].channel == first.deliveries[0].channel);
  CHECK(out.deliveries[0].version == first.deliveries[0].version);
  CHECK(out.deliveries[0].id != first.deliveries[0].id);
  REQUIRE(out.decisions.size() == 2);
  CHECK(out.decisions[0].deciding == reason::mask_lifted);
  CHECK(out.decisions[1].deciding == reason::not_above_told);
  CHECK(is_told(world.at(), a));
}

TEST_CASE("a summary to who has not heard is not the one that was suppressed") {
  const context world(with_channels({"ntfy", "webhook"}));
  alert a = example("T1");
  alert b = example("T2");
  const auto told = [&](audience whom, wall_time now) {
    effects out;
    tell_together(world.at(now), {{&a, reason::first, whom}, {&b, reason::first, whom}}, out);
    return out.deliveries.back();
  };
  const delivery first = told(audience::everybody, noon);
  REQUIRE(first.event == notice_event::summary);
  for (alert* one : {&a, &b}) REQUIRE(note_end(*one, first.id, delivery_state::suppressed) == told_change::targets);
  const delivery second = told(audience::unheard, noon + 1h);
  CHECK(second.event == notice_event::summary);
  CHECK(second.id != first.id);
}

TEST_CASE("several alerts of a tenant without channels have their silence explained") {
  const context world(with_channels({}));
  alert a = example("T1");
  alert b = example("T2");
  effects out;
  tell_together(world.at(), {{&a, reason::first}, {&b, reason::first}}, out);
  REQUIRE(out.decisions.size() == 2);
  CHECK(out.decisions[1].deciding == reason::no_channel);
}

TEST_CASE("how high a target was told outlives the row that told it") {
  alert a = example();
  const channel_id push("push");
  a.targets = {{push, "", delivery_id("dl_1"), severity::critical}, {push, "", delivery_id("dl_2"), severity::warning}};
  REQUIRE(note_end(a, delivery_id("dl_2"), delivery_state::sent) == told_change::targets);
  REQUIRE(a.targets.size() == 1);
  CHECK(a.targets[0].fire == delivery_id("dl_2"));
  CHECK(a.targets[0].level == severity::critical);
}

TEST_CASE("an end goes to those who were told, once each, never by voice, and says why where it cannot") {
  tenant_config config = with_channels({"ntfy", "webhook", "phone", "teams", "mail"});
  config.channels[3].enabled = false;
  const context world(config);
  alert a = example();
  const auto fire = [](const std::string& id) { return delivery_id(id); };
  a.targets = {{channel_id("ntfy"), "", fire("dl_1"), severity::warning},
               {channel_id("ntfy"), "", fire("dl_2"), severity::critical},
               {channel_id("webhook"), "", fire("dl_3"), severity::critical},
               {channel_id("phone"), "", fire("dl_4"), severity::critical},
               {channel_id("teams"), "", fire("dl_5"), severity::critical},
               {channel_id("gone"), "", fire("dl_6"), severity::critical}};
  effects out;
  tell_targets(world.at(), a, notice_event::resolved, reason::recovered, "",
               {delivery_kind::interrupt, delivery_kind::mirror, delivery_kind::log}, out);
  REQUIRE(out.deliveries.size() == 2);
  CHECK(out.deliveries[0].after == fire("dl_1"));
  CHECK(out.deliveries[1].after == fire("dl_3"));
  std::vector<reason> reasons;
  reasons.reserve(out.decisions.size());
  for (const decision& d : out.decisions) reasons.push_back(d.deciding);
  CHECK(reasons == std::vector{reason::recovered, reason::recovered, reason::not_routed, reason::channel_disabled,
                               reason::channel_removed});
}

TEST_CASE("a row that ended without arriving takes its target away, unless an earlier one stands") {
  alert a = example();
  const channel_id push("push");
  a.targets = {{push, "", delivery_id("dl_1"), severity::warning},
               {push, "", delivery_id("dl_2"), severity::critical},
               {channel_id("other"), "", delivery_id("dl_3"), severity::critical}};
  struct row {
    std::string ended;
    delivery_state state;
    std::string left;
  };
  const std::vector<row> table{
      {"dl_1", delivery_state::dead, "dl_2 dl_3"},      {"dl_2", delivery_state::suppressed, "dl_1 dl_3"},
      {"dl_2", delivery_state::sent, "dl_2 dl_3"},      {"dl_2", delivery_state::unknown, "dl_2 dl_3"},
      {"dl_1", delivery_state::sent, "dl_1 dl_2 dl_3"}, {"dl_1", delivery_state::claimed, "dl_1 dl_2 dl_3"},
      {"dl_9", delivery_state::dead, "dl_1 dl_2 dl_3"}};
  for (const row& one : table) {
    alert b = a;
    const told_change changed = note_end(b, delivery_id(one.ended), one.state);
    std::string left;
    for (const told_target& t : b.targets) left += (left.empty() ? "" : " ") + t.fire.str();
    INFO(one.ended << " " << name(one.state));
    CHECK(left == one.left);
    CHECK((changed == told_change::none) == (b.targets == a.targets));
  }
  SECTION("who was to be told by an earlier one counts as told only if that arrived") {
    a.targets.front().accepted = GENERATE(false, true);
    CHECK(note_end(a, delivery_id("dl_2"), delivery_state::suppressed) == told_change::targets);
    CHECK(a.targets.front().level == (a.targets.front().accepted ? severity::warning : severity::info));
  }
}

TEST_CASE("what is remembered of a target stays bounded, the first and the newest among it") {
  const context world;
  alert a = example();
  std::string first;
  std::string newest;
  for (std::uint32_t version = 1; version <= 50; ++version) {
    a.version = version;
    effects out;
    tell(world.at(), a, notice_event::fired, reason::asked, "", out);
    newest = out.deliveries.front().id.str();
    if (version == 1) first = newest;
  }
  CHECK(a.targets.size() == 8);
  CHECK(a.targets.front().fire.str() == first);
  CHECK(a.targets[a.targets.size() - 2].fire.str() == newest);
}

TEST_CASE("a test of a channel belongs to no alert and is marked as a test") {
  const context world;
  effects out;
  tell_test(world.at(), world.at().config.channels[0], "cmd-1", out);
  tell_test(world.at(), world.at().config.channels[0], "cmd-2", out);
  REQUIRE(out.deliveries.size() == 2);
  CHECK(out.deliveries[0].alert.empty());
  CHECK(out.deliveries[0].content.test);
  CHECK(out.deliveries[0].id != out.deliveries[1].id);
}

TEST_CASE("after a restore no delivery key of the time that was lost is used again") {
  const auto keys_of = [](const std::string& lineage) {
    tenant_machine machine(std::make_shared<const tenant_config>(test::usual_config()), test::kinds());
    machine.restore({}, {}, lineage);
    poll_news news;
    news.instance = test::hq;
    news.transitions = {test::failing(alert_type::trunk_down)};
    std::vector<std::string> keys;
    for (const delivery& row : machine.on(news, noon).deliveries) keys.push_back(row.id.str());
    return keys;
  };
  const auto before = keys_of("one");
  const auto after = keys_of("two");
  REQUIRE(before.size() == 2);
  CHECK(keys_of("one") == before);
  for (const std::string& key : after) CHECK(std::ranges::find(before, key) == before.end());
}
