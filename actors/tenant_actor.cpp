#include "actors/tenant_actor.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace ringdown {

namespace {

constexpr auto load_retry = std::chrono::seconds(1);
// The wall clock may be set forward: what is due by it is not missed for longer.
constexpr duration look_at_clock_after = std::chrono::minutes(1);
constexpr std::uint64_t load_token = 0; // wake-ups for ticks count from 1

// Has its poller told that it fails, and not yet that it recovered? One that goes up and down is open while it is up, and a
// poller that took it for down would not tell when it is down again.
bool stands_failing(const alert& a) {
  return a.phase != alert_phase::resolved && (a.current == condition::failing || a.unseen_since);
}

} // namespace

tenant::tenant(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe,
               std::shared_ptr<const tenant_config> settings, std::vector<logic::channel_kind_facts> kinds)
    : observed_actor(config, std::move(world), std::move(probe)),
      id_(settings->id),
      config_(std::move(settings)),
      kinds_(std::move(kinds)),
      machine_(config_, kinds_) {
  machine_.look_at(truth_);
  auto make = this->world().link_token;
  machine_.set_link_maker(
      [make, tenant = id_](const alert_id& alert, std::uint32_t episode, const std::string& person) {
        return make(tenant, alert, episode, person);
      });
  machine_.set_callbacks(this->world().node.callback_url.empty() ? logic::callbacks::none : logic::callbacks::offered);
}

tenant::behavior_type tenant::make_behavior() {
  load();
  return {
      [this](const due& rang) { handle([&] { on(rang); }); },
      [this](const poll_news& news) { handle([&] { on(news); }); },
      [this](const poller_ready& ready) { handle([&] { on(ready); }); },
      [this](const login_budget_changed& spent) { handle([&] { on(spent); }); },
      [this](const channel_ready& ready) { handle([&] { on(ready); }); },
      [this](const channel_lost& lost) { handle([&] { on(lost); }); },
      [this](const reconfigure_tenant& to) { handle([&] { on(to); }); },
      [this](const tenant_loaded& loaded) { handle([&] { on(loaded); }); },
      [this](const batch_committed& answer) { handle([&] { on(answer); }); },
      [this](const delivery_settled& settled) { handle([&] { on(settled); }); },
      [this](const call_heard& heard) { handle([&] { on(heard); }); },
      [this](const channel_idle& idle) { handle([&] { on(idle); }); },
      [this](const command_stored& stored) { handle([&] { on(stored); }); },
      [this](const carrier_watch_at& is) { handle([&] { on(is); }); },
      [this](const carriers_elsewhere& heard) { handle([&] { on(heard); }); },
      [this](const crash_now& asked) { handle([&] { on(asked); }); },
  };
}

void tenant::channel_view::opened(const delivery& row) {
  if (open.emplace(row.id, row.alert).second) ++alerts[row.alert];
}

void tenant::channel_view::ended(const delivery_id& row) {
  const auto at = open.find(row);
  if (at == open.end()) return;
  const auto count = alerts.find(at->second);
  if (--count->second == 0) alerts.erase(count);
  open.erase(at);
}

// --- start -----------------------------------------------------------------------------------------------------------

void tenant::load() { caf::anon_send(world().store, load_tenant{id_, me()}); }

void tenant::on(const tenant_loaded& loaded) {
  // Not a matter of time: its supervisor quarantines it, and the other tenants go on.
  if (!loaded.ok && loaded.why.kind == failure_kind::unreadable)
    throw std::runtime_error("what the store holds of it cannot be read: " + loaded.why.detail);
  if (!loaded.ok) {
    log().warning("tenant_not_loaded", {{"tenant", id_.str()}, {"error", loaded.why.detail}});
    wake_at(now().steady + load_retry, load_token);
    return;
  }
  const auto& stored = *loaded.snapshot;
  for (const auto& part : stored.instances)
    truth_[part.instance] = {
        part.instance, 0, true, part.health, {part.resources.begin(), part.resources.end()}, {}, {}};
  // What a poller told meanwhile is newer than what was loaded.
  budgets_.insert(stored.budgets.begin(), stored.budgets.end());
  machine_.restore(stored.alerts, stored.mutes, stored.lineage);
  machine_.restore_calls(stored.calls, stored.phones, stored.oncall);
  loaded_ = true;
  // What changed in the configuration while nobody was there to see it: alerts of removed instances close.
  commit(machine_.configure(config_, now().wall), {}, {});
  // Whoever was to hear of these ends is gone.
  for (const delivery& row : stored.settled)
    commit(machine_.on(
               logic::delivery_report{row.id, row.alert, row.channel, row.state, row.why, row.reference, row.attempts},
               now().wall),
           {}, {});
  for (const command& waiting : loaded.commands) {
    read_at_load_.insert(waiting.id);
    commit(machine_.on(waiting, now().wall), {}, {});
  }
  generation_ = static_cast<std::uint64_t>(micros(now().wall));
  for (const auto& [instance, actor] : pollers_) send_baseline(instance);
  for (const auto& [channel, view] : channels_) hand_calls(channel);
  for (const auto& [instance, base] : truth_) carriers_.changed.insert(instance);
  report_carriers();
  schedule_tick();
}

