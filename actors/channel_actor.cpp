#include "actors/channel_actor.hpp"

#include "actors/logic/delivery_policy.hpp"
#include "protocol/wire/dialects.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace ringdown {

namespace {

constexpr auto look_again_after = std::chrono::seconds(1);
// A phone that rings so long after it was decided rings for what may be over (S-D1).
constexpr duration send_call_by = std::chrono::seconds(2);
// A call whose provider cannot call us back is asked about often, any other in case what it says gets lost.
constexpr duration ask_often = std::chrono::seconds(3);
constexpr duration ask_in_case = std::chrono::seconds(20);
constexpr auto look_at_clocks_after = std::chrono::minutes(1);

const wire::dialect* dialect_of(const channel_config& config) {
  const auto* found = wire::find_dialect(config.kind);
  // Configuration is checked before it is used: an unknown kind cannot get here.
  if (found == nullptr) throw std::logic_error("channel of unknown kind " + config.kind);
  return found;
}

} // namespace

channel::channel(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe, tenant_id tenant,
                 channel_config settings, timing times)
    : observed_actor(config, std::move(world), std::move(probe)),
      tenant_(std::move(tenant)),
      config_(std::move(settings)),
      times_(times),
      dialect_(dialect_of(config_)),
      facts_(dialect_->describe()),
      counts_(this->world().metrics->channels.at(config_.kind)),
      lane_{"channel/" + tenant_.str() + "/" + config_.id.str(), facts_.connections, facts_.connections * 2},
      watch_(this->world().node.callback_url.empty() ? ask_often : ask_in_case) {
  find_account();
}

void channel::leaving() {
  for (const auto& [id, one] : carrying_) {
    if (one.ticket) world().http->cancel(*one.ticket);
    if (one.mail_ticket) world().mail->cancel(*one.mail_ticket);
  }
  // They know us, too.
  tenant_actor_ = nullptr;
  accounts_ = nullptr;
  drained_ = nullptr;
}

channel::behavior_type channel::make_behavior() {
  if (dialect_->calls != nullptr && world().node.callback_url.empty())
    log().warning("calls_without_keys", {{"channel", config_.id.str()}, {"why", "[http] public_url is not set"}});
  return {
      [this](const due& rang) { handle([&] { on(rang); }); },
      [this](const exchange_ended& ended) { handle([&] { on(ended); }); },
      [this](const mail_ended& ended) { handle([&] { on(ended); }); },
      [this](const tenant_attached& to) { handle([&] { on(to); }); },
      [this](const reconfigure_channel& to) { handle([&] { on(to); }); },
      [this](const deliveries_ready& ready) { handle([&] { on(ready); }); },
      [this](const look_for_rows& asked) { handle([&] { on(asked); }); },
      [this](const withdraw_alerts& which) { handle([&] { on(which); }); },
      [this](const hang_up_call& which) { handle([&] { on(which); }); },
      [this](const follow_calls& which) { handle([&] { on(which); }); },
      [this](const rows_claimed& claimed) { handle([&] { on(claimed); }); },
      [this](const rows_recovered& answer) { handle([&] { on(answer); }); },
      [this](const settlements_stored& stored) { handle([&] { on(stored); }); },
      [this](const accounts_attached& to) { handle([&] { on(to); }); },
      [this](const permit_given& given) { handle([&] { on(given); }); },
      [this](const permit_queued& queued) { handle([&] { on(queued); }); },
      [this](const drain& asked) { handle([&] { on(asked); }); },
      [this](const crash_now& asked) { handle([&] { on(asked); }); },
  };
}

void channel::on(const tenant_attached& to) {
  tenant_actor_ = to.tenant;
  idle_told_ = false;
  backlogged_ = true;
  recovering_ = true;
  if (!claiming_) recover();
}

void channel::on(const reconfigure_channel& to) {
  const bool goes_elsewhere = to.config.settings != config_.settings || to.config.secrets != config_.secrets;
  config_ = to.config;
  times_ = to.times;
  find_account();
  // What has not begun was claimed, many rows ahead, for how it was.
  if (goes_elsewhere || is_off()) hand_back_waiting();
  count_ended();
  world().http->close_lane(lane_.name);
  backlogged_ = true; // it may have been switched on
  claim_if_room();
}

void channel::on(const deliveries_ready& ready) {
  for (const delivery& row : ready.rows) take(row);
  begin_waiting();
}

