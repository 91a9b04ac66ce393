#include "actors/logic/correlation.hpp"

#include "actors/logic/alert_map.hpp"
#include "actors/logic/shown_state.hpp"

#include <algorithm>
#include <charconv>

namespace ringdown::logic {

namespace {

using alert_map = std::map<alert_key, alert>;

// Names of hosts differ neither by case nor by the root's dot.
std::string plain(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  std::string text(host);
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

// A name or address that is another machine in every network: RFC 1918, RFC 6598 (100.64/10), RFC 3927, RFC 4193, loopback, names
// without a dot, RFC 6762 (.local), RFC 8375 (.home.arpa) and what routers hand out. A gateway of one site is nobody's carrier.
bool is_of_one_place(std::string_view host) {
  if (host.find(':') != std::string_view::npos)
    return host == "::1" || host.starts_with("fc") || host.starts_with("fd") || host.starts_with("fe8");
  if (host.find('.') == std::string_view::npos) return true;
  const auto ends = [&](std::string_view with) { return host.ends_with(with); };
  if (ends(".local") || ends(".lan") || ends(".home.arpa") || ends(".internal") || ends(".localhost")) return true;
  if (host.find_first_not_of("0123456789.") != std::string_view::npos) return false;
  const std::size_t dot = host.find('.') + 1;
  int second = 0;
  std::from_chars(host.data() + dot, host.data() + host.size(), second);
  const auto between = [&](int least, int most) { return second >= least && second <= most; };
  return host.starts_with("10.") || host.starts_with("127.") || host.starts_with("192.168.") ||
         host.starts_with("169.254.") || (host.starts_with("172.") && between(16, 31)) ||
         (host.starts_with("100.") && between(64, 127));
}

bool says_failing(const alert& a) { return is_open(a) && a.current == condition::failing; }

const alert* failing_alert(const alert_map& alerts, const alert_key& key) {
  const auto at = alerts.find(key);
  return at == alerts.end() || !says_failing(at->second) ? nullptr : &at->second;
}

// Those alerts of one PBX that say that trunks fail.
class trunk_speakers {
public:
  trunk_speakers(const instance_id& instance, const alert_map& alerts) {
    for (auto at = first_of(alerts, instance, alert_type::trunk_down);
         at != alerts.end() && at->first.instance == instance && at->first.type <= alert_type::all_trunks_down; ++at) {
      if (!says_failing(at->second)) continue;
      if (at->first.type == alert_type::trunk_down)
        own_.push_back(&at->second);
      else
        all_ = &at->second;
    }
  }

  // Its own alert, or while it has none that of all trunks of its PBX.
  [[nodiscard]] const alert* of(const resource_record& trunk) const {
    const auto own = std::ranges::lower_bound(own_, trunk.ref, {}, &resource_of);
    if (own != own_.end() && (*own)->key.resource == trunk.ref) return *own;
    if (all_ == nullptr) return nullptr;
    const bool out_of_sight = all_->unseen_since && trunk.state == resource_state::unknown;
    return is_down(trunk.state) || out_of_sight ? all_ : nullptr;
  }

private:
  static const resource_ref& resource_of(const alert* a) { return a->key.resource; }

  std::vector<const alert*> own_; // by resource
  const alert* all_ = nullptr;
};

bool is_judged(const resource_record& trunk, const instance_health& health) {
  switch (trunk.state) {
    case resource_state::unknown:
    case resource_state::starting:
    case resource_state::disabled:
    case resource_state::removed: return false;
    case resource_state::up:
    case resource_state::registered:
    case resource_state::online:
    case resource_state::failed_registration:
    case resource_state::unregistered:
    case resource_state::down_unspecified:
    case resource_state::down:
    case resource_state::high: break;
  }
  return !health.starting && !is_stale(health, trunk.ref.kind);
}

provider_trunk counted(const resource_record& trunk, const baseline& base, const trunk_speakers& speakers) {
  provider_trunk made{base.instance, trunk.ref.key, is_judged(trunk, base.health), {}, false};
  const alert* speaker = speakers.of(trunk);
  if (speaker == nullptr) return made;
  made.failing = speaker->since;
  made.first_sight = speaker->first_sight;
  made.counted = made.counted && !speaker->unseen_since && !has(speaker->masks, mask::maintenance);
  return made;
}

const resource_record* find(const known_truth& truth, const instance_id& instance, const resource_ref& ref) {
  const auto base = truth.find(instance);
  if (base == truth.end()) return nullptr;
  const auto at = std::ranges::find(base->second.resources, ref, &resource_record::ref);
  return at == base->second.resources.end() ? nullptr : &**at;
}

// Only while it fails: what an outage that goes up and down leaves down has to speak for itself.
const alert* outage_with(const alert_map& alerts, const std::string& group, wall_time failing, duration window) {
  const alert* outage = group.empty() ? nullptr : failing_alert(alerts, outage_key(group));
  return outage != nullptr && belongs(failing, outage->since, window) ? outage : nullptr;
}

} // namespace

provider_groups::provider_groups(const std::vector<provider_config>& known) {
  for (const provider_config& one : known) {
    names_[one.id] = one.name;
    for (const std::string& host : one.hosts) group_by_host_[plain(host)] = one.id;
  }
}

std::string provider_groups::group_of(std::string_view host) const {
  std::string wanted = plain(host);
  const auto at = group_by_host_.find(wanted);
  if (at != group_by_host_.end()) return at->second;
  return is_of_one_place(wanted) ? std::string() : wanted;
}

std::string provider_groups::name_of(const std::string& group) const {
  const auto at = names_.find(group);
  return at == names_.end() ? group : at->second;
}

void for_each_trunk(const baseline& base, const alert_map& alerts, const trunk_reader& read) {
  const trunk_speakers speakers(base.instance, alerts);
  for (const resource_record& one : base.resources)
    if (one.ref.kind == resource_kind::trunk) read(one, counted(one, base, speakers));
}

std::set<std::string> groups_behind(const alert& a, const provider_groups& groups, const known_truth& truth,
                                    const alert_map& alerts) {
  std::set<std::string> found;
  if (a.key.type == alert_type::trunk_down) {
    const resource_record* trunk = find(truth, a.key.instance, a.key.resource);
    if (trunk != nullptr) found.insert(groups.group_of(trunk->provider));
  } else if (const auto base = truth.find(a.key.instance);
             a.key.type == alert_type::all_trunks_down && base != truth.end()) {
    const trunk_speakers speakers(a.key.instance, alerts);
    for (const resource_record& one : base->second.resources)
      if (one.ref.kind == resource_kind::trunk && speakers.of(one) != nullptr)
        found.insert(groups.group_of(one.provider));
  }
  found.erase(std::string());
  return found;
}

bool belongs(wall_time failing_since, wall_time outage_since, duration window) {
  return failing_since >= outage_since - window;
}

std::optional<alert_id> outage_over(const alert& a, const provider_groups& groups, const known_truth& truth,
                                    const alert_map& alerts, duration window) {
  if (a.key.type == alert_type::trunk_down) {
    const resource_record* trunk = find(truth, a.key.instance, a.key.resource);
    const alert* over =
        trunk == nullptr ? nullptr : outage_with(alerts, groups.group_of(trunk->provider), a.since, window);
    return over == nullptr ? std::nullopt : std::optional(over->id);
  }
  const auto base = truth.find(a.key.instance);
  if (a.key.type != alert_type::all_trunks_down || base == truth.end()) return std::nullopt;
  std::optional<alert_id> least;
  const trunk_speakers speakers(a.key.instance, alerts);
  for (const resource_record& one : base->second.resources) {
    const alert* speaker = one.ref.kind == resource_kind::trunk ? speakers.of(one) : nullptr;
    if (speaker == nullptr) continue;
    const alert* over = outage_with(alerts, groups.group_of(one.provider), speaker->since, window);
    if (over == nullptr) return std::nullopt;
    least = least ? std::min(*least, over->id) : over->id;
  }
  return least;
}

std::vector<trunk_sign> signs_of(const baseline& base, const alert_map& alerts) {
  std::vector<trunk_sign> found;
  for_each_trunk(base, alerts, [&](const resource_record& one, const provider_trunk& trunk) {
    if (!one.provider.empty()) found.push_back({plain(one.provider), trunk.counted, trunk.failing, trunk.first_sight});
  });
  return found;
}

std::set<std::string> registrars_behind(const alert& a, const provider_groups& groups, const known_truth& truth,
                                        const alert_map& alerts) {
  std::set<std::string> found;
  const bool of_outage = a.key.type == alert_type::provider_outage;
  const bool of_one = a.key.type == alert_type::trunk_down;
  if (!of_outage && !of_one && a.key.type != alert_type::all_trunks_down) return found;
  for (const auto& [instance, base] : truth) {
    if (!of_outage && instance != a.key.instance) continue;
    const trunk_speakers speakers(instance, alerts);
    for (const resource_record& one : base.resources) {
      if (one.ref.kind != resource_kind::trunk || one.provider.empty()) continue;
      if (of_one && one.ref != a.key.resource) continue;
      if (of_outage && groups.group_of(one.provider) != a.key.resource.key) continue;
      if (speakers.of(one) != nullptr) found.insert(plain(one.provider));
    }
  }
  return found;
}

} // namespace ringdown::logic