void tenant::on(const poller_ready& ready) {
  pollers_[ready.instance] = ready.poller;
  if (loaded_) send_baseline(ready.instance);
}

void tenant::send_baseline(const instance_id& instance) {
  baseline& base = truth_.try_emplace(instance, baseline{instance, 0, false, {}, {}, {}, {}}).first->second;
  // Each baseline begins a generation of its own, so that news from before it is told apart.
  base.generation = ++generation_;
  base.open.clear();
  const auto& alerts = machine_.alerts();
  for (auto at = alerts.lower_bound({instance, alert_type::instance_unreachable, {}});
       at != alerts.end() && at->first.instance == instance; ++at)
    if (stands_failing(at->second)) base.open.push_back(at->first);
  seen_[instance] = 0;
  base.unseen.clear();
  for (const alert_key& key : base.open)
    if (machine_.alerts().at(key).unseen_since) base.unseen.push_back(key);
  const auto spent = budgets_.find(instance);
  tell(pollers_[instance],
       rebaseline{me(), base, spent == budgets_.end() ? persistence::login_budget{} : spent->second});
}

void tenant::on(const login_budget_changed& spent) {
  if (config_->find(spent.instance) != nullptr) budgets_[spent.instance] = spent.budget;
}

// --- what comes in ---------------------------------------------------------------------------------------------------

void tenant::on(const poll_news& news) {
  if (!loaded_) return; // its poller gets a baseline and says it again
  const auto known = truth_.find(news.instance);
  if (known == truth_.end() || known->second.generation != news.generation || news.sequence <= seen_[news.instance])
    return;
  seen_[news.instance] = news.sequence;
  take_up(news);
}

void tenant::take_up(const poll_news& news) {
  persistence::write_batch batch;
  for (const auto& record : news.changed) batch.resources.push_back({news.instance, record});
  for (const auto& ref : news.removed) batch.removals.push_back({news.instance, ref});
  if (news.health) batch.healths.push_back({news.instance, *news.health});
  remember(news);
  doubt_carriers();
  after_commit then;
  then.confirm = news_committed{news.generation, news.sequence};
  then.confirm_to = news.instance;
  commit(machine_.on(news, now().wall), std::move(batch), std::move(then));
  note_carriers(news);
}

// The truth a restarted poller begins from; kept in step with what is committed.
void tenant::remember(const poll_news& news) {
  baseline& base = truth_[news.instance];
  base.known = true;
  if (news.health) base.health = *news.health;
  // Mostly all of a PBX comes at once and then stays: no room to grow.
  if (base.resources.empty()) base.resources.reserve(news.changed.size());
  for (const auto& record : news.changed) {
    const auto at = std::ranges::find(base.resources, record->ref, &resource_record::ref);
    if (at == base.resources.end())
      base.resources.push_back(record);
    else
      *at = record;
  }
  for (const auto& ref : news.removed)
    std::erase_if(base.resources, [&](const resource_record& r) { return r.ref == ref; });
}

void tenant::on(const command_stored& stored) {
  // In the inbox since before we loaded, its notice comes late: decided once.
  if (!loaded_ || read_at_load_.erase(stored.what.id) > 0) return;
  log().info("command", {{"tenant", id_.str()},
                         {"kind", std::string(ringdown::name(stored.what.kind))},
                         {"alert", stored.what.alert.str()},
                         {"by", stored.what.by}});
  commit(machine_.on(stored.what, now().wall), {}, {});
}

void tenant::on(const due& rang) {
  if (rang.token == load_token) {
    load();
    return;
  }
  if (rang.token != wake_token_) return;
  wake_for_.reset();
  commit(machine_.on(logic::tick{}, now().wall), {}, {});
}

