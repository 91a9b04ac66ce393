#include "actors/logic/instance_machine.hpp"

#include "actors/logic/machine_step.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::logic {

namespace {

constexpr std::uint32_t all_endpoints = (1U << endpoint_count) - 1;
// A PBX that only ever says "later" is of no use to anybody.
constexpr duration longest_throttling = std::chrono::minutes(5);

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
  for (const resource_record& record : base.resources) {
    tracked& one = tracked_[record.ref];
    one.record = record;
    one.written = true;
  }
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
        break;
      case alert_type::trunk_down:
      case alert_type::sbc_offline:
      case alert_type::bridge_down:
      case alert_type::service_down:
        track(key.resource)
            .watch.resume(true, key.type == alert_type::trunk_down ? level_of(track(key.resource).record) : usual);
        break;
    }
  }
  if (!all_trunks_.told()) return;
  for (auto& [ref, one] : tracked_)
    if (ref.kind == resource_kind::trunk && is_down(one.record.state) && !one.watch.told()) one.watch.cover();
}

void instance_machine::configure(const machine_config& config) { config_ = config; }
const instance_health& instance_machine::health() const { return health_; }

std::vector<resource_record> instance_machine::resources() const {
  std::vector<resource_record> rows;
  for (const auto& [ref, one] : tracked_)
    if (one.written) {
      rows.push_back(one.record);
      rows.back().state = shown_state(one);
    }
  return rows;
}

// Never better than what is known now (I10).
resource_state instance_machine::shown_state(const tracked& one) const {
  const auto blind_to = [this](endpoint which) { return (health_.blind & bit(which)) != 0; };
  const auto judged = [&](endpoint which) {
    if (unreachable_.told() && usable_ == 0) return resource_state::unknown;
    if (blind_to(which)) return resource_state::unknown;
    return starting_ ? resource_state::starting : one.record.state;
  };
  switch (one.record.ref.kind) {
    case resource_kind::trunk:
    case resource_kind::bridge: return judged(endpoint::trunks);
    case resource_kind::sbc: return judged(endpoint::sbcs);
    case resource_kind::service: return judged(endpoint::services);
    case resource_kind::calls:
      return blind_to(endpoint::system_status) || unreachable_.told() ? resource_state::unknown : one.record.state;
    case resource_kind::instance: return one.record.state;
  }
  return resource_state::unknown;
}

instance_machine::tracked& instance_machine::track(const resource_ref& ref) {
  tracked& one = tracked_[ref];
  one.record.ref = ref;
  return one;
}

look_again instance_machine::settle(moment now) {
  settle_left_ = 2;
  return {now.steady, "settle"};
}

machine_verdict instance_machine::step(const observation& seen, moment now) {
  step_context at{seen, now, contact_of(seen), {}, {}, {}};
  at.news.instance = config_.instance;
  at.news.generation = generation_;
  at.news.at = now.wall;
  if (const std::uint32_t vanished = vanished_lists(seen); vanished != 0) {
    at.met.blind |= vanished;
    at.met.complete = false;
    if (at.met.detail.empty()) at.met.detail = "an empty list where there was something";
  }
  if (judge_contact(at)) {
    judge_blindness(at);
    judge_trunks(at);
    judge_all_trunks(at);
    judge_sbcs(at);
    judge_services(at);
    judge_calls(at);
  }
  finish(at);
  return {std::move(at.news), at.again, at.why};
}

// --- the instance as a whole -------------------------------------------------------------------------------------------

bool instance_machine::judge_contact(step_context& at) {
  if (throttled_for_long(at)) {
    on_unusable(at);
    return false;
  }
  switch (at.met.kind) {
    case contact_kind::none: on_unusable(at); return false;
    case contact_kind::refused: on_refused(at); return false;
    case contact_kind::unasked: on_unasked(at); return false;
    case contact_kind::partial:
    case contact_kind::usable: on_usable(at); return true;
  }
  return false;
}

bool instance_machine::throttled_for_long(const step_context& at) {
  if (at.met.kind == contact_kind::unasked) return false;
  if (at.met.kind != contact_kind::partial || !at.met.throttled)
    throttled_since_.reset();
  else if (!throttled_since_)
    throttled_since_ = at.now.steady;
  return throttled_since_ && at.now.steady - *throttled_since_ > longest_throttling;
}

