#include "test/noise/site.hpp"

#include "test/logic/observations.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringdown::noise {

namespace {

using namespace std::chrono_literals;

constexpr int usual_calls = 1;

std::uint32_t bits_of(const std::vector<int>& counts) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) bits |= counts[i] > 0 ? 1U << i : 0U;
  return bits;
}

bool has_bit(std::uint32_t bits, std::size_t which) { return (bits >> which & 1U) != 0; }

observation unanswered(silence how) {
  using test::all_failed;
  switch (how) {
    case silence::path: return all_failed(test::transport(transport_error::connect_timeout));
    case silence::refused: return all_failed(test::transport(transport_error::connect_refused));
    case silence::tls: return all_failed(test::transport(transport_error::tls_untrusted));
    case silence::app: return all_failed(test::problem(read_problem::server_error, transport_error::none, 502));
    case silence::none: break;
  }
  return {};
}

} // namespace

int& site::count_of(const spell& of) {
  switch (of.what) {
    case part::trunk: return trunks_.at(of.index);
    case part::sbc: return sbcs_.at(of.index);
    case part::service: return services_.at(of.index);
    case part::calls:
    case part::pbx: break;
  }
  return full_;
}

void site::begin(const spell& of) {
  if (of.what == part::pbx)
    silent_.push_back(of.how);
  else
    ++count_of(of);
}

void site::end(const spell& of, wall_time now) {
  if (of.what != part::pbx) {
    --count_of(of);
    return;
  }
  silent_.erase(std::ranges::find(silent_, of.how));
  if (of.boots) booted_ = now;
  if (of.upgrades) ++version_;
}

glimpse site::look() const {
  if (!silent_.empty()) return {silent_.back(), 0, 0, 0, false, version_};
  return {silence::none, bits_of(trunks_), bits_of(sbcs_), bits_of(services_), full_ > 0, version_};
}

observation read(const pbx& of, const glimpse& seen, std::optional<duration> uptime) {
  if (seen.how != silence::none) return unanswered(seen.how);
  test::poll made;
  made.trunks.clear();
  for (std::size_t i = 0; i < of.trunks.size(); ++i) {
    made.trunks.push_back(has_bit(seen.trunks_down, i) ? test::down(std::to_string(i)) : test::up(std::to_string(i)));
    made.trunks.back().host = fmt::format("sip{}.example.net", of.trunks[i]);
  }
  made.sbcs.clear();
  for (std::size_t i = 0; i < of.sbcs; ++i)
    made.sbcs.push_back(test::sbc(std::to_string(i), !has_bit(seen.sbcs_down, i)));
  made.services.clear();
  for (std::size_t i = 0; i < of.services; ++i)
    made.services.push_back(test::service(std::to_string(i), !has_bit(seen.services_down, i)));
  made.system = {fmt::format("20.0.{}", seen.version), seen.full ? of.channels : usual_calls, of.channels,
                 seen.services_down != 0};
  observation all = made.read();
  all.uptime = uptime;
  return all;
}

duration time_of(const glimpse& seen) {
  if (seen.how == silence::path) return 5s; // as long as a connection is waited for
  return seen.how == silence::refused ? duration(2ms) : duration(300ms);
}

} // namespace ringdown::noise
