#include "protocol/types/mail.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace ringdown {

namespace {

constexpr std::array<std::pair<mail_security, std::string_view>, 3> securities{
    {{mail_security::starttls, "starttls"}, {mail_security::implicit, "implicit"}, {mail_security::none, "none"}}};
constexpr std::size_t longest_line = 998; // RFC 5322, 2.1.1: without its CRLF

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Letters, digits, hyphens and dots; no dot at an end or beside another.
bool is_domain(std::string_view text) {
  const bool fits = std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-' || c == '.'; });
  return fits && !text.empty() && text.size() <= 253 && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos;
}

// RFC 5322 dot-atom.
bool is_local_part(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-/=?^_`{|}~.";
  const bool fits =
      std::ranges::all_of(text, [&](char c) { return is_alnum(c) || marks.find(c) != std::string_view::npos; });
  return fits && !text.empty() && text.size() <= 64 && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos;
}

// At least two colons, between hex digits: enough to keep it apart from a name with a port.
bool is_address6(std::string_view text) {
  const auto fits = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
  };
  return text.size() <= 45 && std::ranges::count(text, ':') >= 2 && std::ranges::all_of(text, fits);
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7F'; });
}

// Whole lines of ASCII: no bare CR or LF, none too long.
bool is_mail_text(std::string_view text) {
  if (!text.ends_with("\r\n")) return false;
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    if (line.size() > longest_line) return false;
    const bool plain = std::ranges::all_of(
        line, [](char c) { return c != '\r' && c != '\n' && c != '\0' && static_cast<unsigned char>(c) < 0x80; });
    if (!plain) return false;
    text.remove_prefix(end + 2);
  }
  return true;
}

// Up to three digits; what is left is behind them.
bool take_number(std::string_view& text) {
  std::size_t digits = 0;
  while (digits < text.size() && digits < 3 && is_digit(text[digits])) ++digits;
  text.remove_prefix(digits);
  return digits > 0;
}

bool take(std::string_view& text, char wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(1);
  return true;
}

} // namespace

std::string_view name(mail_security of) {
  return std::ranges::find(securities, of, &std::pair<mail_security, std::string_view>::first)->second;
}

std::optional<mail_security> parse_mail_security(std::string_view text) {
  for (const auto& [security, word] : securities)
    if (word == text) return security;
  return std::nullopt;
}

bool is_mailbox(std::string_view text) {
  const std::size_t at = text.rfind('@');
  return at != std::string_view::npos && text.size() <= 254 && is_local_part(text.substr(0, at)) &&
         is_domain(text.substr(at + 1));
}

bool is_mail_name(std::string_view text) {
  if (is_domain(text)) return true;
  if (!text.starts_with('[') || !text.ends_with(']') || text.size() < 4 || text.size() > 64) return false;
  const std::string_view inner = text.substr(1, text.size() - 2);
  return std::ranges::all_of(inner, [](char c) { return is_alnum(c) || c == '.' || c == ':'; });
}

std::optional<std::string> fault_of(const mail_request& request) {
  if (!is_domain(request.host) && !is_address6(request.host)) return "host: is neither name nor address";
  if (request.port < 1 || request.port > 65535) return "port: must be from 1 to 65535";
  if (!is_mail_name(request.ehlo)) return "ehlo: is not a domain name";
  if (!is_mailbox(request.from)) return "from: is not a mailbox";
  if (!is_mailbox(request.to)) return "to: is not a mailbox";
  if (has_control(request.user)) return "user: holds a control character";
  if (has_control(request.password.reveal())) return "password: holds a control character";
  if (!is_mail_text(request.text)) return "text: is not lines of ASCII that end in CRLF";
  return std::nullopt;
}

std::string enhanced_code(std::string_view reply) {
  if (reply.size() < 4 || !std::ranges::all_of(reply.substr(0, 3), is_digit)) return {};
  if (reply[3] != ' ' && reply[3] != '-') return {};
  const std::string_view from = reply.substr(4);
  std::string_view rest = from;
  const bool classed = rest.starts_with('2') || rest.starts_with('4') || rest.starts_with('5');
  if (!classed || rest.front() != reply.front()) return {};
  rest.remove_prefix(1);
  if (!take(rest, '.') || !take_number(rest) || !take(rest, '.') || !take_number(rest)) return {};
  const bool ended = rest.empty() || rest.front() == ' ' || rest.front() == '\r' || rest.front() == '\n';
  return ended ? std::string(from.substr(0, from.size() - rest.size())) : std::string();
}

} // namespace ringdown
