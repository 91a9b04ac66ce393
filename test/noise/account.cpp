#include "test/noise/account.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace ringdown::noise {

namespace {

using namespace std::chrono_literals;

constexpr duration worth_telling = 3min;
constexpr double most_notices = 1.3;
constexpr double least_precision = 0.95;
constexpr std::size_t examples = 5; // of each sort of mistake

// S-T2 as the product is documented to wait; not asked of the product itself.
duration call_after(alert_type type, cause why) {
  switch (type) {
    case alert_type::instance_unreachable: return why == cause::path_down ? 3min : 6min;
    case alert_type::trunk_down:
    case alert_type::provider_outage: return 2min;
    default: return 90s;
  }
}

// A recovery is believed at the second good poll, the end of a carrier's outage after its quiet.
duration may_lag(alert_type type) {
  const timing times;
  const duration seen = times.poll_interval + 2 * times.confirm_after + 10s;
  return type == alert_type::provider_outage ? seen + times.provider_quiet : seen;
}

double seconds(duration span) { return static_cast<double>(span.count()) / 1e6; }

std::string words(const claim& what, wall_time at) {
  return fmt::format("{} {} {} of {} at {}", tenant_named(what.tenant).str(), what.key.instance.str(),
                     name(what.key.type), to_text(what.key.resource), rfc3339(at));
}

} // namespace

bool verdict::all_met() const { return std::ranges::all_of(demands, &demand::met); }

struct account::tally {
  struct of_kind {
    std::size_t incidents = 0;
    std::size_t persons = 0; // pairs of an incident and a person told of it
    std::size_t notices = 0;
    std::size_t most = 0;
    std::size_t calls = 0;
    std::size_t tickets = 0;
  };
  std::array<of_kind, kinds_of_incidents> kinds{};
  std::size_t outages = 0;
  std::size_t shadowed = 0;
  std::size_t untold = 0;
  duration longest{};
  std::size_t calls = 0;
  std::size_t wrong_calls = 0;
  std::size_t late_calls = 0;   // of what had recovered, and was not seen to have
  std::size_t hidden_calls = 0; // of what was too short, had its PBX not been silent just then
  std::size_t tickets = 0;
  std::size_t wrong_tickets = 0;
  std::size_t groundless = 0; // notices
  std::vector<std::string> missed;

  of_kind& of(const plan& all, std::size_t incident) {
    return kinds.at(static_cast<std::size_t>(all.incidents[incident].is));
  }
  void miss(std::size_t& count, std::string words) {
    if (++count <= examples) missed.push_back(std::move(words));
  }
};

// --- what happens ------------------------------------------------------------------------------------------------------

void account::pushed(std::size_t tenant, const std::string& person, const delivery& row, wall_time at) {
  const bool asks = row.event == notice_event::fired || row.event == notice_event::escalated ||
                    row.event == notice_event::summary || row.event == notice_event::reminder;
  if (!asks) {
    ++recoveries_;
    return;
  }
  notice_given given{tenant, person, {}, at};
  for (const alert_view& one : row.content.alerts) {
    const alert_key key{one.instance, one.type, one.resource};
    const bool lead = given.about.empty();
    if (lead || row.event == notice_event::summary) given.about.push_back(key);
    auto& known = tellings_[{tenant, key}];
    if (known.empty() || known.back().over != wall_time::max()) known.push_back({at});
  }
  notices_.push_back(std::move(given));
}

void account::opened_ticket(std::size_t tenant, const delivery& row) {
  if (row.event != notice_event::fired && row.event != notice_event::summary) return;
  for (const alert_view& one : row.content.alerts) {
    if (row.event == notice_event::fired && one.id != row.alert) continue;
    tickets_.push_back({{tenant, {one.instance, one.type, one.resource}}, row.created});
  }
}

void account::rang(std::size_t tenant, const alert& lead, const std::vector<alert>& members, wall_time at) {
  call_made made{{{{tenant, lead.key}, lead.why}}, at};
  for (const alert& one : members) made.about.emplace_back(claim{tenant, one.key}, one.why);
  calls_.push_back(std::move(made));
}

void account::resolved(std::size_t tenant, const alert_key& key, wall_time at) {
  const auto known = tellings_.find({tenant, key});
  if (known != tellings_.end() && known->second.back().over == wall_time::max()) known->second.back().over = at;
}

// --- what of it was right ------------------------------------------------------------------------------------------------

std::optional<wall_time> account::told_of(const std::vector<claim>& by, wall_time from, wall_time until) const {
  std::optional<wall_time> first;
  for (const claim& one : by) {
    const auto known = tellings_.find(one);
    if (known == tellings_.end()) continue;
    for (const telling& each : known->second)
      if (each.told <= until && each.over >= from) first = std::min(first.value_or(each.told), each.told);
  }
  return first;
}

void account::judge_outages(const plan& of, const truth& real, tally& into) const {
  const duration limit = worth_telling + timing{}.confirm_after;
  for (const spell& one : of.spells) {
    if (one.coming_up || one.what == part::calls || one.end - one.begin < worth_telling) continue;
    const wall_time judged = real.judged_from(one);
    if (one.end - judged < worth_telling) {
      ++into.shadowed;
      continue;
    }
    ++into.outages;
    const auto told = told_of(real.claims_of(one), one.begin, judged + limit);
    if (told)
      into.longest = std::max(into.longest, *told - judged);
    else
      into.miss(into.untold, "untold: " + words(real.claims_of(one).front(), one.begin));
  }
}

