#include "bin/ringdown-sim/fleet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ringdown::sim {

namespace {

// 3CX calls its services so up to v18; v20 builds may leave out the "01".
struct service_name {
  const char* name;
  const char* label;
};
constexpr auto service_names = std::to_array<service_name>({
    {"3CXPhoneSystem01", "3CX PhoneSystem 01 SIP Server"},
    {"3CXMediaServer", "3CX PhoneSystem Media Server"},
    {"3CXQueueManager01", "3CX PhoneSystem 01 Queue Manager Server"},
    {"3CXIVR01", "3CX PhoneSystem 01 IVR Server"},
    {"3CXSystemService01", "3CX PhoneSystem 01 System Server"},
    {"3CXTunnel01", "3CX PhoneSystem 01 SIP/RTP Tunneling Proxy"},
    {"3CXCfgServ01", "3CX PhoneSystem 01 Configuration Server"},
    {"3CXAudioProvider01", "3CX PhoneSystem 01 Audio Provider"},
    {"3CXEventNotificationManager", "3CX Event Notification Manager"},
    {"3CXGatewayService", "3CX Gateway Service"},
    {"3CXPhoneSystemMC01", "3CX PhoneSystem 01 Management Console"},
    {"nginx", "3CX PhoneSystem Nginx Server"},
    {"postgresql", "3CX PhoneSystem Database Server"},
});

constexpr auto places = std::to_array<const char*>(
    {"Harbour Clinic", "Maple Dental", "Old Mill Hotel", "Ridge Logistics", "Lakeside School", "Copper Works",
     "Juniper Law", "Northgate Motors", "Willow Care", "Quarry Foods", "Silver Print", "Orchard Housing"});

std::vector<provider> usual_providers() {
  return {{"Larkfield SIP", "sip.larkfield.example"},
          {"Tamarisk Voice", "reg.tamarisk.example"},
          {"Quillnet", "sbc1.quillnet.example"},
          {"Bramble Telecom", "trunk.bramble.example"}};
}

std::string pbx_id(int number, int of) {
  const int width = of >= 10'000 ? 5 : of >= 1'000 ? 4 : of >= 100 ? 3 : 2;
  return fmt::format("pbx{:0{}}", number, width);
}

// 250 hosts in each 127.1.x.0/24, so that pbx07 is 127.1.0.7.
std::string address_of(int number) { return fmt::format("127.1.{}.{}", (number - 1) / 250, (number - 1) % 250 + 1); }

std::vector<trunk> plan_trunks(const fleet_plan& plan, int number) {
  const auto known = plan.providers.empty() ? usual_providers() : plan.providers;
  std::vector<trunk> out;
  for (int i = 0; i < plan.trunks_per_pbx + plan.bridges_per_pbx; ++i) {
    trunk made;
    const auto& from = known[static_cast<std::size_t>(number + i) % known.size()];
    made.number = fmt::to_string(10'000 + i);
    made.name = from.name;
    made.host = from.host;
    if (i >= plan.trunks_per_pbx) {
      made.name = fmt::format("Bridge {}", i - plan.trunks_per_pbx + 1);
      made.host = fmt::format("hq.{}", plan.domain);
      made.type = "BridgeSlaveOverTunnel";
    }
    out.push_back(std::move(made));
  }
  return out;
}

std::vector<trunk> plan_trunks(const std::vector<trunk_plan>& plans) {
  std::vector<trunk> out;
  for (const auto& plan : plans) {
    trunk made;
    made.number = plan.number.empty() ? fmt::to_string(10'000 + out.size()) : plan.number;
    made.name = plan.name.empty() ? fmt::format("Trunk {}", made.number) : plan.name;
    made.host = plan.host;
    made.type = plan.type;
    made.registration = plan.registration;
    made.direction = plan.direction;
    out.push_back(std::move(made));
  }
  return out;
}

void settle_trunks(pbx& of, wall_time now) {
  int id = 61;
  for (auto& one : of.trunks) {
    one.id = id++;
    one.since = now;
    if (one.registration == "Nothing") continue;
    one.sent = now;
    one.registered = now;
  }
}

void add_sbcs(pbx& of, int count, wall_time now) {
  for (int i = 0; i < count; ++i) {
    of.sbcs.push_back({fmt::to_string(11'000 + i), fmt::format("{} branch {}", of.label, i + 1), true, now});
  }
}

pbx plain_pbx(const fleet_plan& plan, int number, wall_time now) {
  pbx made;
  made.name = pbx_id(number, plan.pbxes);
  const auto round = static_cast<std::size_t>(number - 1);
  made.label = fmt::format("{} {}", places[round % places.size()], round / places.size() + 1);
  made.tenant = fmt::format("t{}", (number - 1) * plan.tenants / std::max(plan.pbxes, 1) + 1);
  made.version = plan.version;
  made.max_calls = plan.max_calls;
  made.calls = plan.calls;
  made.since = now;
  made.booted = now - std::chrono::hours(76) - std::chrono::minutes(number % 600);
  made.trunks = plan_trunks(plan, number);
  return made;
}

std::string secret_of(std::string pattern, const std::string& name) {
  if (const auto at = pattern.find("{pbx}"); at != std::string::npos) pattern.replace(at, 5, name);
  return pattern;
}

void override_pbx(pbx& of, const pbx_plan& plan) {
  if (!plan.name.empty()) of.label = plan.name;
  if (!plan.tenant.empty()) of.tenant = plan.tenant;
  if (!plan.version.empty()) of.version = plan.version;
  if (plan.max_calls) of.max_calls = *plan.max_calls;
  if (plan.calls) of.calls = *plan.calls;
  if (plan.trunks) of.trunks = plan_trunks(*plan.trunks);
}

// What depends on the final name and lists.
void complete(pbx& of, const scenario& plan, const pbx_plan* special, wall_time now) {
  of.fqdn = fmt::format("{}.{}", of.name, plan.fleet.domain);
  of.customer = fmt::format("c-{}", of.name);
  settle_trunks(of, now);
  add_sbcs(of, special != nullptr && special->sbcs ? *special->sbcs : plan.fleet.sbcs_per_pbx, now);
  for (int i = 0; i < plan.fleet.services; ++i) {
    const auto& one = service_names[static_cast<std::size_t>(i)];
    of.services.push_back({one.name, one.label, "Running", of.booted});
  }
  const bool own_client = special != nullptr && !special->client_id.empty();
  const bool own_secret = special != nullptr && !special->secret.empty();
  of.tokens = token_office(own_client ? special->client_id : plan.fleet.client_id,
                           own_secret ? special->secret : secret_of(plan.fleet.secret, of.name), plan.fleet.token_life,
                           plan.fleet.blacklist_after);
}

} // namespace

result<std::vector<pbx>> build_fleet(const scenario& plan, wall_time now) {
  std::vector<pbx> out;
  for (int number = 1; number <= plan.fleet.pbxes; ++number) out.push_back(plain_pbx(plan.fleet, number, now));
  std::vector<const pbx_plan*> specials(out.size(), nullptr);

  for (const auto& special : plan.pbxes) {
    auto at = std::find_if(out.begin(), out.end(), [&](const pbx& p) { return p.name == special.id; });
    if (at == out.end()) {
      auto made = plain_pbx(plan.fleet, static_cast<int>(out.size()) + 1, now);
      made.name = special.id;
      made.tenant = "t1";
      out.push_back(std::move(made));
      specials.push_back(nullptr);
      at = out.end() - 1;
    }
    auto& slot = specials[static_cast<std::size_t>(at - out.begin())];
    if (slot != nullptr) return failure{failure_kind::invalid, fmt::format("[[pbx]] {} is given twice", special.id)};
    slot = &special;
    override_pbx(*at, special);
  }

  const auto tenants = tenant_ids(plan.fleet);
  for (std::size_t i = 0; i < out.size(); ++i) {
    auto& one = out[i];
    if (std::find(tenants.begin(), tenants.end(), one.tenant) == tenants.end()) {
      return failure{failure_kind::invalid, fmt::format("[[pbx]] {}: no tenant \"{}\"", one.name, one.tenant)};
    }
    one.address = address_of(static_cast<int>(i) + 1);
    complete(one, plan, specials[i], now);
  }
  return out;
}

std::vector<std::string> tenant_ids(const fleet_plan& plan) {
  std::vector<std::string> out;
  for (int i = 1; i <= plan.tenants; ++i) out.push_back(fmt::format("t{}", i));
  return out;
}

} // namespace ringdown::sim
