// The receiving ends: a fake ntfy server, a webhook receiver, a mail server, a Slack hook and an Autotask. Each arrival is
// written to the effects journal before it is answered. One thread owns it.
#pragma once

#include "bin/ringdown-sim/answer.hpp"
#include "bin/ringdown-sim/autotask_desk.hpp"
#include "bin/ringdown-sim/command.hpp"
#include "bin/ringdown-sim/journal.hpp"

#include <array>
#include <deque>
#include <functional>
#include <random>
#include <vector>

namespace ringdown::sim {

enum class sink_kind : std::uint8_t { ntfy, webhook, smtp, slack, autotask };
// Those that are spoken to over HTTP.
inline constexpr std::array sink_kinds{sink_kind::ntfy, sink_kind::webhook, sink_kind::slack, sink_kind::autotask};
[[nodiscard]] std::string_view name(sink_kind kind);

class sinks {
public:
  using effect_writer = std::function<void(const journal_line&)>;
  // Sends the signal named by `action` (kill, term, hup, stop) to the process whose id is in the file.
  using signaller = std::function<void(std::string_view action, const std::string& pid_file)>;

  sinks(effect_writer write, signaller signal, std::uint64_t seed);

  [[nodiscard]] static bool knows(std::string_view verb);
  // Returns what has to be told later (`for`).
  [[nodiscard]] std::vector<timed_command> apply(const command& what);
  // The tickets as they are now, whatever became of the answers.
  [[nodiscard]] std::string tickets_json() const { return desk_.tickets_json(); }

  [[nodiscard]] answer receive(sink_kind at, const question& what, wall_time now);

  // The newest arrivals (at most `kept_limit`; the journal has all) as {"count": n, "items": [...]}.
  [[nodiscard]] std::string effects_json() const;
  [[nodiscard]] long count() const { return count_; }

private:
  struct rule {
    std::uint64_t id = 0;
    command what;
    long left = -1; // arrivals it still decides; below zero: until lifted
  };
  struct watch {
    command what;
    long to_go = 1;
  };
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
  [[nodiscard]] std::optional<command> next_rule(sink_kind at, const question& what, const arrival& of);
  void tell(sink_kind at, const question& what, const arrival& of, const answer& given, wall_time now);
  void alarm(sink_kind at, const question& what, const arrival& of);

  effect_writer write_;
  signaller signal_;
  std::mt19937_64 random_;
  std::vector<rule> rules_;
  std::vector<watch> watches_;
  std::deque<std::string> kept_;
  autotask_desk desk_;
  std::uint64_t next_rule_ = 1;
  long count_ = 0;
};

} // namespace ringdown::sim
