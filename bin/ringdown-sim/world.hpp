// All simulated PBXes and what commands do to them. Time is an argument; what happens is told to the truth journal.
// One thread owns it.
#pragma once

#include "bin/ringdown-sim/command.hpp"
#include "bin/ringdown-sim/fleet.hpp"
#include "bin/ringdown-sim/journal.hpp"

#include <functional>
#include <set>

namespace ringdown::sim {

// What a command came to: how many things it changed, and what has to be done later (`for`), counted from now.
struct applied {
  int changed = 0;
  std::vector<timed_command> later;
};

class world {
public:
  using truth_writer = std::function<void(const journal_line&)>;

  world(std::vector<pbx> fleet, truth_writer write);

  // Writes one line per resource with `from` null: the state everything starts in.
  void tell_baseline(wall_time now) const;

  // Refuses selectors that match nothing.
  [[nodiscard]] result<applied> apply(const command& what, wall_time now);

  [[nodiscard]] const std::vector<pbx>& fleet() const { return fleet_; }
  [[nodiscard]] std::size_t size() const { return fleet_.size(); }
  [[nodiscard]] const pbx& at(std::size_t index) const { return fleet_[index]; }

  // Lets `change` alter one PBX and writes what that means for the instance as a whole.
  void alter(std::size_t index, wall_time now, const std::function<void(pbx&)>& change);

  // PBXes whose door or certificate changed since the last call.
  [[nodiscard]] std::set<std::size_t> take_changed_fronts();

  // The truth of this moment as one JSON object.
  [[nodiscard]] std::string truth_json() const;

  void tell(const journal_line& line) const { write_(line); }

private:
  using handler = result<applied> (world::*)(const command&, const std::vector<std::size_t>&, wall_time);
  [[nodiscard]] static handler handler_of(std::string_view verb);
  [[nodiscard]] std::vector<std::size_t> select(const command& what) const;

  result<applied> trunks(const command& what, const std::vector<std::size_t>& on, wall_time now);
  result<applied> sbcs(const command& what, const std::vector<std::size_t>& on, wall_time now);
  result<applied> services(const command& what, const std::vector<std::size_t>& on, wall_time now);
  result<applied> calls(const command& what, const std::vector<std::size_t>& on, wall_time now);
  result<applied> faults(const command& what, const std::vector<std::size_t>& on, wall_time now);
  result<applied> lift(const command& what, const std::vector<std::size_t>& on, wall_time now);
  result<applied> restart(const command& what, const std::vector<std::size_t>& on, wall_time now);
  result<applied> returned(const command& what, const std::vector<std::size_t>& on, wall_time now);
  result<applied> settled(const command& what, const std::vector<std::size_t>& on, wall_time now);
  result<applied> credentials(const command& what, const std::vector<std::size_t>& on, wall_time now);
  result<applied> certificates(const command& what, const std::vector<std::size_t>& on, wall_time now);

  void set_trunk(pbx& of, trunk& one, std::string_view verb, const command& what, wall_time now);
  void set_sbc(pbx& of, sbc& one, std::string_view verb, wall_time now);
  void unsettle(pbx& of, wall_time now);
  void tell_fault(const pbx& of, const command& what, std::string_view edge, wall_time now) const;

  std::vector<pbx> fleet_;
  truth_writer write_;
  std::set<std::size_t> changed_fronts_;
  std::uint64_t next_fault_ = 1;
};

} // namespace ringdown::sim
