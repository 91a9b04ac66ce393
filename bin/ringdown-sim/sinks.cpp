#include "bin/ringdown-sim/sinks.hpp"

#include "bin/ringdown-sim/mail_text.hpp"
#include "bin/ringdown-sim/slack_hook.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ringdown::sim {

namespace {

constexpr long ntfy_keeps = 12L * 3600; // ntfy's cache-duration, 12 hours unless configured

constexpr auto told_headers = std::to_array<std::string_view>(
    {"webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "user-agent", "x-sequence-id"});

bool valid_topic(std::string_view topic) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !topic.empty() && topic.size() <= 64 && std::all_of(topic.begin(), topic.end(), fits);
}

std::string_view path_of(const question& what) {
  return std::string_view(what.target).substr(0, what.target.find('?'));
}

std::string field(const arguments& of, std::string_view key) {
  const auto at = of.find(key);
  return at == of.end() ? std::string() : at->second;
}

answer ntfy_error(int code, std::string_view words) {
  answer out;
  out.status = code / 100;
  out.body = share(fmt::format(R"({{"code":{},"http":{},"error":"{}","link":"https://ntfy.sh/docs/publish/"}})", code,
                               code / 100, words));
  return out;
}

// `match` is looked for in "PATH TOPIC\nBODY".
arriving as_seen(sink_kind at, const question& what, std::string_view topic) {
  return {name(at), fmt::format("{} {}\n{}", what.target, topic, what.body)};
}

answer plain_status(const command& rule) {
  answer out;
  out.status = static_cast<int>(rule.number("status").value_or(500));
  out.body = share(rule["text"].empty() ? fmt::format(R"({{"error":"status {} as told"}})", out.status)
                                        : fmt::format(R"({{"errors":[{}]}})", json_text(rule["text"])));
  if (!rule["retry_after"].empty()) out.headers.emplace_back("Retry-After", rule["retry_after"]);
  return out;
}

} // namespace

std::string_view name(sink_kind kind) {
  switch (kind) {
    case sink_kind::ntfy: return "ntfy";
    case sink_kind::webhook: return "webhook";
    case sink_kind::smtp: return "smtp";
    case sink_kind::slack: return "slack";
    case sink_kind::autotask: return "autotask";
  }
  return "";
}

sinks::sinks(effect_log& effects, sink_rules& rules, std::uint64_t seed)
    : effects_(effects),
      rules_(rules),
      random_(seed) {}

bool sinks::knows(std::string_view verb) { return verb.starts_with("ticket_"); }

void sinks::apply(const command& what) {
  const long ticket = what.number("ticket").value_or(0);
  if (what.verb == "ticket_close")
    desk_.close_by_hand(ticket, what["resolution"]);
  else
    desk_.remove(ticket);
}

answer sinks::receive(sink_kind at, const question& what, wall_time now) {
  if (what.method == "GET" && at != sink_kind::autotask) {
    answer out;
    out.body = share(R"({"healthy":true})");
    return out;
  }
  if (at == sink_kind::smtp && what.method == "AUTH") return log_in(what);
  const auto of = understand(at, what);
  auto given = decide(at, what, of, now);
  tell(at, what, of, given, now);
  rules_.alarm(as_seen(at, what, of.topic));
  return given;
}

sinks::arrival sinks::understand_letter(const question& what) {
  arrival out;
  const auto read = understand_mail(what.body);
  constexpr auto told = std::to_array<std::pair<const char*, const char*>>({{"subject", "Subject"},
                                                                            {"references", "References"},
                                                                            {"event", "X-Ringdown-Event"},
                                                                            {"severity", "X-Ringdown-Severity"}});
  for (const auto& [key, name] : told) out.fields.emplace(key, header(read.headers, name).value_or(""));
  out.key = header(read.headers, "Message-ID").value_or("");
  out.fields.emplace("to", what.target);
  out.fields.emplace("from", header(what.headers, "envelope-from").value_or(""));
  out.fields.emplace("text", read.text);
  return out;
}

// A login is no arrival: it is answered, and a fault of mode refuse_login spoils nothing else.
answer sinks::log_in(const question& what) {
  answer out;
  auto seen = as_seen(sink_kind::smtp, what, {});
  seen.on = "login";
  out.status = rules_.next(seen) ? 535 : 235;
  return out;
}

sinks::arrival sinks::understand(sink_kind at, const question& what) const {
  arrival out;
  switch (at) {
    case sink_kind::ntfy: return understand_ntfy(what);
    case sink_kind::autotask: return understand_autotask(what);
    case sink_kind::smtp: return understand_letter(what);
    case sink_kind::webhook: out.key = header(what.headers, "webhook-id").value_or(""); break;
    case sink_kind::slack: {
      const auto message = read_slack(what);
      out.fields = {{"title", message.title}, {"message", message.text}};
      break;
    }
  }
  return out;
}

sinks::arrival sinks::understand_autotask(const question& what) const {
  arrival out;
  out.call = desk_.understand(what);
  out.topic = out.call.name;
  out.key = out.call.reference;
  out.fields = out.call.fields;
  return out;
}

sinks::arrival sinks::understand_ntfy(const question& what) {
  arrival out;
  out.topic = path_of(what).substr(1);
  out.key = header(what.headers, "x-sequence-id").value_or("");
  if (out.topic.empty()) {
    auto members = parse_json_members(what.body, nested_members::skipped);
    out.well_formed = members.ok();
    if (members) out.fields = *members;
    out.topic = field(out.fields, "topic");
    if (out.key.empty()) out.key = field(out.fields, "sequence_id");
    return out;
  }
  out.fields.emplace("message", what.body);
  for (const auto* key : {"title", "priority", "tags", "click", "actions"}) {
    if (const auto given = header(what.headers, key)) out.fields.emplace(key, *given);
    if (const auto given = header(what.headers, fmt::format("x-{}", key))) out.fields.emplace(key, *given);
  }
  return out;
}

answer sinks::good(sink_kind at, const question& what, const arrival& of, wall_time now) {
  switch (at) {
    case sink_kind::ntfy: return good_ntfy(of, now);
    case sink_kind::slack: return answer_of(read_slack(what));
    case sink_kind::autotask: return desk_.serve(what, of.call);
    case sink_kind::smtp: {
      answer taken;
      taken.status = 250;
      return taken;
    }
    case sink_kind::webhook: break;
  }
  answer out;
  out.body = share(R"({"received":true})");
  return out;
}

answer sinks::good_ntfy(const arrival& of, wall_time now) {
  answer out;
  if (!of.well_formed) return ntfy_error(40017, "invalid request: request body must be message JSON");
  if (!valid_topic(of.topic)) return ntfy_error(40009, "invalid request: topic invalid");
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string id;
  for (int i = 0; i < 12; ++i) id += letters[random_() % letters.size()];
  const auto seconds = static_cast<long>(micros(now) / 1'000'000);
  auto text = fmt::format(R"({{"id":"{}",)", id);
  if (!of.key.empty()) text += fmt::format(R"("sequence_id":{},)", json_text(of.key));
  text += fmt::format(R"("time":{},"expires":{},"event":"message","topic":"{}","message":{})", seconds,
                      seconds + ntfy_keeps, of.topic, json_text(field(of.fields, "message")));
  if (of.fields.contains("title")) text += fmt::format(R"(,"title":{})", json_text(field(of.fields, "title")));
  out.body = share(text + "}");
  return out;
}

answer sinks::decide(sink_kind at, const question& what, const arrival& of, wall_time now) {
  const auto by = rules_.next(as_seen(at, what, of.topic));
  const auto mode = by ? (*by)["mode"] : std::string_view("ok");
  if (mode == "status") return plain_status(*by);
  if (mode == "not_ok") return slack_not_ok();
  auto out = good(at, what, of, now);
  if (mode == "slow") out.delay = by->span("delay").value_or(std::chrono::seconds(1));
  if (mode == "truncated") out.then = ending::truncate;
  if (mode == "html") {
    out.content_type = "text/html";
    out.body = share("<html><body>Sign in to continue</body></html>");
  }
  // What is recorded as answered for these is 0: the sender sees no status.
  if (mode == "hang") out.then = ending::hang;
  if (mode == "reset") out.then = ending::reset;
  if (mode == "drop_after_accept") out.then = ending::drop;
  if (out.then != ending::keep && out.then != ending::truncate) out.status = 0;
  return out;
}

void sinks::tell(sink_kind at, const question& what, const arrival& of, const answer& given, wall_time now) {
  journal_line line(now, name(at));
  line.add("n", effects_.count() + 1).add("method", what.method).add("path", path_of(what));
  if (at == sink_kind::ntfy) line.add("topic", of.topic);
  if (at == sink_kind::autotask) line.add("call", of.call.name).add("ticket", of.call.ticket);
  for (const auto* key :
       {"title", "message", "priority", "click", "subject", "to", "from", "event", "severity", "references", "text"}) {
    if (of.fields.contains(key)) line.add(key, field(of.fields, key));
  }
  line.add("key", of.key).add("answered", given.status).add("source", what.from);
  std::string headers;
  for (const auto wanted : told_headers) {
    if (const auto value = header(what.headers, wanted)) {
      headers += fmt::format("{}\"{}\":{}", headers.empty() ? "" : ",", wanted, json_text(valid_utf8(*value)));
    }
  }
  line.add_json("headers", fmt::format("{{{}}}", headers)).add("body", what.body);
  effects_.tell(line);
}

} // namespace ringdown::sim
