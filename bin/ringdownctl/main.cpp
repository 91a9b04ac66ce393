// ringdownctl: asks a daemon, or works on files where no daemon is needed.
#include "bin/ringdownctl/commands.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <exception>

namespace {

using namespace ringdown;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

} // namespace

int main(int count, char** words) {
  try {
    auto parsed = ctl::parse_arguments(count, words, variable);
    if (parsed.command == nullptr) return parsed.exit_code;
    const auto now = std::chrono::time_point_cast<duration>(std::chrono::system_clock::now());
    ctl::session run(std::move(parsed.given), now, variable);
    return parsed.command->run(run);
  } catch (const std::exception& broken) {
    fmt::print(stderr, "ringdownctl: internal error: {}\n", broken.what());
    return ctl::exit_internal;
  }
}
