// The values of a statement, or of many rows of one, as libpq takes them: all binary, copied.
#pragma once

#include "persistence/sql/parameter.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::persistence {

// As the server takes it: it refuses texts that are not UTF-8 or hold a zero. `kept` holds what had to be mended.
[[nodiscard]] std::string_view mended(std::string_view text, std::string& kept);

class bound_values {
public:
  void add(std::span<const parameter> values);
  void clear();
  [[nodiscard]] std::size_t count() const { return lengths_.size(); }

  // As arrays of one entry each; they live until the next add().
  [[nodiscard]] const char* const* values();
  [[nodiscard]] const int* lengths() const { return lengths_.data(); }
  [[nodiscard]] const int* formats() const { return formats_.data(); }

private:
  static constexpr std::size_t null = static_cast<std::size_t>(-1);

  void add_bytes(std::string_view bytes);

  std::string bytes_;
  std::vector<std::size_t> begins_; // in bytes_
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<const char*> values_;
};

} // namespace ringdown::persistence