// S-A4: a first failure is re-polled at +5, +20 and +40 s; the alert stands when all four failed.
void instance_machine::on_unusable(step_context& at) {
  usable_ = 0;
  if (unreachable_.told()) {
    at.why = "still unreachable";
    return;
  }
  if (ladder_ == 0) {
    first_failed_ = at.now.steady;
    first_failed_wall_ = at.now.wall;
  }
  ladder_ = static_cast<std::uint8_t>(std::min(ladder_ + 1, 250));
  // Silence after failed logins: the PBX has probably blacklisted us.
  const bool silent = at.seen.login ? at.seen.login->transport == transport_error::connect_timeout
                                    : at.seen.trunks.why.transport == transport_error::connect_timeout;
  outage_ = silent && auth_.told() ? cause::blocked : at.met.why == cause::none ? cause::app_down : at.met.why;
  const std::array<duration, 3> rungs{config_.times.unreachable_repoll_1, config_.times.unreachable_repoll_2,
                                      config_.times.unreachable_repoll_3};
  // Regular polls may fall in between: they count, and do not shorten the wait.
  const auto waited = at.now.steady - first_failed_;
  if (ladder_ <= rungs.size() || waited < rungs.back()) {
    const auto next = std::ranges::find_if(rungs, [&](duration rung) { return waited < rung; });
    at.look(next == rungs.end() ? at.now.steady + rungs.front() : first_failed_ + *next, "unreachable");
    at.why = "no answer; asking again";
    return;
  }
  unreachable_.resume(true, severity::critical);
  silent_from_ = last_contact_;
  health_.reach = reachability::unreachable;
  health_.why = outage_;
  health_.since = first_failed_wall_;
  at.news.health = health_;
  const sight what{condition::failing, severity::critical, outage_};
  emit(at, instance_key(config_.instance, alert_type::instance_unreachable), condition::unknown, condition::failing,
       what, first_failed_wall_, instance_row(at.met.detail));
  at.why = "unreachable";
}

// It answers and will not let us in: reachable, and all below it unknown.
void instance_machine::on_refused(step_context& at) {
  on_usable(at);
  sight what{condition::failing, severity::warning, at.met.why};
  judge_instance(at, auth_, alert_type::instance_auth_failed, what, at.met.detail);
  at.why = "login refused";
  if (!auth_.told() || health_.blind == all_endpoints) return;
  health_.blind = all_endpoints;
  at.news.health = health_;
}

// No word of the PBX: neither its contact nor its silence. That we may not ask is told as the refused login it comes from.
void instance_machine::on_unasked(step_context& at) {
  at.why = "not asked";
  if (at.met.why != cause::login_paused) return;
  judge_instance(at, auth_, alert_type::instance_auth_failed,
                 {condition::failing, severity::warning, cause::login_paused}, at.met.detail);
  at.why = "login paused";
}

void instance_machine::on_usable(step_context& at) {
  const bool after_restart = outage_ == cause::app_down || outage_ == cause::path_down;
  const bool blip_of_restart = ladder_ > 0 && !unreachable_.told() && last_failure_restarting_;
  ladder_ = 0;
  last_failure_restarting_ = false;
  if (unreachable_.told()) {
    if (usable_ == 0 && after_restart) begin_grace(at, restart_sign::outage);
    if (++usable_ < config_.times.confirm_recovery_polls) {
      at.look(at.now.steady + config_.times.confirm_after, "recovery");
    } else {
      unreachable_.resume(false, severity::info);
      settle_left_ = 2;
      const steady_time told_until = at.now.steady + config_.times.confirm_after * 3;
      if (!silence_told_until_ || *silence_told_until_ < told_until) silence_told_until_ = told_until;
      emit(at, instance_key(config_.instance, alert_type::instance_unreachable), condition::failing, condition::ok,
           {condition::ok, severity::info, cause::none}, at.now.wall, instance_row(""));
    }
  } else if (blip_of_restart) {
    begin_grace(at, restart_sign::hint);
  }
  if (!unreachable_.told() && health_.reach != reachability::reachable) {
    health_.reach = reachability::reachable;
    health_.why = cause::none;
    health_.since = at.now.wall;
    at.news.health = health_;
  }
  if (at.seen.system.ok() && !at.seen.system.value->version.empty() &&
      at.seen.system.value->version != health_.version) {
    // A new version is a restart we did not see (S-A5).
    if (!health_.version.empty()) begin_grace(at, restart_sign::hint);
    health_.version = at.seen.system.value->version;
    at.news.health = health_;
  }
  if (at.met.kind == contact_kind::usable) {
    judge_instance(at, auth_, alert_type::instance_auth_failed, {condition::ok, severity::warning, cause::none}, "");
    last_contact_ = at.now.wall;
  }
}

