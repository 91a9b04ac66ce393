#include "test/simulation/combinations.hpp"

#include "test/simulation/trouble.hpp"
#include "test/simulation/world.hpp"

#include <string>
#include <utility>
#include <vector>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

const tenant_config& some_tenant(world& of) { return *of.inhabitants()[of.chance().below(of.inhabitants().size())]; }

// Whatever is planned for after the trouble does not happen.
void later(world& of, instant after, std::function<void()> what) {
  if (of.now() + after < trouble_lasts) of.time().after(after, std::move(what));
}

void ails(world& of, const tenant_id& whose, mood how, instant begin, instant end) {
  for (auto& [host, far] : of.providers()) {
    if (far.tenant != whose || far.channel.str().starts_with("second")) continue;
    later(of, begin, [&of, &far = far, how] {
      if (far.who->is() == mood::sound) of.write(spell{"provider " + far.channel.str(), true});
      far.who->be(how);
    });
    later(of, end, [&of, &far = far] {
      if (far.who->is() == mood::sound) return;
      far.who->be(mood::sound);
      of.write(spell{"provider " + far.channel.str(), false});
    });
  }
}

std::vector<alert> open_alerts(world& of, const tenant_id& whose) {
  std::vector<alert> open;
  for (const auto& [id, one] : of.told().alerts())
    if (one.tenant == whose && one.phase != alert_phase::resolved) open.push_back(one);
  return open;
}

void ask_about(world& of, const alert& what, command_kind kind, duration snooze = 2min) {
  command made;
  made.tenant = what.tenant;
  made.kind = kind;
  made.alert = what.id;
  made.by = "sam";
  made.via = "cli";
  if (kind == command_kind::snooze) made.until = of.wall() + snooze;
  of.ask(std::move(made));
}

// About each open alert of the tenant, or about one of them.
void ask_about_all(world& of, const tenant_id& whose, command_kind kind) {
  for (const alert& one : open_alerts(of, whose)) ask_about(of, one, kind);
}
void ask_about_one(world& of, const tenant_id& whose, command_kind kind) {
  const auto open = open_alerts(of, whose);
  if (!open.empty()) ask_about(of, of.chance().pick(open), kind);
}

// So that there is something to tell of.
void something_falls(world& of, const tenant_config& whose) {
  for (const instance_config& one : whose.instances) {
    const std::string pbx = one.id.str();
    const std::string lasts = std::to_string(span(of, 2min, 5min) / 1s + 1) + "s";
    of.pbxes().does("sbc_down", {{"pbx", pbx}, {"for", lasts}});
    of.pbxes().does("trunk_down", {{"pbx", pbx}, {"trunk", "10001"}, {"reason", "silent"}, {"for", lasts}});
    of.pbxes().does("service_down", {{"pbx", pbx}, {"service", "3CXMediaServer"}, {"for", lasts}});
  }
}

std::string channel_of(const tenant_config& whose, const channel_config& one) {
  return "channel/" + whose.id.str() + "/" + one.id.str();
}

} // namespace

void bad_quarter_hour(world& of) {
  const tenant_config& whose = some_tenant(of);
  const tenant_id id = whose.id;
  something_falls(of, whose);
  for (int round = 0; round < 3; ++round) {
    const instant begin = 50s + round * 40s + of.chance().between(0s, 10s);
    ails(of, id, mood::failing, begin, begin + 3s);
    later(of, begin, [&of, id] { ask_about_all(of, id, command_kind::renotify); });
    ails(of, id, of.chance().chance(50) ? mood::hung : mood::slow, begin + 1500ms, begin + 30s);
    for (int i = 0; i < 6; ++i)
      later(of, begin + of.chance().between(2s, 14s), [&of, id] { ask_about_one(of, id, command_kind::renotify); });
    for (int i = 0; i < 2; ++i)
      later(of, begin + of.chance().between(4s, 16s), [&of, id] { ask_about_one(of, id, command_kind::acknowledge); });
  }
}

void tenant_keeps_dying(world& of) {
  if (!of.is_first("a tenant keeps dying")) return;
  const tenant_config& whose = some_tenant(of);
  const tenant_id id = whose.id;
  something_falls(of, whose);
  const instant begin = 60s + of.chance().between(0s, 20s);
  ails(of, id, of.chance().chance(50) ? mood::failing : mood::slow, begin, begin + 50s);
  later(of, begin, [&of, id] { ask_about_all(of, id, command_kind::renotify); });
  for (int i = 0; i < 9; ++i) later(of, begin + 1s + i * 2s, [&of, id] { of.crash_actor(id, "tenant/" + id.str()); });
  later(of, begin + of.chance().between(3s, 25s), [&of, id] { ask_about_all(of, id, command_kind::acknowledge); });
}

