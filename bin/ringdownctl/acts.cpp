#include "bin/ringdownctl/commands.hpp"
#include "bin/ringdownctl/table.hpp"
#include "protocol/types/alert.hpp"
#include "protocol/wire/json_writer.hpp"
#include "protocol/wire/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace ringdown::ctl {

namespace {

constexpr std::size_t longest_outcome = 2000;

bool has_ended(const row& delivery) { return delivery["state"] != "pending" && delivery["state"] != "claimed"; }

// "sent: HTTP 200", "dead (refused): HTTP 403", "still pending after 10 s: HTTP 503".
std::string outcome_text(const row& delivery) {
  std::string text = has_ended(delivery) ? delivery["state"] : fmt::format("still {} after 10 s", delivery["state"]);
  if (!delivery["reason"].empty()) text += fmt::format(" ({})", delivery["reason"]);
  if (!delivery["answer"].empty()) text += ": " + delivery["answer"];
  if (!has_ended(delivery)) text += fmt::format("; ringdownctl delivery {} shows how it goes on", delivery["id"]);
  return wire::paragraphs(text, longest_outcome) + "\n";
}

using fields = std::vector<std::pair<std::string_view, std::string>>;

struct verdict {
  session::reply reply;
  int code = exit_ok;
};

std::variant<verdict, int> ask(session& run, const std::string& path, std::string body) {
  auto asked = run.ask(http_method::post, path, std::move(body));
  if (const int* code = std::get_if<int>(&asked)) return *code;
  verdict made{std::move(std::get<session::reply>(asked)), exit_ok};
  const std::string& answer = made.reply.read.top["answer"];
  if (answer == "stale" || answer == "refused" || answer == "unknown_subject") made.code = exit_negative;
  return made;
}

void say(session& run, const verdict& made) {
  if (run.wants_json())
    run.print(made.reply.body + "\n");
  else
    run.print(first_of(made.reply.read.top["text"], made.reply.read.top["answer"]) + "\n");
}

int ask_for(session& run, const std::string& path, std::string body) {
  auto asked = ask(run, path, std::move(body));
  if (const int* code = std::get_if<int>(&asked)) return *code;
  const auto& made = std::get<verdict>(asked);
  say(run, made);
  return made.code;
}

int ask_for(session& run, const std::string& path, const fields& body) { return ask_for(run, path, body_of(body)); }

constexpr auto look_every = std::chrono::milliseconds(200);
constexpr int most_looks = 50;          // ten seconds
constexpr int most_looks_at_call = 375; // 75 s: it rings, and is listened to

// How the delivery that was made for us ended, with the provider's own words (C-09).
int follow(session& run, const std::string& id) {
  std::optional<session::reply> seen;
  for (int looks = 0; looks < most_looks && !(seen && has_ended(seen->read.top)); ++looks) {
    if (seen) run.pause(look_every);
    auto asked = run.ask(http_method::get, "/api/v1/deliveries/" + percent_encode(id));
    if (const int* code = std::get_if<int>(&asked)) return *code;
    seen = std::move(std::get<session::reply>(asked));
  }
  const row& delivery = seen->read.top;
  const std::string& state = delivery["state"];
  if (run.wants_json())
    run.print(seen->body + "\n");
  else
    run.print(outcome_text(delivery));
  if (!has_ended(delivery)) return exit_later;
  return state == "dead" || state == "suppressed" || state == "unknown" ? exit_negative : exit_ok;
}

int ask_and_follow(session& run, const std::string& path, const fields& body) {
  auto asked = ask(run, path, body_of(body));
  if (const int* code = std::get_if<int>(&asked)) return *code;
  const auto& made = std::get<verdict>(asked);
  const std::string delivery = made.reply.read.top["delivery"];
  const bool follows = made.code == exit_ok && !delivery.empty() && !run.given().no_wait;
  if (!follows || !run.wants_json()) say(run, made);
  return follows ? follow(run, delivery) : made.code;
}

bool is_placed(const row& call) { return call["state"] == "sent" || call["state"] == "confirmed"; }

// "not called, dead (refused): HTTP 403", "the call is placed: HTTP 201", "ringing", "ended (no_answer)"; empty: nothing yet.
std::string call_words(const row& call) {
  if (!has_ended(call)) return {};
  const std::string& stage = call["call_stage"];
  if (!stage.empty() && stage != "wanted" && stage != "placed")
    return call["call_result"].empty() ? stage : fmt::format("{} ({})", stage, call["call_result"]);
  std::string words = is_placed(call) ? "the call is placed" : fmt::format("not called, {}", call["state"]);
  if (!call["reason"].empty()) words += fmt::format(" ({})", call["reason"]);
  return call["answer"].empty() ? words : fmt::format("{}: {}", words, call["answer"]);
}

bool is_call_over(const row& call) { return call["call_stage"] == "ended" || (has_ended(call) && !is_placed(call)); }

// Unless it is known that nobody took it.
bool may_have_heard(const row& call) {
  const std::string& result = call["call_result"];
  const bool lost = result == "no_answer" || result == "busy" || result == "failed" || result == "cancelled";
  return !lost && (is_placed(call) || call["state"] == "unknown");
}

// Says what the call does as it does it; the call as it was last seen.
std::variant<session::reply, int> watch_call(session& run, const std::string& id) {
  std::optional<session::reply> seen;
  std::string said;
  for (int looks = 0; looks < most_looks_at_call && !(seen && is_call_over(seen->read.top)); ++looks) {
    if (looks >= most_looks && !has_ended(seen->read.top)) break;
    if (seen) run.pause(look_every);
    auto asked = run.ask(http_method::get, "/api/v1/deliveries/" + percent_encode(id));
    if (const int* code = std::get_if<int>(&asked)) return *code;
    seen = std::move(std::get<session::reply>(asked));
    const std::string words = wire::one_line(call_words(seen->read.top), longest_outcome);
    if (words != said && !run.wants_json()) run.print(fmt::format("  {}\n", words));
    said = words;
  }
  return std::move(*seen);
}

// What to type next.
std::string after_call(const session& run, const row& call) {
  if (!has_ended(call)) return outcome_text(call);
  const std::string tenant = "--tenant " + run.given().tenant;
  return may_have_heard(call)
             ? fmt::format("now: ringdownctl phone confirm {} CODE {}\n", run.word(1), tenant)
             : fmt::format("no code was heard; to call again: ringdownctl phone verify {} {}\n", run.word(1), tenant);
}

int verify_phone(session& run, const std::string& path, const fields& body) {
  auto asked = ask(run, path, body_of(body));
  if (const int* code = std::get_if<int>(&asked)) return *code;
  const auto& made = std::get<verdict>(asked);
  const std::string delivery = made.reply.read.top["delivery"];
  const bool follows = made.code == exit_ok && !delivery.empty() && !run.given().no_wait;
  if (!follows || !run.wants_json()) say(run, made);
  if (!follows) return made.code;
  auto watched = watch_call(run, delivery);
  if (const int* code = std::get_if<int>(&watched)) return *code;
  const auto& seen = std::get<session::reply>(watched);
  const row& call = seen.read.top;
  run.print(run.wants_json() ? seen.body + "\n" : after_call(run, call));
  if (!has_ended(call)) return exit_later;
  return may_have_heard(call) ? exit_ok : exit_negative;
}

std::string alert_path(session& run, std::string_view act) {
  return fmt::format("/api/v1/alerts/{}/{}", percent_encode(run.word(0)), act);
}

bool is_span(const std::string& text) {
  const auto span = parse_duration(text);
  return span && *span > duration{};
}

int complain_of_span(session& run, const std::string& text) {
  return run.complain(exit_usage, fmt::format("\"{}\" is not a duration like 30m, 2h or 1h30m", text));
}

// Ends what is quiet: of one type, or everything.
int lift(session& run, const std::string& path, const std::string& type) {
  const arguments& given = run.given();
  wire::json_writer json;
  json.open_object().truth("off", true).text("by", given.by);
  if (!given.tenant.empty()) json.text("tenant", given.tenant);
  if (!type.empty()) json.text("type", type);
  if (!given.reason.empty()) json.text("reason", given.reason);
  json.close_object();
  return ask_for(run, path, std::move(json).str());
}

const row* person_of(const session::reply& reply, std::string_view user) {
  const auto& people = reply.read.list("people");
  const auto at = std::ranges::find_if(people, [&](const row& one) { return one["user"] == user; });
  return at == people.end() ? nullptr : &*at;
}

// Why nobody rings there, with what to do about it; empty when they do, or where nothing rings at all.
std::string not_called(const session::reply& reply, const row& person, const std::string& tenant) {
  const std::string& why = person["not_called"];
  if (why.empty() || reply.read.top["calls"] != "true") return {};
  std::string because = why;
  if (why == "no_phone") because = "no phone in the tenant's file";
  if (why == "no_consent") because = "no voice_consent in the tenant's file";
  if (why == "invalid_number") because = "the phone in the tenant's file is no number that could be called";
  if (why == "region_denied") because = "the number is outside the regions of the voice channel";
  if (why == "not_verified")
    because =
        fmt::format("the number is not verified: ringdownctl phone verify {} --tenant {}", person["user"], tenant);
  return fmt::format("warning: {} will not be called: {}\n", person["user"], because);
}

int set_on_call(session& run, const std::string& path) {
  const arguments& given = run.given();
  const std::string user = run.word(0) == "file" ? "" : run.word(0);
  const int code = ask_for(run, path, {{"user", user}, {"by", given.by}});
  if (code != exit_ok || run.wants_json()) return code;
  auto asked = run.ask(http_method::get, path);
  if (const int* failed = std::get_if<int>(&asked)) return *failed;
  const auto& reply = std::get<session::reply>(asked);
  const row* person = person_of(reply, user.empty() ? reply.read.top["user"] : user);
  if (person != nullptr) run.print(not_called(reply, *person, given.tenant));
  return code;
}

// "jo is on call (by the file)", and whether a call would reach them.
std::string on_call_text(const session::reply& reply, const std::string& tenant) {
  const row& top = reply.read.top;
  if (top["user"].empty()) return "nobody is on call\n";
  std::string text =
      fmt::format("{} is on call ({})\n", top["user"],
                  top["from"] == "file" ? "by the file" : fmt::format("set by {} at {}", top["by"], top["at"]));
  const row* person = person_of(reply, top["user"]);
  if (person == nullptr) return text;
  const row& one = *person;
  text += fmt::format("phone {}, {}, {}\n", first_of(one["number"], "none"),
                      one["consent"] == "true" ? "consent given" : "no consent",
                      one["verified"].empty() ? "not verified" : "verified " + at_time(one["verified"]));
  return text + not_called(reply, one, tenant);
}

} // namespace

