#include "test/simulation/shard_story.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace ringdown::simulation {

namespace {

class narrator {
public:
  narrator(shard_id shard, const seating& seated, const tenants& who, journal& into)
      : shard_(shard),
        seated_(seated),
        into_(into) {
    for (const auto& one : who) {
      tenants_.insert(one->id);
      for (const auto& instance : one->instances) pbxes_.insert(instance.id);
    }
  }

  void hear(const entry& one) {
    now_ = one.at;
    std::visit([&](const auto& what) { tell(what); }, one.what);
  }
  [[nodiscard]] instant wrong_by() const { return wrong_by_; }

private:
  void write(happening what) { into_.write(now_, std::move(what)); }
  [[nodiscard]] bool is_here(seat_id seat) const { return seat != 0 && seated_.shard_of(seat) == shard_; }
  template <class What>
  void tell_if(bool ours, const What& what) {
    if (ours) write(what);
  }

  // --- whose it is ---
  void tell(const shard_taken& what) {
    if (what.lease.shard == shard_) end("another took the shard");
  }
  void tell(const life_began& what) {
    if (!is_here(what.seat)) return;
    end("it moves");
    set_clock(clocks_[seated_.node_of(what.seat)]);
    write(life_began{what.owner});
    lives_ = what.seat;
    look_at_store();
  }
  void tell(const life_ended& what) {
    if (lives_ == what.seat) end(what.how);
  }
  void end(const std::string& how) {
    if (!std::exchange(lives_, std::nullopt)) return;
    write(life_ended{how});
    look_at_store();
  }

  // --- its clock and its store ---
  void tell(const clock_jumped& what) {
    clocks_[what.node] += what.by;
    if (lives_ && seated_.node_of(*lives_) == what.node) set_clock(clocks_[what.node]);
  }
  void set_clock(instant wrong_by) {
    const instant before = std::exchange(wrong_by_, wrong_by);
    if (std::exchange(has_clock_, true) && wrong_by != before) write(clock_jumped{wrong_by - before});
  }
  void tell(const node_ails& what) {
    if (what.what != node_fault::frozen && what.what != node_fault::without_store) return;
    ailing_[what.node] += what.begins ? 1 : -1;
    look_at_store();
  }
  void tell(const lease_doubted& what) {
    if (what.begins)
      doubted_.insert(what.seat);
    else
      doubted_.erase(what.seat);
    look_at_store();
  }
  void tell(const spell& what) {
    if (what.what != "store") return write(what);
    store_is_away_ = what.begins;
    look_at_store();
  }
  void look_at_store() {
    const bool away =
        store_is_away_ || (lives_ && (ailing_[seated_.node_of(*lives_)] > 0 || doubted_.contains(*lives_)));
    if (std::exchange(away_, away) != away) write(spell{"store", away});
  }

  // --- what is of its tenants, or of all ---
  void tell(const batch_kept& what) { tell_if(tenants_.contains(what.batch->tenant), what); }
  void tell(const rows_taken& what) { tell_if(tenants_.contains(what.tenant), what); }
  void tell(const outcome_kept& what) { tell_if(tenants_.contains(what.what.tenant), what); }
  // Whoever takes another shard also lets waits begin anew that are beyond its own clock, of all tenants.
  void tell(const claims_recovered& what) {
    if (is_here(what.seat)) return write(what);
    if (what.tenant.empty()) write(claims_recovered{{}, channel_id("of another shard"), {}});
  }
  void tell(const command_kept& what) { tell_if(tenants_.contains(what.what.tenant), what); }
  void tell(const attempt_begun& what) { tell_if(tenants_.contains(what.tenant), what); }
  void tell(const attempt_went_on& what) { tell_if(is_here(seat_of(what.exchange)), what); }
  // Of a process that has the shard no more, nobody waits for it.
  void tell(const attempt_ended& what) { tell_if(lives_ == seat_of(what.exchange), what); }
  void tell(const effect& what) { tell_if(tenants_.contains(what.tenant), what); }
  void tell(const phone_event& what) { tell_if(tenants_.contains(what.tenant), what); }
  void tell(const pbx_asked& what) { tell_if(pbxes_.contains(what.pbx), what); }
  void tell(const truth_changed& what) { tell_if(pbxes_.contains(what.pbx), what); }
  void tell(const fleet_told& what) { write(what); }
  void tell(const actor_crashed& what) { tell_if(lives_ == what.seat, what); }
  void tell(const actor_tripped& what) { tell_if(lives_ == what.seat, what); }
  void tell(const configured& what) { tell_if(tenants_.contains(what.to->id), what); }
  void tell(const shard_lost&) {}
  void tell(const login_asked&) {}

  shard_id shard_;
  const seating& seated_;
  journal& into_;
  std::set<tenant_id> tenants_;
  std::set<instance_id> pbxes_;
  instant now_{};
  std::optional<seat_id> lives_;
  std::map<std::size_t, instant> clocks_; // of nodes: how wrong
  instant wrong_by_{};
  bool has_clock_ = false;
  std::map<std::size_t, int> ailing_;
  std::set<seat_id> doubted_;
  bool store_is_away_ = false;
  bool away_ = false;
};

} // namespace

shard_story::shard_story(shard_id shard, const journal& all, const seating& seated, const tenants& who)
    : told_([](const entry&) {}) {
  for (const auto& one : who)
    if (seated.placed.at(one->id) == shard) inhabitants_.push_back(one);
  narrator tells(shard, seated, inhabitants_, told_);
  for (const entry& one : all.entries()) tells.hear(one);
  wrong_by_ = tells.wrong_by();
}

} // namespace ringdown::simulation
