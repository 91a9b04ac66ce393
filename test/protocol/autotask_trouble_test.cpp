// What a ticket channel does when Autotask errs, hangs up, moves, or has taken what it did not confirm.
#include "test/protocol/autotask_bench.hpp"

#include "protocol/wire/psa/autotask_requests.hpp"
#include "protocol/wire/psa/create_doubt.hpp"
#include "protocol/wire/text.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

using namespace ringdown;
using namespace ringdown::samples;
using namespace ringdown::wire;
using namespace std::chrono_literals;
using asked = std::vector<std::string>;

namespace {

const http_outcome cut_off = lost_answer(transport_error::timeout);
const http_outcome not_begun = no_answer(transport_error::too_late);

// The row as it comes back for its next attempt, as channel and store would hand it out.
delivery next_attempt(delivery row, const attempt_outcome& outcome) {
  ++row.attempts;
  row.progress = outcome.progress;
  row.possible_repeat = row.possible_repeat || outcome.kind == outcome_kind::unknown;
  return row;
}

std::size_t creates_of(const played_talk& seen) {
  return static_cast<std::size_t>(std::ranges::count(seen.asked, "POST Tickets"));
}

// The first search still counts at the next attempt.
bool keeps_its_search(delivery row, const attempt_outcome& outcome) {
  row = next_attempt(std::move(row), outcome);
  const auto doubt = psa::doubt_of(row);
  return doubt.is == psa::create_state::searched_once && doubt.searched == noon() + 5s;
}

} // namespace

TEST_CASE("A create whose answer was lost is looked for twice, a minute apart, before another") {
  delivery row = ticket_row();
  const auto first = talk(row, {zone_answer(), no_ticket(), cut_off});
  CHECK(first.outcome.kind == outcome_kind::unknown);

  row = next_attempt(row, first.outcome);
  const auto second = talk(row, {zone_answer(), no_ticket()}, autotask_channel(), noon() + 5s);
  CHECK(second.outcome.kind == outcome_kind::retry);
  CHECK(second.outcome.retry_after == duration(60s));

  row = next_attempt(row, second.outcome);
  SECTION("too early it is only looked for again") {
    const auto early = talk(row, {zone_answer(), no_ticket()}, autotask_channel(), noon() + 25s);
    CHECK(early.outcome.retry_after == duration(40s));
    row = next_attempt(row, early.outcome);
    const auto third = talk(row, {zone_answer(), no_ticket(), made()}, autotask_channel(), noon() + 65s);
    CHECK(creates_of(third) == 1);
  }
  SECTION("after the minute it is opened") {
    const auto third = talk(row, {zone_answer(), no_ticket(), made()}, autotask_channel(), noon() + 65s);
    CHECK(third.outcome.remote == "48213");
  }
  SECTION("found after all, it is that one") {
    const auto third =
        talk(row, {zone_answer(), found(ticket_json(48213, 1, our_reference))}, autotask_channel(), noon() + 65s);
    CHECK(creates_of(third) == 0);
    CHECK(third.outcome.remote == "48213");
  }
  SECTION("an attempt that left no record counts as one that may have created") {
    row = next_attempt(row, {}); // claimed, and the process died
    row.progress = second.outcome.progress;
    row.possible_repeat = true;
    const auto again = talk(row, {zone_answer(), no_ticket()}, autotask_channel(), noon() + 10min);
    CHECK(creates_of(again) == 0);
    CHECK(again.outcome.retry_after == duration(60s));
  }
  SECTION("a search that fails is none") {
    for (const http_outcome& bad : {answer(200, ""), answer(200, R"({"items":null})"), answer(200, "<html>"),
                                    answer(200, R"({"items":[{"status":1}]})"), answer(503, ""), cut_off}) {
      const auto failed = talk(row, {zone_answer(), bad}, autotask_channel(), noon() + 65s);
      CHECK(failed.outcome.kind == outcome_kind::retry);
      CHECK(keeps_its_search(row, failed.outcome));
    }
  }
}

