// Which channels are told of an alert, and the one gate that decided where they are not (R-01, S-T3, R-08). Pure.
#pragma once

#include "protocol/types/alert.hpp"
#include "protocol/types/delivery.hpp"
#include "protocol/types/reason.hpp"
#include "protocol/types/tenant_config.hpp"

#include <string>
#include <vector>

namespace ringdown::logic {

// What must be known of a channel kind; comes from the dialects, so that logic knows no provider.
struct channel_kind_facts {
  std::string kind;
  channel_class is = channel_class::push;
  delivery_kind delivers = delivery_kind::interrupt;
};

struct route_verdict {
  const channel_config* channel = nullptr;
  delivery_kind delivers = delivery_kind::interrupt;
  reason deciding = reason::none; // none: it is told
  std::string gates;              // in order, the deciding one last
  [[nodiscard]] bool told() const { return deciding == reason::none; }
};

// The rule that decides, alone; nullptr: none fits, and the default does.
[[nodiscard]] const route_config* rule_for(const tenant_config& config, alert_type type, severity level);

// One verdict per channel of the tenant, in the order of the configuration.
[[nodiscard]] std::vector<route_verdict> route(const tenant_config& config,
                                               const std::vector<channel_kind_facts>& kinds, alert_type type,
                                               severity level);

// Of an alert: nobody is told over a channel that this one itself fails. Where the matrix names that channel alone, every
// other that interrupts is told: a rule that says where news goes does not say that this is to stay unknown.
[[nodiscard]] std::vector<route_verdict> route(const tenant_config& config,
                                               const std::vector<channel_kind_facts>& kinds, const alert& about);

[[nodiscard]] const channel_kind_facts* facts_of(const std::vector<channel_kind_facts>& kinds, const std::string& kind);

} // namespace ringdown::logic
