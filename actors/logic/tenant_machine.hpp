// The tenant's mind: transitions, commands, reports and time in; alerts, deliveries and reasons out. Pure; one value per
// tenant, owned by its tenant actor, rebuilt from the store after a crash. The order of a decision is one readable
// function each: decide_transition() = dedup -> masks -> routing -> telling.
//   dedup     actors/logic/dedup     what a transition does to an alert (open, again, raise, resolve, nothing), with a reason
//   masks     actors/logic/masks     what keeps it quiet, and what happens when the last mask lifts
//   routing   actors/logic/routing   which channels, by matrix, floor and default (S-T3)
//   telling   actors/logic/telling   deliveries and the stored reason of every one that was not made
//   wording   actors/logic/wording   titles and sentences
#pragma once

#include "actors/logic/effects.hpp"
#include "protocol/types/tenant_config.hpp"
#include "protocol/types/transition.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace ringdown::logic {

// What the machine needs to know of a channel kind; comes from the dialects, so that logic knows no provider.
struct channel_kind_facts {
  std::string kind;
  delivery_kind delivers = delivery_kind::interrupt;
};

// A channel's row reached a state that changes what the tenant knows.
struct delivery_report {
  delivery_id delivery;
  alert_id alert;
  channel_id channel;
  delivery_state state = delivery_state::sent;
  reason why = reason::none;
};

struct tick {};

struct tenant_now {
  wall_time wall;
};

class tenant_machine {
public:
  tenant_machine(std::shared_ptr<const tenant_config> config, std::vector<channel_kind_facts> kinds, std::string link_base);

  // After construction, once: what the store held.
  void restore(std::vector<alert> alerts, std::vector<mute> mutes);
  // A new configuration sends nothing (S-A14): alerts of removed instances close as removed, and only say so.
  [[nodiscard]] effects configure(std::shared_ptr<const tenant_config> config, wall_time now);

  // Signed acknowledge tokens are made by whoever holds the key; logic asks through this. Empty result: no link.
  using link_maker = std::function<std::string(const alert_id&, std::uint32_t episode, const std::string& person)>;
  void set_link_maker(link_maker make);

  [[nodiscard]] effects on(const poll_news& news, wall_time now);
  [[nodiscard]] effects on(const command& asked, wall_time now);
  [[nodiscard]] effects on(const delivery_report& report, wall_time now);
  [[nodiscard]] effects on(tick, wall_time now);

  // When on(tick) next has something to do (snooze or mute ends, flapping quiet, reminder, late criticals); nullopt: nothing.
  [[nodiscard]] std::optional<wall_time> next_due() const;

  [[nodiscard]] const std::map<alert_key, alert>& alerts() const;   // open ones, and those resolved within the episode window

private:
  /* filled in by the implementation */
};

} // namespace ringdown::logic
