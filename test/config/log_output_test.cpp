// Lines on standard error: all of them, in their order, and out of the process before it ends.
#include "bin/ringdownd/log_output.hpp"

#include "test/support/catch.hpp"

#include <unistd.h>
#include <algorithm>
#include <array>
#include <string>
#include <thread>

using namespace ringdown;

namespace {

// What `work` wrote to standard error.
template <class Work>
std::string heard(Work work) {
  std::array<int, 2> ends{-1, -1};
  REQUIRE(::pipe(ends.data()) == 0);
  const int before = ::dup(STDERR_FILENO);
  ::dup2(ends[1], STDERR_FILENO);
  ::close(ends[1]);
  std::string all;
  std::thread reader([&] {
    std::array<char, 4096> buffer{};
    for (;;) {
      const ssize_t got = ::read(ends[0], buffer.data(), buffer.size());
      if (got <= 0) return;
      all.append(buffer.data(), static_cast<std::size_t>(got));
    }
  });
  work();
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  reader.join();
  ::close(ends[0]);
  return all;
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

} // namespace

TEST_CASE("every line that waits when the log ends is written, in its order") {
  for (int round = 0; round < 20; ++round) {
    const std::string all = heard([] {
      const auto log = make_log_output(log_format::logfmt, log_level::info);
      for (int i = 0; i < 3000; ++i) log->info("line", {{"number", std::to_string(i)}});
    });
    REQUIRE(lines_in(all) == 3000);
    std::size_t at = 0;
    for (int i = 0; i < 3000; ++i) {
      at = all.find("event=line number=" + std::to_string(i) + "\n", at);
      REQUIRE(at != std::string::npos);
    }
  }
}

TEST_CASE("a line and last words are both heard") {
  const std::string all = heard([] {
    const auto log = make_log_output(log_format::json, log_level::debug);
    log->debug("first", {});
    log->last_words("last", {});
  });
  CHECK(lines_in(all) == 2);
  CHECK(all.find("\"event\":\"first\"") != std::string::npos);
  CHECK(all.find("\"event\":\"last\"") != std::string::npos);
}
