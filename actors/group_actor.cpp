#include "actors/group_actor.hpp"

#include <utility>
#include <vector>

namespace ringdown {

group::group(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe, family_ptr births,
             std::shared_ptr<const tenant_config> settings)
    : observed_actor(config, std::move(world), std::move(probe)),
      config_(std::move(settings)),
      births_(std::move(births)),
      children_(this, world_ptr(), this->probe().name,
                [this](steady_time at, std::uint64_t token) { wake_at(at, token); }) {}

group::behavior_type group::make_behavior() {
  this->set_down_handler([this](caf::down_msg& message) { handle([&] { on_down(message); }); });
  add_tenant();
  for (const auto& settings : config_->channels) add_channel(settings);
  for (const auto& instance : config_->instances) add_poller(instance);
  return {
      [this](const due& rang) { handle([&] { on(rang); }); },
      [this](const group_reconfigure& to) { handle([&] { on(to); }); },
      [this](const command_for_tenant& asked) { handle([&] { on(asked); }); },
      [this](const carrier_watch_at& is) { handle([&] { on(is); }); },
      [this](const restart_child& asked) { handle([&] { on(asked); }); },
      [this](const accounts_attached& to) { handle([&] { on(to); }); },
      [this](const drain& asked) { handle([&] { on(asked); }); },
      [this](const drained& finished) { handle([&] { on(finished); }); },
  };
}

void group::leaving() {
  children_.stop_all();
  carrier_watch_ = nullptr;
  accounts_ = nullptr;
  drained_ = nullptr;
}

void group::add_tenant() {
  child_spec spec;
  spec.name = tenant_name();
  spec.kind = "tenant";
  spec.budget = logic::tenant_budget;
  spec.exhausted = on_exhaustion::quarantine;
  spec.start = [this](std::shared_ptr<actor_probe> probe) {
    return births_->tenant(world_ptr(), std::move(probe), config_);
  };
  spec.started = [this](const caf::strong_actor_ptr&) { introduce_all(); };
  children_.add(std::move(spec));
}

void group::add_poller(const instance_config& instance) {
  child_spec spec;
  spec.name = name_of(instance.id);
  spec.kind = "poller";
  spec.budget = logic::poller_budget;
  spec.exhausted = on_exhaustion::quarantine;
  spec.start = [this, id = instance.id](std::shared_ptr<actor_probe> probe) {
    return births_->poller(world_ptr(), std::move(probe), config_->id, *config_->find(id));
  };
  spec.started = [this, id = instance.id](const caf::strong_actor_ptr& poller) {
    tell(children_.find(tenant_name()), poller_ready{id, poller});
  };
  children_.add(std::move(spec));
}

void group::add_channel(const channel_config& settings) {
  child_spec spec;
  spec.name = name_of(settings.id);
  spec.kind = "channel";
  spec.budget = logic::channel_budget;
  spec.exhausted = on_exhaustion::trip;
  spec.start = [this, id = settings.id](std::shared_ptr<actor_probe> probe) {
    return births_->channel(world_ptr(), std::move(probe), config_->id, *config_->find(id), config_->times);
  };
  spec.started = [this](const caf::strong_actor_ptr& channel) {
    tell(channel, accounts_attached{accounts_});
    tell(channel, tenant_attached{children_.find(tenant_name())});
  };
  spec.lost = [this, id = settings.id] { tell(children_.find(tenant_name()), channel_lost{id}); };
  children_.add(std::move(spec));
}

// A new tenant actor knows nobody, and everybody knew the old one.
void group::introduce_all() {
  const auto tenant = children_.find(tenant_name());
  if (carrier_watch_) tell(tenant, carrier_watch_at{carrier_watch_});
  for (const auto& instance : config_->instances)
    if (const auto poller = children_.find(name_of(instance.id))) tell(tenant, poller_ready{instance.id, poller});
  for (const auto& settings : config_->channels)
    if (const auto channel = children_.find(name_of(settings.id))) tell(channel, tenant_attached{tenant});
}

void group::on(const due& rang) {
  if (children_.woken(rang.token)) return;
}

void group::remove_absent(const tenant_config& wanted) {
  for (const auto& instance : config_->instances) {
    if (wanted.find(instance.id) != nullptr) continue;
    children_.remove(name_of(instance.id));
    world().health->forget(config_->id.str() + "/" + instance.id.str());
  }
  for (const auto& settings : config_->channels) {
    const auto* stays = wanted.find(settings.id);
    if (stays == nullptr || stays->kind != settings.kind) children_.remove(name_of(settings.id));
  }
}

void group::on(const group_reconfigure& to) {
  remove_absent(*to.config);
  config_ = to.config;
  tell(children_.find(tenant_name()), reconfigure_tenant{config_});
  for (const auto& settings : config_->channels) {
    if (!children_.has(name_of(settings.id)))
      add_channel(settings);
    else
      tell(children_.find(name_of(settings.id)), reconfigure_channel{settings, config_->times});
  }
  for (const auto& instance : config_->instances) {
    if (!children_.has(name_of(instance.id)))
      add_poller(instance);
    else
      tell(children_.find(name_of(instance.id)), reconfigure_instance{instance});
  }
}

void group::on(const command_for_tenant& asked) { tell(children_.find(tenant_name()), command_stored{asked.what}); }

void group::on(const carrier_watch_at& is) {
  carrier_watch_ = is.actor;
  tell(children_.find(tenant_name()), is);
}

void group::on(const restart_child& asked) {
  const auto child = children_.find(asked.name);
  tell(child, crash_now{asked.text});
  asked.found(child != nullptr);
}

void group::on(const accounts_attached& to) {
  accounts_ = to.accounts;
  for (const auto& settings : config_->channels) tell(children_.find(name_of(settings.id)), to);
}

void group::on(const drain& asked) {
  drained_ = asked.done;
  children_.start_no_more();
  const auto self = me();
  std::vector<std::string> names;
  for (const auto& instance : config_->instances) names.push_back(name_of(instance.id));
  for (const auto& settings : config_->channels) names.push_back(name_of(settings.id));
  for (const std::string& name : names)
    if (children_.find(name)) draining_.insert(name);
  for (const std::string& name : draining_)
    tell(children_.find(name), drain{[self, name] { tell(self, drained{name}); }});
  on(drained{});
}

// Who dies while it is to become quiet will not say so.
void group::on_down(const caf::down_msg& message) {
  children_.down(message);
  std::erase_if(draining_, [&](const std::string& name) { return !children_.find(name); });
  on(drained{});
}

void group::on(const drained& finished) {
  draining_.erase(finished.who);
  if (draining_.empty() && drained_) std::exchange(drained_, nullptr)();
}

} // namespace ringdown
