#include "protocol/wire/webhook/standard.hpp"

#include "test/fuzz/fuzz.hpp"

// The first byte stands for the status, the rest is the body and the value of Retry-After.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  const std::string text = fuzz::text_of(data, size);
  const int status = text.empty() ? 200 : 100 + static_cast<unsigned char>(text.front()) * 2;
  const delivery row;
  const channel_config channel;
  const wire::delivery_job job{
      .row = row, .channel = channel, .public_url = {}, .base_url = {}, .ca_file = {}, .now = {}};
  auto reply = fuzz::answer(status, text);
  if (text.size() > 1) reply.response->headers = {{"Retry-After", text.substr(1)}};
  const auto step = wire::webhook::resume_standard(job, {}, reply);
  fuzz::must(step.outcome.has_value() && step.outcome->answer.size() <= 200);
  fuzz::must((step.outcome->kind == outcome_kind::accepted) == (status / 100 == 2));
  fuzz::must(!step.outcome->retry_after || *step.outcome->retry_after <= std::chrono::hours(1));
  return 0;
}
