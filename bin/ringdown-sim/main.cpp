// ringdown-sim: reads the scenario, opens the sockets, says it is ready, and serves until it is told to quit.
#include "bin/ringdown-sim/options.hpp"
#include "bin/ringdown-sim/server.hpp"
#include "bin/ringdown-sim/simulation.hpp"
#include "bin/ringdown-sim/tenant_files.hpp"

#include "ringdown_version.hpp"

#include <fmt/format.h>

#include <sys/resource.h>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace ringdown::sim {

namespace {

constexpr int exit_usage = 2;
constexpr int exit_internal = 70;
constexpr int exit_refused = 78;

moment now() {
  return {std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()),
          std::chrono::steady_clock::now()};
}

int complain(int code, std::string_view text) {
  fmt::print(stderr, "ringdown-sim: {}\n", text);
  return code;
}

result<scenario> load(const std::string& path) {
  std::ifstream file(path);
  if (!file) return failure{failure_kind::not_found, fmt::format("cannot read {}", path)};
  std::ostringstream text;
  text << file.rdbuf();
  return parse_scenario(text.str(), path);
}

result<void> write_text(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) return failure{failure_kind::unavailable, fmt::format("cannot write {}", path)};
  return {};
}

// A PBX each with sessions: more descriptors than the usual soft limit of 1024.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void send_signal(std::string_view action, const std::string& pid_file) {
  std::ifstream file(pid_file);
  long pid = 0;
  file >> pid;
  // 0, 1 and negative numbers would mean groups and init.
  if (!file || pid <= 1) {
    complain(0, fmt::format("no process id in {}", pid_file));
    return;
  }
  const int signal = action == "kill" ? SIGKILL : action == "term" ? SIGTERM : action == "hup" ? SIGHUP : SIGSTOP;
  ::kill(static_cast<pid_t>(pid), signal);
}

// The journals and the simulation that writes them. A journal that cannot be written ends the program: a test that
// goes on without its record proves nothing.
class program {
public:
  program(options given, const scenario& plan, std::vector<pbx> fleet, journal truth, journal effects)
      : given_(std::move(given)),
        plan_(plan),
        truth_(std::move(truth)),
        effects_(std::move(effects)),
        simulation_(plan, std::move(fleet),
                    {[this](const journal_line& line) { keep(truth_, line); },
                     [this](const journal_line& line) { keep(effects_, line); }, send_signal},
                    given_.seed) {}

  int run() {
    if (auto opened = open(); !opened) return complain(exit_internal, opened.error().detail);
    if (auto told = tell_ready(); !told) return complain(exit_internal, told.error().detail);
    simulation_.begin(now());
    turn();
    server_.run();
    return broken_ ? exit_internal : 0;
  }

private:
  void keep(journal& into, const journal_line& line) {
    if (auto written = into.write(line); !written && !broken_) {
      broken_ = true;
      complain(0, written.error().detail);
      server_.stop();
    }
  }

  // After everything that may have changed something: due commands, doors, requests to send, the next alarm.
  void turn() {
    simulation_.advance(now());
    auto& pbxes = simulation_.pbxes();
    for (const auto index : pbxes.take_changed_fronts()) {
      const auto& one = pbxes.at(index);
      if (auto set = server_.set_front(index, door_of(one), one.shows); !set) complain(0, set.error().detail);
    }
    for (auto& one : simulation_.take_errands()) {
      const auto id = one.id;
      server_.send(std::move(one), [this, id](const hearing& what) {
        simulation_.heard(id, what, now());
        turn();
      });
    }
    const auto next = simulation_.next_due();
    if (next == alarm_) return;
    alarm_ = next;
    if (!next) return server_.sleep();
    server_.wake_at(*next, [this] {
      alarm_.reset();
      turn();
    });
  }

  template <class Ask>
  server::asker then_turn(Ask ask) {
    return [this, ask](const question& what) {
      auto out = ask(what, now());
      turn();
      return out;
    };
  }

  result<void> open() {
    std::vector<std::string> addresses;
    for (const auto& one : simulation_.pbxes().fleet()) addresses.push_back(one.address);
    const auto made = make_identities(plan_.fleet.domain, addresses);
    if (!made) return made.error();
    if (auto used = server_.use(*made); !used) return used;
    ca_ = std::filesystem::absolute(given_.journal).lexically_normal().string() + "/ca.pem";
    if (auto written = write_text(ca_, made->ca); !written) return written;
    if (auto opened = open_pbxes(addresses); !opened) return opened;

    for (const auto kind : sink_kinds) {
      const auto opened = server_.listen(
          "127.0.0.1", wanted_port(kind), std::nullopt,
          then_turn([this, kind](const question& what, moment at) { return simulation_.ask_sink(kind, what, at); }));
      if (!opened) return opened.error();
      sink_ports_[kind] = *opened;
    }
    const auto mail = server_.listen_for_mail(
        "127.0.0.1", plan_.sinks.smtp_port,
        then_turn([this](const question& what, moment at) { return simulation_.ask_sink(sink_kind::smtp, what, at); }));
    if (!mail) return mail.error();
    smtp_port_ = *mail;
    const auto calls =
        server_.listen("127.0.0.1", plan_.twilio.port, std::nullopt,
                       then_turn([this](const question& what, moment at) { return simulation_.ask_twilio(what, at); }));
    if (!calls) return calls.error();
    twilio_port_ = *calls;
    const auto opened = server_.listen(
        given_.control_address, given_.control_port, std::nullopt,
        then_turn([this](const question& what, moment at) { return simulation_.ask_control(what, at); }));
    if (!opened) return opened.error();
    control_port_ = *opened;
    return {};
  }

