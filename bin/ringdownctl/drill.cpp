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
constexpr int most_looks = 120; // a minute: by then what is not accepted is late

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

std::variant<std::vector<row>, int> look(session& run, const std::string& path) {
  auto asked = run.ask(http_method::get, path);
  if (const int* code = std::get_if<int>(&asked)) return *code;
  return std::get<session::reply>(asked).read.list("items");
}

// Decided, handed to a provider, accepted by it; the last attempt of each delivery tells.
int report(session& run, const std::string& begun, const std::vector<row>& rows) {
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
  std::vector<row> rows;
  for (int looks = 0; looks < most_looks; ++looks) {
    run.pause(look_every);
    auto seen = look(
        run, fmt::format("/api/v1/deliveries?tenant={}&alert={}", percent_encode(given.tenant), percent_encode(alert)));
    if (const int* code = std::get_if<int>(&seen)) return *code;
    rows = std::move(std::get<std::vector<row>>(seen));
    if (!rows.empty() && std::ranges::all_of(rows, is_over)) break;
  }
  auto about = run.ask(http_method::get, "/api/v1/alerts/" + percent_encode(alert));
  if (const int* code = std::get_if<int>(&about)) return *code;
  const row& what = std::get<session::reply>(about).read.top;
  run.print(fmt::format("decided at {}; it ends by itself in ten minutes, an acknowledgement stops it like any other\n",
                        at_time(what["opened_at"])));
  return report(run, what["opened_at"], rows);
}

} // namespace ringdown::ctl
