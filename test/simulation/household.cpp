#include "test/simulation/household.hpp"

#include "test/simulation/setting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

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
              person("kim", chance.chance(50) ? shared_owner : number_of(number, 2), true),
              person("lee", number_of(number, 4), true)}; // called only where a step of the escalation says so
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

void share_nobody(tenant_config& of, std::size_t number) {
  const auto own = [&](std::string& phone) {
    if (phone == shared_technician) phone = number_of(number, 1);
    if (phone == shared_owner) phone = number_of(number, 2);
  };
  for (user_config& one : of.users) own(one.phone);
  own(of.voice.fallback);
}

// To whoever is on call, to people and to channels, some of which cannot be told that way.
std::vector<std::string> told_by_steps(const tenant_config& of) {
  std::vector<std::string> all;
  all.reserve(of.channels.size());
  for (const channel_config& one : of.channels) all.push_back("channel:" + one.id.str());
  if (of.users.empty()) return all;
  for (const char* one : {"oncall", "oncall", "oncall", "user:jo", "user:kim", "user:kim", "user:lee", "user:lee"})
    all.emplace_back(one);
  return all;
}

// Some channels are a person's then, so that a step finds them by their owner.
void add_policy(tenant_config& of, dice& chance) {
  if (!of.users.empty()) {
    if (chance.chance(60)) of.channels[0].user = user_id("jo");
    if (chance.chance(60)) of.channels[1].user = user_id("kim");
  }
  of.escalation.steps = draw_steps(of, chance);
  of.escalation.cycles = static_cast<int>(1 + chance.below(2));
}

} // namespace

std::vector<escalation_step> draw_steps(const tenant_config& of, dice& chance) {
  const auto whom = told_by_steps(of);
  std::vector<escalation_step> steps;
  duration after{};
  for (std::size_t left = 1 + chance.below(3); left > 0; --left) {
    after += std::chrono::duration_cast<duration>(chance.between(1min, 3min));
    escalation_step made{after, {chance.pick(whom)}};
    if (const std::string& more = chance.pick(whom); chance.chance(30) && more != made.notify.front())
      made.notify.push_back(more);
    steps.push_back(std::move(made));
  }
  return steps;
}

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

void furnish_by_chance(tenant_config& of, std::size_t number, people whose, dice& chance) {
  const std::string tenant = of.id.str();
  if (chance.chance(40)) of.channels.push_back(slack_at(tenant));
  if (chance.chance(40)) of.channels.push_back(desk_at(tenant));
  if (chance.chance(40)) of.channels.push_back(mailbox_of("mail-" + tenant, "mx." + tenant + ".test"));
  if (chance.chance(70)) {
    add_people(of, number, chance);
    if (whose == people::own) share_nobody(of, number);
    of.channels.push_back(phone_over(tenant, number));
  }
  if (chance.chance(50)) add_policy(of, chance);
  if (!chance.chance(40)) return;
  // Warnings and criticals everywhere, to the mailbox too.
  route_config everywhere;
  everywhere.levels = {severity::warning, severity::critical};
  for (const channel_config& one : of.channels) everywhere.channels.push_back(one.id.str());
  of.routes = {std::move(everywhere)};
}

std::vector<reachable> chain_of(const tenant_config& tenant, const user_id& first) {
  std::vector<reachable> all;
  const auto add = [&](const std::string& who, const std::string& number, const std::string& consent) {
    if (!number.empty() && !consent.empty() && std::ranges::find(all, number, &reachable::number) == all.end())
      all.push_back({who, number});
  };
  const auto add_user = [&](const std::optional<user_id>& who) {
    const user_config* user = who ? tenant.find(*who) : nullptr;
    if (user != nullptr) add(user->id.str(), user->phone, user->voice_consent);
  };
  if (!first.empty()) add_user(first);
  add_user(tenant.oncall.user);
  add("fallback", tenant.voice.fallback, tenant.voice.fallback_consent);
  add_user(tenant.voice.owner);
  return all;
}

bool agrees_to_calls(const tenant_config& tenant, const std::string& number) {
  const voice_config& voice = tenant.voice;
  return (voice.fallback == number && !voice.fallback_consent.empty()) ||
         std::ranges::any_of(tenant.users,
                             [&](const user_config& one) { return one.phone == number && !one.voice_consent.empty(); });
}

std::string spare_of(std::string phone) {
  static const std::map<char, char> other{{'0', '4'}, {'4', '0'}, {'9', '6'}, {'6', '9'}};
  char& tens = phone[phone.size() - 2];
  tens = other.at(tens);
  return phone;
}

std::vector<std::string> phones_of(const tenant_config& tenant) {
  std::vector<std::string> all;
  for (const user_config& one : tenant.users) {
    if (one.phone.empty()) continue;
    all.push_back(one.phone);
    all.push_back(spare_of(one.phone));
  }
  if (!tenant.voice.fallback.empty()) all.push_back(tenant.voice.fallback);
  return all;
}

std::vector<phone_record> verified_phones(const tenant_config& tenant, wall_time since) {
  std::vector<phone_record> all;
  for (const std::string& one : phones_of(tenant)) all.push_back({one, "", {}, 0, since});
  return all;
}

} // namespace ringdown::simulation