TEST_CASE("What may have been taken, and what cannot, is told apart by the answer to a create") {
  using enum outcome_kind;
  using psa::create_state;
  struct reaction {
    const char* words;
    http_outcome to;
    outcome_kind kind;
    create_state next;
  };
  const std::vector<reaction> table{
      {"cut off", cut_off, unknown, create_state::doubtful},
      {"a gateway gave up", answer(504, "<html>"), unknown, create_state::doubtful},
      {"a gateway failed", answer(502, ""), unknown, create_state::doubtful},
      {"taken, but without a number", answer(200, "{}"), unknown, create_state::doubtful},
      {"busy", answer(503, ""), retry, create_state::doubtful},
      {"timed out over there", error_text("Execution Timeout Expired."), retry, create_state::doubtful},
      {"a page in place of an answer", answer(500, "<html>"), retry, create_state::doubtful},
      {"asked to come later", answer(429, ""), retry, create_state::clear},
      {"never sent", not_begun, retry, create_state::clear},
      {"no connection", no_answer(transport_error::dns), retry, create_state::clear}};
  for (const reaction& one : table) {
    INFO(one.words);
    const delivery row = ticket_row();
    const auto seen = talk(row, {zone_answer(), no_ticket(), one.to});
    CHECK(seen.outcome.kind == one.kind);
    const delivery next = next_attempt(row, seen.outcome);
    CHECK(psa::doubt_of(next).is == one.next);
    const auto again = one.next == create_state::clear
                           ? talk(next, {zone_answer(), no_ticket(), made()}, autotask_channel(), noon() + 5s)
                           : talk(next, {zone_answer(), no_ticket()}, autotask_channel(), noon() + 5s);
    CHECK(creates_of(again) == (one.next == create_state::clear ? 1 : 0));
  }
}

TEST_CASE("A process that died with a create in its hands is a create that may have been taken") {
  delivery row = ticket_row(notice_event::fired, 2);
  row.possible_repeat = true; // as recovery leaves it
  CHECK(talk(row, {zone_answer(), no_ticket()}).outcome.retry_after == duration(60s));
  CHECK(talk(row, {zone_answer(), found(ticket_json(48213, 1, our_reference))}).outcome.remote == "48213");
}

