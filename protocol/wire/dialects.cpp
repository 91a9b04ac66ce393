#include "protocol/wire/dialects.hpp"

#include "protocol/wire/chat/slack.hpp"
#include "protocol/wire/crypto.hpp"
#include "protocol/wire/email/smtp.hpp"
#include "protocol/wire/psa/autotask.hpp"
#include "protocol/wire/push/ntfy.hpp"
#include "protocol/wire/voice/twilio.hpp"
#include "protocol/wire/webhook/standard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ringdown::wire {

namespace {

constexpr std::array table{
    chat::slack, psa::autotask, push::ntfy, voice::twilio, webhook::standard, email::smtp,
};

std::string field_fault(const field_description& field, const std::string& value) {
  if (field.kind == field_kind::url && !value.empty() && !parse_url(value)) return "must be an http or https URL";
  const bool listed = std::ranges::find(field.choices, value) != field.choices.end();
  if (field.kind == field_kind::choice && !value.empty() && !listed)
    return fmt::format("\"{}\" is not one of {}", value, fmt::join(field.choices, ", "));
  const bool digits = std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
  if (field.kind == field_kind::number && !digits) return "must be a whole number";
  return {};
}

const field_description* find_field(const dialect_description& description, std::string_view name) {
  const auto found = std::ranges::find(description.fields, name, &field_description::name);
  return found == description.fields.end() ? nullptr : &*found;
}

} // namespace

std::string_view name(field_kind kind) {
  switch (kind) {
    case field_kind::text: return "text";
    case field_kind::url: return "url";
    case field_kind::secret: return "secret";
    case field_kind::number: return "number";
    case field_kind::choice: return "choice";
  }
  return "text";
}

std::string setting(const channel_config& channel, std::string_view field) {
  const auto found = channel.settings.find(std::string(field));
  return found == channel.settings.end() ? std::string() : found->second;
}

secret_text secret(const channel_config& channel, std::string_view field) {
  const auto found = channel.secrets.find(std::string(field));
  return found == channel.secrets.end() ? secret_text() : found->second;
}

std::optional<std::string> check_fields(const dialect_description& description, const channel_config& channel) {
  for (const auto& [key, value] : channel.settings) {
    const field_description* field = find_field(description, key);
    if (field == nullptr) return key + ": no such field";
    if (field->kind == field_kind::secret) return key + ": is a secret and must be given as one";
    const std::string fault = field_fault(*field, value);
    if (!fault.empty()) return fmt::format("{}: {}", key, fault);
  }
  for (const auto& [key, value] : channel.secrets) {
    const field_description* field = find_field(description, key);
    if (field == nullptr || field->kind != field_kind::secret) return key + ": no such secret";
  }
  for (const field_description& field : description.fields) {
    const bool given =
        field.kind == field_kind::secret ? !secret(channel, field.name).empty() : !setting(channel, field.name).empty();
    if (!given && field.need == field_need::required) return std::string(field.name) + ": is required";
  }
  return std::nullopt;
}

std::span<const dialect> dialects() { return table; }

const dialect* find_dialect(std::string_view kind) {
  const auto found = std::ranges::find_if(table, [&](const dialect& one) { return one.describe().kind == kind; });
  return found == table.end() ? nullptr : &*found;
}

std::string account_key(const dialect& how, const channel_config& channel, const std::string& base_url) {
  const dialect_description facts = how.describe();
  if (how.account == nullptr || !facts.account.any()) return {};
  constexpr std::size_t shown = 16; // 96 bits: no two accounts meet by chance
  const std::string digest = base64url_encode(hmac_sha256("ringdown provider account", how.account(channel, base_url)));
  return std::string(facts.kind) + "/" + digest.substr(0, shown);
}

} // namespace ringdown::wire
