#include "actors/flight_recorder.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <utility>

namespace ringdown {

struct flight_recorder::slot {
  std::atomic<std::uint64_t> thread{0}; // whose place it is; 0: free
  std::atomic<std::uint32_t> handling{0};
  std::array<char, 116> actor{}; // ends with a zero, or is full
};

namespace {

constexpr std::uint64_t written_by_us = 0x52444e464c543031; // "RDNFLT01": another layout is not read
constexpr std::size_t places = 64;                          // threads that handle messages: one per core and a few
constexpr std::size_t stack_size = std::size_t{64} * 1024;
constexpr std::int32_t nobody = -1;
constexpr std::array faults{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

} // namespace

struct flight_recorder::page {
  std::uint64_t mark = written_by_us;
  std::atomic<std::int32_t> signal{0};
  std::atomic<std::int32_t> place{nobody};
  std::array<slot, places> slots{};
};

namespace {

// A signal handler is given nothing else to find it by.
std::atomic<flight_recorder::page*> recorded{nullptr};

std::uint64_t this_thread() { return static_cast<std::uint64_t>(::pthread_self()); }

// Only what a handler may do: no memory is taken, no lock, and the signal kills after all.
void record_and_die(int signal) {
  if (flight_recorder::page* page = recorded.load()) {
    for (std::size_t i = 0; i < places; ++i)
      if (page->slots[i].thread.load() == this_thread() && page->slots[i].handling.load() != 0)
        page->place.store(static_cast<std::int32_t>(i));
    page->signal.store(signal);
  }
  ::raise(signal);
}

// Where the thread's signals are handled, unless somebody (a sanitizer) has seen to that.
void use_stack(std::byte* memory) {
  stack_t apart{};
  if (::sigaltstack(nullptr, &apart) != 0 || (apart.ss_flags & SS_DISABLE) == 0) return;
  apart = {};
  apart.ss_sp = memory;
  apart.ss_size = stack_size;
  ::sigaltstack(&apart, nullptr);
}

std::optional<flight_recorder::death> read_death(const flight_recorder::page& before) {
  if (before.mark != written_by_us || before.signal.load() == 0) return std::nullopt;
  flight_recorder::death last{before.signal.load(), ""};
  const std::int32_t place = before.place.load();
  if (place < 0 || place >= static_cast<std::int32_t>(places)) return last;
  const auto& name = before.slots[static_cast<std::size_t>(place)].actor;
  last.actor.assign(name.begin(), std::ranges::find(name, '\0'));
  return last;
}

} // namespace

result<std::unique_ptr<flight_recorder>> flight_recorder::open(const std::string& path) {
  const auto failed = [&] {
    return failure{failure_kind::unavailable, "flight recorder " + path + ": " + std::strerror(errno)};
  };
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return failed();
  void* mapped = MAP_FAILED;
  if (::ftruncate(file, sizeof(page)) == 0)
    mapped = ::mmap(nullptr, sizeof(page), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  const auto why = failed();
  ::close(file);
  if (mapped == MAP_FAILED) return why;
  auto* held = static_cast<page*>(mapped);
  auto last = read_death(*held);
  std::construct_at(held);
  return std::make_unique<flight_recorder>(held, std::move(last));
}

flight_recorder::flight_recorder(page* mapped, std::optional<death> last)
    : page_(mapped),
      last_death_(std::move(last)),
      stacks_(std::make_unique_for_overwrite<std::byte[]>(places * stack_size)) {}

flight_recorder::~flight_recorder() {
  page* ours = page_;
  if (recorded.compare_exchange_strong(ours, nullptr))
    for (const int one : faults) std::signal(one, SIG_DFL);
  ::munmap(page_, sizeof(page));
}

void flight_recorder::catch_faults() {
  recorded = page_;
  struct sigaction act {};
  act.sa_handler = record_and_die;
  // Its own stack; and the signal, raised again in the handler, kills at once.
  act.sa_flags = static_cast<int>(SA_ONSTACK | SA_RESETHAND | SA_NODEFER);
  for (const int one : faults) ::sigaction(one, &act, nullptr);
}

flight_recorder::slot* flight_recorder::place_of_this_thread() {
  const std::uint64_t self = this_thread();
  for (std::size_t i = 0; i < places; ++i) {
    slot& one = page_->slots[i];
    std::uint64_t holder = one.thread.load(std::memory_order_relaxed);
    if (holder == self) return &one;
    if (holder != 0 || !one.thread.compare_exchange_strong(holder, self)) continue;
    use_stack(stacks_.get() + i * stack_size);
    return &one;
  }
  return nullptr;
}

flight_recorder::passage flight_recorder::board(std::string_view actor) {
  slot* where = place_of_this_thread();
  if (where == nullptr) return {};
  const std::size_t length = std::min(actor.size(), where->actor.size());
  std::copy_n(actor.begin(), length, where->actor.begin());
  if (length < where->actor.size()) where->actor[length] = '\0';
  where->handling.store(1, std::memory_order_release);
  return passage(where);
}

flight_recorder::passage::~passage() {
  if (where_ != nullptr) where_->handling.store(0, std::memory_order_release);
}

} // namespace ringdown
