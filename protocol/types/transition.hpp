// A transition: one resource changed at an instance, as the poller judged it. The tenant decides what it means.
#pragma once

#include "protocol/types/alert.hpp"
#include "protocol/types/resource.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ringdown {

enum class sighting : std::uint8_t {
  regular,
  first_sight,  // the instance was never seen before (S-A14)
  after_silence // found at the first complete contact after an outage or our own restart (S-A6, D-08)
};
[[nodiscard]] std::string_view name(sighting how);

struct transition {
  alert_key key;
  condition from = condition::unknown;
  condition to = condition::ok;
  severity level = severity::info; // of `to` when failing
  cause why = cause::none;
  sighting how = sighting::regular;
  wall_time since;
  std::optional<wall_time> not_before;
  wall_time seen;
  std::string label;
  std::string provider;
  std::string detail;
  std::string trace; // "<instance>.<poller start, base32>.<sequence>"
};

// Everything one poll changed. A poller keeps it until the tenant reports it committed; a poll that changed nothing sends none.
struct poll_news {
  instance_id instance;
  std::uint64_t sequence = 0;   // rises by one per news of this poller's life
  std::uint64_t generation = 0; // of the baseline it was judged against; the tenant ignores older ones
  std::vector<transition> transitions;
  std::vector<shared_record> changed; // rows of stored truth to write (I5: only changed ones)
  std::vector<resource_ref> removed;
  std::optional<instance_health> health; // when it changed
  // Two complete polls were made since the instance came back or since it was asked to settle: what was stated is current (S-A1).
  bool settled = false;
  wall_time at;
};

// What a poller starts from: the stored truth of its instance (D-08).
struct baseline {
  instance_id instance;
  std::uint64_t generation = 0;
  bool known = false; // false: first sight of the instance
  instance_health health;
  std::vector<shared_record> resources;
  std::vector<alert_key> open;   // alerts open now, but for what is up and stays open as flapping
  std::vector<alert_key> unseen; // those of them whose resource was Unknown when last judged (S-A2)
};

} // namespace ringdown
