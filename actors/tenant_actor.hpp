// One tenant: applies logic/tenant_machine to what pollers report, people ask and time brings; makes every decision durable
// in one transaction; and only after its commit tells channels, pollers and people (steps 4-6 of docs/life-of-an-alert.md).
// Decisions are applied to memory at once and committed in order; a refused commit ends this actor, which starts again
// from the store.
#pragma once

#include "actors/logic/tenant_machine.hpp"
#include "actors/observed_actor.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ringdown {

class tenant final : public observed_actor<tenant_actor> {
public:
  tenant(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe,
         std::shared_ptr<const tenant_config> settings, std::vector<logic::channel_kind_facts> kinds);

  behavior_type make_behavior() override;

private:
  // A channel as the tenant sees it: where it is, how much it may be handed, what it has not finished.
  struct channel_view {
    caf::strong_actor_ptr actor;  // none: starting, restarting or tripped; its rows stay pending
    std::uint64_t generation = 0; // rises with each start of the channel actor
    std::size_t window = 0;
    std::set<delivery_id> handed; // born claimed and not yet reported
    // Until it has once said that nothing of it is left in the store, rows may wait there that we do not know.
    bool caught_up = false;
    std::uint64_t looks = 0;                // asked for so far
    std::map<delivery_id, alert_id> open;   // rows not known to be final
    std::map<alert_id, std::size_t> alerts; // how many of them each alert has

    void opened(const delivery& row);
    void ended(const delivery_id& row);
  };
  struct handed_row {
    channel_id channel;
    std::uint64_t generation;
    delivery row;
  };
  // What is to be done once a batch is durable.
  struct after_commit {
    std::vector<handed_row> hand_over;
    std::set<channel_id> look; // channels with new pending rows
    std::vector<instance_id> settle;
    std::vector<alert_id> withdraw;
    std::vector<logic::hang_up_wish> hang_ups;
    std::vector<command_result> decided;
    std::optional<news_committed> confirm;
    instance_id confirm_to;

    [[nodiscard]] bool empty() const {
      return hand_over.empty() && look.empty() && settle.empty() && withdraw.empty() && hang_ups.empty() &&
             decided.empty() && !confirm;
    }
  };

  void on(const due& rang);
  void on(const poll_news& news);
  void on(const poller_ready& ready);
  void on(const login_budget_changed& spent);
  void on(const channel_ready& ready);
  void on(const channel_lost& lost);
  void on(const reconfigure_tenant& to);
  void on(const tenant_loaded& loaded);
  void on(const batch_committed& done);
  void on(const delivery_settled& settled);
  void on(const call_heard& heard);
  void on(const channel_idle& idle);
  void on(const command_stored& stored);
  void on(const carrier_watch_at& is);
  void on(const carriers_elsewhere& heard);
  void on(const crash_now& asked);

  void leaving() override;
  void load();
  void send_baseline(const instance_id& instance);
  void hand_calls(const channel_id& channel);
  void take_up(const poll_news& news);
  void commit(logic::effects decided, persistence::write_batch batch, after_commit then);
  void say_what_was_not_called(const std::vector<decision>& decisions);
  void mark_born_claimed(std::vector<delivery>& rows, after_commit& then);
  void carry_out(const after_commit& then);
  void remember(const poll_news& news);
  void schedule_tick();
  void hand_back(const delivery& row);
  // tenant_actor_carriers.cpp
  void hear_of_others(std::set<std::string> registrars);
  void note_carriers(const poll_news& news);
  void doubt_carriers();
  void report_carriers();

  // What the watch over carriers is told.
  struct carrier_view {
    caf::strong_actor_ptr watch;                 // none: it is switched off, or starting
    std::uint64_t reports = 0;                   // made so far
    std::optional<steady_time> asked;            // since when the last one waits for its answer
    std::set<instance_id> changed;               // to be reported next
    std::map<instance_id, std::uint32_t> places; // as it knows them
  };

  const tenant_id id_;
  std::shared_ptr<const tenant_config> config_; // shared with the group that supervises us; replaced, never changed
  std::vector<logic::channel_kind_facts> kinds_;
  logic::tenant_machine machine_;
  bool loaded_ = false;
  std::uint64_t generation_ = 0; // of baselines; older news is ignored
  std::map<instance_id, caf::strong_actor_ptr> pollers_;
  std::map<instance_id, baseline> truth_;                    // stored truth per instance, as committed or on its way
  std::map<instance_id, persistence::login_budget> budgets_; // as stored, or told by pollers since
  std::map<instance_id, std::uint64_t> seen_;                // highest news sequence taken of the present generation
  std::map<channel_id, channel_view> channels_;
  std::set<std::string> read_at_load_; // commands decided then, of which word may still come
  std::map<std::uint64_t, after_commit> committing_;
  std::uint64_t batches_ = 0;
  carrier_view carriers_;
  std::uint64_t wake_token_ = 0;
  std::optional<wall_time> wake_for_;
};

} // namespace ringdown
