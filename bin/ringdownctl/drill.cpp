// `drill`: a marked critical goes down the real path of a tenant, and each hop's time is told: as it happens, and once more in
// a table at the end; with --json all of it at the end in one document.
#include "bin/ringdownctl/commands.hpp"
#include "bin/ringdownctl/table.hpp"
#include "protocol/wire/json_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
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

// "the drill has begun: al_...; calls have no keys, ...": the id, and what follows it.
struct drill_verdict {
  std::string alert;
  std::string note;
};

drill_verdict verdict_in(const std::string& text) {
  const auto at = text.rfind("al_");
  if (at == std::string::npos) return {};
  const auto end = std::min(text.find(';', at), text.size());
  const auto note = text.find_first_not_of("; ", end);
  return {text.substr(at, end - at), note == std::string::npos ? std::string() : text.substr(note)};
}

// A tenant's drills are one alert, and those of half an hour one episode: `since` is when the last of them began.
struct drill_so_far {
  session::reply alert;
  std::vector<session::reply> deliveries; // of this drill, each with its attempts, oldest first

  [[nodiscard]] const row& what() const { return alert.read.top; }
  [[nodiscard]] const std::string& begun() const { return what()["since"]; }
};

// What was made at `at` is of the drill that began at `begun`, and not of one before.
bool is_of_drill(std::string_view at, std::string_view begun) {
  const auto made = parse_rfc3339(at);
  const auto first = parse_rfc3339(begun);
  return made && first && *made >= *first;
}

std::variant<drill_so_far, int> look(session& run, const std::string& alert) {
  drill_so_far seen;
  auto asked = run.ask(http_method::get, "/api/v1/alerts/" + percent_encode(alert));
  if (const int* code = std::get_if<int>(&asked)) return *code;
  seen.alert = std::move(std::get<session::reply>(asked));
  asked = run.ask(http_method::get, fmt::format("/api/v1/deliveries?tenant={}&alert={}",
                                                percent_encode(run.given().tenant), percent_encode(alert)));
  if (const int* code = std::get_if<int>(&asked)) return *code;
  auto rows = std::get<session::reply>(asked).read.list("items");
  std::ranges::reverse(rows); // the API's are newest first
  for (const row& one : rows) {
    if (!is_of_drill(one["created_at"], seen.begun())) continue;
    asked = run.ask(http_method::get, "/api/v1/deliveries/" + percent_encode(one["id"]));
    if (const int* code = std::get_if<int>(&asked)) return *code;
    seen.deliveries.push_back(std::move(std::get<session::reply>(asked)));
  }
  return seen;
}

// A phone rings, or is listened to, and no key was pressed yet. Only calls have a target.
bool may_press_a_key(const drill_so_far& seen) {
  const bool called =
      std::ranges::any_of(seen.deliveries, [](const auto& one) { return !one.read.top["target"].empty(); });
  return called && seen.what()["acknowledged.by"].empty();
}

bool all_over(const drill_so_far& seen) {
  return !seen.deliveries.empty() &&
         std::ranges::all_of(seen.deliveries, [](const auto& one) { return is_over(one.read.top); });
}

std::string whom(const row& delivery) {
  return delivery["target"].empty() ? delivery["channel"]
                                    : fmt::format("{} {}", delivery["channel"], delivery["target"]);
}

// "sent", "dead (refused)", "sent, ringing", "confirmed, answered, ended (human)".
std::string state_words(const row& delivery) {
  std::string words = delivery["state"];
  if (!delivery["reason"].empty()) words += fmt::format(" ({})", delivery["reason"]);
  if (!delivery["call_stage"].empty()) words += ", " + delivery["call_stage"];
  if (!delivery["call_result"].empty()) words += fmt::format(" ({})", delivery["call_result"]);
  return words;
}

// A line for each that is not as it was last said to be.
void tell_news(session& run, const drill_so_far& seen, std::map<std::string, std::string>& said) {
  for (const auto& one : seen.deliveries) {
    const row& delivery = one.read.top;
    const std::string words = state_words(delivery);
    std::string& before = said[delivery["id"]];
    if (before != words && !run.wants_json()) run.print(fmt::format("  {}: {}\n", whom(delivery), words));
    before = words;
  }
}

// Until nothing is on its way any more. `keys`: calls have some.
std::variant<drill_so_far, int> watch(session& run, const std::string& alert, bool keys) {
  drill_so_far seen;
  std::map<std::string, std::string> said;
  int looks_for_a_key = 0;
  for (int looks = 0; looks < most_looks; ++looks) {
    run.pause(look_every);
    auto looked = look(run, alert);
    if (const int* code = std::get_if<int>(&looked)) return *code;
    seen = std::move(std::get<drill_so_far>(looked));
    tell_news(run, seen, said);
    if (!all_over(seen)) continue;
    if (!keys || !may_press_a_key(seen) || ++looks_for_a_key > most_looks_for_a_key) break;
  }
  return seen;
}

bool is_taken(const session::reply& delivery) {
  const std::string& state = delivery.read.top["state"];
  return state == "sent" || state == "confirmed";
}

