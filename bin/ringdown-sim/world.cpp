#include "bin/ringdown-sim/world.hpp"

#include "bin/ringdown-sim/faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ringdown::sim {

namespace {

struct resource_line {
  std::string_view kind;
  std::string_view key;
  std::string_view label;
  std::string_view from; // empty: baseline, written as null
  std::string_view to;
};

journal_line state_line(const pbx& of, const resource_line& what, wall_time now) {
  journal_line line(now, "state");
  line.add("pbx", of.name).add("tenant", of.tenant).add("resource", what.kind).add("key", what.key);
  line.add("label", what.label);
  line.add_json("from", what.from.empty() ? "null" : json_text(what.from));
  line.add("to", what.to).add("at", rfc3339(now));
  return line;
}

std::string_view trunk_kind(const trunk& of) { return is_bridge(of) ? "bridge" : "trunk"; }

void log_event(pbx& of, const trunk& one, wall_time now) {
  const std::string word = one.online ? "Registered" : one.fail_code.empty() ? "Unregistered" : "Failed";
  const long id = of.events.empty() ? 90'001 : of.events.back().id + 1;
  // Event 4100 of 3CX's published list; the status words are ours, the real ones are not published.
  of.events.push_back(
      {id, 4100, fmt::format("Trunk {} has changed status to {}", one.number, word), {one.number, word}, now});
  if (of.events.size() > event_limit) of.events.erase(of.events.begin());
}

bool selected(const trunk& one, const command& what) {
  const auto wanted = what["trunk"];
  const bool named = matches(wanted, one.number) || matches(wanted, fmt::to_string(one.id));
  return named && (matches(what["provider"], one.host) || matches(what["provider"], one.name));
}

// A command to be given later to one PBX.
timed_command later_for(const pbx& of, duration after, std::string_view verb, arguments with) {
  with.insert_or_assign("pbx", of.name);
  return {after, {std::string(verb), std::move(with)}};
}

// The same selectors with the opposite verb.
void restore_later(applied& into, const command& what, std::string_view verb) {
  const auto after = what.span("for");
  if (!after) return;
  arguments with;
  for (const auto* key : {"pbx", "tenant", "trunk", "provider", "sbc", "service"}) {
    if (!what[key].empty()) with.emplace(key, what[key]);
  }
  into.later.push_back({*after, {std::string(verb), std::move(with)}});
}

std::string_view opposite(std::string_view verb) {
  struct pair {
    std::string_view verb, back;
  };
  constexpr auto pairs = std::to_array<pair>({{"trunk_down", "trunk_up"},
                                              {"trunk_up", "trunk_down"},
                                              {"trunk_delete", "trunk_add"},
                                              {"trunk_add", "trunk_delete"},
                                              {"trunk_disable", "trunk_up"},
                                              {"sbc_down", "sbc_up"},
                                              {"sbc_up", "sbc_down"},
                                              {"service_down", "service_up"},
                                              {"service_up", "service_down"}});
  for (const auto& one : pairs) {
    if (one.verb == verb) return one.back;
  }
  return verb;
}

// "20.0.10.1204" -> "20.0.10.1205"
std::string next_version(const std::string& version) {
  const auto dot = version.rfind('.');
  const auto last = parse_number(std::string_view(version).substr(dot + 1), 0, 1'000'000);
  if (dot == std::string::npos || !last) return version + ".1";
  return fmt::format("{}.{}", version.substr(0, dot), *last + 1);
}

} // namespace

world::world(std::vector<pbx> fleet, truth_writer write) : fleet_(std::move(fleet)), write_(std::move(write)) {}

void world::tell_baseline(wall_time now) const {
  for (const auto& of : fleet_) {
    write_(state_line(of, {"instance", "", of.label, "", "up"}, now));
    for (const auto& one : of.trunks) {
      auto line = state_line(of, {trunk_kind(one), fmt::to_string(one.id), one.name, "", state_of(one)}, now);
      write_(line.add("number", one.number).add("provider", one.host));
    }
    for (const auto& one : of.sbcs) write_(state_line(of, {"sbc", one.name, one.label, "", "up"}, now));
    for (const auto& one : of.services) write_(state_line(of, {"service", one.name, one.label, "", "up"}, now));
  }
}

std::vector<std::size_t> world::select(const command& what) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < fleet_.size(); ++i) {
    if (matches(what["pbx"], fleet_[i].name) && matches(what["tenant"], fleet_[i].tenant)) out.push_back(i);
  }
  return out;
}

