// What happened in a simulated world, in order, by the world's true time: what was made durable, what left, what providers
// took and what each PBX really was. Checkers (checkers.hpp) read it; the program under test never does.
#pragma once

#include "persistence/rows.hpp"
#include "protocol/types/resource.hpp"
#include "protocol/types/shard.hpp"
#include "protocol/types/tenant_config.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ringdown::simulation {

using instant = std::chrono::nanoseconds; // since the world began, whatever clocks are set to
// Where actors live: 0 in a world of one node; in a cluster one for each shard at each node (seating.hpp).
using seat_id = std::uint32_t;
// Exchanges are numbered by each seat for itself.
[[nodiscard]] constexpr std::uint64_t first_ticket_of(seat_id seat) { return std::uint64_t{seat} << 32U; }
[[nodiscard]] constexpr seat_id seat_of(std::uint64_t ticket) { return static_cast<seat_id>(ticket >> 32U); }

struct life_began {
  fence owner;
  seat_id seat = 0;
};
struct life_ended {
  std::string how; // "killed after a commit", "exit 70: ..."
  seat_id seat = 0;
};
// --- the store, as it answered ---
struct batch_kept { // committed
  std::shared_ptr<const persistence::write_batch> batch;
};
struct rows_taken { // a claim
  tenant_id tenant;
  channel_id channel;
  fence owner;
  persistence::claimed_rows rows;
};
struct outcome_kept { // a settlement that was accepted
  persistence::settlement what;
};
// Rows claimed by nobody alive were looked at: of one channel under the present fence, or (no channel) of older fences.
struct claims_recovered {
  tenant_id tenant;
  channel_id channel;
  std::vector<delivery_id> carried;
  seat_id seat = 0;
};
struct command_kept { // in the inbox
  command what;
};
// --- the outside ---
struct attempt_begun { // handed to the http port
  tenant_id tenant;
  channel_id channel;
  delivery_id row;
  std::uint64_t exchange = 0;
};
struct attempt_went_on { // one more request of the same attempt
  delivery_id row;
  std::uint64_t exchange = 0;
};
struct attempt_ended { // answered, failed or given up
  delivery_id row;
  std::uint64_t exchange = 0;
};
// What a provider took: it will not forget it, whatever it answers.
struct effect {
  tenant_id tenant;
  channel_id channel;
  delivery_id row; // of the attempt that brought it
  std::string key; // as the request says it: webhook-id, sequence id
  std::string event;
  std::string title;
  bool possible_repeat = false;
  bool malformed = false; // the provider could not read it
};
// What happens to a call at the telephone company, in the words of its own journal ("call_ringing"), and what the program
// answers to its requests ("callback_answer", or "forged_answer" where whoever asked is not the company).
struct phone_event {
  tenant_id tenant;
  channel_id channel;
  delivery_id row;
  std::string kind;
  std::string sid;
  std::string number;
  std::string text; // said; the key; who answered; how it ended; what was asked for
  int answered = 0; // the status of an answer; 0: none came
};
struct pbx_asked { // it was read
  instance_id pbx;
  seat_id seat = 0;
};
// What a PBX really is.
enum class health : std::uint8_t { sound, failing, absent };
struct truth_changed {
  instance_id pbx;
  resource_ref resource;
  health now = health::sound;
};
struct fleet_told { // a verb of the simulator
  std::string what;
};
// --- actors and faults ---
struct actor_crashed {
  std::string actor;
  seat_id seat = 0;
};
struct actor_tripped {
  std::string actor;
  seat_id seat = 0;
};
struct spell {      // a fault that lasts
  std::string what; // "store", "provider push-t1"
  bool begins = true;
};
struct clock_jumped {
  std::chrono::nanoseconds by{};
  std::size_t node = 0; // whose
};
struct configured { // stored, and handed to the node that runs
  std::shared_ptr<const tenant_config> to;
  std::string what; // "kim agrees to no calls"
};

// --- several nodes ---
enum class node_fault : std::uint8_t {
  down,
  frozen,
  without_store,
  without_register,
  draining,
  register_ails // of no node by itself
};
struct node_ails {
  std::size_t node = 0;
  node_fault what = node_fault::down;
  bool begins = true;
};
struct shard_taken {
  held_lease lease; // as the register has it
  fence owner;      // as the store has it
  std::size_t node = 0;
};
struct shard_lost { // its node has been told that it is another's
  seat_id seat = 0;
};
struct lease_doubted { // its node does not know any more whether the shard is its own
  seat_id seat = 0;
  bool begins = true;
};
struct login_asked { // a request for a token has arrived
  instance_id pbx;
  seat_id seat = 0;
};

using happening = std::variant<life_began, life_ended, batch_kept, rows_taken, outcome_kept, claims_recovered,
                               command_kept, attempt_begun, attempt_went_on, attempt_ended, effect, phone_event,
                               pbx_asked, truth_changed, fleet_told, actor_crashed, actor_tripped, spell, clock_jumped,
                               configured, node_ails, shard_taken, shard_lost, lease_doubted, login_asked>;

struct entry {
  instant at{};
  happening what;
};

// One line for people and for the trace.
[[nodiscard]] std::string to_line(const entry& one);
[[nodiscard]] std::string clock_text(instant at); // "00:12:34.567890"

class journal {
public:
  // Sees each entry as it is written: the trace.
  using listener = std::function<void(const entry&)>;
  explicit journal(listener hear) : hear_(std::move(hear)) {}

  void write(instant at, happening what);

  [[nodiscard]] const std::vector<entry>& entries() const { return entries_; }
  // The newest committed version of each alert.
  [[nodiscard]] const std::map<alert_id, alert>& alerts() const { return alerts_; }

private:
  listener hear_;
  std::vector<entry> entries_;
  std::map<alert_id, alert> alerts_;
};

} // namespace ringdown::simulation
