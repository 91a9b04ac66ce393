#include "actors/flight_recorder.hpp"

#include "test/persistence/builders.hpp"
#include "test/support/catch.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

namespace {

using namespace ringdown;
using persistence::temp_dir;

// Does `work` in a process of its own, under a recorder; the signal that ended it.
int end_of(const std::string& path, const std::function<void(flight_recorder&)>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    const auto recorder = flight_recorder::open(path);
    if (!recorder) ::_exit(1);
    (*recorder)->catch_faults();
    work(**recorder);
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

std::optional<flight_recorder::death> last_death(const std::string& path) {
  return (*flight_recorder::open(path))->last_death();
}

// As a reader that recurses into a body nested without end.
std::size_t nest(volatile char* above) {
  volatile char page[4096];
  page[0] = *above;
  if (page[0] == 0) return 0;
  return nest(page) + static_cast<std::size_t>(page[0]);
}

} // namespace

TEST_CASE("a fault names the actor whose message was handled, once") {
  const temp_dir dir;
  const std::string path = dir.path("flight");
  const int signal = GENERATE(SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL);
  CHECK(end_of(path, [&](flight_recorder& recorder) {
          { const auto before = recorder.board("poller/acme/branch"); }
          const auto here = recorder.board("poller/acme/hq");
          ::raise(signal);
        }) == signal);
  const auto last = last_death(path);
  REQUIRE(last.has_value());
  CHECK(last->signal == signal);
  CHECK(last->actor == "poller/acme/hq");
  CHECK_FALSE(last_death(path).has_value());
}

TEST_CASE("a stack that overflows is recorded too") {
  const temp_dir dir;
  const std::string path = dir.path("flight");
  CHECK(end_of(path, [](flight_recorder& recorder) {
          std::thread([&] {
            const auto here = recorder.board("poller/acme/hq");
            volatile char first = 1;
            if (nest(&first) == 0) std::abort();
          }).join();
        }) == SIGSEGV);
  CHECK(last_death(path)->actor == "poller/acme/hq");
}

TEST_CASE("a thread that handled nothing names nobody, though others were at work") {
  const temp_dir dir;
  const std::string path = dir.path("flight");
  CHECK(end_of(path, [](flight_recorder& recorder) {
          const auto elsewhere = recorder.board("poller/acme/hq");
          std::thread([] { std::abort(); }).join();
        }) == SIGABRT);
  const auto last = last_death(path);
  REQUIRE(last.has_value());
  CHECK(last->signal == SIGABRT);
  CHECK(last->actor.empty());
}

TEST_CASE("kill -9 and an orderly end leave no death") {
  const temp_dir dir;
  const std::string path = dir.path("flight");
  CHECK(end_of(path, [](flight_recorder& recorder) {
          const auto here = recorder.board("poller/acme/hq");
          ::raise(SIGKILL);
        }) == SIGKILL);
  CHECK_FALSE(last_death(path).has_value());
  CHECK(end_of(path, [](flight_recorder&) {}) == 0);
  CHECK_FALSE(last_death(path).has_value());
}

TEST_CASE("a long name is cut, and more threads than places do no harm") {
  const temp_dir dir;
  const std::string path = dir.path("flight");
  CHECK(end_of(path, [](flight_recorder& recorder) {
          for (int i = 0; i < 200; ++i) {
            std::vector<std::thread> many;
            many.reserve(4);
            for (int n = 0; n < 4; ++n) many.emplace_back([&] { const auto passing = recorder.board("tenant/acme"); });
            for (std::thread& one : many) one.join();
          }
        }) == 0);
  CHECK(end_of(path, [](flight_recorder& recorder) {
          const auto here = recorder.board(std::string(500, 'x'));
          std::abort();
        }) == SIGABRT);
  CHECK(last_death(path)->actor == std::string(116, 'x'));
}

TEST_CASE("a recorder that cannot have its file says so") {
  const temp_dir dir;
  CHECK(flight_recorder::open(dir.path("none/flight")).error().kind == failure_kind::unavailable);
}
