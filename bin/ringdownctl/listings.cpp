#include "bin/ringdownctl/commands.hpp"
#include "bin/ringdownctl/table.hpp"
#include "protocol/wire/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringdown::ctl {

namespace {

constexpr std::size_t longest_line = 400;

// What a listing shows: its columns, one line of cells per item, and what to say when there is none.
struct listing {
  std::string path;
  std::string_view one; // "open alert": for the count and the empty state
  std::vector<std::string> heads;
  std::function<std::vector<std::string>(const row&)> cells;
  std::string advice; // after an empty list
  std::vector<row> (*order)(std::vector<row>) = nullptr;
};

int show(session& run, const listing& what) {
  auto asked = run.ask(http_method::get, what.path);
  if (const int* code = std::get_if<int>(&asked)) return *code;
  const auto& reply = std::get<session::reply>(asked);
  if (run.wants_json()) {
    run.print(reply.body + "\n");
    return exit_ok;
  }
  const auto& items = reply.read.list("items");
  if (items.empty()) {
    const std::string none = counted(0, what.one).substr(2);
    run.print(fmt::format("no {}{}{}\n", none, what.advice.empty() ? "" : "; ", what.advice));
    return exit_ok;
  }
  table shown(what.heads);
  for (const row& item : what.order == nullptr ? items : what.order(items)) shown.add(what.cells(item));
  run.print(shown.text());
  run.print(fmt::format("{}\n", counted(items.size(), what.one)));
  const std::string& next = reply.read.top["next"];
  if (!next.empty()) run.print(fmt::format("there are more: add --cursor {}\n", next));
  return exit_ok;
}

// Under each alert what it speaks for, after a dash; a member whose speaker is not on the page names it.
std::vector<row> folded(std::vector<row> alerts) {
  const auto on_page = [&](const std::string& id) {
    return std::ranges::find(alerts, id, [](const row& a) { return a["id"]; }) != alerts.end();
  };
  std::vector<row> ordered;
  const auto add = [&](const auto& again, const row& one, const std::string& indent) -> void {
    ordered.push_back(one);
    ordered.back().fields["indent"] = indent;
    for (const row& member : alerts)
      if (member["parent"] == one["id"] && member["id"] != one["id"]) again(again, member, indent + "- ");
  };
  for (row& one : alerts) {
    if (one["parent"].empty() || !on_page(one["parent"])) {
      if (!one["parent"].empty()) one.fields["cause"] = fmt::format("part of {}", one["parent"]);
      add(add, one, "");
    }
  }
  return ordered;
}

// "acknowledged", "firing", "firing (snoozed, flapping)".
std::string alert_state(const row& alert) {
  std::string marks = alert["masks"];
  for (const std::string_view flag : {"flapping", "removed", "drill"}) {
    if (alert[flag] != "true") continue;
    marks += fmt::format("{}{}", marks.empty() ? "" : ", ", flag);
  }
  return marks.empty() ? alert["state"] : fmt::format("{} ({})", alert["state"], marks);
}

std::string ways(const row& instance) {
  if (!instance["blind"].empty()) return fmt::format("{}, blind to {}", instance["reach"], instance["blind"]);
  return instance["cause"].empty() ? instance["reach"] : fmt::format("{} ({})", instance["reach"], instance["cause"]);
}

// Where nothing interrupts because somebody said so: the first thing to know about a quiet list (S-T8).
std::string silence_line(const std::vector<row>& tenants, const std::string& only) {
  std::vector<const row*> quiet;
  for (const row& one : tenants)
    if (!one["silenced.until"].empty() && (only.empty() || one["id"] == only)) quiet.push_back(&one);
  if (quiet.empty()) return {};
  const row& first = *quiet.front();
  if (quiet.size() == 1)
    return fmt::format("SILENCED: nothing interrupts for {} until {} (by {}: {})", first["id"],
                       at_time(first["silenced.until"]), first["silenced.by"], first["silenced.reason"]);
  std::string until;
  for (const row* one : quiet) until = std::max(until, (*one)["silenced.until"]);
  return fmt::format("SILENCED: nothing interrupts for {}, among them {}; the last until {} (by {}: {})",
                     counted(quiet.size(), "tenant"), first["id"], at_time(until), first["silenced.by"],
                     first["silenced.reason"]);
}

std::string mute_lines(const std::vector<row>& tenants, const std::string& only) {
  std::string lines;
  for (const row& one : tenants) {
    if (!only.empty() && one["id"] != only) continue;
    for (const row& mute : one.list("mutes"))
      lines += wire::one_line(
                   fmt::format("muted for {}: {} until {} (by {}{})", one["id"], mute["type"], at_time(mute["until"]),
                               mute["by"], mute["reason"].empty() ? std::string() : ": " + mute["reason"]),
                   longest_line) +
               "\n";
  }
  return lines;
}

// True unless the command has ended with `code`.
bool warn_of_silence(session& run, int& code) {
  if (run.wants_json()) return true;
  auto asked = run.ask_all("/api/v1/tenants");
  if (const int* ended = std::get_if<int>(&asked)) {
    code = *ended;
    return false;
  }
  const auto& tenants = std::get<std::vector<row>>(asked);
  const std::string silenced = silence_line(tenants, run.given().tenant);
  if (!silenced.empty()) run.print(run.red(wire::one_line(silenced, longest_line)) + "\n");
  run.print(mute_lines(tenants, run.given().tenant));
  return true;
}

} // namespace

