#include "test/simulation/silence.hpp"

#include "test/simulation/history.hpp"
#include "test/simulation/household.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

constexpr instant outage_at = 70s;
constexpr instant given_up_after = 20min; // of the outage
constexpr std::uint64_t schedules = 5;    // orders of actors and answers that the cases are spread over
constexpr instant just_before = 1ms;

constexpr int distances = 3; // of each pair

void furnish(tenant_config& of, household tells) {
  const std::string tenant = of.id.str();
  user_config person;
  person.id = user_id("jo");
  person.name = "Jo";
  of.users = {std::move(person)};
  channel_config own = push_to("push-" + tenant, "push." + tenant + ".test", severity::info);
  own.user = user_id("jo");
  of.channels = {std::move(own), mailbox_of("mail-" + tenant, "mx." + tenant + ".test")};
  if (tells == household::narrow) return;
  of.channels.push_back(push_to("second-" + tenant, "second." + tenant + ".test", severity::info));
  of.channels.push_back(webhook_at("hook-" + tenant, "hook." + tenant + ".test"));
  of.channels.push_back(slack_at(tenant));
  of.channels.push_back(desk_at(tenant));
}

// All durations are those that are shipped.
scene stage_of(household tells) {
  scene made;
  sim::fleet_plan plan;
  plan.tenants = 1;
  plan.pbxes = 1;
  plan.trunks_per_pbx = 2;
  plan.sbcs_per_pbx = 0;
  plan.services = 1;
  made.pbxes = plan;
  made.times = timing{};
  made.furnish = [tells](tenant_config& of) { furnish(of, tells); };
  return made;
}

// What was opened, and who has taken it since. Reads the journal as it grows.
class listener {
public:
  explicit listener(const journal& of) : of_(of) {}

  // True: all that was opened has been taken by somebody.
  bool listen() {
    for (; read_ < of_.entries().size(); ++read_) {
      const entry& one = of_.entries()[read_];
      if (const auto* kept = std::get_if<batch_kept>(&one.what))
        for (const delivery& row : kept->batch->deliveries) made(row, one.at);
      if (const auto* taken = std::get_if<effect>(&one.what)) took(*taken, one.at);
    }
    return !opened_.empty() &&
           std::ranges::all_of(opened_, [](const auto& each) { return each.second.somebody.has_value(); });
  }

  struct opening {
    instant at{};
    std::optional<instant> anyone;
    std::optional<instant> somebody;
  };
  [[nodiscard]] const std::map<alert_id, opening>& opened() const { return opened_; }

private:
  void made(const delivery& row, instant at) {
    rows_.emplace(row.id, row);
    const bool of_a_channel =
        !row.content.alerts.empty() && row.content.alerts.front().type == alert_type::channel_failing;
    if (row.event == notice_event::fired && row.level == severity::critical && !of_a_channel)
      opened_.try_emplace(row.alert, opening{at, {}, {}});
  }

  // A notice of a channel that does not work is as loud as one of the alert.
  void took(const effect& what, instant at) {
    const auto row = rows_.find(what.row);
    if (row == rows_.end() || !is_fire(row->second.event)) return;
    const auto& views = row->second.content.alerts;
    const bool loud = !views.empty() && views.front().type == alert_type::channel_failing;
    for (auto& [id, one] : opened_) {
      if (!loud && !speaks_of(row->second, id)) continue;
      if (!one.anyone) one.anyone = at;
      if (!one.somebody && row->second.kind == delivery_kind::interrupt) one.somebody = at;
    }
  }

  const journal& of_;
  std::size_t read_ = 0;
  std::map<delivery_id, delivery> rows_;
  std::map<alert_id, opening> opened_;
};

void the_trunks_fall(world& of) {
  of.time().at(outage_at, [&of] { of.pbxes().does("trunk_down", {{"pbx", "*"}, {"reason", "failed"}}); });
}

void happens(world& of, const single_fault& what, instant moment) {
  of.time().at(std::max<instant>(moment - what.lead - just_before, 1s), [&of, &what] {
    of.write(spell{what.name, true});
    what.begin(of);
  });
}

bool is_there(household tells, const single_fault& what) {
  constexpr auto of_both = std::to_array<std::string_view>({"", "push", "mail"});
  return tells == household::wide || std::ranges::find(of_both, what.channel) != of_both.end();
}

bool leaves_nobody(household tells, const single_fault& one, const single_fault& other) {
  return tells == household::narrow && !one.channel.empty() && !other.channel.empty() && one.channel != other.channel;
}

} // namespace

std::string name_of(const silence_case& one) {
  const std::string where = one.tells == household::narrow ? "narrow: " : "";
  if (one.second == nullptr) return where + one.first->name;
  return fmt::format("{}{} + {} ({:+.0f} s)", where, one.first->name, one.second->name,
                     std::chrono::duration<double>(one.apart).count());
}

silences::silences(workshop& from) : from_(from) {
  for (const household tells : {household::wide, household::narrow}) add_cases(tells, true);
  singles_ = cases_.size();
  for (const household tells : {household::wide, household::narrow}) add_cases(tells, false);
}

void silences::add_cases(household tells, bool alone) {
  const auto next_seed = [&] { return 1 + cases_.size() % schedules; };
  for (const single_fault& first : single_faults()) {
    if (!is_there(tells, first)) continue;
    if (alone) cases_.push_back({tells, &first, nullptr, {}, next_seed()});
    for (const single_fault& second : single_faults()) {
      if (alone || &first == &second || !is_there(tells, second) || leaves_nobody(tells, first, second)) continue;
      for (int i = 0; i < distances; ++i) {
        const instant apart = chance_.chance(50) ? chance_.between(-20s, 0s) : chance_.between(0s, 40s);
        cases_.push_back({tells, &first, &second, apart, next_seed()});
      }
    }
  }
}

instant silences::opening_of(household tells, std::uint64_t seed) {
  const std::pair where(tells, seed);
  if (const auto known = openings_.find(where); known != openings_.end()) return known->second;
  trace quiet;
  world calm(seed, from_, quiet, stage_of(tells));
  listener ear(calm.told());
  calm.run(the_trunks_fall, outage_at + given_up_after, [&] { return ear.listen(); });
  if (ear.opened().empty()) throw std::logic_error("nothing is told where nothing fails");
  instant first = instant::max();
  for (const auto& [id, one] : ear.opened()) first = std::min(first, one.at);
  return openings_[where] = first;
}

silence silences::listen(std::size_t number, const trace::writer& write) {
  const silence_case& what = cases_.at(number);
  const instant moment = opening_of(what.tells, what.seed);
  trace heard(write);
  world lived(what.seed, from_, heard, stage_of(what.tells));
  listener ear(lived.told());
  const auto plan = [&](world& of) {
    the_trunks_fall(of);
    happens(of, *what.first, moment);
    if (what.second != nullptr) happens(of, *what.second, moment + what.apart);
  };
  lived.run(plan, outage_at + given_up_after, [&] { return ear.listen(); });
  silence made{number, {}, {}, !ear.opened().empty(), true};
  for (const auto& [id, one] : ear.opened()) {
    made.heard = made.heard && one.somebody;
    made.anyone = std::max(made.anyone, one.anyone.value_or(lived.now()) - one.at);
    made.somebody = std::max(made.somebody, one.somebody.value_or(lived.now()) - one.at);
  }
  return made;
}

} // namespace ringdown::simulation
