// `drill`: a marked critical goes down the real path of a tenant, and each hop's time is told.
#include "bin/ringdownctl/commands.hpp"
#include "bin/ringdownctl/table.hpp"
#include "protocol/wire/json_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace ringdown::ctl {

namespace {

constexpr auto look_every = std::chrono::milliseconds(500);
constexpr int most_looks = 120;          // a minute: by then what is not accepted is late
constexpr int most_looks_for_a_key = 80; // a phone rings for half of this, and is listened to

bool is_over(const row& delivery) { return delivery["state"] != "pending" && delivery["state"] != "claimed"; }

std::string since(std::string_view begin, std::string_view end) {
  const auto from = parse_rfc3339(begin);
  const auto to = parse_rfc3339(end);
  if (!from || !to) return "-";
  return fmt::format("+{:.3f} s", std::chrono::duration<double>(*to - *from).count());
}

// The id a verdict ends with: "the drill has begun: al_...".
std::string alert_in(const std::string& text) {
  const auto at = text.rfind("al_");
  return at == std::string::npos ? std::string() : text.substr(at);
}

struct drill_so_far {
  row what;              // the alert
  std::vector<row> rows; // its deliveries, oldest first
};

std::variant<drill_so_far, int> look(session& run, const std::string& alert) {
  drill_so_far seen;
  auto asked = run.ask(http_method::get, "/api/v1/alerts/" + percent_encode(alert));
  if (const int* code = std::get_if<int>(&asked)) return *code;
  seen.what = std::get<session::reply>(asked).read.top;
  asked = run.ask(http_method::get, fmt::format("/api/v1/deliveries?tenant={}&alert={}",
                                                percent_encode(run.given().tenant), percent_encode(alert)));
  if (const int* code = std::get_if<int>(&asked)) return *code;
  seen.rows = std::get<session::reply>(asked).read.list("items");
  std::ranges::reverse(seen.rows); // the API's are newest first
  return seen;
}

// A phone rings, or is listened to, and no key was pressed yet. Only calls have a target.
bool may_press_a_key(const drill_so_far& seen) {
  const bool called = std::ranges::any_of(seen.rows, [](const row& one) { return !one["target"].empty(); });
  return called && seen.what["acknowledged.by"].empty();
}

// Until nothing is on its way any more.
std::variant<drill_so_far, int> watch(session& run, const std::string& alert) {
  drill_so_far seen;
  int looks_for_a_key = 0;
  for (int looks = 0; looks < most_looks; ++looks) {
    run.pause(look_every);
    auto looked = look(run, alert);
    if (const int* code = std::get_if<int>(&looked)) return *code;
    seen = std::move(std::get<drill_so_far>(looked));
    if (seen.rows.empty() || !std::ranges::all_of(seen.rows, is_over)) continue;
    if (!may_press_a_key(seen) || ++looks_for_a_key > most_looks_for_a_key) break;
  }
  return seen;
}

// Decided, handed to a provider, accepted by it, acknowledged; the last attempt of each delivery tells.
int report(session& run, const row& what, const std::vector<row>& rows) {
  const std::string& begun = what["opened_at"];
  table shown({"CHANNEL", "EVENT", "HANDED OVER", "ANSWERED", "STATE", "ANSWER"});
  bool accepted = !rows.empty();
  for (const row& one : rows) {
    auto asked = run.ask(http_method::get, "/api/v1/deliveries/" + percent_encode(one["id"]));
    if (const int* code = std::get_if<int>(&asked)) return *code;
    const answer& whole = std::get<session::reply>(asked).read;
    const auto& attempts = whole.list("attempts");
    const row none;
    const row& last = attempts.empty() ? none : attempts.back();
    const std::string& state = whole.top["state"];
    accepted = accepted && (state == "sent" || state == "confirmed");
    shown.add({one["channel"], one["event"], since(begun, last["started_at"]), since(begun, last["ended_at"]),
               whole.top["reason"].empty() ? state : fmt::format("{} ({})", state, whole.top["reason"]),
               first_of(last["answer"])});
  }
  run.print(shown.text());
  if (!what["acknowledged.by"].empty())
    run.print(fmt::format("acknowledged by {} over {}, {}\n", what["acknowledged.by"], what["acknowledged.via"],
                          since(begun, what["acknowledged.at"])));
  if (rows.empty()) run.print("nobody is told of a critical of this tenant: see 'explain' and its routing\n");
  return accepted ? exit_ok : exit_negative;
}

} // namespace

int drill(session& run) {
  const arguments& given = run.given();
  if (given.tenant.empty()) return run.complain(exit_usage, "drill needs --tenant ID");
  wire::json_writer body;
  body.open_object().text("by", given.by).text("reason", given.reason).close_object();
  auto asked = run.ask(http_method::post, fmt::format("/api/v1/tenants/{}/drill", percent_encode(given.tenant)),
                       std::move(body).str());
  if (const int* code = std::get_if<int>(&asked)) return *code;
  const row begun = std::get<session::reply>(asked).read.top;
  run.print(begun["text"] + "\n");
  const std::string alert = alert_in(begun["text"]);
  if (given.no_wait || alert.empty()) return begun["answer"] == "done" ? exit_ok : exit_negative;
  auto watched = watch(run, alert);
  if (const int* code = std::get_if<int>(&watched)) return *code;
  const auto& [what, rows] = std::get<drill_so_far>(watched);
  run.print(fmt::format("decided at {}; it ends by itself in ten minutes, an acknowledgement stops it like any other\n",
                        at_time(what["opened_at"])));
  return report(run, what, rows);
}

} // namespace ringdown::ctl
