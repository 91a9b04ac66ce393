// ringdownd: one node. Exit codes: 0 ok, 2 usage, 70 internal (a failing disk too), 75 somebody else runs on this state
// directory or has the address, 78 configuration, state directory, key or schema refused.
#include "actors/api/node_file.hpp"
#include "bin/ringdownd/deadline.hpp"
#include "bin/ringdownd/log_output.hpp"
#include "bin/ringdownd/node.hpp"
#include "ringdown_version.hpp"

#include <malloc.h>
#include <systemd/sd-daemon.h>
#include <CLI/CLI.hpp>

#include <pthread.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <optional>
#include <random>
#include <string>
#include <utility>

namespace {

using namespace ringdown;

constexpr int exit_usage = 2;
constexpr int exit_internal = 70;
constexpr int exit_try_later = 75;
constexpr int exit_config = 78;
// systemd hears at least that often that a start goes on: hosts that do not answer cost 5 s each.
constexpr auto start_goes_on_for = std::chrono::minutes(2);
// SIGTERM is done in 30 s (I18); what is left after this goes back to the table.
constexpr auto drain_within = std::chrono::seconds(20);
// Whatever still holds it then (a disk that does not answer) is left: the store's log makes that safe.
constexpr auto stop_within = std::chrono::seconds(28);

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : std::string("node");
}

int exit_code(const failure& why) {
  switch (why.kind) {
    case failure_kind::unavailable: return exit_try_later;
    case failure_kind::refused:
    case failure_kind::invalid:
    case failure_kind::not_found:
    case failure_kind::conflict:
    case failure_kind::corrupt:
    case failure_kind::unreadable: return exit_config;
    case failure_kind::unauthorized:
    case failure_kind::timed_out:
    case failure_kind::too_large:
    case failure_kind::too_late:
    case failure_kind::io_error:
    case failure_kind::internal: return exit_internal;
  }
  return exit_internal;
}

void print_errors(const std::vector<api::config_error>& errors) {
  for (const auto& one : errors) std::fprintf(stderr, "%s\n", api::to_text(one).c_str());
}

// Signals are taken by the main thread only; every thread made later inherits the mask.
sigset_t taken_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int one : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, one);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return set;
}

// SIGHUP. A file that is not sound changes nothing.
void reload(node& running, const std::string& file, log_output& log) {
  const auto fresh = api::read_node_file(file, host_name());
  for (const auto& one : fresh.errors) log.error("reload_refused", {{"error", api::to_text(one)}});
  if (!fresh.config) return;
  log.write_from(fresh.config->log_from);
  running.reload(*fresh.config);
}

// Until a signal asks to stop: once a second, or each other second while all is well, the watchdog goes through scheduler and store.
void run(node& running, const sigset_t& signals, const std::string& file, log_output& log) {
  while (true) {
    const timespec second{1, 0};
    const int caught = sigtimedwait(&signals, nullptr, &second);
    if (caught == SIGTERM || caught == SIGINT) return;
    if (caught == SIGHUP) reload(running, file, log);
    if (running.tick()) sd_notify(0, "WATCHDOG=1");
  }
}

// At the start: what happens between two looks for a database that is away.
class database_wait {
public:
  database_wait(secret_text url, const sigset_t& signals, std::string file, log_output& log)
      : url_(std::move(url)),
        signals_(signals),
        file_(std::move(file)),
        log_(log) {}

  // A signal to stop ends the wait. The file is read again: its URL, or the file that it names, may have been mended.
  std::optional<secret_text> after(const failure& why, const std::string& address) {
    say(why, address);
    const auto jitter = std::uniform_int_distribution<long>(0, 1'000'000'000)(dice_);
    const timespec a_while{1 + jitter / 1'000'000'000, jitter % 1'000'000'000};
    const int caught = sigtimedwait(&signals_, nullptr, &a_while);
    if (caught == SIGTERM || caught == SIGINT) {
      is_over_ = true;
      return std::nullopt;
    }
    const auto fresh = api::read_node_file(file_, host_name());
    if (caught == SIGHUP)
      for (const auto& one : fresh.errors) log_.error("reload_refused", {{"error", api::to_text(one)}});
    if (fresh.config && fresh.config->is_one_of_several()) url_ = fresh.config->store_url;
    return url_;
  }
  [[nodiscard]] bool is_over() const { return is_over_; }

private:
  // Once a minute, and when the reason is another.
  void say(const failure& why, const std::string& address) {
    sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%lld\nSTATUS=waiting for the database",
               static_cast<long long>(std::chrono::microseconds(start_goes_on_for).count()));
    const auto present = std::chrono::steady_clock::now();
    if (why.detail == said_ && present < again_) return;
    said_ = why.detail;
    again_ = present + std::chrono::minutes(1);
    log_.warning("database_away", {{"error", why.detail},
                                   {"listen", address},
                                   {"says", "waiting for it; this node runs nothing and sends nothing"}});
  }

  secret_text url_;
  const sigset_t& signals_;
  std::string file_;
  log_output& log_;
  std::mt19937 dice_{std::random_device{}()};
  std::string said_;
  std::chrono::steady_clock::time_point again_;
  bool is_over_ = false;
};

// Bodies, rows and TLS records come and go all the time: memory given back to the system at once would be asked for again,
// page by page, a moment later.
void keep_freed_memory() {
  mallopt(M_TRIM_THRESHOLD, 8 * 1024 * 1024);
  mallopt(M_MMAP_THRESHOLD, 4 * 1024 * 1024); // setting either stops glibc from adapting both
}

int serve(const std::string& file, node_config config) {
  keep_freed_memory();
  const sigset_t signals = taken_signals();
  const auto log = make_log_output(config.log_as, config.log_from);
  std::optional<deadline> stopped; // outlives the node
  database_wait wait(config.store_url, signals, file, *log);
  auto started = node::start(std::move(config), *log, [&wait](const failure& why, const std::string& address) {
    return wait.after(why, address);
  });
  if (wait.is_over()) {
    log->info("stopping", {});
    return 0;
  }
  if (!started) {
    log->error("not_started", {{"error", started.error().detail}});
    return exit_code(started.error());
  }
  node& running = **started;
  log->info("started", {{"version", std::string(version())}, {"listen", running.address()}});
  std::printf("ringdownd listening on http://%s\n", running.address().c_str());
  std::fflush(stdout);
  sd_notify(0, "READY=1\nSTATUS=");
  run(running, signals, file, *log);
  sd_notify(0, "STOPPING=1");
  log->info("stopping", {});
  stopped.emplace(stop_within, [&log] {
    log->last_words("stop_cut_short", {{"after", "28s"}});
    std::_Exit(exit_internal);
  });
  running.stop(drain_within);
  return 0;
}

int run_program(int argc, char** argv) {
  CLI::App app{"ringdownd: watches 3CX phone systems and wakes the right person when one breaks"};
  std::string file;
  bool check = false;
  app.add_option("--config", file, "the daemon's file (ringdown.toml)")->required();
  app.add_flag("--check-config", check, "only check the file: 0 it is sound, 78 it is not");
  app.set_version_flag("--version", std::string(version()));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  auto read = api::read_node_file(file, host_name());
  if (!read.config) {
    print_errors(read.errors);
    return exit_config;
  }
  if (check) {
    std::printf("%s is sound\n", file.c_str());
    return 0;
  }
  return serve(file, std::move(*read.config));
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run_program(argc, argv);
  } catch (const std::exception& broken) {
    std::fprintf(stderr, "ringdownd: internal error: %s\n", broken.what());
    return exit_internal;
  }
}
