#include "bin/ringdown-sim/smtp_session.hpp"

#include "bin/ringdown-sim/mail_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ringdown::sim {

namespace {

constexpr std::size_t longest_mail = 4UL << 20;

spoken say(std::string_view words) {
  spoken out;
  out.words = fmt::format("{}\r\n", words);
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

// What stands in the angle brackets of MAIL and RCPT.
std::string mailbox_in(std::string_view line) {
  const auto open = line.find('<');
  const auto close = line.find('>', open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos) return {};
  return std::string(line.substr(open + 1, close - open - 1));
}

std::string_view words_of(int code) {
  switch (code) {
    case 235: return "2.7.0 Authentication successful";
    case 250: return "2.0.0 Ok: queued";
    case 535: return "5.7.8 Authentication credentials invalid";
    default: return code < 500 ? "4.3.0 as told" : "5.3.0 as told";
  }
}

spoken reply(const answer& given) {
  spoken out = say(fmt::format("{} {}", given.status, words_of(given.status)));
  out.delay = given.delay;
  out.then = given.then;
  return out;
}

} // namespace

smtp_session::smtp_session(asker ask, std::string from) : ask_(std::move(ask)), peer_(std::move(from)) {}

spoken smtp_session::greet() const { return say("220 mail.sim.test ESMTP"); }

spoken smtp_session::hear(std::string_view line) {
  switch (state_) {
    case state::commands: return command(line);
    case state::text: return text_line(line);
    case state::plain: return plain(line);
    case state::login_name:
      user_ = decoded_base64(line);
      state_ = state::login_password;
      return say("334 UGFzc3dvcmQ6");
    case state::login_password: password_ = decoded_base64(line); return logged_in();
  }
  return say("421 4.3.0 lost");
}

spoken smtp_session::command(std::string_view line) {
  const auto verb = upper(line.substr(0, line.find(' ')));
  if (verb == "EHLO") return say("250-mail.sim.test\r\n250-AUTH PLAIN LOGIN\r\n250 ENHANCEDSTATUSCODES");
  if (verb == "HELO") return say("250 mail.sim.test");
  if (verb == "AUTH") return login(line.substr(std::min(line.size(), verb.size() + 1)));
  if (verb == "NOOP") return say("250 2.0.0 Ok");
  if (verb == "MAIL" || verb == "RSET") {
    sender_ = mailbox_in(line);
    recipient_.clear();
    return say("250 2.1.0 Ok");
  }
  if (verb == "RCPT") {
    recipient_ = mailbox_in(line);
    return say(recipient_.empty() ? "501 5.1.3 Bad recipient" : "250 2.1.5 Ok");
  }
  if (verb == "QUIT") {
    auto out = say("221 2.0.0 Bye");
    out.over = true;
    return out;
  }
  if (verb != "DATA") return say("500 5.5.2 Unknown command");
  if (recipient_.empty()) return say("503 5.5.1 RCPT first");
  state_ = state::text;
  text_.clear();
  return say("354 End data with <CR><LF>.<CR><LF>");
}

// PLAIN brings "\0user\0password" in one word, now or after a 334; LOGIN asks for both.
spoken smtp_session::login(std::string_view how) {
  const auto kind = upper(how.substr(0, how.find(' ')));
  if (kind == "LOGIN") {
    state_ = state::login_name;
    return say("334 VXNlcm5hbWU6");
  }
  if (kind != "PLAIN") return say("504 5.5.4 Unknown mechanism");
  if (how.size() > kind.size()) return plain(how.substr(kind.size() + 1));
  state_ = state::plain;
  return say("334 ");
}

spoken smtp_session::plain(std::string_view encoded) {
  state_ = state::commands;
  const auto word = decoded_base64(encoded);
  const auto first = word.find('\0');
  const auto second = first == std::string::npos ? first : word.find('\0', first + 1);
  if (second == std::string::npos) return say("501 5.5.2 Malformed");
  user_ = word.substr(first + 1, second - first - 1);
  password_ = word.substr(second + 1);
  return logged_in();
}

spoken smtp_session::logged_in() {
  state_ = state::commands;
  if (user_ != mail_user || password_ != mail_password) return say(fmt::format("535 {}", words_of(535)));
  question what;
  what.method = "AUTH";
  what.target = user_;
  what.from = peer_;
  return reply(ask_(what));
}

spoken smtp_session::text_line(std::string_view line) {
  if (line == ".") return mail();
  if (line.starts_with('.')) line.remove_prefix(1);
  if (text_.size() < longest_mail) text_ += fmt::format("{}\r\n", line);
  return {};
}

spoken smtp_session::mail() {
  state_ = state::commands;
  question what;
  what.method = "MAIL";
  what.target = std::exchange(recipient_, {});
  what.headers = understand_mail(text_).headers;
  what.headers.emplace_back("envelope-from", sender_);
  what.body = std::exchange(text_, {});
  what.from = peer_;
  return reply(ask_(what));
}

} // namespace ringdown::sim
