// A call after it was placed. Facts: Twilio's call resource, status callbacks and request signing: base64 of HMAC-SHA1 over the
// URL followed by the sorted fields of the form, each key followed by its value.
#include "protocol/wire/crypto.hpp"
#include "protocol/wire/json.hpp"
#include "protocol/wire/outcomes.hpp"
#include "protocol/wire/voice/twilio.hpp"
#include "protocol/wire/voice/twiml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace ringdown::wire::voice {

namespace {

constexpr std::size_t answer_limit = 256 << 10;

struct call_visitor final : json_visitor {
  bool on_value(const json_path& path, const json_value& value) override {
    if (path.depth() == 0) return value.kind == json_kind::object;
    if (path.depth() != 1) return true;
    const auto text = value.as_text();
    if (path.last() == "sid" && text) sid = *text;
    if (path.last() == "status" && text) status = *text;
    if (path.last() == "answered_by" && text) answered_by = *text;
    return true;
  }
  bool on_end(const json_path& /*path*/, json_kind /*kind*/) override { return true; }
  std::string sid, status, answered_by;
};

// Whom a machine takes for a person may be a short greeting: only a key proves one (V-05).
call_result result_of(std::string_view answered_by) {
  if (answered_by == "human") return call_result::listener;
  if (answered_by.starts_with("machine") || answered_by == "fax") return call_result::machine;
  return call_result::none;
}

speech speech_of(const channel_config& channel) {
  const std::string language = setting(channel, "language");
  return {language.empty() ? "en-US" : language, setting(channel, "voice")};
}

bool same_text(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0; // all bytes are looked at, so that time tells nothing
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return difference == 0;
}

std::string signature_of(std::string_view key, const std::string& url, const form_fields& fields) {
  // Sorted by key; of a key that comes twice each value counts once.
  const std::set<std::pair<std::string, std::string>> sorted(fields.begin(), fields.end());
  std::string signed_text = url;
  for (const auto& [name, value] : sorted) signed_text += name + value;
  return base64_encode(hmac_sha1(key, signed_text));
}

// The same URL without its port, or with the one its scheme implies: both are signed in the wild.
std::vector<std::string> spellings_of(const std::string& url) {
  std::vector<std::string> all{url};
  const auto parts = parse_url(url);
  if (!parts) return all;
  const auto start = url.find("//") + 2;
  const auto slash = std::min(url.find('/', start), url.size());
  const auto authority = url.substr(start, slash - start);
  const auto colon = authority.find(':', authority.starts_with('[') ? authority.find(']') : 0);
  const std::string host = authority.substr(0, colon);
  all.push_back(url.substr(0, start) + host + url.substr(slash));
  all.push_back(fmt::format("{}{}:{}{}", url.substr(0, start), host, parts->port, url.substr(slash)));
  return all;
}

} // namespace

std::optional<call_progress> twilio_progress(std::string_view status, std::string_view answered_by) {
  struct meaning {
    std::string_view word;
    call_stage stage;
    call_result result;
  };
  constexpr std::array<meaning, 10> meanings{{{"queued", call_stage::placed, call_result::none},
                                              {"initiated", call_stage::placed, call_result::none},
                                              {"ringing", call_stage::ringing, call_result::none},
                                              {"in-progress", call_stage::answered, call_result::none},
                                              {"answered", call_stage::answered, call_result::none},
                                              {"completed", call_stage::ended, call_result::listener},
                                              {"busy", call_stage::ended, call_result::busy},
                                              {"failed", call_stage::ended, call_result::failed},
                                              {"no-answer", call_stage::ended, call_result::no_answer},
                                              {"canceled", call_stage::ended, call_result::cancelled}}};
  const auto at = std::ranges::find(meanings, status, &meaning::word);
  if (at == meanings.end()) return std::nullopt;
  call_progress made;
  made.stage = at->stage;
  made.result = at->result;
  made.answer = status;
  const bool talked = at->stage == call_stage::answered || at->word == "completed";
  if (const call_result who = result_of(answered_by); talked && who != call_result::none) made.result = who;
  return made;
}

http_request hang_up_twilio(const delivery_job& job, const std::string& reference, call_stage stage) {
  const char* status = stage == call_stage::answered ? "completed" : "canceled";
  return twilio_request(job, http_method::post, "/Calls/" + percent_encode(reference) + ".json", {{"Status", status}});
}

// Refused as no longer possible is done as well: it ended by itself, or was answered meanwhile and is asked about again.
hang_up_end after_twilio_hang_up(const http_outcome& answer) {
  if (!answer.response) return hang_up_end::again;
  const int status = answer.response->status;
  return status == 408 || status == 429 || status >= 500 ? hang_up_end::again : hang_up_end::done;
}

http_request ask_twilio(const delivery_job& job, const std::string& reference) {
  return twilio_request(job, http_method::get, "/Calls/" + percent_encode(reference) + ".json", {});
}

result<call_progress> read_twilio_answer(const http_outcome& answer) {
  if (!answer.response) return failure{failure_kind::unavailable, no_answer_words(answer.error, answer.host)};
  const int status = answer.response->status;
  if (status != 200) return failure{failure_kind::refused, fmt::format("HTTP {}", status)};
  call_visitor said;
  if (read_json(answer.response->body, answer_limit, said) != json_problem::none)
    return failure{failure_kind::invalid, "the answer cannot be read"};
  auto made = twilio_progress(said.status, said.answered_by);
  if (!made) return failure{failure_kind::invalid, "the answer names no status of a call"};
  if (is_twilio_sid(said.sid)) made->reference = said.sid;
  return *made;
}

bool is_genuine_twilio(const channel_config& channel, const callback& request) {
  const secret_text own = secret(channel, "signing_key");
  const secret_text key = own.empty() ? secret(channel, "auth_token") : own;
  if (key.empty()) return false;
  auto given = header(request.headers, "x-twilio-signature");
  if (!given) given = header(request.headers, "x-signalwire-signature");
  if (!given) return false;
  bool genuine = false;
  for (const std::string& url : spellings_of(request.url))
    genuine = same_text(signature_of(key.reveal(), url, request.fields), *given) || genuine;
  return genuine;
}

result<callback_event> read_twilio_callback(const callback& request, callback_kind kind) {
  const auto value = [&](std::string_view key) { return form_value(request.fields, key); };
  auto heard = twilio_progress(value("CallStatus"), value("AnsweredBy"));
  if (!heard) return failure{failure_kind::invalid, "CallStatus is none that is known"};
  if (is_twilio_sid(value("CallSid"))) heard->reference = value("CallSid");
  const std::string_view number = value("SequenceNumber");
  std::uint32_t sequence = 0;
  const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), sequence);
  if (!number.empty() && fault == std::errc() && end == number.data() + number.size()) heard->sequence = sequence;
  callback_event event{std::move(*heard), std::nullopt};
  if (kind == callback_kind::status) return event;
  // Whoever fetches what is to be said, or presses a key, has answered; only a key proves a person (V-05).
  event.heard.stage = std::max(event.heard.stage, call_stage::answered);
  const std::string_view digits = value("Digits");
  if (kind == callback_kind::keys && digits.size() == 1) {
    event.key = digits.front();
    event.heard.result = call_result::human;
  }
  return event;
}

std::string twilio_speaks(const channel_config& channel, const call_script& script, const std::string& keys_url) {
  return speak_script(script, keys_url, speech_of(channel));
}

std::string twilio_says(const channel_config& channel, const std::string& sentence) {
  return speak_sentence(sentence, speech_of(channel));
}

std::string twilio_hangs_up() { return hang_up_at_once(); }

} // namespace ringdown::wire::voice
