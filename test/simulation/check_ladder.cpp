// The ladder: who is rung, when first, in which order, and that it does not end before its alert does.
#include "test/simulation/call_history.hpp"
#include "test/simulation/checkers.hpp"
#include "test/simulation/household.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
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
  std::size_t place = 0; // in the chain
  std::string number;
};

class ladder_judge {
public:
  ladder_judge(const history& of, violations& found) : of_(of), found_(found) {
    for (const auto& one : of.inhabitants()) chains_[one->id] = chain_of(*one);
  }

  void take(const persistence::write_batch& batch, instant at) {
    placed_.take(batch);
    for (const decision& d : batch.decisions)
      if (d.deciding == reason::budget_spent) spent_.insert(d.alert);
    for (const alert& a : batch.alerts) {
      if (!a.ladder) {
        last_.erase(a.id);
        continue;
      }
      if (a.ladder->frozen) thawed_.insert(a.id);
      const auto before = last_.find(a.id);
      const std::uint32_t rings = before == last_.end() ? 0 : before->second.ladder.rings;
      if (a.ladder->rings < rings) last_.erase(a.id); // another ladder
      if (a.ladder->rings == rings || a.ladder->rings == 0 || a.ladder->number.empty()) continue;
      ring(a, batch.at, at);
    }
  }

private:
  void ring(const alert& a, wall_time wall, instant at) {
    const call_ladder& now = *a.ladder;
    const auto& chain = chains_[a.tenant];
    const auto where = std::ranges::find(chain, now.number, &reachable::number);
    const auto place = static_cast<std::size_t>(where - chain.begin());
    const auto before = last_.find(a.id);
    std::string fault;
    if (where == chain.end())
      fault = "which nobody agreed to";
    else if (before == last_.end())
      fault = skipped(a, 0, place, wall);
    else if (now.rings == before->second.ladder.rings + 1)
      fault = fault_of(a, before->second, place, wall);
    if (!fault.empty())
      found_.add(at, fmt::format("{} rings at {} (round {}, {}), {}", a.id.str(), now.number, now.round + 1, now.tries,
                                 fault));
    last_[a.id] = {now, place, now.number};
    spent_.erase(a.id);
    thawed_.erase(a.id);
  }

  // Numbers of the chain in [from, to) that nothing kept from being rung; empty: none.
  [[nodiscard]] std::string skipped(const alert& a, std::size_t from, std::size_t to, wall_time wall) const {
    const auto& chain = chains_.at(a.tenant);
    if (spent_.contains(a.id)) return {};
    for (std::size_t i = from; i < to; ++i)
      if (!placed_.is_spent(chain[i].number, wall)) return "and " + chain[i].number + " was passed over";
    return {};
  }

  [[nodiscard]] std::string fault_of(const alert& a, const last_ring& before, std::size_t place, wall_time wall) const {
    const call_ladder& now = *a.ladder;
    const timing& times = of_.tenant(a.tenant).times;
    const call_record* last = placed_.find(before.ladder.call);
    const call_record* made = placed_.find(now.call);
    const bool own = last != nullptr && made != nullptr && last->lead == a.id && made->lead == a.id;
    const bool somebody =
        last != nullptr && (last->result == call_result::human || last->result == call_result::listener);
    // A round of which the provider placed nothing is gone through again soon.
    const bool none_placed = last != nullptr && last->result == call_result::failed && last->reference.empty();
    if (none_placed && now.tries == 1 && place <= before.place && now.number != before.ladder.number)
      return skipped(a, 0, place, wall);
    if (none_placed && now.round == before.ladder.round + 1) return skipped(a, 0, place, wall);
    if (now.round == before.ladder.round && place == before.place) {
      if (now.tries > rings_of_a_number) return "more than twice in a round";
      const bool cut = last != nullptr && (somebody || last->result == call_result::cancelled);
      if (own && !cut && !thawed_.contains(a.id) && made->made - last->made < times.ring_again_after - 1s)
        return "too soon after the ring before";
      return {};
    }
    const bool rung_out =
        before.ladder.tries >= rings_of_a_number || somebody || last == nullptr || spent_.contains(a.id);
    if (!rung_out) return "and " + before.number + " was rung but once";
    if (now.round == before.ladder.round)
      return place > before.place ? skipped(a, before.place + 1, place, wall) : std::string("out of its order");
    std::string left_out = skipped(a, before.place + 1, chains_.at(a.tenant).size(), wall);
    if (!left_out.empty() && now.round == before.ladder.round + 1) return left_out;
    const duration offset =
        now.round == 1 ? times.ring_round_2 : times.ring_round_3 + (now.round - 2) * times.ring_round_later;
    if (made != nullptr && made->lead == a.id && made->made < now.begun + offset - 1s) return "before its round";
    return skipped(a, 0, place, wall);
  }

  const history& of_;
  violations& found_;
  std::map<tenant_id, std::vector<reachable>> chains_;
  placed_calls placed_;
  std::map<alert_id, last_ring> last_;
  std::set<alert_id> spent_;  // a budget was found to be, since the ring before
  std::set<alert_id> thawed_; // a mask lay over the ladder since then: what is told anew rings without more waiting
};

// S-T6: a push that is refused, lost or late makes the phone ring at once.
bool is_called_sooner(const history& of, const alert& lead) {
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

void only_who_agreed_is_called(const history& of, violations& found) {
  for (const phone_call& call : calls_of(of)) {
    const auto chain = chain_of(of.tenant(call.tenant));
    if (std::ranges::find(chain, call.number, &reachable::number) == chain.end())
      found.add(call.placed,
                fmt::format("{} was called by {}, and nobody agreed to that", call.number, call.tenant.str()));
  }
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
      if (!is_for_the_phone(a, of.tenant(a.tenant)) || heard) {
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
    const tenant_config& tenant = of.tenant(of.alerts().at(id).tenant);
    const bool calls = std::ranges::any_of(
        tenant.channels, [&](const channel_config& one) { return of.is_of(one.id, channel_class::voice); });
    if (calls && !chain_of(tenant).empty() && when.second < of.ended() - longest)
      found.add(of.ended(), fmt::format("{} fires since {}, and nobody is called since {}", id.str(),
                                        clock_text(when.first), clock_text(when.second)));
  }
}

} // namespace ringdown::simulation
