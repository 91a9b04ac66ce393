#include "test/simulation/combinations.hpp"

#include "test/simulation/trouble.hpp"
#include "test/simulation/world.hpp"

#include <algorithm>
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
  if (kind == command_kind::snooze) made.until = of.wall_of(what.tenant) + snooze;
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

namespace {

far_end* end_of(world& of, const std::string& channel) {
  for (auto& [lane, far] : of.providers())
    if (far.channel.str() == channel) return &far;
  return nullptr;
}

// From now until then, unless something else ails it meanwhile.
void one_ails(world& of, far_end& far, mood how, instant span) {
  if (far.who->is() == mood::sound) of.write(spell{"provider " + far.channel.str(), true});
  far.who->be(how);
  of.time().after(span, [&of, &far, how] {
    if (far.who->is() != how) return;
    far.who->be(mood::sound);
    of.write(spell{"provider " + far.channel.str(), false});
  });
}

// Until a row that was just handed over is looked at, others hold both connections.
void fill_the_queue(world& of, const tenant_id& id, bool acknowledged) {
  auto open = open_alerts(of, id);
  std::erase_if(open, [](const alert& one) { return one.level != severity::critical || one.ack || one.masks != 0; });
  far_end* push = end_of(of, "push-" + id.str());
  if (open.size() < 3 || push->who->is() != mood::sound) return;
  one_ails(of, *push, mood::failing, 900ms);
  for (std::size_t i = 0; i < 2; ++i) ask_about(of, open[i], command_kind::renotify);
  later(of, 950ms, [&of, push, acknowledged] {
    one_ails(of, *push, acknowledged ? mood::slow : mood::hung, acknowledged ? 12s : 22s);
  });
  for (std::size_t i = 2; i < open.size() && i < 4; ++i) {
    later(of, 3s, [&of, one = open[i]] { ask_about(of, one, command_kind::renotify); });
    if (acknowledged)
      later(of, of.chance().between(3200ms, 4s),
            [&of, one = open[i]] { ask_about(of, one, command_kind::acknowledge); });
  }
  if (acknowledged) return;
  later(of, 8s, [&of] { of.disk_away(true); });
  later(of, 17s, [&of] { of.disk_away(false); });
}

} // namespace

void a_queue_is_acknowledged(world& of) {
  const tenant_config& whose = some_tenant(of);
  something_falls(of, whose);
  const bool acknowledged = of.chance().chance(60);
  for (int round = 0; round < 2; ++round)
    later(of, 65s + round * 40s + of.chance().between(0s, 10s),
          [&of, id = whose.id, acknowledged] { fill_the_queue(of, id, acknowledged); });
}

void the_chat_misses_a_fire(world& of) {
  std::vector<tenant_id> chatting;
  for (const auto& one : of.inhabitants())
    if (end_of(of, "chat-" + one->id.str()) != nullptr) chatting.push_back(one->id);
  if (chatting.empty()) return;
  const tenant_id id = of.chance().pick(chatting);
  far_end* chat = end_of(of, "chat-" + id.str());
  if (chat->who->is() != mood::sound) return;
  something_falls(of, **std::ranges::find_if(of.inhabitants(), [&](const auto& one) { return one->id == id; }));
  one_ails(of, *chat, mood::unreachable, 105s + of.chance().between(0s, 10s));
  later(of, 75s, [&of, id] {
    for (const alert& one : open_alerts(of, id)) ask_about(of, one, command_kind::snooze, 20min);
  });
  later(of, 80s, [&of, id] { ask_about_all(of, id, command_kind::renotify); });
  later(of, 85s, [&of, id] { ask_about_all(of, id, command_kind::acknowledge); });
}

void everybody_waits_for_ten_minutes(world& of) {
  const tenant_config& whose = some_tenant(of);
  const tenant_id id = whose.id;
  far_end* push = end_of(of, "push-" + id.str());
  if (push->who->is() != mood::sound) return;
  const std::string lasts = std::to_string(span(of, 9min, 12min) / 1s + 1) + "s";
  of.pbxes().does(
      "trunk_down",
      {{"pbx", whose.instances.front().id.str()}, {"trunk", "10001"}, {"reason", "failed"}, {"for", lasts}});
  one_ails(of, *push, mood::throttling, 100s);
  later(of, 4min + of.chance().between(0s, 1min), [&of] { of.jump(of.chance().between(12min, 30min)); });
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
