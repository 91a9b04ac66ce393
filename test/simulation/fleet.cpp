#include "test/simulation/fleet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace ringdown::simulation {

namespace {

std::vector<sim::pbx> built(const sim::fleet_plan& plan, wall_time now) {
  sim::scenario whole;
  whole.fleet = plan;
  auto made = sim::build_fleet(whole, now);
  if (!made) throw std::logic_error("the fleet's plan is refused: " + made.error().detail);
  return std::move(*made);
}

transport_error tls_error(sim::certificate shown) {
  switch (shown) {
    case sim::certificate::good:
    case sim::certificate::other_key: return transport_error::none;
    case sim::certificate::expired: return transport_error::tls_expired;
    case sim::certificate::wrong_name: return transport_error::tls_name;
    case sim::certificate::self_signed:
    case sim::certificate::untrusted: return transport_error::tls_untrusted;
  }
  return transport_error::none;
}

health of(const sim::trunk& one) {
  if (!one.present || !one.enabled) return health::absent;
  return one.online ? health::sound : health::failing;
}

health as_health(bool sound) { return sound ? health::sound : health::failing; }

} // namespace

bool asks_for_token(const url_parts& where) { return where.target == "/connect/token"; }

fleet::fleet(const sim::fleet_plan& plan, timeline& time, journal& told, std::uint64_t seed)
    : time_(time),
      told_(told),
      world_(built(plan, time.truth()), [](const sim::journal_line&) {}),
      answers_(world_, seed) {
  for (const sim::pbx& one : world_.fleet()) secrets_.push_back(one.tokens.secret());
  tell_truth();
}

bool fleet::does(std::string verb, sim::arguments with) {
  with["do"] = std::move(verb);
  const auto what = sim::make_command(std::move(with));
  if (!what) throw std::logic_error("a command to the fleet is refused: " + what.error().detail);
  return carry_out(*what);
}

bool fleet::carry_out(const sim::command& what) {
  const auto done = world_.apply(what, time_.truth());
  if (!done) return false;
  std::string words = what.verb;
  for (const auto& [key, value] : what.with) words += fmt::format(" {}={}", key, value);
  told_.write(time_.now(), fleet_told{std::move(words)});
  static_cast<void>(world_.take_changed_fronts());
  tell_truth();
  for (const auto& one : done->later)
    time_.after(one.at, [this, then = one.what] { static_cast<void>(carry_out(then)); });
  return true;
}

std::optional<fleet::contact> fleet::reach(const url_parts& where, const http_request& request, seat_id from) {
  const auto& all = world_.fleet();
  const auto at = std::ranges::find(all, where.host, &sim::pbx::fqdn);
  if (at == all.end()) return std::nullopt;
  const auto index = static_cast<std::size_t>(at - all.begin());
  contact made;
  switch (sim::door_of(*at)) {
    case sim::door::closed: made.error = transport_error::connect_refused; return made;
    case sim::door::silent: made.error = transport_error::connect_timeout; return made;
    case sim::door::open: break;
  }
  made.error = tls_error(at->shows);
  if (made.error != transport_error::none) return made;
  const sim::question asked{std::string(name(request.method)), where.target, request.headers, request.body,
                            "simulation"};
  made.said = answers_.ask(index, asked, time_.truth());
  told_.write(time_.now(), pbx_asked{instance_id(at->name), from});
  if (from != 0 && asks_for_token(where)) told_.write(time_.now(), login_asked{instance_id(at->name), from});
  tell_truth();
  return made;
}

instance_config fleet::config_of(const sim::pbx& one) const {
  instance_config made;
  made.id = instance_id(one.name);
  made.name = one.label;
  made.customer = customer_id(one.customer);
  made.url = "https://" + one.fqdn;
  made.client_id = one.tokens.client_id();
  made.secret = secret_text(one.tokens.secret());
  return made;
}

void fleet::tell_truth() {
  const auto tell = [&](const sim::pbx& where, resource_kind kind, std::string key, health now) {
    const resource_ref ref{kind, std::move(key)};
    auto [at, fresh] = last_.try_emplace({instance_id(where.name), ref}, now);
    if (!fresh && at->second == now) return;
    at->second = now;
    told_.write(time_.now(), truth_changed{instance_id(where.name), ref, now});
  };
  for (const sim::pbx& one : world_.fleet()) {
    tell(one, resource_kind::instance, "", as_health(sim::outage_of(one).empty()));
    for (const auto& trunk : one.trunks)
      tell(one, sim::is_bridge(trunk) ? resource_kind::bridge : resource_kind::trunk, std::to_string(trunk.id),
           of(trunk));
    for (const auto& sbc : one.sbcs) tell(one, resource_kind::sbc, sbc.name, as_health(sbc.up));
    for (const auto& service : one.services)
      tell(one, resource_kind::service, service.name, as_health(service.status == "Running"));
  }
}

} // namespace ringdown::simulation
