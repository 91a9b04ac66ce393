// How a tenant's actor deals with the watch over carriers: reports what changed, one report at a time, and takes what it hears
// into what it says. Nothing of a tenant waits for it.
#include "actors/tenant_actor.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ringdown {

namespace {

// A watch that has not answered for so long hangs: what it said may not hold any more.
constexpr auto answer_patience = std::chrono::seconds(10);

bool is_about_trunks(const poll_news& news) {
  const auto of_trunk = [](const resource_ref& ref) { return ref.kind == resource_kind::trunk; };
  return !news.transitions.empty() || std::ranges::any_of(news.removed, of_trunk) ||
         std::ranges::any_of(news.changed, of_trunk, &resource_record::ref);
}

} // namespace

// Those who know us, too.
void tenant::leaving() {
  carriers_.watch = nullptr;
  channels_.clear();
  pollers_.clear();
}

// It knows nothing of us.
void tenant::on(const carrier_watch_at& is) {
  carriers_.watch = is.actor;
  carriers_.asked.reset();
  carriers_.changed.clear();
  for (const auto& [instance, base] : truth_) carriers_.changed.insert(instance);
  hear_of_others({});
  report_carriers();
}

void tenant::on(const carriers_elsewhere& heard) {
  // Of a predecessor, or older than what it is to say of the report under way.
  if (!loaded_ || heard.number != carriers_.reports) return;
  carriers_.asked.reset();
  hear_of_others(heard.registrars);
  report_carriers();
}

// Mostly it changes nothing that is stored.
void tenant::hear_of_others(std::set<std::string> registrars) {
  if (!loaded_) return;
  logic::effects decided = machine_.on(logic::elsewhere_news{std::move(registrars)}, now().wall);
  if (!decided.empty()) commit(std::move(decided), {}, {});
}

void tenant::note_carriers(const poll_news& news) {
  if (!carriers_.watch || !is_about_trunks(news)) return;
  carriers_.changed.insert(news.instance);
  report_carriers();
}

void tenant::doubt_carriers() {
  if (!carriers_.asked || now().steady < *carriers_.asked + answer_patience) return;
  hear_of_others({});
}

void tenant::report_carriers() {
  if (!loaded_ || !carriers_.watch || carriers_.asked || carriers_.changed.empty()) return;
  carriers_seen report{id_, me(), ++carriers_.reports, {}};
  for (const instance_id& instance : std::exchange(carriers_.changed, {})) {
    const auto [place, fresh] = carriers_.places.emplace(instance, static_cast<std::uint32_t>(carriers_.places.size()));
    const auto base = truth_.find(instance);
    report.places.push_back({place->second, base == truth_.end() ? std::vector<trunk_sign>()
                                                                 : logic::signs_of(base->second, machine_.alerts())});
  }
  carriers_.asked = now().steady;
  tell(carriers_.watch, std::move(report));
}

} // namespace ringdown
