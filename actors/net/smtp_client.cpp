#include "actors/net/smtp_client.hpp"

#include "actors/net/egress_guard.hpp"
#include "actors/net/smtp_exchange.hpp"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>

namespace ringdown::net {

namespace {

using clock = smtp_exchange::clock;

constexpr auto cut_after = std::chrono::milliseconds(500); // past the time that libcurl was given, too
constexpr std::size_t lanes_remembered = 10'000;

// Signals belong to the main thread, and a write to a closed connection must come back as an error.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

class smtp_pool final : public mail_port {
public:
  smtp_pool(smtp_options options, egress_guard guard, lookup_function lookup)
      : options_(std::move(options)),
        egress_(std::move(guard)),
        names_({.threads = options_.resolver_threads, .keep = options_.dns_cache}, std::move(lookup)),
        keeper_([this] { keep_time(); }) {}

  smtp_pool(const smtp_pool&) = delete;
  smtp_pool& operator=(const smtp_pool&) = delete;

  ~smtp_pool() override {
    {
      const std::lock_guard lock(guard_);
      ending_ = true;
      while (!waiting_.empty()) give_up(waiting_.begin(), transport_error::cancelled);
      for (const auto& [ticket, each] : running_) each->talk.cancel();
      work_.notify_all();
    }
    for (auto& each : workers_) each.join();
    {
      const std::lock_guard lock(guard_);
      workers_gone_ = true;
      news_.notify_all();
    }
    keeper_.join();
  }

  std::uint64_t send(const lane& on, mail_request request, mail_completion done) override {
    const auto fresh = std::make_shared<mail>(on, std::move(request), std::move(done));
    const std::lock_guard lock(guard_);
    fresh->ticket = ++tickets_;
    lane_state& its = lanes_[on.name];
    const bool no_room = its.waiting >= on.queue + free_places(its, on) || waiting_.size() >= options_.most_waiting;
    if (ending_ || no_room) {
      end(fresh, fresh->talk.not_started(ending_ ? transport_error::cancelled : transport_error::overloaded));
    } else {
      ++its.waiting;
      waiting_.push_back(fresh);
      call_a_worker();
    }
    news_.notify_all(); // something to tell, or another time to watch
    return fresh->ticket;
  }

  void cancel(std::uint64_t ticket) override {
    const std::lock_guard lock(guard_);
    const auto waits = std::ranges::find_if(waiting_, [&](const mail_ptr& each) { return each->ticket == ticket; });
    if (waits != waiting_.end()) {
      give_up(waits, transport_error::cancelled);
      news_.notify_all();
    } else if (const auto runs = running_.find(ticket); runs != running_.end()) {
      runs->second->talk.cancel();
    }
  }

private:
  struct mail {
    mail(lane at, mail_request request, mail_completion tell)
        : on(std::move(at)),
          done(std::move(tell)),
          talk(std::move(request), clock::now()),
          start_by(talk.start_by()) {}

    std::uint64_t ticket = 0;
    const lane on;
    mail_completion done;
    smtp_exchange talk;
    const clock::time_point start_by;
    bool slow = false; // its lane was when it began
  };
  using mail_ptr = std::shared_ptr<mail>; // of the queue or a worker, and of who cancels
  using queue = std::deque<mail_ptr>;

  struct lane_state {
    std::size_t running = 0;
    std::size_t waiting = 0;
    bool slow = false;
  };

  static std::size_t most_at_once(const lane& on) { return std::max<std::size_t>(on.connections, 1); }
  static std::size_t free_places(const lane_state& its, const lane& on) {
    return most_at_once(on) - std::min(most_at_once(on), its.running);
  }

  [[nodiscard]] bool may_begin(const mail& one) const {
    const lane_state& its = lanes_.at(one.on.name);
    if (its.running >= most_at_once(one.on)) return false;
    return !its.slow || slow_running_ < std::max<std::size_t>(options_.most_threads / 2, 1);
  }

  queue::iterator next() {
    return std::ranges::find_if(waiting_, [this](const mail_ptr& each) { return may_begin(*each); });
  }

  void call_a_worker() {
    if (idle_ < waiting_.size() && workers_.size() < options_.most_threads) workers_.emplace_back([this] { work(); });
    work_.notify_one();
  }

