// The tenant's mind: transitions, commands, reports and time in; alerts, deliveries and reasons out. Pure; one value per
// tenant, owned by its tenant actor, rebuilt from the store after a crash. The order of a decision is readable in take():
//   dedup     actors/logic/dedup     what a transition does to an alert (open, again, raise, resolve, nothing), with a reason
//   masks     actors/logic/masks     what keeps it quiet; tenant_masks.cpp: what happens when the last mask lifts
//   outages   actors/logic/correlation  what belongs to an outage of a provider; tenant_outages.cpp: the outage and its members
//   elsewhere tenant_elsewhere.cpp   what is said where the same carrier fails at other tenants too
//   routing   actors/logic/routing   which channels, by matrix, floor and default (S-T3)
//   telling   actors/logic/telling   deliveries and the stored reason of every one that was not made
//   calls     tenant_calls{,_heard}.cpp, actors/logic/{call_ladder,oncall_chain,script}   who is rung, until somebody has it
//   loudness  tenant_loudness.cpp    escalation, backups, what a channel did not take in time
//   wording   actors/logic/wording   titles and sentences
#pragma once

#include "actors/logic/correlation.hpp"
#include "actors/logic/dedup.hpp"
#include "actors/logic/effects.hpp"
#include "actors/logic/oncall_chain.hpp"
#include "actors/logic/provider_ledger.hpp"
#include "actors/logic/routing.hpp"
#include "actors/logic/telling.hpp"
#include "protocol/types/tenant_config.hpp"
#include "protocol/types/transition.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::logic {

// A channel's row reached a state that changes what the tenant knows.
struct delivery_report {
  delivery_id delivery;
  alert_id alert;
  channel_id channel;
  delivery_state state = delivery_state::sent;
  reason why = reason::none;
  std::string reference{};    // the provider's, once accepted
  std::uint32_t attempts = 0; // begun at the provider
};
[[nodiscard]] inline bool was_sent(const delivery_report& report) {
  return report.state == delivery_state::sent || report.state == delivery_state::confirmed;
}

struct tick {};

// Of the registrars of this tenant: those whose carrier fails at other tenants, as far as is known (S-C5). In place of what was
// heard before.
struct elsewhere_news {
  std::set<std::string> registrars;
};
// All that a tenant is ever told of others.
inline constexpr std::string_view fails_elsewhere = "This carrier fails elsewhere too.";

// A drill that nobody needs any more ends by itself.
inline constexpr duration drill_lasts = std::chrono::minutes(10);

// Whether providers can reach us ([http] public_url): without it no key can be pressed.
enum class callbacks : std::uint8_t { none, offered };
// How a member of a provider outage was acknowledged when the outage was (S-C4).
inline constexpr std::string_view of_outage = "provider_outage";

class tenant_machine {
public:
  tenant_machine(std::shared_ptr<const tenant_config> config, std::vector<channel_kind_facts> kinds);

  // Signed acknowledge tokens are made by whoever holds the key.
  void set_link_maker(link_maker make) { links_ = std::move(make); }
  // The trunks that outages of providers are judged by; kept by the owner, who brings it up to date before each poll's news
  // and outlives us. Without it there are no outages.
  void look_at(const known_truth& truth) { truth_ = &truth; }
  // After construction, once: what the store held.
  void restore(std::vector<alert> alerts, std::vector<mute> mutes, std::string lineage = "");
  void restore_calls(std::vector<call_record> calls, std::vector<phone_record> phones,
                     std::optional<oncall_pointer> oncall);
  void set_callbacks(callbacks how) { callbacks_ = how; }
  // A new configuration sends nothing (S-A14): alerts of removed instances close as removed.
  [[nodiscard]] effects configure(std::shared_ptr<const tenant_config> config, wall_time now);

  [[nodiscard]] effects on(const poll_news& news, wall_time now);
  [[nodiscard]] effects on(const command& asked, wall_time now);
  [[nodiscard]] effects on(const delivery_report& report, wall_time now);
  [[nodiscard]] effects on(const call_news& news, wall_time now);
  [[nodiscard]] effects on(tick, wall_time now);
  // Tells nobody but tickets and chats that have the alert already; what is told from now on says it too.
  [[nodiscard]] effects on(const elsewhere_news& heard, wall_time now);

