// The receiving ends: a fake ntfy server, a webhook receiver, a mail server, a Slack hook and an Autotask. Each arrival is
// written to the effects journal before it is answered. One thread owns it.
#pragma once

#include "bin/ringdown-sim/answer.hpp"
#include "bin/ringdown-sim/autotask_desk.hpp"
#include "bin/ringdown-sim/effect_log.hpp"
#include "bin/ringdown-sim/sink_rules.hpp"

#include <array>
#include <random>

namespace ringdown::sim {

enum class sink_kind : std::uint8_t { ntfy, webhook, smtp, slack, autotask };
// Those that are spoken to over HTTP.
inline constexpr std::array sink_kinds{sink_kind::ntfy, sink_kind::webhook, sink_kind::slack, sink_kind::autotask};
[[nodiscard]] std::string_view name(sink_kind kind);

class sinks {
public:
  // Both are shared with whatever else receives, and outlive this.
  sinks(effect_log& effects, sink_rules& rules, std::uint64_t seed);

  // What people do at the desk: ticket_close, ticket_delete.
  [[nodiscard]] static bool knows(std::string_view verb);
  void apply(const command& what);
  // The tickets as they are now, whatever became of the answers.
  [[nodiscard]] std::string tickets_json() const { return desk_.tickets_json(); }

  [[nodiscard]] answer receive(sink_kind at, const question& what, wall_time now);

private:
  // What an arrival says, taken from the request.
  struct arrival {
    std::string topic; // ntfy; Autotask: what is asked, "create"
    std::string key;   // webhook-id, ntfy's sequence id, a mail's Message-ID, a ticket's externalID
    arguments fields;  // ntfy: title, message, priority, ...; of a mail: subject, to, from, event, severity
    bool well_formed = true;
    desk_call call; // Autotask
  };

  [[nodiscard]] arrival understand(sink_kind at, const question& what) const;
  [[nodiscard]] static arrival understand_ntfy(const question& what);
  [[nodiscard]] static arrival understand_letter(const question& what);
  [[nodiscard]] arrival understand_autotask(const question& what) const;
  [[nodiscard]] answer log_in(const question& what);
  // What it is answered when nothing is amiss; at an Autotask it is carried out, too.
  [[nodiscard]] answer good(sink_kind at, const question& what, const arrival& of, wall_time now);
  [[nodiscard]] answer good_ntfy(const arrival& of, wall_time now);
  [[nodiscard]] answer decide(sink_kind at, const question& what, const arrival& of, wall_time now);
  void tell(sink_kind at, const question& what, const arrival& of, const answer& given, wall_time now);

  effect_log& effects_;
  sink_rules& rules_;
  std::mt19937_64 random_;
  autotask_desk desk_;
};

} // namespace ringdown::sim
