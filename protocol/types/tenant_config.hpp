// What a tenant is configured to be, as values. Read from tenant files (actors/api/tenant_file), stored as objects
// (persistence), used by tenant actors. Checked before it is used: whoever holds one may rely on every reference in it.
#pragma once

#include "protocol/types/alert.hpp"
#include "protocol/types/call.hpp"
#include "protocol/types/http.hpp"
#include "protocol/types/ids.hpp"
#include "protocol/types/ladder.hpp"
#include "protocol/types/resource.hpp"
#include "protocol/types/secret_text.hpp"
#include "protocol/types/severity.hpp"
#include "protocol/types/timing.hpp"
#include "protocol/types/zone.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown {

struct customer_config {
  customer_id id;
  std::string name;
  std::string company{}; // its number in the PSA; empty: a ticket channel's own default
};

// What a trunk's owner knows and the PBX does not say. Matched by the trunk's number, else by its id at the PBX.
struct trunk_override {
  std::string number;
  trunk_role role = trunk_role::primary;
};

struct call_thresholds { // percent of licensed simultaneous calls
  int warning = 80;
  int critical = 95;
  int hysteresis = 5; // clears so many points lower
};

struct instance_config {
  instance_id id;
  std::string name;
  customer_id customer;
  std::string url;     // https://host[:port]
  std::string address; // connect here instead of resolving the host; may be empty
  std::string client_id;
  secret_text secret;
  tls_policy tls;
  timing times; // node, tenant and instance overrides applied
  call_thresholds calls;
  std::vector<trunk_override> trunks;
};

struct user_config {
  user_id id;
  std::string name;
  std::string email;
  std::string phone;           // E.164
  std::string voice_consent{}; // how and when they agreed to be called; empty: they are not
};

struct channel_config {
  channel_id id;
  std::string kind; // a dialect's name: "ntfy", "webhook"
  std::string name;
  bool enabled = true;
  std::optional<user_id> user;                 // whose device it is; acknowledge links are then bound to that person
  severity floor = severity::info;             // below it nothing is sent
  std::map<std::string, std::string> settings; // as the dialect describes them
  std::map<std::string, secret_text> secrets;
};

// One line of the routing matrix: alerts of these types and severities go to these channels. Empty sets mean "any".
// The first matching line decides; without any line S-T3 does.
struct route_config {
  std::vector<alert_type> types;
  std::vector<severity> levels;
  std::vector<std::string> channels; // channel ids, or "kind:ntfy"; empty: nowhere (the console only)
};

// A carrier whose registrars have several names: trunks at any of these hosts are trunks of one provider (S-C2).
struct provider_config {
  std::string id;
  std::string name;
  std::vector<std::string> hosts; // lower case
};

struct oncall_config {
  std::optional<user_id> user;
};

// Calls (V-01 to V-05). Nobody is called unless a type is named here, a channel of a voice kind exists, and whoever is to be
// called agreed and verified their number.
struct voice_config {
  std::vector<alert_type> types;
  keypad keys = keypad::on;
  bool terse = false;   // says how many alerts there are and no detail
  std::string opening;  // empty: "Ringdown for <name of the tenant>."
  std::string fallback; // E.164: called after the on-call user
  std::string fallback_consent;
  std::optional<user_id> owner; // of the account: called last
};

// The one escalation policy of a tenant (E-02). An open alert keeps the steps it began with.
struct escalation_config {
  std::vector<severity> levels{severity::critical};
  std::vector<escalation_step> steps;
  int cycles = 1; // how often all steps are gone through
};

struct tenant_config {
  tenant_id id;
  std::string name;
  std::string zone = "UTC"; // IANA time zone
  zone_table clocks;        // what clocks show there
  timing times;
  std::vector<customer_config> customers;
  std::vector<instance_config> instances;
  std::vector<user_config> users;
  oncall_config oncall;
  voice_config voice;
  escalation_config escalation;
  std::vector<channel_config> channels;
  std::vector<route_config> routes;
  std::vector<provider_config> providers;
  std::map<std::string, severity> severities; // alert type name -> severity instead of the usual one

  [[nodiscard]] const instance_config* find(const instance_id& id) const;
  [[nodiscard]] const channel_config* find(const channel_id& id) const;
  [[nodiscard]] const customer_config* find(const customer_id& id) const;
  [[nodiscard]] const user_config* find(const user_id& id) const;
};

} // namespace ringdown
