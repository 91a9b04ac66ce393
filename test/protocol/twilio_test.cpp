#include "protocol/wire/voice/twilio.hpp"
#include "protocol/wire/crypto.hpp"
#include "test/protocol/samples.hpp"
#include "test/support/catch.hpp"

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::samples;
using namespace ringdown::wire;
using Catch::Matchers::Contains;

namespace {

delivery call_row() {
  delivery row = fired_delivery();
  row.target = "+12025550123";
  row.created = noon();
  row.content.text = "Ringdown for Harbour IT. There is a trunk down on instance Kiel HQ.";
  return row;
}

form_fields placed_form(const delivery_job& job) { return *read_form(voice::start_twilio(job).request->body); }

// X-Twilio-Signature of a known request, as Twilio's documentation of request signing gives it.
const form_fields known_fields{{"CallSid", "CA1234567890ABCDE"},
                               {"Caller", "+12349013030"},
                               {"Digits", "1234"},
                               {"From", "+12349013030"},
                               {"To", "+18005551212"}};
const std::string known_url = "https://mycompany.com/myapp.php?foo=1&bar=2";
const std::string known_signature = "0/KCTR6DLpKmkAf8muzZqo1nDgQ=";

callback known_callback() { return {known_url, "POST", {{"X-Twilio-Signature", known_signature}}, known_fields}; }

channel_config signing_with(const std::string& token) {
  channel_config channel = twilio_channel();
  channel.secrets["auth_token"] = secret_text(token);
  return channel;
}

} // namespace

TEST_CASE("a call is placed with the script to be fetched and every stage to be told") {
  const delivery row = call_row();
  const channel_config channel = twilio_channel();
  const auto step = voice::start_twilio(job_for(row, channel));
  REQUIRE(step.request);
  CHECK(step.request->method == http_method::post);
  CHECK(step.request->url ==
        "https://api.twilio.com/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Calls.json");
  CHECK(header(step.request->headers, "authorization") ==
        "Basic " + base64_encode("AC0123456789abcdef0123456789abcdef:topsecret-token"));
  const auto form = placed_form(job_for(row, channel));
  const std::string base = "https://ringdown.harbour.example/callbacks/twilio/harbour/noc-phone/" + row.id.str();
  CHECK(form_value(form, "To") == "+12025550123");
  CHECK(form_value(form, "From") == "+12025550100");
  CHECK(form_value(form, "Url") == base + "/script");
  CHECK(form_value(form, "StatusCallback") == base + "/status");
  CHECK(form_value(form, "MachineDetection") == "Enable");
  CHECK(form_value(form, "Timeout") == "25");
  CHECK(std::ranges::count(form, "StatusCallbackEvent", [](const auto& one) { return one.first; }) == 4);
  CHECK(form_value(form, "Twiml").empty());
}

TEST_CASE("without a public URL what is said goes with the call, within Twilio's limit") {
  delivery row = call_row();
  const channel_config channel = twilio_channel();
  auto job = job_for(row, channel);
  job.public_url.clear();
  const auto form = placed_form(job);
  CHECK(form_value(form, "Url").empty());
  CHECK_THAT(std::string(form_value(form, "Twiml")),
             Contains("There is a trunk down on instance Kiel HQ.") && Contains("<Hangup/>") && !Contains("<Gather"));
  row.content.text = std::string(9000, '&');
  CHECK(form_value(placed_form(job), "Twiml").size() <= 4000);
}

TEST_CASE("an API key logs in, and the auth token still signs") {
  channel_config channel = twilio_channel();
  channel.secrets["api_key"] = secret_text("SKkey");
  CHECK(voice::check_twilio(channel)->starts_with("api_secret"));
  channel.secrets["api_secret"] = secret_text("keysecret");
  CHECK_FALSE(voice::check_twilio(channel));
  const delivery row = call_row();
  CHECK(header(voice::start_twilio(job_for(row, channel)).request->headers, "authorization") ==
        "Basic " + base64_encode("SKkey:keysecret"));
}

TEST_CASE("a SignalWire space is another base_url") {
  channel_config channel = twilio_channel();
  channel.settings["base_url"] = "https://acme.signalwire.com/api/laml/";
  const delivery row = call_row();
  CHECK(voice::start_twilio(job_for(row, channel)).request->url ==
        "https://acme.signalwire.com/api/laml/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Calls.json");
}