  // When on(tick) next has something to do; nullopt: nothing.
  [[nodiscard]] std::optional<wall_time> next_due() const;
  // Calls that nobody waits for and that go on: whoever begins to follow them hangs up.
  [[nodiscard]] std::vector<hang_up_wish> unwanted_calls(const channel_id& over) const;

  // Of one channel, not yet ended: it follows them.
  [[nodiscard]] std::vector<call_record> live_calls(const channel_id& over) const;
  // Resolved ones too: their episode and version numbers go on.
  [[nodiscard]] const std::map<alert_key, alert>& alerts() const { return alerts_; }

private:
  // One event being decided: what it changed so far.
  struct waiting {
    alert_key key;
    reason why;
    bool gathered; // told with what else comes in this turn, however little; a rise is told plainly, its alert is known
  };
  // A member that failed or recovered while its outage went on.
  struct outage_note {
    alert_key outage;
    std::string_view heading; // "Failed too"
    std::string words;
    std::set<channel_id> told; // who hear of it by itself
  };
  struct turn {
    wall_time now;
    effects out;
    std::set<alert_key> touched;
    std::vector<waiting> to_tell; // fires of this turn, in order
    std::vector<outage_note> notes;
    std::set<alert_key> begun;   // outages that are told of as a whole in this turn
    std::set<alert_key> joined;  // alerts that became members of an outage, and may have left it again
    std::set<alert_key> stepped; // a step of their escalation was taken
    bool parent_ended = false;
    telling_context tell;
  };

  [[nodiscard]] turn begin(wall_time now);
  void note_written();
  void follow_clock(turn& t);
  static void turn_back(alert& a, wall_time now, duration by);
  [[nodiscard]] effects end(turn& t);

