#include "actors/logic/oncall_chain.hpp"

#include "actors/logic/numbers.hpp"

#include <algorithm>
#include <string_view>

namespace ringdown::logic {

namespace {

void note(call_chain& chain, std::string_view step, const std::string& person, std::string_view verdict) {
  if (!chain.gates.empty()) chain.gates += ' ';
  chain.gates += step;
  chain.gates += "=" + (person.empty() ? std::string(verdict) : person + ":" + std::string(verdict));
}

void consider(call_chain& chain, const chain_context& in, std::string_view step, const std::string& person,
              const std::string& phone, const std::string& consent) {
  const number_verdict number = usable_number(phone, in.regions);
  if (number.fault == number_fault::region_denied)
    return note(chain, step, person, "region_denied:" + (number.region.empty() ? "unknown" : number.region));
  if (number.fault != number_fault::none) return note(chain, step, person, name(number.fault));
  if (consent.empty()) return note(chain, step, person, "no_consent");
  const auto known = in.phones.find(number.e164);
  if (known == in.phones.end() || !known->second.verified) return note(chain, step, person, "not_verified");
  if (std::ranges::find(chain.usable, number.e164, &callable::number) != chain.usable.end())
    return note(chain, step, person, "same_number");
  note(chain, step, person, "ok");
  chain.usable.push_back({person, number.e164});
}

void consider_user(call_chain& chain, const chain_context& in, std::string_view step,
                   const std::optional<user_id>& who) {
  if (!who || who->empty()) return note(chain, step, "", "none");
  const user_config* user = in.config.find(*who);
  if (user == nullptr) return note(chain, step, who->str(), "no_such_user");
  consider(chain, in, step, who->str(), user->phone, user->voice_consent);
}

} // namespace

reason why_never_called(const alert& a, const tenant_config& config) {
  if (a.level != severity::critical) return reason::not_critical;
  if (a.first_sight) return reason::first_sight;
  const auto& types = config.voice.types;
  // A drill goes where any outage would.
  const auto on = [&](alert_type type) { return std::ranges::find(types, type) != types.end(); };
  bool rings = a.key.type == alert_type::drill ? !types.empty() : on(a.key.type);
  // What speaks for trunks rings where they would have: a worse outage is not a quieter one.
  if (a.key.type == alert_type::all_trunks_down) rings = rings || on(alert_type::trunk_down);
  if (a.key.type == alert_type::provider_outage)
    rings = rings || on(alert_type::trunk_down) || on(alert_type::all_trunks_down);
  return rings ? reason::none : reason::type_not_for_voice;
}

bool is_for_calls(const alert& a, const tenant_config& config) { return why_never_called(a, config) == reason::none; }

bool is_read_out(const alert& a, const tenant_config& config) {
  return is_notifiable(a) && !a.settling && a.told == a.level && is_for_calls(a, config);
}

bool share_a_call(const alert& one, const alert& other) {
  return (one.key.type == alert_type::drill) == (other.key.type == alert_type::drill);
}

call_chain chain_of(const chain_context& in, const user_id& first) {
  call_chain chain;
  if (!first.empty()) consider_user(chain, in, "step", first);
  consider_user(chain, in, "oncall", in.oncall);
  const voice_config& voice = in.config.voice;
  if (voice.fallback.empty())
    note(chain, "fallback", "", "none");
  else
    consider(chain, in, "fallback", "fallback", voice.fallback, voice.fallback_consent);
  consider_user(chain, in, "owner", voice.owner);
  return chain;
}

} // namespace ringdown::logic
