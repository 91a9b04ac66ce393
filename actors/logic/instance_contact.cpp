// The instance machine's judgement of the instance as a whole: reachable or not, let in or not, restarted or not.
#include "actors/logic/machine_step.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ringdown::logic {

namespace {

constexpr std::uint32_t all_endpoints = (1U << endpoint_count) - 1;
// A PBX that only ever says "later" is of no use to anybody.
constexpr duration longest_throttling = std::chrono::minutes(5);

} // namespace

bool instance_machine::judge_contact(step_context& at) {
  if (throttled_for_long(at)) {
    on_unusable(at);
    return false;
  }
  switch (at.met.kind) {
    case contact_kind::none: on_unusable(at); return false;
    case contact_kind::refused: on_refused(at); return false;
    case contact_kind::unasked: at.why = "not asked"; return false;
    case contact_kind::partial:
      // "Later" is no word of a PBX that is up again.
      if (unreachable_.told()) {
        usable_ = 0;
        at.why = "still unreachable";
        return false;
      }
      on_usable(at);
      return true;
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
    // No complete poll will say more: whoever asked what is current knows.
    at.news.settled = std::exchange(settle_left_, std::uint8_t{0}) > 0;
    return;
  }
  if (ladder_ == 0) {
    first_failed_ = at.now.steady;
    first_failed_wall_ = at.now.wall;
    contact_before_.reset();
    if (last_contact_) contact_before_ = last_contact_->steady;
  }
  ladder_ = static_cast<std::uint8_t>(std::min(ladder_ + 1, 250));
  // Silence after failed logins: the PBX has probably blacklisted us.
  outage_ = at.met.silent && auth_.told() ? cause::blocked : at.met.why == cause::none ? cause::app_down : at.met.why;
  const std::array<duration, 3> rungs{config_.times.unreachable_repoll_1, config_.times.unreachable_repoll_2,
                                      config_.times.unreachable_repoll_3};
  // Regular polls may fall in between: they count, and do not shorten the wait. Who asks to be left alone is asked less.
  const auto waited = at.now.steady - first_failed_;
  const std::size_t asked_enough = at.not_before ? 2 : rungs.size() + 1;
  if (ladder_ < asked_enough || waited < rungs.back()) {
    const auto next = std::ranges::find_if(rungs, [&](duration rung) { return waited < rung; });
    at.look(next == rungs.end() ? at.now.steady + rungs.front() : first_failed_ + *next, "unreachable");
    at.why = "no answer; asking again";
    return;
  }
  unreachable_.resume(true, severity::critical);
  silent_from_.reset();
  if (last_contact_) silent_from_ = last_contact_->wall;
  health_.reach = reachability::unreachable;
  health_.why = outage_;
  health_.since = first_failed_wall_;
  at.news.health = health_;
  const sight what{condition::failing, severity::critical, outage_};
  emit(at, instance_key(config_.instance, alert_type::instance_unreachable), condition::unknown, condition::failing,
       what, first_failed_wall_, instance_row(at.met.detail));
  at.why = "unreachable";
}

// It answers and will not let us in: reachable, and all below it unknown. A paused login is known to be that at once.
void instance_machine::on_refused(step_context& at) {
  on_usable(at);
  sight what{condition::failing, severity::warning, at.met.why};
  judge_instance(at, auth_, alert_type::instance_auth_failed, what, at.met.detail);
  at.why = at.met.why == cause::login_paused ? "login paused" : "login refused";
  const bool certain = auth_.told() || at.met.why == cause::login_paused;
  if (!certain || health_.blind == all_endpoints) return;
  health_.blind = all_endpoints;
  at.news.health = health_;
}

