// A telephone call as a tenant follows it: wanted by its ladder, placed by a voice channel, told of by the provider's
// callbacks or by asking.
#pragma once

#include "protocol/types/ids.hpp"
#include "protocol/types/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown {

// Only ever rises: what arrives late, twice or out of order changes nothing that is known.
enum class call_stage : std::uint8_t {
  wanted, // its row waits, or is on its way to the provider
  placed, // the provider took it
  ringing,
  answered,
  ended
};

enum class call_result : std::uint8_t {
  none,      // not ended, or nobody said how
  human,     // a person: a key was pressed
  listener,  // answered by somebody or something, and no key was pressed
  machine,   // voicemail, fax
  no_answer, // rang out
  busy,      // busy or rejected
  failed,    // the network could not
  cancelled  // by us
};
[[nodiscard]] std::string_view name(call_stage stage);
[[nodiscard]] std::string_view name(call_result result);
[[nodiscard]] std::optional<call_stage> parse_call_stage(std::string_view text);
[[nodiscard]] std::optional<call_result> parse_call_result(std::string_view text);

// What a provider said of a call.
struct call_progress {
  std::string reference; // the provider's id of the call
  call_stage stage = call_stage::placed;
  call_result result = call_result::none;
  std::optional<std::uint32_t> sequence; // the provider's own numbering, where it has one
  std::string answer; // in short, for the ledger: "no-answer", "busy (SIP 486)"; no number, no secret
};

// An alert as it was when it was read out: an acknowledgement by key binds these and no other (S-A9, S-T5).
struct read_alert {
  alert_id alert;
  std::uint32_t episode = 0;
  friend bool operator==(const read_alert&, const read_alert&) = default;
};

[[nodiscard]] std::string to_text(const std::vector<read_alert>& read);
[[nodiscard]] std::optional<std::vector<read_alert>> parse_read_alerts(std::string_view list);

// News of one call, from whoever heard it. Written as one line of text, so that it can wait in the command inbox: durable
// before the provider is answered, decided once however often it is said.
struct call_news {
  delivery_id call;
  call_progress heard;
  std::vector<read_alert> read; // read out to whoever answered
  bool passed_on = false;       // key 2: the next person is to be called
};
[[nodiscard]] std::string to_text(const call_news& news);
[[nodiscard]] std::optional<call_news> parse_call_news(std::string_view text);

// One call from the ladder's wish to its end, as the tenant stores it.
struct call_record {
  delivery_id call; // its delivery's id
  channel_id channel;
  alert_id lead;
  std::string number; // E.164
  std::string person; // user id; "fallback" for the tenant's number
  std::string reference;
  call_stage stage = call_stage::wanted;
  call_result result = call_result::none;
  bool first = false;                    // ring of its alert's ladder: it has a budget of its own
  std::optional<std::uint32_t> sequence; // highest heard
  std::vector<read_alert> read;
  wall_time made;
  wall_time changed;
  friend bool operator==(const call_record&, const call_record&) = default;
};

[[nodiscard]] inline bool is_live(const call_record& call) { return call.stage != call_stage::ended; }
// By all that is known of it; one whose answer was lost may have rung.
[[nodiscard]] inline bool was_never_placed(const call_record& call) {
  return call.result == call_result::failed && call.reference.empty();
}

// how often one number is rung, by whatever tenant. First calls of new alerts have as many of their own at each tenant
// (S-T4), so that one tenant's repeats keep no other's first call back.
struct call_budget {
  static constexpr std::int64_t in_15_minutes = 4;
  static constexpr std::int64_t in_an_hour = 7;
};

// "+1202***0123": two numbers of one tenant can be told apart, and neither can be dialled. Whatever is no number stays as it
// is: a target may be a device.
[[nodiscard]] std::string masked_number(const std::string& target);

// A number that may be called: whoever has it read back a code that was read out to them there.
struct phone_record {
  std::string number; // E.164
  std::string code;   // asked for and not yet given; empty: none
  wall_time code_until;
  std::uint32_t tries = 0;
  std::optional<wall_time> verified;
  friend bool operator==(const phone_record&, const phone_record&) = default;
};

enum class keypad : std::uint8_t { off, on };

// What is said when a call is answered (V-02, S-T5). Plain words: the dialect makes them safe for its synthesiser.
struct call_script {
  std::string opening;                // "Ringdown for Northwind MSP."; may be empty
  std::vector<std::string> sentences; // one or two for each alert, in order
  std::string closing;                // said before the keypad's menu or the end; may be empty
  keypad keys = keypad::off;          // on: 1 acknowledges, 2 goes on to the next person, 3 repeats (V-05)
};

} // namespace ringdown
