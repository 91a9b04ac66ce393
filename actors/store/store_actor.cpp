#include "actors/store/store_actor.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

namespace ringdown {

namespace {

// Enough that a commit's sync is shared by many, small enough that a critical of another tenant waits only milliseconds.
constexpr std::size_t batches_per_transaction = 256;
constexpr auto retry_pause = std::chrono::milliseconds(250);

} // namespace

store_keeper::store_keeper(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe,
                           std::shared_ptr<persistence::store> held)
    : observed_actor(config, std::move(world), std::move(probe)),
      held_(std::move(held)) {
  note_ready(true);
}

store_keeper::behavior_type store_keeper::make_behavior() {
  return {
      [this](const load_tenant& asked) { handle([&] { on(asked); }); },
      [this](const commit_batch& asked) { handle([&] { on(asked); }); },
      [this](const claim_rows& asked) { handle([&] { on(asked); }); },
      [this](const recover_rows& asked) { handle([&] { on(asked); }); },
      [this](const settle_rows& asked) { handle([&] { on(asked); }); },
      [this](const store_command& asked) { handle([&] { on(asked); }); },
      [this](const save_budget& asked) { handle([&] { on(asked); }); },
      [this](const with_store& asked) { handle([&] { on(asked); }); },
      [this](const flush_writes& asked) { handle([&] { on(asked); }); },
  };
}

void store_keeper::on(const load_tenant& asked) {
  tenant_loaded answer;
  auto commands = flush_all()
                      ? held_->open_commands(asked.tenant)
                      : result<std::vector<command>>(failure{failure_kind::unavailable, "store is unavailable"});
  auto snapshot = commands ? held_->load_tenant(asked.tenant, world().node.node_name, now().wall)
                           : result<persistence::tenant_snapshot>(commands.error());
  if (snapshot) {
    answer.ok = true;
    answer.commands = std::move(*commands);
    answer.snapshot = std::make_shared<const persistence::tenant_snapshot>(std::move(*snapshot));
  } else {
    answer.why = snapshot.error();
    static_cast<void>(survived(answer.why));
  }
  tell(asked.reply_to, std::move(answer));
}

void store_keeper::on(const commit_batch& asked) {
  auto& queue = queues_[asked.batch->tenant];
  queue.urgent += asked.batch->urgency == severity::critical ? 1 : 0;
  queue.batches.push_back(asked);
  ++waiting_;
  world().metrics->store_queue = waiting_;
  flush_soon();
}

void store_keeper::on(const settle_rows& asked) {
  settlements_.push_back(asked);
  flush_soon();
}

void store_keeper::on(const claim_rows& asked) {
  rows_claimed answer;
  if (flush_all()) {
    auto claimed = held_->claim(asked.request);
    answer.ok = claimed.ok() || !survived(claimed.error()) ? claimed.ok() : false;
    if (claimed) answer.rows = std::move(*claimed);
  }
  tell(asked.reply_to, std::move(answer));
}

void store_keeper::on(const recover_rows& asked) {
  if (!flush_all()) return;
  const auto keys = asked.keyed ? persistence::key_knowledge::keyed : persistence::key_knowledge::unkeyed;
  const auto written =
      held_->recover_channel(asked.tenant, asked.channel, world().owner, keys, asked.carried, now().wall);
  if (written) {
    log().info("channel_rows_recovered", {{"tenant", asked.tenant.str()},
                                          {"channel", asked.channel.str()},
                                          {"resumed", std::to_string(written->resumed)},
                                          {"unknown", std::to_string(written->unknown)}});
  } else {
    static_cast<void>(survived(written.error()));
  }
}

void store_keeper::on(const store_command& asked) {
  auto written = flush_all() ? held_->insert_command(asked.what)
                             : result<void>(failure{failure_kind::unavailable, "store is unavailable"});
  if (!written) static_cast<void>(survived(written.error()));
  asked.done(std::move(written));
}

void store_keeper::on(const save_budget& asked) {
  const auto written = held_->save_login_budget(asked.tenant, asked.instance, world().node.node_name, asked.budget);
  if (!written) static_cast<void>(survived(written.error()));
  tell(asked.reply_to, login_budget_saved{written.ok()});
}

void store_keeper::on(const with_store& asked) {
  static_cast<void>(flush_all());
  asked.run(*held_);
}

void store_keeper::on(const flush_writes&) {
  flush_asked_ = false;
  if (!write_settlements() || !write_commits()) {
    flush_asked_ = true;
    this->delayed_send(this, retry_pause, flush_writes{});
    return;
  }
  if (waiting_ > 0 || !settlements_.empty()) flush_soon();
}

// A message to itself goes behind all that has arrived by now: that is what makes the group.
void store_keeper::flush_soon() {
  if (flush_asked_) return;
  flush_asked_ = true;
  caf::anon_send(store_actor(this), flush_writes{});
}

bool store_keeper::flush_all() {
  while (waiting_ > 0 || !settlements_.empty())
    if (!write_settlements() || !write_commits()) return false;
  return true;
}

bool store_keeper::write_settlements() {
  if (settlements_.empty()) return true;
  std::vector<persistence::settlement> all;
  for (const auto& asked : settlements_) all.insert(all.end(), asked.settlements.begin(), asked.settlements.end());
  const auto verdicts = held_->settle(all);
  if (!verdicts && !survived(verdicts.error())) return false;
  note_ready(true);
  std::size_t at = 0;
  for (const auto& asked : settlements_) {
    settlements_stored answer;
    answer.ok = verdicts.ok();
    for (const auto& one : asked.settlements) {
      const bool stored = verdicts && (*verdicts)[at].ok();
      if (stored)
        answer.rows.push_back(one.ledger.delivery);
      else
        log().error("settlement_refused",
                    {{"delivery", one.ledger.delivery.str()},
                     {"error", verdicts ? (*verdicts)[at].error().detail : verdicts.error().detail}});
      ++at;
    }
    tell(asked.reply_to, std::move(answer));
  }
  settlements_.clear();
  return true;
}

bool store_keeper::write_commits() {
  auto taken = take_turns(batches_per_transaction);
  if (taken.empty()) return true;
  std::vector<persistence::write_batch> batches;
  batches.reserve(taken.size());
  for (const auto& one : taken) batches.push_back(*one.batch);
  const steady_time begun = now().steady;
  const auto verdicts = held_->commit(batches);
  if (!verdicts && !survived(verdicts.error())) {
    give_back(std::move(taken));
    return false;
  }
  note_ready(true);
  auto& metrics = *world().metrics;
  metrics.commit_seconds.observe(std::chrono::duration_cast<duration>(now().steady - begun));
  metrics.commits.fetch_add(1, std::memory_order_relaxed);
  metrics.committed_batches.fetch_add(taken.size(), std::memory_order_relaxed);
  for (std::size_t i = 0; i < taken.size(); ++i) {
    const bool stored = verdicts && (*verdicts)[i].ok();
    tell(taken[i].reply_to, batch_committed{taken[i].sequence, stored,
                                            stored     ? failure{}
                                            : verdicts ? (*verdicts)[i].error()
                                                       : verdicts.error()});
  }
  return true;
}

std::vector<commit_batch> store_keeper::take_turns(std::size_t most) {
  std::vector<commit_batch> taken;
  const auto take_from = [&](tenant_queue& queue) {
    taken.push_back(std::move(queue.batches.front()));
    queue.batches.pop_front();
    queue.urgent -= taken.back().batch->urgency == severity::critical ? 1 : 0;
    --waiting_;
  };
  // Criticals first, then everybody; one batch per tenant and round, beginning after who was served last.
  for (const bool only_urgent : {true, false}) {
    bool took = true;
    while (took && taken.size() < most && !queues_.empty()) {
      took = false;
      auto at = queues_.upper_bound(last_served_);
      for (std::size_t seen = 0; seen < queues_.size() && taken.size() < most; ++seen, ++at) {
        if (at == queues_.end()) at = queues_.begin();
        if (at->second.batches.empty() || (only_urgent && at->second.urgent == 0)) continue;
        take_from(at->second);
        last_served_ = at->first;
        took = true;
      }
    }
  }
  std::erase_if(queues_, [](const auto& entry) { return entry.second.batches.empty(); });
  world().metrics->store_queue = waiting_;
  return taken;
}

void store_keeper::give_back(std::vector<commit_batch> taken) {
  for (commit_batch& one : taken | std::views::reverse) {
    auto& queue = queues_[one.batch->tenant];
    queue.urgent += one.batch->urgency == severity::critical ? 1 : 0;
    queue.batches.push_front(std::move(one));
    ++waiting_;
  }
}

bool store_keeper::survived(const failure& why) {
  world().metrics->commit_failures.fetch_add(1, std::memory_order_relaxed);
  log().error("store_failed", {{"kind", std::string(ringdown::name(why.kind))}, {"error", why.detail}});
  // After a failed sync nobody knows what the disk has: only a new start reads it.
  const bool lost = why.kind == failure_kind::corrupt || why.kind == failure_kind::io_error;
  if (lost) world().fatal("the store cannot be trusted: " + why.detail);
  if (lost || why.kind == failure_kind::unavailable) {
    note_ready(false);
    return false;
  }
  return true;
}

void store_keeper::note_ready(bool ready) { world().metrics->store_ready = ready; }

} // namespace ringdown
