// One instance's poller: wakes at its slots, carries one conversation with the PBX, lets logic/instance_machine judge, and
// keeps the news until the tenant has committed it (step 1-3 of docs/life-of-an-alert.md).
#pragma once

#include "actors/logic/instance_machine.hpp"
#include "actors/observed_actor.hpp"
#include "actors/pbx_conversation.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ringdown {

class poller final : public observed_actor<poller_actor> {
public:
  // Stands still until the tenant sends a baseline.
  poller(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe, tenant_id tenant,
         instance_config instance);

  behavior_type make_behavior() override;

private:
  void leaving() override;
  void on(const due& rang);
  void on(const run_ended& ended);
  void on(const rebaseline& from);
  void on(const reconfigure_instance& to);
  void on(const news_committed& committed);
  void on(const settle_instance&);
  void on(const login_budget_saved& saved);
  void on(const drain& asked);
  void on(const crash_now& asked);

  void poll();
  void send(http_request request);
  void finish();
  void report(poll_news news);
  void give_up_poll();
  void schedule();
  void wake_for(steady_time at);
  void count(const observation& seen);
  void save_budget_if_changed();
  [[nodiscard]] const char* why_no_login() const; // null: it may be made
  [[nodiscard]] std::string credentials() const;

  enum class kept : std::uint8_t { stored, asked, waiting }; // waiting: for a store that is away

  const tenant_id tenant_;
  instance_config config_;
  const double phase_;
  const net::lane lane_;
  const std::string shown_as_; // "tenant/instance"
  pbx_conversation talk_;
  std::optional<logic::instance_machine> machine_; // none before the first baseline
  caf::strong_actor_ptr tenant_actor_;
  std::deque<poll_news> uncommitted_;     // sent, not yet committed; bounded, see poll()
  std::optional<logic::look_again> look_; // wished for, before the next slot
  logic::look_again looks_{};             // as the poll under way was wished for; in its slot: of nothing
  std::optional<steady_time> not_before_; // the PBX asked to be left alone until then
  steady_time woken_for_;                 // when the newest wake-up is to be
  steady_time served_;                    // when the last one that came was to be
  std::uint64_t wake_token_ = 0;          // only the newest wake-up counts
  std::uint64_t exchange_token_ = 0;      // only the answer to the newest request counts
  std::optional<std::uint64_t> ticket_;   // of the run under way
  std::vector<std::string> run_;          // its URLs
  bool polling_ = false;
  bool poll_again_ = false; // a slot came while polling
  bool draining_ = false;
  std::uint64_t budget_number_ = 0; // of the newest login budget that was to be stored
  steady_time budget_asked_at_{};
  kept budget_is_ = kept::stored;
  steady_time poll_began_;
  instance_glance glance_;
};

} // namespace ringdown
