// What the tests of the tenant's rules share: a tenant with a push, a webhook and a spare channel, a clock that is moved by
// hand, and a store that keeps what the machine asked for, so that a test sees what an outsider would.
#pragma once

#include "actors/logic/tenant_machine.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::test {

using namespace std::chrono_literals;

inline const instance_id hq{"hq"};
inline const instance_id branch{"branch"};
inline const channel_id push{"noc-push"};
inline const channel_id hook{"noc-hook"};

inline std::vector<logic::channel_kind_facts> kinds() {
  return {{"ntfy", channel_class::push, delivery_kind::interrupt},
          {"webhook", channel_class::webhook, delivery_kind::log},
          {"teams", channel_class::chat, delivery_kind::mirror},
          {"psa", channel_class::ticket, delivery_kind::mirror},
          {"mail", channel_class::email, delivery_kind::interrupt},
          {"phone", channel_class::voice, delivery_kind::interrupt}};
}

inline channel_config channel(const std::string& id, const std::string& kind) {
  channel_config c;
  c.id = channel_id(id);
  c.kind = kind;
  c.name = id;
  return c;
}

inline instance_config instance(const std::string& id, const std::string& name, const std::string& url) {
  instance_config i;
  i.id = instance_id(id);
  i.name = name;
  i.url = url;
  return i;
}

inline tenant_config usual_config() {
  tenant_config config;
  config.id = tenant_id("acme");
  config.name = "Acme";
  config.instances = {instance("hq", "Acme HQ", "https://hq.example.com"),
                      instance("branch", "Acme Branch", "https://branch.example.com:5001")};
  config.channels = {channel("noc-push", "ntfy"), channel("noc-hook", "webhook")};
  config.channels.front().user = user_id("jo");
  return config;
}

inline resource_ref resource_of(alert_type type, const std::string& key) {
  return {facts(type).about, facts(type).about == resource_kind::instance ? "" : key};
}

inline transition change(alert_type type, const std::string& key, condition to, severity level = severity::critical,
                         const instance_id& at = hq) {
  transition t;
  t.key = {at, type, resource_of(type, key)};
  t.from = to == condition::failing ? condition::ok : condition::failing;
  t.to = to;
  t.level = level;
  t.label = key;
  t.trace = at.str() + ".start.1";
  return t;
}

inline transition failing(alert_type type, const std::string& key = "T1", severity level = severity::critical,
                          const instance_id& at = hq) {
  return change(type, key, condition::failing, level, at);
}
inline transition healthy(alert_type type, const std::string& key = "T1", const instance_id& at = hq) {
  return change(type, key, condition::ok, severity::info, at);
}
inline transition lost(alert_type type, const std::string& key = "T1", const instance_id& at = hq) {
  return change(type, key, condition::unknown, severity::info, at);
}

class tenant_bench {
public:
  explicit tenant_bench(tenant_config config = usual_config())
      : config_(std::make_shared<const tenant_config>(std::move(config))),
        machine_(fresh()) {}
  tenant_bench(const tenant_bench&) = delete; // the machine looks at our truth
  tenant_bench& operator=(const tenant_bench&) = delete;