TEST_CASE("Of two tickets for one episode the older goes on, and the other is closed") {
  const std::string two = ticket_json(48300, 1, our_reference) + "," + ticket_json(48213, 8, our_reference) + "," +
                          ticket_json(48301, 5, our_reference) + "," + ticket_json(48302, 1, our_reference);
  delivery row = ticket_row(notice_event::fired, 2);
  const auto seen = talk(row, {zone_answer(), found(two), made(48300), made(48302)});
  CHECK(seen.asked.back() == "PATCH Tickets");
  CHECK(
      seen.requests[2].body.starts_with(R"({"id":48300,"status":5,"resolution":"Opened twice; ticket 48213 goes on.)"));
  CHECK(seen.requests[3].body.starts_with(R"({"id":48302,"status":5,)"));
  CHECK(seen.outcome.remote == "48213");
  // One that cannot be closed keeps nobody from hearing the news.
  CHECK(talk(row, {zone_answer(), found(two), answer(403, ""), made(48302)}).outcome.kind == outcome_kind::accepted);
}

TEST_CASE("An end without a known ticket is looked for twice, then there is nothing to close") {
  delivery row = ticket_row(notice_event::resolved);
  const auto first = talk(row, {zone_answer(), no_ticket()});
  CHECK(first.outcome.retry_after == duration(60s));
  row = next_attempt(row, first.outcome);
  const auto second = talk(row, {zone_answer(), no_ticket()}, autotask_channel(), noon() + 60s);
  CHECK(second.outcome.kind == outcome_kind::accepted);
  CHECK(second.outcome.remote.empty());
  const auto there =
      talk(row, {zone_answer(), found(ticket_json(48213, 1, our_reference)), ticket(1, our_reference), made()});
  CHECK(there.asked.back() == "PATCH Tickets");
}

TEST_CASE("A note whose answer was lost is looked for before it is written again") {
  delivery row = ticket_row(notice_event::acknowledged);
  row.remote = "48213";
  const auto first = talk(row, {zone_answer(), cut_off});
  CHECK(first.outcome.kind == outcome_kind::unknown);
  row = next_attempt(row, first.outcome);
  const auto notes = [&](const std::string& text) {
    return found(R"({"id":1,"description":"somebody's"},{"id":2,"description":")" + text + R"("})");
  };
  CHECK(talk(row, {zone_answer(), notes("it fails (dl_0123456789abcdefghjkmnpqrs)")}).outcome.kind ==
        outcome_kind::accepted);
  CHECK(talk(row, {zone_answer(), notes("it fails (dl_other)"), made(99120)}).asked.back() ==
        "POST Tickets/48213/Notes");
  CHECK(talk(row, {zone_answer(), answer(200, "{}")}).outcome.kind == outcome_kind::retry);
}

TEST_CASE("A 500 is what its text says, which is kept in one line") {
  struct reading {
    const char* text;
    outcome_kind kind;
    const char* answer;
  };
  using enum outcome_kind;
  const std::vector<reading> table{
      {"The logged in Resource does not have the adequate permissions to create this entity.", refused,
       "HTTP 500: the API user lacks a permission"},
      {"Value 77 for field queueID does not exist or is invalid.", refused,
       "HTTP 500: a value is not valid there (compare psa discover)"},
      {"Missing required field: queueID; ", refused, "HTTP 500: a field that is required there is missing"},
      {"assignedResourceID, queueID cannot all be empty.", refused,
       "HTTP 500: a field that is required there is missing"},
      {"Conversion failed when converting topsecret", refused,
       "HTTP 500: a value is not valid there (compare psa discover)"},
      {"No matching records found", refused, "HTTP 500: no such record"},
      {"Itgenatr005: thread threshold exceeded", retry, "HTTP 500: busy"},
      {"deadlock victim", retry, "HTTP 500: busy"}};
  for (const reading& one : table) {
    INFO(one.text);
    const auto seen = talk(ticket_row(), {zone_answer(), no_ticket(), error_text(one.text)});
    CHECK(seen.outcome.kind == one.kind);
    CHECK(seen.outcome.answer.starts_with(one.answer + std::string(": ")));
    CHECK_THAT(seen.outcome.answer, Catch::EndsWith(wire::one_line(one.text, 120)));
  }
}

TEST_CASE("A text nobody knows is tried five times, and told apart from others") {
  const auto at = [](std::uint32_t attempts, const char* text) {
    return talk(ticket_row(notice_event::fired, attempts), {zone_answer(), error_text(text)}).outcome;
  };
  CHECK(at(4, "topsecret flux").kind == outcome_kind::retry);
  CHECK(at(5, "topsecret flux").kind == outcome_kind::refused);
  CHECK(at(1, "topsecret flux").answer.starts_with("HTTP 500: unknown text "));
  CHECK(at(1, "topsecret flux").answer != at(1, "another").answer);
  CHECK_THAT(at(1, "topsecret flux").answer, Catch::EndsWith(": topsecret flux"));
}

TEST_CASE("A text is cut, and kept back when it repeats a secret") {
  const auto answered = [](const std::string& text) {
    return talk(ticket_row(), {zone_answer(), error_text(text)}).outcome.answer;
  };
  CHECK(answered(std::string(5000, 'x')).size() <= 200);
  const std::string hidden = autotask_channel().secrets.at("secret").reveal();
  CHECK(answered("Conversion failed when converting " + hidden) ==
        "HTTP 500: a value is not valid there (compare psa discover)");
  // Also where the cut goes through it.
  for (std::size_t before = 80; before < 130; ++before)
    CHECK(answered(std::string(before, 'x') + hidden).find(hidden.substr(0, 4)) == std::string::npos);
}

TEST_CASE("Where there is no answer, the host is named") {
  CHECK_THAT(talk(ticket_row(), {no_answer(transport_error::dns)}).outcome.answer,
             Catch::StartsWith("webservices2.autotask.net: no answer: "));
  CHECK_THAT(talk(ticket_row(), {zone_answer(), no_answer(transport_error::timeout)}).outcome.answer,
             Catch::Contains(".autotask.net: no answer: "));
}

TEST_CASE("A ticket that somebody deleted is a matter for people") {
  delivery row = ticket_row(notice_event::resolved);
  row.remote = "48213";
  for (const http_outcome& gone : {answer(404, ""), answer(200, R"({"item":null})")}) {
    const auto seen = talk(row, {zone_answer(), gone});
    CHECK(seen.outcome.kind == outcome_kind::refused);
    CHECK(seen.outcome.answer.find("the ticket is gone") != std::string::npos);
  }
}

TEST_CASE("A tenant that moved is followed once; the same zone again is a wrong login") {
  const auto moved = answer(200, R"({"url":"https://webservices98.autotask.net/ATServicesRest"})");
  const auto seen = talk(ticket_row(), {zone_answer(), answer(401, ""), moved, no_ticket(), made()});
  CHECK(seen.requests[3].url == "https://webservices98.autotask.net/ATServicesRest/V1.0/Tickets/query");
  CHECK(seen.outcome.kind == outcome_kind::accepted);
  const auto wrong = talk(ticket_row(), {zone_answer(), answer(401, ""), zone_answer()});
  CHECK(wrong.outcome.kind == outcome_kind::refused);
  CHECK(wrong.outcome.answer == "HTTP 401: the API user, its secret or the integration code is not accepted");
  CHECK(talk(ticket_row(), {zone_answer(), answer(401, ""), moved, answer(401, "")}).outcome.kind ==
        outcome_kind::refused);
}

TEST_CASE("The credentials go to a host of Autotask's, or to the one the node says, and nowhere else") {
  const std::tuple<const char*, const char*, bool> rows[] = {
      {"https://webservices14.autotask.net/ATServicesRest/", "", true},
      {"https://prde.autotask.net/ATServicesRest/", "", true},
      {"http://webservices14.autotask.net/ATServicesRest/", "", false},
      {"https://webservices14.autotask.net:8443/ATServicesRest/", "", false},
      {"https://autotask.net/", "", false},
      {"https://a.b.autotask.net/", "", false},
      {"https://evilautotask.net/", "", false},
      {"https://webservices14.autotask.net.evil.example/", "", false},
      {"https://webservices14.autotask.net@evil.example/", "", false},
      {"http://127.0.0.1:4010/ATServicesRest/", "http://127.0.0.1:4010", true},
      {"http://127.0.0.1:4011/ATServicesRest/", "http://127.0.0.1:4010", false},
      {"https://webservices14.autotask.net/ATServicesRest/", "http://127.0.0.1:4010", false}};
  for (const auto& [url, base, trusted] : rows) {
    INFO(url << " " << base);
    CHECK(psa::is_trusted_zone(url, base) == trusted);
  }
  const auto elsewhere = talk(ticket_row(), {answer(200, R"({"url":"https://evil.example/"})")});
  CHECK(elsewhere.outcome.kind == outcome_kind::refused);
  CHECK(elsewhere.asked.size() == 1);
}

TEST_CASE("Where a PATCH is not allowed the whole ticket is put, with nothing else changed") {
  delivery row = ticket_row(notice_event::resolved);
  row.remote = "48213";
  const http_outcome whole = answer(200, fixture("autotask/ticket.json"));
  const auto seen = talk(row, {zone_answer(), ticket(8, our_reference), answer(405, ""), whole, made()});
  CHECK(seen.asked.back() == "PUT Tickets");
  rapidjson::Document before;
  rapidjson::Document after;
  before.Parse(fixture("autotask/ticket.json").c_str());
  after.Parse(seen.requests[4].body.c_str());
  REQUIRE(after.IsObject());
  CHECK(after["status"].GetInt() == 5);
  auto& shelf = before["item"]["userDefinedFields"][1];
  REQUIRE(shelf["value"].IsNull());
  shelf.RemoveMember("value"); // what is left out is null afterwards
  CHECK(std::string(after["resolution"].GetString()).find("Closed by ringdown (") != std::string::npos);
  for (const auto& member : before["item"].GetObject()) {
    const std::string_view key = member.name.GetString();
    if (key != "status" && key != "resolution") CHECK(after[member.name] == member.value);
  }
  CHECK(after.MemberCount() == before["item"].MemberCount());
}
