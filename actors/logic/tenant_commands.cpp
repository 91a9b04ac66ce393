// What people ask of a tenant and what comes of it: acknowledge, snooze, mute, silence and its end, renotify, resend, test.
#include "actors/logic/masks.hpp"
#include "actors/logic/tenant_machine.hpp"
#include "actors/logic/wording.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::logic {

namespace {

constexpr auto followers = {delivery_kind::mirror, delivery_kind::log};

// Channels that call know no target of their own: what does what was meant.
std::string instead_of_a_call(const command& asked) {
  const std::string tenant = " --tenant " + asked.tenant.str();
  if (asked.kind == command_kind::test_channel)
    return "a call needs a number, and a test has none: 'ringdownctl phone verify USER" + tenant +
           "' calls that user and reads out a code, 'ringdownctl drill" + tenant + "' tries all of it";
  if (asked.alert.empty())
    return "a code is not read out again: 'ringdownctl phone verify USER" + tenant + "' calls with a new one";
  return "a call is not made again by hand: it rings on by itself until somebody acknowledges or it recovers; "
         "'ringdownctl explain " +
         asked.alert.str() + "' shows who is called, and why not";
}

// For the audit trail, which is in UTC throughout.
std::string exactly(wall_time at) { return rfc3339(at).substr(0, 19) + " UTC"; }

// "acknowledged by Jo Adler at 13:41 CET"
std::string taken_words(const acknowledgement& ack, const reader& who) {
  return "acknowledged by " + person_words(ack.by, who.config) + " at " + clock_words(ack.at, who);
}

} // namespace

effects tenant_machine::on(const command& asked, wall_time now) {
  turn t = begin(now);
  command_result answer = decide(t, asked);
  answer.id = asked.id;
  t.out.commands.push_back(std::move(answer));
  return end(t);
}

command_result tenant_machine::decide(turn& t, const command& asked) {
  switch (asked.kind) {
    case command_kind::acknowledge:
    case command_kind::snooze:
    case command_kind::renotify: return decide_about_alert(t, asked);
    case command_kind::resend:
    case command_kind::test_channel: return decide_about_channel(t, asked);
    case command_kind::mute_type: {
      const auto type = parse_alert_type(asked.subject);
      if (!type) return {"", command_answer::unknown_subject, "no such alert type: " + asked.subject};
      return silence(t, asked, mute_scope::type, *type);
    }
    case command_kind::silence: return silence(t, asked, mute_scope::everything, alert_type::instance_unreachable);
    case command_kind::lift_silence: return lift_silence(t, asked);
    case command_kind::hear_call:
    case command_kind::ask_for_code:
    case command_kind::confirm_code:
    case command_kind::set_oncall: return decide_about_calls(t, asked);
    case command_kind::drill: return drill(t, asked);
  }
  return {"", command_answer::refused, "not understood"};
}

command_result tenant_machine::decide_about_channel(turn& t, const command& asked) {
  const channel_config* channel = config_->find(channel_id(asked.subject));
  if (channel == nullptr) return {"", command_answer::unknown_subject, "no such channel now: " + asked.subject};
  if (!channel->enabled) return {"", command_answer::refused, asked.subject + " is disabled: it would never be sent"};
  const auto* kind = facts_of(kinds_, channel->kind);
  if (kind != nullptr && kind->is == channel_class::voice)
    return {"", command_answer::refused, instead_of_a_call(asked)};
  // A test belongs to no alert; sent again, it is a test again.
  return asked.alert.empty() ? test(t, asked, *channel) : resend(t, asked, *channel);
}

command_result tenant_machine::test(turn& t, const command& asked, const channel_config& channel) {
  const delivery_id made = tell_test(t.tell, channel, asked.id, t.out);
  if (made.empty()) return {"", command_answer::refused, "no such kind of channel: " + channel.kind};
  t.out.audits.push_back({asked.by, "channel.tested", "channel/" + asked.subject, made.str(), t.now});
  return {"", command_answer::done, "a test is on its way to " + asked.subject, made};
}

// The alert as it is now, not as it was told: nobody wants last night's news again.
command_result tenant_machine::resend(turn& t, const command& asked, const channel_config& channel) {
  alert* a = find(asked.alert);
  if (a == nullptr) return {"", command_answer::stale, "the alert is long over"};
  if (std::string stands = obstacle_to(*a, channel, t.now); !stands.empty())
    return {"", command_answer::refused, std::move(stands)};
  const delivery_id made = tell_channel(t.tell, *a, channel, asked.id, t.out);
  if (made.empty()) return {"", command_answer::refused, "no such kind of channel: " + channel.kind};
  t.touched.insert(a->key);
  audit(t, *a, "delivery.resent", asked.by, asked.subject);
  return {"", command_answer::done, "the alert as it is now is on its way to " + asked.subject, made};
}

// Why an interrupt about it would be suppressed before it is sent; empty: it would not.
std::string tenant_machine::obstacle_to(const alert& a, const channel_config& channel, wall_time now) const {
  const auto* facts = facts_of(kinds_, channel.kind);
  if (facts == nullptr || facts->delivers != delivery_kind::interrupt) return {};
  if (a.phase == alert_phase::resolved) return "not sent: it has recovered, and nothing interrupts about it any more";
  if (a.phase == alert_phase::acknowledged && a.ack)
    return "not sent: " + taken_words(*a.ack, {*config_, now}) + ", so nothing interrupts about it";
  if (has(a.masks, mask::snooze) || has(a.masks, mask::mute))
    return "not sent: " + std::string(name(reason_of(a.masks, mutes_, now)));
  return {};
}

