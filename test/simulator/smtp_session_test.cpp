#include "bin/ringdown-sim/smtp_session.hpp"

#include "test/simulator/builders.hpp"
#include "test/support/catch.hpp"

#include <initializer_list>

using namespace ringdown;
using namespace ringdown::sim;
using namespace std::chrono_literals;

namespace {

// A session of the stage's mail server.
struct talk {
  explicit talk(stage& of)
      : session([&of](const question& what) { return of.running.ask_sink(sink_kind::smtp, what, at(0s)); },
                "127.0.0.1:1") {}
  // What is said after the last of these.
  spoken say(std::initializer_list<const char*> lines) {
    spoken last;
    for (const char* line : lines) last = session.hear(line);
    return last;
  }
  spoken mail() {
    return say({"EHLO x", "MAIL FROM:<alerts@t1.test>", "RCPT TO:<tech@t1.test>", "DATA", "Subject: down",
                "Message-ID: <dl_1@t1.test>", "", "..dot", "."});
  }
  smtp_session session;
};

} // namespace

TEST_CASE("a mail is taken, written down and read") {
  stage s;
  talk to(s);
  CHECK(to.session.greet().words.starts_with("220 "));
  CHECK(to.mail().words.starts_with("250 "));
  REQUIRE(s.effects.size() == 1);
  for (const char* part : {R"("kind":"smtp")", R"("subject":"down")", R"("to":"tech@t1.test")", R"("answered":250)",
                           R"("from":"alerts@t1.test")", R"("key":"<dl_1@t1.test>")", R"("text":".dot\r\n")"})
    CHECK(s.effects[0].find(part) != std::string::npos);
  CHECK(to.say({"QUIT"}).over);
}

TEST_CASE("commands out of order or unknown are refused") {
  stage s;
  talk to(s);
  CHECK(to.say({"DATA"}).words.starts_with("503 "));
  CHECK(to.say({"RCPT TO:nobody"}).words.starts_with("501 "));
  CHECK(to.say({"VRFY x"}).words.starts_with("500 "));
  CHECK(s.effects.empty());
}

TEST_CASE("a login is judged, and may be refused as told") {
  stage s;
  talk to(s);
  const char* good = "AUTH PLAIN AHJpbmdkb3duAHNpbS1tYWlsLXNlY3JldA=="; // \0ringdown\0sim-mail-secret
  CHECK(to.say({good}).words.starts_with("235 "));
  CHECK(to.say({"AUTH PLAIN AHJpbmdkb3duAHdyb25n"}).words.starts_with("535 "));
  CHECK(to.say({"AUTH LOGIN", "cmluZ2Rvd24=", "c2ltLW1haWwtc2VjcmV0"}).words.starts_with("235 "));
  CHECK(to.say({"AUTH PLAIN", good + 11}).words.starts_with("235 "));
  CHECK(to.say({"AUTH CRAM-MD5"}).words.starts_with("504 "));
  (void)s.control("do=sink_fault&sink=smtp&mode=refuse_login&count=1");
  CHECK(to.mail().words.starts_with("250 ")); // it spoils no mail
  CHECK(to.say({good}).words.starts_with("535 "));
  CHECK(to.say({good}).words.starts_with("235 "));
}

TEST_CASE("a mail fails as told, and what was taken is kept") {
  stage s;
  (void)s.control("do=sink_fault&sink=smtp&mode=status&status=451&count=1");
  CHECK(talk(s).mail().words.starts_with("451 "));
  (void)s.control("do=sink_fault&sink=smtp&mode=drop_after_accept&count=1&match=tech@t1");
  CHECK(talk(s).mail().then == ending::drop);
  (void)s.control("do=sink_fault&sink=smtp&mode=hang&count=1");
  CHECK(talk(s).mail().then == ending::hang);
  CHECK(talk(s).mail().words.starts_with("250 "));
  CHECK(s.effects.size() == 4);
  CHECK(s.effects[1].find("\"answered\":0") != std::string::npos);
}