bool all_taken(const drill_so_far& seen) {
  return !seen.deliveries.empty() && std::ranges::all_of(seen.deliveries, is_taken);
}

void print_acknowledgement(session& run, const drill_so_far& seen, const std::string& note) {
  const row& what = seen.what();
  if (!what["acknowledged.by"].empty())
    run.print(fmt::format("acknowledged by {} over {}, {}\n", what["acknowledged.by"], what["acknowledged.via"],
                          since(seen.begun(), what["acknowledged.at"])));
  else if (!seen.deliveries.empty())
    run.print(fmt::format("nobody acknowledged it so far{}{}\n", note.empty() ? "" : "; ", note));
  else
    run.print("nobody is told of a critical of this tenant: see 'explain' and its routing\n");
}

// What was decided of this drill; nothing when that cannot be asked.
std::optional<session::reply> explained(session& run, const drill_so_far& seen) {
  auto asked = run.ask(http_method::get, "/api/v1/alerts/" + percent_encode(seen.what()["id"]) + "/explain");
  auto* reply = std::get_if<session::reply>(&asked);
  if (reply == nullptr) return std::nullopt;
  std::erase_if(reply->read.lists["items"], [&](const row& one) { return !is_of_drill(one["at"], seen.begun()); });
  return std::move(*reply);
}

// A phone that is busy with what really fails, or that nobody may ring, was not tried, and no row says so.
void print_untried(session& run, const drill_so_far& seen, const session::reply& why) {
  std::set<std::string> tried;
  for (const auto& one : seen.deliveries) tried.insert(one.read.top["channel"]);
  run.print(others_in_short(why, tried));
}

// Nobody could be called, or somebody keeps everything quiet: an outage would wake nobody either.
bool keeps_people_asleep(const session::reply& why) {
  static const std::set<std::string> reasons{"nobody_callable", "kill_switch", "masked_mute", "masked_maintenance"};
  const auto& items = why.read.list("items");
  return std::ranges::any_of(items, [](const row& one) { return reasons.contains(one["reason"]); });
}

// Decided, handed to a provider, accepted by it, acknowledged; the last attempt of each delivery tells.
void report(session& run, const drill_so_far& seen, const session::reply* why, const std::string& note) {
  const std::string& begun = seen.begun();
  run.print(fmt::format("decided at {}; it ends by itself in ten minutes, an acknowledgement stops it like any other\n",
                        at_time(begun)));
  table shown({"CHANNEL", "EVENT", "HANDED OVER", "ANSWERED", "STATE", "ANSWER"});
  const row none;
  for (const auto& one : seen.deliveries) {
    const auto& attempts = one.read.list("attempts");
    const row& last = attempts.empty() ? none : attempts.back();
    shown.add({one.read.top["channel"], one.read.top["event"], since(begun, last["started_at"]),
               since(begun, last["ended_at"]), state_words(one.read.top), first_of(last["answer"])});
  }
  run.print(shown.text());
  if (why != nullptr) print_untried(run, seen, *why);
  print_acknowledgement(run, seen, note);
}

void print_document(session& run, const row& verdict, const drill_so_far& seen) {
  wire::json_writer json;
  json.open_object().text("answer", verdict["answer"]).text("text", verdict["text"]);
  json.key("alert").raw(seen.alert.body).key("deliveries").open_array();
  for (const auto& one : seen.deliveries) json.raw(one.body);
  json.close_array().close_object();
  run.print(json.str() + "\n");
}

// The one that was begun before goes on, and is all that can be shown.
void tell_of_earlier(session& run, const std::string& alert) {
  auto asked = run.ask(http_method::get, "/api/v1/alerts/" + percent_encode(alert));
  if (const auto* reply = std::get_if<session::reply>(&asked))
    run.print(
        fmt::format("NO NEW DRILL: what follows is the one that began at {} ({}); another can begin ten minutes "
                    "after that\n",
                    at_time(reply->read.top["since"]), ago(reply->read.top["since"], run.now())));
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
  const auto& begun = std::get<session::reply>(asked);
  const row& verdict = begun.read.top;
  const auto [alert, note] = verdict_in(verdict["text"]);
  const bool waits = !given.no_wait && !alert.empty();
  if (!run.wants_json())
    run.print(verdict["text"] + "\n");
  else if (!waits)
    run.print(begun.body + "\n");
  if (!waits) return verdict["answer"] == "done" ? exit_ok : exit_negative;
  if (verdict["answer"] == "already" && !run.wants_json()) tell_of_earlier(run, alert);
  auto watched = watch(run, alert, note.empty());
  if (const int* code = std::get_if<int>(&watched)) return *code;
  const auto& seen = std::get<drill_so_far>(watched);
  const auto why = explained(run, seen);
  if (run.wants_json())
    print_document(run, verdict, seen);
  else
    report(run, seen, why ? &*why : nullptr, note);
  const bool asleep = why && keeps_people_asleep(*why);
  return all_taken(seen) && !asleep ? exit_ok : exit_negative;
}

} // namespace ringdown::ctl
