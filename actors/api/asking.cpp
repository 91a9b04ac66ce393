#include "actors/api/asking.hpp"

#include "protocol/wire/api_json.hpp"

#include <utility>

namespace ringdown::api {

namespace {

constexpr auto patience = std::chrono::seconds(5);

void write_verdict(wire::json_writer& json, std::string_view answer, std::string_view text,
                   const delivery_id& delivery) {
  json.text("answer", answer).text("text", text).text_or_null("delivery", delivery.str());
}

} // namespace

void ask_tenant(context& in, command what, pending_answers::waiter told) {
  what.id = "cm_" + in.make_id();
  const moment present = in.world->time.now();
  what.at = present.wall;
  in.answers.wait(what.id, present.steady + patience, std::move(told));
  in.tree->command(what, [&in, id = what.id](const result<void>& stored) {
    if (stored)
      in.answers.stored(id);
    else
      in.answers.not_stored(id, stored.error());
  });
}

server_response verdict_answer(const command_outcome& how) {
  if (!how) return problem(how.error());
  wire::json_writer json;
  json.open_object();
  const auto& decided = *how;
  if (!decided) {
    write_verdict(json, "accepted", "stored; the tenant decides it as soon as it can", {});
    json.close_object();
    return json_answer(202, std::move(json).str());
  }
  const bool refused = decided->answer == command_answer::refused || decided->answer == command_answer::unknown_subject;
  if (refused) wire::write_problem(json, 409, "conflict", decided->text);
  write_verdict(json, name(decided->answer), decided->text, decided->delivery);
  json.close_object();
  return refused ? problem_answer(409, std::move(json).str()) : json_answer(200, std::move(json).str());
}

} // namespace ringdown::api