  wall_time now = from_micros(1'790'000'000'000'000);

  // Of the trunks; without any there are no outages.
  logic::known_truth truth;
  // The effects of the last call; everything since the start is in the lists below.
  logic::effects last;
  std::map<alert_id, alert> stored;
  std::map<std::pair<mute_scope, alert_type>, mute> mutes;
  std::vector<delivery> rows;
  std::vector<decision> decisions;
  std::map<delivery_id, call_record> calls;
  std::map<std::string, phone_record> phones;
  std::optional<oncall_pointer> oncall;
  std::vector<std::pair<std::size_t, suppression>> suppressions; // each with how many rows there were before
  bool ids_unique = true;

  const logic::effects& news(std::vector<transition> changes, const instance_id& at = hq) {
    poll_news n;
    n.instance = at;
    for (transition& one : changes) {
      if (one.since == wall_time{}) one.since = now;
      one.seen = now;
    }
    n.transitions = std::move(changes);
    return keep(machine_.on(n, now));
  }
  const logic::effects& settled(const instance_id& at = hq) {
    poll_news n;
    n.instance = at;
    n.settled = true;
    return keep(machine_.on(n, now));
  }
  const logic::effects& ask(command asked) {
    asked.id = "cmd-" + std::to_string(++commands_);
    asked.tenant = config_->id;
    asked.by = asked.by.empty() ? "jo" : asked.by;
    asked.via = "api";
    asked.at = now;
    return keep(machine_.on(asked, now));
  }
  const logic::effects& ask(command_kind kind, const alert_id& about, std::optional<wall_time> until = {}) {
    command asked;
    asked.kind = kind;
    asked.alert = about;
    asked.until = until;
    return ask(std::move(asked));
  }
  const logic::effects& report(const delivery& row, delivery_state state, reason why = reason::none,
                               const std::string& reference = "", std::uint32_t attempts = 0) {
    if (state == delivery_state::sent || state == delivery_state::confirmed) sent_.insert(row.id);
    return keep(
        machine_.on(logic::delivery_report{row.id, row.alert, row.channel, state, why, reference, attempts}, now));
  }
  // Every channel has taken what it was given; calls are followed one by one.
  void take_all() {
    const std::vector<delivery> given(rows.begin() + static_cast<std::ptrdiff_t>(taken_), rows.end());
    taken_ = rows.size();
    for (const delivery& row : given)
      if (row.target.empty()) report(row, delivery_state::sent);
  }
  const logic::effects& hear(const call_news& news) { return keep(machine_.on(news, now)); }
  const logic::effects& hear_of_others(std::set<std::string> registrars) {
    return keep(machine_.on(logic::elsewhere_news{std::move(registrars)}, now));
  }
  void offer_keys(logic::callbacks how) { callbacks_ = how, machine_.set_callbacks(how); }
  const logic::effects& tick() { return keep(machine_.on(logic::tick{}, now)); }
  const logic::effects& configure(tenant_config config) {
    config_ = std::make_shared<const tenant_config>(std::move(config));
    return keep(machine_.configure(config_, now));
  }
  // Time passes; every tick the machine asks for is given when it is due. Channels take what they are given, unless `slow`.
  bool slow = false;
  bool looked_at = false; // whoever is asked what is current says at once that it is
  void pass(duration span) {
    const wall_time until = now + span;
    settle_rows();
    for (auto next = machine_.next_due(); next && *next <= until; next = machine_.next_due()) {
      now = std::max(now, *next);
      tick();
      settle_rows();
      if (!looked_at) continue;
      for (const instance_id& one : std::vector(last.settle)) settled(one);
    }
    now = until;
  }
  // The machine dies and another begins from what was stored.
  void restart() {
    machine_ = fresh();
    std::vector<alert> alerts;
    alerts.reserve(stored.size());
    for (const auto& [id, one] : stored) alerts.push_back(one);
    for (alert& one : alerts)
      for (told_target& target : one.targets) target.accepted = target.accepted || sent_.contains(target.fire);
    std::vector<mute> active;
    for (const auto& [key, one] : mutes)
      if (one.until > now) active.push_back(one);
    machine_.restore(std::move(alerts), std::move(active));
    std::vector<call_record> held;
    std::vector<phone_record> known;
    held.reserve(calls.size());
    known.reserve(phones.size());
    for (const auto& [id, one] : calls) held.push_back(one);
    for (const auto& [number, one] : phones) known.push_back(one);
    machine_.restore_calls(std::move(held), std::move(known), oncall);
  }

  [[nodiscard]] const alert& at(alert_type type, const std::string& key = "T1", const instance_id& where = hq) const {
    return machine_.alerts().at({where, type, resource_of(type, key)});
  }
  [[nodiscard]] const logic::tenant_machine& machine() const { return machine_; }
  [[nodiscard]] const tenant_config& config() const { return *config_; }
  // Rows of the last call on one channel.
  [[nodiscard]] std::vector<delivery> made(const channel_id& channel) const {
    std::vector<delivery> found;
    std::ranges::copy_if(last.deliveries, std::back_inserter(found),
                         [&](const delivery& d) { return d.channel == channel; });
    return found;
  }
  [[nodiscard]] std::vector<notice_event> events(const channel_id& channel) const {
    std::vector<notice_event> found;
    found.reserve(last.deliveries.size());
    for (const delivery& d : made(channel)) found.push_back(d.event);
    return found;
  }
  // Deciding reasons of the last call, in order.
  [[nodiscard]] std::vector<reason> reasons() const {
    std::vector<reason> found;
    found.reserve(last.decisions.size());
    for (const decision& d : last.decisions) found.push_back(d.deciding);
    return found;
  }
  void link_with(logic::link_maker make) { links_ = std::move(make), machine_.set_link_maker(links_); }

private:
  void settle_rows() {
    if (slow) return;
    const logic::effects seen = last;
    take_all();
    last = seen;
  }
  [[nodiscard]] logic::tenant_machine fresh() const {
    logic::tenant_machine made(config_, kinds());
    made.look_at(truth);
    made.set_link_maker(links_);
    made.set_callbacks(callbacks_);
    return made;
  }
  const logic::effects& keep(logic::effects made) {
    last = std::move(made);
    for (const alert& a : last.alerts) stored[a.id] = a;
    for (const call_record& c : last.calls) calls[c.call] = c;
    for (const phone_record& p : last.phones) phones[p.number] = p;
    if (last.oncall) oncall = last.oncall;
    for (const mute& m : last.mutes) mutes[{m.scope, m.type}] = m;
    for (const suppression& one : last.suppressions) suppressions.emplace_back(rows.size(), one);
    for (const delivery& d : last.deliveries) {
      ids_unique = ids_.insert(d.id).second && ids_unique;
      rows.push_back(d);
    }
    decisions.insert(decisions.end(), last.decisions.begin(), last.decisions.end());
    return last;
  }

  std::shared_ptr<const tenant_config> config_;
  logic::link_maker links_ = [](const alert_id& alert, std::uint32_t episode, const std::string& person) {
    return alert.str() + "." + std::to_string(episode) + "." + person;
  };
  logic::callbacks callbacks_ = logic::callbacks::none;
  logic::tenant_machine machine_;
  std::set<delivery_id> ids_;
  std::set<delivery_id> sent_; // as the store knows it of its rows
  std::size_t taken_ = 0;
  int commands_ = 0;
};

} // namespace ringdown::test
