// The ladder: who is rung, when first, in which order, and that it does not end before its alert does.
#include "test/simulation/call_history.hpp"
#include "test/simulation/checkers.hpp"
#include "test/simulation/household.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <utility>
#include <vector>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t rings_of_a_number = 2;

// Calls as they are committed.
class placed_calls {
public:
  void take(const persistence::write_batch& batch) {
    for (const call_record& one : batch.calls) known_[one.call] = one;
  }
  [[nodiscard]] const call_record* find(const delivery_id& call) const {
    const auto at = known_.find(call);
    return at == known_.end() ? nullptr : &at->second;
  }
  [[nodiscard]] const call_record* newest_to(const std::string& number) const {
    const call_record* newest = nullptr;
    for (const auto& [id, call] : known_)
      if (call.number == number && (newest == nullptr || newest->made < call.made)) newest = &call;
    return newest;
  }
  // no more calls to a number than four in a quarter of an hour, and seven in an hour.
  [[nodiscard]] bool is_spent(const std::string& number, wall_time now) const {
    const auto since = [&](duration span) {
      return std::ranges::count_if(known_, [&](const auto& one) {
        const call_record& call = one.second;
        return call.number == number && call.made > now - span && call.made <= now;
      });
    };
    return since(15min) >= 4 || since(1h) >= 7;
  }

private:
  std::map<delivery_id, call_record> known_;
};

// What was rung last for an alert.
struct last_ring {
  call_ladder ladder;
  std::set<std::string> chain; // all that could be
  std::set<std::string> done;  // that had their turn since all of them were to be rung again
  bool in_turn = true;         // that began when its round was due, and not because a step of the escalation was
};

duration offset_of(std::uint32_t round, const timing& times) {
  if (round == 0) return {};
  return round == 1 ? times.ring_round_2 : times.ring_round_3 + (round - 2) * times.ring_round_later;
}

class ladder_judge {
public:
  ladder_judge(const history& of, violations& found) : of_(of), amiss_(of), found_(found) {}

  void take(const persistence::write_batch& batch, instant at) {
    placed_.take(batch);
    passed_over_.clear();
    for (const decision& d : batch.decisions)
      if (d.deciding == reason::budget_spent) {
        spent_.insert(d.alert);
        passed_over_[d.alert].push_back(d.gates);
        give_turn_back(d.alert);
      }
    for (const alert& a : batch.alerts) {
      if (!a.ladder) {
        last_.erase(a.id);
        steps_.erase(a.id);
        first_.erase(a.id);
        continue;
      }
      if (a.ladder->frozen) thawed_.insert(a.id);
      const auto before = last_.find(a.id);
      const std::uint32_t rings = before == last_.end() ? 0 : before->second.ladder.rings;
      if (a.ladder->rings < rings) last_.erase(a.id); // another ladder
      const bool step = takes_step(a);
      if (step) stepped_.insert(a.id);
      if (a.ladder->rings != rings && a.ladder->rings != 0 && !a.ladder->number.empty())
        ring(a, batch.at, at);
      else if (step && (!a.ladder->call.empty() || a.ladder->due > batch.at))
        stepped_.erase(a.id); // somebody is called already
      first_[a.id] = a.ladder->first;
    }
  }

private:
  using chain = std::vector<reachable>;

  // What was called off before it was placed, because others rang that number too often, was no turn of it.
  void give_turn_back(const alert_id& alert) {
    const auto last = last_.find(alert);
    const call_record* call = last == last_.end() ? nullptr : placed_.find(last->second.ladder.call);
    if (call != nullptr && call->result == call_result::cancelled && call->reference.empty())
      last->second.done.erase(call->number);
  }

  // It may ring at once, and out of turn.
  [[nodiscard]] bool takes_step(const alert& a) {
    const auto now = a.escalation ? std::pair(a.escalation->cycle, a.escalation->next) : std::pair(0U, 0U);
    return std::exchange(steps_[a.id], now) != now;
  }

