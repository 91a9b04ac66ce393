// What one poll says of the contact with a PBX as a whole, before any of its parts is looked at (S-A4). Pure.
#pragma once

#include "protocol/types/observation.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace ringdown::logic {

enum class contact_kind : std::uint8_t {
  usable,  // at least one endpoint answered what it should
  partial, // reachable, but nothing readable now (throttled, our query refused)
  refused, // it answers, and will not let us in
  unasked, // we did not ask (our own limits): says nothing of the PBX
  none     // no usable answer
};

struct contact {
  contact_kind kind = contact_kind::none;
  cause why = cause::none;
  std::uint32_t blind = 0; // bit per endpoint that could not be read
  bool complete = false;   // every endpoint was read, or is not in this build
  bool restarting = false; // the failure looks like the PBX itself going down (refused connection, 5xx, HTML)
  bool throttled = false;  // it asks us to come later, and answers nothing else
  bool silent = false;     // not even a connection: as a blacklisted address sees it
  std::string detail;      // for people and logs
};

[[nodiscard]] contact contact_of(const observation& seen);

// How long the PBX asks to be left alone, the longest of what its answers say.
[[nodiscard]] std::optional<duration> asked_to_wait(const observation& seen);

} // namespace ringdown::logic
