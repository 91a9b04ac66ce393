#include "bin/ringdown-sim/model.hpp"

#include <algorithm>
#include <charconv>

namespace ringdown::sim {

namespace {

bool spoils_all(const fault& f) {
  switch (f.kind) {
    case fault_kind::down:
    case fault_kind::silent:
    case fault_kind::hang:
    case fault_kind::reset:
    case fault_kind::html:
    case fault_kind::truncated:
    case fault_kind::huge:
    case fault_kind::deep:
    case fault_kind::bad_json: return f.endpoint.empty() && !f.left;
    case fault_kind::status: return f.endpoint.empty() && !f.left && f.status >= 500;
    case fault_kind::slow:
    case fault_kind::empty:
    case fault_kind::field:
    case fault_kind::raw: return false;
  }
  return false;
}

} // namespace

std::string_view state_of(const trunk& of) {
  if (!of.present) return "removed";
  if (!of.enabled) return "disabled";
  if (of.online) return of.registration == "Nothing" ? "online" : "registered";
  return of.fail_code.empty() && !of.failed ? "unregistered" : "failed_registration";
}

door door_of(const pbx& of) {
  if (of.tokens.blocked()) return door::silent;
  for (const auto& f : of.faults) {
    if (f.kind == fault_kind::down) return door::closed;
  }
  for (const auto& f : of.faults) {
    if (f.kind == fault_kind::silent) return door::silent;
  }
  return door::open;
}

std::string_view outage_of(const pbx& of) {
  if (of.tokens.blocked()) return "blocked";
  if (door_of(of) != door::open) return "path_down";
  if (of.shows != certificate::good && of.shows != certificate::other_key) return "tls_invalid";
  return std::any_of(of.faults.begin(), of.faults.end(), spoils_all) ? "app_down" : "";
}

const fault* find_fault(const pbx& of, std::string_view endpoint) {
  const auto found = std::find_if(of.faults.rbegin(), of.faults.rend(), [&](const fault& f) {
    return f.kind != fault_kind::field && (f.endpoint.empty() || f.endpoint == endpoint);
  });
  return found == of.faults.rend() ? nullptr : &*found;
}

int build_of(const pbx& of) {
  const auto first = of.version.find('.');
  const auto second = of.version.find('.', first == std::string::npos ? first : first + 1);
  if (second == std::string::npos) return 0;
  int build = 0;
  std::from_chars(of.version.data() + second + 1, of.version.data() + of.version.size(), build);
  return build;
}

} // namespace ringdown::sim
