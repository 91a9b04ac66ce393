// ringdownd: one node. Exit codes: 0 ok, 2 usage, 70 internal (a failing disk too), 75 somebody else runs on this state
// directory or has the address, 78 configuration, state directory, key or schema refused.
#include "actors/api/node_file.hpp"
#include "bin/ringdownd/database_wait.hpp"
#include "bin/ringdownd/deadline.hpp"
#include "bin/ringdownd/log_output.hpp"
#include "bin/ringdownd/node.hpp"
#include "persistence/postgres_store.hpp"
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
#include <string>
#include <utility>

namespace {

using namespace ringdown;

constexpr int exit_usage = 2;
constexpr int exit_internal = 70;
constexpr int exit_try_later = 75;
constexpr int exit_config = 78;
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

// As at the start; what is wrong with it is said in words.
result<node_config> read_sound(const std::string& file) {
  auto read = api::read_node_file(file, host_name());
  if (!read.config) {
    std::string all;
    for (const auto& one : read.errors) all += (all.empty() ? "" : "\n") + api::to_text(one);
    return failure{failure_kind::invalid, all};
  }
  if (read.config->is_one_of_several() && !persistence::is_postgres_url(read.config->store_url.reveal()))
    return failure{failure_kind::invalid, file + ": store.url: that is no postgresql:// URL"};
  return std::move(*read.config);
}

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
  database_wait wait(
      config, signals, [&file] { return read_sound(file); }, *log);
  auto started = node::start(std::move(config), *log, wait);
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
  auto read = read_sound(file);
  if (!read) {
    std::fprintf(stderr, "%s\n", read.error().detail.c_str());
    return exit_config;
  }
  if (check) {
    std::printf("%s is sound\n", file.c_str());
    return 0;
  }
  return serve(file, std::move(*read));
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