int acknowledge(session& run) { return ask_for(run, alert_path(run, "ack"), {{"by", run.given().by}, {"via", "cli"}}); }

int snooze(session& run) {
  if (!is_span(run.word(1))) return complain_of_span(run, run.word(1));
  return ask_for(run, alert_path(run, "snooze"), {{"for", run.word(1)}, {"by", run.given().by}, {"via", "cli"}});
}

int renotify(session& run) {
  return ask_for(run, alert_path(run, "renotify"), {{"by", run.given().by}, {"via", "cli"}});
}

int mute_type(session& run) {
  const arguments& given = run.given();
  if (given.tenant.empty()) return run.complain(exit_usage, "mute needs --tenant ID");
  const bool off = run.word(1) == "off";
  if (!off && !is_span(run.word(1))) return complain_of_span(run, run.word(1));
  if (!parse_alert_type(run.word(0))) {
    std::string known;
    for (const alert_type_facts& one : alert_types()) known += fmt::format("{}{}", known.empty() ? "" : ", ", one.name);
    return run.complain(exit_usage, fmt::format("\"{}\" is no alert type; there are {}", run.word(0), known));
  }
  if (off) return lift(run, "/api/v1/mutes", run.word(0));
  return ask_for(run, "/api/v1/mutes",
                 {{"tenant", given.tenant},
                  {"type", run.word(0)},
                  {"for", run.word(1)},
                  {"reason", given.reason},
                  {"by", given.by}});
}

