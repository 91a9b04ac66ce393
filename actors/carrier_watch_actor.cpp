#include "actors/carrier_watch_actor.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace ringdown {

carrier_watch::carrier_watch(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe)
    : observed_actor(config, std::move(world), std::move(probe)),
      board_(this->world().node.carriers, this->world().node.times.provider_window) {}

carrier_watch::behavior_type carrier_watch::make_behavior() {
  this->set_down_handler([this](caf::down_msg& message) { handle([&] { on_down(message); }); });
  return {
      [this](const carriers_seen& seen) { handle([&] { on(seen); }); },
      [this](const crash_now& asked) { handle([&] { on(asked); }); },
  };
}

// Tenants hold us as we hold them.
void carrier_watch::leaving() { listeners_.clear(); }

void carrier_watch::on(const carriers_seen& seen) {
  welcome(seen);
  board_.hear(seen.tenant, seen.places, now().wall);
  listener& from = listeners_.at(seen.tenant);
  from.number = seen.number;
  from.told = board_.elsewhere(seen.tenant);
  tell(from.actor, carriers_elsewhere{from.number, from.told});
  tell_what_changed();
}

// A tenant's actor that starts again reports everything anew; what its predecessor said is not added to that.
void carrier_watch::welcome(const carriers_seen& seen) {
  listener& from = listeners_[seen.tenant];
  if (from.actor == seen.reporter) return;
  if (from.actor) this->demonitor(from.actor->get()->address());
  board_.forget(seen.tenant, now().wall);
  from = {seen.reporter, seen.number, {}};
  this->monitor(seen.reporter->get()->address());
}

void carrier_watch::tell_what_changed() {
  for (auto& [id, one] : listeners_) {
    auto known = board_.elsewhere(id);
    if (known == one.told) continue;
    one.told = std::move(known);
    tell(one.actor, carriers_elsewhere{one.number, one.told});
  }
}

// A tenant that crashed or was taken away: nobody knows how its trunks are.
void carrier_watch::on_down(const caf::down_msg& message) {
  const auto gone = std::ranges::find_if(
      listeners_, [&](const auto& entry) { return entry.second.actor->get()->address() == message.source; });
  if (gone == listeners_.end()) return;
  board_.forget(gone->first, now().wall);
  listeners_.erase(gone);
  tell_what_changed();
}

void carrier_watch::on(const crash_now& asked) { throw std::runtime_error(asked.text); }

} // namespace ringdown
