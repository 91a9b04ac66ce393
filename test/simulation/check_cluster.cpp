// One owner a shard, as seen by what is written and by what leaves.
#include "test/simulation/check_cluster.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <utility>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

struct cluster_checker {
  std::string_view name;
  void (*check)(const cluster_history&, violations&);
};

constexpr std::array all{
    cluster_checker{"I8 epochs rise", epochs_rise},
    cluster_checker{"I8 an old epoch changes nothing", an_old_epoch_changes_nothing},
    cluster_checker{"I8 nothing leaves without the lease", nothing_leaves_without_the_lease},
    cluster_checker{"S-K2 one node logs in", one_node_logs_in},
    cluster_checker{"S-K1 lost shards are silent", lost_shards_are_silent},
    cluster_checker{"S-K1 shards are run again", shards_are_run_again},
    cluster_checker{"I9 PBXes are asked again", pbxes_are_asked_again},
};

// As the journal goes on: who took which shard last, for the store.
class owners {
public:
  explicit owners(const seating& seated) : seated_(seated) {}

  void hear(const entry& one) {
    if (const auto* taken = std::get_if<shard_taken>(&one.what))
      last_[taken->lease.shard] = {taken->owner, taken->node};
  }
  [[nodiscard]] bool has(const tenant_id& tenant, const fence& owner) const {
    const auto at = last_.find(seated_.placed.at(tenant));
    return at != last_.end() && at->second.first == owner;
  }
  [[nodiscard]] bool has(seat_id seat) const {
    const auto at = last_.find(seated_.shard_of(seat));
    return at != last_.end() && at->second.second == seated_.node_of(seat);
  }

private:
  const seating& seated_;
  std::map<shard_id, std::pair<fence, std::size_t>> last_;
};

std::string words(const fence& of) { return fmt::format("{} of epoch {}", of.owner.str(), of.epoch); }

} // namespace

std::vector<violation> check_cluster(const cluster_history& of) {
  std::vector<violation> found;
  for (const cluster_checker& one : all) {
    violations to(one.name, found);
    one.check(of, to);
  }
  return found;
}

// In the store as in the register of leases, which are one database.
void epochs_rise(const cluster_history& of, violations& found) {
  std::map<shard_id, std::uint64_t> last;
  for (const entry& one : of.told.entries()) {
    const auto* taken = std::get_if<shard_taken>(&one.what);
    if (taken == nullptr) continue;
    const auto [shard, epoch] = taken->lease;
    if (taken->owner.epoch <= last[shard] || taken->owner.epoch != epoch)
      found.add(one.at, fmt::format("shard {} is taken by {} after epoch {}, and its lease is of epoch {}", shard,
                                    words(taken->owner), last[shard], epoch));
    last[shard] = taken->owner.epoch;
  }
}

void an_old_epoch_changes_nothing(const cluster_history& of, violations& found) {
  owners now(of.seated);
  const auto judge = [&](instant at, const tenant_id& tenant, const fence& owner, const char* what) {
    if (!now.has(tenant, owner))
      found.add(at,
                fmt::format("{} of {} was accepted from {}, who is not the owner", what, tenant.str(), words(owner)));
  };
  for (const entry& one : of.told.entries()) {
    now.hear(one);
    if (const auto* kept = std::get_if<batch_kept>(&one.what))
      judge(one.at, kept->batch->tenant, kept->batch->owner, "a commit");
    if (const auto* taken = std::get_if<rows_taken>(&one.what)) judge(one.at, taken->tenant, taken->owner, "a claim");
    if (const auto* kept = std::get_if<outcome_kept>(&one.what))
      judge(one.at, kept->what.tenant, kept->what.owner, "a settlement");
  }
}

void nothing_leaves_without_the_lease(const cluster_history& of, violations& found) {
  owners now(of.seated);
  for (const entry& one : of.told.entries()) {
    now.hear(one);
    const auto* begun = std::get_if<attempt_begun>(&one.what);
    if (begun != nullptr && !now.has(seat_of(begun->exchange)))
      found.add(one.at, fmt::format("{} was begun at {}, and another node has the shard", begun->row.str(),
                                    seat_of(begun->exchange)));
    const auto* on = std::get_if<attempt_went_on>(&one.what);
    if (on != nullptr && !now.has(seat_of(on->exchange)))
      found.add(one.at,
                fmt::format("{} goes on at {}, and another node has the shard", on->row.str(), seat_of(on->exchange)));
  }
}

// Each new token ends the one before: two nodes would log each other out for ever.
void one_node_logs_in(const cluster_history& of, violations& found) {
  owners now(of.seated);
  for (const entry& one : of.told.entries()) {
    now.hear(one);
    const auto* login = std::get_if<login_asked>(&one.what);
    if (login != nullptr && !now.has(login->seat))
      found.add(one.at, fmt::format("{} is asked for a token from {}, and another node has the shard", login->pbx.str(),
                                    login->seat));
  }
}

// Who has been told ends: what is on its way arrives, nothing else.
void lost_shards_are_silent(const cluster_history& of, violations& found) {
  constexpr instant on_its_way = 1s;
  std::map<seat_id, instant> lost;
  const auto judge = [&](instant at, seat_id seat, const std::string& what) {
    const auto since = lost.find(seat);
    if (since != lost.end() && at > since->second + on_its_way)
      found.add(at, fmt::format("{} from {}, which lost the shard at {}", what, seat, clock_text(since->second)));
  };
  for (const entry& one : of.told.entries()) {
    if (const auto* what = std::get_if<shard_lost>(&one.what)) lost.try_emplace(what->seat, one.at);
    if (const auto* what = std::get_if<life_began>(&one.what)) lost.erase(what->seat);
    if (const auto* what = std::get_if<pbx_asked>(&one.what)) judge(one.at, what->seat, what->pbx.str() + " is asked");
    if (const auto* what = std::get_if<attempt_begun>(&one.what))
      judge(one.at, seat_of(what->exchange), what->row.str() + " is begun");
  }
}

} // namespace ringdown::simulation