void channel_keeps_dying(world& of) {
  const tenant_config& whose = some_tenant(of);
  const std::string name = channel_of(whose, of.chance().pick(whose.channels));
  for (int i = 0; i < 20; ++i) later(of, i * 900ms, [&of, id = whose.id, name] { of.crash_actor(id, name); });
}

void burst_on_a_slow_disk(world& of) {
  const tenant_config& whose = some_tenant(of);
  const tenant_id id = whose.id;
  something_falls(of, whose);
  const instant begin = 55s + of.chance().between(0s, 20s);
  later(of, begin - 1s, [&of] { of.disk_slow(true); });
  later(of, begin + 25s, [&of] { of.disk_slow(false); });
  const instant death = begin + of.chance().between(1s, 8s);
  later(of, death, [&of, id] { of.crash_actor(id, "tenant/" + id.str()); });
  for (int i = 0; i < 20; ++i)
    later(of, death + 40ms + i * 20ms, [&of, id] { ask_about_one(of, id, command_kind::renotify); });
  for (int i = 0; i < 24; ++i)
    later(of, begin + of.chance().between(0s, 12s), [&of, id] {
      ask_about_one(of, id, of.chance().chance(85) ? command_kind::renotify : command_kind::acknowledge);
    });
  for (const channel_config& one : whose.channels)
    for (int i = 0; i < 3; ++i)
      later(of, begin + of.chance().between(0s, 20s),
            [&of, id, name = channel_of(whose, one)] { of.crash_actor(id, name); });
}

void clock_is_wrong(world& of) {
  const tenant_config& whose = some_tenant(of);
  const tenant_id id = whose.id;
  something_falls(of, whose);
  const instant begin = 50s + of.chance().between(0s, 30s);
  ails(of, id, mood::failing, begin, begin + 30s);
  later(of, begin, [&of, id] { ask_about_all(of, id, command_kind::renotify); });
  later(of, begin + 2s, [&of, id] { ask_about_one(of, id, command_kind::snooze); });
  later(of, begin + of.chance().between(4s, 12s), [&of] { of.jump(-of.chance().between(20min, 60min)); });
  if (of.chance().chance(60))
    later(of, begin + of.chance().between(5s, 14s), [&of] {
      if (process* now = of.alive()) now->arm_job(1);
    });
}

void channels_die_without_a_disk(world& of) {
  const tenant_config& whose = some_tenant(of);
  const tenant_id id = whose.id;
  something_falls(of, whose);
  const instant begin = 60s + of.chance().between(0s, 20s);
  ails(of, id, of.chance().chance(50) ? mood::hung : mood::slow, begin - 1s, begin + 40s);
  later(of, begin, [&of, id] { ask_about_all(of, id, command_kind::renotify); });
  const instant away = begin + of.chance().between(100ms, 2s);
  later(of, away, [&of] { of.disk_away(true); });
  later(of, away + of.chance().between(3s, 20s), [&of] { of.disk_away(false); });
  for (const channel_config& one : whose.channels)
    later(of, away + 100ms, [&of, id, name = channel_of(whose, one)] { of.crash_actor(id, name); });
}

void asked_again_on_a_slow_disk(world& of) {
  const tenant_config& whose = some_tenant(of);
  const tenant_id id = whose.id;
  something_falls(of, whose);
  const instant begin = 55s + of.chance().between(0s, 20s);
  later(of, begin - 1s, [&of] { of.disk_slow(true); });
  later(of, begin + 40s, [&of] { of.disk_slow(false); });
  for (int i = 0; i < 30; ++i)
    later(of, begin + of.chance().between(0s, 30s), [&of, id] { ask_about_one(of, id, command_kind::renotify); });
}

// What waits for long waits no more: a snooze of an hour, and what a provider has refused for some minutes.
void clock_is_set_forward(world& of) {
  const tenant_config& whose = some_tenant(of);
  const tenant_id id = whose.id;
  const std::string lasts = std::to_string(span(of, 10min, 15min) / 1s + 1) + "s";
  for (const instance_config& one : whose.instances)
    of.pbxes().does("service_down", {{"pbx", one.id.str()}, {"service", "3CXMediaServer"}, {"for", lasts}});
  const instant begin = 2min + of.chance().between(0s, 30s);
  const instant end = begin + of.chance().between(7min, 9min);
  later(of, begin - 5s, [&of, id] { ask_about_all(of, id, command_kind::renotify); });
  ails(of, id, mood::failing, begin - 6s, end);
  const instant then = end + of.chance().between(1s, 20s);
  later(of, then - 25s, [&of, id] {
    const auto open = open_alerts(of, id);
    if (!open.empty()) ask_about(of, of.chance().pick(open), command_kind::snooze, 1h);
  });
  later(of, then, [&of] { of.jump(of.chance().between(61min, 90min)); });
}

} // namespace ringdown::simulation