  void take(turn& t, const transition& seen);
  [[nodiscard]] const channel_kind_facts* facts_at(const channel_id& channel) const; // null: it is gone
  [[nodiscard]] bool gave_way(const delivery_report& report) const;
  void rise_below_the_mark(turn& t, alert& a);
  void act(turn& t, alert& a, alert_change change, reason why, const transition& seen);
  void after_fire(turn& t, alert& a, alert_change change, reason why, const transition& seen);
  void after_resolve(turn& t, alert& a, const transition* seen);
  void tell_waiting(turn& t);
  void tell_settled(turn& t, const instance_id& instance);
  void settle(turn& t, alert& a, std::vector<telling>& many);
  void settle_alone(turn& t, alert& a);
  void renew_masks(const turn& t, alert& a) const;
  void refresh_masks(turn& t, const std::optional<instance_id>& only);
  void refresh_masks_of(turn& t, alert& a);
  void refresh_around(turn& t, const alert& changed);
  void stay_quiet(turn& t, const alert& a, const std::string& gates) const;
  [[nodiscard]] reason quiet_for(const alert& a, wall_time now) const;
  void fire_quietly(turn& t, alert& a, reason why);
  void ask_to_settle(turn& t);
  void ask_to_settle(turn& t, const alert_key& key);
  void make_up_for(turn& t, alert& a, const channel_id& channel);
  void audit(turn& t, const alert& a, std::string action, std::string actor, std::string detail) const;
  void remind_at(const alert& a);
  void due(turn& t, alert& a);
  void end_snooze(turn& t, alert& a);
  alert_change end_flapping(turn& t, alert& a);
  void remind(turn& t, alert& a);
  // tenant_calls.cpp
  void tend(turn& t, alert& a);
  void tend_ladder(turn& t, alert& a);
  [[nodiscard]] const channel_config* voice_channel() const;
  [[nodiscard]] std::optional<user_id> on_call() const;
  [[nodiscard]] keypad keys_offered() const;
  [[nodiscard]] wall_time first_call_of(const alert& a, wall_time now) const;
  [[nodiscard]] wall_time deadline_of(const call_record& call) const;
  [[nodiscard]] bool awaits_look(turn& t, const alert& a);
  void note_looked(turn& t, const instance_id& instance);
  void go_on_calling(turn& t, alert& a);
  void ring(turn& t, alert& a);
  [[nodiscard]] bool ring_one(turn& t, alert& a, const call_chain& chain, const channel_config& over);
  void place_call(turn& t, alert& a, const callable& whom, const std::string& gates, const channel_config& over);
  void pass_number_over(turn& t, alert& a, const std::string& person);
  void note_late_row(turn& t, call_record& call, const delivery_report& report);
  void pass_on(turn& t, const call_record& call);
  void note_unread(turn& t, const call_record& call, bool unheard);
  void refuse_call(turn& t, call_record& call);
  enum class ring_for : std::uint8_t { first, alert, code };
  [[nodiscard]] bool is_first_ring(const alert& a) const;
  [[nodiscard]] bool may_ring(const std::string& number, ring_for what, wall_time now) const;
  [[nodiscard]] const call_record* live_call_to(const std::string& number, const alert& a, wall_time now) const;
  [[nodiscard]] bool is_awaited(const call_record& call) const;
  [[nodiscard]] bool tells_of(const call_record& call, const alert& a) const;
  void say_of_calls(turn& t, const alert& a, reason why) const;
  void let_go(turn& t, const call_record& call, call_result result, wall_time rung_at);
  void give_up(turn& t, call_record& call);
  void tell_instead_of(turn& t, const call_record& call);
  void tell_instead_of(turn& t, const call_record& call, alert& a);
  void note_late(turn& t, call_record& call);
  [[nodiscard]] bool was_told_late(const call_record& call) const;
  void touch_waiting(turn& t, const call_record& call) const;
  [[nodiscard]] wall_time late_at(const call_record& call) const;
  void heed_configuration(turn& t);
  [[nodiscard]] bool nobody_was_rung(const alert& a, const call_chain& chain) const;
  [[nodiscard]] bool may_go_on(const call_record& call) const;
  void ask_again_who_is_callable(turn& t);
  void hang_up_late(turn& t, const call_record& call, call_stage stage);
  void hear(turn& t, call_record& call, const call_news& news);
  void note_row(turn& t, call_record& call, const delivery_report& report);
  void end_call(turn& t, call_record& call, call_result result);
  void hang_up_orphans(turn& t);
  void note_calls_due(const alert& a);
  [[nodiscard]] command_result decide_about_calls(turn& t, const command& asked);
  [[nodiscard]] command_result hear_call(turn& t, const command& asked);
  [[nodiscard]] command_result ask_for_code(turn& t, const command& asked);
  [[nodiscard]] command_result confirm_code(turn& t, const command& asked);
  [[nodiscard]] std::string wrong_code_words(const std::string& number, wall_time now) const;
  [[nodiscard]] command_result set_oncall(turn& t, const command& asked);
  // tenant_loudness.cpp
  void tend_escalation(turn& t, alert& a);
  void escalate(turn& t, alert& a);
  void escalate_to(turn& t, alert& a, const std::string& whom);
  void escalate_by_call(turn& t, alert& a, const channel_config& over, const std::string& gates);
  void look_at_targets(turn& t, alert& a);
  [[nodiscard]] const channel_config* next_channel(const alert& a, const std::optional<user_id>& person,
                                                   const channel_id& instead_of) const;
  void tell_next_channel(turn& t, alert& a, const channel_id& instead_of);
  void tell_backups(turn& t, alert& a, reason why, const std::string& remark = {});
  void judge_channel(turn& t, const delivery_report& report);
  void note_end_at(turn& t, const instance_id& instance, const delivery_report& report);
  void judge_unplaced(turn& t, const call_record& call, const delivery_report& report);
  void make_loud_if_lost(turn& t, alert& a, const delivery_report& report);
  void channel_is(turn& t, const channel_id& channel, condition is, const std::string& detail);
  [[nodiscard]] bool is_failing(const channel_id& channel) const;
  void note_loudness_due(const alert& a);
  void hand_over(turn& t, const user_id& to);
  [[nodiscard]] command_result drill(turn& t, const command& asked);
  [[nodiscard]] std::string note_of_keys() const;
  void end_drill(turn& t, const alert& a);
  void correlate(turn& t, const poll_news& news);
  void look_at_trunks(const turn& t);
  void begin_outage(turn& t, const std::string& group, const std::string& trace);
  void follow_outages(turn& t);
  void follow(turn& t, alert& outage);
  void adopt(turn& t, alert& a);
  void share_acknowledgement(turn& t, alert& member, const alert& outage);
  void share_acknowledgements(turn& t);
  void note_member(turn& t, const alert& a, const alert& outage);
  void tell_notes(turn& t);
  [[nodiscard]] std::optional<std::string> notes_for(const turn& t, const alert_key& outage,
                                                     const channel_id& channel) const;
  void name_members(turn& t);
  void take_over(turn& t, delivery& row, const std::vector<alert*>& members) const;
  void lapse(turn& t, alert& a);
  void say_elsewhere(delivery& row);
  [[nodiscard]] bool fails_at_others(const alert& a) const;
  [[nodiscard]] bool has_outage() const;
  [[nodiscard]] std::optional<alert_id> folded_into(const alert& a) const;
  [[nodiscard]] const alert* outage_of(const alert& a) const;
  [[nodiscard]] std::vector<alert*> members_of(const alert& outage);
  [[nodiscard]] std::string left_down(const turn& t, const alert& outage);
  [[nodiscard]] std::optional<wall_time> lapse_of(const alert& a) const;
  [[nodiscard]] severity level_of(const transition& seen) const;
  void index_hosts();
  [[nodiscard]] std::set<instance_id> instances_at(const std::string& host) const;
  [[nodiscard]] std::optional<alert_id> peer_bridge(const alert& a) const;
  [[nodiscard]] alert* find(const alert_id& id);
  [[nodiscard]] std::string still_down(const instance_id& instance) const;

