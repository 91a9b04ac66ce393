// The face of one simulated PBX: the token endpoint and the configuration API, faults included. One thread owns it.
#pragma once

#include "bin/ringdown-sim/answer.hpp"
#include "bin/ringdown-sim/world.hpp"

#include <random>
#include <unordered_map>

namespace ringdown::sim {

class xapi {
public:
  // `pbxes` must outlive it. `seed` makes tokens differ.
  xapi(world& pbxes, std::uint64_t seed);

  [[nodiscard]] answer ask(std::size_t index, const question& what, wall_time now);

  [[nodiscard]] long polls() const { return polls_; }
  [[nodiscard]] long logins() const { return logins_; }

private:
  struct cached {
    std::uint64_t revision = 0;
    wall_time made;
    std::shared_ptr<const std::string> body;
  };

  [[nodiscard]] answer login(std::size_t index, const question& what, wall_time now);
  [[nodiscard]] answer read(std::size_t index, std::string_view endpoint, std::string_view query, const question& what,
                            wall_time now);
  [[nodiscard]] answer body(std::size_t index, std::string_view endpoint, std::string_view query, wall_time now);
  [[nodiscard]] answer spoiled(const fault& by, answer sound) const;
  // The fault that decides this answer, its count already lowered; none that spoils content where there is none.
  [[nodiscard]] std::optional<fault> take_fault(std::size_t index, std::string_view endpoint, const answer& sound,
                                                wall_time now);
  void tell_poll(std::size_t index, std::string_view endpoint, const answer& given, const std::optional<fault>& by,
                 wall_time now);

  world& world_;
  std::mt19937_64 random_;
  std::vector<std::unordered_map<std::string, cached>> cache_; // per PBX, at most `cache_limit` each
  std::shared_ptr<const std::string> deep_;
  long polls_ = 0;
  long logins_ = 0;
};

} // namespace ringdown::sim
