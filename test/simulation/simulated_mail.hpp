// The mail port of a simulated world: one mail server for all, in a mood. Nothing is ever sent.
#pragma once

#include "actors/net/mail_port.hpp"
#include "test/simulation/process.hpp"
#include "test/simulation/provider.hpp"
#include "test/simulation/timeline.hpp"

#include <cstdint>
#include <map>
#include <memory>

namespace ringdown::simulation {

class simulated_mail final : public net::mail_port {
public:
  simulated_mail(timeline& time, journal& told) : time_(time), told_(told) {}

  // Everything under way is forgotten: whoever waited for it is dead.
  void serve(std::shared_ptr<process> next);
  // As simulated_http::begins.
  void begins(const channel_id& channel, const delivery_id& row) { beginning_[channel] = row; }
  // sound, hung, forgetful, failing (a passing 451), refusing (550 for good) or unreachable.
  void be(mood one) { mood_ = one; }
  [[nodiscard]] mood is() const { return mood_; }

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
  std::shared_ptr<process> process_;
  mood mood_ = mood::sound;
  std::uint64_t tickets_ = 0;
  std::map<std::uint64_t, posted> under_way_;
  std::map<channel_id, delivery_id> beginning_;
};

} // namespace ringdown::simulation
