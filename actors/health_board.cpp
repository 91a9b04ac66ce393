#include "actors/health_board.hpp"

#include <utility>

namespace ringdown {

std::string_view name(actor_life life) {
  switch (life) {
    case actor_life::running: return "running";
    case actor_life::restarting: return "restarting";
    case actor_life::tripped: return "tripped";
    case actor_life::quarantined: return "quarantined";
    case actor_life::stopped: return "stopped";
  }
  return "stopped";
}

void actor_probe::failed(std::string text, wall_time at) {
  const std::lock_guard hold(guard_);
  last_ = {std::move(text), at};
}

actor_probe::last actor_probe::last_error() const {
  const std::lock_guard hold(guard_);
  return last_;
}

std::shared_ptr<actor_probe::depth> actor_probe::open_mailbox() {
  auto fresh = std::make_shared<depth>(0);
  const std::lock_guard hold(guard_);
  mailbox_ = fresh;
  return fresh;
}

void actor_probe::close_mailbox(const std::shared_ptr<depth>& which) {
  const std::lock_guard hold(guard_);
  if (mailbox_ == which) mailbox_.reset();
}

std::int64_t actor_probe::mailbox() const {
  const std::lock_guard hold(guard_);
  return mailbox_ ? mailbox_->load(std::memory_order_relaxed) : 0;
}

std::optional<tenant_id> tenant_of(const std::string& actor) {
  const auto first = actor.find('/');
  const std::string kind = actor.substr(0, first);
  if (first == std::string::npos || (kind != "tenant" && kind != "poller" && kind != "channel")) return std::nullopt;
  return tenant_id(actor.substr(first + 1, actor.find('/', first + 1) - first - 1));
}

std::shared_ptr<actor_probe> health_board::probe(const std::string& name, const std::string& kind,
                                                 const std::string& parent) {
  const std::lock_guard hold(guard_);
  auto& slot = probes_[name];
  if (slot) return slot;
  auto& of_kind = kinds_[kind];
  if (!of_kind) of_kind = std::make_shared<kind_history>();
  slot = std::make_shared<actor_probe>(name, kind, parent, of_kind);
  return slot;
}

std::map<std::string, std::shared_ptr<const kind_history>> health_board::kinds() const {
  const std::lock_guard hold(guard_);
  return {kinds_.begin(), kinds_.end()};
}

void health_board::drop(const std::string& name) {
  const std::lock_guard hold(guard_);
  probes_.erase(name);
}

std::vector<std::shared_ptr<const actor_probe>> health_board::all() const {
  const std::lock_guard hold(guard_);
  std::vector<std::shared_ptr<const actor_probe>> found;
  found.reserve(probes_.size());
  for (const auto& [name, probe] : probes_) found.push_back(probe);
  return found;
}

void health_board::set_deaths(const std::string& name, std::uint32_t count, wall_time last) {
  const std::lock_guard hold(guard_);
  deaths_[name] = count;
  last_deaths_[name] = last;
}

void health_board::forget_deaths(const tenant_id& tenant) {
  const std::lock_guard hold(guard_);
  std::erase_if(deaths_, [&](const auto& one) { return tenant_of(one.first) == tenant; });
}

void health_board::died(const std::string& name, wall_time at) {
  const std::lock_guard hold(guard_);
  ++deaths_[name];
  last_deaths_[name] = at;
}

void health_board::lived_long(const std::string& name) {
  const std::lock_guard hold(guard_);
  deaths_.erase(name);
}

wall_time health_board::last_death(const std::string& name) const {
  const std::lock_guard hold(guard_);
  const auto at = last_deaths_.find(name);
  return at == last_deaths_.end() ? wall_time{} : at->second;
}

std::uint32_t health_board::deaths(const std::string& name) const {
  const std::lock_guard hold(guard_);
  const auto at = deaths_.find(name);
  return at == deaths_.end() ? 0 : at->second;
}

void health_board::show(const std::string& instance, instance_glance glance) {
  const std::lock_guard hold(guard_);
  glances_[instance] = std::move(glance);
}

void health_board::forget(const std::string& instance) {
  const std::lock_guard hold(guard_);
  glances_.erase(instance);
}

std::map<std::string, instance_glance> health_board::glances() const {
  const std::lock_guard hold(guard_);
  return glances_;
}

} // namespace ringdown
