// The command line of ringdown-sim. Pure.
#pragma once

#include "protocol/types/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::sim {

enum class task { run, check, help, version };

struct options {
  task what = task::run;
  std::string scenario;
  std::string control_address = "127.0.0.1";
  int control_port = 0;
  std::string journal;
  std::string tenants;             // where to write tenant files; empty: JOURNAL/tenants
  std::string webhook_secret_file; // empty: one is made
  std::uint64_t seed = 1;
};

[[nodiscard]] result<options> parse_options(const std::vector<std::string>& words);
[[nodiscard]] std::string_view usage();

} // namespace ringdown::sim
