#include "actors/net/http_client.hpp"

#include "actors/net/client_exchange.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <functional>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

namespace ringdown::net {

namespace asio = boost::asio;

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t lanes_before_sweep = 1024;
constexpr auto lane_forgotten_after = std::chrono::minutes(10);

// Signals belong to the main thread, and a write to a closed connection must come back as an error.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

// One I/O thread with the lanes that hash to it. All but the constructor, join() and post() happens on that thread.
class client_shard {
public:
  explicit client_shard(std::shared_ptr<client_core> core)
      : core_(std::move(core)),
        work_(core_->io.get_executor()),
        thread_([io = &core_->io] {
          block_signals();
          io->run();
        }) {}

  template <class Work>
  void post(Work work) {
    asio::post(core_->io, std::move(work));
  }

  void send(const lane& on, std::vector<http_request> requests, run_completion done, std::uint64_t ticket,
            clock::time_point started) {
    const auto lane = lane_for(on);
    const auto fresh = std::make_shared<exchange>(core_, lane, std::move(requests), started);
    fresh->done = std::move(done);
    fresh->ticket = ticket;
    if (ending_) {
      fresh->done(fresh->not_started(transport_error::cancelled));
    } else if (lane->active < std::max<std::size_t>(on.connections, 1)) {
      exchanges_.emplace(ticket, fresh);
      start(fresh);
    } else if (lane->waiting.size() >= on.queue) {
      fresh->done(fresh->not_started(transport_error::overloaded));
    } else {
      exchanges_.emplace(ticket, fresh);
      enqueue(fresh);
    }
  }

  void cancel(std::uint64_t ticket) {
    const auto found = exchanges_.find(ticket);
    if (found == exchanges_.end()) return;
    const auto ended = found->second;
    if (!give_up_waiting(ended, transport_error::cancelled)) ended->cancel();
  }

  void close_lane(const std::string& name) {
    const auto found = lanes_.find(name);
    if (found == lanes_.end()) return;
    found->second->close();
    lanes_.erase(found);
  }

  // Everything ends, and with the last exchange the thread does.
  void shut_down() {
    post([this] {
      ending_ = true;
      const auto under_way = exchanges_;
      for (const auto& [ticket, ignored] : under_way) cancel(ticket);
      for (const auto& [name, each] : lanes_) each->close();
      lanes_.clear();
      work_.reset();
    });
  }

  void join() { thread_.join(); }

private:
  std::shared_ptr<client_lane> lane_for(const lane& on) {
    auto& found = lanes_[on.name];
    if (!found) found = std::make_shared<client_lane>(core_->io, core_->options.keep_idle);
    auto kept = found;
    kept->limits = on;
    kept->last_used = clock::now();
    if (lanes_.size() > sweep_at_) sweep();
    return kept;
  }

  void sweep() {
    const auto before = clock::now() - lane_forgotten_after;
    std::erase_if(lanes_,
                  [&](const auto& entry) { return entry.second->unused() && entry.second->last_used < before; });
    sweep_at_ = std::max(lanes_before_sweep, 2 * lanes_.size());
  }

  void start(const std::shared_ptr<exchange>& begun) {
    ++begun->lane()->active;
    begun->start([this](const std::shared_ptr<exchange>& ended, std::vector<http_outcome> outcomes) {
      exchanges_.erase(ended->ticket);
      --ended->lane()->active;
      start_next(*ended->lane());
      ended->done(std::move(outcomes));
    });
  }

  void start_next(client_lane& lane) {
    if (lane.waiting.empty() || lane.active >= std::max<std::size_t>(lane.limits.connections, 1)) return;
    const auto next = lane.waiting.front();
    lane.waiting.pop_front();
    next->waiting.cancel();
    start(next);
  }

  void enqueue(const std::shared_ptr<exchange>& last) {
    last->lane()->waiting.push_back(last);
    last->waiting.expires_at(last->start_by());
    last->waiting.async_wait([this, weak = std::weak_ptr(last)](const boost::system::error_code& error) {
      if (const auto late = weak.lock(); late && !error) give_up_waiting(late, transport_error::overloaded);
    });
  }

