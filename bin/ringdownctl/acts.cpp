#include "bin/ringdownctl/commands.hpp"
#include "bin/ringdownctl/table.hpp"
#include "protocol/types/alert.hpp"

#include <fmt/format.h>

namespace ringdown::ctl {

namespace {

using fields = std::vector<std::pair<std::string_view, std::string>>;

int ask_for(session& run, const std::string& path, const fields& body) {
  auto asked = run.ask(http_method::post, path, body_of(body));
  if (const int* code = std::get_if<int>(&asked)) return *code;
  const auto& reply = std::get<session::reply>(asked);
  const std::string& verdict = reply.read.top["answer"];
  if (run.wants_json())
    run.print(reply.body + "\n");
  else
    run.print(first_of(reply.read.top["text"], verdict) + "\n");
  const bool negative = verdict == "stale" || verdict == "refused" || verdict == "unknown_subject";
  return negative ? exit_negative : exit_ok;
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
  if (!is_span(run.word(1))) return complain_of_span(run, run.word(1));
  if (!parse_alert_type(run.word(0))) {
    std::string known;
    for (const alert_type_facts& one : alert_types()) known += fmt::format("{}{}", known.empty() ? "" : ", ", one.name);
    return run.complain(exit_usage, fmt::format("\"{}\" is no alert type; there are {}", run.word(0), known));
  }
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
  if (given.reason.empty())
    return run.complain(exit_usage, "silence needs --reason TEXT: it is kept in the audit trail");
  if (!is_span(run.word(0))) return complain_of_span(run, run.word(0));
  return ask_for(run, "/api/v1/silence",
                 {{"tenant", given.tenant}, {"for", run.word(0)}, {"reason", given.reason}, {"by", given.by}});
}

int resend(session& run) {
  return ask_for(run, fmt::format("/api/v1/deliveries/{}/resend", percent_encode(run.word(0))),
                 {{"by", run.given().by}});
}

int restart_actor(session& run) {
  return ask_for(run, "/api/v1/actors/restart", {{"name", run.word(0)}, {"by", run.given().by}});
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
  return ask_for(run,
                 fmt::format("/api/v1/tenants/{}/channels/{}/test", percent_encode(tenant), percent_encode(channel)),
                 {{"by", given.by}});
}

} // namespace ringdown::ctl