world::handler world::handler_of(std::string_view verb) {
  struct entry {
    std::string_view verb;
    handler does;
  };
  static constexpr auto table = std::to_array<entry>({{"calls", &world::calls},
                                                      {"pbx_up", &world::lift},
                                                      {"fault_end", &world::lift},
                                                      {"pbx_update", &world::restart},
                                                      {"pbx_reboot", &world::restart},
                                                      {"pbx_return", &world::returned},
                                                      {"pbx_settled", &world::settled},
                                                      {"token_revoke", &world::credentials},
                                                      {"unblock", &world::credentials},
                                                      {"creds_change", &world::credentials},
                                                      {"creds_restore", &world::credentials}});
  for (const auto& one : table) {
    if (one.verb == verb) return one.does;
  }
  if (verb.starts_with("trunk_")) return &world::trunks;
  if (verb.starts_with("sbc_")) return &world::sbcs;
  if (verb.starts_with("service_")) return &world::services;
  if (verb.starts_with("cert_")) return &world::certificates;
  return &world::faults;
}

result<applied> world::apply(const command& what, wall_time now) {
  if (what.verb == "say") {
    write_(journal_line(now, "say").add("text", what["text"]));
    return applied{1, {}};
  }
  const auto on = select(what);
  if (on.empty()) {
    return failure{failure_kind::not_found, fmt::format("{}: no PBX matches pbx = \"{}\" tenant = \"{}\"", what.verb,
                                                        what["pbx"], what["tenant"])};
  }
  auto done = (this->*handler_of(what.verb))(what, on, now);
  if (done && done->changed == 0) {
    return failure{failure_kind::not_found, fmt::format("{}: nothing matches on {} PBXes", what.verb, on.size())};
  }
  return done;
}

void world::alter(std::size_t index, wall_time now, const std::function<void(pbx&)>& change) {
  auto& of = fleet_[index];
  const auto outage = outage_of(of);
  const auto front = std::pair(door_of(of), of.shows);
  change(of);
  ++of.revision;
  if (front != std::pair(door_of(of), of.shows)) changed_fronts_.insert(index);
  const auto after = outage_of(of);
  if (after == outage) return;
  of.since = now;
  auto line =
      state_line(of, {"instance", "", of.label, outage.empty() ? "up" : "down", after.empty() ? "up" : "down"}, now);
  write_(line.add("cause", after.empty() ? outage : after));
}

std::set<std::size_t> world::take_changed_fronts() { return std::exchange(changed_fronts_, {}); }

void world::set_trunk(pbx& of, trunk& one, std::string_view verb, const command& what, wall_time now) {
  const std::string before(state_of(one));
  if (verb == "trunk_down") {
    const auto reason = what["reason"];
    one.online = false;
    one.fail_code = what["code"];
    // 408: the registrar does not answer; 403: it refuses our credentials.
    if (one.fail_code.empty() && reason != "unregistered") one.fail_code = reason == "silent" ? "408" : "403";
    if (one.registration == "Nothing" && what["code"].empty()) one.fail_code.clear();
    const bool failed = !one.fail_code.empty();
    one.failed = failed ? std::optional(now) : std::nullopt;
    if (failed) one.sent = now;
  } else if (verb == "trunk_up") {
    one.online = one.enabled = true;
    one.fail_code.clear();
    one.failed.reset();
    if (one.registration != "Nothing") one.sent = one.registered = now;
  } else if (verb == "trunk_disable") {
    one.enabled = one.online = false;
  } else {
    one.present = verb == "trunk_add";
  }
  if (state_of(one) == before) return;
  one.since = now;
  auto line = state_line(of, {trunk_kind(one), fmt::to_string(one.id), one.name, before, state_of(one)}, now);
  write_(line.add("number", one.number).add("provider", one.host).add("code", one.fail_code));
  log_event(of, one, now);
}

result<applied> world::trunks(const command& what, const std::vector<std::size_t>& on, wall_time now) {
  applied out;
  for (const auto index : on) {
    alter(index, now, [&](pbx& of) {
      for (auto& one : of.trunks) {
        if (!selected(one, what)) continue;
        ++out.changed;
        set_trunk(of, one, what.verb, what, now);
      }
    });
  }
  restore_later(out, what, opposite(what.verb));
  return out;
}

void world::set_sbc(pbx& of, sbc& one, std::string_view verb, wall_time now) {
  const bool up = verb == "sbc_up";
  if (one.up == up) return;
  one.up = up;
  one.since = now;
  write_(state_line(of, {"sbc", one.name, one.label, up ? "down" : "up", up ? "up" : "down"}, now));
}