  [[nodiscard]] int wanted_port(sink_kind kind) const {
    switch (kind) {
      case sink_kind::ntfy: return plan_.sinks.ntfy_port;
      case sink_kind::webhook: return plan_.sinks.webhook_port;
      case sink_kind::slack: return plan_.sinks.slack_port;
      case sink_kind::autotask: return plan_.sinks.autotask_port;
      case sink_kind::smtp: return plan_.sinks.smtp_port;
    }
    return 0;
  }

  [[nodiscard]] std::string sink_url(sink_kind kind) const {
    return fmt::format("http://127.0.0.1:{}", sink_ports_.at(kind));
  }

  // All PBXes listen on one port. When any will do, the first one picks and another process may hold it elsewhere.
  result<void> open_pbxes(const std::vector<std::string>& addresses) {
    pbx_port_ = plan_.fleet.pbx_port;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      auto opened = server_.listen(
          addresses[i], pbx_port_, certificate::good,
          then_turn([this, i](const question& what, moment at) { return simulation_.ask_pbx(i, what, at); }));
      if (!opened) return opened.error();
      pbx_port_ = *opened;
    }
    return {};
  }

  result<void> tell_ready() {
    const auto ntfy = sink_url(sink_kind::ntfy);
    const auto webhook = sink_url(sink_kind::webhook);
    const auto twilio_url = fmt::format("http://127.0.0.1:{}", twilio_port_);
    const auto& calls = plan_.twilio;
    std::optional<twilio_access> access;
    if (calls.in_tenant_files) access = {twilio_url, calls.account, calls.token, calls.from};
    const auto tenants = given_.tenants.empty() ? given_.journal + "/tenants" : given_.tenants;
    const auto directory = std::filesystem::absolute(tenants).lexically_normal().string();
    if (auto written = write_tenant_files(
            tenant_ids(plan_.fleet), simulation_.pbxes().fleet(),
            {directory, ca_, ntfy, webhook, given_.webhook_secret_file, pbx_port_,
             plan_.sinks.email_channels ? smtp_port_ : 0, plan_.sinks.slack, plan_.sinks.autotask, access});
        !written) {
      return written;
    }
    const auto json = fmt::format(
        R"({{"control":"{}:{}","pbx_port":{},"ntfy":"{}","webhook":"{}","smtp":"127.0.0.1:{}","slack":"{}",)"
        R"("autotask":"{}","twilio":"{}","ca":{},"tenants":{},"pbxes":{}}})",
        given_.control_address, control_port_, pbx_port_, ntfy, webhook, smtp_port_, sink_url(sink_kind::slack),
        sink_url(sink_kind::autotask), twilio_url, json_text(ca_), json_text(directory), simulation_.pbxes().size());
    simulation_.set_ready(json);
    if (auto written = write_text(given_.journal + "/ready.json", json + "\n"); !written) return written;
    fmt::print("ready control={}:{} pbx_port={} ntfy={} webhook={} smtp=127.0.0.1:{} twilio={} ca={}\n",
               given_.control_address, control_port_, pbx_port_, ntfy, webhook, smtp_port_, twilio_url, ca_);
    std::fflush(stdout);
    return {};
  }

  options given_;
  scenario plan_;
  journal truth_;
  journal effects_;
  simulation simulation_;
  server server_;
  std::optional<steady_time> alarm_;
  std::string ca_;
  int pbx_port_ = 0;
  std::map<sink_kind, int> sink_ports_;
  int smtp_port_ = 0;
  int twilio_port_ = 0;
  int control_port_ = 0;
  bool broken_ = false;
};

int play(const options& given) {
  const auto plan = load(given.scenario);
  if (!plan) return complain(exit_refused, plan.error().detail);
  auto fleet = build_fleet(*plan, now().wall);
  if (!fleet) return complain(exit_refused, fmt::format("{}: {}", given.scenario, fleet.error().detail));
  if (given.what == task::check) {
    fmt::print("{}: ok, {} PBXes, {} events\n", given.scenario, fleet->size(), plan->events.size());
    return 0;
  }
  std::error_code problem;
  std::filesystem::create_directories(given.journal, problem);
  auto truth = journal::open(given.journal + "/truth.jsonl");
  auto effects = journal::open(given.journal + "/effects.jsonl");
  if (!truth) return complain(exit_internal, truth.error().detail);
  if (!effects) return complain(exit_internal, effects.error().detail);
  raise_descriptor_limit();
  program running(given, *plan, std::move(*fleet), std::move(*truth), std::move(*effects));
  return running.run();
}

} // namespace

int main_with(const std::vector<std::string>& words) {
  const auto given = parse_options(words);
  if (!given) return complain(exit_usage, fmt::format("{} (see --help)", given.error().detail));
  switch (given->what) {
    case task::help: fmt::print("{}", usage()); return 0;
    case task::version: fmt::print("ringdown-sim {}\n", version()); return 0;
    case task::run:
    case task::check: return play(*given);
  }
  return exit_internal;
}

} // namespace ringdown::sim

int main(int count, char** words) { return ringdown::sim::main_with({words + 1, words + count}); }