  // False when it is not waiting (any more).
  bool give_up_waiting(const std::shared_ptr<exchange>& waiter, transport_error why) {
    auto& queue = waiter->lane()->waiting;
    const auto place = std::ranges::find(queue, waiter);
    if (place == queue.end()) return false;
    queue.erase(place);
    waiter->waiting.cancel();
    exchanges_.erase(waiter->ticket);
    waiter->done(waiter->not_started(why));
    return true;
  }

  const std::shared_ptr<client_core> core_;
  std::unordered_map<std::string, std::shared_ptr<client_lane>> lanes_;
  std::unordered_map<std::uint64_t, std::shared_ptr<exchange>> exchanges_;
  std::size_t sweep_at_ = lanes_before_sweep;
  bool ending_ = false;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  std::thread thread_; // last: it uses all the others
};

// The completion of a run of one.
struct first_of {
  http_completion done;
  void operator()(std::vector<http_outcome> outcomes) const { done(std::move(outcomes.front())); }
};

class beast_client final : public http_port {
public:
  beast_client(client_options options, const egress_guard& guard, lookup_function lookup) {
    const auto names = std::make_shared<resolver>(
        resolver_options{.threads = options.resolver_threads, .keep = options.dns_cache}, std::move(lookup));
    const std::size_t count = std::max<std::size_t>(options.io_threads, 1);
    options.handshakes_at_once = std::max<std::size_t>(options.handshakes_at_once / count, 1);
    for (std::size_t i = 0; i < count; ++i)
      shards_.push_back(std::make_unique<client_shard>(std::make_shared<client_core>(options, guard, names)));
  }

  beast_client(const beast_client&) = delete;
  beast_client& operator=(const beast_client&) = delete;

  ~beast_client() override {
    for (const auto& each : shards_) each->shut_down();
    for (const auto& each : shards_) each->join();
  }

  std::uint64_t send(const lane& on, http_request request, http_completion done) override {
    std::vector<http_request> only;
    only.push_back(std::move(request));
    run_completion of_one = first_of{std::move(done)};
    return send_run(on, std::move(only), std::move(of_one));
  }

  std::uint64_t send_run(const lane& on, std::vector<http_request> requests, run_completion done) override {
    const std::size_t index = index_for(on.name);
    // The ticket says which thread the exchange is on.
    const std::uint64_t ticket = ++tickets_ * shards_.size() + index;
    client_shard& shard = *shards_[index];
    shard.post(
        [&shard, on, requests = std::move(requests), done = std::move(done), ticket, started = clock::now()]() mutable {
          shard.send(on, std::move(requests), std::move(done), ticket, started);
        });
    return ticket;
  }

  void cancel(std::uint64_t ticket) override {
    client_shard& shard = *shards_[ticket % shards_.size()];
    shard.post([&shard, ticket] { shard.cancel(ticket); });
  }

  void close_lane(const std::string& lane_name) override {
    client_shard& shard = *shards_[index_for(lane_name)];
    shard.post([&shard, lane_name] { shard.close_lane(lane_name); });
  }

private:
  [[nodiscard]] std::size_t index_for(std::string_view lane_name) const {
    return std::hash<std::string_view>{}(lane_name) % shards_.size();
  }

  std::atomic<std::uint64_t> tickets_ = 0;
  std::vector<std::unique_ptr<client_shard>> shards_;
};

} // namespace

result<std::unique_ptr<http_port>> make_http_client(client_options options) {
  return make_http_client(std::move(options), lookup_function(&system_lookup));
}

result<std::unique_ptr<http_port>> make_http_client(client_options options, lookup_function lookup) {
  const auto guard = make_egress_guard(options.egress_allow);
  if (!guard) return failure{guard.error().kind, "egress allow: " + guard.error().detail};
  return std::unique_ptr<http_port>(std::make_unique<beast_client>(std::move(options), *guard, std::move(lookup)));
}

} // namespace ringdown::net