void instance_machine::on_usable(step_context& at) {
  const bool blip_of_restart = ladder_ > 0 && !unreachable_.told() && last_failure_restarting_;
  ladder_ = 0;
  last_failure_restarting_ = false;
  if (unreachable_.told()) on_contact_again(at);
  judge_restart(at, blip_of_restart);
  if (!unreachable_.told() && health_.reach != reachability::reachable) {
    health_.reach = reachability::reachable;
    health_.why = cause::none;
    health_.since = at.now.wall;
    at.news.health = health_;
  }
  if (at.seen.system.ok() && !at.seen.system.value->version.empty() &&
      at.seen.system.value->version != health_.version) {
    // A new version is a restart we did not see (S-A5), of 3CX and not of its machine.
    if (!health_.version.empty()) {
      begin_grace(at, restart_sign::hint);
      grace_on_hint_ = false;
    }
    health_.version = at.seen.system.value->version;
    at.news.health = health_;
  }
  if (at.met.kind == contact_kind::usable) {
    judge_instance(at, auth_, alert_type::instance_auth_failed, {condition::ok, severity::warning, cause::none}, "");
    last_contact_ = at.now;
  }
}

void instance_machine::on_contact_again(step_context& at) {
  if (usable_ == 0) {
    begin_silence();
    if (outage_ == cause::app_down || outage_ == cause::path_down) begin_grace(at, restart_sign::outage);
  }
  if (++usable_ < config_.times.confirm_recovery_polls) {
    at.look(at.now.steady + config_.times.confirm_after, "recovery");
    return;
  }
  unreachable_.resume(false, severity::info);
  settle_left_ = 2;
  emit(at, instance_key(config_.instance, alert_type::instance_unreachable), condition::failing, condition::ok,
       {condition::ok, severity::info, cause::none}, at.now.wall, instance_row(""));
}

// What the machine's own uptime says of the failure before; nullopt when it says nothing.
std::optional<bool> instance_machine::was_restarted(const step_context& at) const {
  if (!at.seen.uptime || !contact_before_) return std::nullopt;
  return *at.seen.uptime < at.now.steady - *contact_before_;
}

// A failed poll that looked like a restart is a mere hint (S-A5): the uptime decides, where it can be read, and perhaps only
// polls later. Silence about trunks that fail must not rest on less.
void instance_machine::judge_restart(step_context& at, bool blip_of_restart) {
  const auto restarted = was_restarted(at);
  if (restarted == true && !in_grace(at.now)) begin_grace(at, restart_sign::outage);
  if (restarted == true) grace_on_hint_ = false;
  if (restarted == false && grace_on_hint_ && in_grace(at.now)) grace_until_ = at.now.steady;
  if (restarted.has_value() || !blip_of_restart || in_grace(at.now)) return;
  begin_grace(at, restart_sign::hint);
  grace_on_hint_ = in_grace(at.now);
}

// On hints never twice in a row: a PBX that keeps hiccuping must not keep us silent about its trunks.
void instance_machine::begin_grace(step_context& at, restart_sign sign) {
  const bool barred = in_grace(at.now) || (grace_barred_until_ && at.now.steady < *grace_barred_until_);
  if (barred && sign == restart_sign::hint) return;
  grace_until_ = at.now.steady + config_.times.starting_grace;
  grace_barred_until_ = *grace_until_ + config_.times.starting_grace;
  grace_on_hint_ = false;
  begin_silence();
  if (!silent_from_ && last_contact_) silent_from_ = last_contact_->wall;
  for (auto& [ref, one] : tracked_) one.watch.forget_doubt();
  all_trunks_.forget_doubt();
  if (health_.starting || !in_grace(at.now)) return;
  health_.starting = true;
  at.news.health = health_;
}

// S-A6: until two judged polls are over, what is found began in the silence.
void instance_machine::begin_silence() { silent_polls_ = 2; }

void instance_machine::judge_instance(step_context& at, resource_watch& watch, alert_type type, const sight& what,
                                      std::string_view detail) {
  const watch_news news = watch.look(what, config_.times, at.now);
  if (news == watch_news::nothing) return;
  const auto key = instance_key(config_.instance, type);
  switch (news) {
    case watch_news::nothing: return;
    case watch_news::confirm_soon:
      // A second refused login waits for the slot: a PBX forgives few.
      if (type != alert_type::instance_auth_failed) at.look(at.now.steady + config_.times.confirm_after, "confirm");
      return;
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

} // namespace ringdown::logic
