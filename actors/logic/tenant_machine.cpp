#include "actors/logic/tenant_machine.hpp"

#include "actors/logic/alert_map.hpp"
#include "actors/logic/masks.hpp"
#include "actors/logic/wording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ringdown::logic {

namespace {

constexpr auto everybody = {delivery_kind::interrupt, delivery_kind::mirror, delivery_kind::log};
constexpr auto followers = {delivery_kind::mirror, delivery_kind::log};

alert_id id_of(const tenant_id& tenant, const alert_key& key) {
  return alert_id(encode_id("al_", digest_bits(tenant.str() + "|" + key.instance.str() + "|" +
                                               std::string(name(key.type)) + "|" + to_text(key.resource))));
}

// Is what it is about still of this tenant? An outage ends by its trunks.
bool is_configured(const tenant_config& config, const alert_key& key) {
  if (!is_of_tenant(key)) return config.find(key.instance) != nullptr;
  return key.resource.kind != resource_kind::channel || config.find(channel_id(key.resource.key)) != nullptr;
}

// In polls. Two complete ones settle an instance; after twice as many somebody forgot, and is asked again.
constexpr int settle_patience = 4;

// So many fires of one instance in one poll are a storm: one message for each person, not one for each fire (I23).
constexpr std::size_t storm = 3;

// The order within one poll: what ended below, so that a parent's end knows what is left; then parents, outermost first, so
// that what they speak for is masked before it is told; then the rest.
constexpr int ranks = 4;
int rank_of(const transition& one) {
  if (one.key.type == alert_type::instance_unreachable) return 1;
  if (one.key.type == alert_type::all_trunks_down) return 2;
  return one.to == condition::failing ? 3 : 0;
}

} // namespace

tenant_machine::tenant_machine(std::shared_ptr<const tenant_config> config, std::vector<channel_kind_facts> kinds)
    : config_(std::move(config)),
      kinds_(std::move(kinds)),
      providers_(config_->providers) {
  index_hosts();
}

void tenant_machine::restore(std::vector<alert> alerts, std::vector<mute> mutes, std::string lineage) {
  lineage_ = std::move(lineage);
  mutes_ = std::move(mutes);
  ledger_.doubt_all();
  for (alert& one : alerts) {
    by_id_[one.id] = one.key;
    alerts_[one.key] = std::move(one);
  }
  for (const auto& [key, one] : alerts_) remind_at(one);
  // What a predecessor may have said is not said again by itself.
  for (const auto& [key, one] : alerts_)
    if (is_open(one)) said_elsewhere_.insert({one.id, one.episode});
  note_written();
  // A row that several instances were told by is known by what they remember of it.
  std::map<delivery_id, std::set<instance_id>> told_by;
  for (const auto& [key, one] : alerts_)
    for (const told_target& target : one.targets)
      if (!target.accepted) told_by[target.fire].insert(key.instance);
  std::erase_if(told_by, [](const auto& entry) { return entry.second.size() < 2; });
  spanning_.merge(told_by);
  for (const mute& one : mutes_) timers_.push({one.until, {}});
  // A mask may have ended while nobody looked, and whoever was asked to settle may not remember.
  if (std::ranges::any_of(alerts_, [](const auto& entry) {
        const alert& one = entry.second;
        return is_open(one) && (one.masks != 0 || one.settling || one.key.type == alert_type::provider_outage);
      }))
    timers_.push({wall_time{}, {}});
}

tenant_machine::turn tenant_machine::begin(wall_time now) {
  turn t{now, {}, {}, {}, {}, {}, {}, {}, false, {*config_, kinds_, links_, now, lineage_}};
  follow_clock(t);
  return t;
}

effects tenant_machine::end(turn& t) {
  share_acknowledgements(t);
  tell_notes(t);
  name_members(t);
  if (!elsewhere_.empty())
    for (delivery& row : t.out.deliveries) say_elsewhere(row);
  for (const alert_key& key : t.touched) {
    ledger_.doubt(key.instance);
    const auto at = alerts_.find(key);
    if (at == alerts_.end()) continue;
    tend(t, at->second);
    t.out.alerts.push_back(at->second);
    remind_at(at->second);
  }
  if (!calls_.empty()) hang_up_orphans(t);
  std::ranges::sort(t.out.settle);
  t.out.settle.erase(std::ranges::unique(t.out.settle).begin(), t.out.settle.end());
  if (!t.out.settle.empty()) timers_.push({t.now + settle_patience * config_->times.poll_interval, {}});
  return std::move(t.out);
}

// --- transitions -------------------------------------------------------------------------------------------------------

