// A configuration that changes while everything goes on is heeded at once.
#include "test/simulation/call_history.hpp"
#include "test/simulation/checkers.hpp"
#include "test/simulation/household.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

// An order that is on its way, an end that has to reach the company.
constexpr instant heeded_within = 3s;
// What was claimed before is begun, or goes back.
constexpr instant sent_by = 10s + 500ms;

bool is_on(const tenant_config& config, const channel_id& channel) {
  const channel_config* settings = config.find(channel);
  return settings != nullptr && settings->enabled;
}

// Since when it has been forbidden without a break; nothing: at that moment it is allowed.
template <class Allows>
std::optional<instant> forbidden_since(const history& of, const tenant_id& tenant, instant when, const Allows& allows) {
  std::optional<instant> since;
  for (const auto& [at, config] : of.configured_as(tenant)) {
    if (at > when) break;
    if (allows(*config))
      since.reset();
    else if (!since)
      since = at;
  }
  return since;
}

bool rings(const tenant_config& config, alert_type type) {
  const auto on = [&](alert_type one) {
    return std::ranges::find(config.voice.types, one) != config.voice.types.end();
  };
  const bool of_trunks = type == alert_type::all_trunks_down || type == alert_type::provider_outage;
  return on(type) || (of_trunks && (on(alert_type::trunk_down) || on(alert_type::all_trunks_down)));
}

// Which alerts each call was wished for, the first of them by itself.
struct wishes {
  std::map<delivery_id, alert_id> lead;
  std::map<delivery_id, std::set<alert_id>> waiting;

  explicit wishes(const history& of) {
    for (const entry& one : of.entries()) {
      const auto* kept = std::get_if<batch_kept>(&one.what);
      if (kept == nullptr) continue;
      for (const call_record& call : kept->batch->calls) lead.emplace(call.call, call.lead);
      for (const alert& a : kept->batch->alerts)
        if (a.ladder && !a.ladder->call.empty()) waiting[a.ladder->call].insert(a.id);
    }
  }
};

} // namespace

// Over a channel that is on, to somebody who agrees. Who never did is never called, whatever else goes wrong.
void only_who_agreed_is_called(const history& of, violations& found) {
  const unrest amiss(of);
  for (const phone_call& call : calls_of(of)) {
    const auto allows = [&](const tenant_config& config) {
      return is_on(config, call.channel) && agrees_to_calls(config, call.number);
    };
    const auto judge = [&](instant from, instant at, const char* what) {
      const auto since = forbidden_since(of, call.tenant, at, allows);
      if (!since) return;
      const bool never = *since == of.configured_as(call.tenant).front().first;
      if (never || (at - std::max(*since, from) > heeded_within && !amiss.any(*since - 30s, at)))
        found.add(at, fmt::format("{} of {} {} {}, which is not to be since {}", call.number, call.tenant.str(), what,
                                  call.row.str(), clock_text(*since)));
    };
    judge({}, call.placed, "is called by");
    const auto stops = call.answered ? call.answered : call.ended;
    if (call.ringing && stops) judge(*call.ringing, *stops, "rings on for");
  }
}

// Nobody is called about a type that is switched off; but whoever is called anyway waits for news of another, too.
void only_what_rings_is_called_about(const history& of, violations& found) {
  const unrest amiss(of);
  wishes about(of);
  for (const phone_call& call : calls_of(of)) {
    const auto lead = of.alerts().find(about.lead[call.row]);
    if (lead == of.alerts().end() || lead->second.key.type == alert_type::drill) continue;
    if (about.waiting[call.row].size() > 1) continue;
    const alert_type type = lead->second.key.type;
    const auto judge = [&](instant from, instant at, const char* what) {
      const auto since =
          forbidden_since(of, call.tenant, at, [&](const tenant_config& config) { return rings(config, type); });
      if (since && at - std::max(*since, from) > heeded_within && !amiss.any(*since - 30s, at))
        found.add(at, fmt::format("{} {} {} by {}, and {} does not ring since {}", call.number, what,
                                  lead->second.id.str(), call.row.str(), name(type), clock_text(*since)));
    };
    judge({}, call.placed, "is called about");
    const auto stops = call.answered ? call.answered : call.ended;
    if (call.ringing && stops) judge(*call.ringing, *stops, "rings on for");
  }
}

void nothing_leaves_over_what_is_off(const history& of, violations& found) {
  const unrest amiss(of);
  for (const entry& one : of.entries()) {
    const auto* begun = std::get_if<attempt_begun>(&one.what);
    if (begun == nullptr) continue;
    const auto since = forbidden_since(of, begun->tenant, one.at,
                                       [&](const tenant_config& config) { return is_on(config, begun->channel); });
    if (since && one.at - *since > sent_by && !amiss.any(*since - 30s, one.at))
      found.add(one.at, fmt::format("{} is begun over {}, which is off since {}", begun->row.str(),
                                    begun->channel.str(), clock_text(*since)));
  }
}

} // namespace ringdown::simulation
