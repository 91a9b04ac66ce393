#include "actors/logic/masks.hpp"

#include "test/support/catch.hpp"

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::logic;
using namespace std::chrono_literals;

namespace {

const wall_time noon = from_micros(1'790'000'000'000'000);

alert one(const std::string& instance, alert_type type, alert_phase phase = alert_phase::firing) {
  alert a;
  const auto about = facts(type).about;
  a.key = {instance_id(instance), type, {about, about == resource_kind::instance ? "" : "61"}};
  a.id = alert_id("al_" + instance + std::string(name(type)));
  a.phase = phase;
  return a;
}

std::map<alert_key, alert> all(const std::vector<alert>& list) {
  std::map<alert_key, alert> made;
  for (const alert& a : list) made[a.key] = a;
  return made;
}

} // namespace

TEST_CASE("a parent speaks for what is below it at its own instance, while it is open") {
  using enum alert_type;
  struct row {
    std::string what;
    alert about;
    std::vector<alert> others;
    std::string parent; // empty: none
  };
  const std::vector<row> table{
      {"alone", one("hq", trunk_down), {}, ""},
      {"unreachable", one("hq", trunk_down), {one("hq", instance_unreachable)}, "al_hqinstance_unreachable"},
      {"unreachable, acknowledged",
       one("hq", sbc_offline),
       {one("hq", instance_unreachable, alert_phase::acknowledged)},
       "al_hqinstance_unreachable"},
      {"unreachable, over", one("hq", service_down), {one("hq", instance_unreachable, alert_phase::resolved)}, ""},
      {"another instance", one("hq", trunk_down), {one("branch", instance_unreachable)}, ""},
      {"unreachable itself", one("hq", instance_unreachable), {one("hq", all_trunks_down)}, ""},
      {"all trunks, one trunk", one("hq", trunk_down), {one("hq", all_trunks_down)}, "al_hqall_trunks_down"},
      {"all trunks, an SBC", one("hq", sbc_offline), {one("hq", all_trunks_down)}, ""},
      {"all trunks, a bridge", one("hq", bridge_down), {one("hq", all_trunks_down)}, ""},
      {"unreachable before all trunks",
       one("hq", trunk_down),
       {one("hq", all_trunks_down), one("hq", instance_unreachable)},
       "al_hqinstance_unreachable"},
      {"all trunks below unreachable",
       one("hq", all_trunks_down),
       {one("hq", instance_unreachable)},
       "al_hqinstance_unreachable"}};
  for (const row& r : table) {
    INFO(r.what);
    const auto verdict = masks_of(r.about, all(r.others), {}, std::nullopt, noon);
    CHECK(verdict.parent.value_or(alert_id()).str() == r.parent);
    CHECK(has(verdict.masks, mask::parent) == !r.parent.empty());
  }
}

TEST_CASE("a fold masks as a parent does") {
  const auto verdict = masks_of(one("hq", alert_type::bridge_down), {}, {}, alert_id("al_peer"), noon);
  CHECK(verdict.parent == alert_id("al_peer"));
  CHECK(verdict.masks == with(0, mask::parent));
}

TEST_CASE("snooze and mutes end by themselves, to the microsecond") {
  alert a = one("hq", alert_type::trunk_down);
  a.snoozed_until = noon;
  CHECK(has(masks_of(a, {}, {}, std::nullopt, noon - 1us).masks, mask::snooze));
  CHECK_FALSE(has(masks_of(a, {}, {}, std::nullopt, noon).masks, mask::snooze));
  const std::vector<mute> of_type{{mute_scope::type, alert_type::trunk_down, noon, "jo", ""}};
  CHECK(has(masks_of(a, {}, of_type, std::nullopt, noon - 1us).masks, mask::mute));
  CHECK_FALSE(has(masks_of(a, {}, of_type, std::nullopt, noon).masks, mask::mute));
  CHECK_FALSE(
      has(masks_of(one("hq", alert_type::sbc_offline), {}, of_type, std::nullopt, noon - 1us).masks, mask::mute));
}

TEST_CASE("the outermost mask is the reason, and a mute of everything is the kill switch") {
  const std::vector<mute> of_type{{mute_scope::type, alert_type::trunk_down, noon + 1h, "jo", ""}};
  const std::vector<mute> of_all{{mute_scope::everything, alert_type::trunk_down, noon + 1h, "jo", ""}};
  const auto set = [](std::initializer_list<mask> list) {
    mask_set made = 0;
    for (const mask one : list) made = with(made, one);
    return made;
  };
  CHECK(reason_of(0, of_all, noon) == reason::none);
  CHECK(reason_of(set({mask::mute, mask::snooze, mask::parent}), of_all, noon) == reason::masked_parent);
  CHECK(reason_of(set({mask::blind}), {}, noon) == reason::masked_blind);
  CHECK(reason_of(set({mask::maintenance, mask::mute}), {}, noon) == reason::masked_maintenance);
  CHECK(reason_of(set({mask::mute, mask::snooze}), of_all, noon) == reason::masked_snooze);
  CHECK(reason_of(set({mask::mute}), of_type, noon) == reason::masked_mute);
  CHECK(reason_of(set({mask::mute}), of_all, noon) == reason::kill_switch);
}
