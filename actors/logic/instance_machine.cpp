#include "actors/logic/instance_machine.hpp"

#include "actors/logic/machine_step.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::logic {

namespace {

// However long a PBX asks to be left alone: an outage must stand within about a minute.
constexpr duration longest_patience = std::chrono::minutes(1);

} // namespace

machine_config machine_config_of(const instance_config& instance) {
  return {instance.id, instance.times, instance.calls, instance.trunks};
}

bool is_empty(const poll_news& news) {
  return news.transitions.empty() && news.changed.empty() && news.removed.empty() && !news.health && !news.settled;
}

instance_machine::instance_machine(const machine_config& config, const baseline& base, std::string trace_start)
    : config_(config),
      trace_start_(std::move(trace_start)),
      generation_(base.generation),
      health_(base.health),
      first_sight_(!base.known) {
  for (const shared_record& record : base.resources) tracked_.insert_or_assign(record->ref, tracked{record, true});
  // The level told is not part of a baseline; the first look restates it when it differs, and the tenant knows what it told.
  for (const alert_key& key : base.open) {
    const severity usual = facts(key.type).usual;
    switch (key.type) {
      case alert_type::instance_unreachable:
        unreachable_.resume(true, usual);
        outage_ = base.health.why == cause::none ? cause::path_down : base.health.why;
        break;
      case alert_type::instance_auth_failed: auth_.resume(true, usual); break;
      case alert_type::instance_degraded: degraded_.resume(true, usual); break;
      case alert_type::all_trunks_down: all_trunks_.resume(true, usual); break;
      case alert_type::sim_calls:
        calls_.resume(true, usual);
        calls_told_ = usual;
        calls_unseen_ = std::ranges::find(base.unseen, key) != base.unseen.end();
        break;
      case alert_type::trunk_down:
      case alert_type::sbc_offline:
      case alert_type::bridge_down:
      case alert_type::service_down: {
        tracked& one = track({key.resource.kind, key.resource.key});
        one.watch.resume(true, key.type == alert_type::trunk_down ? level_of(one.record->role) : usual);
        break;
      }
      case alert_type::channel_failing:
      case alert_type::drill:
      case alert_type::provider_outage: break; // of the tenant, never of an instance
    }
  }
  for (const alert_key& key : base.unseen) {
    const bool single = key.resource.kind != resource_kind::instance && key.resource.kind != resource_kind::calls;
    if (single) static_cast<void>(track({key.resource.kind, key.resource.key}).watch.note_unseen(true));
    if (key.type == alert_type::all_trunks_down) static_cast<void>(all_trunks_.note_unseen(true));
  }
  if (!all_trunks_.told()) return;
  for (auto& [ref, one] : tracked_)
    if (ref.kind == resource_kind::trunk && is_down(one.record->state) && !one.watch.told())
      one.watch.cover(one.record->since);
}

void instance_machine::configure(const machine_config& config) { config_ = config; }

instance_machine::tracked& instance_machine::track(const named& wanted) {
  const auto known = tracked_.find(wanted);
  if (known != tracked_.end()) return known->second;
  resource_record row;
  row.ref = {wanted.kind, std::string(wanted.key)};
  return tracked_.emplace(row.ref, tracked{row}).first->second;
}

look_again instance_machine::settle(moment now) {
  settle_left_ = 2;
  return {now.steady, "settle"};
}

machine_verdict instance_machine::step(const observation& seen, moment now) {
  const bool sure = !seen.trunks.ok() || std::ranges::all_of(*seen.trunks.value, &trunk_reading::kind_known);
  return sure ? judge(seen, now) : judge(placed(seen), now);
}

// A trunk whose type the PBX does not say is what it was; as such it is unknown.
observation instance_machine::placed(const observation& seen) const {
  observation sure = seen;
  for (trunk_reading& trunk : *sure.trunks.value) {
    if (trunk.kind_known || tracked_.contains({trunk.kind, trunk.key})) continue;
    const auto other = trunk.kind == resource_kind::trunk ? resource_kind::bridge : resource_kind::trunk;
    if (!tracked_.contains({other, trunk.key})) continue;
    trunk.kind = other;
    trunk.state = resource_state::unknown;
  }
  return sure;
}

