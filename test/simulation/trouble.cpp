#include "test/simulation/trouble.hpp"

#include "test/simulation/combinations.hpp"
#include "test/simulation/config_trouble.hpp"
#include "test/simulation/phone_trouble.hpp"
#include "test/simulation/world.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

std::string text_of(instant span) { return std::to_string(std::max<std::int64_t>(1, span / 1s)) + "s"; }

std::string some_pbx(world& of) { return of.pbxes().pbxes()[of.chance().below(of.pbxes().pbxes().size())].name; }

const tenant_config& some_tenant(world& of) { return *of.inhabitants()[of.chance().below(of.inhabitants().size())]; }

// --- PBXes that are really down ----------------------------------------------------------------------------------------

void trunk_falls(world& of) {
  static const std::vector<std::string> reasons{"failed", "silent", "unregistered"};
  sim::arguments with{{"pbx", some_pbx(of)}, {"reason", of.chance().pick(reasons)}};
  if (of.chance().chance(75)) with["trunk"] = std::to_string(10'000 + of.chance().below(4));
  if (of.chance().chance(80)) with["for"] = text_of(span(of, 15s, 9min));
  of.pbxes().does("trunk_down", std::move(with));
}

// Down and up again and again: flapping.
void trunk_flaps(world& of) {
  const std::string pbx = some_pbx(of);
  instant after{};
  for (std::size_t left = 7 + of.chance().below(3); left > 0; --left) {
    after += of.chance().between(40s, 80s);
    if (of.now() + after > trouble_lasts) break;
    of.time().after(after, [&of, pbx, down = left % 2 == 0] {
      of.pbxes().does(down ? "trunk_down" : "trunk_up", {{"pbx", pbx}, {"trunk", "10000"}});
    });
  }
  if (of.chance().chance(60) && of.now() + after + 30s < trouble_lasts)
    of.time().after(after + 30s, [&of] {
      for (const auto& tenant : of.inhabitants()) of.crash_actor(tenant->id, "tenant/" + tenant->id.str());
    });
}

void trunk_is_switched(world& of) {
  static const std::vector<std::string> verbs{"trunk_disable", "trunk_delete"};
  of.pbxes().does(of.chance().pick(verbs), {{"pbx", some_pbx(of)},
                                            {"trunk", std::to_string(10'000 + of.chance().below(3))},
                                            {"for", text_of(span(of, 1min, 8min))}});
}

void sbc_falls(world& of) {
  of.pbxes().does("sbc_down", {{"pbx", some_pbx(of)}, {"for", text_of(span(of, 15s, 9min))}});
}

void service_falls(world& of) {
  static const std::vector<std::string> names{"3CXPhoneSystem01", "3CXMediaServer", "3CXQueueManager01"};
  of.pbxes().does("service_down",
                  {{"pbx", some_pbx(of)}, {"service", of.chance().pick(names)}, {"for", text_of(span(of, 20s, 6min))}});
}

void calls_rise(world& of) {
  of.pbxes().does("calls", {{"pbx", some_pbx(of)},
                            {"value", std::to_string(12 + of.chance().below(5))},
                            {"for", text_of(span(of, 1min, 6min))}});
}

void pbx_falls(world& of) {
  static const std::vector<std::string> verbs{"pbx_down", "pbx_silent", "pbx_hang", "pbx_502", "cert_expired"};
  of.pbxes().does(of.chance().pick(verbs), {{"pbx", some_pbx(of)}, {"for", text_of(span(of, 10s, 7min))}});
}

void pbx_restarts(world& of) {
  static const std::vector<std::string> verbs{"pbx_reboot", "pbx_update"};
  of.pbxes().does(of.chance().pick(verbs),
                  {{"pbx", some_pbx(of)}, {"for", text_of(span(of, 15s, 4min))}, {"settle", "40s"}});
}

// --- PBXes that cannot be read -----------------------------------------------------------------------------------------

void pbx_talks_nonsense(world& of) {
  static const std::vector<std::string> verbs{"pbx_html", "pbx_truncated", "pbx_bad_json", "pbx_500",  "pbx_503",
                                              "pbx_429",  "pbx_403",       "pbx_hang",     "pbx_reset"};
  static const std::vector<std::string> places{"Trunks", "Sbcs", "SystemStatus", "Services"};
  const std::size_t which = of.chance().below(of.pbxes().pbxes().size());
  // The newest fault wins: an endpoint that says "forbidden" or has an empty list would be one that is up.
  if (!of.pbxes().is_reachable(which)) return;
  sim::arguments with{{"pbx", of.pbxes().pbxes()[which].name}, {"for", text_of(span(of, 10s, 6min))}};
  with["endpoint"] = of.chance().pick(places);
  of.pbxes().does(of.chance().pick(verbs), std::move(with));
}

void list_is_empty(world& of) {
  const std::size_t which = of.chance().below(of.pbxes().pbxes().size());
  if (!of.pbxes().is_reachable(which)) return;
  of.pbxes().does("empty_trunks", {{"pbx", of.pbxes().pbxes()[which].name}, {"for", text_of(span(of, 20s, 5min))}});
}

void field_is_missing(world& of) {
  static const std::vector<std::string> verbs{"null_field", "drop_field"};
  of.pbxes().does(
      of.chance().pick(verbs),
      {{"pbx", some_pbx(of)}, {"endpoint", "Trunks"}, {"field", "IsOnline"}, {"for", text_of(span(of, 20s, 5min))}});
}

void login_changes(world& of) {
  const auto& all = of.pbxes().pbxes();
  const std::size_t which = of.chance().below(all.size());
  const std::string& pbx = all[which].name;
  // Changed twice, the second one to end would put back what the first had changed.
  if (all[which].tokens.secret() != of.pbxes().secret_of(which) || of.chance().chance(70)) {
    of.pbxes().does("token_revoke", {{"pbx", pbx}});
    return;
  }
  of.pbxes().does("creds_change", {{"pbx", pbx}, {"for", text_of(span(of, 30s, 3min))}});
}

// --- providers ---------------------------------------------------------------------------------------------------------

void provider_ails(world& of) {
  auto& all = of.providers();
  auto at = all.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(of.chance().below(all.size())));
  far_end& end = at->second;
  if (end.who->is() != mood::sound) return;
  end.who->be(of.chance().chance(35) ? mood::moody : of.chance().pick(end.who->moods()));
  of.write(spell{"provider " + end.channel.str(), true});
  of.time().after(span(of, 20s, 6min), [&of, &end] {
    if (end.who->is() == mood::sound) return;
    end.who->be(mood::sound);
    of.write(spell{"provider " + end.channel.str(), false});
  });
}

void delivery_is_poison(world& of) {
  auto& all = of.providers();
  auto at = all.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(of.chance().below(all.size())));
  far_end& end = at->second;
  end.poisonous = true;
  of.write(spell{"poison " + end.channel.str(), true});
  of.time().after(span(of, 5s, 90s), [&of, &end] {
    end.poisonous = false;
    of.write(spell{"poison " + end.channel.str(), false});
  });
}

// --- the process, its actors, its disk, its clock ----------------------------------------------------------------------

void process_is_killed(world& of) {
  process* now = of.alive();
  if (now == nullptr) return;
  const auto when = of.chance().chance(50) ? moment_of_death::before : moment_of_death::after;
  const auto soon = static_cast<int>(1 + of.chance().below(6));
  switch (of.chance().below(4)) {
    case 0: now->arm_job(static_cast<int>(1 + of.chance().below(80))); return;
    case 1: now->arm_send({static_cast<int>(1 + of.chance().below(12)), when}); return;
    default: now->arm_write({soon, when}); return;
  }
}

void handler_fails(world& of) {
  static const std::vector<std::string> places{
      "provider request", "delivery_begun", "delivery_attempt", "provider request", "delivery_begun",
      "delivery_attempt", "link",           "command",          "transition",       "pbx request",
      "actor_crashed"};
  if (process* now = of.alive()) now->arm_throw(of.chance().pick(places), static_cast<int>(1 + of.chance().below(4)));
}

void actor_is_restarted(world& of) {
  const tenant_config& whose = some_tenant(of);
  std::vector<std::string> names{"tenant/" + whose.id.str()};
  for (const auto& one : whose.channels) names.push_back("channel/" + whose.id.str() + "/" + one.id.str());
  for (const auto& one : whose.instances) names.push_back("poller/" + whose.id.str() + "/" + one.id.str());
  of.crash_actor(whose.id, of.chance().pick(names));
}

void disk_is_away(world& of) {
  of.disk_away(true);
  of.time().after(span(of, 1s, 2min), [&of] { of.disk_away(false); });
}

void disk_is_slow(world& of) {
  of.disk_slow(true);
  of.time().after(span(of, 20s, 5min), [&of] { of.disk_slow(false); });
}

void clock_jumps(world& of) {
  const instant by = of.chance().between(1s, 60min);
  of.jump(of.chance().chance(50) ? by : -by);
}

// --- people ------------------------------------------------------------------------------------------------------------

std::optional<alert> some_open_alert(world& of) {
  std::vector<alert> open;
  for (const auto& [id, one] : of.told().alerts())
    if (one.phase != alert_phase::resolved) open.push_back(one);
  return open.empty() ? std::nullopt : std::optional(of.chance().pick(open));
}

void about_an_alert(world& of, command_kind kind) {
  const auto what = some_open_alert(of);
  if (!what) return;
  command made;
  made.tenant = what->tenant;
  made.kind = kind;
  made.alert = what->id;
  made.episode = of.chance().chance(50) ? what->episode : 0;
  made.by = "jo";
  made.via = "link";
  if (kind == command_kind::snooze)
    made.until = of.wall_of(made.tenant) + std::chrono::duration_cast<duration>(of.chance().between(30s, 5min));
  of.ask(std::move(made));
}

void somebody_acknowledges(world& of) { about_an_alert(of, command_kind::acknowledge); }
void somebody_snoozes(world& of) { about_an_alert(of, command_kind::snooze); }
void somebody_renotifies(world& of) { about_an_alert(of, command_kind::renotify); }

void somebody_silences(world& of) {
  command made;
  made.tenant = some_tenant(of).id;
  made.kind = of.chance().chance(50) ? command_kind::silence : command_kind::mute_type;
  made.subject = "trunk_down";
  made.by = "jo";
  made.via = "cli";
  made.until = of.wall_of(made.tenant) + std::chrono::duration_cast<duration>(of.chance().between(20s, 4min));
  of.ask(std::move(made));
}

void somebody_tests(world& of) {
  const tenant_config& whose = some_tenant(of);
  command made;
  made.tenant = whose.id;
  made.kind = command_kind::test_channel;
  made.subject = of.chance().pick(whose.channels).id.str();
  made.by = "jo";
  made.via = "cli";
  of.ask(std::move(made));
}

struct fault {
  unsigned weight;
  void (*happens)(world&);
};
constexpr std::array table{
    fault{12, trunk_falls},
    fault{4, trunk_flaps},
    fault{2, trunk_is_switched},
    fault{4, sbc_falls},
    fault{3, service_falls},
    fault{3, calls_rise},
    fault{5, pbx_falls},
    fault{3, pbx_restarts},
    fault{4, pbx_talks_nonsense},
    fault{1, list_is_empty},
    fault{2, field_is_missing},
    fault{2, login_changes},
    fault{9, provider_ails},
    fault{1, delivery_is_poison},
    fault{5, process_is_killed},
    fault{4, handler_fails},
    fault{4, actor_is_restarted},
    fault{3, disk_is_away},
    fault{3, disk_is_slow},
    fault{2, clock_jumps},
    fault{10, somebody_acknowledges},
    fault{4, somebody_snoozes},
    fault{3, somebody_renotifies},
    fault{2, somebody_silences},
    fault{1, somebody_tests},
    fault{3, bad_quarter_hour},
    fault{3, tenant_keeps_dying},
    fault{3, channel_keeps_dying},
    fault{3, burst_on_a_slow_disk},
    fault{3, clock_is_wrong},
    fault{3, clock_is_set_forward},
    fault{2, channels_die_without_a_disk},
    fault{2, asked_again_on_a_slow_disk},
    fault{5, somebody_changes_their_ways},
    fault{4, callbacks_go_astray},
    fault{2, somebody_forges_a_key},
    fault{2, the_mail_server_ails},
    fault{5, somebody_configures},
    fault{3, somebody_wants_no_calls},
    fault{2, a_queue_is_acknowledged},
    fault{3, the_chat_misses_a_fire},
    fault{1, everybody_waits_for_ten_minutes},
};

constexpr std::array stories{bad_quarter_hour,
                             tenant_keeps_dying,
                             channel_keeps_dying,
                             burst_on_a_slow_disk,
                             channels_die_without_a_disk,
                             asked_again_on_a_slow_disk,
                             clock_is_wrong,
                             clock_is_set_forward,
                             a_queue_is_acknowledged,
                             the_chat_misses_a_fire,
                             everybody_waits_for_ten_minutes};

void something_happens(world& of) {
  unsigned all = 0;
  for (const fault& one : table) all += one.weight;
  auto at = static_cast<unsigned>(of.chance().below(all));
  for (const fault& one : table) {
    if (at < one.weight) return one.happens(of);
    at -= one.weight;
  }
}

} // namespace

// Never beyond the trouble.
instant span(world& of, instant least, instant most) {
  const instant left = trouble_lasts - of.now();
  return std::min(of.chance().between(least, most), left);
}

// Troubles come in bursts: alone each is survived by much that is wrong. But what others do wakes whoever has overslept, so that
// in every fourth world there is one story and nothing else.
void plan_trouble(world& of) {
  of.time().at(trouble_lasts, [&of] { of.calm(); });
  if (of.chance().chance(25)) {
    const auto story = of.chance().pick(std::vector(stories.begin(), stories.end()));
    return of.time().at(of.chance().between(50s, 8min), [&of, story] { story(of); });
  }
  everybody_has_a_phone(of);
  const std::size_t bursts = 6 + of.chance().below(8);
  for (std::size_t i = 0; i < bursts; ++i) {
    const instant begin = of.chance().between(50s, trouble_lasts - 1min);
    for (std::size_t left = 1 + of.chance().below(6); left > 0; --left)
      of.time().at(std::min<instant>(begin + of.chance().between(0s, 40s), trouble_lasts - 5s),
                   [&of] { something_happens(of); });
  }
}

} // namespace ringdown::simulation
