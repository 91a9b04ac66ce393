// Facts: Twilio's call resource and error codes. 201 with a sid; one of Url and Twiml (at most 4000 characters); 20429 was not
// processed; 20500 and other 5xx may have been carried out; a wrong number, sender or region is for good.
#include "protocol/wire/voice/twilio.hpp"

#include "protocol/wire/crypto.hpp"
#include "protocol/wire/json.hpp"
#include "protocol/wire/outcomes.hpp"
#include "protocol/wire/text.hpp"
#include "protocol/wire/voice/twiml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

namespace ringdown::wire::voice {

namespace {

constexpr std::string_view public_server = "https://api.twilio.com";
constexpr std::size_t inline_limit = 4000;
constexpr std::size_t body_limit = 32 << 10;
constexpr std::size_t answer_limit = 256 << 10;
constexpr int longest_ring = 600;                // seconds; Twilio's own limit
constexpr std::string_view ring_default = "25";  // most voicemails answer later
constexpr std::string_view longest_call = "600"; // seconds: a forgotten call is not paid for all night

bool is_hex(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
}

// SignalWire's projects: 8-4-4-4-12 hex digits.
bool is_uuid(std::string_view text) {
  constexpr std::size_t length = 36;
  if (text.size() != length) return false;
  std::string digits;
  for (std::size_t i = 0; i < length; ++i) {
    const bool parts = i == 8 || i == 13 || i == 18 || i == 23;
    if (parts != (text[i] == '-')) return false;
    if (!parts) digits += text[i];
  }
  return is_hex(digits);
}

// Twilio's own pattern: ^AC[0-9a-fA-F]{32}$.
bool is_account(std::string_view text) {
  constexpr std::size_t length = 34;
  return is_uuid(text) || (text.size() == length && text.starts_with("AC") && is_hex(text.substr(2)));
}

// Why `list` names no countries; empty when it does.
std::string region_fault(std::string_view list) {
  std::string word;
  for (const char c : std::string(list) + ",") {
    if (c != ',' && c != ' ') {
      word += c;
      continue;
    }
    const bool letters =
        std::ranges::all_of(word, [](char l) { return (l >= 'a' && l <= 'z') || (l >= 'A' && l <= 'Z'); });
    if (!word.empty() && (word.size() != 2 || !letters))
      return fmt::format("regions: \"{}\" is no two-letter country code like \"DE\"", word);
    word.clear();
  }
  return {};
}

bool is_e164(std::string_view text) {
  return text.size() >= 8 && text.size() <= 16 && text[0] == '+' && text[1] != '0' &&
         std::ranges::all_of(text.substr(1), [](char c) { return c >= '0' && c <= '9'; });
}

std::string server_of(const channel_config& channel, std::string_view base_url) {
  std::string url = setting(channel, "base_url");
  if (url.empty()) url = base_url.empty() ? public_server : base_url;
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::string login_of(const channel_config& channel) {
  const secret_text key = secret(channel, "api_key");
  if (!key.empty()) return key.reveal() + ":" + secret(channel, "api_secret").reveal();
  return setting(channel, "account") + ":" + secret(channel, "auth_token").reveal();
}

std::string callback_url(const delivery_job& job, std::string_view what) {
  return fmt::format("{}/callbacks/{}/{}/{}/{}/{}", job.public_url, job.channel.kind, job.row.tenant.str(),
                     job.channel.id.str(), job.row.id.str(), what);
}

// What is said is what was known when it was placed: nobody can be asked while it is answered.
std::string inline_script(const delivery_job& job) {
  call_script script;
  std::size_t room = inline_limit;
  std::string document;
  for (std::string text = job.row.content.text; room > 0; room /= 2) {
    script.sentences = {cut_to_bytes(text, room)};
    document = speak_script(script, "", {std::string(setting(job.channel, "language")), setting(job.channel, "voice")});
    if (document.size() <= inline_limit) break;
  }
  return document;
}

dialect_step place(const delivery_job& job) {
  const bool rings_at_a_number = is_e164(job.row.target);
  if (!rings_at_a_number) return ended(refused(0, "there is no number to call"));
  form_fields form{{"To", job.row.target}, {"From", setting(job.channel, "from")}};
  if (job.public_url.empty()) {
    form.emplace_back("Twiml", inline_script(job));
  } else {
    form.emplace_back("Url", callback_url(job, "script"));
    form.emplace_back("Method", "POST");
    form.emplace_back("StatusCallback", callback_url(job, "status"));
    form.emplace_back("StatusCallbackMethod", "POST");
    for (const char* event : {"initiated", "ringing", "answered", "completed"})
      form.emplace_back("StatusCallbackEvent", event);
  }
  const std::string rings = setting(job.channel, "ring_seconds");
  form.emplace_back("Timeout", rings.empty() ? std::string(ring_default) : rings);
  form.emplace_back("TimeLimit", longest_call);
  if (setting(job.channel, "machine_detection") != "off") form.emplace_back("MachineDetection", "Enable");
  conversation next;
  next.phase = "placing";
  return ask(twilio_request(job, http_method::post, "/Calls.json", form), std::move(next));
}

// Calls to that number from ours, of the day it was first tried.
dialect_step look_for_it(const delivery_job& job) {
  const std::string day = rfc3339(job.row.created).substr(0, 10);
  const std::string query = write_form({{"To", job.row.target}, {"From", setting(job.channel, "from")}}) +
                            "&StartTime%3E=" + day + "&PageSize=50";
  conversation next;
  next.phase = "looking";
  return ask(twilio_request(job, http_method::get, "/Calls.json?" + query, {}), std::move(next));
}

struct answer_visitor final : json_visitor {
  bool on_value(const json_path& path, const json_value& value) override {
    if (path.depth() == 0) return value.kind == json_kind::object;
    if (path.depth() == 1 && path.last() == "sid") sid = value.as_text().value_or(std::string_view());
    if (path.depth() == 1 && path.last() == "code") code = value.as_integer();
    return true;
  }
  bool on_end(const json_path& /*path*/, json_kind /*kind*/) override { return true; }
  std::string sid;
  std::optional<std::int64_t> code;
};

// "Tue, 31 Aug 2010 20:36:28 +0000", as Twilio dates what it lists; "GMT", as it dates an answer.
std::optional<wall_time> read_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() < 29 || (text.substr(25) != " +0000" && text.substr(25) != " GMT")) return std::nullopt;
  const auto month = std::ranges::find(months, text.substr(8, 3));
  if (month == months.end()) return std::nullopt;
  return parse_rfc3339(fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month - months.begin() + 1, text.substr(5, 2),
                                   text.substr(17, 8)));
}

