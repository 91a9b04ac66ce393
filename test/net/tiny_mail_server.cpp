#include "test/net/tiny_mail_server.hpp"

#include <utility>

namespace ringdown::test {

namespace {

const std::map<std::string, std::string> usual{{"", "220 mx.test ESMTP\r\n"},       {"AUTH", "235 2.7.0 welcome\r\n"},
                                               {"MAIL", "250 2.1.0 ok\r\n"},        {"RCPT", "250 2.1.5 ok\r\n"},
                                               {"DATA", "354 go on\r\n"},           {".", "250 2.0.0 queued as X\r\n"},
                                               {"STARTTLS", "220 2.0.0 ready\r\n"}, {"QUIT", "221 2.0.0 bye\r\n"}};

class mail_session {
public:
  mail_session(peer& with, const mail_manners& how) : with_(with), how_(how) {}

  void run() {
    if (!answer("")) return;
    while (const auto line = with_.read_line()) {
      with_.note(*line);
      const std::string verb = line->substr(0, line->find(' '));
      // Without its credentials in the same line they are asked for.
      if (verb == "AUTH" && line->find(' ', 5) == std::string::npos && !(with_.say("334 \r\n") && with_.read_line()))
        return;
      if (!answer(verb)) return;
      if (verb == "STARTTLS" && !begin_tls()) return;
      if (verb == "DATA" && !read_text()) return;
      if (verb == "QUIT") return;
    }
  }

private:
  [[nodiscard]] std::string words_for(const std::string& verb) const {
    if (const auto told = how_.says.find(verb); told != how_.says.end()) return told->second;
    if (verb == "EHLO") return greeting();
    const auto known = usual.find(verb);
    return known == usual.end() ? "500 5.5.1 what?\r\n" : known->second;
  }

  [[nodiscard]] std::string greeting() const {
    std::string words = "250-mx.test\r\n";
    if (how_.starttls != nullptr && !secure_) words += "250-STARTTLS\r\n";
    if (how_.offers_login) words += "250-AUTH PLAIN LOGIN\r\n";
    return words + "250 PIPELINING\r\n";
  }

  // False when the conversation is over.
  bool answer(const std::string& verb) {
    const std::string words = words_for(verb);
    if (words == hangs) with_.hang();
    if (words == hangs || words == cuts) return false;
    return with_.say(words);
  }

  bool begin_tls() {
    secure_ = how_.starttls != nullptr && with_.secure(*how_.starttls);
    return secure_;
  }

  bool read_text() {
    if (words_for("DATA").front() != '3') return true;
    with_.note("begun");
    std::string text;
    while (const auto line = with_.read_line()) {
      if (*line == ".") {
        with_.note(text);
        return answer(".");
      }
      text += *line + "\r\n";
      if (how_.cut_in_text) return false;
    }
    return false;
  }

  peer& with_;
  const mail_manners& how_;
  bool secure_ = false;
};

} // namespace

tiny_server::script mail_script(mail_manners how) {
  return [how = std::move(how)](peer& with) { mail_session(with, how).run(); };
}

} // namespace ringdown::test
