// What a provider of ours is to the rest of the program: a description, and functions from value to value. No I/O, no
// clock, no state: an actor carries the requests out and hands the answers back.
#pragma once

#include "protocol/types/account.hpp"
#include "protocol/types/delivery.hpp"
#include "protocol/types/http.hpp"
#include "protocol/types/mail.hpp"
#include "protocol/types/tenant_config.hpp"
#include "protocol/types/time.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::wire {

enum class field_kind : std::uint8_t { text, url, secret, number, choice };
enum class field_need : std::uint8_t { required, optional };
// What of the channel's user stands in where the field is left out.
enum class user_detail : std::uint8_t { none, email };
[[nodiscard]] std::string_view name(field_kind kind);

// One thing a person fills in: settings of a channel, or its secrets where the kind is secret. Forms, the tenant file
// and the documentation are made from this.
struct field_description {
  std::string_view name;
  std::string_view title;
  field_kind kind = field_kind::text;
  field_need need = field_need::optional;
  std::string_view help;
  std::string_view default_value;
  std::vector<std::string_view> choices;
  user_detail from_user = user_detail::none;
};

// Whether the far end knows our idempotency key: a repeat is then harmless (S-D6).
enum class target_key : std::uint8_t {
  unknown_to_it,
  known_to_it,
  searchable // it keeps our key and can be asked for it: the dialect searches before it repeats
};
[[nodiscard]] constexpr bool repeats_are_safe(target_key keys) { return keys != target_key::unknown_to_it; }

// Bytes of UTF-8 at most; what is longer is cut.
struct content_limits {
  std::size_t title = 0;
  std::size_t text = 0;
  std::size_t body = 0;
};

struct dialect_description {
  std::string_view kind; // what a channel's `kind` says
  std::string_view title;
  channel_class is = channel_class::push;
  delivery_kind rows = delivery_kind::interrupt;
  target_key keys = target_key::unknown_to_it;
  std::vector<field_description> fields;
  content_limits limits;
  std::size_t connections = 1; // exchanges at once, at most
  account_limits account;      // of all channels of one provider account together (S-D3)
};

// What is to be sent, seen for the length of a call.
struct delivery_job {
  const delivery& row;
  const channel_config& channel;
  std::string public_url; // no slash at its end; empty: no links
  std::string base_url;   // [provider.KIND] base_url: in place of the dialect's own; empty: none
  std::string ca_file;    // [provider.KIND] ca_file; empty: the system's store
  wall_time now;
  duration search_gap = std::chrono::seconds(60); // [timing] search_gap (S-D2)
};

// Where a delivery of several exchanges stands. Lives as long as one attempt and is not stored: a retry starts anew.
struct conversation {
  std::string phase;
  std::map<std::string, std::string> notes;
};

// The next request, the mail to be sent, or how the attempt ended: one of the three.
struct dialect_step {
  std::optional<http_request> request;
  std::optional<mail_request> mail;
  std::optional<attempt_outcome> outcome;
  conversation next;
};

struct call_functions; // protocol/wire/voice/call_dialect.hpp
// One value the far end knows, for a field of ours: "queue", "29682833", "Support".
struct field_choice {
  std::string field;
  std::string id;
  std::string label;
};

// What is asked of the far end before its settings can be written.
struct discovery_job {
  const channel_config& channel;
  std::string base_url; // as of a delivery_job
  std::string ca_file;
};

// Either the next request, or the end: what was found by then, or in words why nothing could be.
struct discovery_step {
  std::optional<http_request> request{};
  std::vector<field_choice> found{}; // by the answer just read
  std::string fault{};               // empty: all went well
  conversation next{};
};

struct dialect {
  dialect_description (*describe)();
  // What is wrong with the configuration, naming the field; nullopt when nothing is.
  std::optional<std::string> (*check)(const channel_config&);
  dialect_step (*start)(const delivery_job&);
  dialect_step (*resume)(const delivery_job&, const conversation&, const http_outcome&); // nullptr: asks for mails only
  // Where it went, fit for the ledger: no secret, no more of a path than tells two targets apart.
  std::string (*masked_address)(const channel_config&, const delivery&);
  // Which values the settings may have. None: there is nothing to be asked. The answer is null at the beginning.
  discovery_step (*discover)(const discovery_job&, const conversation&, const http_outcome*) = nullptr;
  const call_functions* calls = nullptr; // of a kind that calls: what it did goes on after it was taken
  dialect_step (*resume_mail)(const delivery_job&, const conversation&, const mail_outcome&) = nullptr; // asks for none
  // Whose limits these are: the same for two channels that share them; may hold secrets. The second argument is
  // [provider.KIND] base_url. None: there are no limits.
  std::string (*account)(const channel_config&, const std::string&) = nullptr;
};

[[nodiscard]] inline dialect_step ask(http_request request, conversation next = {}) {
  return {.request = std::move(request), .mail = std::nullopt, .outcome = std::nullopt, .next = std::move(next)};
}
[[nodiscard]] inline dialect_step ask(mail_request mail, conversation next = {}) {
  return {.request = std::nullopt, .mail = std::move(mail), .outcome = std::nullopt, .next = std::move(next)};
}
[[nodiscard]] inline dialect_step ended(attempt_outcome outcome) {
  return {.request = std::nullopt, .mail = std::nullopt, .outcome = std::move(outcome), .next = {}};
}

// A channel's setting or secret; empty when it has none of that name.
[[nodiscard]] std::string setting(const channel_config& channel, std::string_view field);
[[nodiscard]] secret_text secret(const channel_config& channel, std::string_view field);

// First fault that follows from the description alone: a required field that is missing, a field no description names,
// a URL that is none, a value out of its choices, a secret among the settings.
[[nodiscard]] std::optional<std::string> check_fields(const dialect_description& description,
                                                      const channel_config& channel);

} // namespace ringdown::wire
