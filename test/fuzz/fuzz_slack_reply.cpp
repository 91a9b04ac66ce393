#include "protocol/wire/chat/slack.hpp"

#include "protocol/wire/text.hpp"
#include "test/fuzz/fuzz.hpp"

// The first byte stands for the status, the rest is the body; the body is also a text to be escaped.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  const std::string text = fuzz::text_of(data, size);
  const int status = text.empty() ? 200 : 100 + static_cast<unsigned char>(text.front()) * 2;
  const std::string body = text.empty() ? text : text.substr(1);
  delivery row;
  row.id = delivery_id("dl_1");
  const channel_config channel;
  const wire::delivery_job job{
      .row = row, .channel = channel, .public_url = {}, .base_url = {}, .ca_file = {}, .now = {}};
  const auto step = wire::chat::resume_slack(job, {}, fuzz::answer(status, body));
  fuzz::must(step.outcome.has_value() && step.outcome->answer.size() <= 200);
  fuzz::must(step.outcome->kind != outcome_kind::accepted ||
             (status / 100 == 2 && body.find("ok") != std::string::npos));
  const std::string escaped = wire::chat::escaped_for_slack(body, 40);
  fuzz::must(wire::is_utf8(escaped) && escaped.size() <= 120);
  fuzz::must(escaped.find_first_of("<>") == std::string::npos);
  return 0;
}