  [[nodiscard]] command_result decide(turn& t, const command& asked);
  [[nodiscard]] command_result acknowledge(turn& t, const command& asked, alert& a);
  [[nodiscard]] command_result snooze(turn& t, const command& asked, alert& a);
  [[nodiscard]] command_result silence(turn& t, const command& asked, mute_scope scope, alert_type type);
  [[nodiscard]] command_result lift_silence(turn& t, const command& asked);
  [[nodiscard]] command_result decide_about_alert(turn& t, const command& asked);
  [[nodiscard]] command_result decide_about_channel(turn& t, const command& asked);
  [[nodiscard]] command_result resend(turn& t, const command& asked, const channel_config& channel);
  [[nodiscard]] command_result test(turn& t, const command& asked, const channel_config& channel);
  [[nodiscard]] std::string obstacle_to(const alert& a, const channel_config& channel, wall_time now) const;

  // An empty key: masks and settling of all alerts are looked at again. Equal times go by key, so that all nodes agree.
  using timer = std::pair<wall_time, alert_key>;

  std::shared_ptr<const tenant_config> config_; // shared with the actor that owns us; replaced, never changed
  std::vector<channel_kind_facts> kinds_;
  link_maker links_;
  std::string lineage_;                        // of the store; part of every delivery's key
  std::map<instance_id, std::string> host_of_; // of the configuration
  std::map<std::string, std::set<instance_id>> at_host_;
  std::map<alert_key, alert> alerts_;
  std::map<alert_id, alert_key> by_id_;
  std::vector<mute> mutes_;
  std::map<delivery_id, call_record> calls_;   // live ones, and those of the last hour: budgets count them
  std::map<std::string, phone_record> phones_; // by number
  std::optional<oncall_pointer> oncall_;
  // Before its first ring an alert's PBX was asked to say what is current.
  struct last_look {
    wall_time asked;
    bool answered = false;
  };
  std::map<alert_key, last_look> looks_;
  std::set<std::pair<delivery_id, call_stage>> hung_up_; // asked for already
  struct unplaced {
    wall_time since;
    wall_time last;
  };
  std::map<channel_id, int> unread_;                      // how many calls in a row were answered and read nothing out
  std::map<channel_id, unplaced> unplaced_;               // whose provider took the last calls it was given in no time
  std::map<delivery_id, std::set<instance_id>> spanning_; // rows that tell of several instances, until they end
  callbacks callbacks_ = callbacks::none;
  provider_groups providers_; // of the configuration
  provider_ledger ledger_;    // of `truth_` and `alerts_`, once looked at
  const known_truth* truth_ = nullptr;
  std::map<alert_key, wall_time> quiet_;                        // since when fewer than two members of an outage fail
  std::set<std::string> elsewhere_;                             // of carriers that fail at others
  std::set<std::pair<alert_id, std::uint32_t>> said_elsewhere_; // episodes whose tickets and chats know of it
  wall_time latest_{}; // this tenant has worked at; a clock that says less was set back
  // May hold stale ones: a tick then finds nothing due.
  std::priority_queue<timer, std::vector<timer>, std::greater<>> timers_;
};

} // namespace ringdown::logic
