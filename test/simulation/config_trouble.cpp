#include "test/simulation/config_trouble.hpp"

#include "test/simulation/household.hpp"
#include "test/simulation/trouble.hpp"
#include "test/simulation/world.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

using change = std::function<void(tenant_config&)>;

// Put back after some time, however the one or the other is configured by then.
void for_a_while(world& of, const tenant_id& whose, const std::string& what, const change& done, change undone) {
  of.configure(whose, what, done);
  of.time().after(span(of, 20s, 6min), [&of, whose, what, undone = std::move(undone)] {
    if (of.now() < trouble_lasts) of.configure(whose, "no more: " + what, undone);
  });
}

user_config& person_in(tenant_config& of, const user_id& who) {
  return *std::ranges::find(of.users, who, &user_config::id);
}

void agrees(world& of, const tenant_id& whose, const user_config& who, const std::string& consent) {
  const auto says = [id = who.id](const std::string& words) {
    return [id, words](tenant_config& in) { person_in(in, id).voice_consent = words; };
  };
  for_a_while(of, whose, who.id.str() + (consent.empty() ? " agrees to no calls" : " agrees to calls"), says(consent),
              says(who.voice_consent));
}

void consent_changes(world& of, const tenant_config& whose) {
  if (whose.users.empty()) return;
  const user_config who = of.chance().pick(whose.users);
  agrees(of, whose.id, who, who.voice_consent.empty() ? "signed" : "");
}

void number_changes(world& of, const tenant_config& whose) {
  if (whose.users.empty()) return;
  const user_config who = of.chance().pick(whose.users);
  const auto has = [id = who.id](const std::string& phone) {
    return [id, phone](tenant_config& in) { person_in(in, id).phone = phone; };
  };
  for_a_while(of, whose.id, who.id.str() + " has another number", has(spare_of(who.phone)), has(who.phone));
}

void channel_is_switched(world& of, const tenant_config& whose) {
  const channel_config& which = of.chance().pick(whose.channels);
  if (!which.enabled) return;
  const auto is = [id = which.id](bool enabled) {
    return [id, enabled](tenant_config& in) {
      std::ranges::find(in.channels, id, &channel_config::id)->enabled = enabled;
    };
  };
  for_a_while(of, whose.id, which.id.str() + " is off", is(false), is(true));
}

// What somebody is called of, or will be.
std::vector<alert_type> types_that_ring(world& of, const tenant_config& whose) {
  std::vector<alert_type> all;
  for (const alert_type one : whose.voice.types)
    if (std::ranges::any_of(of.told().alerts(), [&](const auto& entry) {
          return entry.second.ladder && entry.second.tenant == whose.id && entry.second.key.type == one;
        }))
      all.push_back(one);
  return all;
}

void type_is_switched(world& of, const tenant_config& whose) {
  if (whose.voice.types.empty()) return;
  const auto ringing = types_that_ring(of, whose);
  const alert_type which = of.chance().pick(ringing.empty() ? whose.voice.types : ringing);
  for_a_while(
      of, whose.id, std::string(name(which)) + " does not ring",
      [which](tenant_config& in) { std::erase(in.voice.types, which); },
      [which](tenant_config& in) {
        if (std::ranges::find(in.voice.types, which) == in.voice.types.end()) in.voice.types.push_back(which);
      });
}

void policy_is_another(world& of, const tenant_config& whose) {
  if (whose.escalation.steps.empty()) return;
  of.configure(whose.id, "other steps",
               [steps = draw_steps(whose, of.chance())](tenant_config& in) { in.escalation.steps = steps; });
}

// Somebody is called of it, or will be.
std::vector<tenant_id> where_phones_ring(world& of) {
  std::vector<tenant_id> all;
  for (const auto& [id, one] : of.told().alerts())
    if (one.ladder && std::ranges::find(all, one.tenant) == all.end()) all.push_back(one.tenant);
  return all;
}

const tenant_config& configured_as(world& of, const tenant_id& whose) {
  return **std::ranges::find_if(of.inhabitants(), [&](const auto& one) { return one->id == whose; });
}

} // namespace

void somebody_configures(world& of) {
  static constexpr std::array ways{consent_changes, number_changes, channel_is_switched, type_is_switched,
                                   policy_is_another};
  const auto& whose = of.inhabitants()[of.chance().below(of.inhabitants().size())];
  const auto kept = whose; // while it is replaced
  ways.at(of.chance().below(ways.size()))(of, *kept);
}

void somebody_wants_no_calls(world& of) {
  const auto ringing = where_phones_ring(of);
  if (ringing.empty()) return;
  const tenant_config whose = configured_as(of, of.chance().pick(ringing));
  for (const user_config& one : whose.users)
    if (one.id == whose.oncall.user && !one.voice_consent.empty()) return agrees(of, whose.id, one, "");
  if (!whose.users.empty()) consent_changes(of, whose);
}

} // namespace ringdown::simulation
