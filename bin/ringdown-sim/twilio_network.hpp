// The telephone network behind the simulated Twilio: rings phones, walks through documents, presses digits and reports
// how calls go. Driven by time as an argument; what it wants to send is taken from it. One thread owns it.
#pragma once

#include "bin/ringdown-sim/effect_log.hpp"
#include "bin/ringdown-sim/sink_rules.hpp"
#include "bin/ringdown-sim/twilio_callbacks.hpp"
#include "protocol/types/time.hpp"

#include <deque>
#include <map>
#include <optional>
#include <random>
#include <vector>

namespace ringdown::sim {

class twilio_network {
public:
  twilio_network(twilio_plan account, effect_log& effects, sink_rules& rules, std::uint64_t seed);

  void set(phone one) { phones_.set(std::move(one)); }
  // Where every request goes, whatever host its URL names: a proxy in front of the daemon.
  void route(std::string address) { route_ = std::move(address); }

  [[nodiscard]] const call& place(call_order order, moment now);
  // At most the newest `kept_calls`.
  [[nodiscard]] const std::deque<call>& calls() const { return calls_; }
  [[nodiscard]] call* find(std::string_view sid);
  void finish(call& one, call_status how, moment now);

  // Carries out what is due.
  void advance(moment now);
  [[nodiscard]] std::optional<steady_time> next_due() const;

  // What is to be sent now. Each is to be answered with `heard`.
  [[nodiscard]] std::vector<errand> take_errands();
  void heard(std::uint64_t id, const hearing& what, moment now);

private:
  enum class act : std::uint8_t { ring, answer, give_up, engaged, press, silence, leave, run_out, post };
  struct step {
    act what = act::ring;
    std::string sid;
    errand parcel; // of `post`
  };
  enum class purpose : std::uint8_t { document, digits, status };
  struct sent {
    std::string sid;
    purpose what = purpose::status;
    std::string path;
    bool forged = false;
  };

  void plan(call& one, act what, duration in, moment now);
  [[nodiscard]] duration turn_of(const std::string& account, moment now);
  void carry_out(const step& due, moment now);
  void ring(call& one, moment now);
  void answer_phone(call& one, moment now);
  void fetch(call& one, const std::string& url, form_pairs more, purpose what, moment now);
  void read(call& one, std::string_view document, std::string base_url, moment now);
  void walk(call& one, moment now);
  void listen(call& one, const element& gather, moment now);
  void press(call& one, moment now);
  void silence(call& one, moment now);
  void say(const call& one, const element& spoken, moment now);
  void complain(call& one, std::string_view why, moment now);

  void progress(call& one, std::string_view event, moment now);
  void report(call& one, errand parcel, const command* rule, moment now);
  void release(call& one, moment now);
  [[nodiscard]] errand ready(const call& one, const std::string& url, const form_pairs& fields, purpose what);
  [[nodiscard]] errand twin(const errand& of, std::string_view token);

  [[nodiscard]] static journal_line line(const call& one, std::string_view kind, moment now);

  twilio_plan account_;
  effect_log& effects_;
  sink_rules& rules_;
  std::mt19937_64 random_;
  phone_book phones_;
  std::string route_;
  std::deque<call> calls_;
  std::map<std::string, steady_time> turns_; // by account: when its next call is let out
  std::multimap<steady_time, step> due_;
  std::vector<errand> out_;
  std::map<std::uint64_t, sent> sent_;
  std::uint64_t next_errand_ = 1;
};

} // namespace ringdown::sim