effects tenant_machine::on(const poll_news& news, wall_time now) {
  turn t = begin(now);
  ledger_.doubt(news.instance);
  for (int rank = 0; rank < ranks; ++rank)
    for (const transition& one : news.transitions)
      if (rank_of(one) == rank) take(t, one);
  correlate(t, news);
  tell_waiting(t);
  if (news.settled) {
    tell_settled(t, news.instance);
    note_looked(t, news.instance);
  }
  return end(t);
}

// The order of a decision: dedup, masks, routing and telling.
void tenant_machine::take(turn& t, const transition& seen) {
  const auto at = alerts_.find(seen.key);
  const auto before = at == alerts_.end() ? std::optional<alert>() : at->second;
  dedup_result decided = dedup(before, seen, level_of(seen), config_->times, t.now);
  if (decided.change == alert_change::none) return;
  alert& a = alerts_[seen.key] = std::move(decided.after);
  a.tenant = config_->id;
  a.id = id_of(config_->id, seen.key);
  by_id_[a.id] = a.key;
  t.touched.insert(a.key);
  act(t, a, decided.change, decided.why, seen);
  if (decided.change == alert_change::lowered && before->level < a.level) rise_below_the_mark(t, a);
}

// It was told at this level before; but whose row was suppressed since, or who is told of this level only, has not heard.
void tenant_machine::rise_below_the_mark(turn& t, alert& a) {
  if (is_notifiable(a) && !a.settling && !is_told(t.tell, a))
    return tell_together(t.tell, {{&a, reason::raised, audience::unheard}}, t.out);
  not_told(a, notice_event::fired, reason::not_above_told, "told=" + std::string(name(*a.told)), t.now, t.out);
}

void tenant_machine::act(turn& t, alert& a, alert_change change, reason why, const transition& seen) {
  switch (change) {
    case alert_change::none:
    case alert_change::unseen: return;
    case alert_change::opened:
    case alert_change::reopened:
    case alert_change::raised:
    case alert_change::flap_started: after_fire(t, a, change, why, seen); return;
    case alert_change::lowered:
      audit(t, a, "alert.lowered", "system", std::string(name(a.level)));
      tell_targets(t.tell, a, notice_event::updated, why, "", followers, t.out);
      return;
    case alert_change::flapped:
      not_told(a, a.current == condition::ok ? notice_event::resolved : notice_event::fired, reason::flapping,
               "flapping=yes", t.now, t.out);
      return;
    case alert_change::resolved:
    case alert_change::removed: after_resolve(t, a, &seen); return;
  }
}

void tenant_machine::after_fire(turn& t, alert& a, alert_change change, reason why, const transition& seen) {
  renew_masks(t, a);
  audit(t, a, change == alert_change::raised ? "alert.raised" : "alert.fired", "system", std::string(name(a.level)));
  if (a.key.type == alert_type::provider_outage) t.begun.insert(a.key);
  if (const alert* outage = outage_of(a)) {
    if (change != alert_change::raised) note_member(t, a, *outage);
    t.joined.insert(a.key);
  }
  // Told at the end of the turn, when it is known with how many others.
  if (a.masks != 0)
    fire_quietly(t, a, why);
  else if (std::ranges::find(t.to_tell, a.key, &waiting::key) == t.to_tell.end())
    t.to_tell.push_back({a.key, why, seen.how != sighting::regular && change != alert_change::raised});
  refresh_around(t, a);
}

void tenant_machine::after_resolve(turn& t, alert& a, const transition* seen) {
  audit(t, a, a.removed ? "alert.removed" : "alert.resolved", "system", "");
  t.out.suppressions.push_back({a.id, a.version, reason::resolved_first});
  t.out.withdraw.push_back(a.id);
  if (const alert* outage = outage_of(a)) note_member(t, a, *outage);
  std::string remark;
  if (a.key.type == alert_type::instance_unreachable)
    remark = still_down(a.key.instance);
  else if (a.key.type == alert_type::provider_outage)
    remark = left_down(t, a);
  else if (seen != nullptr && seen->not_before)
    remark = "It recovered " + window_words(*seen->not_before, seen->since, {*config_, t.now}) + ".";
  if (a.targets.empty()) not_told(a, notice_event::resolved, reason::never_told, "told=nobody", t.now, t.out);
  tell_targets(t.tell, a, notice_event::resolved, reason::recovered, remark, everybody, t.out);
  a.masks = 0;
  a.parent.reset();
  t.parent_ended =
      t.parent_ended || a.key.type == alert_type::instance_unreachable || a.key.type == alert_type::all_trunks_down;
  refresh_around(t, a);
}

