// A scenario file: which fleet there is and what happens to it when. Strict: what is not known is refused by line.
#pragma once

#include "bin/ringdown-sim/command.hpp"
#include "protocol/types/result.hpp"
#include "protocol/types/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::sim {

struct provider {
  std::string name;
  std::string host;
};

struct trunk_plan {
  std::string number;
  std::string name;
  std::string host;
  std::string type = "Provider";
  std::string registration = "InOutCalls";
  std::string direction = "Both";
};

// A PBX that differs from the fleet's pattern. `id` is one the fleet would make ("pbx07") or a new one.
struct pbx_plan {
  std::string id;
  std::string name;
  std::string tenant;
  std::string version;
  std::string client_id;
  std::string secret;
  std::optional<int> sbcs;
  std::optional<int> max_calls;
  std::optional<int> calls;
  std::optional<std::vector<trunk_plan>> trunks;
};

struct fleet_plan {
  int tenants = 1;
  int pbxes = 0;
  int trunks_per_pbx = 4;
  int sbcs_per_pbx = 1;
  int bridges_per_pbx = 0;
  int services = 13;
  int max_calls = 16;
  int calls = 2;
  std::vector<provider> providers;
  std::string client_id = "900";           // a client's id is also an internal number at the PBX
  std::string secret = "sim-secret-{pbx}"; // {pbx} stands for the PBX's id
  std::string domain = "pbx.test";
  std::string version = "20.0.10.1204";
  int pbx_port = 0; // 0: any, the same for all
  duration token_life = std::chrono::seconds(60);
  int blacklist_after = 3;
};

struct sink_plan {
  int ntfy_port = 0;
  int webhook_port = 0;
  int smtp_port = 0;
  bool email_channels = false; // in the tenant files: one channel of kind email each
  int slack_port = 0;
  int autotask_port = 0;
  bool slack = false;    // tenants have such a channel
  bool autotask = false; // the same
};

// The simulated Twilio: one account. Times are shorter than a real telephone network's.
struct twilio_plan {
  int port = 0;
  std::string account = "AC00000000000000000000000000005100";
  std::string token = "sim-twilio-token";
  std::string from = "+493023125900";
  duration ring = std::chrono::seconds(2);   // the longest it rings, whatever a call asks for
  duration listen = std::chrono::seconds(1); // the longest a Gather waits for a digit
  duration pace{};                           // between two calls of one account; what comes sooner waits its turn
  bool in_tenant_files = false;
};

enum class timeline_start { at_once, when_told };

struct scenario {
  fleet_plan fleet;
  std::vector<pbx_plan> pbxes;
  sink_plan sinks;
  twilio_plan twilio;
  std::vector<command> phones; // the verb `phone`, told before the timeline begins
  timeline_start start = timeline_start::at_once;
  std::vector<timed_command> events; // ordered by `at`; repeats are spelt out
};

// `name` is what messages call the file.
[[nodiscard]] result<scenario> parse_scenario(std::string_view text, const std::string& name);

} // namespace ringdown::sim
