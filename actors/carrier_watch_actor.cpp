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
  auto changed = board_.hear(seen.tenant, seen.places, now().wall);
  listeners_.at(seen.tenant).number = seen.number;
  changed.insert(seen.tenant); // it waits for the answer
  tell_them(changed);
}

// A tenant's actor that starts again reports everything anew; what its predecessor said is not added to that.
void carrier_watch::welcome(const carriers_seen& seen) {
  listener& from = listeners_[seen.tenant];
  if (from.actor == seen.reporter) return;
  if (from.actor) this->demonitor(from.actor->get()->address());
  from.actor = nullptr;
  tell_them(board_.forget(seen.tenant, now().wall));
  from = {seen.reporter, seen.number};
  this->monitor(seen.reporter->get()->address());
}

void carrier_watch::tell_them(const std::set<tenant_id>& changed) {
  for (const tenant_id& id : changed)
    if (const auto one = listeners_.find(id); one != listeners_.end())
      tell(one->second.actor, carriers_elsewhere{one->second.number, board_.elsewhere(id)});
}

// A tenant that crashed or was taken away: nobody knows how its trunks are.
void carrier_watch::on_down(const caf::down_msg& message) {
  const auto gone = std::ranges::find_if(
      listeners_, [&](const auto& entry) { return entry.second.actor->get()->address() == message.source; });
  if (gone == listeners_.end()) return;
  const tenant_id who = gone->first;
  listeners_.erase(gone);
  tell_them(board_.forget(who, now().wall));
}

void carrier_watch::on(const crash_now& asked) { throw std::runtime_error(asked.text); }

} // namespace ringdown
