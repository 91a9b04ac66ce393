// Prints the requests of whole conversations with Autotask, one JSON object a line, for the contract check in contract/:
// {name, method, url, headers, body}.
#include "protocol/wire/json_writer.hpp"
#include "protocol/wire/psa/autotask.hpp"
#include "test/protocol/samples.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace ringdown;

const std::string ours = R"("externalID":"rd-al_0123456789abcdefghjkmnpqrs-2")";

void print(const std::string& name, const http_request& request) {
  wire::json_writer json;
  json.open_object().text("name", name).text("method", ringdown::name(request.method)).text("url", request.url);
  json.key("headers").open_object();
  for (const auto& [key, value] : request.headers) json.text(key, value);
  json.close_object().text("body", request.body).close_object();
  std::puts(json.str().c_str());
}

http_outcome body(const std::string& text, int status = 200) { return samples::answer(status, text); }

// Plays the conversation and prints what was asked; ends the program when it does not go as thought.
void play(const std::string& name, const delivery& row, const std::vector<http_outcome>& answers) {
  const channel_config channel = samples::autotask_channel();
  const wire::delivery_job job = samples::job_for(row, channel);
  wire::dialect_step step = wire::psa::start_autotask(job);
  for (const http_outcome& one : answers) {
    if (!step.request) std::exit(1);
    print(name, *step.request);
    step = wire::psa::resume_autotask(job, step.next, one);
  }
  if (!step.outcome) std::exit(1);
}

void discover(const std::vector<http_outcome>& answers) {
  const channel_config channel = samples::autotask_channel();
  const wire::discovery_job job{channel, {}, {}};
  wire::discovery_step step = wire::psa::discover_autotask(job, {}, nullptr);
  for (const http_outcome& one : answers) {
    if (!step.request) std::exit(1);
    print("discover", *step.request);
    step = wire::psa::discover_autotask(job, step.next, &one);
  }
  if (!step.fault.empty()) std::exit(1);
}

} // namespace

int main() {
  const auto zone = body(samples::fixture("autotask/zone.json"));
  const auto made = body(R"({"itemId":48213})");
  delivery row = samples::fired_delivery();
  row.created = samples::noon();
  row.attempts = 1;
  play("fired", row, {zone, body(R"({"items":[]})"), made});
  row.remote = "48213";
  play("fired again", row,
       {zone, body(R"({"item":{"id":48213,"status":5,"resolution":"Closed by ringdown (x).",)" + ours + "}}"), made,
        made});
  row.adopts = true;
  play("adopted", row, {zone, body(R"({"item":{"id":48213,"status":1,"externalID":"rd-al_member-1"}})"), made, made});
  row.adopts = false;
  row.event = notice_event::resolved;
  play("resolved", row, {zone, body(R"({"item":{"id":48213,"status":1,)" + ours + "}}"), made});
  play("put", row,
       {zone, body(R"({"item":{"id":48213,"status":1,)" + ours + "}}"), body("", 405),
        body(samples::fixture("autotask/ticket.json")), made});
  row.event = notice_event::acknowledged;
  row.attempts = 2;
  play("noted twice", row, {zone, body(R"({"items":[]})"), made});
  discover({zone, body(samples::fixture("autotask/ticket_fields.json")),
            body(samples::fixture("autotask/note_fields.json")), body(samples::fixture("autotask/company_list.json"))});
  return 0;
}
