// What holds for every provider: walks the table, so a new dialect is under these rules from its first day.
#include "protocol/wire/dialects.hpp"

#include "protocol/wire/form.hpp"
#include "protocol/wire/json.hpp"
#include "protocol/wire/text.hpp"
#include "protocol/wire/voice/call_dialect.hpp"
#include "test/protocol/samples.hpp"
#include "test/support/catch.hpp"

#include <algorithm>

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::samples;
using namespace ringdown::wire;

namespace {

// Answers every request alike until the dialect ends, but for what comes before the first one that matters.
attempt_outcome played(const dialect& provider, const delivery_job& job, const http_outcome& answer) {
  dialect_step step = provider.start(job);
  for (const http_outcome& first : preface_of(provider.describe().kind)) {
    REQUIRE(step.request);
    step = provider.resume(job, step.next, first);
  }
  for (int exchanges = 0; step.request && exchanges < 20; ++exchanges) {
    REQUIRE_FALSE(step.outcome);
    step = provider.resume(job, step.next, answer);
  }
  REQUIRE(step.outcome);
  return *step.outcome;
}

// The same for one that sends mails.
attempt_outcome played(const dialect& provider, const delivery_job& job, const mail_outcome& answer) {
  dialect_step step = provider.start(job);
  for (int mails = 0; step.mail && mails < 20; ++mails) {
    REQUIRE_FALSE((step.outcome || step.request));
    step = provider.resume_mail(job, step.next, answer);
  }
  REQUIRE(step.outcome);
  return *step.outcome;
}

// JSON, but for what has no body, and calls, which are posted as forms.
bool is_well_formed(const dialect& provider, const http_request& request) {
  if (request.method == http_method::get) return true;
  return provider.calls != nullptr ? read_form(request.body).has_value() : is_json(request.body, 1 << 20);
}

enum class speaks { http, mail, anything };

bool is_of(const dialect& provider, speaks wanted) {
  return wanted == speaks::anything || (provider.resume_mail != nullptr) == (wanted == speaks::mail);
}

template <class Check>
void for_each_dialect(speaks wanted, Check check) {
  for (const dialect& provider : dialects()) {
    if (!is_of(provider, wanted)) continue;
    const std::string kind(provider.describe().kind);
    INFO(kind);
    const channel_config channel = channel_of(kind);
    delivery row = fired_delivery();
    if (provider.calls != nullptr) row.target = "+12025550123";
    check(provider, channel, job_for(row, channel));
  }
}

// ASCII in whole lines that SMTP takes, headers first, the body of a kind that mail programs know.
void check_mail_text(const dialect& provider, const mail_request& mail) {
  CHECK(fault_of(mail) == std::nullopt);
  CHECK(mail.text.size() <= provider.describe().limits.body);
  const std::string headers = mail.text.substr(0, mail.text.find("\r\n\r\n") + 2);
  for (const char* field : {"Date: ", "From: ", "To: ", "Subject: ", "Message-ID: <", "Auto-Submitted: auto-generated",
                            "MIME-Version: 1.0"})
    CHECK(("\r\n" + headers).find("\r\n" + std::string(field)) != std::string::npos);
}

std::vector<std::string> secrets_of(const channel_config& channel) {
  std::vector<std::string> all;
  all.reserve(channel.secrets.size() + 1);
  for (const auto& [field, value] : channel.secrets) all.push_back(value.reveal());
  all.emplace_back("topsecret");
  return all;
}

delivery odd_delivery() {
  delivery row = fired_delivery();
  std::string odd;
  for (int i = 0; i < 4000; ++i) odd += "☎\"\\\n\x01\xFF\xF0\x9F\x93\x9E";
  row.content.title = odd;
  row.content.text = odd;
  alert_view view = trunk_view();
  view.label = view.instance_name = view.customer_name = view.tenant_name = view.detail = view.provider = odd;
  view.resource.key = odd;
  row.content.tenant_name = odd;
  row.content.alerts.assign(300, view);
  return row;
}

} // namespace