machine_verdict instance_machine::judge(const observation& seen, moment now) {
  step_context at{seen, now, contact_of(seen), {}, {}, {}, {}};
  at.news.instance = config_.instance;
  at.news.generation = generation_;
  at.news.at = now.wall;
  for (auto& [ref, one] : tracked_) {
    one.now = condition::unknown;
    one.listed = false;
  }
  all_trunks_now_ = condition::unknown;
  if (const auto wait = asked_to_wait(seen)) at.not_before = now.steady + std::min(*wait, longest_patience);
  note_blindness(at);
  forget_missing(seen);
  if (judge_contact(at)) {
    judge_trunks(at);
    judge_all_trunks(at);
    judge_sbcs(at);
    judge_services(at);
    judge_some_service(at);
    judge_calls(at);
    judge_blindness(at);
  }
  judge_unseen(at);
  finish(at);
  return {std::move(at.news), at.again, at.not_before, at.why};
}

// --- what goes out -----------------------------------------------------------------------------------------------------

void instance_machine::emit(step_context& at, const alert_key& key, condition from, condition to, const sight& what,
                            wall_time since, const resource_record& record) {
  transition made;
  made.key = key;
  made.from = from;
  made.to = to;
  made.level = what.level;
  made.why = to == condition::failing ? what.why : cause::none;
  made.since = since;
  made.seen = at.now.wall;
  const bool after_silence = silent_polls_ > 0;
  made.how = first_sight_              ? sighting::first_sight
             : after_silence || fresh_ ? sighting::after_silence
                                       : sighting::regular;
  if (after_silence && silent_from_ && *silent_from_ < since && key.type != alert_type::instance_unreachable)
    made.not_before = silent_from_;
  made.label = record.label;
  made.provider = record.provider;
  made.detail = record.detail;
  at.news.transitions.push_back(std::move(made));
}

void instance_machine::finish(step_context& at) {
  if (in_grace(at.now)) {
    at.look(*grace_until_, "grace");
  } else if (health_.starting) {
    health_.starting = false;
    at.news.health = health_;
  }
  last_failure_restarting_ = at.met.kind == contact_kind::none && (at.met.restarting || last_failure_restarting_);
  // What cannot be read for long must not keep what can be read from counting as known.
  const bool judged =
      at.met.complete || (at.met.kind == contact_kind::usable && partial_polls_ >= config_.times.degraded_polls);
  if (judged) end_silence(at);
  if (is_empty(at.news)) return;
  at.news.sequence = ++sequence_;
  std::ranges::sort(at.news.changed, {}, &resource_record::ref);
  std::ranges::sort(at.news.transitions, {}, &transition::key);
  for (transition& one : at.news.transitions)
    one.trace = config_.instance.str() + "." + trace_start_ + "." + std::to_string(sequence_);
}

// What was silent is current after two judged polls, and news again once nothing of the first is in doubt.
void instance_machine::end_silence(step_context& at) {
  const bool quiet = std::ranges::none_of(tracked_, [](const auto& entry) { return entry.second.watch.in_doubt(); }) &&
                     !all_trunks_.in_doubt();
  fresh_ = fresh_ && !quiet;
  first_sight_ = first_sight_ && !quiet;
  if (in_grace(at.now)) return;
  if (settle_left_ > 0) {
    at.news.settled = --settle_left_ == 0;
    if (settle_left_ > 0) at.look(at.now.steady + config_.times.confirm_after, "settle");
  }
  if (silent_polls_ > 1 || (silent_polls_ == 1 && quiet)) --silent_polls_;
  if (silent_polls_ == 0) silent_from_.reset();
}

} // namespace ringdown::logic
