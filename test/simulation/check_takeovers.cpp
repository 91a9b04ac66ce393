// That somebody goes on: while no more happens to nodes and register, each shard is soon run by a node that is well, and its PBXes
// are asked.
#include "test/simulation/check_cluster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

constexpr instant run_again_within = 15s + 3s + 1s + 1s; // TTL, renew, scan, and the ways
constexpr instant asked_again_within = run_again_within + 2 * 30s + 5s;

// What nodes and register are like, as the journal goes on.
class watch {
public:
  explicit watch(const seating& seated) : seated_(seated) {}

  // True: more happens to them, and what was to be seen by then can be judged before it is heard.
  [[nodiscard]] static bool is_disturbing(const entry& one) {
    if (std::holds_alternative<node_ails>(one.what)) return true;
    const auto* fault = std::get_if<spell>(&one.what);
    return fault != nullptr && fault->what.find("store") != std::string::npos;
  }
  void hear(const entry& one) {
    if (is_disturbing(one)) quiet_since_ = one.at;
    if (const auto* what = std::get_if<node_ails>(&one.what)) {
      if (what->what == node_fault::register_ails)
        register_ails_ += what->begins ? 1 : -1;
      else if (what->what != node_fault::draining)
        faults_[what->node][what->what] = what->begins;
    }
    if (const auto* what = std::get_if<spell>(&one.what); what != nullptr && what->what == "store")
      store_ails_ = what->begins;
    if (const auto* what = std::get_if<spell>(&one.what); what != nullptr && what->what == "slow store")
      store_is_slow_ = what->begins;
    if (const auto* what = std::get_if<life_began>(&one.what)) lives_[seated_.shard_of(what->seat)] = what->seat;
    if (const auto* what = std::get_if<life_ended>(&one.what)) {
      auto& lives = lives_[seated_.shard_of(what->seat)];
      if (lives == what->seat) lives.reset();
    }
  }
  [[nodiscard]] instant quiet_since() const { return quiet_since_; }
  // Somebody could run everything.
  [[nodiscard]] bool could_be_run() const {
    if (register_ails_ > 0 || store_ails_ || store_is_slow_) return false;
    bool somebody = false;
    for (std::size_t node = 0; node < seated_.nodes; ++node) {
      somebody = somebody || is_well(node);
      // It takes what it cannot run.
      if (has(node, node_fault::without_store) && !has(node, node_fault::without_register)) return false;
    }
    return somebody;
  }
  [[nodiscard]] std::optional<seat_id> runner_of(shard_id shard) const {
    const auto at = lives_.find(shard);
    return at == lives_.end() ? std::nullopt : at->second;
  }
  // Whoever cannot reach the store, but the register, keeps what it has.
  [[nodiscard]] bool keeps_it_rightly(std::size_t node) const {
    return is_well(node) || (has(node, node_fault::without_store) && !has(node, node_fault::without_register) &&
                             !has(node, node_fault::frozen) && !has(node, node_fault::down));
  }
  [[nodiscard]] bool is_well(std::size_t node) const {
    const auto at = faults_.find(node);
    return at == faults_.end() || std::ranges::none_of(at->second, [](const auto& one) { return one.second; });
  }

private:
  [[nodiscard]] bool has(std::size_t node, node_fault what) const {
    const auto at = faults_.find(node);
    return at != faults_.end() && at->second.contains(what) && at->second.at(what);
  }

  const seating& seated_;
  instant quiet_since_{};
  int register_ails_ = 0;
  bool store_ails_ = false;
  bool store_is_slow_ = false;
  std::map<std::size_t, std::map<node_fault, bool>> faults_;
  std::map<shard_id, std::optional<seat_id>> lives_;
};

} // namespace

