#include "protocol/wire/email/mime.hpp"

#include "protocol/wire/crypto.hpp"
#include "protocol/wire/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace ringdown::wire::email {

namespace {

constexpr std::size_t line_limit = 76;    // of header and body lines; the standards ask for 78 and 76
constexpr std::size_t hard_limit = 998;   // a word without a blank is cut into pieces of that
constexpr std::size_t encoded_bytes = 45; // of UTF-8 in one encoded word: 60 of base64, 72 with what is around it
constexpr std::string_view word_begin = "=?UTF-8?B?";
constexpr std::string_view word_end = "?=";

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < '\x7F'; });
}

// The next piece of at most `most` bytes that does not cut a code point; UTF-8 is assumed.
std::string_view take_whole(std::string_view& text, std::size_t most) {
  std::size_t end = std::min(most, text.size());
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  const std::string_view piece = text.substr(0, end);
  text.remove_prefix(end);
  return piece;
}

// RFC 2047: each encoded word is whole characters; the blank of a fold between two of them is not part of the text.
std::vector<std::string> encoded_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty())
    words.push_back(fmt::format("{}{}{}", word_begin, base64_encode(take_whole(text, encoded_bytes)), word_end));
  return words;
}

std::vector<std::string> plain_words(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    std::string_view word = text.substr(0, blank);
    text.remove_prefix(std::min(blank + 1, text.size()));
    while (word.size() > hard_limit / 2) {
      words.emplace_back(word.substr(0, hard_limit / 2));
      word.remove_prefix(hard_limit / 2);
    }
    words.emplace_back(word);
  }
  return words;
}

// What looks like an encoded word, and is none, has to be encoded, or it would be decoded.
bool must_be_encoded(std::string_view text) { return !is_printable(text) || text.find("=?") != std::string_view::npos; }

constexpr std::string_view hex = "0123456789ABCDEF";

std::string escaped(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return {'=', hex[byte >> 4U], hex[byte & 15U]};
}

// A blank at a line's end would be lost on the way.
std::string quoted_line(std::string_view line) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    const bool last = at + 1 == line.size();
    const bool plain = (c > ' ' && c < '\x7F' && c != '=') || (c == ' ' && !last);
    const std::string piece = plain ? std::string(1, c) : escaped(c);
    if (column + piece.size() > line_limit - 1) {
      out += "=\r\n";
      column = 0;
    }
    out += piece;
    column += piece.size();
  }
  return out + "\r\n";
}

} // namespace

std::string header_line(std::string_view name, std::string_view value) {
  const std::string text = one_line(value, value.size());
  std::string out = fmt::format("{}:", name);
  std::size_t column = out.size();
  bool first = true;
  for (const std::string& word : must_be_encoded(text) ? encoded_words(text) : plain_words(text)) {
    // The first word stays on the line of the name: a field must not begin with an empty line.
    if (!first && column + 1 + word.size() > line_limit) {
      out += "\r\n";
      column = 0;
    }
    out += " " + word;
    column += 1 + word.size();
    first = false;
  }
  return out + "\r\n";
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    out += quoted_line(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string write_mail(const mail_headers& headers, std::string_view body) {
  std::string text;
  for (const auto& [name, value] : headers) text += header_line(name, value);
  text += "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n";
  text += "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
  return text + quoted_printable(body);
}

std::string mail_date(wall_time at) {
  constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const auto clock = std::chrono::floor<std::chrono::seconds>(at) - day;
  const std::chrono::hh_mm_ss<std::chrono::seconds> time(clock);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} +0000", days[std::chrono::weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                     time.seconds().count());
}

std::string id_part(std::string_view text) {
  std::string out(text.substr(0, 128));
  for (char& c : out) {
    const bool fits =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
    if (!fits) c = '-';
  }
  return out.empty() ? "none" : out;
}

} // namespace ringdown::wire::email
