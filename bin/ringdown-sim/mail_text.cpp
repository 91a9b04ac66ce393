#include "bin/ringdown-sim/mail_text.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace ringdown::sim {

namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  return std::nullopt;
}

// "=C3" at `at`; nullopt when there is none.
std::optional<char> escape_at(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size() || text[at] != '=') return std::nullopt;
  const auto high = hex_digit(text[at + 1]);
  const auto low = hex_digit(text[at + 2]);
  if (!high || !low) return std::nullopt;
  return static_cast<char>(*high * 16 + *low);
}

std::string decoded_q(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (const auto byte = escape_at(text, at)) {
      out += *byte;
      at += 2;
    } else {
      out += text[at] == '_' ? ' ' : text[at];
    }
  }
  return out;
}

// One "=?charset?B?...?=" at the start of `text`, which loses it.
std::optional<std::string> take_encoded_word(std::string_view& text) {
  if (!text.starts_with("=?")) return std::nullopt;
  const auto charset = text.find('?', 2);
  if (charset == std::string_view::npos || charset + 2 >= text.size() || text[charset + 2] != '?') return std::nullopt;
  const auto end = text.find("?=", charset + 3);
  if (end == std::string_view::npos) return std::nullopt;
  const char how = text[charset + 1];
  const auto inner = text.substr(charset + 3, end - charset - 3);
  text.remove_prefix(end + 2);
  return how == 'B' || how == 'b' ? decoded_base64(inner) : decoded_q(inner);
}

std::string_view take_line(std::string_view& text) {
  const auto end = text.find("\r\n");
  const auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
  return line;
}

} // namespace

std::string decoded_base64(std::string_view text) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const auto value = letters.find(c);
    if (value == std::string_view::npos) continue;
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    out += static_cast<char>((bits >> static_cast<unsigned>(held)) & 0xFFU);
  }
  return out;
}

std::string decoded_words(std::string_view value) {
  std::string out;
  bool after_word = false;
  while (!value.empty()) {
    // Blanks between two encoded words are not part of the text.
    const auto blanks = std::min(value.find_first_not_of(" \t"), value.size());
    auto rest = value.substr(blanks);
    if (auto word = take_encoded_word(rest)) {
      if (!after_word) out += value.substr(0, blanks);
      out += *word;
      value = rest;
      after_word = true;
      continue;
    }
    const auto next = std::min(value.find("=?", blanks + 1), value.size());
    out += value.substr(0, next);
    value.remove_prefix(next);
    after_word = false;
  }
  return out;
}

std::string decoded_quoted_printable(std::string_view body) {
  std::string out;
  for (std::size_t at = 0; at < body.size(); ++at) {
    if (body.substr(at).starts_with("=\r\n")) {
      at += 2;
    } else if (const auto byte = escape_at(body, at)) {
      out += *byte;
      at += 2;
    } else if (!body.substr(at).starts_with("\r\n")) {
      out += body[at];
    }
  }
  return out;
}

read_mail understand_mail(std::string_view raw) {
  read_mail out;
  while (!raw.empty()) {
    std::string line(take_line(raw));
    if (line.empty()) break;
    while (raw.starts_with(' ') || raw.starts_with('\t')) line += take_line(raw);
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    const auto value = line.find_first_not_of(' ', colon + 1);
    out.headers.emplace_back(line.substr(0, colon),
                             value == std::string::npos ? std::string() : decoded_words(line.substr(value)));
  }
  const auto encoding = header(out.headers, "content-transfer-encoding").value_or("");
  out.text = encoding == "quoted-printable" ? decoded_quoted_printable(raw) : std::string(raw);
  return out;
}

} // namespace ringdown::sim
