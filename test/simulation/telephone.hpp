// The Twilio at the other end of a channel that calls: the demo's, on the world's time. It places calls, rings phones, asks
// the program what is to be said and tells it how calls go, and the journal what happened.
#pragma once

#include "actors/net/http_server.hpp"
#include "bin/ringdown-sim/twilio.hpp"
#include "protocol/types/tenant_config.hpp"
#include "test/simulation/provider.hpp"
#include "test/simulation/timeline.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace ringdown::simulation {

// As wire::setting and wire::secret of a channel of that account.
[[nodiscard]] sim::twilio_plan account_of(const channel_config& channel);

class telephone final : public provider {
public:
  // The way into the program. It answers later, once or never; false: nobody is there.
  using door = std::function<bool(const net::server_request&, const net::respond&)>;

  telephone(tenant_id tenant, const channel_config& over, timeline& time, journal& told, dice chance);

  void open(door to) { door_ = std::move(to); }
  // How the phone of a number behaves from its next call on.
  void set(sim::phone one) { twilio_.network().set(std::move(one)); }
  // late, doubled, reversed, dropped or forged; "ok": as they should be.
  void callbacks_are(std::string_view mode, instant late);
  // Somebody who is not the company says that 1 was pressed on the newest call, after these were read out.
  void forge(const std::vector<read_alert>& read);

  [[nodiscard]] std::optional<asked> understand(const http_request& request) const override;
  [[nodiscard]] bool has_effect(const http_request& request) const override;
  [[nodiscard]] http_response thank(const http_request& request, wall_time now) override;
  void about(const delivery_id& row) override { row_ = row; }

private:
  [[nodiscard]] moment present() const { return {time_.truth(), time_.seen().steady}; }
  void go_on();
  void deliver(const sim::errand& one);
  void note(const sim::journal_line& line);

  tenant_id tenant_;
  channel_id channel_;
  timeline& time_;
  journal& told_;
  dice chance_;
  sim::twilio_plan account_;
  sim::effect_log effects_;
  sim::sink_rules rules_;
  sim::twilio twilio_;
  door door_;
  delivery_id row_;                         // of the order that arrives now
  std::map<std::string, delivery_id> rows_; // by the call's sid
  std::optional<steady_time> wake_;
};

} // namespace ringdown::simulation