int list_alerts(session& run) {
  const arguments& given = run.given();
  int code = exit_ok;
  if (!warn_of_silence(run, code)) return code;
  const bool all = given.state == "all";
  return show(run, {.path = "/api/v1/alerts" + query_of({{"tenant", given.tenant},
                                                         {"instance", given.instance},
                                                         {"state", given.state},
                                                         {"limit", given.limit},
                                                         {"cursor", given.cursor}}),
                    .one = all ? "alert" : "open alert",
                    .heads = {"ALERT", "SEVERITY", "STATE", "TYPE", "TENANT", "INSTANCE", "RESOURCE", "SINCE", "CAUSE"},
                    .cells =
                        [&run](const row& a) {
                          return std::vector<std::string>{a["indent"] + a["id"],
                                                          a["severity"],
                                                          alert_state(a),
                                                          a["type"],
                                                          a["tenant"],
                                                          a["instance"],
                                                          first_of(a["resource.name"], a["resource.id"]),
                                                          ago(a["since"], run.now()),
                                                          first_of(a["cause"], a["detail"])};
                        },
                    .advice = {},
                    .order = folded});
}

int list_instances(session& run) {
  return show(
      run,
      {.path = "/api/v1/instances" +
               query_of({{"tenant", run.given().tenant}, {"limit", run.given().limit}, {"cursor", run.given().cursor}}),
       .one = "instance",
       .heads = {"TENANT", "INSTANCE", "NAME", "STATE", "SINCE", "VERSION", "LAST POLL", "LAST COMPLETE", "WHY"},
       .cells =
           [&run](const row& i) {
             return std::vector<std::string>{
                 i["tenant"],
                 i["id"],
                 i["name"],
                 ways(i),
                 ago(i["since"], run.now()),
                 i["version"],
                 i["last_poll"].empty() && !i["node"].empty() ? "on " + i["node"] : ago(i["last_poll"], run.now()),
                 ago(i["last_complete_poll"], run.now()),
                 i["why"]};
           },
       .advice = "a tenant file with [[instance]] makes one: ringdownctl apply FILE"});
}