void shards_are_run_again(const cluster_history& of, violations& found) {
  watch now(of.seated);
  const auto judge = [&](instant at) {
    if (at < now.quiet_since() + run_again_within || !now.could_be_run()) return;
    for (shard_id shard = 0; shard < of.seated.shards; ++shard) {
      const auto seat = now.runner_of(shard);
      if (!seat || !now.keeps_it_rightly(of.seated.node_of(*seat)))
        found.add(at, fmt::format("shard {} is run by nobody who is well, and nothing else happened since {}", shard,
                                  clock_text(now.quiet_since())));
    }
  };
  for (const entry& one : of.told.entries()) {
    if (watch::is_disturbing(one)) judge(one.at);
    now.hear(one);
  }
  judge(of.ended);
}

namespace {

// PBXes of which it is to be expected that they can be read, and that their pollers try.
class readable_pbxes {
public:
  explicit readable_pbxes(const tenants& who) {
    for (const auto& one : who)
      for (const auto& instance : one->instances) tenants_[instance.id] = one->id.str();
  }
  void hear(const entry& one) {
    if (const auto* what = std::get_if<fleet_told>(&one.what)) hear(what->what, one.at);
    if (const auto* what = std::get_if<truth_changed>(&one.what);
        what != nullptr && what->resource.kind == resource_kind::instance)
      truth_[what->pbx] = {what->now, one.at};
    if (const auto* what = std::get_if<actor_crashed>(&one.what)) crashed_.insert(what->actor);
  }
  [[nodiscard]] std::vector<instance_id> since(instant when) const {
    std::vector<instance_id> all;
    for (const auto& [pbx, tenant] : tenants_) {
      const auto spoilt = spoilt_until_.find(pbx);
      const auto truth = truth_.find(pbx);
      const bool sound = truth != truth_.end() && truth->second.first == health::sound && truth->second.second <= when;
      if (sound && (spoilt == spoilt_until_.end() || spoilt->second <= when) && !crashed(tenant)) all.push_back(pbx);
    }
    return all;
  }

private:
  // Trunks, SBCs, services and calls are what is read; everything else is how.
  void hear(const std::string& words, instant at) {
    constexpr instant longest = 12min; // a fault, and the pause after a refused login
    for (const char* what : {"trunk_", "sbc_", "service_", "calls "})
      if (words.starts_with(what)) return;
    for (const auto& [pbx, tenant] : tenants_)
      if ((words + " ").find("pbx=" + pbx.str() + " ") != std::string::npos) spoilt_until_[pbx] = at + longest;
  }
  // Whoever died may start in quarantine.
  [[nodiscard]] bool crashed(const std::string& tenant) const {
    return std::ranges::any_of(crashed_, [&](const std::string& actor) {
      return actor == "tenant/" + tenant || actor == "group/" + tenant || actor.starts_with("poller/" + tenant + "/");
    });
  }

  std::map<instance_id, std::string> tenants_;
  std::map<instance_id, instant> spoilt_until_;
  std::map<instance_id, std::pair<health, instant>> truth_;
  std::set<std::string> crashed_;
};

} // namespace

// By whoever runs their shard.
void pbxes_are_asked_again(const cluster_history& of, violations& found) {
  watch now(of.seated);
  readable_pbxes readable(of.inhabitants);
  std::map<instance_id, instant> asked; // first, since nothing else happens
  const auto judge = [&](instant at) {
    const instant until = now.quiet_since() + asked_again_within;
    if (at < until || !now.could_be_run()) return;
    for (const instance_id& pbx : readable.since(now.quiet_since())) {
      const auto first = asked.find(pbx);
      if (first == asked.end() || first->second > until)
        found.add(at, fmt::format("{} is not asked within {} s of {}, after which nothing else happened", pbx.str(),
                                  asked_again_within / 1s, clock_text(now.quiet_since())));
    }
  };
  for (const entry& one : of.told.entries()) {
    if (watch::is_disturbing(one)) {
      judge(one.at);
      asked.clear();
    }
    now.hear(one);
    readable.hear(one);
    const auto* what = std::get_if<pbx_asked>(&one.what);
    if (what != nullptr && now.runner_of(of.seated.shard_of(what->seat)) == what->seat)
      asked.try_emplace(what->pbx, one.at);
  }
  judge(of.ended);
}

} // namespace ringdown::simulation