void tenant::on(const reconfigure_tenant& to) {
  config_ = to.config;
  std::erase_if(budgets_, [&](const auto& entry) { return config_->find(entry.first) == nullptr; });
  if (!loaded_) return;
  std::erase_if(pollers_, [&](const auto& entry) { return config_->find(entry.first) == nullptr; });
  for (const auto& [instance, base] : truth_)
    if (config_->find(instance) == nullptr) carriers_.changed.insert(instance);
  std::erase_if(truth_, [&](const auto& entry) { return config_->find(entry.first) == nullptr; });
  persistence::write_batch batch;
  for (const auto& [id, view] : channels_)
    if (config_->find(id) == nullptr) batch.removed_channels.push_back(id);
  std::erase_if(channels_, [&](const auto& entry) { return config_->find(entry.first) == nullptr; });
  commit(machine_.configure(config_, now().wall), std::move(batch), {});
  report_carriers();
}

void tenant::on(const channel_ready& ready) {
  auto& view = channels_[ready.channel];
  view.actor = ready.actor;
  view.window = ready.window;
  view.handed.clear();
  ++view.generation;
  tell(view.actor, look_for_rows{++view.looks});
  if (loaded_) hand_calls(ready.channel);
}

// What was asked of the channel's predecessor may have been lost with it.
void tenant::hand_calls(const channel_id& channel) {
  const auto& to = channels_[channel].actor;
  tell(to, follow_calls{machine_.live_calls(channel)});
  for (const logic::hang_up_wish& one : machine_.unwanted_calls(channel))
    tell(to, hang_up_call{one.call, one.reference, one.stage});
}

void tenant::on(const channel_lost& lost) {
  auto& view = channels_[lost.channel];
  view.actor = nullptr;
  view.handed.clear();
  ++view.generation;
}

void tenant::on(const delivery_settled& settled) {
  auto& view = channels_[settled.channel];
  if (is_final(settled.state)) view.ended(settled.delivery);
  view.handed.erase(settled.delivery);
  if (!loaded_) return;
  commit(machine_.on(logic::delivery_report{settled.delivery, settled.alert, settled.channel, settled.state,
                                            settled.why, settled.reference, settled.attempts},
                     now().wall),
         {}, {});
}

void tenant::on(const call_heard& heard) {
  if (loaded_) commit(machine_.on(heard.news, now().wall), {}, {});
}

void tenant::on(const channel_idle& idle) {
  auto& view = channels_[idle.channel];
  // Not of a look that came before rows we have asked it to look for since, nor while more are on their way to the store.
  if (idle.looks != view.looks || !view.handed.empty() || !committing_.empty()) return;
  view.caught_up = true;
  view.open.clear();
  view.alerts.clear();
}

void tenant::on(const crash_now& asked) { throw std::runtime_error(asked.text); }

// --- what goes out ---------------------------------------------------------------------------------------------------

void tenant::commit(logic::effects decided, persistence::write_batch batch, after_commit then) {
  schedule_tick();
  const bool nothing = decided.empty() && batch.resources.empty() && batch.removals.empty() && batch.healths.empty() &&
                       batch.removed_channels.empty();
  then.settle = std::move(decided.settle);
  then.withdraw = std::move(decided.withdraw);
  then.hang_ups = std::move(decided.hang_ups);
  // What is to be done comes after what was decided before it.
  if (nothing && (committing_.empty() || then.empty())) {
    carry_out(then);
    return;
  }
  say_what_was_not_called(decided.decisions);
  mark_born_claimed(decided.deliveries, then);
  batch.tenant = id_;
  batch.owner = world().owner;
  batch.urgency = decided.urgency;
  batch.at = now().wall;
  batch.alerts = std::move(decided.alerts);
  batch.suppressions = std::move(decided.suppressions);
  batch.deliveries = std::move(decided.deliveries);
  batch.decisions = std::move(decided.decisions);
  batch.mutes = std::move(decided.mutes);
  then.decided = decided.commands;
  batch.commands = std::move(decided.commands);
  batch.audits = std::move(decided.audits);
  batch.calls = std::move(decided.calls);
  batch.confirmed = std::move(decided.confirmed);
  batch.phones = std::move(decided.phones);
  batch.oncall = std::move(decided.oncall);
  const std::uint64_t sequence = ++batches_;
  committing_.emplace(sequence, std::move(then));
  caf::anon_send(world().store,
                 commit_batch{sequence, std::make_shared<const persistence::write_batch>(std::move(batch)), me()});
}

