#include "test/simulation/setting.hpp"

#include "protocol/wire/crypto.hpp"

#include <map>
#include <stdexcept>
#include <utility>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

std::vector<channel_config> channels_of(const std::string& tenant) {
  return {push_to("push-" + tenant, "push." + tenant + ".test", severity::info),
          push_to("second-" + tenant, "second." + tenant + ".test", severity::critical),
          webhook_at("hook-" + tenant, "hook." + tenant + ".test")};
}

} // namespace

channel_config push_to(const std::string& id, const std::string& host, severity floor) {
  channel_config made;
  made.id = channel_id(id);
  made.kind = "ntfy";
  made.floor = floor;
  made.settings = {{"url", "https://" + host}, {"topic", "ringdown"}};
  return made;
}

channel_config webhook_at(const std::string& id, const std::string& host) {
  channel_config made;
  made.id = channel_id(id);
  made.kind = "webhook";
  made.settings = {{"url", "https://" + host + "/hook"}};
  made.secrets.emplace("secret", secret_text("whsec_" + wire::base64_encode(std::string(32, 's'))));
  return made;
}

channel_config mailbox_of(const std::string& id, const std::string& host) {
  channel_config made;
  made.id = channel_id(id);
  made.kind = "email";
  made.settings = {{"host", host}, {"from", "alerts@ringdown.test"}, {"to", "jo@ringdown.test"}};
  return made;
}

sim::fleet_plan fleet_plan_of(dice& chance) {
  sim::fleet_plan plan;
  plan.tenants = 2;
  plan.pbxes = 3;
  plan.trunks_per_pbx = 2 + static_cast<int>(chance.below(3));
  plan.sbcs_per_pbx = static_cast<int>(chance.below(3));
  plan.services = 3;
  plan.token_life = 10min;
  return plan;
}

timing timing_of(dice& chance) {
  timing made;
  made.poll_interval = 30s;
  made.starting_grace = 2min;
  made.blind_after = 4min;
  made.login_pause = 4min;
  made.episode_window = 6min;
  made.flap_window = 8min;
  made.flap_quiet = 5min;
  made.acknowledge_reminder = 7min;
  made.retry_cap = 1min;
  if (chance.chance(30)) {
    made.fire_deadline = 6min;
    made.resolve_deadline = 10min;
  }
  return made;
}

tenants tenants_of(const fleet& pbxes, const timing& times, const scene& scene) {
  std::map<std::string, tenant_config> made;
  for (const sim::pbx& one : pbxes.pbxes()) {
    tenant_config& of = made[one.tenant];
    of.id = tenant_id(one.tenant);
    of.name = "Tenant " + one.tenant;
    of.times = times;
    instance_config instance = pbxes.config_of(one);
    of.customers.push_back({instance.customer, one.customer});
    instance.times = times;
    of.instances.push_back(std::move(instance));
  }
  tenants all;
  for (auto& [id, of] : made) {
    of.channels = channels_of(id);
    if (scene.furnish) scene.furnish(of);
    all.push_back(std::make_shared<const tenant_config>(std::move(of)));
  }
  return all;
}

simulated_http::far_ends far_ends_of(const tenants& all, dice& chance) {
  simulated_http::far_ends made;
  for (const auto& tenant : all)
    for (const channel_config& channel : tenant->channels) {
      if (!channel.settings.contains("url")) continue;
      const auto parts = parse_url(channel.settings.at("url"));
      auto who = make_provider(channel.kind, chance.next());
      if (!parts || !who) throw std::logic_error("no provider for channel " + channel.id.str());
      made.emplace(parts->host, far_end{tenant->id, channel.id, std::move(who)});
    }
  return made;
}

} // namespace ringdown::simulation
