#include "actors/api/news.hpp"

#include <utility>

namespace ringdown::api {

void take_tenants(context& in, loaded_tenants tenants) {
  for (auto& known : tenants.readable) {
    auto config = known.config;
    const shard_id shard = known.document.shard;
    in.tenants.put(std::move(known));
    in.tree->apply(std::move(config), shard);
  }
  for (auto& one : tenants.unreadable) {
    in.world->log->error("tenant_unreadable", {{"tenant", one.document.tenant.str()}, {"error", one.error}});
    in.tenants.put_unreadable(std::move(one));
  }
}

result<void> news::look(persistence::store& from) {
  const auto changes = from.config_changes();
  if (!changes) return changes.error();
  if (*changes != seen_changes_) {
    if (auto read = read_configs(from); !read) return read;
    seen_changes_ = *changes;
  }
  if (auto passed = pass_commands_on(from); !passed) return passed;
  return read_verdicts(from);
}

result<void> news::read_configs(persistence::store& from) {
  const auto heads = from.config_heads();
  if (!heads) return heads.error();
  auto known = in_.tenants.versions();
  for (const auto& head : *heads) {
    const auto mine = known.extract(head.tenant);
    if (!mine.empty() && mine.mapped() == head.version) continue;
    auto fresh = load_tenants(from, *in_.node.get(), head.tenant);
    if (!fresh) return fresh.error();
    in_.world->log->info("config_read", {{"tenant", head.tenant.str()}, {"version", std::to_string(head.version)}});
    take_tenants(in_, std::move(*fresh));
  }
  for (const auto& [gone, version] : known) {
    in_.tree->remove(gone);
    in_.tenants.remove(gone);
    in_.world->log->info("tenant_removed", {{"tenant", gone.str()}, {"by", "another node"}});
  }
  return {};
}

// Each once: a tenant that crashes over it, or moves, finds it in the inbox when it is loaded.
result<void> news::pass_commands_on(persistence::store& from) {
  const auto open = from.open_commands({});
  if (!open) return open.error();
  std::set<std::string> still_open;
  for (const command& one : *open) {
    still_open.insert(one.id);
    if (!passed_on_.contains(one.id)) in_.tree->pass_on(one);
  }
  passed_on_ = std::move(still_open);
  return {};
}

result<void> news::read_verdicts(persistence::store& from) {
  const auto waiting = in_.answers.durable();
  if (waiting.empty()) return {};
  const auto decided = from.decided_commands(waiting);
  if (!decided) return decided.error();
  for (const command_result& one : *decided) in_.answers.decided(one);
  return {};
}

} // namespace ringdown::api