TEST_CASE("Kinds are unique, described, and found by name") {
  std::vector<std::string_view> kinds;
  for (const dialect& provider : dialects()) {
    const dialect_description description = provider.describe();
    CHECK(std::ranges::find(kinds, description.kind) == kinds.end());
    kinds.push_back(description.kind);
    CHECK_FALSE(description.title.empty());
    CHECK(description.connections > 0);
    CHECK((provider.resume != nullptr || provider.resume_mail != nullptr));
    CHECK(description.limits.title > 0);
    CHECK(description.limits.text > 0);
    CHECK(description.limits.body >= description.limits.text);
    for (const field_description& field : description.fields)
      CHECK_FALSE((field.name.empty() || field.title.empty() || field.help.empty()));
    REQUIRE(find_dialect(description.kind) != nullptr);
    CHECK(find_dialect(description.kind)->describe().kind == description.kind);
  }
  CHECK(find_dialect("carrier-pigeon") == nullptr);
}

TEST_CASE("A fault of the configuration names its field") {
  for_each_dialect(speaks::anything, [](const dialect& provider, const channel_config& channel, const delivery_job&) {
    CHECK(provider.check(channel) == std::nullopt);
    for (const field_description& field : provider.describe().fields) {
      channel_config broken = channel;
      broken.settings.erase(std::string(field.name));
      broken.secrets.erase(std::string(field.name));
      const bool required = field.need == field_need::required;
      CHECK(provider.check(broken).has_value() == required);
      if (required) CHECK(provider.check(broken)->starts_with(field.name));
      if (field.kind == field_kind::url) {
        broken.settings[std::string(field.name)] = "ftp://elsewhere";
        CHECK(provider.check(broken)->starts_with(field.name));
      }
      if (field.kind == field_kind::secret) {
        broken.settings[std::string(field.name)] = "in plain sight";
        CHECK(provider.check(broken)->starts_with(field.name));
        CHECK(provider.check(broken)->find("plain sight") == std::string::npos);
      }
    }
    channel_config novel = channel;
    novel.settings["frobnicate"] = "1";
    CHECK(provider.check(novel)->starts_with("frobnicate"));
    channel_config novel_secret = channel;
    novel_secret.secrets["frobnicate"] = secret_text("topsecret");
    CHECK(provider.check(novel_secret)->starts_with("frobnicate"));
  });
}

TEST_CASE("Every status from 100 to 599 means one outcome, by policy") {
  for_each_dialect(speaks::http, [](const dialect& provider, const channel_config&, const delivery_job& job) {
    for (int status = 100; status <= 599; ++status)
      for (const char* body : {"", "{}", "<html>", R"({"id":"abcDEF123456"})"}) {
        INFO(status << " " << body);
        const attempt_outcome outcome = played(provider, job, answer(status, body));
        CHECK(outcome.status == status);
        CHECK(outcome.kind != outcome_kind::not_sent);
        const bool success = status >= 200 && status <= 299;
        // Some say in the body that it is none; a search that says nothing has written nothing and is made again.
        const bool searches = provider.describe().keys == target_key::searchable;
        if (success && !searches)
          CHECK((outcome.kind == outcome_kind::accepted || outcome.kind == outcome_kind::unknown ||
                 outcome.kind == outcome_kind::refused));
        else if (success)
          CHECK(outcome.kind == outcome_kind::retry);
        else
          CHECK(outcome.kind != outcome_kind::accepted);
        if (outcome.kind == outcome_kind::accepted) CHECK_FALSE(outcome.reference.empty());
        // A call may have been placed by whoever answers 500: a second one is no small thing.
        if (status == 408 || status == 429 || (status == 500 && provider.calls == nullptr) || status == 503)
          CHECK(outcome.kind == outcome_kind::retry);
        if (status == 410) CHECK(outcome.kind == outcome_kind::refused);
        if (provider.describe().keys == target_key::known_to_it) CHECK(outcome.kind != outcome_kind::unknown);
        CHECK(outcome.answer.size() <= 200);
      }
  });
}

TEST_CASE("429 and 503 wait as long as they are asked to") {
  for_each_dialect(speaks::http, [](const dialect& provider, const channel_config&, const delivery_job& job) {
    for (const int status : {429, 503}) {
      const attempt_outcome outcome = played(provider, job, answer(status, "", {{"Retry-After", "42"}}));
      CHECK(outcome.retry_after == duration(std::chrono::seconds(42)));
      CHECK_FALSE(played(provider, job, answer(status, "", {{"Retry-After", "soon"}})).retry_after);
    }
  });
}

