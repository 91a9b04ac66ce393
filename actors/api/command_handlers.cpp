#include "actors/api/handlers.hpp"

#include "protocol/wire/api_json.hpp"

#include <charconv>
#include <utility>

namespace ringdown::api {

namespace {

// How long a person waits for the tenant's verdict; the command itself is durable before and stays.
constexpr auto patience = std::chrono::seconds(5);

server_response verdict_answer(const std::optional<command_result>& decided) {
  wire::json_writer json;
  json.open_object();
  if (decided)
    json.text("answer", name(decided->answer)).text("text", decided->text);
  else
    json.text("answer", "accepted").text("text", "stored; the tenant decides it as soon as it can");
  json.close_object();
  const bool refused =
      decided && (decided->answer == command_answer::refused || decided->answer == command_answer::unknown_subject);
  return json_answer(!decided ? 202 : refused ? 409 : 200, std::move(json).str());
}

void ask_tenant(context& in, command what, const respond& answer) {
  if (what.id.empty()) what.id = "cm_" + in.make_id();
  const moment present = in.world->time.now();
  what.at = present.wall;
  in.answers.wait(what.id, present.steady + patience,
                  [answer](const std::optional<command_result>& decided) { answer(verdict_answer(decided)); });
  in.tree->command(what, [&in, id = what.id](const result<void>& stored) {
    if (!stored) in.answers.decided({id, command_answer::refused, stored.error().detail});
  });
}

// A command about an alert: finds its tenant first.
void ask_about_alert(context& in, const std::string& alert, command what, const respond& answer) {
  const bool taken = in.reader->submit([&in, alert, what = std::move(what), answer](persistence::store& store) mutable {
    const auto found = store.find_alert(alert_id(alert));
    if (!found) return answer(problem(found.error()));
    if (!*found) return answer(problem(404, "not found", "no such alert"));
    what.tenant = (*found)->tenant;
    what.alert = (*found)->id;
    ask_tenant(in, std::move(what), answer);
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

} // namespace

void post_acknowledge(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  const auto body = read_body(request);
  if (!body) return answer(problem(body.error()));
  command what;
  what.kind = command_kind::acknowledge;
  what.by = by_whom(*body);
  what.via = field(*body, "via").empty() ? "api" : field(*body, "via").substr(0, 20);
  const std::string episode = field(*body, "episode");
  std::from_chars(episode.data(), episode.data() + episode.size(), what.episode);
  ask_about_alert(in, parts[0], std::move(what), answer);
}

void post_snooze(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  const auto body = read_body(request);
  if (!body) return answer(problem(body.error()));
  const auto until = until_of(*body, in.world->time.now().wall);
  if (!until) return answer(problem(until.error()));
  command what;
  what.kind = command_kind::snooze;
  what.by = by_whom(*body);
  what.via = "api";
  what.until = *until;
  ask_about_alert(in, parts[0], std::move(what), answer);
}

void post_renotify(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  const auto body = read_body(request);
  if (!body) return answer(problem(body.error()));
  command what;
  what.kind = command_kind::renotify;
  what.by = by_whom(*body);
  what.via = "api";
  ask_about_alert(in, parts[0], std::move(what), answer);
}

void post_mute(context& in, const server_request& request, const path_parts&, const respond& answer) {
  const auto body = read_body(request);
  if (!body) return answer(problem(body.error()));
  const auto until = until_of(*body, in.world->time.now().wall);
  if (!until) return answer(problem(until.error()));
  command what;
  what.kind = command_kind::mute_type;
  what.tenant = tenant_id(field(*body, "tenant"));
  what.subject = field(*body, "type");
  what.by = by_whom(*body);
  what.via = "api";
  what.until = *until;
  what.text = field(*body, "reason").substr(0, 300);
  if (!in.tenants.find(what.tenant)) return answer(problem(404, "not found", "no such tenant"));
  if (!parse_alert_type(what.subject)) return answer(problem(422, "invalid", "no such alert type: " + what.subject));
  ask_tenant(in, std::move(what), answer);
}

void post_silence(context& in, const server_request& request, const path_parts&, const respond& answer) {
  const auto body = read_body(request);
  if (!body) return answer(problem(body.error()));
  const auto until = until_of(*body, in.world->time.now().wall);
  if (!until) return answer(problem(until.error()));
  if (field(*body, "reason").empty()) return answer(problem(422, "invalid", "reason is required: it is audited"));
  command what;
  what.kind = command_kind::silence;
  what.by = by_whom(*body);
  what.via = "api";
  what.until = *until;
  what.text = field(*body, "reason").substr(0, 300);
  const std::string only = field(*body, "tenant");
  if (!only.empty()) {
    what.tenant = tenant_id(only);
    if (!in.tenants.find(what.tenant)) return answer(problem(404, "not found", "no such tenant"));
    return ask_tenant(in, std::move(what), answer);
  }
  // Everybody: one command per tenant, answered when the last one is durable.
  const auto all = in.tenants.all();
  if (all.empty()) return answer(verdict_answer(command_result{"", command_answer::done, "no tenants"}));
  struct tally {
    std::atomic<std::size_t> left;
    std::atomic<bool> failed{false};
  };
  auto count = std::make_shared<tally>(); // shared by the answers of all tenants
  count->left = all.size();
  for (const auto& known : all) {
    what.tenant = known->config->id;
    what.id = "cm_" + in.make_id();
    what.at = in.world->time.now().wall;
    in.tree->command(what, [count, answer, total = all.size()](const result<void>& stored) {
      if (!stored) count->failed = true;
      if (--count->left > 0) return;
      answer(count->failed ? problem(503, "unavailable", "not every tenant could be silenced; try again")
                           : verdict_answer(command_result{"", command_answer::done,
                                                           std::to_string(total) + " tenants silenced"}));
    });
  }
}

void post_resend(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  const auto body = read_body(request);
  if (!body) return answer(problem(body.error()));
  const bool taken =
      in.reader->submit([&in, id = delivery_id(parts[0]), by = by_whom(*body), answer](persistence::store& store) {
        const auto found = store.find_delivery(id);
        if (!found) return answer(problem(found.error()));
        if (!*found) return answer(problem(404, "not found", "no such delivery"));
        const delivery& row = (*found)->row;
        if (!is_final(row.state))
          return answer(problem(409, "conflict", "it has not ended yet: " + std::string(name(row.state))));
        command what;
        what.kind = command_kind::resend;
        what.tenant = row.tenant;
        what.alert = row.alert;
        what.episode = row.episode;
        what.subject = row.channel.str();
        what.by = by;
        what.via = "api";
        ask_tenant(in, std::move(what), answer);
      });
  if (!taken) answer(problem(503, "unavailable", "too many questions at once; try again"));
}

void post_test_channel(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  const auto body = read_body(request);
  if (!body) return answer(problem(body.error()));
  const auto known = in.tenants.find(tenant_id(parts[0]));
  if (!known || known->config->find(channel_id(parts[1])) == nullptr)
    return answer(problem(404, "not found", "no such tenant or channel"));
  command what;
  what.kind = command_kind::test_channel;
  what.tenant = tenant_id(parts[0]);
  what.subject = parts[1];
  what.by = by_whom(*body);
  what.via = "api";
  ask_tenant(in, std::move(what), answer);
}

} // namespace ringdown::api
