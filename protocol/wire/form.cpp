#include "protocol/wire/form.hpp"

#include "protocol/types/http.hpp"

#include <algorithm>

namespace ringdown::wire {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    plain += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return plain;
}

} // namespace

std::optional<form_fields> read_form(std::string_view body) {
  form_fields fields;
  if (body.size() > largest_form) return std::nullopt;
  while (!body.empty()) {
    const auto end = body.find('&');
    const std::string_view pair = body.substr(0, end);
    body = end == std::string_view::npos ? std::string_view() : body.substr(end + 1);
    if (pair.empty()) continue;
    const auto sign = pair.find('=');
    auto key = decoded(pair.substr(0, sign));
    auto value = sign == std::string_view::npos ? std::optional<std::string>("") : decoded(pair.substr(sign + 1));
    if (!key || !value || fields.size() == most_form_fields) return std::nullopt;
    fields.emplace_back(std::move(*key), std::move(*value));
  }
  return fields;
}

std::string write_form(const form_fields& fields) {
  std::string body;
  for (const auto& [key, value] : fields)
    body += (body.empty() ? "" : "&") + percent_encode(key) + "=" + percent_encode(value);
  return body;
}

std::string_view form_value(const form_fields& fields, std::string_view key) {
  const auto at = std::ranges::find_if(fields, [&](const auto& field) { return field.first == key; });
  return at == fields.end() ? std::string_view() : std::string_view(at->second);
}

} // namespace ringdown::wire
