#include "test/bench/commit_load.hpp"

#include "test/bench/tenant_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ringdown::bench {

namespace {

using namespace std::chrono_literals;

constexpr int pbxes = 100;

// As the tenant's actor fills one.
persistence::write_batch batch_of(const fence& owner, const poll_news& news, const logic::effects& decided) {
  persistence::write_batch batch;
  batch.tenant = tenant_id("acme");
  batch.owner = owner;
  batch.urgency = decided.urgency;
  batch.at = news.at;
  for (const resource_record& one : news.changed) batch.resources.push_back({news.instance, one});
  batch.alerts = decided.alerts;
  batch.suppressions = decided.suppressions;
  batch.deliveries = decided.deliveries;
  batch.decisions = decided.decisions;
  batch.audits = decided.audits;
  return batch;
}

} // namespace

prepared decisions(const fence& owner, std::size_t count) {
  prepared made;
  tenant_load load(pbxes, told_by::hook);
  load.watch([&](const poll_news& news, const logic::effects& decided) {
    made.push_back(std::make_shared<const persistence::write_batch>(batch_of(owner, news, decided)));
  });
  const auto trunk = [&](int number) { return trunk_at{number % pbxes, number / pbxes % trunks_each}; };
  const int down = load.trunks() / 10;
  for (int i = 0; made.size() < count; ++i) {
    load.turn(trunk(i), condition::failing);
    if (i >= down) load.turn(trunk(i - down), condition::ok);
    load.pass(1min);
  }
  made.resize(count);
  return made;
}

std::string times_of(std::vector<timed_commit> commits) {
  if (commits.empty()) return "null";
  std::ranges::sort(commits, {}, &timed_commit::took);
  const auto at = [&](double share) {
    const auto index = static_cast<std::size_t>(share * static_cast<double>(commits.size() - 1));
    return std::chrono::duration<double, std::milli>(commits.at(index).took).count();
  };
  const auto most = std::ranges::max_element(commits, {}, &timed_commit::batches)->batches;
  return fmt::format(R"({{"commits":{},"most_together":{},"p50_ms":{:.3f},"p99_ms":{:.3f},"max_ms":{:.3f}}})",
                     commits.size(), most, at(0.5), at(0.99), at(1));
}

} // namespace ringdown::bench