  void work() {
    block_signals();
    std::unique_lock lock(guard_);
    for (;;) {
      ++idle_;
      work_.wait(lock, [this] { return ending_ || next() != waiting_.end(); });
      --idle_;
      if (ending_) return;
      const mail_ptr mine = begin(next());
      lock.unlock();
      mail_outcome outcome = mine->talk.run(names_, egress_);
      lock.lock();
      release(*mine, outcome.elapsed);
      lock.unlock();
      mine->done(std::move(outcome));
      lock.lock();
    }
  }

  mail_ptr begin(const queue::iterator& which) {
    mail_ptr one = *which;
    waiting_.erase(which);
    lane_state& its = lanes_[one->on.name];
    --its.waiting;
    ++its.running;
    one->slow = its.slow;
    if (one->slow) ++slow_running_;
    running_.emplace(one->ticket, one);
    news_.notify_all(); // another time to watch
    return one;
  }

  void release(const mail& one, duration took) {
    running_.erase(one.ticket);
    if (one.slow) --slow_running_;
    lane_state& its = lanes_[one.on.name];
    --its.running;
    its.slow = took >= options_.slow;
    forget_idle(one.on.name);
    work_.notify_all(); // of this lane, or a slow one that may begin now
  }

  // A slow lane is remembered, unless there are very many.
  void forget_idle(const std::string& lane_name) {
    const auto at = lanes_.find(lane_name);
    if (at == lanes_.end() || at->second.running + at->second.waiting > 0) return;
    if (!at->second.slow || lanes_.size() > lanes_remembered) lanes_.erase(at);
  }

  void give_up(const queue::iterator& which, transport_error why) {
    const mail_ptr one = *which;
    waiting_.erase(which);
    --lanes_[one->on.name].waiting;
    end(one, one->talk.not_started(why));
  }

  // Told by the keeper, because whoever noticed holds the lock.
  void end(const mail_ptr& one, mail_outcome outcome) {
    forget_idle(one->on.name);
    ended_.emplace_back(one, std::move(outcome));
  }

  void keep_time() {
    block_signals();
    std::unique_lock lock(guard_);
    while (!workers_gone_ || !ended_.empty()) {
      const auto next_look = look_around();
      if (!ended_.empty()) {
        const auto told = std::exchange(ended_, {});
        lock.unlock();
        for (const auto& [one, outcome] : told) one->done(outcome);
        lock.lock();
      } else if (next_look == clock::time_point::max()) {
        news_.wait(lock);
      } else {
        news_.wait_until(lock, next_look);
      }
    }
  }

  // Ends what has waited too long, cuts what runs too long; when there will be something to do again.
  clock::time_point look_around() {
    const auto now = clock::now();
    auto next_look = clock::time_point::max();
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      const auto by = (*at)->start_by;
      const auto here = at++;
      if (by > now) {
        next_look = std::min(next_look, by);
        continue;
      }
      const auto index = here - waiting_.begin();
      give_up(here, transport_error::overloaded);
      at = waiting_.begin() + index;
    }
    for (const auto& [ticket, each] : running_) {
      const auto by = each->talk.deadline() + cut_after;
      if (by > now)
        next_look = std::min(next_look, by);
      else
        each->talk.cut();
    }
    return next_look;
  }

  const smtp_options options_;
  const egress_guard egress_;
  resolver names_;
  std::mutex guard_; // over everything below
  std::condition_variable work_, news_;
  std::uint64_t tickets_ = 0;
  queue waiting_;
  std::map<std::uint64_t, mail_ptr> running_;
  std::vector<std::pair<mail_ptr, mail_outcome>> ended_; // not begun, to be told
  std::unordered_map<std::string, lane_state> lanes_;
  std::size_t slow_running_ = 0;
  std::size_t idle_ = 0;
  bool ending_ = false;
  bool workers_gone_ = false;
  std::vector<std::thread> workers_;
  std::thread keeper_; // last: it uses all the others
};

} // namespace

result<std::unique_ptr<mail_port>> make_smtp_client(smtp_options options) {
  return make_smtp_client(std::move(options), lookup_function(&system_lookup));
}

result<std::unique_ptr<mail_port>> make_smtp_client(smtp_options options, lookup_function lookup) {
  auto guard = make_egress_guard(options.egress_allow);
  if (!guard) return failure{guard.error().kind, "egress allow: " + guard.error().detail};
  if (!smtp_exchange::prepare()) return failure{failure_kind::internal, "libcurl does not start"};
  return std::unique_ptr<mail_port>(
      std::make_unique<smtp_pool>(std::move(options), std::move(*guard), std::move(lookup)));
}

} // namespace ringdown::net
