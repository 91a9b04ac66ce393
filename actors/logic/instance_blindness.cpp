// What the instance machine makes of what a PBX does not say: classes and resources that cannot be judged are Unknown,
// never fine, and not silent for ever (SEMANTICS S-A2, PRODUCT D-06, D-07).
#include "actors/logic/machine_step.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::logic {

namespace {

// Every one of this kind that is switched on is listed without a state.
template <class Items, class Says>
bool says_nothing(const Items& items, Says&& state_of) {
  bool any = false;
  for (const auto& one : items) {
    const resource_state state = state_of(one);
    if (state == resource_state::disabled) continue;
    if (state != resource_state::unknown) return false;
    any = true;
  }
  return any;
}

bool trunks_say_nothing(const std::vector<trunk_reading>& all) {
  const auto only = [&](resource_kind kind) {
    return says_nothing(
        all, [kind](const trunk_reading& one) { return one.kind == kind ? one.state : resource_state::disabled; });
  };
  const bool any_trunk = std::ranges::find(all, resource_kind::trunk, &trunk_reading::kind) != all.end();
  return only(any_trunk ? resource_kind::trunk : resource_kind::bridge);
}

resource_state state_when(std::optional<bool> up) { return up ? resource_state::up : resource_state::unknown; }

std::uint32_t silent_lists(const observation& seen) {
  std::uint32_t blind = 0;
  if (seen.trunks.ok() && trunks_say_nothing(*seen.trunks.value)) blind |= bit(endpoint::trunks);
  if (seen.sbcs.ok() &&
      says_nothing(*seen.sbcs.value, [](const sbc_reading& one) { return state_when(one.connected); }))
    blind |= bit(endpoint::sbcs);
  if (seen.services.ok() &&
      says_nothing(*seen.services.value, [](const service_reading& one) { return state_when(one.running); }))
    blind |= bit(endpoint::services);
  return blind;
}

} // namespace

void instance_machine::note_blindness(step_context& at) {
  at.be_blind_to(vanished_lists(at.seen), "an empty list where there was something");
  at.be_blind_to(lost_endpoints(at.seen), "HTTP 404 where something could be read");
  at.be_blind_to(silent_lists(at.seen), "a list that does not say how its items are");
}

bool instance_machine::has_rows(resource_kind kind, const observation& seen) const {
  return std::ranges::any_of(tracked_, [&](const auto& entry) {
    const auto& [ref, one] = entry;
    const bool listed_by_name = kind != resource_kind::service || !ref.key.empty();
    return ref.kind == kind && one.written && listed_by_name && !is_moved(ref, seen);
  });
}

// An empty list where there was something is not "all fine" (D-07): the class is blind.
std::uint32_t instance_machine::vanished_lists(const observation& seen) const {
  const auto had = [&](resource_kind kind) { return has_rows(kind, seen); };
  std::uint32_t blind = 0;
  const auto lists = [&](resource_kind kind) {
    return std::ranges::any_of(*seen.trunks.value, [&](const trunk_reading& one) { return one.kind == kind; });
  };
  const bool trunks_gone = seen.trunks.ok() && !lists(resource_kind::trunk) && had(resource_kind::trunk);
  const bool all_gone = seen.trunks.ok() && seen.trunks.value->empty() && had(resource_kind::bridge);
  if (trunks_gone || all_gone) blind |= bit(endpoint::trunks);
  if (seen.sbcs.ok() && seen.sbcs.value->empty() && had(resource_kind::sbc)) blind |= bit(endpoint::sbcs);
  if (seen.services.ok() && seen.services.value->empty() && had(resource_kind::service))
    blind |= bit(endpoint::services);
  return blind;
}

// An endpoint this build has not is no blindness; one that could be read before is.
std::uint32_t instance_machine::lost_endpoints(const observation& seen) const {
  std::uint32_t blind = 0;
  const auto lost = [&](const auto& part, resource_kind kind) {
    if (!part.ok() && part.why.problem == read_problem::not_in_build && has_rows(kind, seen))
      blind |= bit(endpoint_of(kind));
  };
  lost(seen.trunks, resource_kind::trunk);
  lost(seen.trunks, resource_kind::bridge);
  lost(seen.sbcs, resource_kind::sbc);
  lost(seen.services, resource_kind::service);
  lost(seen.system, resource_kind::calls);
  return blind;
}