command_result tenant_machine::decide_about_alert(turn& t, const command& asked) {
  alert* a = find(asked.alert);
  if (a == nullptr) return {"", command_answer::stale, "the alert is long over"};
  if (a->phase == alert_phase::resolved) return {"", command_answer::stale, "it has recovered already"};
  if (asked.episode != 0 && asked.episode != a->episode)
    return {"", command_answer::stale, "that was an earlier outage"};
  if (asked.kind == command_kind::acknowledge) return acknowledge(t, asked, *a);
  if (asked.kind == command_kind::snooze) return snooze(t, asked, *a);
  // Nothing interrupts about it any more (I4): the claim would say so of what is not claimed where it is made.
  if (a->ack) return {"", command_answer::refused, "not told: " + taken_words(*a->ack, {*config_, t.now})};
  ++a->version;
  t.touched.insert(a->key);
  audit(t, *a, "alert.renotified", asked.by, "");
  if (a->masks != 0) {
    stay_quiet(t, *a, "asked=yes");
    return {"", command_answer::refused, "not told: " + std::string(name(reason_of(a->masks, mutes_, t.now)))};
  }
  tell(t.tell, *a, notice_event::fired, reason::asked, "", t.out);
  return {"", command_answer::done, "told again"};
}

// S-A9, S-A15: the first one counts; what has not left yet does not leave any more.
command_result tenant_machine::acknowledge(turn& t, const command& asked, alert& a) {
  // What it has of its outage would not last; what a person says of itself does.
  if (a.ack && a.ack->via != of_outage) return {"", command_answer::already, taken_words(*a.ack, {*config_, t.now})};
  const bool again = a.ack.has_value();
  a.phase = alert_phase::acknowledged;
  a.ack = acknowledgement{asked.by, asked.via, t.now, a.episode};
  a.settling = false;
  t.touched.insert(a.key);
  t.out.suppressions.push_back({a.id, a.version, reason::acknowledged});
  t.out.withdraw.push_back(a.id);
  audit(t, a, "alert.acknowledged", asked.by, asked.via);
  tell_targets(t.tell, a, again ? notice_event::updated : notice_event::acknowledged, reason::acknowledged,
               again ? "Taken by " + person_words(asked.by, *config_) + "." : "", followers, t.out);
  if (a.key.type == alert_type::provider_outage)
    for (alert* member : members_of(a)) share_acknowledgement(t, *member, a);
  return {"", command_answer::done, "acknowledged by " + asked.by};
}

command_result tenant_machine::snooze(turn& t, const command& asked, alert& a) {
  if (!asked.until || *asked.until <= t.now) return {"", command_answer::refused, "until when?"};
  const wall_time latest = t.now + config_->times.snooze_limit;
  const wall_time until = a.level == severity::critical ? std::min(*asked.until, latest) : *asked.until;
  a.snoozed_until = until;
  a.masks = with(a.masks, mask::snooze);
  a.settling = false;
  // At its end everything begins anew (S-A10).
  a.ladder.reset();
  a.escalation.reset();
  t.touched.insert(a.key);
  t.out.suppressions.push_back({a.id, a.version, reason::snoozed_first});
  t.out.withdraw.push_back(a.id);
  audit(t, a, "alert.snoozed", asked.by, "until " + exactly(until));
  const std::string words = clock_words(until, {*config_, t.now});
  tell_targets(t.tell, a, notice_event::updated, reason::masked_snooze, "Snoozed until " + words + ".", followers,
               t.out);
  return {"", command_answer::done, "snoozed until " + words};
}

command_result tenant_machine::silence(turn& t, const command& asked, mute_scope scope, alert_type type) {
  if (!asked.until) return {"", command_answer::refused, "until when?"};
  mute made{scope, type, *asked.until, asked.by, asked.text};
  std::erase_if(mutes_,
                [&](const mute& m) { return m.scope == scope && (scope == mute_scope::everything || m.type == type); });
  mutes_.push_back(made);
  t.out.mutes.push_back(std::move(made));
  timers_.push({*asked.until, {}});
  t.out.audits.push_back({asked.by, scope == mute_scope::everything ? "tenant.silenced" : "type.muted",
                          scope == mute_scope::everything ? "tenant" : std::string(name(type)),
                          "until " + exactly(*asked.until) + ": " + asked.text, t.now});
  refresh_masks(t, std::nullopt);
  return {"", command_answer::done, "quiet until " + clock_words(*asked.until, {*config_, t.now})};
}

// What was kept quiet and still fails is told once it has settled, as after a silence that ended by itself.
command_result tenant_machine::lift_silence(turn& t, const command& asked) {
  const auto type = parse_alert_type(asked.subject);
  const auto at = std::ranges::find_if(mutes_, [&](const mute& m) {
    return type ? m.scope == mute_scope::type && m.type == *type : m.scope == mute_scope::everything;
  });
  if (at == mutes_.end())
    return {"", command_answer::already, type ? asked.subject + " was not muted" : "it was not silenced"};
  mute ended = *at;
  mutes_.erase(at);
  ended.until = t.now;
  t.out.mutes.push_back(std::move(ended));
  t.out.audits.push_back({asked.by, type ? "type.mute_lifted" : "tenant.silence_lifted",
                          type ? asked.subject : "tenant", asked.text, t.now});
  refresh_masks(t, std::nullopt);
  return {"", command_answer::done, type ? asked.subject + " is no longer muted" : "no longer silenced"};
}

} // namespace ringdown::logic