  void ring(const alert& a, wall_time wall, instant at) {
    const instant decided = at - (amiss_.any(at - 30s, at) ? instant(3min) : instant(3s));
    std::string fault;
    std::optional<chain> right;
    // A step that was taken just after it may have named somebody else. Of all chains by which it was right that one counts
    // by which the fewest had their turn before it.
    const auto configurations = of_.tenants_in(a.tenant, decided, at); // the newest is the likeliest
    for (const tenant_config* config : configurations | std::views::reverse)
      for (const user_id& first : {first_[a.id], a.ladder->first}) {
        chain one = chain_of(*config, first);
        std::string wrong = fault_of(a, one, wall);
        if (!wrong.empty())
          fault = std::move(wrong);
        else if (!right || place_in(one, a) < place_in(*right, a))
          right = std::move(one);
      }
    const chain of = right ? *right : chain{};
    if (right) fault.clear();
    if (!fault.empty())
      found_.add(at, fmt::format("{} rings at {} (round {}, {}), {}", a.id.str(), a.ladder->number, a.ladder->round + 1,
                                 a.ladder->tries, fault));
    remember(a, of);
    spent_.erase(a.id);
    thawed_.erase(a.id);
    stepped_.erase(a.id);
  }

  [[nodiscard]] static std::ptrdiff_t place_in(const chain& of, const alert& a) {
    return std::ranges::find(of, a.ladder->number, &reachable::number) - of.begin();
  }

  void remember(const alert& a, const chain& of) {
    const call_ladder& now = *a.ladder;
    const auto before = last_.find(a.id);
    last_ring made{now, {}, {}, true};
    for (const reachable& one : of) made.chain.insert(one.number);
    if (before != last_.end() && !begins_anew(a, before->second)) {
      made.done = std::move(before->second.done);
      made.in_turn = before->second.in_turn;
    } else if (const call_record* call = placed_.find(now.call)) {
      made.in_turn = call->made >= due_of(a, now.round) - 1s;
    }
    // Whoever stands before it had their turn, or could not have it; but for whom a step named just after it.
    if (before == last_.end() || !is_again(now, before->second))
      for (const reachable& one : of) {
        if (one.number == now.number) break;
        if (one.person != now.first.str() || now.first == first_[a.id]) made.done.insert(one.number);
      }
    for (const reachable& one : of)
      if (was_passed_over(a, one)) made.done.insert(one.number);
    made.done.insert(now.number);
    last_.insert_or_assign(a.id, std::move(made));
  }

  // Just before this ring and in its round, because their budget was spent: that was their turn, wherever they stand.
  [[nodiscard]] bool was_passed_over(const alert& a, const reachable& who) const {
    const auto found = passed_over_.find(a.id);
    const std::string whose = fmt::format(" chosen={} round={}", who.person, a.ladder->round + 1);
    return found != passed_over_.end() &&
           std::ranges::any_of(found->second, [&](const std::string& gates) { return gates.ends_with(whose); });
  }

  [[nodiscard]] static bool is_again(const call_ladder& now, const last_ring& before) {
    return now.round == before.ladder.round && now.number == before.ladder.number &&
           now.tries == before.ladder.tries + 1;
  }
  [[nodiscard]] static bool begins_anew(const alert& a, const last_ring& before) {
    const call_ladder& now = *a.ladder;
    return !is_again(now, before) && (now.round != before.ladder.round || before.done.contains(now.number));
  }
  [[nodiscard]] wall_time due_of(const alert& a, std::uint32_t round) const {
    return a.ladder->begun + offset_of(round, of_.tenant(a.tenant).times);
  }

  // Somebody of the chain before `last` who had no turn, though nothing kept them from being rung; empty: nobody.
  [[nodiscard]] std::string skipped(const alert& a, const chain& of, const std::set<std::string>& done,
                                    chain::const_iterator last, wall_time wall) const {
    if (spent_.contains(a.id)) return {};
    const auto one = std::find_if(of.begin(), last, [&](const reachable& who) {
      return !done.contains(who.number) && !placed_.is_spent(who.number, wall);
    });
    return one == last ? std::string() : "and " + one->number + " was passed over";
  }