void channel::on(const look_for_rows& asked) {
  looks_ = asked.number;
  backlogged_ = true;
  idle_told_ = false;
  look_again_ = look_again_ || claiming_;
  claim_if_room();
}

void channel::on(const due& rang) {
  if (rang.token == permit_token_) {
    permit_token_ = 0;
    if (only_waits_its_turn()) return ask_for_permit(*wished_);
    backlogged_ = true;
    return claim_if_room();
  }
  if (rang.token != wake_token_) return;
  const moment present = now();
  if (present.wall < *wake_at_ && present.steady < wake_due_) return arm();
  reached_ = *wake_at_;
  wake_at_.reset();
  backlogged_ = true;
  if (recovering_ && !claiming_) recover();
  go_on_with_calls();
  claim_if_room();
}

// What has not begun goes back to the table, where the next claim sees that it may no longer be sent (I4).
void channel::on(const withdraw_alerts& which) {
  const auto withdrawn = [&](const carried& one) {
    return one.row.kind == delivery_kind::interrupt &&
           std::ranges::find(which.alerts, one.row.alert) != which.alerts.end();
  };
  for (const carried& one : waiting_)
    if (withdrawn(one)) hand_back(one.row);
  std::erase_if(waiting_, withdrawn);
  count_ended();
}

void channel::on(const rows_claimed& claimed) {
  claiming_ = false;
  for (const auto& ended : claimed.rows.ended) {
    counts_.ended(ended.state);
    tell(tenant_actor_,
         delivery_settled{ended.id, ended.alert, config_.id, ended.state, ended.why, "", ended.attempts});
  }
  for (const delivery& row : claimed.rows.rows) take(row);
  if (recovering_) recover();
  use_permits(claimed.rows);
  if (!claimed.ok) {
    wake_for(now().wall + times_.retry_base);
    return;
  }
  plan_ahead(claimed.rows);
  claimed_last_ = asked_last_;
  backlogged_ = std::exchange(look_again_, false);
  due_left_ = claimed.rows.due_left;
  wished_.reset();
  if (claimed.rows.waiting) want_permit(*claimed.rows.waiting);
  if (claimed.rows.next_due) wake_for(*claimed.rows.next_due);
  begin_waiting();
  // What waits for a row that nobody carries here (a summary of another alert): looked at again, not forgotten.
  if (due_left_ && carrying_.empty() && waiting_.empty()) wake_for(now().wall + look_again_after);
  claim_if_room();
  check_quiet();
}

void channel::take(delivery row) {
  idle_told_ = false;
  carried one;
  one.row = std::move(row);
  const duration within = facts_.is == channel_class::voice ? std::min(times_.send_by, send_call_by) : times_.send_by;
  one.send_by = send_by(within);
  waiting_.push_back(std::move(one));
}

// While the shard is ours: afterwards somebody else may carry the same row.
std::chrono::nanoseconds channel::send_by(duration within) const {
  const auto wanted = world().time.boot() + std::chrono::duration_cast<std::chrono::nanoseconds>(within);
  return std::min(wanted, world().acts_until());
}

void channel::begin_waiting() {
  if (is_off()) return hand_back_waiting();
  while (!waiting_.empty() && has_free_place()) {
    carried next = std::move(waiting_.front());
    waiting_.pop_front();
    begin(std::move(next));
  }
}

void channel::hand_back_waiting() {
  ahead_ = 0;
  for (const carried& one : waiting_) hand_back(one.row);
  waiting_.clear();
}

void channel::begin(carried one) {
  if (world().time.boot() > one.send_by || !world().may_act()) {
    hand_back(one.row);
    return;
  }
  one.begun = now().wall;
  const delivery_id id = one.row.id;
  auto& held = carrying_.insert_or_assign(id, std::move(one)).first->second;
  log().info("delivery_begun", {{"trace", held.row.trace},
                                {"delivery", id.str()},
                                {"channel", config_.id.str()},
                                {"event", std::string(ringdown::name(held.row.event))},
                                {"attempt", std::to_string(held.row.attempts)}});
  carry_on(held, dialect_->start(job(held.row)));
}

void channel::carry_on(carried& one, wire::dialect_step step) {
  one.talk = std::move(step.next);
  if (step.request)
    exchange(one, std::move(*step.request));
  else if (step.mail)
    post(one, std::move(*step.mail));
  else
    settle(one,
           step.outcome.value_or(attempt_outcome{outcome_kind::refused, "", "the dialect had nothing to say", {}, 0}));
}

