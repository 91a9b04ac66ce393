// What leaves a tenant about its trunks, so that a node can see a carrier fail at several tenants (SEMANTICS S-C2, S-C5): how
// they are, by registrar and in numbers. No name and no id of anything goes with it.
#pragma once

#include "protocol/types/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ringdown {

struct trunk_sign {
  std::string registrar; // its host, lower case; never empty
  bool counted = true;   // read and judged
  std::optional<wall_time> failing;
  bool first_sight = false; // nobody knows since when
  friend bool operator==(const trunk_sign&, const trunk_sign&) = default;
};

// The trunks of one PBX, which is a number that its tenant has given it and that says nothing to anybody else.
struct place_report {
  std::uint32_t place = 0;
  std::vector<trunk_sign> trunks;
};

// Hosts that are one carrier, for the whole node.
struct carrier_alias {
  std::string id;
  std::vector<std::string> hosts; // lower case
  friend bool operator==(const carrier_alias&, const carrier_alias&) = default;
};

} // namespace ringdown
