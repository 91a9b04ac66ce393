// Deliveries, and for each one that was not made the stored reason (R-08, S-T1, S-A12). Everything owed is written as a
// row; nothing is sent here. Pure.
#pragma once

#include "actors/logic/effects.hpp"
#include "actors/logic/routing.hpp"
#include "protocol/types/tenant_config.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::logic {

// Token of the acknowledge link for this alert, episode and person; empty: no link.
using link_maker = std::function<std::string(const alert_id&, std::uint32_t episode, const std::string& person)>;

struct telling_context {
  const tenant_config& config;
  const std::vector<channel_kind_facts>& kinds;
  const link_maker& links;
  wall_time now;
  // Of the database the rows go into. Keys of a time that a restore undid are spent: the far ends remember them.
  std::string_view lineage = {};
};

// To every channel the routing names: one row or one reason each. Remembers in `a` who was told, and the high-water mark;
// what a snooze left owed is paid with it.
void tell(const telling_context& in, alert& a, notice_event event, reason why, const std::string& remark, effects& out);

// To logs alone, while a mask keeps people quiet: the others have that for a reason.
void tell_logs(const telling_context& in, alert& a, reason why, reason quiet, effects& out);

enum class audience : std::uint8_t {
  everybody,
  unheard // only who was not told at this level: its row was suppressed, or it is routed to only now
};
struct telling {
  alert* what;
  reason why;
  audience whom = audience::everybody;
};
// Several alerts at once: one summary per channel, but each alert by itself to logs, and a lone one plainly.
void tell_together(const telling_context& in, const std::vector<telling>& many, effects& out);

// Somebody was told at its level, and so was everybody the routing names now.
[[nodiscard]] bool is_told(const telling_context& in, const alert& a);

// To exactly those who were told of the fire (S-A12), never by voice: resolve, acknowledge, reminder, update. `only`: which
// kinds of rows. Where a target is owed nothing any more, the reason is stored.
void tell_targets(const telling_context& in, alert& a, notice_event event, reason why, const std::string& remark,
                  const std::vector<delivery_kind>& only, effects& out);

// To one channel beside what the routing says: a step of the escalation, the next channel of a person whose first did not
// take it, a backup. False: the channel is disabled, and that is the stored reason.
struct telling_also {
  const channel_config* channel = nullptr; // never none when it is told
  notice_event event = notice_event::fired;
  reason why = reason::none;
  std::uint32_t step = 0;
  std::uint32_t round = 0;
  std::string gates;
  std::string remark;
};
[[nodiscard]] bool tell_also(const telling_context& in, alert& a, const telling_also& what, effects& out);

// A call: its row, made here and nowhere else, is claimed when nothing else rings there.
struct calling {
  const channel_config& channel;
  std::string number;
  std::uint32_t ring = 0; // of the alert's ladder
  wall_time begun;        // that ladder: begun anew in one version it rings anew
  std::string text;       // what is said where no script can be fetched
  std::vector<alert_view> read;
  std::string gates;
};
delivery_id tell_by_call(const telling_context& in, alert& a, const calling& what, effects& out);
// A code read out at a number: no alert's.
delivery_id tell_code(const telling_context& in, const channel_config& channel, const std::string& number,
                      const std::string& text, const std::string& nonce, effects& out);
// The same with a remark for each channel; nullopt: nothing is to be said there.
using remark_maker = std::function<std::optional<std::string>(const channel_id&)>;
void tell_each_target(const telling_context& in, alert& a, notice_event event, reason why, const remark_maker& remark,
                      const std::vector<delivery_kind>& only, effects& out);

// To one channel, whatever the routing says: a person asked for it. `nonce` makes it a new intent. The row made; empty when
// the kind of the channel is not known.
delivery_id tell_channel(const telling_context& in, alert& a, const channel_config& channel, const std::string& nonce,
                         effects& out);
delivery_id tell_test(const telling_context& in, const channel_config& channel, const std::string& nonce, effects& out);

// A row of ours ended: what is now known of who was told. `accepted`: of that target alone, and nothing but that.
enum class told_change : std::uint8_t { none, accepted, targets };
[[nodiscard]] told_change note_end(alert& a, const delivery_id& row, delivery_state state);

// To one channel, all of these in one row: whoever takes over hears what is open (S-T7).
void tell_hand_over(const telling_context& in, const std::vector<telling>& open, const channel_config& channel,
                    effects& out);

// A decision that made no row, about one channel.
void not_told_there(const alert& a, notice_event event, const channel_id& channel, reason why, const std::string& gates,
                    wall_time now, effects& out);

// Nobody is told, for one reason decided before any channel was looked at.
void not_told(const alert& a, notice_event event, reason why, const std::string& gates, wall_time now, effects& out);

} // namespace ringdown::logic
