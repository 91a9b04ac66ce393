// Aligned tables and words for terminals. What a PBX or a person named must not steer a terminal: control characters
// become spaces.
#pragma once

#include "protocol/types/time.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ringdown::ctl {

class table {
public:
  explicit table(std::vector<std::string> heads) : heads_(std::move(heads)) {}
  void add(std::vector<std::string> cells);
  // Columns are as wide as their widest cell, counted in code points; two spaces between them, none at a line's end. A sentence
  // goes on in further lines of its row: what matters stands at its end.
  [[nodiscard]] std::string text() const;
  // The same within so many columns where that can be: what is widest goes on in further lines of its row.
  [[nodiscard]] std::string text_within(std::size_t width) const;

private:
  [[nodiscard]] std::vector<std::size_t> natural_widths() const;
  [[nodiscard]] std::string text_in(const std::vector<std::size_t>& widths) const;

  std::vector<std::string> heads_;
  std::vector<std::vector<std::string>> rows_;
};

// "31 min ago", "in 2 min"; "-" for none, and the text itself when it is no time.
[[nodiscard]] std::string ago(std::string_view rfc3339, wall_time now);
// "2026-11-24 12:34:56 UTC"; "-" for none.
[[nodiscard]] std::string at_time(std::string_view rfc3339);
// "3 alerts", "1 alert".
[[nodiscard]] std::string counted(std::size_t number, std::string_view one);
// The first that is not empty, else "-".
[[nodiscard]] std::string first_of(std::string_view first, std::string_view second = {});

} // namespace ringdown::ctl
