#include "bin/ringdownctl/commands.hpp"
#include "bin/ringdownctl/reason_words.hpp"
#include "bin/ringdownctl/table.hpp"
#include "protocol/wire/text.hpp"
#include "ringdown_version.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ranges>
#include <set>

namespace ringdown::ctl {

namespace {

constexpr std::size_t longest_value = 400;
constexpr std::size_t longest_summary = 4000;
constexpr std::size_t widest_table = 120;

struct line {
  std::string_view label;
  std::string value;
};

// Only what is known is shown.
std::string lines_text(const std::vector<line>& lines) {
  std::size_t width = 0;
  for (const line& one : lines)
    if (!one.value.empty() && one.value != "-") width = std::max(width, one.label.size());
  std::string text;
  for (const line& one : lines) {
    if (one.value.empty() || one.value == "-") continue;
    text += fmt::format("{:<{}}  {}\n", one.label, width, wire::one_line(one.value, longest_value));
  }
  return text;
}

std::string when(const row& of, std::string_view field, wall_time now) {
  return of[field].empty() ? std::string() : fmt::format("{} ({})", at_time(of[field]), ago(of[field], now));
}

std::string with_note(const std::string& text, const std::string& note) {
  return note.empty() ? text : text.empty() ? note : fmt::format("{} ({})", text, note);
}

// `prefix` is where the alert's fields stand: "" or "alert.".
std::string alert_text(const row& alert, std::string_view prefix, wall_time now) {
  row a;
  for (const auto& [name, value] : alert.fields)
    if (name.starts_with(prefix)) a.fields[name.substr(prefix.size())] = value;
  const std::string since = a["not_before"].empty()
                                ? when(a, "since", now)
                                : fmt::format("between {} and {}", at_time(a["not_before"]), at_time(a["since"]));
  const std::string thing = a["resource.name"].empty() ? a["resource.id"] : a["resource.name"];
  std::string marks;
  for (const std::string_view flag : {"removed", "flapping", "first_sight", "settling", "drill"})
    if (a[flag] == "true") marks += fmt::format("{}{}", marks.empty() ? "" : ", ", flag);
  return lines_text(
      {{"alert", fmt::format("{} (episode {}, version {})", a["id"], a["episode"], a["version"])},
       {"what", fmt::format("{}{}{}, {}", a["type"], thing.empty() ? "" : " ", thing, a["severity"])},
       {"state", with_note(a["state"], marks)},
       {"where", with_note(a["instance"].empty() ? a["tenant"] : fmt::format("{} / {}", a["tenant"], a["instance"]),
                           a["instance_name"])},
       {"customer", a["customer"]},
       {"provider", a["resource.provider"]},
       {"cause", with_note(a["cause"], a["detail"])},
       {"since", since},
       {"opened", when(a, "opened_at", now)},
       {"resolved", when(a, "resolved_at", now)},
       {"unseen since", when(a, "unseen_since", now)},
       {"acknowledged", a["acknowledged.by"].empty()
                            ? std::string()
                            : fmt::format("by {} over {}, {}", a["acknowledged.by"], a["acknowledged.via"],
                                          when(a, "acknowledged.at", now))},
       {"snoozed until", when(a, "snoozed_until", now)},
       {"kept quiet by", a["masks"]},
       {"part of", a["parent"]},
       {"trace", a["trace"]}});
}

// The answer, or nullopt when the command has ended with `code` (an error, or JSON printed).
std::optional<session::reply> fetch(session& run, const std::string& path, int& code) {
  auto asked = run.ask(http_method::get, path);
  if (const int* ended = std::get_if<int>(&asked)) {
    code = *ended;
    return std::nullopt;
  }
  auto& reply = std::get<session::reply>(asked);
  if (!run.wants_json()) return std::move(reply);
  run.print(reply.body + "\n");
  code = exit_ok;
  return std::nullopt;
}

// Not a field of the API: see with_calls_over.
constexpr std::string_view call_over = "call_over";

bool was_taken(const row& one) {
  const std::string& state = one["delivery_state"];
  return state == "sent" || state == "confirmed" || state == "digested";
}

// How a call ended that told nobody; empty: it told somebody, goes on, or is none.
std::string lost_call_words(const row& one) {
  const std::string& result = one["call_result"];
  if (result == "no_answer") return "nobody answered";
  if (result == "busy") return "it was busy";
  if (result == "machine") return "a machine answered";
  if (result == "failed") return "it could not be connected";
  return result == "cancelled" ? "it was called off" : "";
}

bool goes_on(const row& one) { return one["call_stage"] == "placed" || one["call_stage"] == "ringing"; }

// A provider that took a call has told nobody yet.
bool has_arrived(const row& one) { return was_taken(one) && lost_call_words(one).empty() && !goes_on(one); }

// "yes (sent)", "no", "no (suppressed)", "no (busy)", "not yet (pending)", "not yet (ringing)", "perhaps (unknown)".
std::string told_words(const row& one) {
  if (was_taken(one) && !has_arrived(one))
    return goes_on(one) ? fmt::format("not yet ({})", one["call_stage"]) : fmt::format("no ({})", one["call_result"]);
  if (one["delivery"].empty()) return one["reason"] == "call_due" && one[call_over].empty() ? "not yet" : "no";
  const std::string state = first_of(one["delivery_state"], "made");
  if (has_arrived(one)) return fmt::format("yes ({})", state);
  if (state == "unknown") return fmt::format("perhaps ({})", state);
  return fmt::format("{} ({})", state == "dead" || state == "suppressed" ? "no" : "not yet", state);
}

// Why it was to be told or not; then what came in between, and what the provider said.
std::string why_words(const row& one) {
  // "due by 03:06:05 UTC, unless ...": nothing is to come.
  if (const std::string& due = one["detail"]; !one[call_over].empty())
    return fmt::format("{} ({}): {}", one[call_over], one["reason"], due.substr(0, due.find(',')));
  std::string why = reason_words(one["reason"]);
  if (!one["delivery_why"].empty()) why += "; but " + reason_words(one["delivery_why"]);
  if (const std::string lost = lost_call_words(one); !lost.empty() && was_taken(one))
    return fmt::format("{}; but {} ({})", why, lost, one["call_result"]);
  const std::string more = first_of(one["detail"], one["answer"]);
  return more == "-" ? why : fmt::format("{}: {}", why, more);
}

// What was decided of a call that was to come is said as it stands now: later news of its channel, or the alert, overtook it.
std::vector<row> with_calls_over(std::vector<row> decisions, const row& alert) {
  std::set<std::string> told_since;
  for (row& one : decisions | std::views::reverse) {
    const bool first_since = told_since.insert(one["channel"]).second;
    if (one["reason"] != "call_due") continue;
    if (!first_since)
      one.fields[std::string(call_over)] = "what became of its call is said below";
    else if (alert["alert.state"] != "firing" || one["episode"] != alert["alert.episode"])
      one.fields[std::string(call_over)] = "it was over or acknowledged before its call";
  }
  return decisions;
}

// Nothing is tried any more of what has ended.
bool is_on_its_way(const row& delivery) { return delivery["state"] == "pending" || delivery["state"] == "claimed"; }

std::string who(const row& one) {
  return one["target"].empty() ? first_of(one["channel"], "everybody")
                               : fmt::format("{} {}", one["channel"], one["target"]);
}

// The last news for one who was to be told, and the last that is known to have arrived of the same episode.
struct news_for {
  const row* last = nullptr;
  const row* heard = nullptr;
};

std::string bad_news(const news_for& whom) {
  const row& one = *whom.last;
  const bool waits = told_words(one).starts_with("not yet");
  const bool heard = whom.heard != nullptr && (*whom.heard)["episode"] == one["episode"];
  const std::string before = heard ? fmt::format(" told of \"{}\",", (*whom.heard)["event"]) : std::string();
  const std::string subject =
      one["channel"].empty() ? "nobody" : fmt::format("{}{} not{}", who(one), before, waits ? " yet" : "");
  return fmt::format("{}{} of \"{}\": {}\n", subject, heard ? "" : " told", one["event"], why_words(one));
}

// What was decided for all at once stands only while nothing came after it.
std::string in_short(const std::vector<row>& decisions) {
  std::map<std::string, news_for> news;
  for (const row& one : decisions) {
    if (one["channel"].empty() && &one != &decisions.back()) continue;
    news_for& whom = news[who(one)];
    whom.last = &one;
    if (has_arrived(one)) whom.heard = &one;
  }
  std::string told;
  std::string others;
  for (const auto& [whom, known] : news) {
    if (has_arrived(*known.last))
      told += fmt::format("{}{}", told.empty() ? "" : ", ", whom);
    else
      others += bad_news(known);
  }
  return (told.empty() ? std::string() : fmt::format("told: {}\n", told)) + others;
}

} // namespace

std::string others_in_short(const session::reply& explained, const std::set<std::string>& tried) {
  auto decisions = with_calls_over(explained.read.list("items"), explained.read.top);
  std::erase_if(decisions, [&](const row& one) { return one["channel"].empty() || tried.contains(one["channel"]); });
  return decisions.empty() ? std::string() : wire::paragraphs(in_short(decisions), longest_summary);
}

int show_alert(session& run) {
  int code = exit_ok;
  const auto reply = fetch(run, "/api/v1/alerts/" + percent_encode(run.word(0)), code);
  if (!reply) return code;
  run.print(alert_text(reply->read.top, "", run.now()));
  return exit_ok;
}

int explain_alert(session& run) {
  int code = exit_ok;
  const auto reply = fetch(run, "/api/v1/alerts/" + percent_encode(run.word(0)) + "/explain", code);
  if (!reply) return code;
  run.print(alert_text(reply->read.top, "alert.", run.now()));
  const auto items = with_calls_over(reply->read.list("items"), reply->read.top);
  if (items.empty()) {
    run.print("\nno decision about it is stored yet\n");
    return exit_ok;
  }
  run.print("\n" + wire::paragraphs(in_short(items), longest_summary) + "\n");
  table shown({"AT (UTC)", "EPISODE", "EVENT", "CHANNEL", "TOLD", "WHY", "GATES"});
  for (const row& one : items)
    shown.add({at_time(one["at"]).substr(0, 19), fmt::format("{}.{}", one["episode"], one["version"]), one["event"],
               who(one), told_words(one), why_words(one), one["gates"]});
  run.print(shown.text_within(widest_table));
  return exit_ok;
}

int show_delivery(session& run) {
  int code = exit_ok;
  const auto reply = fetch(run, "/api/v1/deliveries/" + percent_encode(run.word(0)), code);
  if (!reply) return code;
  const row& d = reply->read.top;
  run.print(lines_text({{"delivery", d["id"]},
                        {"what", fmt::format("{} {}, {}", d["event"], d["kind"], d["severity"])},
                        {"state", with_note(d["state"], d["reason"])},
                        {"where", with_note(fmt::format("{} / {}", d["tenant"], d["channel"]), d["target"])},
                        {"alert", d["alert"].empty() ? "none"
                                                     : fmt::format("{} (episode {}, version {})", d["alert"],
                                                                   d["episode"], d["version"])},
                        {"title", d["title"]},
                        {"created", when(d, "created_at", run.now())},
                        {"not before", when(d, "not_before", run.now())},
                        {"gives up", is_on_its_way(d) ? when(d, "give_up_at", run.now()) : std::string()},
                        {"ended", when(d, "ended", run.now())},
                        {"call", with_note(d["call_stage"], d["call_result"])},
                        {"reference", d["reference"]},
                        {"answer", d["answer"]},
                        {"repeat", d["possible_repeat"] == "true" ? "an earlier attempt may have arrived" : ""},
                        {"trace", d["trace"]}}));
  const auto& attempts = reply->read.list("attempts");
  if (attempts.empty()) {
    run.print("\nno attempt was made\n");
    return exit_ok;
  }
  run.print("\n");
  table shown({"TRY", "STARTED (UTC)", "OUTCOME", "STATUS", "ADDRESS", "ANSWER"});
  for (const row& one : attempts)
    shown.add({one["number"], at_time(one["started_at"]).substr(0, 19), one["outcome"], one["status"], one["address"],
               one["answer"]});
  run.print(shown.text_within(widest_table));
  return exit_ok;
}

int show_version(session& run) {
  if (!run.wants_json()) run.print(fmt::format("ringdownctl {}\n", version()));
  int code = exit_ok;
  const auto reply = fetch(run, "/api/v1/version", code);
  if (!reply) return code;
  run.print(fmt::format("ringdownd {} on {}\n", reply->read.top["version"], first_of(reply->read.top["node"])));
  return exit_ok;
}

} // namespace ringdown::ctl
