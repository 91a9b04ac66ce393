// The faults of the table in docs/testing.md ("Longest silence"), each as it happens to the one tenant of such a world.
#include "test/simulation/silence.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

constexpr instant provider_ails_for = 10min;
constexpr instant network_is_away_for = 20s;
constexpr instant pbx_ails_for = 2min;
constexpr int crashes_that_trip = 6; // one more than the budget

const tenant_config& the_tenant(const world& of) { return *of.inhabitants().front(); }

far_end* end_of(world& of, const std::string& channel) {
  for (auto& [host, far] : of.providers())
    if (far.channel.str().starts_with(channel + "-")) return &far;
  return nullptr;
}

void ails(world& of, const std::string& channel, mood how) {
  far_end* far = end_of(of, channel);
  far->who->be(how);
  of.time().after(provider_ails_for, [far] { far->who->be(mood::sound); });
}

void mail_ails(world& of, mood how) {
  of.mail().be(how);
  of.time().after(provider_ails_for, [&of] { of.mail().be(mood::sound); });
}

// Whatever ails beside it goes on ailing afterwards.
void network_is_away(world& of) {
  for (auto& [host, far] : of.providers()) {
    const mood before = far.who->is();
    far.who->be(mood::unreachable);
    of.time().after(network_is_away_for, [&far = far, before] { far.who->be(before); });
  }
  const mood before = of.mail().is();
  of.mail().be(mood::unreachable);
  of.time().after(network_is_away_for, [&of, before] { of.mail().be(before); });
}

// As soon as it runs again it crashes again.
void crashes(world& of, const std::string& actor, int times) {
  of.crash_actor(the_tenant(of).id, actor);
  if (times > 1) of.time().after(900ms, [&of, actor, times] { crashes(of, actor, times - 1); });
}

std::string channel_actor(const world& of, const std::string& channel) {
  const std::string tenant = the_tenant(of).id.str();
  return "channel/" + tenant + "/" + channel + "-" + tenant;
}
std::string tenant_actor(const world& of) { return "tenant/" + the_tenant(of).id.str(); }
std::string poller_actor(const world& of) {
  return "poller/" + the_tenant(of).id.str() + "/" + the_tenant(of).instances.front().id.str();
}

void disk_is_away(world& of, instant span) {
  of.disk_away(true);
  of.time().after(span, [&of] { of.disk_away(false); });
}

void kill(world& of, const std::function<void(process&)>& how) {
  if (process* now = of.alive()) how(*now);
}

void pbx_says(world& of, const std::string& verb) {
  of.pbxes().does(verb, {{"pbx", "*"}, {"endpoint", "Trunks"}, {"for", std::to_string(pbx_ails_for / 1s) + "s"}});
}

using list = std::vector<single_fault>;

void add_providers(list& to) {
  const std::vector<std::pair<std::string, mood>> ways{
      {"hangs", mood::hung},
      {"answers 500", mood::failing},
      {"takes it and cuts", mood::dropping},
      {"takes it and never answers", mood::forgetful},
      {"refuses for good", mood::gone},
      {"asks for ten minutes", mood::throttling},
      {"is somebody else's page", mood::captive},
      {"refuses connections", mood::unreachable},
      {"has no address", mood::nameless},
  };
  for (const char* channel : {"push", "second", "hook"})
    for (const auto& [words, how] : ways)
      to.push_back(
          {std::string(channel) + " " + words, channel, {}, [channel = std::string(channel), how = how](world& of) {
             ails(of, channel, how);
           }});
  const std::vector<std::pair<std::string, mood>> mirror_ways{{"hangs", mood::hung},
                                                              {"answers 500", mood::failing},
                                                              {"takes it and never answers", mood::forgetful},
                                                              {"asks to wait", mood::limited}};
  for (const char* channel : {"chat", "desk"})
    for (const auto& [words, how] : mirror_ways)
      to.push_back(
          {std::string(channel) + " " + words, channel, {}, [channel = std::string(channel), how = how](world& of) {
             ails(of, channel, how);
           }});
  const std::vector<std::pair<std::string, mood>> mail_ways{{"hangs", mood::hung},
                                                            {"answers 451", mood::failing},
                                                            {"takes it and never answers", mood::forgetful},
                                                            {"refuses connections", mood::unreachable},
                                                            {"refuses for good", mood::refusing}};
  for (const auto& [words, how] : mail_ways)
    to.push_back({"mail " + words, "mail", {}, [how = how](world& of) { mail_ails(of, how); }});
  to.push_back({"network is away 20 s", {}, {}, network_is_away});
}

void add_actors(list& to) {
  for (const std::string channel : {"push", "second", "hook", "chat", "desk"}) {
    to.push_back(
        {channel + " crashes", channel, {}, [channel](world& of) { crashes(of, channel_actor(of, channel), 1); }});
    to.push_back({channel + " trips", channel, 1s,
                  [channel](world& of) { crashes(of, channel_actor(of, channel), crashes_that_trip); }});
  }
  to.push_back({"tenant crashes", {}, {}, [](world& of) { crashes(of, tenant_actor(of), 1); }});
  to.push_back({"poller crashes", {}, 5s, [](world& of) { crashes(of, poller_actor(of), 1); }});
}

void add_store(list& to) {
  to.push_back({"store stalls 5 s", {}, {}, [](world& of) { of.disk_stalls(5s); }});
  to.push_back({"store stalls 20 s", {}, {}, [](world& of) { of.disk_stalls(20s); }});
  to.push_back({"store is busy 5 s", {}, {}, [](world& of) { disk_is_away(of, 5s); }});
  to.push_back({"store is busy 20 s", {}, {}, [](world& of) { disk_is_away(of, 20s); }});
  to.push_back({"store refuses a commit", {}, {}, [](world& of) { of.disk_refuses(1); }});
}

void add_process(list& to) {
  using enum moment_of_death;
  const auto add = [&](const std::string& words, const std::function<void(process&)>& how) {
    to.push_back({"killed " + words, {}, {}, [how](world& of) { kill(of, how); }});
  };
  add("before a commit", [](process& of) { of.arm_write({1, before}); });
  add("after a commit", [](process& of) { of.arm_write({1, after}); });
  add("before a request", [](process& of) { of.arm_send({1, before}); });
  add("after a request", [](process& of) { of.arm_send({1, after}); });
}

void add_clocks(list& to) {
  to.push_back({"clock is set forward 1 h", {}, {}, [](world& of) { of.jump(1h); }});
  to.push_back({"clock is set back 1 h", {}, {}, [](world& of) { of.jump(-1h); }});
  to.push_back({"restart 1 h in the past", {}, {}, [](world& of) {
                  of.jump(-1h);
                  kill(of, [](process& now) { now.arm_job(1); });
                }});
}

void add_pbx(list& to) {
  to.push_back({"PBX answers HTML 2 min", {}, 15s, [](world& of) { pbx_says(of, "pbx_html"); }});
  to.push_back({"PBX hangs 2 min", {}, 15s, [](world& of) { pbx_says(of, "pbx_hang"); }});
  to.push_back({"PBX revokes its token", {}, 15s, [](world& of) { of.pbxes().does("token_revoke", {{"pbx", "*"}}); }});
}

list all_of_them() {
  list made;
  add_providers(made);
  add_actors(made);
  add_store(made);
  add_process(made);
  add_clocks(made);
  add_pbx(made);
  return made;
}

} // namespace

std::span<const single_fault> single_faults() {
  static const list all = all_of_them();
  return all;
}

} // namespace ringdown::simulation
