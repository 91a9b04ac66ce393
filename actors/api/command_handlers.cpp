#include "actors/api/handlers.hpp"

#include "actors/api/asking.hpp"
#include "actors/api/unknown_names.hpp"
#include "protocol/wire/api_json.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace ringdown::api {

namespace {

// What a body asks for, with who asks and over what already in it.
struct asked_command {
  command what;
  body_fields body;
};

result<asked_command> read_command(const server_request& request, command_kind kind,
                                   std::vector<std::string_view> keys) {
  keys.insert(keys.end(), {"by", "via"});
  auto body = read_body(request, keys);
  if (!body) return body.error();
  asked_command asked;
  asked.what.kind = kind;
  asked.what.by = by_whom(*body);
  asked.what.via = field(*body, "via").empty() ? "api" : field(*body, "via").substr(0, 20);
  asked.what.text = field(*body, "reason").substr(0, 300);
  asked.body = std::move(*body);
  return asked;
}

void ask_and_answer(context& in, command what, const respond& answer) {
  ask_tenant(in, std::move(what), [answer](const command_outcome& how) { answer(verdict_answer(how)); });
}

// A command about an alert: finds its tenant first.
void ask_about_alert(context& in, const std::string& alert, command what, const respond& answer) {
  const bool taken = in.reader->submit([&in, alert, what = std::move(what), answer](persistence::store& store) mutable {
    const auto found = store.find_alert(alert_id(alert));
    if (!found) return answer(problem(found.error()));
    if (!*found) return answer(problem(404, "not found", "no such alert"));
    what.tenant = (*found)->tenant;
    what.alert = (*found)->id;
    ask_and_answer(in, std::move(what), answer);
  });
  if (!taken) answer(problem(503, "unavailable", "too many questions at once; try again"));
}

// "for" (a duration) or "until" (RFC 3339).
result<wall_time> until_of(const body_fields& body, wall_time now) {
  const std::string span = field(body, "for");
  const std::string until = field(body, "until");
  if (!span.empty()) {
    const auto length = parse_duration(span);
    if (!length || *length <= duration{}) return failure{failure_kind::invalid, "for: not a duration like 30m or 2h"};
    return now + *length;
  }
  const auto at = parse_rfc3339(until);
  if (!at || *at <= now)
    return failure{failure_kind::invalid, "give for (a duration like 30m) or until (a time to come, RFC 3339)"};
  return *at;
}

// Only a number names an episode: anything else would pass for the current one, and stop an outage nobody looked at.
result<std::uint32_t> episode_of(const body_fields& body) {
  const auto given = body.find("episode");
  if (given == body.end()) return std::uint32_t{0};
  const std::string& text = given->second;
  std::uint32_t episode = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), episode);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || text.empty())
    return failure{failure_kind::invalid, "episode: a whole number; 0 or none means the current one"};
  return episode;
}

// Does a body end what was asked for before?
result<bool> is_off(const body_fields& body) {
  const std::string off = field(body, "off");
  if (!off.empty() && off != "true" && off != "false") return failure{failure_kind::invalid, "off: true or false"};
  if (off == "true" && (body.contains("for") || body.contains("until")))
    return failure{failure_kind::invalid, "off: goes without for and until"};
  return off == "true";
}

// The mute a body asks for, or the end of one.
result<command> mute_of(asked_command asked, wall_time now) {
  const auto off = is_off(asked.body);
  if (!off) return off.error();
  asked.what.tenant = tenant_id(field(asked.body, "tenant"));
  asked.what.subject = field(asked.body, "type");
  if (*off) {
    asked.what.kind = command_kind::lift_silence;
    return std::move(asked.what);
  }
  const auto until = until_of(asked.body, now);
  if (!until) return until.error();
  asked.what.until = *until;
  return std::move(asked.what);
}

// The silence a body asks for, or the end of one.
result<command> silence_of(asked_command asked, wall_time now) {
  const auto off = is_off(asked.body);
  if (!off) return off.error();
  if (*off) {
    asked.what.kind = command_kind::lift_silence;
    return std::move(asked.what);
  }
  const auto until = until_of(asked.body, now);
  if (!until) return until.error();
  if (*until - now > longest_silence)
    return failure{failure_kind::invalid, (asked.body.contains("for") ? "for: " : "until: ") +
                                              std::string("a silence lasts at most 24h, so that none is forgotten")};
  if (asked.what.text.empty()) return failure{failure_kind::invalid, "reason: is required, for the audit"};
  asked.what.until = *until;
  return std::move(asked.what);
}

// Verdicts of all tenants, in one answer once the last is in.
struct tally {
  std::atomic<std::size_t> left{0};
  std::atomic<std::size_t> done{0};
  std::atomic<std::size_t> undecided{0};
  std::atomic<std::size_t> failed{0};
};

server_response tally_answer(const tally& count, std::size_t all, command_kind kind) {
  if (count.failed > 0)
    return problem(503, "unavailable",
                   fmt::format("{} of {} tenants could not be reached; try again", count.failed.load(), all));
  if (count.undecided > 0) return verdict_answer(std::optional<command_result>());
  const std::string_view now_so = kind == command_kind::silence ? "silenced" : "no longer silenced";
  const auto verdict = count.done > 0 ? command_answer::done : command_answer::already;
  return verdict_answer(std::optional(
      command_result{"", verdict, fmt::format("{} of {} tenants {}", count.done.load(), all, now_so), {}}));
}

