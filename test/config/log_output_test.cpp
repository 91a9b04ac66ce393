// Lines on standard error: all of them, in their order, and out of the process before it ends.
#include "bin/ringdownd/log_output.hpp"

#include "test/support/catch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <thread>

using namespace ringdown;

namespace {

constexpr auto long_patience = std::chrono::seconds(30);

// Standard error, while this lives: a pipe that is read when the test says so.
class listened {
public:
  listened() {
    REQUIRE(::pipe(ends_.data()) == 0);
    before_ = ::dup(STDERR_FILENO);
    ::dup2(ends_[1], STDERR_FILENO);
  }
  ~listened() {
    give_back();
    ::close(ends_[0]);
  }
  listened(const listened&) = delete;
  listened& operator=(const listened&) = delete;

  void never_blocks() const { REQUIRE(::fcntl(ends_[1], F_SETFL, O_NONBLOCK) == 0); }
  // Nothing more can be written.
  [[nodiscard]] bool is_full() const {
    pollfd out{ends_[1], POLLOUT, 0};
    return ::poll(&out, 1, 0) == 0;
  }
  // What is there now.
  std::string taken() {
    std::string all;
    int there = 0;
    while (::ioctl(ends_[0], FIONREAD, &there) == 0 && there > 0) all += read_some();
    return all;
  }
  // All that comes until `work` is done.
  template <class Work>
  std::string during(Work work) {
    std::string all;
    std::thread reader([&] {
      for (std::string some = read_some(); !some.empty(); some = read_some()) all += some;
    });
    work();
    give_back();
    reader.join();
    return all;
  }

private:
  [[nodiscard]] std::string read_some() const {
    std::array<char, 4096> buffer{};
    const ssize_t got = ::read(ends_[0], buffer.data(), buffer.size());
    return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }
  // Who reads sees its end.
  void give_back() {
    if (before_ < 0) return;
    ::dup2(before_, STDERR_FILENO);
    ::close(before_);
    ::close(ends_[1]);
    before_ = -1;
  }

  std::array<int, 2> ends_{-1, -1};
  int before_ = -1;
};

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

void write_lines(log_sink& log, int many) {
  for (int i = 0; i < many; ++i) log.info("line", {{"number", std::to_string(i)}});
}

void check_order(const std::string& all, int many) {
  REQUIRE(lines_in(all) == static_cast<std::size_t>(many));
  std::size_t at = 0;
  for (int i = 0; i < many; ++i) {
    at = all.find("event=line number=" + std::to_string(i) + "\n", at);
    REQUIRE(at != std::string::npos);
  }
}

// Of whole lines alone: how many were heard, and how many are said to be lost.
struct tally {
  int heard = 0;
  int lost = 0;
};
tally count_lines(std::string_view text) {
  tally found;
  while (!text.empty()) {
    const std::string line(text.substr(0, text.find('\n')));
    text.remove_prefix(line.size() + 1);
    INFO(line);
    CHECK(line.starts_with("time="));
    CHECK(line.rfind("time=") == 0);
    if (const auto at = line.find("event=log_lines_lost lines="); at != std::string::npos)
      found.lost += std::stoi(line.substr(line.rfind('=') + 1));
    else
      ++found.heard;
  }
  return found;
}

} // namespace

TEST_CASE("every line that waits when the log ends is written, in its order") {
  for (int round = 0; round < 20; ++round) {
    listened to;
    check_order(to.during([] { write_lines(*make_log_output(log_format::logfmt, log_level::info), 3000); }), 3000);
  }
}

TEST_CASE("an error output that does not block is waited for while somebody reads it") {
  listened to;
  to.never_blocks();
  auto log = make_log_output(log_format::logfmt, log_level::info, long_patience);
  write_lines(*log, 3000);
  while (!to.is_full()) std::this_thread::yield();
  check_order(to.during([&] { log.reset(); }), 3000);
}

TEST_CASE("a line and last words are out when they have been said, though the log goes on") {
  listened to;
  const auto log = make_log_output(log_format::json, log_level::debug);
  log->debug("first", {});
  log->last_words("last", {});
  const std::string all = to.taken();
  CHECK(lines_in(all) == 2);
  CHECK(all.find("\"event\":\"first\"") != std::string::npos);
  CHECK(all.find("\"event\":\"last\"") != std::string::npos);
}

TEST_CASE("last words wait for nobody who does not read") {
  listened to;
  auto log = make_log_output(log_format::logfmt, log_level::info, long_patience);
  SECTION("an error output that blocks") {}
  SECTION("one that does not") { to.never_blocks(); }
  write_lines(*log, 3000);
  while (!to.is_full()) std::this_thread::yield();
  log->last_words("last", {}); // comes back
  check_order(to.during([&] { log.reset(); }), 3000);
}

TEST_CASE("lines that nobody reads are lost whole, and counted") {
  listened to;
  to.never_blocks();
  auto log = make_log_output(log_format::logfmt, log_level::info, std::chrono::milliseconds(0));
  constexpr int many = 20'000; // more than wait in the queue, and than the pipe holds
  write_lines(*log, many);
  std::string all = to.taken();
  log->last_words("last", {}); // nothing waits after it
  all += to.taken();
  log->info("end", {});
  all += to.during([&] { log.reset(); });
  const tally found = count_lines(all);
  CHECK(found.lost > 0);
  CHECK(found.heard + found.lost == many + 2);
}
