#include "actors/logic/lease_keeper.hpp"

#include "actors/logic/placement.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::logic {

namespace {

constexpr auto just_after = std::chrono::milliseconds(2); // as far as two clocks may be apart in `gone_for`

} // namespace

lease_keeper::lease_keeper(node_row self, const lease_rules& rules) : self_(std::move(self)), rules_(rules) {}

lease_effects lease_keeper::tick(boot_time now) {
  lease_effects out;
  if (asked_ && now >= asked_->sent + rules_.patience) {
    end_session(now);
    out.reconnect = true;
  }
  return finish(std::move(out), now);
}

lease_effects lease_keeper::answered(const lease_answer& said, boot_time now) {
  lease_effects out;
  if (!asked_ || said.number != asked_->what.number) return out;
  const asked about = std::move(*asked_);
  asked_.reset();
  answered_ = has_session_ = true;
  hear(about, said, now, out);
  if (leaving_)
    give_all(out);
  else
    plan(said, out);
  if (said.free_in) look_at_ = std::min<boot_time>(look_at_, now + *said.free_in + just_after);
  return finish(std::move(out), now);
}

lease_effects lease_keeper::cut(boot_time now) {
  end_session(now);
  return finish({}, now);
}

lease_effects lease_keeper::stopped(shard_id shard, boot_time now) {
  if (ending_.erase(shard) == 0)
    if (const auto at = held_.find(shard); at != held_.end()) at->second.at = stage::over;
  return finish({}, now);
}

lease_effects lease_keeper::drain(boot_time now) {
  renew_now_ = renew_now_ || !self_.draining; // for its own row
  self_.draining = true;
  return finish({}, now);
}

lease_effects lease_keeper::stay(boot_time now) {
  renew_now_ = renew_now_ || self_.draining;
  self_.draining = leaving_;
  return finish({}, now);
}

lease_effects lease_keeper::leave(boot_time now) {
  leaving_ = self_.draining = true;
  renew_now_ = true;
  wanted_.clear();
  lease_effects out;
  give_all(out);
  return finish(std::move(out), now);
}

// --- what an answer says -----------------------------------------------------------------------------------------------

void lease_keeper::hear(const asked& about, const lease_answer& said, boot_time now, lease_effects& out) {
  lose(said.held, out);
  for (const held_lease& one : said.held) {
    const auto at = held_.find(one.shard);
    if (at == held_.end())
      meet(about, one, now, out);
    else
      keep(about, one, now, out);
  }
}

void lease_keeper::lose(const std::vector<held_lease>& held, lease_effects& out) {
  std::erase_if(held_, [&](const auto& entry) {
    const held_lease mine{entry.first, entry.second.epoch};
    if (std::ranges::find(held, mine) != held.end()) return false;
    if (entry.second.at != stage::over) {
      out.drop.push_back(mine);
      ending_.insert(mine.shard);
    }
    return true;
  });
}

void lease_keeper::keep(const asked& about, const held_lease& one, boot_time now, lease_effects& out) {
  grip& of = held_.at(one.shard);
  if (about.what.what != lease_ask::renew) return;
  of.until = about.sent + rules_.ttl - rules_.margin;
  if (!of.suspended || now >= of.until) return;
  of.suspended = false;
  if (of.at != stage::over) out.resume.push_back(one);
}

// Ours, and not known here: just taken, or taken by a question whose answer never came.
void lease_keeper::meet(const asked& about, const held_lease& one, boot_time now, lease_effects& out) {
  const bool taken_now = std::ranges::find(about.what.acquire, one.shard) != about.what.acquire.end();
  const boot_time until = about.sent + rules_.ttl - rules_.margin;
  if ((about.what.what != lease_ask::renew && !taken_now) || now >= until) {
    renew_now_ = true; // until when it is ours will be known then
    return;
  }
  grip made{one.epoch, until};
  if (leaving_ || ending_.contains(one.shard))
    made.at = stage::over;
  else
    out.start.push_back(one);
  held_.emplace(one.shard, made);
}

// --- what should be whose ----------------------------------------------------------------------------------------------

void lease_keeper::plan(const lease_answer& said, lease_effects& out) {
  wanted_.clear();
  const shard_wishes wishes = place_shards(said.shards, said.nodes);
  auto going = static_cast<std::size_t>(
      std::ranges::count_if(held_, [](const auto& entry) { return entry.second.at == stage::handing_over; }));
  for (const shard_row& row : said.shards) {
    const auto wish = wishes.find(row.id);
    if (wish == wishes.end()) continue;
    const bool mine = wish->second == self_.id;
    const auto at = held_.find(row.id);
    if (at == held_.end()) {
      const bool may_take = mine && !row.taken && !ending_.contains(row.id);
      if (may_take && wanted_.size() < rules_.taken_at_once) wanted_.push_back(row.id);
    } else if (!mine && at->second.at == stage::running && going < rules_.handed_over_at_once) {
      give({row.id, at->second.epoch}, out);
      ++going;
    }
  }
}