// Classes with a resource that is listed and has not said for long how it is.
std::uint32_t instance_machine::long_unknown(step_context& at) const {
  std::uint32_t classes = 0;
  for (const auto& [ref, one] : tracked_) {
    if (!one.unknown_since || at.now.steady - *one.unknown_since < config_.times.blind_after) continue;
    classes |= bit(source_of(ref));
    if (at.met.detail.empty()) at.met.detail = to_text(ref) + " does not say how it is";
  }
  return classes;
}

// told when some endpoints fail for a while, and as a warning when a class or one of it stays blind (S-A2).
void instance_machine::judge_blindness(step_context& at) {
  if (at.met.blind != health_.blind) {
    health_.blind = at.met.blind;
    at.news.health = health_;
  }
  bool long_blind = false;
  for (std::size_t i = 0; i < endpoint_count; ++i) {
    if ((at.met.blind >> i & 1U) == 0)
      blind_since_[i].reset();
    else if (!blind_since_[i])
      blind_since_[i] = at.now.steady;
    else
      long_blind = long_blind || at.now.steady - *blind_since_[i] >= config_.times.blind_after;
  }
  partial_polls_ =
      at.met.blind == 0 ? std::uint16_t{0} : static_cast<std::uint16_t>(std::min(partial_polls_ + 1, 60'000));
  // Of what is listed the silence has lasted already.
  const bool silent_item = long_unknown(at) != 0;
  sight what{condition::ok, long_blind || silent_item ? severity::warning : severity::info, cause::none};
  if (silent_item || partial_polls_ >= config_.times.degraded_polls)
    what.now = condition::failing;
  else if (partial_polls_ > 0)
    what.now = condition::unknown;
  judge_instance(at, degraded_, alert_type::instance_degraded, what, at.met.detail);
  if (at.met.blind != 0 && at.why == "unchanged") at.why = "answers only in part";
}

bool instance_machine::is_out_of_sight(endpoint source) const {
  return unreachable_.told() || (health_.blind & bit(source)) != 0;
}

// S-A2: what is open and cannot be seen any more says so once, and once more when it is seen failing again.
void instance_machine::judge_unseen(step_context& at) {
  for (auto& [ref, one] : tracked_)
    if (one.watch.told() && ref.kind != resource_kind::calls)
      judge_unseen(at, one.watch, {config_.instance, type_of(ref.kind), ref}, one.now, one.record);
  if (all_trunks_.told())
    judge_unseen(at, all_trunks_, instance_key(config_.instance, alert_type::all_trunks_down), all_trunks_now_,
                 instance_row(""));
  if (!calls_told_) return;
  const auto calls = tracked_.find(named{resource_kind::calls, ""});
  if (calls == tracked_.end()) return;
  const bool unseen = is_out_of_sight(endpoint::system_status);
  if (std::exchange(calls_unseen_, unseen) == unseen) return;
  emit(at, {config_.instance, alert_type::sim_calls, calls->first}, condition::failing,
       unseen ? condition::unknown : condition::failing, {condition::failing, *calls_told_, cause::none}, at.now.wall,
       calls->second.record);
}

void instance_machine::judge_unseen(step_context& at, resource_watch& watch, const alert_key& key, condition now,
                                    const resource_record& record) {
  // Seen fine once is not yet a recovery, and no failing either: it stays as it was until one of them is sure.
  if (now == condition::ok) return;
  const endpoint source = key.type == alert_type::all_trunks_down ? endpoint::trunks : source_of(key.resource);
  const bool unseen = now == condition::unknown;
  // One failed poll is not yet the end of sight.
  if (unseen && at.met.kind != contact_kind::usable && !is_out_of_sight(source)) return;
  // Once a poll is enough of one alert; the next says this.
  if (std::ranges::find(at.news.transitions, key, &transition::key) != at.news.transitions.end()) return;
  if (!watch.note_unseen(unseen)) return;
  emit(at, key, condition::failing, unseen ? condition::unknown : condition::failing,
       {condition::failing, watch.level(), cause::none}, at.now.wall, record);
}

} // namespace ringdown::logic
