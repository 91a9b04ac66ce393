// Calls that go on after their provider took them: when each is asked about, and hung up until that is done. Pure; owned by
// the channel that placed them.
#pragma once

#include "protocol/types/call.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::logic {

enum class call_act : std::uint8_t { ask, hang_up };
struct call_step {
  delivery_id call;
  std::string reference;
  call_stage stage = call_stage::placed;
  call_act act = call_act::ask;
};

class call_follower {
public:
  // `every`: how often a call is asked about. Short where the provider cannot call back, long where it does and this is for
  // what gets lost.
  explicit call_follower(duration every) : every_(every) {}

  void follow(const delivery_id& call, const std::string& reference, call_stage stage, wall_time now);
  void hang_up(const delivery_id& call, const std::string& reference, call_stage stage, wall_time now);

  // What is to be done now; each step is answered by one of the three below before the next of that call.
  [[nodiscard]] std::vector<call_step> due(wall_time now);
  void heard(const delivery_id& call, call_stage stage, wall_time now);
  void failed(const delivery_id& call, wall_time now);
  void hung_up(const delivery_id& call, wall_time now);

  [[nodiscard]] std::optional<wall_time> next() const;
  [[nodiscard]] bool empty() const { return calls_.empty(); }

private:
  struct watched {
    std::string reference;
    call_stage stage = call_stage::placed;
    wall_time since;
    wall_time next;
    bool ending = false;
    bool hung_up = false; // said to be done: asked about before it is tried again
    bool busy = false;    // a step is under way
  };
  void follow_clock(wall_time now);
  watched& watch(const delivery_id& call, const std::string& reference, call_stage stage, wall_time now);

  duration every_;
  wall_time latest_{};
  std::map<delivery_id, watched> calls_;
};

} // namespace ringdown::logic
