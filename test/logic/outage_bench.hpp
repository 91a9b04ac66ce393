// What the tests of provider outages share: a tenant with several PBXes, whose trunks fail and recover in the stored truth and
// in the news alike; a push, a webhook and a service desk.
#pragma once

#include "test/logic/tenant_bench.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace ringdown::test {

inline const channel_id desk{"desk"};
inline const std::string carrier{"sip.carrier.example"};

inline instance_id pbx(int number) { return instance_id(fmt::format("pbx{}", number)); }

inline tenant_config several_pbxes(int count) {
  tenant_config config = usual_config();
  config.instances.clear();
  for (int i = 1; i <= count; ++i)
    config.instances.push_back(
        instance(pbx(i).str(), fmt::format("PBX {}", i), fmt::format("https://pbx{}.example.com", i)));
  config.channels.push_back(channel("desk", "psa"));
  return config;
}

class outage_bench : public tenant_bench {
public:
  // Each PBX with one trunk, T1, of the carrier.
  explicit outage_bench(int pbxes = 4) : outage_bench(several_pbxes(pbxes)) {
    for (int i = 1; i <= pbxes; ++i) add_trunk(pbx(i));
  }
  explicit outage_bench(tenant_config config) : tenant_bench(std::move(config)) {
    for (const instance_config& one : this->config().instances) {
      baseline& base = truth[one.id];
      base.instance = one.id;
      base.known = true;
      base.health.reach = reachability::reachable;
    }
  }

  void add_trunk(const instance_id& at, const std::string& key = "T1", const std::string& host = carrier) {
    resource_record record;
    record.ref = {resource_kind::trunk, key};
    record.label = key;
    record.provider = host;
    record.state = resource_state::registered;
    record.since = now;
    truth.at(at).resources.emplace_back(record);
  }
  shared_record& record(const instance_id& at, const std::string& key = "T1") {
    return *std::ranges::find(truth.at(at).resources, resource_ref{resource_kind::trunk, key}, &resource_record::ref);
  }
  void set(const instance_id& at, const std::string& key, resource_state state) {
    record(at, key).amend([&](resource_record& row) {
      row.state = state;
      row.since = now;
    });
  }

  // Its trunk is registered at another carrier.
  void move(const instance_id& at, const std::string& host, const std::string& key = "T1") {
    record(at, key).amend([&](resource_record& row) { row.provider = host; });
  }
  void set_all(const instance_id& at, resource_state state) {
    for (shared_record& one : truth.at(at).resources) one.amend([&](resource_record& row) { row.state = state; });
  }

  const logic::effects& fails(const instance_id& at, const std::string& key = "T1", sighting how = sighting::regular) {
    set(at, key, resource_state::unregistered);
    transition t = failing(alert_type::trunk_down, key, severity::critical, at);
    t.how = how;
    return news({std::move(t)}, at);
  }
  const logic::effects& recovers(const instance_id& at, const std::string& key = "T1") {
    set(at, key, resource_state::registered);
    return news({healthy(alert_type::trunk_down, key, at)}, at);
  }
  // Every trunk of it at once: one alert.
  const logic::effects& all_fail(const instance_id& at) {
    set_all(at, resource_state::unregistered);
    return news({failing(alert_type::all_trunks_down, "", severity::critical, at)}, at);
  }
  const logic::effects& all_recover(const instance_id& at) {
    set_all(at, resource_state::registered);
    return news({healthy(alert_type::all_trunks_down, "", at)}, at);
  }
  // One after the other, a minute apart.
  void fail_in_turn(std::initializer_list<int> pbxes) {
    for (const int one : pbxes) {
      pass(1min);
      fails(pbx(one));
    }
  }

  [[nodiscard]] const alert& trunk(const instance_id& at, const std::string& key = "T1") const {
    return this->at(alert_type::trunk_down, key, at);
  }
  [[nodiscard]] const alert* outage(const std::string& group = carrier) const {
    const auto found = machine().alerts().find(logic::outage_key(group));
    return found == machine().alerts().end() ? nullptr : &found->second;
  }
  [[nodiscard]] bool has_outage(const std::string& group = carrier) const {
    return outage(group) != nullptr && outage(group)->phase != alert_phase::resolved;
  }
  // Rows since the start, of this alert on this channel.
  [[nodiscard]] std::vector<delivery> told(const channel_id& channel, const alert& about) const {
    std::vector<delivery> found;
    std::ranges::copy_if(rows, std::back_inserter(found), [&](const delivery& d) {
      return d.channel == channel && (d.alert == about.id || (d.event == notice_event::summary && covers(d, about)));
    });
    return found;
  }
  [[nodiscard]] static bool covers(const delivery& row, const alert& about) {
    return std::ranges::any_of(row.content.alerts, [&](const alert_view& one) { return one.id == about.id; });
  }
  [[nodiscard]] std::vector<notice_event> events(const channel_id& channel, const alert& about) const {
    std::vector<notice_event> found;
    for (const delivery& one : told(channel, about)) found.push_back(one.event);
    return found;
  }
};

} // namespace ringdown::test