// S-A6: one message says that the PBX is back and what was open there.
std::string tenant_machine::still_down(const instance_id& instance) const {
  std::string names;
  for (auto at = first_of(alerts_, instance); at != alerts_.end() && at->first.instance == instance; ++at) {
    const alert& one = at->second;
    if (!is_open(one) || one.current != condition::failing || at->first.type == alert_type::instance_unreachable)
      continue;
    names += (names.empty() ? "" : ", ") + short_name(one);
  }
  return names.empty() ? std::string() : "Still down: " + names + ".";
}

// Told together: what was found at first sight, after a silence or at the end of what spoke for it, and any storm; but what
// is of the tenant belongs in no PBX's list.
void tenant_machine::tell_waiting(turn& t) {
  const bool many = t.to_tell.size() >= storm;
  std::vector<telling> together;
  for (const auto& [key, why, gathered] : t.to_tell) {
    alert& a = alerts_[key];
    if (a.masks != 0)
      fire_quietly(t, a, why);
    else if (!is_notifiable(a))
      continue;
    else if (!is_of_tenant(key) && (many || gathered || (t.parent_ended && why != reason::raised)))
      together.push_back({&a, why});
    else
      tell(t.tell, a, notice_event::fired, why, "", t.out);
  }
  t.to_tell.clear();
  if (!together.empty()) tell_together(t.tell, together, t.out);
}

severity tenant_machine::level_of(const transition& seen) const {
  if (seen.key.type == alert_type::sim_calls || seen.key.type == alert_type::instance_degraded) return seen.level;
  const auto at = config_->severities.find(std::string(name(seen.key.type)));
  return at == config_->severities.end() ? seen.level : at->second;
}

// --- reports, time, configuration --------------------------------------------------------------------------------------

effects tenant_machine::on(const delivery_report& report, wall_time now) {
  turn t = begin(now);
  judge_channel(t, report);
  if (const auto call = calls_.find(report.delivery); call != calls_.end()) {
    note_row(t, call->second, report);
    return end(t);
  }
  const alert* lead = find(report.alert);
  if (lead == nullptr) return end(t);
  // A summary tells of several alerts of one instance with one row, a hand-over of several instances.
  std::set<instance_id> places{lead->key.instance};
  if (const auto more = spanning_.find(report.delivery); more != spanning_.end()) {
    places = more->second;
    if (is_final(report.state)) spanning_.erase(more);
  }
  for (const instance_id& instance : places) note_end_at(t, instance, report);
  return end(t);
}

const channel_kind_facts* tenant_machine::facts_at(const channel_id& channel) const {
  const channel_config* known = config_->find(channel);
  return known == nullptr ? nullptr : facts_of(kinds_, known->kind);
}

// A mirror is told by its newest row, and is owed the end whichever that was.
bool tenant_machine::gave_way(const delivery_report& report) const {
  if (report.state != delivery_state::suppressed || report.why != reason::superseded) return false;
  const auto* facts = facts_at(report.channel);
  return facts != nullptr && facts->delivers == delivery_kind::mirror;
}

void tenant_machine::note_end_at(turn& t, const instance_id& instance, const delivery_report& report) {
  if (gave_way(report)) return;
  for (auto at = first_of(alerts_, instance); at != alerts_.end() && at->first.instance == instance; ++at) {
    alert& a = at->second;
    const told_change change = note_end(a, report.delivery, report.state);
    // Whoever loads an alert sees which of its rows were sent: nothing is written for it.
    if (change == told_change::none || (change == told_change::accepted && was_sent(report))) continue;
    t.touched.insert(at->first);
    if (report.state == delivery_state::suppressed) make_up_for(t, a, report.channel);
    make_loud_if_lost(t, a, report);
  }
}

// What a row was suppressed for is over already, or was asked for and refused: told as after a mask.
void tenant_machine::make_up_for(turn& t, alert& a, const channel_id& channel) {
  const bool hears = std::ranges::any_of(
      a.targets, [&](const told_target& one) { return one.channel == channel && one.level >= a.level; });
  if (!is_notifiable(a) || a.settling || hears) return;
  a.settling = true;
  ask_to_settle(t, a.key);
}

effects tenant_machine::on(tick, wall_time now) {
  turn t = begin(now);
  std::erase_if(mutes_, [&](const mute& m) { return m.until <= now; });
  follow_outages(t); // first: what is over is not told once more because its snooze is over too
  bool all = false;
  while (!timers_.empty() && timers_.top().first <= now) {
    const alert_key key = timers_.top().second;
    timers_.pop();
    if (key == alert_key{} && !std::exchange(all, true)) {
      refresh_masks(t, std::nullopt);
      ask_to_settle(t);
    }
    const auto at = alerts_.find(key);
    if (at != alerts_.end()) due(t, at->second);
  }
  return end(t);
}

void tenant_machine::ask_to_settle(turn& t) {
  for (const auto& [key, a] : alerts_)
    if (is_open(a) && a.settling && a.masks == 0) ask_to_settle(t, key);
}