  [[nodiscard]] std::string fault_of(const alert& a, const chain& of, wall_time wall) const {
    const auto where = std::ranges::find(of, a.ladder->number, &reachable::number);
    if (where == of.end()) return "which nobody agreed to";
    const auto known = last_.find(a.id);
    if (known == last_.end()) return skipped(a, of, {}, where, wall);
    const last_ring& before = known->second;
    if (a.ladder->rings != before.ladder.rings + 1) return {};
    const call_record* last = placed_.find(before.ladder.call);
    if (is_again(*a.ladder, before)) return fault_of_again(a, last);
    const bool there = std::ranges::find(of, before.ladder.number, &reachable::number) != of.end();
    const bool rung_out = before.ladder.tries >= rings_of_a_number || was_taken(last) || last == nullptr || !there;
    // A round of which the provider placed nothing is gone through again soon.
    const bool none_placed = was_never_placed(last) || std::ranges::all_of(of, [&](const reachable& one) {
                               return was_never_placed(placed_.newest_to(one.number));
                             });
    if (!rung_out && !spent_.contains(a.id) && !(none_placed && begins_anew(a, before)))
      return "and " + before.ladder.number + " was rung but once";
    if (!begins_anew(a, before)) return skipped(a, of, before.done, where, wall);
    if (!none_placed)
      if (std::string fault = fault_of_round(a, of, before, last, wall); !fault.empty()) return fault;
    return skipped(a, of, {}, where, wall);
  }

  [[nodiscard]] static bool was_never_placed(const call_record* call) {
    return call != nullptr && call->result == call_result::failed && call->reference.empty();
  }

  [[nodiscard]] static bool was_taken(const call_record* last) {
    return last != nullptr && (last->result == call_result::human || last->result == call_result::listener);
  }

  [[nodiscard]] const call_record* own(const alert& a, const call_record* call) const {
    return call != nullptr && call->lead == a.id ? call : nullptr;
  }

  [[nodiscard]] std::string fault_of_again(const alert& a, const call_record* last) const {
    if (a.ladder->tries > rings_of_a_number) return "more than twice in a round";
    const call_record* made = own(a, placed_.find(a.ladder->call));
    const bool cut = last != nullptr && (was_taken(last) || last->result == call_result::cancelled);
    if (cut || own(a, last) == nullptr || made == nullptr || thawed_.contains(a.id) || stepped_.contains(a.id))
      return {};
    const duration least = of_.tenant(a.tenant).times.ring_again_after - 1s;
    return made->made - last->made < least ? "too soon after the ring before" : std::string();
  }

  // The first ring of a round, or out of turn.
  [[nodiscard]] std::string fault_of_round(const alert& a, const chain& of, const last_ring& before,
                                           const call_record* last, wall_time wall) const {
    const std::uint32_t round = a.ladder->round;
    chain then = of; // who is callable only since then was not due
    std::erase_if(then, [&](const reachable& one) { return !before.chain.contains(one.number); });
    if (round <= before.ladder.round + 1)
      if (std::string left_out = skipped(a, then, before.done, then.end(), wall); !left_out.empty()) return left_out;
    const call_record* made = own(a, placed_.find(a.ladder->call));
    if (made == nullptr) return {};
    if (!stepped_.contains(a.id) && made->made < due_of(a, round) - 1s) return "before its round";
    const bool used_up = own(a, last) != nullptr && !before.in_turn && round == before.ladder.round + 1 &&
                         last->changed < due_of(a, before.ladder.round) - 1s;
    const bool excused = thawed_.contains(a.id) || spent_.contains(a.id);
    return used_up && !excused ? "and the round before it was none" : std::string();
  }

  const history& of_;
  const unrest amiss_;
  violations& found_;
  placed_calls placed_;
  std::map<alert_id, last_ring> last_;
  std::map<alert_id, std::pair<std::uint32_t, std::uint32_t>> steps_;
  std::map<alert_id, user_id> first_;
  std::set<alert_id> spent_;                                 // a budget was found to be, since the ring before
  std::map<alert_id, std::vector<std::string>> passed_over_; // in this batch: the gates of such decisions
  std::set<alert_id> thawed_;  // a mask lay over the ladder since then: what is told anew rings without more waiting
  std::set<alert_id> stepped_; // a step of the escalation was taken since then
};

