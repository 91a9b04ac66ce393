// A command is one thing the simulator is told to do: by the scenario's timeline or by POST /do. Same words, same keys.
// The grammar is one table (command.cpp); docs/testing.md explains each verb.
#pragma once

#include "bin/ringdown-sim/text.hpp"
#include "protocol/types/result.hpp"
#include "protocol/types/time.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::sim {

struct command {
  std::string verb;
  arguments with; // checked: only keys the verb knows, all it needs, durations and numbers well-formed

  // The argument or, without one, the empty text.
  [[nodiscard]] std::string_view operator[](std::string_view key) const;
  [[nodiscard]] std::optional<duration> span(std::string_view key) const;
  [[nodiscard]] std::optional<long> number(std::string_view key) const;
};

// A command for later, `at` from the moment it is scheduled.
struct timed_command {
  duration at{};
  command what;
};

// `all` holds the verb as "do". Names the wrong or missing key.
[[nodiscard]] result<command> make_command(arguments all);

// Every verb, in the order of the table.
[[nodiscard]] std::vector<std::string_view> verbs();

} // namespace ringdown::sim
