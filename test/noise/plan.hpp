// What happens to a fleet of PBXes in a month: the truth, drawn before anything is watched.
//   spell     one thing that was really out of order (a PBX, a trunk, an SBC, a service, the licence) from when to when
//   incident  what people would call one event: an outage of one resource with all that its cause takes along (a PBX that
//             restarts and its trunks that register again), or one outage of one carrier at one tenant
#pragma once

#include "protocol/types/ids.hpp"
#include "protocol/types/timing.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace ringdown::noise {

struct settings {
  std::uint64_t seed = 1;
  int days = 30;
  std::size_t pbxes = 1000;
  std::size_t tenants = 20;
  double troubles = 1.0;  // so many times the usual number
  bool skip_polls = true; // those that cannot say anything new
};

// Where virtual time begins; the first hour of it is calm.
inline constexpr wall_time beginning{duration{1'790'000'000'000'000}};
[[nodiscard]] inline wall_time ending(const settings& of) { return beginning + std::chrono::hours(24) * of.days; }
// Both clocks go alike.
[[nodiscard]] inline moment moment_of(wall_time at) {
  return {at, steady_time{at - beginning + std::chrono::hours(1)}};
}
[[nodiscard]] inline wall_time wall_of(steady_time at) {
  return beginning + std::chrono::ceil<duration>(at - moment_of(beginning).steady);
}

enum class part : std::uint8_t { pbx, trunk, sbc, service, calls };

// How a PBX does not answer.
enum class silence : std::uint8_t { none, path, refused, app, tls };

enum class kind : std::uint8_t { // of incidents
  blip,
  flip,
  certificate,
  update,
  reboot,
  peak,    // all channels in use for a minute or two
  licence, // and for longer
  outage,
  carrier
};
inline constexpr std::size_t kinds_of_incidents = 9;
[[nodiscard]] std::string_view name(kind of);

struct incident {
  kind is = kind::blip;
  std::size_t tenant = 0;
};

struct spell {
  std::size_t pbx = 0;
  part what = part::pbx;
  std::size_t index = 0; // which trunk, SBC, service
  wall_time begin;
  wall_time end;
  std::size_t of = 0; // incident
  silence how = silence::none;
  bool boots = false;     // the machine's uptime begins anew at the end
  bool upgrades = false;  // and another version of 3CX comes up
  bool coming_up = false; // what a PBX needs after a restart until everything has registered: of the restart, no outage
};

inline constexpr std::size_t carriers = 3;

struct pbx {
  std::size_t tenant = 0;
  double phase = 0;                // of its polls
  std::vector<std::size_t> trunks; // the carrier of each, no carrier twice
  std::size_t sbcs = 0;
  std::size_t services = 2;
  int channels = 16;        // licensed simultaneous calls
  bool tells_uptime = true; // some builds do not
};

struct plan {
  settings drawn_with;
  std::vector<pbx> pbxes;
  std::vector<incident> incidents;
  std::vector<spell> spells; // by when they begin
};

[[nodiscard]] plan draw(const settings& with);

[[nodiscard]] tenant_id tenant_named(std::size_t tenant);
[[nodiscard]] instance_id pbx_named(std::size_t pbx);
[[nodiscard]] std::size_t pbx_of(const instance_id& id);

} // namespace ringdown::noise
