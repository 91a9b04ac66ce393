// One channel of one tenant: takes rows it was handed or claims them, carries each to the provider by its dialect, and
// records every outcome before it takes the next, but for logs (docs/decisions/0022; step 7 of docs/life-of-an-alert.md).
// Its queue is the table: a crash or a hang here touches nothing else.
#pragma once

#include "actors/logic/call_follower.hpp"
#include "actors/observed_actor.hpp"
#include "protocol/wire/dialect.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace ringdown {

class channel final : public observed_actor<channel_actor> {
public:
  channel(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe, tenant_id tenant,
          channel_config settings, timing times);

  behavior_type make_behavior() override;

private:
  void leaving() override;
  // A row being carried: from its hand-over until its outcome is stored.
  struct carried {
    delivery row;
    wire::conversation talk;
    std::chrono::nanoseconds send_by{}; // CLOCK_BOOTTIME
    wall_time begun;
    std::optional<std::uint64_t> ticket;      // of the http port
    std::optional<std::uint64_t> mail_ticket; // of the mail port
    bool storing = false;
  };

  void on(const due& rang);
  void on(const exchange_ended& ended);
  void on(const mail_ended& ended);
  void on(const tenant_attached& to);
  void on(const reconfigure_channel& to);
  void on(const deliveries_ready& ready);
  void on(const look_for_rows& asked);
  void on(const withdraw_alerts& which);
  void on(const hang_up_call& which);
  void on(const follow_calls& which);
  void on(const rows_claimed& claimed);
  void on(const rows_recovered& answer);
  void on(const settlements_stored& stored);
  void on(const accounts_attached& to);
  void on(const permit_given& given);
  void on(const permit_queued& queued);
  void on(const drain& asked);
  void on(const crash_now& asked);

  void take(delivery row);
  [[nodiscard]] std::chrono::nanoseconds send_by(duration within) const;
  void begin_waiting();
  void hand_back_waiting();
  void begin(carried one);
  void carry_on(carried& one, wire::dialect_step step);
  void exchange(carried& one, http_request request);
  void post(carried& one, mail_request mail);
  [[nodiscard]] carried* asker_of(std::uint64_t token);
  void settle(carried& one, const attempt_outcome& outcome);
  void hand_back(const delivery& row);
  void forget(const delivery_id& row);
  // channel_actor_claims.cpp
  [[nodiscard]] bool is_off() const;
  [[nodiscard]] bool has_free_place() const;
  void claim_if_room();
  void plan_ahead(const persistence::claimed_rows& claimed);
  void recover();
  void find_account();
  void use_permits(const persistence::claimed_rows& claimed);
  void want_permit(urgency how);
  [[nodiscard]] bool only_waits_its_turn() const;
  void ask_for_permit(urgency how);
  void give_back(permit_end how, std::size_t many);
  void count_ended();
  void tell_refusal(const attempt_outcome& outcome);
  [[nodiscard]] bool paced() const { return !account_.empty(); }
  [[nodiscard]] std::size_t held() const { return carrying_.size() + waiting_.size(); }
  [[nodiscard]] std::string base_url() const;
  void tell_tenant(const delivery& row, delivery_state state, reason why);
  void go_on_with_calls();
  void do_call_step(const logic::call_step& step);
  void call_step_ended(const logic::call_step& step, const http_outcome& outcome);
  void wake_for(wall_time at);
  void arm();
  void check_quiet();
  std::uint64_t send(http_request request, std::uint64_t token);
  [[nodiscard]] wire::delivery_job job(const delivery& row) const;

  const tenant_id tenant_;
  channel_config config_;
  timing times_;
  const wire::dialect* dialect_;
  const wire::dialect_description facts_;
  channel_counts& counts_; // of our kind; the metrics outlive every actor
  const net::lane lane_;
  caf::strong_actor_ptr tenant_actor_;
  std::map<delivery_id, carried> carrying_;
  std::size_t storing_ = 0;                    // of them, whose outcome is on its way to the store
  std::deque<carried> waiting_;                // handed over, not begun for want of a free place
  std::map<std::uint64_t, delivery_id> asked_; // token of an exchange or a mail -> row
  std::map<std::uint64_t, logic::call_step> call_exchanges_;
  logic::call_follower watch_; // calls that its provider has taken
  std::string account_;        // whose limits are ours; empty: there are none
  caf::strong_actor_ptr accounts_;
  std::size_t permits_ = 0;                   // given and not yet used
  std::size_t permits_used_ = 0;              // by what is held
  std::optional<steady_time> permit_unheard_; // since when a question for one has no answer
  std::uint64_t permit_token_ = 0;            // of the wake-up to ask again; 0: none
  std::optional<urgency> wished_;             // what a permit was asked for last, while something waits for it
  std::uint64_t tokens_ = 0;
  std::uint64_t wake_tokens_ = 0;
  std::uint64_t wake_token_ = 0;
  std::optional<wall_time> wake_at_;             // what the newest wake-up is for
  steady_time wake_due_;                         // the same by the clock that nobody sets
  wall_time reached_;                            // what was waited for last, until a claim has used it
  std::size_t ahead_ = 0;                        // rows to hold beyond those that can be carried at once
  std::size_t asked_for_ = 0;                    // rows, by the newest claim
  moment asked_last_;                            // when the newest claim was made
  moment claimed_last_;                          // when the newest was that the store could make
  std::map<delivery_id, alert_id> handing_back_; // settlements under way of rows not carried any more
  bool claiming_ = false;
  bool look_again_ = false;    // rows were announced while a claim was under way
  bool backlogged_ = true;     // until a claim says otherwise: a predecessor may have left rows
  bool due_left_ = false;      // rows are due that wait for others to end
  bool recovering_ = false;    // what nobody carries is not known to be back yet
  std::size_t recoveries_ = 0; // asked for and not answered
  std::uint64_t looks_ = 0;    // number of the newest look asked for
  bool idle_told_ = false;
  std::function<void()> drained_; // set: draining
};

} // namespace ringdown
