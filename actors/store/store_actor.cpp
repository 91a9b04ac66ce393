#include "actors/store/store_actor.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <utility>

namespace ringdown {

namespace {

// Enough that a commit's sync is shared by many, small enough that it takes less than 5 ms (docs/decisions/0032): so long does
// a critical of another tenant wait.
constexpr std::size_t batches_per_transaction = 56;
constexpr auto retry_pause = std::chrono::milliseconds(250);
constexpr auto budgets_pause = std::chrono::seconds(1);

// Nobody else waits for the time-out that somebody has just waited for.
template <class T>
result<T> away() {
  return failure{failure_kind::unavailable, "the store is unavailable"};
}

// Its lease may be lengthened, or somebody else takes the shard: then it is a conflict.
bool waits_for_lease(const result<void>& verdict) { return !verdict && verdict.error().kind == failure_kind::too_late; }

// Not the verdict on what was asked (a conflict, no such thing), but that the store could not do it.
bool is_of_the_store(failure_kind kind) {
  return kind == failure_kind::unavailable || kind == failure_kind::corrupt || kind == failure_kind::io_error ||
         kind == failure_kind::internal;
}

} // namespace

store_keeper::store_keeper(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe,
                           std::shared_ptr<persistence::store> held)
    : observed_actor(config, std::move(world), std::move(probe)),
      held_(std::move(held)) {
  this->world().metrics->store_ready = true;
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
      [this](const crash_noted& died) { handle([&] { on(died); }); },
      [this](const crashes_forgotten& lived) { handle([&] { on(lived); }); },
      [this](const flush_writes& asked) { handle([&] { on(asked); }); },
  };
}

void store_keeper::on(const load_tenant& asked) {
  tenant_loaded answer;
  auto commands = flush_for(asked.tenant) ? heard(held_->open_commands(asked.tenant)) : away<std::vector<command>>();
  auto snapshot = commands ? heard(held_->load_tenant(asked.tenant, world().node.egress_name, now().wall))
                           : result<persistence::tenant_snapshot>(commands.error());
  if (snapshot) {
    for (const auto& [of, newest] : budgets_) // not stored yet
      if (of.first == asked.tenant) snapshot->budgets[of.second] = newest.budget;
    answer.ok = true;
    answer.commands = std::move(*commands);
    answer.snapshot = std::make_shared<const persistence::tenant_snapshot>(std::move(*snapshot));
  } else {
    answer.why = snapshot.error();
  }
  tell(asked.reply_to, std::move(answer));
}

void store_keeper::on(const commit_batch& asked) {
  if (follows_a_refused_one(asked)) {
    answer(asked, failure{failure_kind::conflict, "a batch before it was refused"});
    return;
  }
  queue_.put(asked);
  note_queue();
  flush_soon();
}

void store_keeper::on(const settle_rows& asked) {
  settlements_.push_back(asked);
  flush_soon();
}

void store_keeper::on(const claim_rows& asked) {
  rows_claimed answer;
  auto claimed =
      flush_for(asked.request.tenant) ? heard(held_->claim(asked.request)) : away<persistence::claimed_rows>();
  answer.ok = claimed.ok();
  if (claimed) answer.rows = std::move(*claimed);
  tell(asked.reply_to, std::move(answer));
  static_cast<void>(heard(held_->fold_log()));
}

void store_keeper::on(const recover_rows& asked) {
  const auto keys = asked.keyed ? persistence::key_knowledge::keyed : persistence::key_knowledge::unkeyed;
  const auto written =
      flush_for(asked.tenant)
          ? heard(held_->recover_channel(asked.tenant, asked.channel, asked.owner, keys, asked.carried, now().wall))
          : away<persistence::recovery>();
  tell(asked.reply_to, rows_recovered{written.ok()});
  if (!written) return;
  log().info("channel_rows_recovered", {{"tenant", asked.tenant.str()},
                                        {"channel", asked.channel.str()},
                                        {"resumed", std::to_string(written->resumed)},
                                        {"unknown", std::to_string(written->unknown)}});
}

void store_keeper::on(const store_command& asked) {
  asked.done(flush_all() ? written(held_->insert_command(asked.what)) : away<void>());
}

void store_keeper::on(const save_budget& asked) {
  budgets_.erase({asked.tenant, asked.instance});
  if (now().steady >= budgets_at_ && write(asked)) return;
  tell(asked.reply_to, login_budget_saved{asked.number, false, true});
  budgets_[{asked.tenant, asked.instance}] = asked;
  try_budgets_later();
}

void store_keeper::on(const with_store& asked) {
  if (flush_all()) write_budgets();
  if (asked.refused && now().steady < shut_until_) return asked.refused(away<void>().error());
  auto said = asked.run(*held_);
  static_cast<void>(asked.writes ? written(std::move(said)) : heard(std::move(said)));
}

void store_keeper::on(const crash_noted& died) {
  static_cast<void>(
      written(held_->note_crash(died.owner, tenant_of(died.actor).value_or(tenant_id()), died.actor, now().wall)));
}

