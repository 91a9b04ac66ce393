// The receiving ends: a fake ntfy server, a webhook receiver and a mail server. Each arrival is written to the effects
// journal before it is answered. One thread owns it.
#pragma once

#include "bin/ringdown-sim/answer.hpp"
#include "bin/ringdown-sim/command.hpp"
#include "bin/ringdown-sim/journal.hpp"

#include <deque>
#include <functional>
#include <random>
#include <vector>

namespace ringdown::sim {

enum class sink_kind : std::uint8_t { ntfy, webhook, smtp };
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
    std::string topic; // ntfy
    std::string key;   // webhook-id, ntfy's sequence id, a mail's Message-ID
    arguments fields;  // ntfy: title, message, priority, ...; of a mail: subject, to, from, event, severity
    bool well_formed = true;
  };

  [[nodiscard]] static arrival understand(sink_kind at, const question& what);
  [[nodiscard]] static arrival understand_letter(const question& what);
  [[nodiscard]] answer log_in(const question& what);
  [[nodiscard]] answer good(sink_kind at, const arrival& of, wall_time now);
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
  std::uint64_t next_rule_ = 1;
  long count_ = 0;
};

} // namespace ringdown::sim
