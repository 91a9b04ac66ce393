// What the simulator's tests arrange with: a fixed time, a small fleet, collected journal lines.
#pragma once

#include "bin/ringdown-sim/simulation.hpp"

#include <string>
#include <vector>

namespace ringdown::sim {

inline constexpr wall_time noon = wall_time{std::chrono::hours(500'000) + std::chrono::hours(4)};

inline moment at(duration since_start) {
  return {noon + since_start, steady_time{std::chrono::hours(1) + since_start}};
}

inline scenario small_fleet(int pbxes = 2) {
  scenario out;
  out.fleet.pbxes = pbxes;
  out.fleet.trunks_per_pbx = 3;
  return out;
}

inline command tell(arguments all) { return make_command(std::move(all)).value(); }

// A simulation whose journals and signals are lists.
struct stage {
  std::vector<std::string> truth;
  std::vector<std::string> effects;
  std::vector<std::string> signals;
  simulation running;

  explicit stage(const scenario& plan = small_fleet())
      : running(plan, build_fleet(plan, noon).value(),
                {[this](const journal_line& line) { truth.push_back(line.str()); },
                 [this](const journal_line& line) { effects.push_back(line.str()); },
                 [this](std::string_view action, const std::string& file) {
                   signals.push_back(std::string(action) + " " + file);
                 }},
                1) {}

  answer control(std::string body, duration when = {}) {
    return running.ask_control({"POST", "/do", {}, std::move(body), "127.0.0.1:1"}, at(when));
  }
  answer pbx(std::size_t index, std::string method, std::string target, http_headers headers = {},
             std::string body = {}, duration when = {}) {
    return running.ask_pbx(
        index, {std::move(method), std::move(target), std::move(headers), std::move(body), "127.0.0.1:1"}, at(when));
  }
  answer login(std::size_t index, const std::string& secret, duration when = {}) {
    return pbx(index, "POST", "/connect/token", {},
               "grant_type=client_credentials&client_id=900&client_secret=" + secret, when);
  }
  answer get(std::size_t index, std::string target, duration when = {}) {
    const auto& token = running.pbxes().at(index).tokens.token();
    return pbx(index, "GET", std::move(target), {{"Authorization", "Bearer " + token}}, {}, when);
  }
  [[nodiscard]] std::size_t lines_with(const std::string& text) const {
    std::size_t count = 0;
    for (const auto& line : truth) count += line.find(text) != std::string::npos ? 1 : 0;
    return count;
  }
};

} // namespace ringdown::sim