// When the attempt began that is in doubt. While the call waited for its turn before that, another tenant's may have rung there.
wall_time tried_since(const delivery_job& job) { return job.row.doubted_since.value_or(job.row.created); }

// The same by their clock: ours may be wrong by hours, and then older calls would be taken for it.
wall_time tried_by_their_clock(const delivery_job& job, const http_response& answer) {
  constexpr duration longest = std::chrono::minutes(2); // a call is given up sooner
  const auto date = header(answer.headers, "date");
  const auto theirs = date ? read_date(*date) : std::nullopt;
  if (!theirs) return tried_since(job);
  return *theirs - std::clamp<duration>(job.now - tried_since(job), duration{}, longest);
}

// The latest call that was made since this one was tried. What had ended by then rang for another.
struct list_visitor final : json_visitor {
  explicit list_visitor(wall_time since) : since_(since) {}
  bool on_value(const json_path& path, const json_value& value) override {
    if (path.depth() != 3 || path.key(0) != "calls") return true;
    const auto text = value.as_text();
    if (path.last() == "sid") sid_ = text.value_or(std::string_view());
    if (path.last() == "date_created" && text) made_ = read_date(*text);
    if (path.last() == "end_time" && text) ended_ = read_date(*text);
    return true;
  }
  bool on_end(const json_path& path, json_kind /*kind*/) override {
    if (path.depth() != 2 || path.key(0) != "calls") return true;
    // Their clock and ours differ, and theirs has whole seconds.
    constexpr auto slack = std::chrono::seconds(5);
    const bool ours = made_ && *made_ >= since_ - slack && *made_ >= latest_ && !(ended_ && *ended_ < since_);
    if (ours && is_twilio_sid(sid_)) {
      found = sid_;
      latest_ = *made_ + std::chrono::seconds(1); // what is listed later of the same second is older
    }
    sid_.clear();
    made_.reset();
    ended_.reset();
    return true;
  }
  std::string found;

private:
  wall_time since_;
  wall_time latest_{};
  std::string sid_;
  std::optional<wall_time> made_;
  std::optional<wall_time> ended_;
};

