// The http port of a simulated world: requests arrive at simulated PBXes and providers after a while drawn from the seed, and
// so do answers, in any order. Nothing is ever sent.
#pragma once

#include "actors/net/http_port.hpp"
#include "test/simulation/dice.hpp"
#include "test/simulation/fleet.hpp"
#include "test/simulation/process.hpp"
#include "test/simulation/provider.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace ringdown::simulation {

// A channel of a tenant and who is at its other end.
struct far_end {
  tenant_id tenant;
  channel_id channel;
  std::unique_ptr<provider> who;
  bool poisonous = false; // whoever sends to it crashes
};

class simulated_http final : public net::http_port {
public:
  // By the lane of the channel: "channel/t01/push-t01".
  using far_ends = std::map<std::string, far_end>;

  // `may_act`: whether the lease is believed in, without which nothing is sent and no token asked for; none: there is none.
  simulated_http(timeline& time, journal& told, fleet& pbxes, far_ends& providers, dice chance, seat_id seat = 0,
                 std::function<bool()> may_act = {})
      : time_(time),
        told_(told),
        pbxes_(pbxes),
        providers_(providers),
        chance_(chance),
        seat_(seat),
        may_act_(std::move(may_act)),
        tickets_(first_ticket_of(seat)) {}

  // Everything under way is forgotten: whoever waited for it is dead.
  void serve(std::shared_ptr<process> next);
  // What the handler that runs now is about: a row that its channel begins, as its log says, or one whose answer has come
  // (the mark of that answer); its next request carries it.
  void begins(const delivery_id& row) { current_ = {row, true}; }
  void goes_on(const delivery_id& row) { current_ = {row, false}; }

  std::uint64_t send(const net::lane& on, http_request request, net::http_completion done) override;
  void cancel(std::uint64_t ticket) override;
  void close_lane(const std::string& lane_name) override;

private:
  struct subject {
    delivery_id row; // empty: of no row
    bool begins = false;
  };
  struct exchange {
    http_request request;
    net::http_completion done;
    far_end* to = nullptr; // none: a PBX
    delivery_id row;
    instant begun{};
    bool arrived = false;
    bool over = false; // its completion is on the way
  };

  [[nodiscard]] bool is_late(const exchange& what) const;
  void note_attempt(const far_end& to, const subject& what, std::uint64_t ticket);
  void arrive(std::uint64_t ticket);
  void arrive_at_pbx(std::uint64_t ticket, exchange& what);
  void arrive_at_provider(std::uint64_t ticket, exchange& what);
  void take(const exchange& what, const std::optional<asked>& said);
  // What left and was not answered in time is a time-out.
  void end_after(std::uint64_t ticket, exchange& what, instant span, http_outcome outcome);
  void complete(std::uint64_t ticket, http_outcome outcome);

  timeline& time_;
  journal& told_;
  fleet& pbxes_;
  far_ends& providers_;
  dice chance_;
  seat_id seat_;
  std::function<bool()> may_act_;
  std::shared_ptr<process> process_;
  std::uint64_t tickets_;
  std::map<std::uint64_t, exchange> under_way_;
  subject current_;
};

} // namespace ringdown::simulation
