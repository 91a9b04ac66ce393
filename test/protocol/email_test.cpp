#include "protocol/wire/email/smtp.hpp"

#include "test/protocol/samples.hpp"
#include "test/support/catch.hpp"

#include <string>

using namespace ringdown;
using namespace ringdown::samples;
using namespace ringdown::wire;

namespace {

mail_request mail_of(const delivery& row, const channel_config& channel = email_channel()) {
  const dialect_step step = email::start_smtp(job_for(row, channel));
  REQUIRE(step.mail);
  return *step.mail;
}

// Of a field that is not folded.
std::string field(const mail_request& mail, const std::string& name) {
  const std::size_t at = ("\r\n" + mail.text).find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const std::size_t from = at + name.size() + 2;
  return mail.text.substr(from, mail.text.find("\r\n", from) - from);
}

// The body with soft line breaks undone.
std::string body_of(const mail_request& mail) {
  std::string body = mail.text.substr(mail.text.find("\r\n\r\n") + 4);
  for (std::size_t at = body.find("=\r\n"); at != std::string::npos; at = body.find("=\r\n")) body.erase(at, 3);
  return body;
}

attempt_outcome ended_by(const mail_outcome& answer) {
  const delivery row = fired_delivery();
  const channel_config channel = email_channel();
  const delivery_job job = job_for(row, channel);
  const dialect_step step = email::resume_smtp(job, {}, answer);
  REQUIRE(step.outcome);
  return *step.outcome;
}

} // namespace

TEST_CASE("A critical is a mail of high importance with its link") {
  const mail_request mail = mail_of(fired_delivery());
  CHECK(mail.text ==
        "Date: Fri, 02 Oct 2026 07:00:00 +0000\r\n"
        "From: Ringdown <alerts@harbour.example>\r\n"
        "To: <jo@harbour.example>\r\n"
        "Subject: Trunk down: Lighthouse Voice at Kiel HQ\r\n"
        "Message-ID: <dl_0123456789abcdefghjkmnpqrs@harbour.example>\r\n"
        "In-Reply-To: <al_0123456789abcdefghjkmnpqrs.2@harbour.example>\r\n"
        "References: <al_0123456789abcdefghjkmnpqrs.2@harbour.example>\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "List-ID: Harbour IT <harbour.alerts.harbour.example>\r\n"
        "Importance: high\r\n"
        "X-Priority: 1\r\n"
        "X-Ringdown-Event: fired\r\n"
        "X-Ringdown-Severity: critical\r\n"
        "X-Ringdown-Alert: al_0123456789abcdefghjkmnpqrs\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        "The provider refuses our credentials (403) since 06:57.\r\n"
        "\r\n"
        "Acknowledge: https://ringdown.harbour.example/a/ack-token-0123456789\r\n");
  CHECK(mail.from == "alerts@harbour.example");
  CHECK(mail.to == "jo@harbour.example");
}

TEST_CASE("The server is asked as the channel says") {
  const mail_request usual = mail_of(fired_delivery());
  CHECK(usual.host == "mx.harbour.example");
  CHECK(usual.port == 587);
  CHECK(usual.security == mail_security::starttls);
  CHECK(usual.user == "alerts@harbour.example"); // a password alone logs the sender in
  CHECK(usual.ehlo == "harbour.example");
  channel_config channel = email_channel();
  channel.settings["security"] = "implicit";
  CHECK(mail_of(fired_delivery(), channel).port == 465);
  channel.settings["port"] = "2465";
  channel.settings["username"] = "ringdown";
  channel.settings["ehlo"] = "[192.0.2.7]";
  const mail_request told = mail_of(fired_delivery(), channel);
  CHECK(told.port == 2465);
  CHECK(told.security == mail_security::implicit);
  CHECK(told.user == "ringdown");
  CHECK(told.ehlo == "[192.0.2.7]");
  channel.settings = {{"host", "127.0.0.1"}, {"security", "none"}, {"from", "a@b.example"}, {"to", "c@d.example"}};
  channel.secrets.clear();
  CHECK(mail_of(fired_delivery(), channel).port == 25);
  CHECK(mail_of(fired_delivery(), channel).user.empty());
}

TEST_CASE("Mails of one episode share a thread, those of the next do not") {
  delivery fire = fired_delivery();
  delivery end = fire;
  end.id = delivery_id("dl_end");
  end.event = end.content.event = notice_event::resolved;
  CHECK(field(mail_of(fire), "References") == field(mail_of(end), "References"));
  CHECK(field(mail_of(fire), "Message-ID") != field(mail_of(end), "Message-ID"));
  delivery next = fire;
  next.episode = 3;
  CHECK(field(mail_of(next), "References") != field(mail_of(fire), "References"));
  delivery alone = fire;
  alone.alert = alert_id();
  CHECK(field(mail_of(alone), "References").empty());
}