dialect_step looked(const delivery_job& job, const http_outcome& answer) {
  list_visitor visitor(answer.response ? tried_by_their_clock(job, *answer.response) : tried_since(job));
  const bool read = answer.response && answer.response->status == 200 &&
                    read_json(answer.response->body, answer_limit, visitor) == json_problem::none;
  if (read && !visitor.found.empty()) {
    attempt_outcome outcome = accepted(200, visitor.found);
    outcome.answer = "HTTP 200: it had been placed";
    return ended(std::move(outcome));
  }
  // Not there, or they do not say: silence is worse than a second ring.
  return place(job);
}

// By Twilio's own number where it gives one. None of these will do better later.
bool is_for_good(std::int64_t code) {
  constexpr auto codes = std::to_array<std::int64_t>({20003, 20404, 20005, 10001, 21201, 21203, 21205, 21210, 21211,
                                                      21212, 21213, 21214, 21215, 21216, 21217, 21218, 21219, 32203});
  return std::ranges::find(codes, code) != codes.end();
}

attempt_outcome outcome_of(const http_response& response, wall_time now) {
  const int status = response.status;
  answer_visitor said;
  const bool read = read_json(response.body, answer_limit, said) == json_problem::none;
  const std::string note = read && said.code ? fmt::format("Twilio code {}", *said.code) : std::string();
  if (status >= 200 && status <= 299)
    return read && is_twilio_sid(said.sid) ? accepted(status, said.sid) : unknown(status, "without a call's id");
  if (status == 401) return refused(status, "auth_token or api_key is not accepted");
  if (status == 408 || status == 429 || status == 503) return retry(response, now, note);
  if (read && said.code && is_for_good(*said.code)) return refused(status, note);
  if (status >= 500) return unknown(status, note);
  if (status >= 300) return refused(status, note);
  return unknown(status, "no final status");
}

std::vector<field_description> account_fields() {
  return {{"account",
           "Account",
           field_kind::text,
           field_need::required,
           "AC..., or the project of a SignalWire space",
           {},
           {}},
          {"from",
           "Calling number",
           field_kind::text,
           field_need::required,
           "a number of the account, as +15551234567",
           {},
           {}},
          {"auth_token",
           "Auth token",
           field_kind::secret,
           field_need::required,
           "of the account; callbacks are signed with it",
           {},
           {}},
          {"api_key",
           "API key",
           field_kind::secret,
           field_need::optional,
           "SK..., to log in with instead of the auth token",
           {},
           {}},
          {"api_secret", "API secret", field_kind::secret, field_need::optional, "of that key", {}, {}},
          {"signing_key",
           "Signing key",
           field_kind::secret,
           field_need::optional,
           "of callbacks, where it is not the auth token (SignalWire)",
           {},
           {}}};
}

std::vector<field_description> call_fields() {
  return {
      {"base_url",
       "Server",
       field_kind::url,
       field_need::optional,
       "https://api.twilio.com, or https://SPACE.signalwire.com/api/laml",
       public_server,
       {}},
      {"regions",
       "Regions",
       field_kind::text,
       field_need::optional,
       "countries that may be called, two letters each, with commas",
       "US",
       {}},
      {"ring_seconds", "Ring for", field_kind::number, field_need::optional, "seconds, 5 to 600", ring_default, {}},
      {"machine_detection",
       "Answering machines",
       field_kind::choice,
       field_need::optional,
       "on: a machine is told from a person, which costs extra and a second or two",
       "on",
       {"on", "off"}},
      {"language",
       "Language",
       field_kind::text,
       field_need::optional,
       "of the synthesiser: en-US, en-GB, ...",
       "en-US",
       {}},
      {"voice", "Voice", field_kind::text, field_need::optional, "as the provider names it", {}, {}},
  };
}

} // namespace

