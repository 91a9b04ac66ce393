// A tenant under load, as its actor keeps one: PBXes with trunks at several carriers, their stored truth, the machine that
// decides, and whoever takes what it hands out. Time is moved by hand; rings, commits and network are left out.
#pragma once

#include "actors/logic/tenant_machine.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ringdown::bench {

inline constexpr int trunks_each = 20;
inline constexpr int carriers = 20;
inline constexpr int carriers_each = 4; // of one PBX

struct trunk_at {
  int pbx = 0;
  int trunk = 0;
};

// What came out so far.
struct tally {
  std::size_t opened = 0;                            // audited
  std::size_t resolved = 0;                          // the same
  std::array<std::array<std::size_t, 16>, 2> rows{}; // by push or hook, and event

  [[nodiscard]] std::size_t pushed(notice_event event) const { return rows[0].at(static_cast<std::size_t>(event)); }
  [[nodiscard]] std::size_t hooked(notice_event event) const { return rows[1].at(static_cast<std::size_t>(event)); }
};

enum class told_by : std::uint8_t { push_and_hook, hook };

class tenant_load {
public:
  // Sees everything that is decided about a poll's news, before its rows are taken.
  using witness = std::function<void(const poll_news&, logic::effects&)>;

  tenant_load(int pbxes, told_by channels);
  tenant_load(const tenant_load&) = delete; // the machine looks at our truth
  tenant_load& operator=(const tenant_load&) = delete;

  void watch(witness sees) { witness_ = std::move(sees); }
  // One poll of this PBX finds these trunks down, or registered again.
  void turn(int pbx, const std::vector<int>& trunks, condition to);
  void turn(const trunk_at& one, condition to) { turn(one.pbx, {one.trunk}, to); }
  // Every tick that is due meanwhile is given, and every PBX that is to be looked at is.
  void pass(duration span);

  // Of one PBX at one carrier; empty: it has none there.
  [[nodiscard]] std::vector<int> trunks_at(int pbx, int carrier) const;
  [[nodiscard]] int pbxes() const { return static_cast<int>(config_->instances.size()); }
  [[nodiscard]] int trunks() const { return pbxes() * trunks_each; }
  [[nodiscard]] wall_time now() const { return now_; }
  [[nodiscard]] const tally& count() const { return tally_; }
  [[nodiscard]] std::size_t open_alerts() const;
  [[nodiscard]] const tenant_config& config() const { return *config_; }

private:
  void take(logic::effects decided);
  void report(const std::vector<delivery>& rows);

  std::shared_ptr<const tenant_config> config_;
  wall_time now_ = from_micros(1'790'000'000'000'000);
  logic::known_truth truth_;
  logic::tenant_machine machine_;
  std::vector<instance_id> to_settle_;
  std::uint64_t sequence_ = 0;
  witness witness_;
  tally tally_;
};

} // namespace ringdown::bench
