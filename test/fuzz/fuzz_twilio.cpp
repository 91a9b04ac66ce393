#include "protocol/wire/voice/twilio.hpp"

#include "test/fuzz/fuzz.hpp"

// The first byte stands for the status, the second for what was asked, the rest is the body.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  const std::string text = fuzz::text_of(data, size);
  if (text.size() < 2) return 0;
  const int status = 100 + static_cast<unsigned char>(text[0]) * 2;
  delivery row;
  row.target = "+12025550123";
  const channel_config channel;
  const wire::delivery_job job{
      .row = row, .channel = channel, .public_url = {}, .base_url = {}, .ca_file = {}, .now = {}};
  const auto answer = fuzz::answer(status, text.substr(2));
  wire::conversation at;
  at.phase = text[1] % 2 == 0 ? "placing" : "looking";
  const auto step = wire::voice::resume_twilio(job, at, answer);
  fuzz::must(step.outcome.has_value() != step.request.has_value());
  if (step.outcome) {
    fuzz::must(step.outcome->answer.size() <= 200);
    fuzz::must(step.outcome->kind != outcome_kind::accepted || wire::voice::is_twilio_sid(step.outcome->reference));
  }
  const auto heard = wire::voice::read_twilio_answer(answer);
  fuzz::must(!heard.ok() || status == 200);
  return 0;
}