TEST_CASE("Twilio's answers mean what its codes say") {
  struct answer_case {
    int status;
    const char* body;
    outcome_kind kind;
  };
  const delivery row = call_row();
  const channel_config channel = twilio_channel();
  const auto job = job_for(row, channel);
  const auto start = voice::start_twilio(job);
  const std::vector<answer_case> cases{
      {201, R"({"sid":"CA00ff","status":"queued"})", outcome_kind::accepted},
      {201, R"({"status":"queued"})", outcome_kind::unknown},
      {200, "<html>", outcome_kind::unknown},
      {400, R"({"code":21211,"message":"to +12025550123 is not valid","status":400})", outcome_kind::refused},
      {400, R"({"code":21215,"status":400})", outcome_kind::refused},
      {401, R"({"code":20003,"status":401})", outcome_kind::refused},
      {429, R"({"code":20429,"status":429})", outcome_kind::retry},
      {503, R"({"code":20503,"status":503})", outcome_kind::retry},
      {500, R"({"code":20500,"status":500})", outcome_kind::unknown},
      {502, "<html>", outcome_kind::unknown},
      {404, "", outcome_kind::refused},
  };
  for (const answer_case& one : cases) {
    INFO(one.status << one.body);
    const auto outcome = *voice::resume_twilio(job, start.next, answer(one.status, one.body)).outcome;
    CHECK(outcome.kind == one.kind);
    CHECK(outcome.answer.find("5550123") == std::string::npos);
  }
  CHECK(voice::resume_twilio(job, start.next, answer(201, R"({"sid":"CA00ff"})")).outcome->reference == "CA00ff");
}

TEST_CASE("a call whose placing is in doubt is looked for before it rings again") {
  delivery row = call_row();
  row.possible_repeat = true;
  const channel_config channel = twilio_channel();
  const auto job = job_for(row, channel);
  const auto look = voice::start_twilio(job);
  REQUIRE(look.request);
  CHECK(look.request->method == http_method::get);
  CHECK_THAT(look.request->url, Contains("To=%2B12025550123") && Contains("StartTime%3E=2026-10-02"));
  const auto listed = [&](const std::string& body) { return voice::resume_twilio(job, look.next, answer(200, body)); };
  SECTION("it is there") {
    const auto found = listed(R"({"calls":[{"sid":"CAold","date_created":"Fri, 02 Oct 2026 06:10:00 +0000"},)"
                              R"({"sid":"CAnew","date_created":"Fri, 02 Oct 2026 07:00:01 +0000"}]})");
    REQUIRE(found.outcome);
    CHECK(found.outcome->kind == outcome_kind::accepted);
    CHECK(found.outcome->reference == "CAnew");
  }
  SECTION("of two since then the latest is ours, in whatever order they are listed") {
    const std::string before = R"({"sid":"CAbefore","date_created":"Fri, 02 Oct 2026 06:59:58 +0000"})";
    const std::string ours = R"({"sid":"CAours","date_created":"Fri, 02 Oct 2026 07:00:01 +0000"})";
    CHECK(listed(R"({"calls":[)" + ours + "," + before + "]}").outcome->reference == "CAours");
    CHECK(listed(R"({"calls":[)" + before + "," + ours + "]}").outcome->reference == "CAours");
  }
  SECTION("one that had ended before is another's, however short ago it was made") {
    const auto next = listed(R"({"calls":[{"sid":"CAold","date_created":"Fri, 02 Oct 2026 06:59:57 +0000",)"
                             R"("end_time":"Fri, 02 Oct 2026 06:59:59 +0000"}]})");
    REQUIRE(next.request);
    CHECK(next.request->method == http_method::post);
  }
  SECTION("it is their clock that counts: ours is two hours slow") {
    const auto by_their_date = [&](const std::string& made) {
      http_outcome said = answer(200, R"({"calls":[{"sid":"CAold","date_created":")" + made + R"("}]})");
      said.response->headers.emplace_back("Date", "Fri, 02 Oct 2026 09:00:10 GMT");
      return voice::resume_twilio(job, look.next, said);
    };
    CHECK(by_their_date("Fri, 02 Oct 2026 08:30:00 +0000").request);
    CHECK(by_their_date("Fri, 02 Oct 2026 09:00:05 +0000").outcome);
  }
  SECTION("only earlier ones, none, or no answer: it rings, because silence is worse") {
    for (const char* body :
         {R"({"calls":[{"sid":"CAold","date_created":"Fri, 02 Oct 2026 06:10:00 +0000"}]})", R"({"calls":[]})",
          "<html>", R"({"calls":[{"sid":"CAx","date_created":"some day"}]})", ""}) {
      const auto next = listed(body);
      REQUIRE(next.request);
      CHECK(next.request->method == http_method::post);
    }
    CHECK(voice::resume_twilio(job, look.next, no_answer(transport_error::timeout)).request);
  }
}

