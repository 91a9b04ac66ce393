// psa discover: the ids that a channel's settings need are each tenant's own, so they are listed and never guessed.
#include "protocol/wire/outcomes.hpp"
#include "protocol/wire/psa/autotask.hpp"
#include "protocol/wire/psa/autotask_replies.hpp"
#include "protocol/wire/psa/autotask_requests.hpp"

#include <fmt/format.h>

#include <utility>

namespace ringdown::wire::psa {

namespace {

constexpr std::size_t most_pages = 4;

const std::vector<picklist>& ticket_lists() {
  static const std::vector<picklist> lists{{"queueID", "queue"},
                                           {"status", "status"},
                                           {"priority", "priority"},
                                           {"ticketType", "ticket_type"},
                                           {"source", "source"}};
  return lists;
}

const std::vector<picklist>& note_lists() {
  static const std::vector<picklist> lists{{"noteType", "note_type"}, {"publish", "note_publish"}};
  return lists;
}

discovery_step failed(std::string_view what, std::string_view why) {
  discovery_step step;
  step.fault = fmt::format("{}: {}", what, why);
  return step;
}

discovery_step asking(const discovery_job& job, conversation next) {
  const std::string zone = next.notes["zone"];
  discovery_step step;
  if (next.phase == "zone")
    step.request = zone_request(job.channel, job.base_url, job.ca_file);
  else if (next.phase == "companies")
    step.request = api_request(job.channel, job.ca_file, http_method::post, zone, "Companies/query",
                               companies_body(next.notes["last"]));
  else
    step.request = api_request(
        job.channel, job.ca_file, http_method::get, zone,
        next.phase == "tickets" ? "Tickets/entityInformation/fields" : "TicketNotes/entityInformation/fields");
  step.next = std::move(next);
  return step;
}

// In words for who set the channel up; never a word of the far end's.
std::string trouble_of(const http_response& response) {
  if (response.status == 401) return "HTTP 401: the API user, its secret or the integration code is not accepted";
  if (response.status != 500) return fmt::format("HTTP {}", response.status);
  return fmt::format("HTTP 500: {}", read_errors(response.body).words);
}

discovery_step with_zone(const discovery_job& job, conversation at, const std::string& body) {
  const auto zone = read_zone(body);
  if (!zone) return failed("zone", "the answer names none; is the user name right?");
  if (!is_trusted_zone(*zone, job.base_url)) return failed("zone", "the answer names a host that is not Autotask's");
  at.notes["zone"] = *zone;
  at.phase = "tickets";
  return asking(job, std::move(at));
}

// Pages until one is not full, or there are so many that nobody reads them.
discovery_step with_companies(const discovery_job& job, conversation at, const std::string& body) {
  auto found = read_companies(body);
  if (!found) return failed(at.phase, "the answer cannot be read");
  discovery_step step;
  at.notes["pages"] += "x";
  const bool full = found->size() >= autotask_company_page;
  if (full && at.notes["pages"].size() < most_pages) {
    at.notes["last"] = found->back().id;
    step = asking(job, std::move(at));
  } else if (full) {
    found->push_back({"company", "", "(there are more than these)"});
  }
  step.found = std::move(*found);
  return step;
}

} // namespace

discovery_step discover_autotask(const discovery_job& job, const conversation& at, const http_outcome* answer) {
  if (answer == nullptr) return asking(job, {"zone", {}});
  if (!answer->response) return failed(at.phase, no_answer_words(answer->error, answer->host));
  const http_response& response = *answer->response;
  if (response.status < 200 || response.status > 299) return failed(at.phase, trouble_of(response));
  if (at.phase == "zone") return with_zone(job, at, response.body);
  if (at.phase == "companies") return with_companies(job, at, response.body);
  auto found = read_picklists(response.body, at.phase == "tickets" ? ticket_lists() : note_lists());
  if (!found) return failed(at.phase, "the answer cannot be read");
  discovery_step step = asking(job, {at.phase == "tickets" ? "notes" : "companies", at.notes});
  step.found = std::move(*found);
  return step;
}

} // namespace ringdown::wire::psa