TEST_CASE("An end is of usual importance and has no link") {
  delivery row = fired_delivery();
  for (const auto event : {notice_event::resolved, notice_event::acknowledged}) {
    row.event = row.content.event = event;
    const mail_request mail = mail_of(row);
    CHECK(field(mail, "Importance").empty());
    CHECK(mail.text.find("/a/ack") == std::string::npos);
  }
  row = fired_delivery();
  row.level = row.content.level = severity::warning;
  CHECK(field(mail_of(row), "Importance").empty());
}

TEST_CASE("A test and a possible repeat say so") {
  delivery row = fired_delivery();
  row.content.test = true;
  CHECK(field(mail_of(row), "Subject").starts_with("TEST: "));
  CHECK(body_of(mail_of(row)).find("This is a test") != std::string::npos);
  row = fired_delivery();
  CHECK(body_of(mail_of(row)).find("ossible repeat") == std::string::npos);
  row.possible_repeat = true;
  CHECK(body_of(mail_of(row)).find("ossible repeat") != std::string::npos);
  CHECK(field(mail_of(row), "Message-ID") == field(mail_of(fired_delivery()), "Message-ID"));
}

TEST_CASE("Names of others cannot write headers") {
  delivery row = fired_delivery();
  row.content.title = "down\r\nBcc: eve@x.example\r\n\r\nhello";
  row.content.tenant_name = "Harbour <x@y>\r\nBcc: eve@x.example";
  const mail_request mail = mail_of(row);
  CHECK(mail.text.find("\r\nBcc") == std::string::npos);
  CHECK(field(mail, "List-ID") == "<harbour.alerts.harbour.example>");
}

TEST_CASE("What is wrong with a channel's addresses names the field") {
  const auto fault = [](auto change) {
    channel_config channel = email_channel();
    change(channel);
    const auto found = email::check_smtp(channel);
    return found ? found->substr(0, found->find(':')) : std::string("none");
  };
  CHECK(fault([](channel_config& c) { c.settings["to"] = "jo@x.example, eve@x.example"; }) == "to");
  CHECK(fault([](channel_config& c) { c.settings["from"] = "Ringdown <a@x.example>"; }) == "from");
  CHECK(fault([](channel_config& c) { c.settings["host"] = "mx.x.example/path"; }) == "host");
  CHECK(fault([](channel_config& c) { c.settings["port"] = "70000"; }) == "port");
  CHECK(fault([](channel_config& c) { c.settings["port"] = "0"; }) == "port");
  CHECK(fault([](channel_config& c) { c.settings["port"] = "99999999999999999999"; }) == "port");
  CHECK(fault([](channel_config& c) { c.settings["security"] = "ssl"; }) == "security");
  CHECK(fault([](channel_config& c) { c.settings["ehlo"] = "a b"; }) == "ehlo");
  CHECK(fault([](channel_config& c) { c.settings["username"] = "x\ny"; }) == "username");
  CHECK(fault([](channel_config& c) {
          c.settings["username"] = "x";
          c.secrets.clear();
        }) == "password");
}

TEST_CASE("Accepted refers to our Message-ID, and a refusal names what to look at") {
  const attempt_outcome taken = ended_by(mail_answer(250, "2.0.0"));
  CHECK(taken.kind == outcome_kind::accepted);
  CHECK(taken.reference == "<dl_0123456789abcdefghjkmnpqrs@harbour.example>");
  CHECK(taken.answer == "SMTP 250 2.0.0");
  CHECK(ended_by(mail_answer(550, "5.1.1")).answer == "SMTP 550 5.1.1: see to and from");
  CHECK(ended_by(mail_answer(451, "4.7.1")).answer == "SMTP 451 4.7.1");
  mail_outcome lost;
  lost.error = transport_error::reset;
  lost.maybe_taken = true;
  CHECK(ended_by(lost).answer == "no answer: reset (mx.harbour.example closed the connection)");
}

TEST_CASE("The ledger tells two recipients apart without naming them") {
  CHECK(email::smtp_address(email_channel(), fired_delivery()) == "mx.harbour.example:587 j***@harbour.example");
  channel_config channel = email_channel();
  channel.settings["to"] = "j@harbour.example";
  CHECK(email::smtp_address(channel, fired_delivery()) == "mx.harbour.example:587 ***@harbour.example");
}
