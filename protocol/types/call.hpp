// A telephone call as a tenant follows it: placed by a voice channel, told of by the provider's callbacks or by asking.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown {

// Only ever rises: what arrives late, twice or out of order changes nothing that is known.
enum class call_stage : std::uint8_t { placed, ringing, answered, ended };

enum class call_result : std::uint8_t {
  none,      // not ended, or nobody said how
  human,     // a person was heard, or pressed a key
  listener,  // answered; whether by a person or a machine is not known
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
  std::string answer;                    // in short, for the ledger: "no-answer", "busy (SIP 486)"; no number, no secret
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
