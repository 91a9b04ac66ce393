// How a ticket lives: opened, noted on, closed, opened again, taken over. What goes wrong is in autotask_trouble_test.
#include "test/protocol/autotask_bench.hpp"

#include "protocol/wire/psa/autotask_requests.hpp"
#include "protocol/wire/text.hpp"

using namespace ringdown;
using namespace ringdown::samples;
using namespace ringdown::wire;
using asked = std::vector<std::string>;

namespace {

constexpr const char* zone =
    "GET https://webservices2.autotask.net/atservicesrest/v1.0/zoneInformation?user="
    "ringdown-api%40harbour.example";

delivery known(notice_event event, std::uint32_t attempts = 1) {
  delivery row = ticket_row(event, attempts);
  row.remote = "48213";
  return row;
}

} // namespace

TEST_CASE("The first fire looks for its ticket, finds none and opens it") {
  const auto seen = talk(ticket_row(), {zone_answer(), no_ticket(), made()});
  CHECK(seen.asked == asked{zone, "POST Tickets/query", "POST Tickets"});
  CHECK(is_golden(seen.requests[1].body, "search.json"));
  CHECK(is_golden(seen.requests[2].body, "create.json"));
  CHECK(seen.outcome.kind == outcome_kind::accepted);
  CHECK(seen.outcome.reference == "48213");
  CHECK(seen.outcome.remote == "48213");
}

TEST_CASE("A ticket names no resource where the PBX itself fails, nor for a drill") {
  delivery row = ticket_row();
  row.content.alerts.front().resource = {resource_kind::instance, ""};
  row.content.alerts.front().label = "asked for by jo";
  const auto seen = talk(row, {zone_answer(), no_ticket(), made()});
  CHECK(seen.requests[2].body.find("PBX: Kiel HQ") != std::string::npos);
  CHECK(seen.requests[2].body.find("Resource") == std::string::npos);
  CHECK(seen.requests[2].body.find("asked for by") == std::string::npos);
}

TEST_CASE("The credentials go to the zone, and only the user's name to who names it") {
  const auto seen = talk(ticket_row(), {zone_answer(), no_ticket(), made()});
  CHECK_FALSE(header(seen.requests[0].headers, "Secret"));
  CHECK_FALSE(header(seen.requests[0].headers, "ApiIntegrationCode"));
  for (const std::size_t at : {1U, 2U}) {
    CHECK(header(seen.requests[at].headers, "UserName") == "ringdown-api@harbour.example");
    CHECK(header(seen.requests[at].headers, "Secret") == "topsecret-0123456789");
    CHECK(header(seen.requests[at].headers, "ApiIntegrationCode") == "CODETOPSECRET");
    CHECK(seen.requests[at].url.starts_with(zone_url));
  }
}

TEST_CASE("What comes while it fails is a note on the ticket") {
  for (const notice_event event : {notice_event::acknowledged, notice_event::updated}) {
    const auto seen = talk(known(event), {zone_answer(), made(99120)});
    CHECK(seen.asked == asked{zone, "POST Tickets/48213/Notes"});
    CHECK(is_golden(seen.requests[1].body, "note.json"));
    CHECK(seen.outcome.remote == "48213");
  }
  for (const notice_event event : {notice_event::fired, notice_event::escalated, notice_event::summary}) {
    const auto seen = talk(known(event), {zone_answer(), ticket(8, our_reference), made(99120)});
    CHECK(seen.asked == asked{zone, "GET Tickets/48213", "POST Tickets/48213/Notes"});
  }
}

TEST_CASE("An acknowledgement whose ticket nobody knows is looked for, and noted there or opened") {
  const auto there = talk(ticket_row(notice_event::acknowledged),
                          {zone_answer(), found(ticket_json(48213, 1, our_reference)), made(99120)});
  CHECK(there.asked == asked{zone, "POST Tickets/query", "POST Tickets/48213/Notes"});
  const auto nowhere = talk(ticket_row(notice_event::acknowledged), {zone_answer(), no_ticket(), made()});
  CHECK(nowhere.asked == asked{zone, "POST Tickets/query", "POST Tickets"});
}

TEST_CASE("An end closes the ticket, unless somebody has") {
  const auto seen = talk(known(notice_event::resolved), {zone_answer(), ticket(8, our_reference), made()});
  CHECK(seen.asked == asked{zone, "GET Tickets/48213", "PATCH Tickets"});
  CHECK(is_golden(seen.requests[2].body, "close.json"));
  CHECK(seen.outcome.kind == outcome_kind::accepted);
  const auto by_hand =
      talk(known(notice_event::resolved), {zone_answer(), ticket(5, our_reference, "reset the modem")});
  CHECK(by_hand.asked == asked{zone, "GET Tickets/48213"});
  CHECK(by_hand.outcome.kind == outcome_kind::accepted);
}

