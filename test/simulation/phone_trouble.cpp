#include "test/simulation/phone_trouble.hpp"

#include "test/simulation/household.hpp"
#include "test/simulation/trouble.hpp"
#include "test/simulation/world.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

sim::phone ways_of(const std::string& number, dice& chance) {
  static const std::vector<sim::pick_up> does{sim::pick_up::answers, sim::pick_up::answers,   sim::pick_up::answers,
                                              sim::pick_up::answers, sim::pick_up::no_answer, sim::pick_up::no_answer,
                                              sim::pick_up::busy,    sim::pick_up::rejected};
  static const std::vector<std::string> heard{"human", "human", "human", "machine_start", "unknown"};
  static const std::vector<std::string> keys{"", "", "1", "1", "2", "3", "7", "#"};
  const auto soon = [&](instant least, instant most) {
    return std::chrono::duration_cast<duration>(chance.between(least, most));
  };
  sim::phone made;
  made.number = number;
  made.does = chance.pick(does);
  made.answered_by = chance.pick(heard);
  made.after = soon(1s, 24s);
  made.press = made.answered_by == "machine_start" ? "" : chance.pick(keys);
  made.press_after = soon(500ms, 8s);
  if (chance.chance(20)) made.hang_up = soon(300ms, 12s);
  return made;
}

std::vector<std::string> numbers_of(world& of) {
  std::set<std::string> all;
  for (const auto& tenant : of.inhabitants())
    for (const std::string& one : phones_of(*tenant)) all.insert(one);
  return {all.begin(), all.end()};
}

void behaves(world& of, const std::string& number) {
  const sim::phone way = ways_of(number, of.chance());
  for (telephone* one : of.telephones()) one->set(way);
}

} // namespace

void everybody_has_a_phone(world& of) {
  for (const std::string& number : numbers_of(of)) behaves(of, number);
}

void somebody_changes_their_ways(world& of) {
  const auto numbers = numbers_of(of);
  if (!numbers.empty()) behaves(of, of.chance().pick(numbers));
}

void callbacks_go_astray(world& of) {
  static const std::vector<std::string> ways{"late", "doubled", "reversed", "dropped", "forged"};
  const auto all = of.telephones();
  if (all.empty()) return;
  telephone* one = of.chance().pick(all);
  one->callbacks_are(of.chance().pick(ways), of.chance().between(1s, 45s));
  of.time().after(span(of, 1min, 8min), [one] { one->callbacks_are("ok", {}); });
}

// Of what fires, whether it was read out or not.
void somebody_forges_a_key(world& of) {
  const auto all = of.telephones();
  std::vector<read_alert> open;
  for (const auto& [id, one] : of.told().alerts())
    if (one.phase == alert_phase::firing && open.size() < 10) open.push_back({id, one.episode});
  if (!all.empty()) of.chance().pick(all)->forge(open);
}

void the_mail_server_ails(world& of) {
  static const std::vector<mood> ways{mood::hung, mood::forgetful, mood::failing, mood::refusing, mood::unreachable};
  if (of.mail().is() != mood::sound) return;
  of.mail_is(of.chance().pick(ways));
  of.time().after(span(of, 20s, 6min), [&of] { of.mail_is(mood::sound); });
}

} // namespace ringdown::simulation
