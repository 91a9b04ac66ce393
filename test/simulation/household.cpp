#include "test/simulation/household.hpp"

#include "test/simulation/setting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ringdown::simulation {

namespace {

// One technician and one owner of several tenants.
constexpr const char* shared_technician = "+493023125098";
constexpr const char* shared_owner = "+493023125099";

std::string number_of(std::size_t tenant, int person) {
  return fmt::format("+49302312{:02}{:02}", 50 + tenant, person);
}

channel_config phone_over(const std::string& tenant, std::size_t number) {
  channel_config made;
  made.id = channel_id("voice-" + tenant);
  made.kind = "twilio";
  made.settings = {{"account", fmt::format("AC{:032}", number)}, {"from", "+493023125900"}, {"regions", "DE"}};
  made.secrets.emplace("auth_token", secret_text("token-" + tenant));
  return made;
}

user_config person(const std::string& id, std::string phone, bool agreed) {
  user_config made;
  made.id = user_id(id);
  made.name = id;
  made.phone = std::move(phone);
  if (agreed) made.voice_consent = "signed";
  return made;
}

void add_people(tenant_config& of, std::size_t number, dice& chance) {
  of.users = {person("jo", chance.chance(60) ? shared_technician : number_of(number, 1), chance.chance(85)),
              person("kim", chance.chance(50) ? shared_owner : number_of(number, 2), true)};
  of.oncall.user = user_id("jo");
  of.voice.owner = user_id("kim");
  if (chance.chance(50)) {
    of.voice.fallback = chance.chance(80) ? number_of(number, 3) : of.users.front().phone;
    of.voice.fallback_consent = "signed";
  }
  of.voice.types = {alert_type::trunk_down,   alert_type::all_trunks_down,      alert_type::sbc_offline,
                    alert_type::service_down, alert_type::instance_unreachable, alert_type::provider_outage};
  of.voice.keys = chance.chance(80) ? keypad::on : keypad::off;
}

} // namespace

channel_config slack_at(const std::string& tenant) {
  channel_config made;
  made.id = channel_id("chat-" + tenant);
  made.kind = "slack";
  made.secrets.emplace("webhook_url", secret_text("https://hooks.slack.com/services/T0/B0/" + tenant));
  return made;
}

channel_config desk_at(const std::string& tenant) {
  channel_config made;
  made.id = channel_id("desk-" + tenant);
  made.kind = "autotask";
  made.settings = {{"username", "api@" + tenant + ".test"},
                   {"queue", "29682833"},
                   {"priority_critical", "4"},
                   {"priority_warning", "2"},
                   {"priority_info", "2"},
                   {"note_type", "3"},
                   {"note_publish", "1"},
                   {"company", "174"}};
  made.secrets.emplace("secret", secret_text("sim-desk"));
  made.secrets.emplace("integration_code", secret_text("CODE"));
  return made;
}

void furnish_by_chance(tenant_config& of, std::size_t number, dice& chance) {
  const std::string tenant = of.id.str();
  if (chance.chance(40)) of.channels.push_back(slack_at(tenant));
  if (chance.chance(40)) of.channels.push_back(desk_at(tenant));
  if (chance.chance(40)) of.channels.push_back(mailbox_of("mail-" + tenant, "mx." + tenant + ".test"));
  if (chance.chance(70)) {
    add_people(of, number, chance);
    of.channels.push_back(phone_over(tenant, number));
  }
  if (!chance.chance(40)) return;
  // Warnings and criticals everywhere, to the mailbox too.
  route_config everywhere;
  everywhere.levels = {severity::warning, severity::critical};
  for (const channel_config& one : of.channels) everywhere.channels.push_back(one.id.str());
  of.routes = {std::move(everywhere)};
}

std::vector<reachable> chain_of(const tenant_config& tenant) {
  std::vector<reachable> all;
  const auto add = [&](const std::string& who, const std::string& number, const std::string& consent) {
    if (!number.empty() && !consent.empty() && std::ranges::find(all, number, &reachable::number) == all.end())
      all.push_back({who, number});
  };
  const auto add_user = [&](const std::optional<user_id>& who) {
    const user_config* user = who ? tenant.find(*who) : nullptr;
    if (user != nullptr) add(user->id.str(), user->phone, user->voice_consent);
  };
  add_user(tenant.oncall.user);
  add("fallback", tenant.voice.fallback, tenant.voice.fallback_consent);
  add_user(tenant.voice.owner);
  return all;
}

std::vector<phone_record> verified_phones(const tenant_config& tenant, wall_time since) {
  std::vector<phone_record> all;
  all.reserve(tenant.users.size() + 1);
  for (const user_config& one : tenant.users) all.push_back({one.phone, "", {}, 0, since});
  if (!tenant.voice.fallback.empty()) all.push_back({tenant.voice.fallback, "", {}, 0, since});
  return all;
}

} // namespace ringdown::simulation