TEST_CASE("A fire in the same episode opens again what we closed, and only that") {
  const auto ours =
      talk(known(notice_event::fired), {zone_answer(), ticket(5, our_reference, closed_by_us), made(), made(99121)});
  CHECK(ours.asked == asked{zone, "GET Tickets/48213", "PATCH Tickets", "POST Tickets/48213/Notes"});
  CHECK(is_golden(ours.requests[2].body, "reopen.json"));

  const auto theirs = talk(known(notice_event::fired),
                           {zone_answer(), ticket(5, our_reference, "reset the modem"), no_ticket(), made(48999)});
  CHECK(theirs.asked == asked{zone, "GET Tickets/48213", "POST Tickets/query", "POST Tickets"});
  CHECK(theirs.requests[3].body.find(R"("externalID":"rd-al_0123456789abcdefghjkmnpqrs-2.3")") != std::string::npos);
  CHECK(theirs.outcome.remote == "48999");
}

TEST_CASE("A ticket that took the place of a closed one is ours as the first was") {
  const std::string replaced = std::string(our_reference) + ".3";
  const auto seen = talk(known(notice_event::resolved), {zone_answer(), ticket(8, replaced), made()});
  CHECK(seen.asked.back() == "PATCH Tickets");
  // And its own repeat finds it, and opens no third.
  delivery again = known(notice_event::fired, 2);
  const auto twice =
      talk(again, {zone_answer(), ticket(5, our_reference, "reset the modem"), found(ticket_json(48999, 1, replaced))});
  CHECK(twice.asked == asked{zone, "GET Tickets/48213", "POST Tickets/query"});
  CHECK(twice.outcome.remote == "48999");
}

TEST_CASE("A parent takes a member's ticket over: its title, its reference, and a note") {
  delivery parent = known(notice_event::fired);
  parent.adopts = true;
  const auto seen = talk(parent, {zone_answer(), ticket(1, "rd-al_member-1"), made(), made(99122)});
  CHECK(seen.asked == asked{zone, "GET Tickets/48213", "PATCH Tickets", "POST Tickets/48213/Notes"});
  CHECK(is_golden(seen.requests[2].body, "adopt.json"));
  CHECK(seen.outcome.remote == "48213");

  SECTION("once: its repeat only sees that the note is there") {
    parent.attempts = 2;
    const auto again = talk(parent, {zone_answer(), ticket(1, our_reference), found(""), made(99122)});
    CHECK(again.asked == asked{zone, "GET Tickets/48213", "GET Tickets/48213/Notes", "POST Tickets/48213/Notes"});
  }
  SECTION("and opens its own when that one is closed already") {
    const auto own = talk(parent, {zone_answer(), ticket(5, "rd-al_member-1", closed_by_us), no_ticket(), made(50000)});
    CHECK(own.asked == asked{zone, "GET Tickets/48213", "POST Tickets/query", "POST Tickets"});
    CHECK(is_golden(own.requests[2].body, "search.json"));
    CHECK(own.outcome.remote == "50000");
  }
}

TEST_CASE("A member whose ticket became its parent's notes its end there, and does not close it") {
  const auto seen = talk(known(notice_event::resolved), {zone_answer(), ticket(8, "rd-al_parent-1"), made(99123)});
  CHECK(seen.asked == asked{zone, "GET Tickets/48213", "POST Tickets/48213/Notes"});
  // The parent is over and its ticket closed, and the member fails again: that is news of its own.
  const auto again = talk(known(notice_event::fired),
                          {zone_answer(), ticket(5, "rd-al_parent-1", closed_by_us), no_ticket(), made(50001)});
  CHECK(again.asked == asked{zone, "GET Tickets/48213", "POST Tickets/query", "POST Tickets"});
  CHECK(is_golden(again.requests[2].body, "search.json"));
}

