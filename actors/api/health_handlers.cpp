#include "actors/api/handlers.hpp"

#include "actors/api/metrics_text.hpp"
#include "protocol/wire/json_writer.hpp"

#include <utility>
#include <vector>

namespace ringdown::api {

void get_livez(context&, const server_request&, const path_parts&, const respond& answer) {
  answer({200, {{"Content-Type", "text/plain"}}, "alive\n"});
}

void get_readyz(context& in, const server_request&, const path_parts&, const respond& answer) {
  std::vector<std::string> reasons;
  if (!in.started) reasons.emplace_back("starting: tenants are being loaded");
  if (in.draining) reasons.emplace_back("draining: shutting down");
  if (!in.world->metrics->store_ready)
    reasons.emplace_back("store unavailable: nothing can be made durable, so nothing is sent");
  wire::json_writer json;
  json.open_object().truth("ready", reasons.empty()).key("reasons").open_array();
  for (const std::string& one : reasons) json.text(one);
  json.close_array().close_object();
  answer(json_answer(reasons.empty() ? 200 : 503, std::move(json).str()));
}

void get_metrics(context& in, const server_request&, const path_parts&, const respond& answer) {
  const wall_time present = in.world->time.now().wall;
  const bool taken = in.reader->submit([&in, present, answer](persistence::store& store) {
    const auto figures = store.figures(present);
    answer({200,
            {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
            metrics_text(in, figures ? *figures : persistence::store_figures{}, present)});
  });
  if (!taken) answer(problem(503, "unavailable", "too many questions at once; try again"));
}

} // namespace ringdown::api
