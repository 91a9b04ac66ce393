// Everything that happened in a world as one number, and on demand as lines. Two runs of one seed are equal when the numbers
// are; the lines show where they part.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace ringdown::simulation {

class trace {
public:
  using writer = std::function<void(const std::string&)>;
  // None: only the number is kept.
  explicit trace(writer write = {}) : write_(std::move(write)) {}

  [[nodiscard]] bool is_written() const { return static_cast<bool>(write_); }
  void say(const std::string& line) {
    mix(line);
    if (write_) write_(line);
  }
  void mix(std::uint64_t number) {
    hash_ ^= number;
    hash_ *= 0x100000001b3U;
    hash_ ^= hash_ >> 29U;
  }
  void write_only(const std::string& line) const { write_(line); }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

private:
  void mix(std::string_view text) { // FNV-1a
    for (const char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }

  writer write_;
  std::uint64_t hash_ = 0xcbf29ce484222325U;
};

} // namespace ringdown::simulation