result<applied> world::sbcs(const command& what, const std::vector<std::size_t>& on, wall_time now) {
  applied out;
  for (const auto index : on) {
    alter(index, now, [&](pbx& of) {
      for (auto& one : of.sbcs) {
        if (!matches(what["sbc"], one.name)) continue;
        ++out.changed;
        set_sbc(of, one, what.verb, now);
      }
    });
  }
  restore_later(out, what, opposite(what.verb));
  return out;
}

result<applied> world::services(const command& what, const std::vector<std::size_t>& on, wall_time now) {
  applied out;
  const auto stopped = what["status"].empty() ? "Stopped" : what["status"];
  const auto wanted = what.verb == "service_up" ? std::string_view("Running") : stopped;
  for (const auto index : on) {
    alter(index, now, [&](pbx& of) {
      for (auto& one : of.services) {
        if (!matches(what["service"], one.name)) continue;
        ++out.changed;
        if (one.status == wanted) continue;
        const bool was_up = one.status == "Running";
        one.status = wanted;
        one.since = now;
        const bool up = wanted == "Running";
        if (up != was_up) {
          auto line = state_line(of, {"service", one.name, one.label, was_up ? "up" : "down", up ? "up" : "down"}, now);
          write_(line.add("status", wanted));
        }
      }
    });
  }
  restore_later(out, what, opposite(what.verb));
  return out;
}

result<applied> world::calls(const command& what, const std::vector<std::size_t>& on, wall_time now) {
  applied out;
  const auto wanted = static_cast<int>(what.number("value").value_or(0));
  for (const auto index : on) {
    alter(index, now, [&](pbx& of) {
      ++out.changed;
      const auto before = fmt::to_string(of.calls);
      of.calls = wanted;
      auto line = state_line(of, {"calls", "", "calls", before, fmt::to_string(wanted)}, now);
      write_(line.add("max", of.max_calls));
      if (const auto after = what.span("for")) out.later.push_back(later_for(of, *after, "calls", {{"value", before}}));
    });
  }
  return out;
}

void world::tell_fault(const pbx& of, const command& what, std::string_view edge, wall_time now) const {
  journal_line line(now, "fault");
  line.add("pbx", of.name).add("verb", what.verb).add("edge", edge);
  for (const auto& [key, value] : what.with) {
    if (key != "pbx" && key != "tenant" && key != "secret") line.add(key, std::string_view(value).substr(0, 200));
  }
  write_(line);
}

result<applied> world::faults(const command& what, const std::vector<std::size_t>& on, wall_time now) {
  applied out;
  for (const auto index : on) {
    const auto made = make_fault(what, next_fault_++);
    if (!made) return failure{failure_kind::internal, fmt::format("the verb {} has no handler", what.verb)};
    tell_fault(fleet_[index], what, "begin", now);
    alter(index, now, [&](pbx& of) {
      ++out.changed;
      of.faults.push_back(*made);
      if (const auto after = what.span("for")) {
        out.later.push_back(later_for(of, *after, "fault_end", {{"fault", fmt::to_string(made->id)}}));
      }
    });
  }
  return out;
}

result<applied> world::lift(const command& what, const std::vector<std::size_t>& on, wall_time now) {
  applied out;
  const auto id = what.number("fault");
  for (const auto index : on) {
    ++out.changed; // lifting what is not there is no mistake
    alter(index, now, [&](pbx& of) {
      const auto gone = std::erase_if(of.faults, [&](const fault& f) {
        return id ? f.id == static_cast<std::uint64_t>(*id)
                  : what["endpoint"].empty() || f.endpoint == what["endpoint"];
      });
      if (gone > 0) tell_fault(of, what, "end", now);
    });
  }
  return out;
}

result<applied> world::restart(const command& what, const std::vector<std::size_t>& on, wall_time now) {
  auto out = faults(what, on, now);
  if (!out) return out;
  const bool update = what.verb == "pbx_update";
  const duration usual = update ? std::chrono::seconds(30) : std::chrono::seconds(20);
  out->later.clear();
  for (const auto index : on) {
    const auto& of = fleet_[index];
    arguments with{{"fault", fmt::to_string(of.faults.back().id)}};
    if (update)
      with.emplace("version", what["version"].empty() ? next_version(of.version) : std::string(what["version"]));
    if (!what["settle"].empty()) with.emplace("settle", what["settle"]);
    out->later.push_back(later_for(of, what.span("for").value_or(usual), "pbx_return", std::move(with)));
  }
  return out;
}