// What is only just to be started is not started.
void lease_keeper::give(const held_lease& one, lease_effects& out) {
  grip& of = held_.at(one.shard);
  if (std::erase(out.start, one) > 0) {
    of.at = stage::over;
    return;
  }
  of.at = stage::handing_over;
  out.hand_over.push_back(one);
}

void lease_keeper::give_all(lease_effects& out) {
  for (auto& [shard, of] : held_)
    if (of.at == stage::running) give({shard, of.epoch}, out);
}

// --- time --------------------------------------------------------------------------------------------------------------

void lease_keeper::suspend_what_is_due(boot_time now, lease_effects& out) {
  for (auto& [shard, of] : held_) {
    if (of.suspended || of.at == stage::over || now < believed_until(of)) continue;
    of.suspended = true;
    std::erase(out.resume, held_lease{shard, of.epoch});
    out.suspend.push_back({shard, of.epoch});
  }
}

void lease_keeper::end_session(boot_time now) {
  asked_.reset();
  renew_now_ = true;
  // A register that is away is not asked without pause.
  not_before_ = answered_ ? now : now + rules_.again;
  answered_ = has_session_ = false;
}

std::optional<boot_time> lease_keeper::pressed_from() const {
  const bool to_release = std::ranges::any_of(held_, [](const auto& entry) { return entry.second.at == stage::over; });
  if (renew_now_ || to_release) return not_before_;
  return wanted_.empty() ? std::nullopt : std::optional(std::max(not_before_, take_at_));
}

boot_time lease_keeper::asks_at() const {
  const boot_time usual = std::max(not_before_, std::min(look_at_, renew_at_));
  return std::min(usual, pressed_from().value_or(usual));
}

void lease_keeper::ask_if_due(boot_time now, lease_effects& out) {
  if (asked_ || now < asks_at()) return;
  asked_ = asked{question(now), now};
  out.ask = asked_->what;
}

lease_question lease_keeper::question(boot_time now) {
  lease_question made;
  made.number = ++questions_;
  made.asker = self_;
  if (std::exchange(renew_now_, false) || now >= renew_at_) {
    made.what = lease_ask::renew;
    renew_at_ = now + rules_.renew;
  }
  for (const auto& [shard, of] : held_)
    if (of.at == stage::over) made.release.push_back({shard, of.epoch});
  if (!wanted_.empty() && now >= take_at_) {
    made.acquire = std::exchange(wanted_, {});
    take_at_ = now + rules_.scan;
  }
  look_at_ = now + rules_.scan;
  return made;
}

lease_effects lease_keeper::finish(lease_effects out, boot_time now) {
  if (has_session_) seen_open_ = now;
  suspend_what_is_due(now, out);
  ask_if_due(now, out);
  return out;
}

// --- what it believes --------------------------------------------------------------------------------------------------

boot_time lease_keeper::believed_until(const grip& of) const {
  return has_session_ ? of.until : std::min<boot_time>(of.until, seen_open_ + rules_.unseen_for);
}

shard_standing lease_keeper::standing_of(shard_id shard, boot_time now) const {
  const auto at = held_.find(shard);
  if (at == held_.end() || at->second.at == stage::over) return shard_standing::stopped;
  return now < begins_until(shard) ? shard_standing::running : shard_standing::polling_only;
}

boot_time lease_keeper::begins_until(shard_id shard) const {
  const auto at = held_.find(shard);
  if (at == held_.end() || at->second.at == stage::over) return {};
  return std::min<boot_time>(at->second.until, seen_open_ + rules_.unseen_for);
}

std::optional<held_lease> lease_keeper::lease_of(shard_id shard) const {
  const auto at = held_.find(shard);
  if (at == held_.end() || at->second.at == stage::over) return std::nullopt;
  return held_lease{shard, at->second.epoch};
}

boot_time lease_keeper::runs_until(shard_id shard) const {
  const auto at = held_.find(shard);
  return at == held_.end() || at->second.at == stage::over ? boot_time{} : believed_until(at->second);
}

boot_time lease_keeper::next() const {
  boot_time soonest = asked_ ? asked_->sent + rules_.patience : asks_at();
  if (has_session_) soonest = std::min<boot_time>(soonest, seen_open_ + rules_.unseen_for / 2);
  for (const auto& [shard, of] : held_)
    if (!of.suspended && of.at != stage::over) soonest = std::min(soonest, believed_until(of));
  return soonest;
}

} // namespace ringdown::logic
