// What was really so: questions about the plan, asked of a resource or of what an alert says of it.
#pragma once

#include "protocol/types/alert.hpp"
#include "test/noise/plan.hpp"

#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

namespace ringdown::noise {

// An alert of one tenant.
struct claim {
  std::size_t tenant = 0;
  alert_key key;
  friend auto operator<=>(const claim&, const claim&) = default;
};

struct stretch {
  wall_time begin;
  wall_time end;
  std::size_t incident = 0; // what began last
  silence how = silence::none;
};

class truth {
public:
  explicit truth(const plan& of);

  // The latest time that what is claimed was so and that began by then; nullopt: it never was.
  [[nodiscard]] std::optional<stretch> latest(const claim& what, wall_time by) const;
  [[nodiscard]] bool holds(const claim& what, wall_time at) const;
  // The same as far as anybody could see: what ended while its PBX fell silent, or just before, goes on until that answers.
  [[nodiscard]] std::optional<stretch> latest_as_seen(const claim& what, wall_time by) const;
  // Of this outage: which claims tell of it.
  [[nodiscard]] std::vector<claim> claims_of(const spell& of) const;
  // From when on it can be seen and is judged: not while its PBX is silent, nor in the grace after that (S-A5).
  [[nodiscard]] wall_time judged_from(const spell& of) const;

private:
  using resource = std::tuple<std::size_t, part, std::size_t>;
  [[nodiscard]] std::optional<stretch> latest_of(const resource& what, wall_time by) const;
  [[nodiscard]] std::optional<stretch> all_trunks(std::size_t pbx, wall_time by) const;
  [[nodiscard]] std::optional<stretch> of_carrier(std::size_t tenant, std::size_t carrier, wall_time by) const;

  const plan& plan_;
  std::map<resource, std::vector<const spell*>> spells_;                                // by when they begin
  std::map<std::pair<std::size_t, std::size_t>, std::vector<const spell*>> of_carrier_; // tenant, carrier
};

} // namespace ringdown::noise
