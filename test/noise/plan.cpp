#include "test/noise/plan.hpp"

#include "actors/logic/poll_schedule.hpp"
#include "test/simulation/dice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <tuple>

namespace ringdown::noise {

namespace {

using namespace std::chrono_literals;
using simulation::dice;

// Two troubles of one thing with less between them are one to everybody who looks once a minute.
constexpr duration apart = 4min;

// How many of each a PBX has in 30 days.
struct rates {
  double path_blips = 8;
  double app_blips = 3;
  double sbc_blips = 4;
  double service_blips = 1;
  double flips = 6;
  double certificates = 1;
  double updates = 1.5;
  double reboots = 1;
  double peaks = 10; // of those with four channels
  double licences = 12;
  double outages = 3;
};

class drawer {
public:
  explicit drawer(const settings& with) : luck_(with.seed) {
    made_.drawn_with = with;
    for (std::size_t i = 0; i < with.pbxes; ++i) {
      made_.pbxes.push_back(some_pbx(i * with.tenants / with.pbxes));
      made_.pbxes.back().phase = logic::phase_of(tenant_named(made_.pbxes[i].tenant), pbx_named(i));
    }
  }

  // What is rare and long comes first: what is drawn later gives way.
  plan all() {
    for (int week = 0; week * 7 < made_.drawn_with.days; ++week) carrier_outage(week);
    for (std::size_t i = 0; i < made_.pbxes.size(); ++i) {
      luck_own_ = luck_.apart();
      often(of_month_.outages, [&] { outage(i); });
      often(of_month_.updates, [&] { restart(i, kind::update); });
      often(of_month_.reboots, [&] { restart(i, kind::reboot); });
      noise_of(i);
    }
    std::ranges::stable_sort(made_.spells, {}, &spell::begin);
    return std::move(made_);
  }

private:
  pbx some_pbx(std::size_t tenant) {
    pbx made;
    made.tenant = tenant;
    const std::size_t count = luck_.chance(40) ? 1 : luck_.chance(75) ? 2 : 3;
    const std::size_t first = luck_.below(carriers);
    for (std::size_t i = 0; i < count; ++i) made.trunks.push_back((first + i) % carriers);
    made.sbcs = luck_.chance(60) ? 0 : 1 + luck_.below(2);
    made.channels = luck_.chance(30) ? 4 : 16;
    made.tells_uptime = luck_.chance(80);
    return made;
  }

  template <class Draw>
  void often(double a_month, const Draw& draw) {
    const double wanted = a_month * made_.drawn_with.troubles * made_.drawn_with.days / 30.0;
    const auto whole = static_cast<int>(wanted);
    const int count = whole + (luck_own_.unit() < wanted - whole ? 1 : 0);
    for (int i = 0; i < count; ++i) draw();
  }

  void noise_of(std::size_t i) {
    const pbx& at = made_.pbxes[i];
    often(of_month_.certificates, [&] { certificate(i); });
    often(of_month_.path_blips,
          [&] { lone(kind::blip, whole(i, luck_own_.chance(70) ? silence::path : silence::refused), 30s, 90s); });
    often(of_month_.app_blips, [&] { lone(kind::blip, whole(i, silence::app), 30s, 90s); });
    often(of_month_.flips, [&] { lone(kind::flip, one(i, part::trunk, at.trunks.size()), 60s, 300s); });
    often(of_month_.service_blips, [&] { lone(kind::blip, one(i, part::service, at.services), 30s, 90s); });
    if (at.sbcs > 0) often(of_month_.sbc_blips, [&] { lone(kind::blip, one(i, part::sbc, at.sbcs), 30s, 90s); });
    if (at.channels > 4) return;
    often(of_month_.licences, [&] { lone(kind::licence, one(i, part::calls, 1), 4min, 20min); });
    often(of_month_.peaks, [&] { lone(kind::peak, one(i, part::calls, 1), 20s, 110s); });
  }

  spell whole(std::size_t i, silence how) {
    spell made;
    made.pbx = i;
    made.how = how;
    return made;
  }
  spell one(std::size_t i, part what, std::size_t count) {
    spell made;
    made.pbx = i;
    made.what = what;
    made.index = luck_own_.below(count);
    return made;
  }
  duration between(duration least, duration most) {
    return std::chrono::duration_cast<duration>(luck_own_.between(least, most));
  }
  // From the end of the calm first hour to three hours before the end, so that everything can be judged.
  wall_time sometime() { return beginning + 1h + between(0s, ending(made_.drawn_with) - beginning - 5h); }

  bool lone(kind is, spell what, duration least, duration most) {
    what.begin = sometime();
    what.end = what.begin + between(least, most);
    return put(is, what);
  }
  bool put(kind is, spell what) {
    what.of = made_.incidents.size();
    if (!add(what)) return false;
    made_.incidents.push_back({is, made_.pbxes[what.pbx].tenant});
    return true;
  }

