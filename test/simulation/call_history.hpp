// Calls as the telephone company saw them, and when something was amiss that excuses what is late or doubled.
#pragma once

#include "test/simulation/history.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::simulation {

// What was said at once: a document.
struct said_script {
  instant at{};
  bool fetched = false; // when it was answered; else it came with the order
  std::vector<std::string> lines;
};

struct phone_call {
  std::string sid;
  std::string number;
  tenant_id tenant;
  channel_id channel;
  delivery_id row;
  instant placed{};
  std::optional<instant> ringing;
  std::optional<instant> answered;
  std::optional<instant> ended;
  std::vector<said_script> scripts;
  std::vector<std::pair<instant, std::string>> keys;
};
// In the order in which they were placed.
[[nodiscard]] std::vector<phone_call> calls_of(const history& of);

// Deaths, crashes, disks, clocks, and the telephone company itself.
class unrest {
public:
  explicit unrest(const history& of);
  [[nodiscard]] bool any(instant from, instant to) const;

private:
  std::vector<std::pair<instant, instant>> spells_;
};

// Is it bad enough to be called about, and nothing keeps it quiet?
[[nodiscard]] bool is_loud(const alert& a);
// Is it read out to whoever picks up now (S-T5)? Of an alert as it is committed.
[[nodiscard]] bool is_for_the_phone(const alert& a, const tenant_config& tenant);
// By what a listener knows it: the thing's name, or its PBX's.
[[nodiscard]] std::string name_said_of(const alert& a, const tenant_config& tenant);
[[nodiscard]] bool names(const said_script& script, const std::string& name);

} // namespace ringdown::simulation
