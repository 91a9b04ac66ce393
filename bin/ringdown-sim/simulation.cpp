#include "bin/ringdown-sim/simulation.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringdown::sim {

namespace {

answer reply(int status, std::string body) {
  answer out;
  out.status = status;
  out.body = share(std::move(body));
  return out;
}

answer refuse(int status, std::string_view why) {
  return reply(status, fmt::format("{{\"error\":{}}}\n", json_text(why)));
}

steady_time after(moment now, duration span) {
  return now.steady + std::chrono::duration_cast<std::chrono::nanoseconds>(span);
}

std::string_view name(door state) {
  switch (state) {
    case door::open: return "open";
    case door::closed: return "closed";
    case door::silent: return "silent";
  }
  return "";
}

std::string_view name(certificate shows) {
  switch (shows) {
    case certificate::good: return "good";
    case certificate::expired: return "expired";
    case certificate::wrong_name: return "wrong_name";
    case certificate::other_key: return "other_key";
    case certificate::self_signed: return "self_signed";
    case certificate::untrusted: return "untrusted";
  }
  return "";
}

} // namespace

simulation::simulation(const scenario& plan, std::vector<pbx> fleet, surroundings around, std::uint64_t seed)
    : world_(std::move(fleet), std::move(around.truth)),
      xapi_(world_, seed),
      effects_(std::move(around.effects)),
      rules_(std::move(around.signal)),
      sinks_(effects_, rules_, seed + 1),
      twilio_(plan.twilio, effects_, rules_, seed + 2),
      timeline_(plan.events),
      start_(plan.start) {
  for (const auto& one : plan.phones) twilio_.apply(one);
}

void simulation::begin(moment now) {
  world_.tell_baseline(now.wall);
  if (start_ == timeline_start::at_once) schedule(timeline_, now);
}

void simulation::schedule(const std::vector<timed_command>& list, moment now) {
  for (const auto& one : list) due_.emplace(after(now, one.at), one.what);
}

std::optional<steady_time> simulation::next_due() const {
  const auto call = twilio_.network().next_due();
  if (due_.empty()) return call;
  return call ? std::min(*call, due_.begin()->first) : due_.begin()->first;
}

void simulation::advance(moment now) {
  while (!due_.empty() && due_.begin()->first <= now.steady) {
    const auto what = std::move(due_.extract(due_.begin()).mapped());
    if (auto done = run(what, now); !done) {
      world_.tell(journal_line(now.wall, "error").add("verb", what.verb).add("text", done.error().detail));
    }
  }
  twilio_.network().advance(now);
}

result<int> simulation::run(const command& what, moment now) {
  if (what.verb == "start") {
    schedule(timeline_, now);
    return static_cast<int>(timeline_.size());
  }
  if (sink_rules::knows(what.verb)) {
    world_.tell(
        journal_line(now.wall, "fault").add("verb", what.verb).add("sink", what["sink"]).add("mode", what["mode"]));
    schedule(rules_.apply(what), now);
    return 1;
  }
  if (sinks::knows(what.verb)) {
    sinks_.apply(what);
    return 1;
  }
  if (twilio::knows(what.verb)) {
    twilio_.apply(what);
    return 1;
  }
  auto done = world_.apply(what, now.wall);
  if (!done) return done.error();
  schedule(done->later, now);
  return done->changed;
}

answer simulation::ask_pbx(std::size_t index, const question& what, moment now) {
  return xapi_.ask(index, what, now.wall);
}

answer simulation::ask_sink(sink_kind kind, const question& what, moment now) {
  return sinks_.receive(kind, what, now.wall);
}

answer simulation::ask_twilio(const question& what, moment now) { return twilio_.receive(what, now); }

std::vector<errand> simulation::take_errands() { return twilio_.network().take_errands(); }

void simulation::heard(std::uint64_t id, const hearing& what, moment now) { twilio_.network().heard(id, what, now); }

answer simulation::ask_control(const question& what, moment now) {
  const auto path = what.target.substr(0, what.target.find('?'));
  if (what.method == "POST" && path == "/do") return told(what, now);
  if (what.method == "POST" && path == "/quit") {
    auto out = reply(200, "{\"ok\":true}\n");
    out.then = ending::stop;
    return out;
  }
  if (what.method == "GET" && path == "/state") return reply(200, state_json(now));
  if (what.method == "GET" && path == "/truth") return reply(200, world_.truth_json());
  if (what.method == "GET" && path == "/effects") return reply(200, effects_.json());
  if (what.method == "GET" && path == "/tickets") return reply(200, sinks_.tickets_json());
  return refuse(404, "known: POST /do, POST /quit, GET /state, GET /truth, GET /effects, GET /tickets");
}

answer simulation::told(const question& what, moment now) {
  auto given = what.body.starts_with('{') ? parse_json_members(what.body, nested_members::refused)
                                          : result<arguments>(parse_form(what.body));
  if (!given) return refuse(400, given.error().detail);
  duration at{};
  if (const auto when = given->find("at"); when != given->end()) {
    const auto parsed = parse_duration(when->second);
    if (!parsed) return refuse(400, "at is not a duration such as 250ms, 10s, 3m");
    at = *parsed;
    given->erase(when);
  }
  auto made = make_command(std::move(*given));
  if (!made) return refuse(400, made.error().detail);
  if (at > duration{}) {
    schedule({{at, *made}}, now);
    return reply(200, "{\"ok\":true,\"changed\":0}\n");
  }
  const auto done = run(*made, now);
  if (!done) return refuse(404, done.error().detail);
  return reply(200, fmt::format("{{\"ok\":true,\"changed\":{}}}\n", *done));
}

std::string simulation::state_json(moment now) const {
  auto out = fmt::format(R"({{"now":"{}","polls":{},"logins":{},"effects":{},"due":{},"ready":{},"pbxes":[)",
                         rfc3339(now.wall), xapi_.polls(), xapi_.logins(), effects_.count(), due_.size(), ready_);
  std::string_view comma;
  for (const auto& one : world_.fleet()) {
    std::string faults;
    for (const auto& f : one.faults) faults += fmt::format("{}\"{}\"", faults.empty() ? "" : ",", f.verb);
    out +=
        fmt::format(R"({}{{"pbx":{},"address":"{}","door":"{}","certificate":"{}","failed_logins":{},"faults":[{}]}})",
                    std::exchange(comma, ","), json_text(one.name), one.address, name(door_of(one)), name(one.shows),
                    one.tokens.failures(), faults);
  }
  return out += "]}\n";
}

} // namespace ringdown::sim
