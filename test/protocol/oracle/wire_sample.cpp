// Prints one signed webhook as JSON for the verifiers in verify.mjs: {secret, previous_secret, headers, body}.
// Argument: the time to sign for, in seconds since 1970, because verifiers refuse what is older than five minutes.
#include "protocol/wire/json_writer.hpp"
#include "protocol/wire/webhook/standard.hpp"
#include "test/protocol/samples.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
  using namespace ringdown;
  if (argc != 2) return 2;
  const delivery row = samples::fired_delivery();
  channel_config channel = samples::webhook_channel();
  channel.secrets["previous_secret"] = secret_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  wire::delivery_job job = samples::job_for(row, channel);
  job.now = wall_time(std::chrono::seconds(std::strtoll(argv[1], nullptr, 10)));
  const wire::dialect_step step = wire::webhook::start_standard(job);
  if (!step.request) return 1;

  wire::json_writer json;
  json.open_object();
  json.text("secret", channel.secrets["secret"].reveal());
  json.text("previous_secret", channel.secrets["previous_secret"].reveal());
  json.key("headers").open_object();
  for (const auto& [name, value] : step.request->headers) json.text(name, value);
  json.close_object().text("body", step.request->body).close_object();
  std::puts(json.str().c_str());
  return 0;
}
