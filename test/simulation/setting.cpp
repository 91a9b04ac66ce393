#include "test/simulation/setting.hpp"

#include "protocol/wire/crypto.hpp"
#include "test/simulation/household.hpp"
#include "test/simulation/telephone.hpp"

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

sim::fleet_plan fleet_plan_of(std::size_t nodes, dice& chance) {
  sim::fleet_plan plan;
  plan.tenants = 2;
  plan.pbxes = 3;
  plan.trunks_per_pbx = 2 + static_cast<int>(chance.below(3));
  plan.sbcs_per_pbx = static_cast<int>(chance.below(3));
  plan.services = 3;
  plan.token_life = 10min;
  if (nodes > 1) {
    plan.tenants = 3;
    plan.pbxes = 4;
  }
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
  made.backup_after = 2min;
  made.call_after_path_down = 1min;
  made.call_after_app_down = 90s;
  made.call_after_trunk = 40s;
  made.call_after_outage = 30s;
  made.ring_again_after = 50s;
  made.ring_round_2 = 4min;
  made.ring_round_3 = 9min;
  made.ring_round_later = 6min;
  if (chance.chance(30)) {
    made.fire_deadline = 6min;
    made.resolve_deadline = 10min;
  }
  return made;
}

tenants tenants_of(const fleet& pbxes, const timing& times, const scene& scene, dice& chance) {
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
    if (scene.furnish)
      scene.furnish(of);
    else
      furnish_by_chance(of, all.size(), scene.nodes > 1 ? people::own : people::some_shared, chance);
    all.push_back(std::make_shared<const tenant_config>(std::move(of)));
  }
  return all;
}

namespace {

std::unique_ptr<provider> who_is_at(const tenant_id& tenant, const channel_config& channel, timeline& time,
                                    journal& told, dice& chance) {
  if (channel.kind == "twilio") return std::make_unique<telephone>(tenant, channel, time, told, chance.apart());
  return make_provider(channel.kind, chance.next());
}

} // namespace

simulated_http::far_ends far_ends_of(const tenants& all, timeline& time, journal& told, dice& chance) {
  simulated_http::far_ends made;
  for (const auto& tenant : all)
    for (const channel_config& channel : tenant->channels) {
      if (channel.kind == "email") continue;
      auto who = who_is_at(tenant->id, channel, time, told, chance);
      if (!who) throw std::logic_error("no provider for channel " + channel.id.str());
      made.emplace("channel/" + tenant->id.str() + "/" + channel.id.str(),
                   far_end{tenant->id, channel.id, std::move(who)});
    }
  return made;
}

} // namespace ringdown::simulation