int silence(session& run) {
  const arguments& given = run.given();
  if (given.tenant.empty() != given.all) return run.complain(exit_usage, "silence needs either --tenant ID or --all");
  if (run.word(0) == "off") return lift(run, "/api/v1/silence", {});
  if (given.reason.empty())
    return run.complain(exit_usage, "silence needs --reason TEXT: it is kept in the audit trail");
  if (!is_span(run.word(0))) return complain_of_span(run, run.word(0));
  return ask_for(run, "/api/v1/silence",
                 {{"tenant", given.tenant}, {"for", run.word(0)}, {"reason", given.reason}, {"by", given.by}});
}

int resend(session& run) {
  return ask_and_follow(run, fmt::format("/api/v1/deliveries/{}/resend", percent_encode(run.word(0))),
                        {{"by", run.given().by}});
}

int restart_actor(session& run) {
  return ask_for(run, "/api/v1/actors/restart", {{"name", run.word(0)}, {"by", run.given().by}});
}

int drain_node(session& run) {
  if (run.word(0) != "drain")
    return run.complain(exit_usage, fmt::format("node {}? there is only 'node drain NODE'", run.word(0)));
  return ask_for(run, fmt::format("/api/v1/nodes/{}/drain", percent_encode(run.word(1))),
                 {{"off", run.given().off ? "true" : ""}, {"by", run.given().by}});
}

