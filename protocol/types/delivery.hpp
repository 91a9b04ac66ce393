// A delivery is one intended effect: one thing owed to one target on one channel (CONTRACT). Its row is the queue.
#pragma once

#include "protocol/types/ids.hpp"
#include "protocol/types/notice.hpp"
#include "protocol/types/reason.hpp"
#include "protocol/types/severity.hpp"
#include "protocol/types/shard.hpp"
#include "protocol/types/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown {

enum class delivery_kind : std::uint8_t {
  interrupt, // push, voice, SMS, email: re-checked when claimed, suppressed by acknowledge / resolve / snooze
  mirror,    // ticket, chat message: show the newest version; never cancelled
  log        // webhook: ordered per alert, never suppressed
};
// What a channel is to people: default routing is written over these (S-T3), so that a new provider needs no routing.
enum class channel_class : std::uint8_t { push, chat, ticket, webhook, email, voice, sms };
[[nodiscard]] std::string_view name(channel_class of);
enum class delivery_state : std::uint8_t { pending, claimed, sent, confirmed, unknown, dead, suppressed, digested };

[[nodiscard]] std::string_view name(delivery_kind kind);
[[nodiscard]] std::string_view name(delivery_state state);
[[nodiscard]] std::optional<delivery_kind> parse_delivery_kind(std::string_view text);
[[nodiscard]] std::optional<delivery_state> parse_delivery_state(std::string_view text);
[[nodiscard]] constexpr bool is_final(delivery_state s) {
  return s != delivery_state::pending && s != delivery_state::claimed;
}

// Who may write for a shard: every write and claim is checked against it (I8).
struct fence {
  incarnation_id owner;
  std::uint64_t epoch = 0;
  shard_id shard = 0;
  friend bool operator==(const fence&, const fence&) = default;
};

struct delivery {
  delivery_id id; // also the idempotency key
  tenant_id tenant;
  channel_id channel;
  delivery_kind kind = delivery_kind::interrupt;
  notice_event event = notice_event::fired;
  alert_id alert; // the lead alert; empty for a test
  std::uint32_t episode = 0;
  std::uint32_t version = 0;
  std::string target;      // within the channel: a device or address; "" when the channel is the target
  std::uint32_t step = 0;  // escalation step and round, part of the identity
  std::uint32_t round = 0; // above 0: rings again for a version that has rung
  severity level = severity::info;
  delivery_state state = delivery_state::pending;
  reason why = reason::none;    // of suppressed and dead
  std::uint32_t attempts = 0;   // begun so far
  std::uint32_t handed = 0;     // times handed to an actor without an outcome (S-D5); raised before the hand-over
  bool possible_repeat = false; // an earlier attempt may have arrived (S-D6): said so to the target
  // Of a possible repeat, when it is claimed: when the first attempt began that may have arrived.
  std::optional<wall_time> doubted_since;
  wall_time created;
  wall_time not_before;
  wall_time give_up_at;
  // Claimable once that row is final. Of a resolve, a fire it ends: suppressed(never_told) unless the target was told of
  // this episode by that or another fire since the last resolve. Of an outage's first mirror: the fire of its first member,
  // whose ticket becomes the outage's (S-C1).
  std::optional<delivery_id> after;
  std::string reference; // the provider's id, once accepted
  // Of a mirror row, when it is claimed: what the far end calls the thing that shows this episode, a ticket for one;
  // empty: not known.
  std::string remote;
  bool adopts = false;  // `remote` shows an alert that this one covers, and becomes this one's
  std::string progress; // what its dialect wrote down at the end of the attempt before; empty: nothing
  std::string answer;   // last answer in short, no secrets
  std::string trace;
  notice content;
  friend bool operator==(const delivery&, const delivery&) = default;
};

enum class outcome_kind : std::uint8_t {
  accepted, // the provider took it
  retry,    // not taken; may work later
  refused,  // never will be
  unknown,  // it may have been taken
  not_sent  // no byte left (send_by passed, cancelled before): does not count as an attempt
};
[[nodiscard]] std::string_view name(outcome_kind kind);
[[nodiscard]] std::optional<outcome_kind> parse_outcome_kind(std::string_view text);

struct attempt_outcome {
  outcome_kind kind = outcome_kind::retry;
  std::string reference;
  std::string answer; // "HTTP 503", "no answer in 10 s": no secrets, at most 200 characters
  std::optional<duration> retry_after;
  int status = 0;
  std::string remote{};   // accepted: what later rows of this episode are given as theirs; empty: no news
  std::string progress{}; // given back with the row at its next attempt
};

// One row of the delivery ledger (C-10).
struct attempt {
  delivery_id delivery;
  std::uint32_t number = 0;
  wall_time started;
  wall_time ended;
  outcome_kind outcome = outcome_kind::retry;
  int status = 0;
  std::string address; // masked
  std::string answer;
  friend bool operator==(const attempt&, const attempt&) = default;
};

} // namespace ringdown