TEST_CASE("A test opens a ticket that says so, and closes it") {
  delivery row = ticket_row(notice_event::test);
  row.alert = {};
  row.episode = 0;
  row.content.alerts.clear();
  row.content.test = true;
  const auto seen = talk(row, {zone_answer(), no_ticket(), made(), made()});
  CHECK(seen.asked == asked{zone, "POST Tickets/query", "POST Tickets", "PATCH Tickets"});
  CHECK(seen.requests[2].body.find(R"("title":"TEST: )") != std::string::npos);
  CHECK(seen.requests[2].body.find(R"("externalID":"rd-dl_0123456789abcdefghjkmnpqrs")") != std::string::npos);
  channel_config nobody = autotask_channel();
  nobody.settings.erase("company");
  CHECK(talk(row, {zone_answer(), no_ticket(), made(), made()}, nobody).requests[2].body.find(R"("companyID":0,)") !=
        std::string::npos);
}

TEST_CASE("A ticket is the customer's, else the channel's company's; without either nothing is asked") {
  delivery row = ticket_row();
  row.content.alerts.front().company = "991";
  CHECK(talk(row, {zone_answer(), no_ticket(), made()}).requests[2].body.find(R"("companyID":991,)") !=
        std::string::npos);
  delivery outage = row;
  outage.content.alerts.front().company.clear();
  outage.content.alerts.push_back(outage.content.alerts.front());
  outage.content.alerts.push_back(row.content.alerts.front());
  CHECK(talk(outage, {zone_answer(), no_ticket(), made()}).requests[2].body.find(R"("companyID":991,)") !=
        std::string::npos);
  channel_config nobody = autotask_channel();
  nobody.settings.erase("company");
  row.content.alerts.front().company.clear();
  const auto refused = talk(row, {}, nobody);
  CHECK(refused.outcome.kind == outcome_kind::refused);
  CHECK(refused.outcome.answer.starts_with("no company: give the customer its number"));
  // A ticket that is there can be noted on and closed all the same.
  CHECK(talk(known(notice_event::resolved), {zone_answer(), ticket(8, our_reference), made()}, nobody).outcome.kind ==
        outcome_kind::accepted);
}

TEST_CASE("Priority, type, source, status and due time are what the channel says") {
  channel_config channel = autotask_channel();
  channel.settings["priority_info"] = "3";
  channel.settings["ticket_type"] = "5";
  channel.settings["source"] = "8";
  channel.settings["status"] = "7";
  channel.settings["due_hours"] = "48";
  delivery row = ticket_row();
  for (const auto& [level, priority] :
       {std::pair{severity::critical, "4"}, {severity::warning, "2"}, {severity::info, "3"}}) {
    row.content.level = level;
    const std::string body = talk(row, {zone_answer(), no_ticket(), made()}, channel).requests[2].body;
    CHECK(body.find(std::string(R"("priority":)") + priority + ",") != std::string::npos);
    CHECK(body.find(R"("status":7,)") != std::string::npos);
    CHECK(body.find(R"("dueDateTime":"2026-10-04T07:00:00Z")") != std::string::npos);
    CHECK(body.ends_with(R"("ticketType":5,"source":8})"));
  }
  channel.settings.erase("priority_info");
  CHECK(talk(row, {zone_answer(), no_ticket(), made()}, channel).requests[2].body.find(R"("priority":2,)") !=
        std::string::npos);
}

TEST_CASE("Our reference is never longer than fifty characters, and endless text is cut") {
  delivery row = ticket_row();
  row.episode = 4'000'000'000U;
  row.version = 4'000'000'000U;
  CHECK(psa::reference_of(row).size() <= 50);
  CHECK(psa::replacement_of(row).size() <= 50);
  for (int i = 0; i < 9000; ++i) row.content.text += "☎ \"quoted\"\n";
  row.content.title = row.content.text;
  const auto seen = talk(row, {zone_answer(), no_ticket(), made()});
  rapidjson::Document body;
  body.Parse(seen.requests[2].body.c_str());
  CHECK(body["title"].GetStringLength() <= 255);
  CHECK(body["description"].GetStringLength() <= 8000);
  CHECK(std::string(body["description"].GetString()).ends_with(psa::reference_of(row) + "\n"));
  CHECK(is_utf8(body["title"].GetString()));
  CHECK(seen.requests[2].body.size() <= psa::describe_autotask().limits.body);
}

TEST_CASE("A channel's numbers are numbers Autotask can have given") {
  channel_config channel = autotask_channel();
  CHECK_FALSE(psa::check_autotask(channel));
  channel.settings["queue"] = "Voice";
  CHECK(psa::check_autotask(channel) == "queue: must be a whole number");
  channel.settings["queue"] = "12345678901";
  CHECK(psa::check_autotask(channel) == "queue: is too large");
  channel = autotask_channel();
  channel.settings["status"] = "05";
  CHECK(psa::check_autotask(channel) == "status: 5 is Complete, which closes");
  channel = autotask_channel();
  channel.secrets["integration_code"] = secret_text("a\r\nX-Evil: 1");
  CHECK(psa::check_autotask(channel)->starts_with("integration_code"));
}

TEST_CASE("The ledger's address tells two API users apart and names neither") {
  CHECK(psa::autotask_address(autotask_channel(), ticket_row()) == "autotask/ri***@harbour.example");
}
