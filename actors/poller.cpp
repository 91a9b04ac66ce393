#include "actors/poller.hpp"

#include "actors/logic/poll_schedule.hpp"

#include <stdexcept>
#include <utility>

namespace ringdown {

namespace {

// With so much news unconfirmed the store has been away for long; polling on would only age it. The tenant's next
// baseline starts over from what is true then.
constexpr std::size_t most_uncommitted = 64;

// All are polled once within so long after a start, and within so long where an alert is open.
constexpr duration spread_after_start = std::chrono::seconds(30);
// Of several nodes, where few are watched there is less to spread: so many times this at most.
constexpr duration spread_of_one = std::chrono::milliseconds(3);
constexpr duration spread_of_open = std::chrono::seconds(2);
// A store that was away is mostly back by then.
constexpr auto store_is_back_after = std::chrono::seconds(2);
// An answer may be slow, but not that slow.
constexpr auto ask_store_again_after = std::chrono::seconds(15);

std::string lane_name(const tenant_id& tenant, const instance_id& instance) {
  return "pbx/" + tenant.str() + "/" + instance.str();
}

} // namespace

poller::poller(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe, tenant_id tenant,
               instance_config instance)
    : observed_actor(config, std::move(world), std::move(probe)),
      tenant_(std::move(tenant)),
      config_(std::move(instance)),
      phase_(logic::phase_of(tenant_, config_.id)),
      lane_{lane_name(tenant_, config_.id), 1, 4},
      shown_as_(tenant_.str() + "/" + config_.id.str()),
      talk_(config_, this->world().node.connect_timeout, this->world().node.poll_timeout) {}

void poller::leaving() {
  if (ticket_) world().http->cancel(*ticket_);
  tenant_actor_ = nullptr;
}

poller::behavior_type poller::make_behavior() {
  return {
      [this](const due& rang) { handle([&] { on(rang); }); },
      [this](const run_ended& ended) { handle([&] { on(ended); }); },
      [this](const rebaseline& from) { handle([&] { on(from); }); },
      [this](const reconfigure_instance& to) { handle([&] { on(to); }); },
      [this](const news_committed& committed) { handle([&] { on(committed); }); },
      [this](const settle_instance& asked) { handle([&] { on(asked); }); },
      [this](const login_budget_saved& saved) { handle([&] { on(saved); }); },
      [this](const drain& asked) { handle([&] { on(asked); }); },
      [this](const crash_now& asked) { handle([&] { on(asked); }); },
  };
}

void poller::on(const due& rang) {
  if (rang.token != wake_token_) return;
  served_ = woken_for_;
  poll();
}

void poller::on(const rebaseline& from) {
  tenant_actor_ = from.tenant;
  uncommitted_.clear();
  // Later ones come from a restarted tenant, who knows it from us. One of other credentials is void.
  if (!machine_ && from.budget.credentials == credentials()) talk_.set_budget(from.budget);
  look_.reset();
  not_before_.reset();
  machine_.emplace(logic::machine_config_of(config_), from.base, world().start_mark);
  log().debug("poller_baseline", {{"instance", shown_as_}, {"known", from.base.known ? "yes" : "no"}});
  // Spread, so that ten thousand instances do not start at once; where something is open, somebody waits for its end.
  const steady_time present = now().steady;
  auto spread = std::min(config_.times.poll_interval, from.base.open.empty() ? spread_after_start : spread_of_open);
  if (world().leases)
    spread = std::min<duration>(spread, spread_of_one * static_cast<std::int64_t>(world().leases->instances()));
  wake_for(present + std::chrono::duration_cast<std::chrono::nanoseconds>(spread * phase_));
}

void poller::on(const reconfigure_instance& to) {
  config_ = to.config;
  const bool another = talk_.configure(config_);
  world().http->close_lane(lane_.name);
  if (another) give_up_poll();
  if (!machine_) return;
  machine_->configure(logic::machine_config_of(config_));
  if (another)
    wake_for(now().steady);
  else if (!polling_)
    schedule();
}

// What is under way was asked of another PBX, or with other credentials: its answer says nothing any more.
void poller::give_up_poll() {
  if (ticket_) world().http->cancel(*std::exchange(ticket_, std::nullopt));
  ++exchange_token_;
  polling_ = false;
  poll_again_ = false;
  look_.reset();
  not_before_.reset();
  save_budget_if_changed();
}

void poller::on(const news_committed& committed) {
  while (!uncommitted_.empty() && uncommitted_.front().generation == committed.generation &&
         uncommitted_.front().sequence <= committed.sequence)
    uncommitted_.pop_front();
}

void poller::on(const settle_instance&) {
  if (!machine_) return;
  const auto wish = machine_->settle(now());
  if (!look_ || wish.at < look_->at) look_ = wish;
  if (!polling_) schedule();
}

void poller::on(const login_budget_saved& saved) {
  if (saved.number != budget_number_) return;
  if (!saved.ok && budget_is_ != kept::waiting) log().warning("login_budget_not_saved", {{"instance", shown_as_}});
  // What is refused for good is waited for by nobody: a PBX that is not read is worse than a login that is not counted.
  budget_is_ = saved.again ? kept::waiting : kept::stored;
}

void poller::on(const drain& asked) {
  draining_ = true;
  ++wake_token_;
  asked.done();
}

void poller::on(const crash_now& asked) { throw std::runtime_error(asked.text); }

void poller::poll() {
  if (!machine_ || draining_) return;
  if (polling_) {
    poll_again_ = true;
    world().metrics->polls_late.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  looks_ = std::exchange(look_, std::nullopt).value_or(logic::look_again{});
  not_before_.reset();
  if (uncommitted_.size() >= most_uncommitted) {
    glance_.why = "waiting for the store";
    schedule();
    return;
  }
  polling_ = true;
  const moment present = now();
  poll_began_ = present.steady;
  if (auto request = talk_.start(present, looks_.about))
    send(std::move(*request));
  else
    finish();
}

void poller::send(http_request request) {
  if (talk_.logging_in()) {
    if (const char* why = why_no_login()) {
      talk_.withhold_login();
      // The store may have died with it.
      if (budget_is_ != kept::stored && now().steady >= budget_asked_at_ + ask_store_again_after)
        talk_.save_budget_again();
      give_up_poll();
      glance_.why = why;
      // A store that hiccups costs no whole interval, and what was to be looked at again still is.
      if (world().may_act()) look_ = logic::look_again{now().steady + store_is_back_after, looks_.why, looks_.about};
      return schedule();
    }
    if (world().leases) request.send_by = world().acts_until();
    world().metrics->logins.fetch_add(1, std::memory_order_relaxed);
  }
  save_budget_if_changed();
  std::vector<http_request> run = talk_.ahead();
  run.insert(run.begin(), std::move(request));
  run_.clear();
  for (const http_request& one : run) run_.push_back(one.url);
  const std::uint64_t token = ++exchange_token_;
  // A weak handle: an answer must not keep a stopped poller alive.
  auto self = caf::actor_cast<caf::weak_actor_ptr>(this->address());
  ticket_ = world().http->send_run(lane_, std::move(run), [self, token](std::vector<http_outcome> outcomes) {
    const auto who = self.lock();
    if (!who) return;
    run_ended ended{token, {}};
    for (http_outcome& one : outcomes) ended.outcomes.push_back(std::make_shared<const http_outcome>(std::move(one)));
    caf::anon_send(caf::actor_cast<caf::actor>(who), std::move(ended));
  });
}

// Of several nodes: whoever has the shard now asks for tokens, and each new one ends the one before; and whoever has it next
// must know of each login that failed (S-K2).
const char* poller::why_no_login() const {
  if (!world().leases) return nullptr;
  if (!world().may_act()) return "waiting for the lease";
  return world().metrics->store_ready && budget_is_ == kept::stored ? nullptr : "waiting for the store";
}

void poller::on(const run_ended& ended) {
  if (ended.token != exchange_token_ || !polling_) return;
  ticket_.reset();
  for (std::size_t i = 0; i < ended.outcomes.size(); ++i) {
    auto next = talk_.on(ended.outcomes[i], now());
    if (!next) return finish();
    // What was asked ahead is left out when something else is wanted now: another page, a token, the same with fewer fields.
    if (i + 1 == ended.outcomes.size() || next->url != run_[i + 1]) return send(std::move(*next));
  }
}

void poller::finish() {
  polling_ = false;
  save_budget_if_changed();
  const moment present = now();
  const observation seen = talk_.finished(present);
  count(seen);
  auto verdict = machine_->step(seen, present);
  glance_.why = verdict.why;
  glance_.last_poll = present.wall;
  ++glance_.polls;
  if (!logic::is_empty(verdict.news)) report(std::move(verdict.news));
  // Who asked to settle while we polled keeps the wish.
  if (verdict.again && (!look_ || verdict.again->at < look_->at)) look_ = verdict.again;
  not_before_ = verdict.not_before;
  schedule();
}

void poller::report(poll_news news) {
  world().metrics->transitions.fetch_add(news.transitions.size(), std::memory_order_relaxed);
  for (const auto& change : news.transitions)
    log().info("transition", {{"trace", change.trace},
                              {"instance", shown_as_},
                              {"type", std::string(ringdown::name(change.key.type))},
                              {"resource", to_text(change.key.resource)},
                              {"from", std::string(ringdown::name(change.from))},
                              {"to", std::string(ringdown::name(change.to))}});
  uncommitted_.push_back(news);
  tell(tenant_actor_, std::move(news));
}

void poller::schedule() {
  const steady_time present = now().steady;
  // The clock may ring a little early, and a poll be over before its own slot comes.
  steady_time at = logic::next_slot(phase_, config_.times.poll_interval, std::max(present, served_));
  if (look_ && look_->at < at) at = std::max(look_->at, present);
  if (std::exchange(poll_again_, false) && !look_) at = present;
  if (not_before_) at = std::max(at, *not_before_);
  wake_for(at);
}

void poller::wake_for(steady_time at) {
  if (draining_) return;
  const moment present = now();
  glance_.next_poll = present.wall + std::chrono::duration_cast<duration>(at - present.steady);
  world().health->show(shown_as_, glance_);
  woken_for_ = at;
  wake_at(at, ++wake_token_);
}

void poller::count(const observation& seen) {
  auto& metrics = *world().metrics;
  const auto usable = [](const auto& part) { return part.ok() || part.why.problem == read_problem::not_in_build; };
  const int answered =
      int{usable(seen.trunks)} + int{usable(seen.sbcs)} + int{usable(seen.system)} + int{usable(seen.services)};
  auto& which = answered == static_cast<int>(endpoint_count) ? metrics.polls_complete
                : answered > 0                               ? metrics.polls_partial
                                                             : metrics.polls_failed;
  which.fetch_add(1, std::memory_order_relaxed);
  if (answered == static_cast<int>(endpoint_count)) glance_.last_complete = now().wall;
  metrics.poll_seconds.observe(std::chrono::duration_cast<duration>(now().steady - poll_began_));
  if (seen.login) metrics.login_failures.fetch_add(1, std::memory_order_relaxed);
}

void poller::save_budget_if_changed() {
  if (!talk_.take_budget_change()) return;
  auto left = talk_.budget();
  left.credentials = credentials();
  tell(tenant_actor_, login_budget_changed{config_.id, left});
  if (budget_is_ == kept::stored) budget_is_ = kept::asked;
  budget_asked_at_ = now().steady;
  caf::anon_send(world().store,
                 save_budget{world().owner, tenant_, config_.id, std::move(left), ++budget_number_, me()});
}

std::string poller::credentials() const {
  return world().credentials_mark ? world().credentials_mark(config_) : std::string();
}

} // namespace ringdown