int list_trunks(session& run) {
  const arguments& given = run.given();
  return show(
      run, {.path = "/api/v1/trunks" + query_of({{"tenant", given.tenant},
                                                 {"instance", given.instance},
                                                 {"limit", given.limit},
                                                 {"cursor", given.cursor}}),
            .one = "trunk",
            .heads = {"TENANT", "INSTANCE", "TRUNK", "NAME", "KIND", "STATE", "SINCE", "PROVIDER", "NUMBER", "ROLE",
                      "DETAIL"},
            .cells =
                [&run](const row& t) {
                  const std::string state = t["stale"] == "true" ? t["state"] + " (last seen)" : t["state"];
                  return std::vector<std::string>{
                      t["tenant"],   t["instance"], t["id"],   t["name"],  t["kind"], state, ago(t["since"], run.now()),
                      t["provider"], t["number"],   t["role"], t["detail"]};
                },
            .advice = "they appear after the first complete poll of an instance"});
}

int list_deliveries(session& run) {
  const arguments& given = run.given();
  return show(
      run,
      {.path = "/api/v1/deliveries" + query_of({{"tenant", given.tenant},
                                                {"alert", given.alert},
                                                {"channel", given.channel},
                                                {"state", given.state},
                                                {"limit", given.limit},
                                                {"cursor", given.cursor}}),
       .one = "delivery",
       .heads = {"DELIVERY", "TENANT", "CHANNEL", "EVENT", "SEVERITY", "STATE", "TRIES", "CREATED", "ALERT", "ANSWER"},
       .cells =
           [&run](const row& d) {
             const std::string state =
                 d["reason"].empty() ? d["state"] : fmt::format("{} ({})", d["state"], d["reason"]);
             return std::vector<std::string>{d["id"],       d["tenant"], d["channel"],  d["event"],
                                             d["severity"], state,       d["attempts"], ago(d["created_at"], run.now()),
                                             d["alert"],    d["answer"]};
           },
       .advice = {}});
}

int list_actors(session& run) {
  return show(run, {.path = "/api/v1/actors" + query_of({{"limit", run.given().limit}, {"cursor", run.given().cursor}}),
                    .one = "actor",
                    .heads = {"ACTOR", "KIND", "STATE", "RESTARTS", "MAILBOX", "HANDLED", "LAST ERROR", "AT"},
                    .cells =
                        [&run](const row& a) {
                          return std::vector<std::string>{
                              a["name"],    a["kind"],    a["state"],      a["restarts"],
                              a["mailbox"], a["handled"], a["last_error"], ago(a["last_error_at"], run.now())};
                        },
                    .advice = {}});
}

int list_nodes(session& run) {
  return show(run, {.path = "/api/v1/nodes" + query_of({{"limit", run.given().limit}, {"cursor", run.given().cursor}}),
                    .one = "node",
                    .heads = {"NODE", "SITE", "STATE", "SHARDS", "PBXES", "CAPACITY", "VERSION", "INCARNATION"},
                    .cells =
                        [](const row& n) {
                          // Whether it is ready, only the node that answers knows, of itself.
                          const std::string state =
                              n["ready"] == "false" ? fmt::format("{}, not ready", n["state"]) : n["state"];
                          return std::vector<std::string>{n["answers_here"] == "true" ? n["name"] + " *" : n["name"],
                                                          n["site"],
                                                          state,
                                                          n["shards"],
                                                          n["instances"],
                                                          n["capacity"],
                                                          n["version"],
                                                          n["incarnation"]};
                        },
                    .advice = {}});
}

int ask_psa(session& run) {
  const arguments& given = run.given();
  if (run.word(0) != "discover")
    return run.complain(exit_usage, fmt::format("psa {}? there is only 'psa discover CHANNEL'", run.word(0)));
  if (given.tenant.empty()) return run.complain(exit_usage, "psa discover needs --tenant ID");
  return show(run, {fmt::format("/api/v1/tenants/{}/channels/{}/choices", percent_encode(given.tenant),
                                percent_encode(run.word(1))),
                    "choice",
                    {"SETTING", "ID", "MEANS"},
                    [](const row& r) {
                      return std::vector<std::string>{r["field"], r["id"], r["label"]};
                    },
                    "the provider lists none"});
}

} // namespace ringdown::ctl