// S-T6: a push that is refused, lost or late makes the phone ring at once.
bool is_called_sooner(const history& of, const alert& lead) {
  if (lead.escalation && (lead.escalation->next > 0 || lead.escalation->cycle > 0)) return true; // and so does a step
  const auto is_loud = [](const told_target& one) { return one.loud != loudness::none; };
  return std::ranges::any_of(lead.targets, is_loud) || std::ranges::any_of(of.rows(), [&](const auto& entry) {
           const row_story& story = entry.second;
           const bool push =
               story.row.kind == delivery_kind::interrupt && !of.is_of(story.row.channel, channel_class::voice);
           if (!push || !is_fire(story.row.event) || !speaks_of(story.row, lead.id)) return false;
           return std::ranges::none_of(story.ledger, [&](const attempt& one) {
             return one.outcome == outcome_kind::accepted && one.ended - story.row.created < 28s;
           });
         });
}

std::optional<duration> call_after(alert_type type, const timing& times) {
  // Whatever speaks for others inherits the earliest of theirs.
  if (type == alert_type::trunk_down) return times.call_after_trunk;
  if (type == alert_type::sbc_offline || type == alert_type::service_down) return times.call_after_outage;
  return std::nullopt;
}

} // namespace

// Each number twice in a round, one after the other, in the order of the chain; the next round at its time.
void ladders_keep_their_order(const history& of, violations& found) {
  ladder_judge judge(of, found);
  for (const entry& one : of.entries())
    if (const auto* kept = std::get_if<batch_kept>(&one.what)) judge.take(*kept->batch, one.at);
}

void the_phone_waits(const history& of, violations& found) {
  std::map<alert_id, alert> alerts;
  std::set<delivery_id> known;
  instant jumped{-1};
  for (const entry& one : of.entries()) {
    if (std::holds_alternative<clock_jumped>(one.what)) jumped = one.at;
    const auto* kept = std::get_if<batch_kept>(&one.what);
    if (kept == nullptr) continue;
    for (const alert& a : kept->batch->alerts) alerts[a.id] = a;
    for (const call_record& call : kept->batch->calls) {
      const auto lead = alerts.find(call.lead);
      if (!known.insert(call.call).second || lead == alerts.end() || jumped >= instant{}) continue;
      if (is_called_sooner(of, lead->second)) continue;
      const auto wait = call_after(lead->second.key.type, of.tenant(lead->second.tenant).times);
      if (wait && call.made < lead->second.opened + *wait - 1s)
        found.add(one.at, fmt::format("{} rings for {} after {} ms", call.call.str(), call.lead.str(),
                                      (call.made - lead->second.opened) / 1ms));
    }
  }
}

// After the calm began: whatever is to be called about is, in each of its rounds.
void ladders_end_with_their_alerts(const history& of, violations& found) {
  constexpr instant longest = 14min;                   // a round, all numbers twice, and budgets that were spent before
  std::map<alert_id, std::pair<instant, instant>> due; // since when; rung last
  std::map<alert_id, std::uint32_t> rings;
  for (const entry& one : of.entries()) {
    const auto* kept = std::get_if<batch_kept>(&one.what);
    if (kept == nullptr) continue;
    for (const alert& a : kept->batch->alerts) {
      const bool heard = a.ladder && a.ladder->heard;
      if (!is_for_the_phone(a, of.tenant_at(a.tenant, one.at)) || heard) {
        due.erase(a.id);
        continue;
      }
      const std::uint32_t now = a.ladder ? a.ladder->rings : 0;
      auto& last = due.try_emplace(a.id, one.at, one.at).first->second.second;
      if (std::exchange(rings[a.id], now) != now) last = one.at;
    }
    for (const decision& d : kept->batch->decisions)
      if (const auto at = due.find(d.alert); at != due.end() && d.deciding == reason::budget_spent)
        at->second.second = one.at;
  }
  for (const auto& [id, when] : due) {
    const alert& a = of.alerts().at(id);
    const tenant_config& tenant = of.tenant(a.tenant);
    // What was not to ring when it fired, or over nothing, is not called about because it may be now (S-A14).
    if (!a.ladder && of.was_configured_in(a.tenant, {}, of.ended())) continue;
    const bool calls = std::ranges::any_of(
        tenant.channels, [&](const channel_config& one) { return of.is_of(one.id, channel_class::voice); });
    if (calls && !chain_of(tenant).empty() && when.second < of.ended() - longest)
      found.add(of.ended(), fmt::format("{} fires since {}, and nobody is called since {}", id.str(),
                                        clock_text(when.first), clock_text(when.second)));
  }
}

} // namespace ringdown::simulation