bool is_twilio_sid(std::string_view text) {
  return text.size() >= 4 && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
         });
}

http_request twilio_request(const delivery_job& job, http_method method, const std::string& resource,
                            const form_fields& fields) {
  http_request request;
  request.method = method;
  request.url = fmt::format("{}/2010-04-01/Accounts/{}{}", server_of(job.channel, job.base_url),
                            setting(job.channel, "account"), resource);
  request.headers = {{"Authorization", "Basic " + base64_encode(login_of(job.channel))},
                     {"Accept", "application/json"}};
  if (!fields.empty()) {
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.body = write_form(fields);
  }
  request.tls.ca_file = job.ca_file;
  request.response_limit = answer_limit;
  return request;
}

dialect_description describe_twilio() {
  dialect_description description;
  description.kind = "twilio";
  description.title = "Phone calls (Twilio)";
  description.is = channel_class::voice;
  description.rows = delivery_kind::interrupt;
  description.keys = target_key::unknown_to_it;
  description.limits = {.title = 250, .text = inline_limit, .body = body_limit};
  description.connections = 4;
  // One call a second for each account and sub-account (Twilio's default; it queues what comes faster, up to when it is
  // too late), and a tenth more: what was allowed a second apart may get there closer together.
  // One account rings for all tenants: it is asked again after a minute, whatever it said.
  description.account = {
      .per = std::chrono::milliseconds(1100), .burst = 1, .at_once = 0, .rest_at_most = std::chrono::minutes(1)};
  description.fields = account_fields();
  std::ranges::move(call_fields(), std::back_inserter(description.fields));
  return description;
}

std::optional<std::string> check_twilio(const channel_config& channel) {
  if (auto fault = check_fields(describe_twilio(), channel)) return fault;
  if (!is_account(setting(channel, "account")))
    return "account: must be AC and 32 hex digits, or a project's UUID on SignalWire";
  if (!is_e164(setting(channel, "from"))) return "from: must be written as +15551234567 (E.164)";
  for (const char* field : {"auth_token", "api_key", "api_secret"})
    if (!is_header_safe(secret(channel, field).reveal())) return std::string(field) + ": holds a character no key has";
  if (secret(channel, "api_key").empty() != secret(channel, "api_secret").empty() &&
      secret(channel, "api_secret").empty())
    return "api_secret: is required with an api_key";
  if (auto fault = region_fault(setting(channel, "regions")); !fault.empty()) return fault;
  const std::string rings = setting(channel, "ring_seconds");
  int seconds = 0;
  std::from_chars(rings.data(), rings.data() + rings.size(), seconds);
  if (!rings.empty() && (seconds < 5 || seconds > longest_ring)) return "ring_seconds: must be from 5 to 600";
  return std::nullopt;
}

dialect_step start_twilio(const delivery_job& job) { return job.row.possible_repeat ? look_for_it(job) : place(job); }

dialect_step resume_twilio(const delivery_job& job, const conversation& at, const http_outcome& answer) {
  if (at.phase == "looking") return looked(job, answer);
  if (!answer.response) return ended(without_response(answer));
  return ended(outcome_of(*answer.response, job.now));
}

std::string twilio_account(const channel_config& channel, const std::string& base_url) {
  return server_of(channel, base_url) + " " + setting(channel, "account");
}

std::string twilio_address(const channel_config& channel, const delivery& row) {
  return origin_of(server_of(channel, {})) + " " + (row.target.empty() ? "***" : masked_number(row.target));
}

} // namespace ringdown::wire::voice