// S-T4, V-03: whoever runs the node hears of calls that were due and are not made.
void tenant::say_what_was_not_called(const std::vector<decision>& decisions) {
  for (const decision& one : decisions) {
    const bool over_budget = one.deciding == reason::budget_spent;
    if (!one.made.empty() || (!over_budget && one.deciding != reason::nobody_callable)) continue;
    log().warning("call_not_made", {{"tenant", id_.str()},
                                    {"alert", one.alert.str()},
                                    {"reason", std::string(ringdown::name(one.deciding))},
                                    {"gates", one.gates}});
    (over_budget ? world().metrics->calls_over_budget : world().metrics->calls_to_nobody).fetch_add(1);
  }
}

// Rows a channel has room for now are claimed in the transaction that makes them: no second commit before the first byte.
// Only where nothing older of the same alert is open there, so that the order per alert holds. A mirror's row is always
// claimed: only then it is given what the far end calls the thing it mirrors.
void tenant::mark_born_claimed(std::vector<delivery>& rows, after_commit& then) {
  for (delivery& row : rows) {
    auto& view = channels_[row.channel];
    const bool older = !view.caught_up || view.alerts.contains(row.alert);
    const auto* settings = config_->find(row.channel);
    const bool enabled = settings != nullptr && settings->enabled;
    view.opened(row);
    // Only a claim sees whether something else rings at a call's number (S-T5), and what the far end calls a mirror's thing.
    const bool by_claim = !row.target.empty() || row.kind == delivery_kind::mirror;
    if (!view.actor || !enabled || by_claim || view.handed.size() >= view.window || older || row.after) {
      then.look.insert(row.channel);
      continue;
    }
    row.state = delivery_state::claimed;
    row.attempts = 1;
    row.handed = 1;
    view.handed.insert(row.id);
    then.hand_over.push_back({row.channel, view.generation, row});
  }
}

void tenant::on(const batch_committed& answer) {
  const auto at = committing_.find(answer.sequence);
  if (at == committing_.end()) return;
  // Memory is ahead of what the store refused: start again from the store.
  if (!answer.ok) throw std::runtime_error("commit refused: " + answer.why.detail);
  const after_commit then = std::move(at->second);
  committing_.erase(at);
  carry_out(then);
}

void tenant::carry_out(const after_commit& then) {
  std::map<channel_id, deliveries_ready> ready;
  for (const handed_row& one : then.hand_over) {
    const auto& view = channels_[one.channel];
    if (view.actor && view.generation == one.generation)
      ready[one.channel].rows.push_back(one.row);
    else
      hand_back(one.row);
  }
  if (!then.withdraw.empty())
    for (const auto& [id, view] : channels_) tell(view.actor, withdraw_alerts{then.withdraw});
  for (const logic::hang_up_wish& one : then.hang_ups)
    tell(channels_[one.channel].actor, hang_up_call{one.call, one.reference, one.stage});
  for (auto& [id, rows] : ready) tell(channels_[id].actor, std::move(rows));
  for (const channel_id& id : then.look) tell(channels_[id].actor, look_for_rows{++channels_[id].looks});
  for (const command_result& one : then.decided) world().command_decided(one);
  if (then.confirm) tell(pollers_[then.confirm_to], *then.confirm);
  for (const instance_id& instance : then.settle)
    if (const auto who = pollers_.find(instance); who != pollers_.end()) tell(who->second, settle_instance{instance});
}

// The channel actor it was claimed for is gone: nothing was sent, its successor may claim it.
void tenant::hand_back(const delivery& row) {
  const wall_time present = now().wall;
  persistence::settlement write;
  write.owner = world().owner;
  write.tenant = id_;
  write.ledger = {row.id, row.attempts, present, present, outcome_kind::not_sent, 0, "", "its channel restarted"};
  write.state = delivery_state::pending;
  write.not_before = present;
  caf::anon_send(world().store, settle_rows{{std::move(write)}, nullptr});
  tell(channels_[row.channel].actor, look_for_rows{});
}

void tenant::schedule_tick() {
  const auto next = machine_.next_due();
  if (!next || (wake_for_ && *wake_for_ <= *next)) return;
  wake_for_ = next;
  const moment present = now();
  const auto wait = std::clamp<duration>(*next - present.wall, duration{}, look_at_clock_after);
  wake_at(present.steady + std::chrono::duration_cast<std::chrono::nanoseconds>(wait), ++wake_token_);
}

} // namespace ringdown