// On hints never twice in a row: a PBX that keeps hiccuping must not keep us silent about its trunks.
void instance_machine::begin_grace(step_context& at, restart_sign sign) {
  const bool barred = in_grace(at.now) || (grace_barred_until_ && at.now.steady < *grace_barred_until_);
  if (barred && sign == restart_sign::hint) return;
  grace_until_ = at.now.steady + config_.times.starting_grace;
  grace_barred_until_ = *grace_until_ + config_.times.starting_grace;
  silence_told_until_ = *grace_until_ + config_.times.confirm_after * 3;
  if (!silent_from_) silent_from_ = last_contact_;
  for (auto& [ref, one] : tracked_) one.watch.forget_doubt();
  all_trunks_.forget_doubt();
}

// told when some endpoints fail for a while, and as a warning when a class stays blind (S-A2).
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
  sight what{condition::ok, long_blind ? severity::warning : severity::info, cause::none};
  if (partial_polls_ >= config_.times.degraded_polls)
    what.now = condition::failing;
  else if (partial_polls_ > 0)
    what.now = condition::unknown;
  judge_instance(at, degraded_, alert_type::instance_degraded, what, at.met.detail);
  if (at.met.blind != 0) at.why = "answers only in part";
}

void instance_machine::judge_instance(step_context& at, resource_watch& watch, alert_type type, const sight& what,
                                      const std::string& detail) {
  const auto key = instance_key(config_.instance, type);
  switch (watch.look(what, config_.times, at.now)) {
    case watch_news::nothing: return;
    case watch_news::confirm_soon: at.look(at.now.steady + config_.times.confirm_after, "confirm"); return;
    case watch_news::recover_soon: at.look(at.now.steady + config_.times.confirm_after, "recovery"); return;
    case watch_news::failed:
      emit(at, key, condition::ok, condition::failing, what, watch.failing_since(), instance_row(detail));
      return;
    case watch_news::level_changed:
      emit(at, key, condition::failing, condition::failing, what, at.now.wall, instance_row(detail));
      return;
    case watch_news::recovered:
      emit(at, key, condition::failing, condition::ok, what, at.now.wall, instance_row(detail));
      return;
  }
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
  const bool after_silence = silence_told_until_ && at.now.steady < *silence_told_until_;
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
  starting_ = in_grace(at.now);
  last_failure_restarting_ = at.met.kind == contact_kind::none && (at.met.restarting || last_failure_restarting_);
  const bool quiet = std::ranges::none_of(tracked_, [](const auto& entry) { return entry.second.watch.in_doubt(); }) &&
                     !all_trunks_.in_doubt();
  // What cannot be read for long must not keep what can be read from counting as known.
  const bool judged =
      at.met.complete || (at.met.kind == contact_kind::usable && partial_polls_ >= config_.times.degraded_polls);
  if (judged) {
    if (settle_left_ > 0 && !in_grace(at.now)) {
      at.news.settled = --settle_left_ == 0;
      if (settle_left_ > 0) at.look(at.now.steady + config_.times.confirm_after, "settle");
    }
    fresh_ = fresh_ && !quiet;
    first_sight_ = first_sight_ && !quiet;
    if (!in_grace(at.now) && silence_told_until_ && at.now.steady >= *silence_told_until_) silent_from_.reset();
  }
  if (is_empty(at.news)) return;
  at.news.sequence = ++sequence_;
  std::ranges::sort(at.news.changed, {}, &resource_record::ref);
  std::ranges::sort(at.news.transitions, {}, &transition::key);
  for (transition& one : at.news.transitions)
    one.trace = config_.instance.str() + "." + trace_start_ + "." + std::to_string(sequence_);
}

} // namespace ringdown::logic