// No poll is of the tenant itself: its alert waits for as long as two polls take.
void tenant_machine::ask_to_settle(turn& t, const alert_key& key) {
  if (is_of_tenant(key))
    timers_.emplace(t.now + 2 * config_->times.poll_interval, key);
  else
    t.out.settle.push_back(key.instance);
}

void tenant_machine::due(turn& t, alert& a) {
  if (is_of_tenant(a.key) && is_open(a) && a.settling && a.masks == 0) settle_alone(t, a);
  // Down and quiet under a mask, it is told when the mask lifts and not before.
  const bool held = a.current == condition::failing && (a.masks != 0 || a.settling);
  if (is_open(a) && !held && end_flapping(t, a) == alert_change::reopened)
    tell(t.tell, a, notice_event::fired, reason::again, "", t.out);
  if (is_open(a) && a.snoozed_until && *a.snoozed_until <= t.now && has(a.masks, mask::snooze)) end_snooze(t, a);
  if (const auto over = lapse_of(a); over && *over <= t.now) lapse(t, a);
  const bool taken =
      is_open(a) && a.ack && a.phase == alert_phase::acknowledged && a.level == severity::critical && a.masks == 0;
  if (a.key.type == alert_type::drill && is_open(a) && fired_at(a) + drill_lasts <= t.now) end_drill(t, a);
  go_on_calling(t, a);
  const bool steps_left = a.escalation && !a.escalation->frozen && a.escalation->next < a.escalation->steps.size() &&
                          a.escalation->cycle < a.escalation->cycles;
  if (steps_left && a.escalation->due <= t.now && is_notifiable(a)) escalate(t, a);
  look_at_targets(t, a);
  if (taken && a.reminded.value_or(a.ack->at) + config_->times.acknowledge_reminder <= t.now) remind(t, a);
}

void tenant_machine::remind(turn& t, alert& a) {
  a.reminded = t.now;
  t.touched.insert(a.key);
  tell_targets(t.tell, a, notice_event::reminder, reason::reminder_due,
               "Acknowledged by " + a.ack->by + " and still failing.", {delivery_kind::interrupt}, t.out);
}

// Asks for a tick when time alone will change this alert.
void tenant_machine::remind_at(const alert& a) {
  if (!is_open(a)) return;
  note_calls_due(a);
  note_loudness_due(a);
  if (a.snoozed_until && has(a.masks, mask::snooze)) timers_.emplace(*a.snoozed_until, a.key);
  if (a.flapping && !a.changes.empty()) timers_.emplace(a.changes.back() + config_->times.flap_quiet, a.key);
  if (a.ack && a.phase == alert_phase::acknowledged && a.level == severity::critical)
    timers_.emplace(a.reminded.value_or(a.ack->at) + config_->times.acknowledge_reminder, a.key);
  if (const auto over = lapse_of(a)) timers_.emplace(*over, a.key);
}

std::optional<wall_time> tenant_machine::next_due() const {
  return timers_.empty() ? std::nullopt : std::optional(timers_.top().first);
}

effects tenant_machine::configure(std::shared_ptr<const tenant_config> config, wall_time now) {
  config_ = std::move(config);
  providers_ = provider_groups(config_->providers);
  ledger_.doubt_all();
  index_hosts();
  if (has_outage()) timers_.push({now, {}}); // its trunks may be another provider's now
  turn t = begin(now);
  for (auto& [key, a] : alerts_) {
    if (!is_open(a) || is_configured(*config_, key)) continue;
    close(a, now);
    a.removed = true;
    a.masks = 0;
    a.parent.reset();
    t.touched.insert(key);
    t.out.suppressions.push_back({a.id, a.version, reason::resolved_first});
    t.out.withdraw.push_back(a.id);
    not_told(a, notice_event::resolved, reason::not_routed, is_of_tenant(key) ? "channel=removed" : "instance=removed",
             now, t.out);
    audit(t, a, "alert.removed", "system",
          is_of_tenant(key) ? "channel removed from the configuration" : "instance removed from the configuration");
  }
  if (!t.touched.empty()) refresh_masks(t, std::nullopt);
  heed_configuration(t);
  return end(t);
}

void tenant_machine::audit(turn& t, const alert& a, std::string action, std::string actor, std::string detail) const {
  t.out.audits.push_back({std::move(actor), std::move(action), a.id.str(), std::move(detail), t.now});
}

alert* tenant_machine::find(const alert_id& id) {
  const auto key = by_id_.find(id);
  if (key == by_id_.end()) return nullptr;
  const auto at = alerts_.find(key->second);
  return at == alerts_.end() ? nullptr : &at->second;
}

} // namespace ringdown::logic
