// The API of the simulated Twilio: calls are placed, asked about, listed and ended. What comes of them is
// twilio_network's. One thread owns it.
#pragma once

#include "bin/ringdown-sim/answer.hpp"
#include "bin/ringdown-sim/twilio_network.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ringdown::sim {

class twilio {
public:
  // The log and the rules are shared with the sinks, and outlive this.
  twilio(const twilio_plan& account, effect_log& effects, sink_rules& rules, std::uint64_t seed);

  [[nodiscard]] static bool knows(std::string_view verb);
  void apply(const command& what);

  [[nodiscard]] answer receive(const question& what, moment now);

  [[nodiscard]] twilio_network& network() { return network_; }
  [[nodiscard]] const twilio_network& network() const { return network_; }

private:
  struct request {
    std::string_view on; // as rules name it
    std::string sid;
    std::string query;
  };

  [[nodiscard]] std::optional<refusal> authenticate(const question& what) const;
  [[nodiscard]] std::optional<request> understand(const question& what) const;
  [[nodiscard]] answer carry_out(const request& asked, const question& what, moment now);
  [[nodiscard]] answer place(const question& what, moment now);
  [[nodiscard]] answer change(call& one, const question& what, moment now);
  [[nodiscard]] answer refuse(const question& what, const refusal& why, moment now);
  [[nodiscard]] answer show(const call& one, int status, moment now) const;

  twilio_plan account_;
  effect_log& effects_;
  sink_rules& rules_;
  twilio_network network_;
};

} // namespace ringdown::sim