TEST_CASE("a call that rang there while ours waited for its turn is not taken for ours") {
  delivery row = call_row();
  row.possible_repeat = true;
  row.created = noon() - std::chrono::minutes(5);
  row.doubted_since = noon();
  const channel_config channel = twilio_channel();
  const auto job = job_for(row, channel);
  const auto look = voice::start_twilio(job);
  http_outcome listed = answer(200, R"({"calls":[{"sid":"CAtheirs","date_created":"Fri, 02 Oct 2026 06:59:20 +0000",)"
                                    R"("end_time":"Fri, 02 Oct 2026 06:59:50 +0000"}]})");
  const auto is_ours = [&] { return voice::resume_twilio(job, look.next, listed).outcome.has_value(); };
  SECTION("they say what time it is") {
    listed.response->headers.emplace_back("Date", "Fri, 02 Oct 2026 07:00:10 GMT");
    CHECK_FALSE(is_ours());
  }
  SECTION("they do not") { CHECK_FALSE(is_ours()); }
  SECTION("it was ours: tried a minute ago") {
    row.doubted_since = noon() - std::chrono::minutes(1);
    CHECK(is_ours());
  }
}

TEST_CASE("a call is taken back before it is answered and hung up after") {
  const delivery row = call_row();
  const channel_config channel = twilio_channel();
  const auto job = job_for(row, channel);
  CHECK(voice::hang_up_twilio(job, "CA1", call_stage::ringing).body == "Status=canceled");
  CHECK(voice::hang_up_twilio(job, "CA1", call_stage::answered).body == "Status=completed");
  CHECK(voice::hang_up_twilio(job, "CA1", call_stage::ringing).url ==
        "https://api.twilio.com/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Calls/CA1.json");
  CHECK(voice::after_twilio_hang_up(answer(200, "{}")) == hang_up_end::done);
  CHECK(voice::after_twilio_hang_up(answer(400, R"({"code":21220})")) == hang_up_end::done);
  CHECK(voice::after_twilio_hang_up(answer(503, "")) == hang_up_end::again);
  CHECK(voice::after_twilio_hang_up(lost_answer(transport_error::timeout)) == hang_up_end::again);
}

TEST_CASE("what Twilio says of a call, asked or not") {
  struct word_case {
    const char* status;
    const char* by;
    call_stage stage;
    call_result result;
  };
  const std::vector<word_case> cases{
      {"queued", "", call_stage::placed, call_result::none},
      {"ringing", "", call_stage::ringing, call_result::none},
      {"in-progress", "", call_stage::answered, call_result::none},
      {"in-progress", "human", call_stage::answered, call_result::listener}, // only a key proves a person
      {"in-progress", "machine_start", call_stage::answered, call_result::machine},
      {"completed", "", call_stage::ended, call_result::listener},
      {"completed", "human", call_stage::ended, call_result::listener},
      {"completed", "fax", call_stage::ended, call_result::machine},
      {"completed", "unknown", call_stage::ended, call_result::listener},
      {"busy", "human", call_stage::ended, call_result::busy},
      {"no-answer", "", call_stage::ended, call_result::no_answer},
      {"failed", "", call_stage::ended, call_result::failed},
      {"canceled", "", call_stage::ended, call_result::cancelled},
  };
  for (const word_case& one : cases) {
    INFO(one.status << " " << one.by);
    const auto heard = voice::twilio_progress(one.status, one.by);
    REQUIRE(heard);
    CHECK(heard->stage == one.stage);
    CHECK(heard->result == one.result);
  }
  CHECK_FALSE(voice::twilio_progress("levitating", ""));
  CHECK(voice::read_twilio_answer(answer(200, R"({"sid":"CA1","status":"busy"})"))->result == call_result::busy);
  CHECK_FALSE(voice::read_twilio_answer(answer(200, "{}")));
  CHECK_FALSE(voice::read_twilio_answer(answer(404, "")));
  CHECK_FALSE(voice::read_twilio_answer(no_answer(transport_error::timeout)));
}

