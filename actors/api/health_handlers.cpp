#include "actors/api/handlers.hpp"

#include "actors/api/metrics_text.hpp"
#include "protocol/wire/json_writer.hpp"

#include <utility>

namespace ringdown::api {

void get_livez(context&, const server_request&, const path_parts&, const respond& answer) {
  answer({200, {{"Content-Type", "text/plain"}}, "alive\n"});
}

void get_readyz(context& in, const server_request&, const path_parts&, const respond& answer) {
  const auto reasons = reasons_not_ready(in);
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
    if (!figures) in.world->log->warning("figures_not_read", {{"error", figures.error().detail}});
    answer({200, {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}}, metrics_text(in, figures, present)});
  });
  if (!taken) answer(problem(503, "unavailable", "too many questions at once; try again"));
}

} // namespace ringdown::api
