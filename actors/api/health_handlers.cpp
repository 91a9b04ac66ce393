#include "actors/api/handlers.hpp"

#include "actors/api/metrics_text.hpp"
#include "protocol/wire/json_writer.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::api {

namespace {

server_response alive() { return {200, {{"Content-Type", "text/plain"}}, "alive\n"}; }

server_response readiness(bool ready, const std::vector<std::string>& reasons) {
  wire::json_writer json;
  json.open_object().truth("ready", ready).key("reasons").open_array();
  for (const std::string& one : reasons) json.text(one);
  json.close_array().close_object();
  return json_answer(ready ? 200 : 503, std::move(json).str());
}

} // namespace

server_response answer_before_start(const server_request& request, const std::string& reason) {
  if (request.path == "/livez") return alive();
  if (request.path == "/readyz") return readiness(false, {reason});
  return problem(503, "not ready", reason);
}

void get_livez(context&, const server_request&, const path_parts&, const respond& answer) { answer(alive()); }

void get_readyz(context& in, const server_request&, const path_parts&, const respond& answer) {
  auto reasons = reasons_not_ready(in);
  const bool ready = reasons.empty();
  // Said, but one tenant's misfortune takes the node from nobody; names are for those with a token.
  if (in.world->leases)
    for (std::string& one : unreadable_tenants(in)) reasons.push_back(std::move(one));
  const auto actors = in.world->health->all();
  const auto held =
      std::ranges::count_if(actors, [](const auto& probe) { return probe->life.load() == actor_life::quarantined; });
  if (held > 0) reasons.push_back("quarantined: " + std::to_string(held) + " (GET /api/v1/actors names them)");
  answer(readiness(ready, reasons));
}

void get_metrics(context& in, const server_request&, const path_parts&, const respond& answer) {
  const wall_time present = in.world->time.now().wall;
  const bool taken = in.reader->submit([&in, present, answer](persistence::store& store) {
    const auto figures = store.figures(present);
    if (!figures) in.world->log->warning("figures_not_read", {{"error", figures.error().detail}});
    answer({200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, metrics_text(in, figures, present)});
  });
  if (!taken) answer(problem(503, "unavailable", "too many questions at once; try again"));
}

} // namespace ringdown::api