void channel::exchange(carried& one, http_request request) {
  request.send_by = one.send_by;
  asked_[++tokens_] = one.row.id;
  one.ticket = send(std::move(request), tokens_);
}

// Carried out on the channel's lane; its end comes back as a message. What is asked of a call that goes on leaves under the
// lease, too.
std::uint64_t channel::send(http_request request, std::uint64_t token) {
  if (!request.send_by && world().leases) request.send_by = world().acts_until();
  request.timeout = times_.attempt_timeout;
  auto self = caf::actor_cast<caf::weak_actor_ptr>(this->address());
  return world().http->send(lane_, std::move(request), [self, token](http_outcome outcome) {
    if (auto who = self.lock())
      caf::anon_send(caf::actor_cast<caf::actor>(who),
                     exchange_ended{token, std::make_shared<const http_outcome>(std::move(outcome))});
  });
}

void channel::post(carried& one, mail_request mail) {
  const std::uint64_t token = ++tokens_;
  asked_[token] = one.row.id;
  mail.send_by = one.send_by;
  mail.timeout = times_.attempt_timeout;
  auto self = caf::actor_cast<caf::weak_actor_ptr>(this->address());
  one.mail_ticket = world().mail->send(lane_, std::move(mail), [self, token](mail_outcome outcome) {
    if (auto who = self.lock()) caf::anon_send(caf::actor_cast<caf::actor>(who), mail_ended{token, std::move(outcome)});
  });
}

// The row that waits for this answer; none when it is not ours any more.
channel::carried* channel::asker_of(std::uint64_t token) {
  const auto known = asked_.extract(token);
  if (known.empty()) return nullptr;
  const auto at = carrying_.find(known.mapped());
  if (at == carrying_.end()) return nullptr;
  at->second.ticket.reset();
  at->second.mail_ticket.reset();
  return &at->second;
}

void channel::on(const exchange_ended& ended) {
  if (const auto step = call_exchanges_.extract(ended.token); !step.empty()) {
    call_step_ended(step.mapped(), *ended.outcome);
    return;
  }
  carried* one = asker_of(ended.token);
  if (one == nullptr) return;
  // Its first byte left in time (S-D1), and each later step has as long; but a call, the last step, rings in time or not.
  if (facts_.is != channel_class::voice) one->send_by = send_by(times_.send_by);
  carry_on(*one, dialect_->resume(job(one->row), one->talk, *ended.outcome));
  begin_waiting();
}

void channel::on(const mail_ended& ended) {
  if (carried* one = asker_of(ended.token))
    carry_on(*one, dialect_->resume_mail(job(one->row), one->talk, ended.outcome));
}

void channel::settle(carried& one, const attempt_outcome& outcome) {
  const moment present = now();
  auto& metrics = *world().metrics;
  counts_.tried(outcome.kind);
  if (outcome.kind != outcome_kind::accepted) ahead_ = 0;
  tell_refusal(outcome);
  const auto keys = wire::repeats_are_safe(facts_.keys) ? logic::key_knowledge::keyed : logic::key_knowledge::unkeyed;
  const auto next = logic::after_attempt(one.row, outcome, keys, times_, present.wall, world().time.spread());
  persistence::settlement write;
  write.owner = world().owner;
  write.tenant = tenant_;
  write.ledger = {one.row.id,
                  one.row.attempts,
                  one.begun,
                  present.wall,
                  outcome.kind,
                  outcome.status,
                  dialect_->masked_address(config_, one.row),
                  outcome.answer};
  write.state = next.state;
  write.why = next.why;
  write.not_before = next.not_before;
  write.possible_repeat = next.possible_repeat;
  write.reference = outcome.reference;
  write.remote = outcome.remote;
  write.progress = outcome.progress;
  if (next.state == delivery_state::sent) {
    const duration took = present.wall - one.row.created;
    metrics.delivery_seconds.observe(std::max(took, duration{}));
    if (one.row.level == severity::critical && took > times_.late_after)
      metrics.late_criticals.fetch_add(1, std::memory_order_relaxed);
  }
  log().info("delivery_attempt", {{"trace", one.row.trace},
                                  {"delivery", one.row.id.str()},
                                  {"channel", config_.id.str()},
                                  {"outcome", std::string(ringdown::name(outcome.kind))},
                                  {"state", std::string(ringdown::name(next.state))},
                                  {"answer", outcome.answer}});
  one.storing = true;
  ++storing_;
  one.row.state = next.state;
  one.row.why = next.why;
  one.row.not_before = next.not_before;
  one.row.reference = outcome.reference;
  caf::anon_send(world().store, settle_rows{{std::move(write)}, me()});
}

