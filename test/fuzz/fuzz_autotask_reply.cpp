#include "protocol/wire/json.hpp"
#include "protocol/wire/psa/autotask.hpp"
#include "test/fuzz/fuzz.hpp"

#include <algorithm>

namespace {

using namespace ringdown;

// Not one alert in the notice: company, title and text come from elsewhere and are not fuzzed here.
delivery row_of(unsigned char choice) {
  delivery row;
  row.id = delivery_id("dl_1");
  row.alert = alert_id("al_1");
  row.event = static_cast<notice_event>(choice % 8);
  row.attempts = 1 + choice / 8 % 3;
  row.possible_repeat = (choice & 0x40U) != 0;
  if ((choice & 0x80U) != 0) row.remote = "48213";
  return row;
}

} // namespace

// The first byte chooses the row; then each line is the answer to one request, its first byte the status.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text = fuzz::text_of(data, size);
  const delivery row = row_of(text.empty() ? 0 : static_cast<unsigned char>(text.front()));
  channel_config channel;
  channel.settings = {{"username", "u"}, {"company", "1"}};
  const wire::delivery_job job{
      .row = row, .channel = channel, .public_url = {}, .base_url = {}, .ca_file = {}, .now = {}};
  wire::dialect_step step = wire::psa::start_autotask(job);
  std::size_t at = 1;
  for (int exchanges = 0; step.request; ++exchanges) {
    fuzz::must(exchanges < 60); // every conversation ends
    fuzz::must(!step.outcome && (step.request->body.empty() || wire::is_json(step.request->body, 4 << 20)));
    const std::size_t end = std::min(text.find('\n', std::min(at, text.size())), text.size());
    const std::string line = at < end ? text.substr(at, end - at) : std::string();
    at = end + 1;
    const int status = line.empty() ? 200 : 100 + static_cast<unsigned char>(line.front()) * 2;
    step = wire::psa::resume_autotask(job, step.next, fuzz::answer(status, line.empty() ? line : line.substr(1)));
  }
  fuzz::must(step.outcome.has_value() && step.outcome->answer.size() <= 200);
  fuzz::must(step.outcome->kind != outcome_kind::accepted || !step.outcome->reference.empty());
  return 0;
}
