// What checkers are given: the journal of a world that has ended, what its store holds then, and what several of them look up.
#pragma once

#include "persistence/store.hpp"
#include "protocol/wire/dialect.hpp"
#include "test/simulation/journal.hpp"
#include "test/simulation/setting.hpp"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::simulation {

// A delivery from its insertion to its end.
struct row_story {
  delivery row;   // as it was made
  instant made{}; // committed
  persistence::delivery_row last;
  std::vector<attempt> ledger;
  std::vector<std::pair<instant, effect>> effects;
};

class history {
public:
  // `wall`: what the program's wall clock says at the end.
  history(const journal& told, const tenants& who, instant ended, wall_time wall, persistence::store& left);

  [[nodiscard]] const std::vector<entry>& entries() const { return told_.entries(); }
  [[nodiscard]] const tenants& inhabitants() const { return who_; }
  [[nodiscard]] instant ended() const { return ended_; }
  [[nodiscard]] wall_time wall_ended() const { return wall_; }
  [[nodiscard]] wall_time wall_at(instant when) const; // what the wall clock said then
  [[nodiscard]] const std::map<delivery_id, row_story>& rows() const { return rows_; }
  [[nodiscard]] const row_story* find(const delivery_id& row) const;
  [[nodiscard]] const std::map<alert_id, alert>& alerts() const { return told_.alerts(); }
  [[nodiscard]] const std::vector<decision>& decisions_of(const alert_id& id) const;
  // A person asked that this channel be told once more of the version that it has.
  [[nodiscard]] bool is_asked_for(const delivery& row) const;
  // Its ticket became its outage's and ends with that; a chat is told there who is still part of it (S-C1).
  [[nodiscard]] bool was_taken_over(const channel_id& channel, const alert_id& what) const;
  // Effects that belong to no row.
  [[nodiscard]] const std::vector<std::pair<instant, effect>>& strays() const { return strays_; }
  [[nodiscard]] bool is_keyed(const channel_id& id) const;
  [[nodiscard]] bool may_be_repeated(const channel_id& id) const; // keyed, or its thing is searched for before
  [[nodiscard]] bool is_of(const channel_id& id, channel_class what) const;
  [[nodiscard]] const tenant_config& tenant(const tenant_id& id) const;
  // As it was configured then: the newest, or all that were in force at some moment of [from, to].
  [[nodiscard]] const tenant_config& tenant_at(const tenant_id& id, instant when) const;
  [[nodiscard]] std::vector<const tenant_config*> tenants_in(const tenant_id& id, instant from, instant to) const;
  [[nodiscard]] bool was_configured_in(const tenant_id& id, instant from, instant to) const; // anew
  using configurations = std::vector<std::pair<instant, const tenant_config*>>;              // since when
  [[nodiscard]] const configurations& configured_as(const tenant_id& id) const { return configured_.at(id); }

  // Was that thing in this state at any moment of [from, to]? Of all trunks together for alert_type::all_trunks_down.
  [[nodiscard]] bool was_failing(const alert_key& what, instant from, instant to) const;
  [[nodiscard]] bool was_not_failing(const alert_key& what, instant from, instant to) const;
  using thing = std::pair<instance_id, resource_ref>;
  using states = std::vector<std::pair<instant, health>>; // from when on
  [[nodiscard]] const std::map<thing, states>& truth() const { return truth_; }
  [[nodiscard]] health state_at(const thing& what, instant when) const;

private:
  struct channel_facts {
    channel_class is = channel_class::push;
    wire::target_key keys = wire::target_key::unknown_to_it;
  };
  void read_channels();
  [[nodiscard]] const channel_facts* facts_of(const channel_id& id) const;
  void read_journal();
  void read_store(persistence::store& left);
  [[nodiscard]] bool fails_at(const alert_key& what, instant when) const;
  [[nodiscard]] std::vector<instant> moments_of(const alert_key& what, instant from, instant to) const;

  const journal& told_;
  const tenants& who_;
  instant ended_;
  wall_time wall_;
  std::map<channel_id, channel_facts> channels_;
  std::map<delivery_id, row_story> rows_;
  std::vector<std::pair<instant, effect>> strays_;
  std::map<alert_id, std::vector<decision>> decisions_;
  std::map<thing, states> truth_;
  std::map<tenant_id, configurations> configured_;
};

// Whose news this row is: of all that a summary lists, but of an outage alone, whose members are in its row for tickets. What
// was told of a member within its outage only is over with the outage; what was told of it by itself is owed its own end.
[[nodiscard]] std::span<const alert_view> news_of(const delivery& row);
[[nodiscard]] bool speaks_of(const delivery& row, const alert_id& what);
[[nodiscard]] bool is_fire(notice_event event);
[[nodiscard]] std::string words_of(const delivery& row); // "dl_x fired v2 of al_y on push-t1"

} // namespace ringdown::simulation