TEST_CASE("Without an answer the outcome depends on what may have left") {
  for_each_dialect(speaks::http, [](const dialect& provider, const channel_config&, const delivery_job& job) {
    for (int error = static_cast<int>(transport_error::dns); error <= static_cast<int>(transport_error::overloaded);
         ++error) {
      const auto what = static_cast<transport_error>(error);
      const bool ours = what == transport_error::too_late || what == transport_error::cancelled;
      // Where something was asked before, or nothing can have been written yet, it is simply tried again.
      const bool first = preface_of(provider.describe().kind).empty();
      const bool searches = provider.describe().keys == target_key::searchable;
      CHECK(played(provider, job, no_answer(what)).kind ==
            (ours && first ? outcome_kind::not_sent : outcome_kind::retry));
      CHECK(played(provider, job, lost_answer(what)).kind == (searches ? outcome_kind::retry : outcome_kind::unknown));
    }
  });
}

TEST_CASE("A truncated answer is never taken for more than it says") {
  for_each_dialect(speaks::http, [](const dialect& provider, const channel_config&, const delivery_job& job) {
    const std::string whole = R"({"id":"abcDEF123456","time":1790924400,"event":"message","topic":"harbour-noc"})";
    const bool body_needed = played(provider, job, answer(200, "")).kind != outcome_kind::accepted;
    for (std::size_t length = 0; length < whole.size(); ++length)
      CHECK((played(provider, job, answer(200, whole.substr(0, length))).kind == outcome_kind::accepted) ==
            !body_needed);
    CHECK(played(provider, job, answer(200, std::string(200'000, '['))).kind ==
          played(provider, job, answer(200, "")).kind);
  });
}

TEST_CASE("No secret leaves in a body, a URL's place in the ledger, an answer or a failure") {
  for_each_dialect(speaks::http, [](const dialect& provider, const channel_config& channel, const delivery_job& job) {
    const dialect_step step = provider.start(job);
    REQUIRE(step.request);
    std::vector<std::string> shown{step.request->body, provider.masked_address(channel, job.row)};
    for (int status = 100; status <= 599; ++status) {
      const attempt_outcome outcome =
          played(provider, job, answer(status, R"({"id":"topsecret!","error":"topsecret","code":42901})"));
      shown.push_back(outcome.answer);
      shown.push_back(outcome.reference);
    }
    for (const std::string& text : shown)
      for (const std::string& hidden : secrets_of(channel)) CHECK(text.find(hidden) == std::string::npos);
    CHECK(provider.masked_address(channel, job.row).find("pathsecret") == std::string::npos);
  });
}

TEST_CASE("The same delivery is the same request, and its body JSON") {
  for_each_dialect(speaks::http, [](const dialect& provider, const channel_config&, const delivery_job& job) {
    const dialect_step first = provider.start(job);
    const dialect_step second = provider.start(job);
    REQUIRE(first.request);
    CHECK(first.request->url == second.request->url);
    CHECK(first.request->headers == second.request->headers);
    CHECK(first.request->body == second.request->body);
    CHECK(is_well_formed(provider, *first.request));
    CHECK(first.request->egress == egress_class::channel);
    CHECK(parse_url(first.request->url));
  });
}

TEST_CASE("Any event, with odd and endless text, stays JSON within the limits") {
  for_each_dialect(speaks::http, [](const dialect& provider, const channel_config& channel, const delivery_job&) {
    for (int event = 0; event <= static_cast<int>(notice_event::test); ++event)
      for (const delivery& sample : {fired_delivery(), odd_delivery(), delivery()}) {
        delivery row = sample;
        row.event = row.content.event = static_cast<notice_event>(event);
        if (provider.calls != nullptr) row.target = "+12025550123";
        row.possible_repeat = event % 2 == 0;
        row.content.test = row.event == notice_event::test;
        const dialect_step step = provider.start(job_for(row, channel));
        REQUIRE(step.request);
        CHECK(step.request->body.size() <= provider.describe().limits.body);
        CHECK(is_utf8(step.request->body));
        CHECK(is_well_formed(provider, *step.request));
      }
  });
}

TEST_CASE("Every reply of a mail server means one outcome, by policy") {
  for_each_dialect(speaks::mail, [](const dialect& provider, const channel_config&, const delivery_job& job) {
    for (int code = 200; code <= 599; ++code) {
      INFO(code);
      const attempt_outcome outcome = played(provider, job, mail_answer(code));
      CHECK(outcome.status == code);
      const int group = code / 100;
      CHECK((outcome.kind == outcome_kind::accepted) == (group == 2));
      CHECK((outcome.kind == outcome_kind::unknown) == (group == 3));
      CHECK((outcome.kind == outcome_kind::retry) == (group == 4));
      CHECK((outcome.kind == outcome_kind::refused) == (group == 5));
      if (outcome.kind == outcome_kind::accepted) CHECK_FALSE(outcome.reference.empty());
      CHECK(outcome.answer.size() <= 200);
    }
  });
}

TEST_CASE("Without a reply to the mail the outcome depends on whether its end may have left") {
  for_each_dialect(speaks::mail, [](const dialect& provider, const channel_config&, const delivery_job& job) {
    for (int error = static_cast<int>(transport_error::dns); error <= static_cast<int>(transport_error::overloaded);
         ++error) {
      mail_outcome what;
      what.error = static_cast<transport_error>(error);
      const bool ours = what.error == transport_error::too_late || what.error == transport_error::cancelled;
      CHECK(played(provider, job, what).kind == (ours ? outcome_kind::not_sent : outcome_kind::retry));
      what.maybe_taken = true;
      CHECK(played(provider, job, what).kind == outcome_kind::unknown);
    }
  });
}

TEST_CASE("A refused login names the setting, and waits when the server says that it is busy") {
  for_each_dialect(speaks::mail, [](const dialect& provider, const channel_config&, const delivery_job& job) {
    for (const auto& [code, kind] : {std::pair{535, outcome_kind::refused}, std::pair{0, outcome_kind::refused},
                                     std::pair{454, outcome_kind::retry}}) {
      mail_outcome what = mail_answer(code);
      what.login_refused = true;
      const attempt_outcome outcome = played(provider, job, what);
      CHECK(outcome.kind == kind);
      CHECK(outcome.answer.find("password") != std::string::npos);
    }
  });
}

TEST_CASE("No secret leaves in a mail, its place in the ledger or an answer") {
  for_each_dialect(speaks::mail, [](const dialect& provider, const channel_config& channel, const delivery_job& job) {
    const dialect_step step = provider.start(job);
    REQUIRE(step.mail);
    std::vector<std::string> shown{step.mail->text, step.mail->from, step.mail->to, step.mail->ehlo,
                                   provider.masked_address(channel, job.row)};
    for (int code = 200; code <= 599; ++code) shown.push_back(played(provider, job, mail_answer(code, "5.7.1")).answer);
    for (const std::string& text : shown)
      for (const std::string& hidden : secrets_of(channel)) CHECK(text.find(hidden) == std::string::npos);
    CHECK(provider.masked_address(channel, job.row).find(step.mail->to) == std::string::npos);
  });
}

TEST_CASE("The same delivery is the same mail, whenever and however often it is sent") {
  for_each_dialect(speaks::mail, [](const dialect& provider, const channel_config& channel, const delivery_job& job) {
    delivery_job later = job_for(job.row, channel);
    later.now += std::chrono::hours(1);
    const dialect_step first = provider.start(job);
    const dialect_step second = provider.start(later);
    REQUIRE((first.mail && second.mail));
    CHECK(first.mail->text == second.mail->text);
    CHECK(first.mail->to == second.mail->to);
    check_mail_text(provider, *first.mail);
  });
}

TEST_CASE("Any event, with odd and endless text, stays a mail within the limits") {
  for_each_dialect(speaks::mail, [](const dialect& provider, const channel_config& channel, const delivery_job&) {
    for (int event = 0; event <= static_cast<int>(notice_event::test); ++event)
      for (const delivery& sample : {fired_delivery(), odd_delivery(), delivery()}) {
        delivery row = sample;
        row.event = row.content.event = static_cast<notice_event>(event);
        if (provider.calls != nullptr) row.target = "+12025550123";
        row.possible_repeat = event % 2 == 0;
        row.content.test = row.event == notice_event::test;
        const dialect_step step = provider.start(job_for(row, channel));
        REQUIRE(step.mail);
        check_mail_text(provider, *step.mail);
      }
  });
}

// --- what every kind that calls owes ------------------------------------------------------------------------------------

namespace {

template <class Check>
void for_each_calling(Check check) {
  for_each_dialect(speaks::anything,
                   [&](const dialect& provider, const channel_config& channel, const delivery_job& job) {
                     if (provider.calls != nullptr) check(provider, *provider.calls, channel, job);
                   });
}

} // namespace

TEST_CASE("A call is asked about and hung up where it was placed, and no answer breaks that") {
  for_each_calling(
      [](const dialect& provider, const call_functions& calls, const channel_config&, const delivery_job& job) {
        const std::string placed = provider.start(job).request->url;
        const std::string origin = placed.substr(0, placed.find('/', 8));
        for (const auto stage : {call_stage::placed, call_stage::ringing, call_stage::answered})
          CHECK(calls.hang_up(job, "CA1", stage).url.starts_with(origin));
        CHECK(calls.ask(job, "CA1").url.starts_with(origin));
        CHECK(calls.hang_up(job, "a/../b?c", call_stage::placed).url.find("/../") == std::string::npos);
        for (int status = 100; status <= 599; ++status)
          for (const char* body : {"", "{}", "<html>", "[[[[", R"({"status":7,"sid":{}})"}) {
            CHECK_FALSE(calls.read_answer(answer(status, body)).ok());
            const bool again = calls.after_hang_up(answer(status, body)) == hang_up_end::again;
            if (status == 429 || status == 503) CHECK(again);
          }
        CHECK(calls.after_hang_up(lost_answer(transport_error::timeout)) == hang_up_end::again);
      });
}

TEST_CASE("A callback that is not signed is no callback, and a broken one is a failure") {
  for_each_calling([](const dialect&, const call_functions& calls, const channel_config& channel, const delivery_job&) {
    const std::vector<form_fields> forms{{}, {{"CallStatus", "ringing"}}, {{"", ""}}, {{"CallStatus", "\xFF\x01"}}};
    for (const form_fields& fields : forms) {
      CHECK_FALSE(calls.is_genuine(channel, {"https://r.example/callbacks/x", "POST", {}, fields}));
      CHECK_FALSE(
          calls.is_genuine(channel, {"https://r.example/callbacks/x", "POST", {{"X-Twilio-Signature", ""}}, fields}));
      channel_config keyless = channel;
      keyless.secrets.clear();
      CHECK_FALSE(calls.is_genuine(keyless, {"https://r.example/callbacks/x", "POST", {}, fields}));
    }
    CHECK_FALSE(calls.read_callback({"", "POST", {}, {}}, callback_kind::status).ok());
    CHECK_FALSE(calls.read_callback({"", "POST", {}, {{"CallStatus", "\xFF"}}}, callback_kind::keys).ok());
  });
}

TEST_CASE("What is said is well-formed whatever a name holds, and keeps no secret") {
  for_each_calling([](const dialect&, const call_functions& calls, const channel_config& channel, const delivery_job&) {
    std::string odd;
    for (int i = 0; i < 400; ++i) odd += "<&>\"'\x01\n\xFF]]>";
    for (const auto keys : {keypad::on, keypad::off}) {
      const std::string said = calls.speak(channel, {odd, {odd, "", odd}, odd, keys}, "https://r.example/k?a=1&b=2");
      CHECK(is_utf8(said));
      CHECK(std::ranges::count(said, '<') == std::ranges::count(said, '>'));
      CHECK(said.find('\x01') == std::string::npos);
      CHECK(said.find("]]>") == std::string::npos);
      CHECK((said.find("<Gather") != std::string::npos) == (keys == keypad::on));
      for (const std::string& hidden : secrets_of(channel)) CHECK(said.find(hidden) == std::string::npos);
    }
    CHECK(is_utf8(calls.speak_short(channel, odd)));
    CHECK_FALSE(calls.hang_up_document().empty());
  });
}

TEST_CASE("An address that is refused is told in words, with the setting that permits it") {
  http_outcome refused;
  refused.error = transport_error::refused_address;
  for_each_dialect(speaks::http, [&](const dialect& provider, const channel_config&, const delivery_job& job) {
    const std::string answer = played(provider, job, refused).answer;
    CHECK_THAT(answer, Catch::Contains("private, loopback") && Catch::Contains("[egress] allow"));
    CHECK(answer.size() <= 200);
  });
}
