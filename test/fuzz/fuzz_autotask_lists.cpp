#include "protocol/wire/json.hpp"
#include "protocol/wire/psa/autotask_replies.hpp"
#include "protocol/wire/text.hpp"
#include "test/fuzz/fuzz.hpp"

// One body, read as everything it could be.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringdown;
  using namespace ringdown::wire;
  const std::string body = fuzz::text_of(data, size);
  if (const auto item = psa::item_with(body, {{"status", "5"}})) {
    fuzz::must(is_json(*item, 16 << 20));
    const auto again = psa::read_ticket(R"({"item":)" + *item + "}");
    fuzz::must(!again || again->second.status == 5);
  }
  if (const auto tickets = psa::read_tickets(body))
    for (const auto& one : *tickets) fuzz::must(one.id > 0);
  if (const auto choices = psa::read_picklists(body, {{"queueID", "queue"}}))
    for (const auto& one : *choices) fuzz::must(!one.id.empty() && is_utf8(one.label) && one.field == "queue");
  if (const auto companies = psa::read_companies(body))
    for (const auto& one : *companies) fuzz::must(!one.id.empty() && is_utf8(one.label));
  fuzz::must(psa::read_errors(body).words.size() <= 100);
  fuzz::must(!psa::read_zone(body) || psa::read_zone(body)->ends_with('/'));
  return 0;
}