void store_keeper::on(const crashes_forgotten& lived) {
  static_cast<void>(written(held_->forget_crashes(lived.owner, lived.actor)));
}

void store_keeper::on(const flush_writes& asked) {
  if (asked.budgets) {
    budgets_asked_ = false;
    return write_budgets();
  }
  (asked.held_ones ? held_ones_asked_ : flush_asked_) = false;
  if (asked.held_ones) {
    queue_.let_go();
    settlements_.insert(settlements_.begin(), std::make_move_iterator(held_settlements_.begin()),
                        std::make_move_iterator(held_settlements_.end()));
    held_settlements_.clear();
  }
  if (!write_settlements() || !write_commits()) return flush_later();
  write_budgets();
  static_cast<void>(heard(held_->fold_log())); // nobody waits for it but who comes next
  if (queue_.has_any() || !settlements_.empty()) flush_soon();
}

// Not all nodes at once, when the database they share is back.
std::chrono::nanoseconds store_keeper::pause_before_retry() const {
  return retry_pause + std::chrono::duration_cast<std::chrono::nanoseconds>(retry_pause * world().time.spread());
}

// A message to itself goes behind all that has arrived by now: that is what makes the group.
void store_keeper::flush_soon() {
  if (flush_asked_) return;
  flush_asked_ = true;
  caf::anon_send(store_actor(this), flush_writes{});
}

void store_keeper::flush_later() {
  flush_asked_ = true;
  this->delayed_send(this, pause_before_retry(), flush_writes{});
}

void store_keeper::try_held_ones_later() {
  if (held_ones_asked_) return;
  held_ones_asked_ = true;
  this->delayed_send(this, retry_pause, flush_writes{true});
}

bool store_keeper::flush_all() {
  if (now().steady < shut_until_) return false;
  while (queue_.has_any() || !settlements_.empty())
    if (!write_settlements() || !write_commits()) return false;
  return true;
}

bool store_keeper::flush_for(const tenant_id& tenant) {
  if (!flush_all() || queue_.is_held(tenant)) return false;
  return std::ranges::none_of(held_settlements_,
                              [&](const settle_rows& one) { return one.settlements.front().tenant == tenant; });
}

bool store_keeper::write_settlements() {
  if (settlements_.empty()) return true;
  std::vector<persistence::settlement> all;
  std::size_t taken = 0;
  while (taken < settlements_.size() && all.size() < batches_per_transaction) {
    const auto& asked = settlements_[taken++].settlements;
    all.insert(all.end(), asked.begin(), asked.end());
  }
  const auto verdicts = verdicts_on(all);
  for (std::span<const result<void>> left = verdicts; taken > 0; --taken) {
    const std::size_t asked = settlements_.front().settlements.size();
    if (asked > left.size()) return false;
    answer(settlements_.front(), left.first(asked));
    settlements_.pop_front();
    left = left.subspan(asked);
  }
  return true;
}

std::vector<result<void>> store_keeper::verdicts_on(const std::vector<persistence::settlement>& taken) {
  auto together = held_->settle(taken);
  if (together) {
    works();
    return std::move(*together);
  }
  if (!survived(together.error())) return {};
  return taken.size() == 1 ? std::vector<result<void>>{together.error()} : settle_each(taken);
}

std::vector<result<void>> store_keeper::settle_each(const std::vector<persistence::settlement>& taken) {
  std::vector<result<void>> verdicts;
  for (const persistence::settlement& one : taken) {
    auto alone = held_->settle(std::span(&one, 1));
    if (!alone && !survived(alone.error())) break;
    verdicts.push_back(alone ? std::move(alone->front()) : result<void>(alone.error()));
  }
  return verdicts;
}

void store_keeper::answer(settle_rows& asked, std::span<const result<void>> verdicts) {
  settlements_stored said;
  settle_rows later{{}, asked.reply_to};
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (waits_for_lease(verdicts[i])) {
      later.settlements.push_back(std::move(asked.settlements[i]));
      continue;
    }
    const delivery_id& row = asked.settlements[i].ledger.delivery;
    (verdicts[i] ? said.rows : said.refused).push_back(row);
    if (!verdicts[i])
      log().error("settlement_refused", {{"delivery", row.str()}, {"error", verdicts[i].error().detail}});
  }
  if (later.settlements.size() < verdicts.size()) tell(asked.reply_to, std::move(said));
  if (later.settlements.empty()) return;
  held_settlements_.push_back(std::move(later));
  try_held_ones_later();
}

bool store_keeper::write_commits() {
  auto taken = queue_.take(batches_per_transaction);
  if (taken.empty()) return true;
  const steady_time begun = now().steady;
  const auto verdicts = verdicts_on(taken);
  auto& metrics = *world().metrics;
  if (!verdicts.empty()) metrics.commit_seconds.observe(std::chrono::duration_cast<duration>(now().steady - begun));
  const auto written = taken.begin() + static_cast<std::ptrdiff_t>(verdicts.size());
  const bool all = written == taken.end();
  queue_.give_back({std::make_move_iterator(written), std::make_move_iterator(taken.end())});
  std::vector<commit_batch> held;
  for (std::size_t i = 0; i < verdicts.size(); ++i)
    if (waits_for_lease(verdicts[i])) held.push_back(taken[i]);
  metrics.committed_batches.fetch_add(verdicts.size() - held.size(), std::memory_order_relaxed);
  hold(std::move(held));
  note_queue();
  for (std::size_t i = 0; i < verdicts.size(); ++i)
    if (!waits_for_lease(verdicts[i])) answer(taken[i], verdicts[i]);
  return all;
}

