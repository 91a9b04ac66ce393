#include "protocol/wire/push/ntfy.hpp"

#include "test/fuzz/fuzz.hpp"

// The first byte stands for the status, the rest is the body.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  const std::string text = fuzz::text_of(data, size);
  const int status = text.empty() ? 200 : 100 + static_cast<unsigned char>(text.front()) * 2;
  const delivery row;
  const channel_config channel;
  const wire::delivery_job job{
      .row = row, .channel = channel, .public_url = {}, .base_url = {}, .ca_file = {}, .now = {}};
  const auto step = wire::push::resume_ntfy(job, {}, fuzz::answer(status, text.empty() ? text : text.substr(1)));
  fuzz::must(step.outcome.has_value() && step.outcome->answer.size() <= 200);
  const bool accepted = step.outcome->kind == outcome_kind::accepted;
  fuzz::must(!accepted || (status / 100 == 2 && !step.outcome->reference.empty()));
  return 0;
}
