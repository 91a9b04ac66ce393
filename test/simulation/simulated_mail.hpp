// The mail port of a simulated world, and the one mail server of all, in a mood. Nothing is ever sent.
#pragma once

#include "actors/net/mail_port.hpp"
#include "test/simulation/process.hpp"
#include "test/simulation/provider.hpp"
#include "test/simulation/timeline.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace ringdown::simulation {

class mail_server {
public:
  // sound, hung, forgetful, failing (a passing 451), refusing (550 for good) or unreachable.
  void be(mood one) { mood_ = one; }
  [[nodiscard]] mood is() const { return mood_; }

private:
  mood mood_ = mood::sound;
};

class simulated_mail final : public net::mail_port {
public:
  // `may_act` as simulated_http's.
  simulated_mail(timeline& time, journal& told, const mail_server& server, seat_id seat = 0,
                 std::function<bool()> may_act = {})
      : time_(time),
        told_(told),
        server_(server),
        may_act_(std::move(may_act)),
        tickets_(first_ticket_of(seat)) {}

  // Everything under way is forgotten: whoever waited for it is dead.
  void serve(std::shared_ptr<process> next);
  // As simulated_http::begins.
  void begins(const channel_id& channel, const delivery_id& row) { beginning_[channel] = row; }

  std::uint64_t send(const net::lane& on, mail_request request, net::mail_completion done) override;
  void cancel(std::uint64_t ticket) override;

private:
  struct posted {
    net::mail_completion done;
    duration timeout{};
    effect what;
  };

  void arrive(std::uint64_t ticket);
  void end_after(std::uint64_t ticket, instant span, mail_outcome outcome);
  void complete(std::uint64_t ticket, mail_outcome outcome);

  timeline& time_;
  journal& told_;
  const mail_server& server_;
  std::function<bool()> may_act_;
  std::shared_ptr<process> process_;
  std::uint64_t tickets_;
  std::map<std::uint64_t, posted> under_way_;
  std::map<channel_id, delivery_id> beginning_;
};

} // namespace ringdown::simulation