// Claimed but not begun: no attempt was made, and it is due at once.
void channel::hand_back(const delivery& row) {
  ahead_ = 0;
  const moment present = now();
  persistence::settlement write;
  write.owner = world().owner;
  write.tenant = tenant_;
  write.ledger = {row.id, row.attempts, present.wall, present.wall, outcome_kind::not_sent, 0, "", "not begun in time"};
  write.state = delivery_state::pending;
  write.not_before = present.wall;
  write.possible_repeat = row.possible_repeat;
  handing_back_[row.id] = row.alert;
  caf::anon_send(world().store, settle_rows{{std::move(write)}, me()});
}

void channel::on(const settlements_stored& stored) {
  for (const delivery_id& id : stored.rows) {
    const auto at = carrying_.find(id);
    if (at == carrying_.end() || !at->second.storing) {
      if (const auto back = handing_back_.extract(id); !back.empty())
        tell(tenant_actor_, delivery_settled{id, back.mapped(), config_.id, delivery_state::pending, reason::none});
      backlogged_ = true;
      continue;
    }
    const delivery row = std::move(at->second.row);
    carrying_.erase(at);
    --storing_;
    counts_.ended(row.state);
    if (row.state == delivery_state::sent && dialect_->calls != nullptr) {
      watch_.follow(row.id, row.reference, call_stage::placed, now().wall);
      go_on_with_calls();
    }
    if (row.state == delivery_state::pending) wake_for(row.not_before);
    backlogged_ = backlogged_ || due_left_;
    tell_tenant(row, row.state, row.why);
  }
  for (const delivery_id& id : stored.refused) forget(id);
  begin_waiting();
  count_ended();
  claim_if_room();
  check_quiet();
}

// The store refused how it ended: it is no longer ours (an older fence), or cannot be written. Nothing is left to do for it.
void channel::forget(const delivery_id& row) {
  handing_back_.erase(row);
  const auto at = carrying_.find(row);
  if (at == carrying_.end() || !at->second.storing) return;
  carrying_.erase(at);
  --storing_;
}

void channel::tell_tenant(const delivery& row, delivery_state state, reason why) {
  tell(tenant_actor_, delivery_settled{row.id, row.alert, config_.id, state, why, row.reference, row.attempts});
}

void channel::wake_for(wall_time at) {
  if (wake_at_ && *wake_at_ <= at) return;
  const moment present = now();
  const auto wait = std::max<duration>(at - present.wall, duration{});
  wake_at_ = at;
  wake_due_ = present.steady + std::chrono::duration_cast<std::chrono::nanoseconds>(wait);
  arm();
}

// Looks at the clocks again and again: the wall clock may be set forward.
void channel::arm() {
  const steady_time latest = now().steady + look_at_clocks_after;
  wake_token_ = ++wake_tokens_;
  wake_at(std::min(wake_due_, latest), wake_token_);
}

void channel::check_quiet() {
  if (!carrying_.empty() || !waiting_.empty() || !handing_back_.empty() || claiming_) return;
  if (drained_) {
    std::exchange(drained_, nullptr)();
    drained_ = [] {}; // stays drained: nothing is begun any more
    return;
  }
  if (backlogged_ || due_left_ || wake_at_ || idle_told_) return;
  idle_told_ = true;
  tell(tenant_actor_, channel_idle{config_.id, looks_});
}

void channel::on(const drain& asked) {
  drained_ = asked.done;
  begin_waiting();
  check_quiet();
}

void channel::on(const crash_now& asked) { throw std::runtime_error(asked.text); }

wire::delivery_job channel::job(const delivery& row) const {
  const auto& node = world().node;
  const auto provider = node.providers.find(config_.kind);
  const std::string ca = provider == node.providers.end() ? std::string() : provider->second.ca_file;
  const std::string& url = dialect_->calls == nullptr ? node.public_url : node.callback_url;
  return {row, config_, url, base_url(), ca, now().wall, times_.search_gap};
}

} // namespace ringdown
