// Plays a conversation with Autotask: what it answers in order, what it was asked.
#pragma once

#include "protocol/wire/psa/autotask.hpp"
#include "test/protocol/samples.hpp"
#include "test/support/catch.hpp"

#include <rapidjson/document.h>

#include <string>
#include <string_view>
#include <vector>

namespace ringdown::samples {

inline constexpr const char* zone_url = "https://webservices99.autotask.net/ATServicesRest/";

inline http_outcome zone_answer() { return answer(200, fixture("autotask/zone.json")); }
inline http_outcome made(int number = 48213) { return answer(200, R"({"itemId":)" + std::to_string(number) + "}"); }
inline http_outcome found(const std::string& items) { return answer(200, R"({"items":[)" + items + "]}"); }
inline http_outcome no_ticket() { return found(""); }
inline http_outcome error_text(const std::string& text) { return answer(500, R"({"errors":[")" + text + R"("]})"); }

inline std::string ticket_json(int id, int status, const std::string& external, const std::string& resolution = "") {
  return R"({"id":)" + std::to_string(id) + R"(,"status":)" + std::to_string(status) + R"(,"externalID":")" + external +
         R"(","resolution":")" + resolution + R"("})";
}
inline http_outcome ticket(int status, const std::string& external, const std::string& resolution = "") {
  return answer(200, R"({"item":)" + ticket_json(48213, status, external, resolution) + "}");
}

inline constexpr const char* our_reference = "rd-al_0123456789abcdefghjkmnpqrs-2";
inline constexpr const char* closed_by_us = "Up again. Closed by ringdown (rd-al_0123456789abcdefghjkmnpqrs-2).";

// The sample's row, made at noon, in its n-th attempt.
inline delivery ticket_row(notice_event event = notice_event::fired, std::uint32_t attempts = 1) {
  delivery row = fired_delivery();
  row.channel = channel_id("tickets");
  row.kind = delivery_kind::mirror;
  row.event = row.content.event = event;
  row.created = noon();
  row.attempts = attempts;
  return row;
}

struct played_talk {
  std::vector<std::string> asked; // "POST Tickets", behind the zone
  std::vector<http_request> requests;
  attempt_outcome outcome;
};

// Every answer must be used, and the conversation must have ended with the last.
inline played_talk talk(const delivery& row, const std::vector<http_outcome>& answers,
                        const channel_config& channel = autotask_channel(), wall_time now = noon()) {
  played_talk seen;
  wire::delivery_job job = job_for(row, channel);
  job.now = now;
  wire::dialect_step step = wire::psa::start_autotask(job);
  for (const http_outcome& one : answers) {
    REQUIRE(step.request);
    std::string where = step.request->url;
    if (where.starts_with(zone_url)) where = where.substr(std::string_view(zone_url).size() + 5);
    seen.asked.push_back(std::string(name(step.request->method)) + " " + where);
    seen.requests.push_back(*step.request);
    step = wire::psa::resume_autotask(job, step.next, one);
  }
  INFO("still asking: " << (step.request ? step.request->url : ""));
  REQUIRE(step.outcome);
  seen.outcome = *step.outcome;
  return seen;
}

inline bool is_golden(const std::string& body, std::string_view file) {
  rapidjson::Document ours;
  rapidjson::Document wanted;
  ours.Parse(body.c_str());
  wanted.Parse(fixture(std::string("autotask/").append(file)).c_str());
  REQUIRE(wanted.IsObject());
  return ours.IsObject() && ours == wanted;
}

} // namespace ringdown::samples