bool account::lasted(const std::optional<stretch>& last, const ground& of) {
  return last && last->end - last->begin >= call_after(of.first.key.type, of.second);
}

bool account::is_ground(const truth& real, const ground& of, wall_time at) {
  const auto last = real.latest_as_seen(of.first, at);
  return lasted(last, of) && at <= last->end + may_lag(of.first.key.type);
}

void account::judge_calls(const plan& of, const truth& real, tally& into) const {
  for (const call_made& one : calls_) {
    ++into.calls;
    const claim& lead = one.about.front().first;
    const auto last = real.latest(lead, one.at);
    if (last) ++into.of(of, last->incident).calls;
    const auto none = [&](auto&& holds) { return std::ranges::none_of(one.about, holds); };
    if (none([&](const ground& each) { return is_ground(real, each, one.at); })) {
      into.miss(into.wrong_calls,
                fmt::format("wrong call: {}, which lasted {:.0f} s and ended {:.0f} s before", words(lead, one.at),
                            last ? seconds(last->end - last->begin) : 0.0, last ? seconds(one.at - last->end) : 0.0));
      continue;
    }
    if (none([&](const ground& each) { return real.holds(each.first, one.at); })) ++into.late_calls;
    if (none([&](const ground& each) { return lasted(real.latest(each.first, one.at), each); })) ++into.hidden_calls;
  }
}

void account::judge_notices(const plan& of, const truth& real, tally& into) const {
  std::map<std::pair<std::size_t, std::pair<std::size_t, std::string>>, std::size_t> heard;
  for (const notice_given& one : notices_) {
    std::set<std::size_t> about;
    for (const alert_key& key : one.about) {
      const claim what{one.tenant, key};
      const auto last = real.latest(what, one.at);
      if (last && one.at <= last->end + may_lag(key.type))
        about.insert(last->incident);
      else
        into.miss(into.groundless, "no ground: " + words(what, one.at));
    }
    for (const std::size_t incident : about) ++heard[{incident, {one.tenant, one.person}}];
  }
  for (const incident& one : of.incidents) ++into.kinds.at(static_cast<std::size_t>(one.is)).incidents;
  for (const auto& [who, count] : heard) {
    auto& its = into.of(of, who.first);
    ++its.persons;
    its.notices += count;
    its.most = std::max(its.most, count);
  }
}

void account::judge_tickets(const truth& real, tally& into) const {
  for (const row_made& one : tickets_) {
    ++into.tickets;
    if (!real.holds(one.about, one.at)) into.miss(into.wrong_tickets, "ticket of nothing: " + words(one.about, one.at));
  }
}

verdict account::judge(const plan& of) const {
  const truth real(of);
  tally all;
  judge_outages(of, real, all);
  judge_calls(of, real, all);
  judge_notices(of, real, all);
  judge_tickets(real, all);
  verdict made;
  std::size_t persons = 0;
  std::size_t notices = all.groundless;
  made.table.push_back(fmt::format("{:<12}{:>10}{:>8}{:>9}{:>8}{:>6}{:>8}", "incident", "happened", "persons",
                                   "notices", "each", "most", "calls"));
  for (std::size_t i = 0; i < kinds_of_incidents; ++i) {
    const auto& its = all.kinds.at(i);
    persons += its.persons;
    notices += its.notices;
    const double each = its.persons == 0 ? 0.0 : static_cast<double>(its.notices) / static_cast<double>(its.persons);
    made.table.push_back(fmt::format("{:<12}{:>10}{:>8}{:>9}{:>8.2f}{:>6}{:>8}", name(static_cast<kind>(i)),
                                     its.incidents, its.persons, its.notices, each, its.most, its.calls));
  }
  const double each = persons == 0 ? 0.0 : static_cast<double>(notices) / static_cast<double>(persons);
  const double precision =
      all.tickets == 0 ? 0.0 : 1.0 - static_cast<double>(all.wrong_tickets) / static_cast<double>(all.tickets);
  made.demands = {
      {"outages of 3 min and more that nobody was told of",
       fmt::format("{} of {} (longest until told {:.0f} s; {} more over in the shadow of their PBX)", all.untold,
                   all.outages, seconds(all.longest), all.shadowed),
       all.untold == 0 && all.outages > 0},
      {"calls for what was none",
       fmt::format("{} of {} ({} of what had recovered and was not yet seen to have; {} of what was brief, its PBX "
                   "silent just then)",
                   all.wrong_calls, all.calls, all.late_calls, all.hidden_calls),
       all.wrong_calls == 0 && all.calls > 0},
      {"notices per person and incident, at most 1.3",
       fmt::format("{:.3f} ({} notices, {} without ground, {} recoveries)", each, notices, all.groundless, recoveries_),
       each <= most_notices && persons > 0},
      {"tickets of what was so, at least 95 %",
       fmt::format("{:.2f} % ({} of {} were of nothing)", precision * 100, all.wrong_tickets, all.tickets),
       precision >= least_precision && all.tickets > 0}};
  made.missed = std::move(all.missed);
  return made;
}

} // namespace ringdown::noise
