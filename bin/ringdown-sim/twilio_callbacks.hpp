// The requests Twilio makes while a call lasts, signed as it signs them. Pure.
#pragma once

#include "bin/ringdown-sim/twilio_calls.hpp"

#include <string>
#include <string_view>

namespace ringdown::sim {

// base64(HMAC-SHA1(token, url + every key and value in the order of the keys)); a fragment is not signed.
[[nodiscard]] std::string twilio_signature(std::string_view token, std::string_view url, form_pairs fields);

[[nodiscard]] errand signed_errand(std::string url, const form_pairs& fields, std::string_view token);

// What every request about a call carries.
[[nodiscard]] form_pairs call_fields(const call& of, const twilio_plan& account);
// `event` is initiated, ringing, answered or completed.
[[nodiscard]] form_pairs status_fields(const call& of, const twilio_plan& account, std::string_view event,
                                       wall_time now);

} // namespace ringdown::sim