std::vector<result<void>> store_keeper::verdicts_on(const std::vector<commit_batch>& taken) {
  std::vector<persistence::write_batch> batches;
  batches.reserve(taken.size());
  for (const auto& one : taken) batches.push_back(*one.batch);
  auto together = held_->commit(batches);
  if (together) {
    works();
    world().metrics->commits.fetch_add(1, std::memory_order_relaxed);
    return std::move(*together);
  }
  if (!survived(together.error())) return {};
  return batches.size() == 1 ? std::vector<result<void>>{together.error()} : commit_each(batches);
}

// A row that somebody holds, at a prompt perhaps, must not hold up everything else again and again.
void store_keeper::write_budgets() {
  if (now().steady < budgets_at_) return;
  while (!budgets_.empty()) {
    if (!write(budgets_.begin()->second)) return try_budgets_later();
    budgets_.erase(budgets_.begin());
  }
}

void store_keeper::try_budgets_later() {
  if (std::exchange(budgets_asked_, true)) return;
  const auto pause = std::max<std::chrono::nanoseconds>(budgets_pause, 5 * budget_took_);
  budgets_at_ = now().steady + pause;
  this->delayed_send(this, pause, flush_writes{false, true});
}

bool store_keeper::write(const save_budget& asked) {
  const steady_time begun = now().steady;
  if (begun < shut_until_) return false;
  const auto saved = written(
      held_->save_login_budget(asked.owner, asked.tenant, asked.instance, world().node.egress_name, asked.budget));
  budget_took_ = now().steady - begun;
  if (!saved && saved.error().kind == failure_kind::unavailable) return false;
  tell(asked.reply_to, login_budget_saved{asked.number, saved.ok()});
  return true;
}

// One of them spoils the transaction: alone each, only that one is refused, and what its tenant decided on top of it.
std::vector<result<void>> store_keeper::commit_each(const std::vector<persistence::write_batch>& batches) {
  std::vector<result<void>> verdicts;
  std::map<tenant_id, failure> refused; // and what is said of the batches after that
  for (const persistence::write_batch& one : batches) {
    if (const auto before = refused.find(one.tenant); before != refused.end()) {
      verdicts.emplace_back(before->second);
      continue;
    }
    auto alone = held_->commit(std::span(&one, 1));
    if (!alone && !survived(alone.error())) break;
    if (alone) world().metrics->commits.fetch_add(1, std::memory_order_relaxed);
    verdicts.push_back(alone ? std::move(alone->front()) : result<void>(alone.error()));
    if (verdicts.back()) continue;
    refused[one.tenant] = waits_for_lease(verdicts.back())
                              ? verdicts.back().error()
                              : failure{failure_kind::conflict, "a batch before it was refused"};
  }
  return verdicts;
}

// Ahead of what their tenants said since.
void store_keeper::hold(std::vector<commit_batch> batches) {
  if (batches.empty()) return;
  for (const commit_batch& one : batches) queue_.hold(one.batch->tenant);
  queue_.give_back(std::move(batches));
  try_held_ones_later();
}

void store_keeper::answer(const commit_batch& asked, const result<void>& verdict) {
  if (!verdict && asked.reply_to) refused_[asked.batch->tenant] = asked.reply_to->address();
  tell(asked.reply_to, batch_committed{asked.sequence, verdict.ok(), verdict ? failure{} : verdict.error()});
}

bool store_keeper::follows_a_refused_one(const commit_batch& asked) const {
  const auto at = refused_.find(asked.batch->tenant);
  return at != refused_.end() && asked.reply_to && at->second == asked.reply_to->address();
}

bool store_keeper::survived(const failure& why) {
  auto& metrics = *world().metrics;
  metrics.commit_failures.fetch_add(1, std::memory_order_relaxed);
  log().error("store_failed", {{"kind", std::string(ringdown::name(why.kind))}, {"error", why.detail}});
  // After a failed sync nobody knows what the disk has: only a new start reads it.
  const bool lost = why.kind == failure_kind::corrupt || why.kind == failure_kind::io_error;
  if (lost) world().fatal("the store cannot be trusted: " + why.detail);
  if (!lost && why.kind != failure_kind::unavailable) return true;
  metrics.store_ready = false;
  shut_until_ = now().steady + pause_before_retry();
  return false;
}

void store_keeper::works() {
  world().metrics->store_ready = true;
  shut_until_ = {};
}

result<void> store_keeper::written(result<void> said) {
  if (said)
    works();
  else if (is_of_the_store(said.error().kind))
    static_cast<void>(survived(said.error()));
  return said;
}

void store_keeper::note_queue() const { world().metrics->store_queue = queue_.size(); }

} // namespace ringdown
