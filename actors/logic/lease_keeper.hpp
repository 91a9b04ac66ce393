// Which shards this process runs, and until when it may (S-K1, S-K2). It asks the register, one question at a time, and says
// what is to be started, suspended, handed over and ended; it does none of it itself. Who should hold what, each node decides
// alone, from the rows that come with every answer (placement.hpp): whoever has too much hands over and releases, whoever has
// too little takes what is free. Nobody takes from anybody who may be alive.
//
// A lease is believed in until the question that lengthened it was SENT, plus its time, less a margin: however late the answer
// came, the register gives the shard away no sooner than that. All times are of one clock of this machine that nobody sets
// (CLOCK_BOOTTIME); its rate may differ from the register's by what the margin is of the lease, and no wall clock has a part
// in it. Whoever is about to write or to send asks standing_of() at that moment: a process that was frozen must not rely on
// having been told.
//
// The register also knows a process by its session. One that has been closed for `gone_for` counts as dead, and its shards are
// free at once. So a process believes in its leases only while it sees its session open, and for `unseen_for` after it last
// did: one that loses it, until the register answers it again, and one that was frozen, until it has looked. Whoever calls
// looks first whether the session has ended, and says that before anything else.
//
// An answer to anything but the question under way is never listened to: what it granted shows in the next renewal.
#pragma once

#include "protocol/types/shard.hpp"
#include "protocol/types/time.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace ringdown::logic {

// The same on all nodes and at the register.
struct lease_rules {
  duration ttl = std::chrono::seconds(15); // by the register's clock
  duration renew = std::chrono::seconds(3);
  duration scan = std::chrono::seconds(1); // how often the rows are looked at
  duration margin = std::chrono::seconds(2);
  duration unseen_for = std::chrono::milliseconds(1500);
  duration gone_for = std::chrono::seconds(2);     // more than unseen_for, by any clock
  duration patience = std::chrono::seconds(7);     // with an answer
  duration again = std::chrono::milliseconds(500); // after a session that brought none
  std::size_t handed_over_at_once = 4;             // but by a process that ends
  std::size_t taken_at_once = 16;                  // and no more until the next scan: others may just be coming
};

enum class shard_standing : std::uint8_t {
  running, // everything
  // The lease may be another's: nothing is written or sent. PBXes are read with the token in hand, and none is asked for.
  polling_only,
  stopped
};

// In the order in which they are to be carried out.
struct lease_effects {
  std::vector<held_lease> drop;      // another's: end it all at once, then say stopped()
  std::vector<held_lease> suspend;   // polling_only from now on
  std::vector<held_lease> resume;    // ours as before, at the same epoch: nobody had it meanwhile
  std::vector<held_lease> start;     // from what the store says, under this epoch
  std::vector<held_lease> hand_over; // begin nothing, end what is under way, then say stopped()
  bool reconnect = false;            // give the session up; the question, if there is one, goes out over a new one
  std::optional<lease_question> ask;
};

class lease_keeper {
public:
  explicit lease_keeper(node_row self, const lease_rules& rules = {});

  [[nodiscard]] lease_effects tick(boot_time now); // at next(), or sooner
  [[nodiscard]] lease_effects answered(const lease_answer& said, boot_time now);
  // The session with the register has ended, or none could be had: what was asked may have been done or not.
  [[nodiscard]] lease_effects cut(boot_time now);
  // Nothing of it runs here any more. Said unasked: it could not be run. Whoever cannot say so soon after it was asked has to
  // end the process, because what is not stopped is not released, and not taken again.
  [[nodiscard]] lease_effects stopped(shard_id shard, boot_time now);
  [[nodiscard]] lease_effects drain(boot_time now); // hand over to the others what they can take
  [[nodiscard]] lease_effects stay(boot_time now);  // drain no more
  [[nodiscard]] lease_effects leave(
      boot_time now); // hand everything over, whether somebody takes it or not: the process ends

  [[nodiscard]] shard_standing standing_of(shard_id shard, boot_time now) const;
  [[nodiscard]] std::optional<held_lease> lease_of(shard_id shard) const; // running or polling_only
  // Nothing of it may leave after this, unless it is lengthened until then; zero when it is not held.
  [[nodiscard]] boot_time runs_until(shard_id shard) const;
  // Nothing of it may be begun after this, unless somebody has looked until then: for those who read what was written down.
  [[nodiscard]] boot_time begins_until(shard_id shard) const;
  [[nodiscard]] boot_time next() const;
  [[nodiscard]] bool holds_nothing() const { return held_.empty() && ending_.empty(); }

private:
  enum class stage : std::uint8_t { running, handing_over, over };
  struct grip {
    std::uint64_t epoch = 0;
    boot_time until{};
    stage at = stage::running;
    bool suspended = false;
  };
  struct asked {
    lease_question what;
    boot_time sent{};
  };

  void hear(const asked& about, const lease_answer& said, boot_time now, lease_effects& out);
  void lose(const std::vector<held_lease>& held, lease_effects& out);
  void keep(const asked& about, const held_lease& one, boot_time now, lease_effects& out);
  void meet(const asked& about, const held_lease& one, boot_time now, lease_effects& out);
  void plan(const lease_answer& said, lease_effects& out);
  void give(const held_lease& one, lease_effects& out);
  void give_all(lease_effects& out);
  void suspend_what_is_due(boot_time now, lease_effects& out);
  void end_session(boot_time now);
  void ask_if_due(boot_time now, lease_effects& out);
  [[nodiscard]] lease_question question(boot_time now);
  // From when on it does not wait for the next look; none: it does.
  [[nodiscard]] std::optional<boot_time> pressed_from() const;
  [[nodiscard]] boot_time asks_at() const;
  [[nodiscard]] boot_time believed_until(const grip& of) const; // whoever calls in time
  [[nodiscard]] lease_effects finish(lease_effects out, boot_time now);

  node_row self_;
  lease_rules rules_;
  bool leaving_ = false;
  std::map<shard_id, grip> held_; // also what is over and was not released yet
  std::set<shard_id> ending_;     // dropped and not stopped
  std::vector<shard_id> wanted_;  // free, and to be ours
  std::optional<asked> asked_;
  bool renew_now_ = true;    // there is something to be known or to be told
  bool answered_ = true;     // something came over this session; or it was not tried yet
  bool has_session_ = false; // that an answer came over, and that has not ended
  boot_time seen_open_{};    // when it last had not
  boot_time renew_at_{};
  boot_time look_at_{};
  boot_time take_at_{};
  boot_time not_before_{};
  std::uint64_t questions_ = 0;
};

} // namespace ringdown::logic
