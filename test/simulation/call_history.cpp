#include "test/simulation/call_history.hpp"

#include <algorithm>
#include <map>

namespace ringdown::simulation {

namespace {

void hear(phone_call& call, const phone_event& what, instant at) {
  if (what.kind == "call_ringing") call.ringing = at;
  if (what.kind == "call_answered") {
    call.answered = at;
    call.scripts.push_back({at, false, {}});
  }
  if (what.kind == "call_ended") call.ended = at;
  if (what.kind == "call_digits") call.keys.emplace_back(at, what.text);
  if (what.kind == "callback_answer" && what.text != "status" && what.answered == 200)
    call.scripts.push_back({at, what.text == "document", {}});
  if (what.kind == "call_said" && !call.scripts.empty()) call.scripts.back().lines.push_back(what.text);
}

} // namespace

std::vector<phone_call> calls_of(const history& of) {
  std::vector<phone_call> all;
  std::map<std::string, std::size_t> known;
  for (const entry& one : of.entries()) {
    const auto* what = std::get_if<phone_event>(&one.what);
    if (what == nullptr) continue;
    if (what->kind == "call_placed") {
      known[what->sid] = all.size();
      all.push_back({what->sid, what->number, what->tenant, what->channel, what->row, one.at, {}, {}, {}, {}, {}});
    }
    if (const auto at = known.find(what->sid); at != known.end()) hear(all[at->second], *what, one.at);
  }
  return all;
}

unrest::unrest(const history& of) {
  std::map<std::string, instant> open;
  const auto concerns = [&](const std::string& what) {
    return what == "store" || what == "slow store" || what.starts_with("provider voice") ||
           what.starts_with("poison voice");
  };
  const auto point = [&](instant at) { spells_.emplace_back(at, at); };
  for (const entry& one : of.entries()) {
    if (const auto* fault = std::get_if<spell>(&one.what); fault != nullptr && concerns(fault->what)) {
      if (fault->begins)
        open[fault->what] = one.at;
      else
        spells_.emplace_back(open[fault->what], one.at);
    }
    if (std::holds_alternative<life_began>(one.what) || std::holds_alternative<life_ended>(one.what)) point(one.at);
    if (std::holds_alternative<clock_jumped>(one.what)) point(one.at);
    const auto* crash = std::get_if<actor_crashed>(&one.what);
    if (crash != nullptr && !crash->actor.starts_with("poller/")) point(one.at);
  }
}

bool unrest::any(instant from, instant to) const {
  return std::ranges::any_of(spells_, [&](const auto& one) { return one.first <= to && one.second >= from; });
}

bool is_loud(const alert& a) {
  return a.phase == alert_phase::firing && a.masks == 0 && !a.settling && !a.first_sight &&
         a.level == severity::critical && a.told == severity::critical;
}

bool is_for_the_phone(const alert& a, const tenant_config& tenant) {
  const auto& types = tenant.voice.types;
  return is_loud(a) && std::ranges::find(types, a.key.type) != types.end();
}

std::string name_said_of(const alert& a, const tenant_config& tenant) {
  const bool of_a_thing = a.key.type == alert_type::trunk_down || a.key.type == alert_type::sbc_offline ||
                          a.key.type == alert_type::service_down || a.key.type == alert_type::provider_outage;
  if (of_a_thing) return a.label.empty() ? a.key.resource.key : a.label;
  const instance_config* where = tenant.find(a.key.instance);
  return where == nullptr ? a.key.instance.str() : where->name;
}

bool names(const said_script& script, const std::string& name) {
  return std::ranges::any_of(script.lines, [&](const std::string& line) { return line.find(name) != line.npos; });
}

} // namespace ringdown::simulation
