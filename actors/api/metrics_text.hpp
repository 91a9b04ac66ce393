// The metrics page: the node's counters and the store's figures in Prometheus text format 0.0.4. Names are the contract of
// docs/operating.md. Figures that could not be read are left out: a zero would say that all is well.
#pragma once

#include "actors/api/context.hpp"

#include <string>

namespace ringdown::api {

[[nodiscard]] std::string metrics_text(const context& in, const result<persistence::store_figures>& stored,
                                       wall_time now);

} // namespace ringdown::api
