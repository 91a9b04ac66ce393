// What was told, rung and opened, and at the end: what of it was right.
//
//   outage    anything that was really out of order for three minutes or more, whatever the reason (an update with its 502 is
//             one), but for the time a restarted PBX takes to register again, which belongs to the restart, and for full
//             licences. It is told when a push of it, or of what speaks for it (all trunks of the PBX, an outage of the
//             carrier), is out within 3 min + confirm_after of its beginning; counted from the end of the silence and the
//             grace (S-A5) where its PBX was silent about then.
//   wrong call  a phone that rang for what really lasted shorter than its call_after (S-T2), or never was; what speaks for
//             others inherits the earliest of their calls, so that theirs counts too; and what ended while its PBX fell
//             silent goes on until that answers, because nobody can see it sooner
//   incident  one outage of one resource with what its cause takes along, or of one carrier at one tenant
//   notice    a push that asks for attention (fired, escalated, summary, reminder); a recovery replaces the notice it ends
//   precise   a ticket of what was so when its row was made
#pragma once

#include "protocol/types/delivery.hpp"
#include "test/noise/truth.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::noise {

struct demand {
  std::string what;
  std::string found;
  bool met = false;
};

struct verdict {
  std::vector<demand> demands;
  std::vector<std::string> table;  // lines
  std::vector<std::string> missed; // what was wrong, in words; the first of each sort
  [[nodiscard]] bool all_met() const;
};

class account {
public:
  void pushed(std::size_t tenant, const std::string& person, const delivery& row, wall_time at);
  void opened_ticket(std::size_t tenant, const delivery& row);
  // `members`: what the lead speaks for.
  void rang(std::size_t tenant, const alert& lead, const std::vector<alert>& members, wall_time at);
  void resolved(std::size_t tenant, const alert_key& key, wall_time at);

  [[nodiscard]] verdict judge(const plan& of) const;

private:
  struct notice_given {
    std::size_t tenant = 0;
    std::string person;
    std::vector<alert_key> about;
    wall_time at;
  };
  struct row_made {
    claim about;
    wall_time at;
  };
  using ground = std::pair<claim, cause>;
  struct call_made {
    std::vector<ground> about; // the lead first
    wall_time at;
  };
  struct telling {
    wall_time told;
    wall_time over = wall_time::max();
  };
  struct tally;

  void judge_outages(const plan& of, const truth& real, tally& into) const;
  [[nodiscard]] static bool lasted(const std::optional<stretch>& last, const ground& of);
  [[nodiscard]] static bool is_ground(const truth& real, const ground& of, wall_time at);
  void judge_calls(const plan& of, const truth& real, tally& into) const;
  void judge_notices(const plan& of, const truth& real, tally& into) const;
  void judge_tickets(const truth& real, tally& into) const;
  [[nodiscard]] std::optional<wall_time> told_of(const std::vector<claim>& by, wall_time from, wall_time until) const;

  std::vector<notice_given> notices_;
  std::vector<call_made> calls_;
  std::vector<row_made> tickets_;
  std::map<claim, std::vector<telling>> tellings_;
  std::size_t recoveries_ = 0;
};

} // namespace ringdown::noise
