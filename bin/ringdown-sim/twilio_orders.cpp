#include "bin/ringdown-sim/twilio_orders.hpp"

#include "protocol/types/http.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace ringdown::sim {

namespace {

constexpr std::size_t longest_twiml = 4000; // characters, by the API's description

bool is_e164(std::string_view number) {
  if (number.size() < 8 || number.size() > 16 || number[0] != '+' || number[1] == '0') return false;
  return std::all_of(number.begin() + 1, number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// Twilio refuses hosts with an underscore.
bool is_callable(const std::string& url) {
  const auto parts = parse_url(url);
  return parts.ok() && parts->host.find('_') == std::string::npos;
}

std::string value(const arguments& form, std::string_view key) {
  const auto at = form.find(key);
  return at == form.end() ? std::string() : at->second;
}

std::optional<refusal> check_numbers(const arguments& form, const twilio_plan& account) {
  const auto to = value(form, "To");
  const auto from = value(form, "From");
  if (to.empty()) return refusal{400, 21201, "No 'To' number is specified"};
  if (!is_e164(to)) return refusal{400, 21211, fmt::format("Invalid 'To' Phone Number: {}", to)};
  if (from.empty()) return refusal{400, 21213, "No 'From' number is specified"};
  if (!is_e164(from)) return refusal{400, 21212, fmt::format("Invalid 'From' Phone Number: {}", from)};
  if (from != account.from) return refusal{400, 21210, "The 'From' number is not verified for this account"};
  return std::nullopt;
}

std::optional<refusal> check_document(const arguments& form) {
  const auto url = value(form, "Url");
  const auto twiml = value(form, "Twiml");
  if (url.empty() && twiml.empty()) return refusal{400, 21205, "Url parameter is required"};
  if (!url.empty() && !is_callable(url)) return refusal{400, 21205, fmt::format("Url is not a valid URL: {}", url)};
  if (characters(twiml) > longest_twiml) return refusal{400, 20001, "Twiml is longer than 4000 characters"};
  const auto status = value(form, "StatusCallback");
  if (!status.empty() && !is_callable(status)) return refusal{400, 21205, "StatusCallback is not a valid URL"};
  return std::nullopt;
}

std::optional<refusal> check_options(const arguments& form) {
  const auto ring = value(form, "Timeout");
  if (!ring.empty() && !parse_number(ring, 1, 600)) return refusal{400, 20001, "Timeout must be from 1 to 600"};
  const auto detection = value(form, "MachineDetection");
  if (!detection.empty() && detection != "Enable" && detection != "DetectMessageEnd") {
    return refusal{400, 20001, "MachineDetection must be Enable or DetectMessageEnd"};
  }
  // Of the real ones GET exists too. It is not simulated, and a call that needs it must not seem to work.
  for (const auto* key : {"Method", "StatusCallbackMethod"}) {
    const auto method = value(form, key);
    if (!method.empty() && method != "POST") return refusal{400, 20001, fmt::format("{} must be POST", key)};
  }
  return std::nullopt;
}

constexpr auto known_events = std::to_array<std::string_view>({"initiated", "ringing", "answered", "completed"});

std::optional<refusal> read_events(const form_pairs& form, call_order& into) {
  for (const auto& [key, event] : form) {
    if (key != "StatusCallbackEvent") continue;
    if (std::find(known_events.begin(), known_events.end(), event) == known_events.end()) {
      return refusal{400, 20001, fmt::format("StatusCallbackEvent is not known: {}", event)};
    }
    into.events.insert(event);
  }
  if (into.events.empty()) into.events.insert("completed");
  return std::nullopt;
}

// ".../callbacks/twilio/<tenant>/<channel>/<delivery>/...": the last of the three.
std::string delivery_of(std::string_view url) {
  constexpr std::string_view mark = "/callbacks/twilio/";
  auto at = url.find(mark);
  if (at == std::string_view::npos) return {};
  url.remove_prefix(at + mark.size());
  for (int skipped = 0; skipped < 2; ++skipped) {
    at = url.find('/');
    if (at == std::string_view::npos) return {};
    url.remove_prefix(at + 1);
  }
  return std::string(url.substr(0, url.find_first_of("/?#")));
}

} // namespace

answer error_answer(const refusal& why) {
  answer out;
  out.status = why.status;
  out.content_type = "application/json";
  out.body = share(
      fmt::format(R"({{"code":{0},"message":{1},"more_info":"https://www.twilio.com/docs/errors/{0}","status":{2}}})",
                  why.code, json_text(valid_utf8(why.message)), why.status));
  return out;
}

std::variant<call_order, refusal> read_order(std::string_view form, const twilio_plan& account) {
  const auto pairs = parse_pairs(form);
  const auto fields = parse_form(form);
  if (auto wrong = check_numbers(fields, account)) return *wrong;
  if (auto wrong = check_document(fields)) return *wrong;
  if (auto wrong = check_options(fields)) return *wrong;
  call_order out;
  if (auto wrong = read_events(pairs, out)) return *wrong;
  out.to = value(fields, "To");
  out.from = value(fields, "From");
  out.url = value(fields, "Url");
  if (out.url.empty()) out.twiml = value(fields, "Twiml"); // ignored beside a Url
  out.status_callback = value(fields, "StatusCallback");
  if (const auto ring = parse_number(value(fields, "Timeout"), 1, 600)) out.ring = std::chrono::seconds(*ring);
  out.detects = !value(fields, "MachineDetection").empty();
  out.delivery = delivery_of(out.url.empty() ? out.status_callback : out.url);
  return out;
}

} // namespace ringdown::sim
