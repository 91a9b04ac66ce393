// Builders for what polls read, and a clock and a machine that are pushed from poll to poll. For tests of actors/logic.
#pragma once

#include "actors/logic/instance_machine.hpp"
#include "protocol/types/observation.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::test {

using namespace std::chrono_literals;

inline trunk_reading trunk(std::string key, resource_state state, std::string detail = {}) {
  trunk_reading made;
  made.label = "Line " + key;
  made.number = "1000" + key;
  made.host = "sip.example.net";
  made.key = std::move(key);
  made.state = state;
  made.detail = std::move(detail);
  return made;
}
inline trunk_reading up(std::string key) { return trunk(std::move(key), resource_state::registered); }
inline trunk_reading down(std::string key) { return trunk(std::move(key), resource_state::unregistered); }
inline trunk_reading bridge(std::string key, resource_state state) {
  trunk_reading made = trunk(std::move(key), state);
  made.kind = resource_kind::bridge;
  return made;
}
inline sbc_reading sbc(const std::string& key, std::optional<bool> connected) {
  return {key, "Branch " + key, connected};
}
inline service_reading service(const std::string& key, std::optional<bool> running) {
  return {key, key, running, running.value_or(false) ? "Running" : "Stopped"};
}

// A poll that read everything.
struct poll {
  std::vector<trunk_reading> trunks{up("1"), up("2")};
  std::vector<sbc_reading> sbcs{sbc("a", true)};
  std::vector<service_reading> services{service("s", true)};
  system_reading system{"20.0.1", 1, 16, false};

  [[nodiscard]] observation read() const {
    observation seen;
    seen.trunks.value = trunks;
    seen.sbcs.value = sbcs;
    seen.services.value = services;
    seen.system.value = system;
    return seen;
  }
};
inline observation with_trunks(std::vector<trunk_reading> trunks) {
  poll made;
  made.trunks = std::move(trunks);
  return made.read();
}
inline observation with_calls(std::optional<std::int64_t> active, std::optional<std::int64_t> most) {
  poll made;
  made.system.calls_active = active;
  made.system.max_calls = most;
  return made.read();
}

inline read_failure problem(read_problem what, transport_error how = transport_error::none, int status = 0) {
  return {what, how, status, "", std::nullopt};
}
inline read_failure transport(transport_error how) { return problem(read_problem::transport, how); }

// The login already failed, so nothing else was asked.
inline observation login_failed(const read_failure& why) {
  observation seen;
  seen.login = why;
  return seen;
}
inline observation login_paused() {
  observation seen = login_failed(problem(read_problem::not_asked));
  seen.login_paused = true;
  return seen;
}
// Paused, and what is asked without a login has no answer either.
inline observation paused_and_lost(const read_failure& why) {
  observation seen = login_paused();
  seen.unanswered = why;
  return seen;
}
// The login was fine and every endpoint failed alike.
inline observation all_failed(const read_failure& why) {
  observation seen;
  seen.trunks.why = seen.sbcs.why = seen.system.why = seen.services.why = why;
  return seen;
}
inline observation blind_trunks(observation seen, read_problem what = read_problem::server_error) {
  seen.trunks.value.reset();
  seen.trunks.why = problem(what);
  return seen;
}
inline observation blind_services(observation seen, read_problem what = read_problem::server_error) {
  seen.services.value.reset();
  seen.services.why = problem(what);
  return seen;
}

inline baseline unknown_instance() {
  baseline base;
  base.instance = instance_id("pbx");
  base.generation = 7;
  return base;
}
// A healthy instance as stored: two trunks, an SBC, a service.
inline baseline healthy_instance() {
  baseline base = unknown_instance();
  base.known = true;
  base.health.reach = reachability::reachable;
  base.health.version = "20.0.1";
  const auto row = [](resource_kind kind, std::string key, resource_state state) {
    resource_record made;
    made.ref = {kind, std::move(key)};
    made.state = state;
    return made;
  };
  base.resources = {
      row(resource_kind::trunk, "1", resource_state::registered),
      row(resource_kind::trunk, "2", resource_state::registered), row(resource_kind::sbc, "a", resource_state::up),
      row(resource_kind::service, "s", resource_state::up), row(resource_kind::calls, "", resource_state::up)};
  return base;
}

// The store as the tenant would keep it: what was told, applied to the baseline.
inline void apply(baseline& base, const poll_news& news) {
  if (logic::is_empty(news)) return;
  base.known = true;
  if (news.health) base.health = *news.health;
  for (const resource_record& row : news.changed) {
    std::erase_if(base.resources, [&](const resource_record& old) { return old.ref == row.ref; });
    base.resources.emplace_back(row);
  }
  for (const resource_ref& ref : news.removed)
    std::erase_if(base.resources, [&](const resource_record& old) { return old.ref == ref; });
  for (const transition& one : news.transitions) {
    std::erase(base.unseen, one.key);
    if (one.to == condition::unknown) {
      base.unseen.push_back(one.key);
      continue;
    }
    std::erase(base.open, one.key);
    if (one.to == condition::failing) base.open.push_back(one.key);
  }
}

// A machine, its clock and its store.
class watched_instance {
public:
  explicit watched_instance(baseline base = healthy_instance(), logic::machine_config config = {})
      : stored(std::move(base)),
        config_(std::move(config)),
        machine_(with_id(config_), stored, "t0") {}

  poll_news see(const observation& seen, duration later = 60s) {
    pass(later);
    auto verdict = machine_.step(seen, now);
    again = verdict.again;
    not_before = verdict.not_before;
    apply(stored, verdict.news);
    return verdict.news;
  }
  // Sees the same as often as the machine asks for it, at most `times`; what came out, in order.
  std::vector<transition> see_for(const observation& seen, int times, duration interval = 60s) {
    std::vector<transition> all;
    for (int i = 0; i < times; ++i) {
      const auto news = see(seen, i == 0 ? interval : until_next(interval));
      all.insert(all.end(), news.transitions.begin(), news.transitions.end());
    }
    return all;
  }
  void pass(duration later) {
    now.wall += later;
    now.steady += later;
  }
  void restart() { machine_ = logic::instance_machine(with_id(config_), stored, "t1"); }
  logic::instance_machine& machine() { return machine_; }
  [[nodiscard]] bool is_open(alert_type type, resource_ref ref = {resource_kind::instance, ""}) const {
    return std::ranges::find(stored.open, alert_key{instance_id("pbx"), type, std::move(ref)}) != stored.open.end();
  }
  [[nodiscard]] duration until_next(duration interval) const {
    if (!again) return interval;
    return std::min(interval, std::chrono::duration_cast<duration>(again->at - now.steady));
  }

  moment now{wall_time{1'700'000'000s}, steady_time{1000s}};
  baseline stored;
  std::optional<logic::look_again> again;
  std::optional<steady_time> not_before;

private:
  static logic::machine_config with_id(logic::machine_config config) {
    config.instance = instance_id("pbx");
    return config;
  }
  logic::machine_config config_;
  logic::instance_machine machine_;
};

inline const resource_ref trunk_1{resource_kind::trunk, "1"};
inline const resource_ref trunk_2{resource_kind::trunk, "2"};

// "trunk_down trunk/1 failing": what transitions say, in short.
inline std::vector<std::string> said(const std::vector<transition>& all) {
  std::vector<std::string> lines;
  lines.reserve(all.size());
  for (const transition& one : all)
    lines.push_back(std::string(name(one.key.type)) + " " + to_text(one.key.resource) + " " +
                    std::string(name(one.to)));
  return lines;
}

} // namespace ringdown::test
