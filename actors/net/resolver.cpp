#include "actors/net/resolver.hpp"

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace ringdown::net {

namespace {

using clock = std::chrono::steady_clock;

constexpr auto spare_thread_stays = std::chrono::seconds(30);
constexpr std::size_t most_kept = 50'000;
constexpr std::size_t most_stuck = 3; // times `most_threads`

std::optional<ip_address> from_sockaddr(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    std::array<std::uint8_t, 4> bytes{};
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&v4->sin_addr), bytes.size(), bytes.begin());
    return v4_address(bytes);
  }
  if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    ip_address parsed;
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&v6->sin6_addr), parsed.bytes.size(), parsed.bytes.begin());
    return parsed;
  }
  return std::nullopt;
}

failure lookup_failure(int code) {
  const failure_kind kind = code == EAI_NONAME ? failure_kind::not_found : failure_kind::unavailable;
  return {kind, gai_strerror(code)};
}

// Signals are for the main thread; a pool thread must not be the one the kernel picks.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

} // namespace

result<addresses> system_lookup(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (code != 0) return lookup_failure(code);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
  addresses all;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const auto parsed = from_sockaddr(each->ai_addr);
    if (parsed && std::ranges::find(all, *parsed) == all.end()) all.push_back(*parsed);
  }
  if (all.empty()) return failure{failure_kind::not_found, "no address"};
  return all;
}

struct resolver::pool {
  struct kept_answer {
    addresses found;
    clock::time_point until;
  };

  pool(resolver_options with, lookup_function by) : options(with), lookup(std::move(by)) {}

  const resolver_options options;
  const lookup_function lookup;

  std::mutex guard; // over everything below
  std::condition_variable work;
  bool ended = false;
  std::size_t threads = 0;
  std::size_t idle = 0;
  std::size_t waiting_askers = 0;
  std::size_t suspects_running = 0;
  std::deque<std::string> trusted;                             // hosts waiting for a thread
  std::deque<std::string> suspects;                            // the same, last time slow or failed
  std::unordered_map<std::string, std::vector<answer>> askers; // per host queued or running
  std::unordered_map<std::string, clock::time_point> running;  // since when
  std::unordered_set<std::string> suspicious;
  std::unordered_map<std::string, kept_answer> kept;

  struct job {
    std::string host;
    bool suspect = false;
  };

  [[nodiscard]] bool may_run_suspect() const {
    return !suspects.empty() && suspects_running < std::max<std::size_t>(1, options.most_threads / 2);
  }
  [[nodiscard]] bool has_work() const { return !trusted.empty() || may_run_suspect(); }

  // A thread that a name server holds for long is lost for now: another one takes its place.
  [[nodiscard]] std::size_t stuck() const {
    const auto longest = clock::now() - options.slow;
    return static_cast<std::size_t>(
        std::ranges::count_if(running, [&](const auto& one) { return one.second <= longest; }));
  }
  [[nodiscard]] bool may_grow() const {
    return threads < options.most_threads + std::min(stuck(), most_stuck * options.most_threads);
  }

  job take() {
    const bool suspect = trusted.empty();
    auto& queue = suspect ? suspects : trusted;
    job taken{std::move(queue.front()), suspect};
    queue.pop_front();
    if (suspect) ++suspects_running;
    running.emplace(taken.host, clock::now());
    return taken;
  }

  void keep(const std::string& host, const addresses& found) {
    if (kept.size() >= most_kept) {
      std::erase_if(kept, [now = clock::now()](const auto& entry) { return entry.second.until <= now; });
      if (kept.size() >= most_kept) kept.clear();
    }
    kept[host] = {found, clock::now() + options.keep};
  }

  std::vector<answer> finish(const job& done, const result<addresses>& outcome, clock::duration took) {
    const std::lock_guard lock(guard);
    if (done.suspect) --suspects_running;
    running.erase(done.host);
    if (outcome) keep(done.host, *outcome);
    const bool slow = took > options.slow;
    if (slow || (!outcome && outcome.error().kind != failure_kind::not_found)) {
      if (suspicious.size() >= most_kept) suspicious.clear();
      suspicious.insert(done.host);
    } else {
      suspicious.erase(done.host);
    }
    auto node = askers.extract(done.host);
    auto waiting = std::move(node.mapped());
    waiting_askers -= waiting.size();
    if (ended) waiting.clear();
    if (has_work()) work.notify_one();
    return waiting;
  }

  void run_one(std::unique_lock<std::mutex>& lock) {
    const job taken = take();
    lock.unlock();
    const auto began = clock::now();
    const auto outcome = lookup(taken.host);
    for (const answer& tell : finish(taken, outcome, clock::now() - began)) tell(outcome);
    lock.lock();
  }

  // With no thread to be had, the job waits for one of those that exist; the next asker tries again.
  void grow(const std::shared_ptr<pool>& self) {
    try {
      std::thread([self] { self->serve(); }).detach();
      ++threads;
    } catch (const std::system_error&) {
      work.notify_one();
    }
  }

  void serve() {
    block_signals();
    std::unique_lock lock(guard);
    while (!ended) {
      if (has_work()) {
        run_one(lock);
        continue;
      }
      ++idle;
      const bool woken = work.wait_for(lock, spare_thread_stays, [&] { return ended || has_work(); });
      --idle;
      if (!woken && threads > options.threads) break;
    }
    --threads;
  }
};

resolver::resolver(resolver_options options, lookup_function lookup)
    : pool_(std::make_shared<pool>(options, std::move(lookup))) {}

resolver::~resolver() {
  const std::lock_guard lock(pool_->guard);
  pool_->ended = true;
  pool_->work.notify_all();
}

void resolver::resolve(const std::string& host, answer done) {
  std::unique_lock lock(pool_->guard);
  if (const auto found = pool_->kept.find(host); found != pool_->kept.end()) {
    if (clock::now() < found->second.until) {
      const result<addresses> outcome{found->second.found};
      lock.unlock();
      done(outcome);
      return;
    }
    pool_->kept.erase(found);
  }
  if (pool_->waiting_askers >= pool_->options.most_waiting) {
    lock.unlock();
    done(failure{failure_kind::unavailable, "too many lookups are waiting"});
    return;
  }
  ++pool_->waiting_askers;
  const auto [entry, first] = pool_->askers.try_emplace(host);
  entry->second.push_back(std::move(done));
  if (first) (pool_->suspicious.contains(host) ? pool_->suspects : pool_->trusted).push_back(host);
  // Who joins a lookup that still waits looks too: since it began to wait, threads may have got stuck.
  const std::size_t queued = pool_->trusted.size() + (pool_->may_run_suspect() ? 1 : 0);
  if (pool_->idle < queued && pool_->may_grow()) {
    pool_->grow(pool_);
  } else if (first) {
    pool_->work.notify_one();
  }
}

} // namespace ringdown::net
