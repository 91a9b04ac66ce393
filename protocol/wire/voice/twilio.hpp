// Calls over Twilio's REST API, or over one that speaks the same (a SignalWire space by its base_url). Twilio knows no
// idempotency key: an outcome may stay unknown, and then the account's calls to that number are looked through before it
// rings again (S-D2).
#pragma once

#include "protocol/wire/voice/call_dialect.hpp"

namespace ringdown::wire::voice {

[[nodiscard]] dialect_description describe_twilio();
[[nodiscard]] std::optional<std::string> check_twilio(const channel_config& channel);
[[nodiscard]] dialect_step start_twilio(const delivery_job& job);
[[nodiscard]] dialect_step resume_twilio(const delivery_job& job, const conversation& at, const http_outcome& answer);
[[nodiscard]] std::string twilio_address(const channel_config& channel, const delivery& row);
[[nodiscard]] std::string twilio_account(const channel_config& channel, const std::string& base_url);

// twilio_calls.cpp
[[nodiscard]] http_request hang_up_twilio(const delivery_job& job, const std::string& reference, call_stage stage);
[[nodiscard]] hang_up_end after_twilio_hang_up(const http_outcome& answer);
[[nodiscard]] http_request ask_twilio(const delivery_job& job, const std::string& reference);
[[nodiscard]] result<call_progress> read_twilio_answer(const http_outcome& answer);
[[nodiscard]] bool is_genuine_twilio(const channel_config& channel, const callback& request);
[[nodiscard]] result<callback_event> read_twilio_callback(const callback& request, callback_kind kind);
[[nodiscard]] std::string twilio_speaks(const channel_config& channel, const call_script& script,
                                        const std::string& keys_url);
[[nodiscard]] std::string twilio_says(const channel_config& channel, const std::string& sentence);
[[nodiscard]] std::string twilio_hangs_up();

// A request to this account's part of the API: "/Calls.json".
[[nodiscard]] http_request twilio_request(const delivery_job& job, http_method method, const std::string& resource,
                                          const form_fields& fields);
// "in-progress" and what it means; nothing for a word that is none of theirs.
[[nodiscard]] std::optional<call_progress> twilio_progress(std::string_view status, std::string_view answered_by);
[[nodiscard]] bool is_twilio_sid(std::string_view text);

inline constexpr call_functions twilio_calls{hang_up_twilio,     after_twilio_hang_up, ask_twilio,
                                             read_twilio_answer, is_genuine_twilio,    read_twilio_callback,
                                             twilio_speaks,      twilio_says,          twilio_hangs_up};
inline constexpr dialect twilio{describe_twilio, check_twilio,  start_twilio, resume_twilio, twilio_address,
                                nullptr,         &twilio_calls, nullptr,      twilio_account};

} // namespace ringdown::wire::voice
