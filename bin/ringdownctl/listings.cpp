#include "bin/ringdownctl/commands.hpp"
#include "bin/ringdownctl/table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringdown::ctl {

namespace {

// What a listing shows: its columns, one line of cells per item, and what to say when there is none.
struct listing {
  std::string path;
  std::string_view one; // "open alert": for the count and the empty state
  std::vector<std::string> heads;
  std::function<std::vector<std::string>(const row&)> cells;
  std::string advice; // after an empty list
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
  for (const row& item : items) shown.add(what.cells(item));
  run.print(shown.text());
  run.print(fmt::format("{}\n", counted(items.size(), what.one)));
  const std::string& next = reply.read.top["next"];
  if (!next.empty()) run.print(fmt::format("there are more: add --cursor {}\n", next));
  return exit_ok;
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

} // namespace

int list_alerts(session& run) {
  const arguments& given = run.given();
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
                          return std::vector<std::string>{a["id"],
                                                          a["severity"],
                                                          alert_state(a),
                                                          a["type"],
                                                          a["tenant"],
                                                          a["instance"],
                                                          first_of(a["resource.name"], a["resource.id"]),
                                                          ago(a["since"], run.now()),
                                                          first_of(a["cause"], a["detail"])};
                        },
                    .advice = {}});
}

int list_instances(session& run) {
  return show(
      run, {.path = "/api/v1/instances" + query_of({{"tenant", run.given().tenant}}),
            .one = "instance",
            .heads = {"TENANT", "INSTANCE", "NAME", "STATE", "SINCE", "VERSION", "LAST POLL", "LAST COMPLETE", "WHY"},
            .cells =
                [&run](const row& i) {
                  return std::vector<std::string>{i["tenant"],
                                                  i["id"],
                                                  i["name"],
                                                  ways(i),
                                                  ago(i["since"], run.now()),
                                                  i["version"],
                                                  ago(i["last_poll"], run.now()),
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
  return show(run, {.path = "/api/v1/actors",
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

} // namespace ringdown::ctl