  // Short ones are more frequent than long ones: even over the logarithm.
  duration some_span(duration least, duration most) {
    const double stretch = static_cast<double>(most.count()) / static_cast<double>(least.count());
    return duration(
        static_cast<std::int64_t>(static_cast<double>(least.count()) * std::pow(stretch, luck_own_.unit())));
  }

  void outage(std::size_t i) {
    const pbx& at = made_.pbxes[i];
    const auto which = luck_own_.below(100);
    const duration lasts = some_span(3min, 3h);
    if (which < 45)
      lone(kind::outage, one(i, part::trunk, at.trunks.size()), lasts, lasts);
    else if (which < 60 && at.sbcs > 0)
      lone(kind::outage, one(i, part::sbc, at.sbcs), lasts, lasts);
    else if (which < 72)
      lone(kind::outage, one(i, part::service, at.services), lasts, lasts);
    else
      lone(kind::outage, whole(i, which < 90 ? silence::path : silence::app), lasts, lasts);
  }

  // Until it answers again, and until each trunk and SBC has registered again.
  void restart(std::size_t i, kind is) {
    const pbx& at = made_.pbxes[i];
    spell down = whole(i, is == kind::update ? silence::app : silence::refused);
    down.boots = is == kind::reboot;
    down.upgrades = is == kind::update;
    const bool made = is == kind::update ? lone(is, down, 4min + 45s, 5min + 15s) : lone(is, down, 60s, 170s);
    if (!made) return;
    spell late = made_.spells.back();
    late.how = silence::none;
    late.boots = late.upgrades = false;
    late.coming_up = true;
    const wall_time up = late.end;
    const auto follow = [&](part what, std::size_t count) {
      for (std::size_t k = 0; k < count; ++k) {
        late.what = what;
        late.index = k;
        late.end = up + between(5s, 240s);
        add(late);
      }
    };
    follow(part::trunk, at.trunks.size());
    follow(part::sbc, at.sbcs);
  }

  // A single handshake fails: while one poll looks, and not any more at the next, five seconds later.
  void certificate(std::size_t i) {
    spell what = whole(i, silence::tls);
    const auto slot = logic::next_slot(made_.pbxes[i].phase, timing{}.poll_interval, moment_of(sometime()).steady);
    what.begin = wall_of(slot) - between(500ms, 3s);
    what.end = what.begin + 4s;
    put(kind::certificate, what);
  }

  // Every trunk there notices when it next renews its registration, within its own 60 to 300 s; and so it recovers.
  void carrier_outage(int week) {
    const std::size_t carrier = static_cast<std::size_t>(week) % carriers;
    luck_own_ = luck_.apart();
    const duration into = between(2h, 7 * 24h - 6h);
    const wall_time begin = beginning + week * 7 * 24h + into;
    const wall_time end = begin + some_span(15min, 2h);
    if (end + 3h > ending(made_.drawn_with)) return;
    std::vector<std::size_t> of_tenant;
    for (std::size_t t = 0; t < made_.drawn_with.tenants; ++t) {
      of_tenant.push_back(made_.incidents.size());
      made_.incidents.push_back({kind::carrier, t});
    }
    for (std::size_t i = 0; i < made_.pbxes.size(); ++i) {
      const auto& trunks = made_.pbxes[i].trunks;
      const auto at = std::ranges::find(trunks, carrier);
      if (at == trunks.end()) continue;
      const duration renews = between(60s, 300s);
      spell lost = whole(i, silence::none);
      lost.what = part::trunk;
      lost.index = static_cast<std::size_t>(at - trunks.begin());
      lost.begin = begin + between(0s, renews);
      lost.end = end + between(0s, renews);
      lost.of = of_tenant[made_.pbxes[i].tenant];
      add(lost);
    }
  }

  // False: it would touch another one of the same thing.
  bool add(const spell& made) {
    auto& others = taken_[{made.pbx, made.what, made.index}];
    const bool free = std::ranges::none_of(
        others, [&](const auto& other) { return made.begin < other.second + apart && other.first < made.end + apart; });
    if (!free) return false;
    others.emplace_back(made.begin, made.end);
    made_.spells.push_back(made);
    return true;
  }

  const rates of_month_;
  dice luck_;
  dice luck_own_{0};
  plan made_;
  std::map<std::tuple<std::size_t, part, std::size_t>, std::vector<std::pair<wall_time, wall_time>>> taken_;
};

} // namespace

std::string_view name(kind of) {
  constexpr std::array<std::string_view, kinds_of_incidents> names{"blip", "flip",    "certificate", "update", "reboot",
                                                                   "peak", "licence", "outage",      "carrier"};
  return names.at(static_cast<std::size_t>(of));
}

plan draw(const settings& with) { return drawer(with).all(); }

tenant_id tenant_named(std::size_t tenant) { return tenant_id(fmt::format("t{:02}", tenant)); }
instance_id pbx_named(std::size_t pbx) { return instance_id(fmt::format("p{:04}", pbx)); }
std::size_t pbx_of(const instance_id& id) {
  std::size_t number = 0;
  const std::string& text = id.str();
  std::from_chars(text.data() + 1, text.data() + text.size(), number);
  return number;
}

} // namespace ringdown::noise