TEST_CASE("a callback is genuine when it is signed over exactly what came") {
  CHECK(voice::is_genuine_twilio(signing_with("12345"), known_callback()));
  CHECK_FALSE(voice::is_genuine_twilio(signing_with("12346"), known_callback()));
  CHECK_FALSE(voice::is_genuine_twilio(signing_with(""), known_callback()));
  auto changed = known_callback();
  SECTION("another value") { changed.fields[2].second = "1"; }
  SECTION("a field more") { changed.fields.emplace_back("Extra", ""), changed.fields.back().second = "1"; }
  SECTION("a field less") { changed.fields.pop_back(); }
  SECTION("another path") { changed.url = "https://mycompany.com/other.php?foo=1&bar=2"; }
  SECTION("another query") { changed.url = "https://mycompany.com/myapp.php?foo=1&bar=3"; }
  SECTION("no signature") { changed.headers.clear(); }
  SECTION("an empty one") { changed.headers[0].second.clear(); }
  SECTION("a cut one") { changed.headers[0].second.pop_back(); }
  CHECK_FALSE(voice::is_genuine_twilio(signing_with("12345"), changed));
}

TEST_CASE("a callback's port, order of fields and doubled fields do not matter") {
  auto same = known_callback();
  same.url = "https://mycompany.com:443/myapp.php?foo=1&bar=2";
  std::ranges::reverse(same.fields);
  same.fields.push_back(same.fields.front());
  CHECK(voice::is_genuine_twilio(signing_with("12345"), same));
}

TEST_CASE("SignalWire signs with a key of its own") {
  channel_config channel = signing_with("other");
  channel.secrets["signing_key"] = secret_text("12345");
  auto theirs = known_callback();
  theirs.headers = {{"X-SignalWire-Signature", known_signature}};
  CHECK(voice::is_genuine_twilio(channel, theirs));
}

TEST_CASE("a key proves a person, whatever was detected before") {
  const callback pressed{
      known_url, "POST", {}, {{"CallStatus", "in-progress"}, {"CallSid", "CA0001"}, {"Digits", "1"}}};
  const auto event = voice::read_twilio_callback(pressed, callback_kind::keys);
  REQUIRE(event);
  CHECK(event->key == '1');
  CHECK(event->heard.result == call_result::human);
  CHECK(event->heard.reference == "CA0001");
  const callback none{known_url, "POST", {}, {{"CallStatus", "in-progress"}, {"Digits", ""}}};
  CHECK_FALSE(voice::read_twilio_callback(none, callback_kind::keys)->key);
  CHECK_FALSE(voice::read_twilio_callback({known_url, "POST", {}, {}}, callback_kind::status));
}

TEST_CASE("what is said is safe for XML and for a synthesiser") {
  const channel_config channel = twilio_channel();
  const call_script script{"", {"Trunk <Bob & \"Co\">\x01\n at \xFF HQ"}, "", keypad::on};
  const std::string document = voice::twilio_speaks(channel, script, "https://r.example/keys?read=a&again=1");
  CHECK_THAT(document, Contains("Trunk &lt;Bob &amp; &quot;Co&quot;&gt;") &&
                           Contains("action=\"https://r.example/keys?read=a&amp;again=1\"") &&
                           Contains("actionOnEmptyResult=\"true\"") && Contains("Press 1 to acknowledge"));
  CHECK(document.find('\x01') == std::string::npos);
  CHECK_THAT(voice::twilio_says(channel, "Acknowledged."), Contains(">Acknowledged.</Say><Hangup/>"));
}

TEST_CASE("a form is read whole or not at all") {
  CHECK(read_form("a=1&b=&c&a=%2B2+3") == form_fields{{"a", "1"}, {"b", ""}, {"c", ""}, {"a", "+2 3"}});
  CHECK(read_form("")->empty());
  for (const char* broken : {"a=%", "a=%4", "a=%zz", "%g1=1"}) CHECK_FALSE(read_form(broken));
  CHECK_FALSE(read_form("a=" + std::string(70'000, 'x')));
  std::string many;
  for (int i = 0; i < 200; ++i) many += "k=v&";
  CHECK_FALSE(read_form(many));
  const form_fields odd{{"a b&", "=%+\n\xFF"}};
  CHECK(read_form(write_form(odd)) == odd);
}
