#include "bin/ringdown-sim/twilio_callbacks.hpp"

#include "protocol/wire/crypto.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringdown::sim {

namespace {

constexpr std::string_view api_version = "2010-04-01";

std::string_view without_fragment(std::string_view url) { return url.substr(0, url.find('#')); }

} // namespace

std::string twilio_signature(std::string_view token, std::string_view url, form_pairs fields) {
  std::sort(fields.begin(), fields.end());
  std::string text(without_fragment(url));
  for (const auto& [key, value] : fields) text += key + value;
  return wire::base64_encode(wire::hmac_sha1(token, text));
}

errand signed_errand(std::string url, const form_pairs& fields, std::string_view token) {
  errand out;
  out.headers.emplace_back("X-Twilio-Signature", twilio_signature(token, url, fields));
  out.url = std::move(url);
  out.body = form_text(fields);
  return out;
}

form_pairs call_fields(const call& of, const twilio_plan& account) {
  form_pairs out{{"CallSid", of.sid},
                 {"AccountSid", account.account},
                 {"From", of.order.from},
                 {"To", of.order.to},
                 {"CallStatus", std::string(name(of.status))},
                 {"ApiVersion", std::string(api_version)},
                 {"Direction", "outbound-api"}};
  if (of.order.detects && of.answered) out.emplace_back("AnsweredBy", of.line.answered_by);
  return out;
}

form_pairs status_fields(const call& of, const twilio_plan& account, std::string_view event, wall_time now) {
  auto out = call_fields(of, account);
  // Its own word for the event that starts a call; the call itself is queued until it rings.
  if (event == "initiated") out[4].second = event;
  out.emplace_back("Timestamp", rfc2822(now));
  out.emplace_back("CallbackSource", "call-progress-events");
  out.emplace_back("SequenceNumber", fmt::to_string(of.sequence));
  if (event == "completed") {
    const auto seconds = seconds_of(of, now);
    out.emplace_back("CallDuration", fmt::to_string(seconds));
    out.emplace_back("Duration", fmt::to_string((seconds + 59) / 60)); // in minutes, as billed
  }
  return out;
}

} // namespace ringdown::sim