int on_call(session& run) {
  const arguments& given = run.given();
  if (given.tenant.empty()) return run.complain(exit_usage, "oncall needs --tenant ID");
  const std::string path = fmt::format("/api/v1/tenants/{}/oncall", percent_encode(given.tenant));
  if (!given.words.empty()) return set_on_call(run, path);
  auto asked = run.ask(http_method::get, path);
  if (const int* code = std::get_if<int>(&asked)) return *code;
  const auto& reply = std::get<session::reply>(asked);
  run.print(run.wants_json() ? reply.body + "\n" : on_call_text(reply, given.tenant));
  return exit_ok;
}

int phone(session& run) {
  const arguments& given = run.given();
  const std::string act = run.word(0);
  const bool confirms = act == "confirm";
  if (act != "verify" && !confirms) return run.complain(exit_usage, "phone: say 'verify' or 'confirm'");
  if (given.tenant.empty()) return run.complain(exit_usage, "phone needs --tenant ID");
  if (confirms != (given.words.size() == 3))
    return run.complain(exit_usage, confirms ? "phone confirm needs USER and CODE" : "phone verify needs USER alone");
  const std::string path =
      fmt::format("/api/v1/tenants/{}/phones/{}", percent_encode(given.tenant), confirms ? "confirm" : "code");
  fields body{{run.word(1).starts_with("+") ? "number" : "user", run.word(1)}, {"by", given.by}};
  if (!confirms) return verify_phone(run, path, body);
  body.emplace_back("code", run.word(2));
  return ask_for(run, path, body);
}

int test_channel(session& run) {
  const arguments& given = run.given();
  std::string tenant = given.tenant;
  std::string channel = run.word(0);
  // TENANT/CHANNEL does as well.
  if (const auto slash = channel.find('/'); tenant.empty() && slash != std::string::npos) {
    tenant = channel.substr(0, slash);
    channel = channel.substr(slash + 1);
  }
  if (tenant.empty()) return run.complain(exit_usage, "test-channel needs TENANT/CHANNEL, or CHANNEL and --tenant ID");
  return ask_and_follow(
      run, fmt::format("/api/v1/tenants/{}/channels/{}/test", percent_encode(tenant), percent_encode(channel)),
      {{"by", given.by}});
}

} // namespace ringdown::ctl