// After a restart trunks and SBCs need a while to come back; which ones did so on their own is kept apart.
void world::unsettle(pbx& of, wall_time now) {
  const command quiet{"trunk_down", {{"reason", "unregistered"}}};
  for (std::size_t i = 0; i < of.trunks.size(); ++i) {
    if (!of.trunks[i].present || !of.trunks[i].online) continue;
    of.settling_trunks.push_back(i);
    set_trunk(of, of.trunks[i], quiet.verb, quiet, now);
  }
  for (std::size_t i = 0; i < of.sbcs.size(); ++i) {
    if (!of.sbcs[i].up) continue;
    of.settling_sbcs.push_back(i);
    set_sbc(of, of.sbcs[i], "sbc_down", now);
  }
}

result<applied> world::returned(const command& what, const std::vector<std::size_t>& on, wall_time now) {
  auto out = lift(what, on, now);
  for (const auto index : on) {
    alter(index, now, [&](pbx& of) {
      if (!what["version"].empty()) of.version = what["version"];
      of.booted = now;
      of.tokens.revoke();
      for (auto& one : of.services) one.since = now;
      if (const auto settle = what.span("settle")) {
        unsettle(of, now);
        out->later.push_back(later_for(of, *settle, "pbx_settled", {}));
      }
    });
  }
  return out;
}

result<applied> world::settled(const command& what, const std::vector<std::size_t>& on, wall_time now) {
  applied out;
  for (const auto index : on) {
    ++out.changed;
    alter(index, now, [&](pbx& of) {
      for (const auto i : std::exchange(of.settling_trunks, {})) set_trunk(of, of.trunks[i], "trunk_up", what, now);
      for (const auto i : std::exchange(of.settling_sbcs, {})) set_sbc(of, of.sbcs[i], "sbc_up", now);
    });
  }
  return out;
}

result<applied> world::credentials(const command& what, const std::vector<std::size_t>& on, wall_time now) {
  applied out;
  for (const auto index : on) {
    ++out.changed;
    tell_fault(fleet_[index], what, "begin", now);
    alter(index, now, [&](pbx& of) {
      if (what.verb == "token_revoke") return of.tokens.revoke();
      if (what.verb == "unblock") return of.tokens.unblock();
      const auto before = of.tokens.secret();
      of.tokens.change_secret(what["secret"].empty() ? before + "-changed" : std::string(what["secret"]));
      if (const auto after = what.span("for")) {
        out.later.push_back(later_for(of, *after, "creds_restore", {{"secret", before}}));
      }
    });
  }
  return out;
}

result<applied> world::certificates(const command& what, const std::vector<std::size_t>& on, wall_time now) {
  applied out;
  for (const auto index : on) {
    ++out.changed;
    tell_fault(fleet_[index], what, what.verb == "cert_ok" ? "end" : "begin", now);
    alter(index, now, [&](pbx& of) { of.shows = certificate_for(what.verb).value_or(certificate::good); });
  }
  restore_later(out, what, "cert_ok");
  return out;
}

std::string world::truth_json() const {
  std::string out = R"({"pbxes":[)";
  for (const auto& of : fleet_) {
    const auto outage = outage_of(of);
    out += fmt::format(R"({}{{"pbx":{},"tenant":{},"address":"{}","state":"{}","cause":"{}","since":"{}","calls":{},)"
                       R"("max_calls":{},"version":{},"resources":[)",
                       &of == &fleet_.front() ? "" : ",", json_text(of.name), json_text(of.tenant), of.address,
                       outage.empty() ? "up" : "down", outage, rfc3339(of.since), of.calls, of.max_calls,
                       json_text(of.version));
    std::string_view comma;
    const auto put = [&](std::string_view kind, std::string_view key, std::string_view state, wall_time since) {
      out += fmt::format(R"({}{{"resource":"{}","key":{},"state":"{}","since":"{}"}})", std::exchange(comma, ","), kind,
                         json_text(key), state, rfc3339(since));
    };
    for (const auto& one : of.trunks) put(trunk_kind(one), fmt::to_string(one.id), state_of(one), one.since);
    for (const auto& one : of.sbcs) put("sbc", one.name, one.up ? "up" : "down", one.since);
    for (const auto& one : of.services) put("service", one.name, one.status == "Running" ? "up" : "down", one.since);
    out += "]}";
  }
  return out += "]}\n";
}

} // namespace ringdown::sim