void ask_everybody(context& in, command what, const respond& answer) {
  const auto all = in.tenants.all();
  if (all.empty()) return answer(verdict_answer(std::optional(command_result{"", command_answer::done, "no tenants"})));
  auto count = std::make_shared<tally>(); // shared by the answers of all tenants
  count->left = all.size();
  for (const auto& known : all) {
    what.tenant = known->config->id;
    ask_tenant(in, what, [count, answer, total = all.size(), kind = what.kind](const command_outcome& how) {
      if (!how)
        ++count->failed;
      else if (!*how)
        ++count->undecided;
      else if ((*how)->answer == command_answer::done)
        ++count->done;
      if (--count->left == 0) answer(tally_answer(*count, total, kind));
    });
  }
}

} // namespace

void post_acknowledge(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  auto asked = read_command(request, command_kind::acknowledge, {"episode"});
  if (!asked) return answer(problem(asked.error()));
  const auto episode = episode_of(asked->body);
  if (!episode) return answer(problem(episode.error()));
  asked->what.episode = *episode;
  ask_about_alert(in, parts[0], std::move(asked->what), answer);
}

void post_snooze(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  auto asked = read_command(request, command_kind::snooze, {"for", "until"});
  if (!asked) return answer(problem(asked.error()));
  const auto until = until_of(asked->body, in.world->time.now().wall);
  if (!until) return answer(problem(until.error()));
  asked->what.until = *until;
  ask_about_alert(in, parts[0], std::move(asked->what), answer);
}

void post_renotify(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  auto asked = read_command(request, command_kind::renotify, {});
  if (!asked) return answer(problem(asked.error()));
  ask_about_alert(in, parts[0], std::move(asked->what), answer);
}

void post_mute(context& in, const server_request& request, const path_parts&, const respond& answer) {
  auto asked = read_command(request, command_kind::mute_type, {"tenant", "type", "for", "until", "reason", "off"});
  if (!asked) return answer(problem(asked.error()));
  auto what = mute_of(std::move(*asked), in.world->time.now().wall);
  if (!what) return answer(problem(what.error()));
  if (!in.tenants.find(what->tenant)) return answer(no_such_tenant(in, what->tenant));
  if (!parse_alert_type(what->subject))
    return answer(problem(422, "invalid", "type: no such alert type: " + what->subject));
  ask_and_answer(in, std::move(*what), answer);
}

void post_silence(context& in, const server_request& request, const path_parts&, const respond& answer) {
  auto asked = read_command(request, command_kind::silence, {"tenant", "for", "until", "reason", "off"});
  if (!asked) return answer(problem(asked.error()));
  const std::string only = field(asked->body, "tenant");
  auto what = silence_of(std::move(*asked), in.world->time.now().wall);
  if (!what) return answer(problem(what.error()));
  if (only.empty()) return ask_everybody(in, std::move(*what), answer);
  what->tenant = tenant_id(only);
  if (!in.tenants.find(what->tenant)) return answer(no_such_tenant(in, what->tenant));
  ask_and_answer(in, std::move(*what), answer);
}

void post_resend(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  auto asked = read_command(request, command_kind::resend, {});
  if (!asked) return answer(problem(asked.error()));
  const bool taken = in.reader->submit(
      [&in, id = delivery_id(parts[0]), what = std::move(asked->what), answer](persistence::store& store) mutable {
        const auto found = store.find_delivery(id);
        if (!found) return answer(problem(found.error()));
        if (!*found) return answer(problem(404, "not found", "no such delivery"));
        const delivery& row = (*found)->row;
        if (!is_final(row.state))
          return answer(verdict_answer(std::optional(command_result{
              "", command_answer::refused, "it has not ended yet: " + std::string(name(row.state)), {}})));
        what.tenant = row.tenant;
        what.alert = row.alert;
        what.episode = row.episode;
        what.subject = row.channel.str();
        ask_and_answer(in, std::move(what), answer);
      });
  if (!taken) answer(problem(503, "unavailable", "too many questions at once; try again"));
}

namespace {

// A test that arrives says nothing of what an alarm would meet.
command_outcome with_warnings(command_outcome how, const std::vector<std::string>& warnings) {
  if (!how || !*how) return how;
  for (const std::string& one : warnings) (*how)->text += "\nwarning: " + one;
  return how;
}

} // namespace

void post_test_channel(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  auto asked = read_command(request, command_kind::test_channel, {});
  if (!asked) return answer(problem(asked.error()));
  const auto known = in.tenants.find(tenant_id(parts[0]));
  if (!known) return answer(no_such_tenant(in, tenant_id(parts[0])));
  if (known->config->find(channel_id(parts[1])) == nullptr)
    return answer(no_such_channel(in, known->config->id, channel_id(parts[1])));
  asked->what.tenant = tenant_id(parts[0]);
  asked->what.subject = parts[1];
  std::vector<std::string> warnings;
  for (const config_warning& one : warnings_of(*known->config, reach_of(in)))
    if (one.channel.str() == parts[1]) warnings.push_back(one.text);
  ask_tenant(in, std::move(asked->what),
             [answer, warnings](const command_outcome& how) { answer(verdict_answer(with_warnings(how, warnings))); });
}

} // namespace ringdown::api
