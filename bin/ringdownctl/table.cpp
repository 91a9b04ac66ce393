#include "bin/ringdownctl/table.hpp"

#include "protocol/wire/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringdown::ctl {

namespace {

constexpr std::size_t longest_cell = 120; // code points

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

void append_line(std::string& out, const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    if (i + 1 < cells.size()) line.append(widths[i] - width_of(cells[i]) + 2, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + "\n";
}

} // namespace

void table::add(std::vector<std::string> cells) {
  cells.resize(heads_.size());
  for (std::string& cell : cells) {
    cell = wire::one_line(cell, longest_cell);
    if (cell.empty()) cell = "-";
  }
  rows_.push_back(std::move(cells));
}

std::string table::text() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < heads_.size(); ++i) {
    std::size_t width = width_of(heads_[i]);
    for (const auto& cells : rows_) width = std::max(width, width_of(cells[i]));
    widths.push_back(width);
  }
  std::string out;
  append_line(out, heads_, widths);
  for (const auto& cells : rows_) append_line(out, cells, widths);
  return out;
}

std::string ago(std::string_view rfc3339, wall_time now) {
  if (rfc3339.empty()) return "-";
  const auto at = parse_rfc3339(rfc3339);
  if (!at) return std::string(rfc3339);
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(now - *at);
  return whole >= std::chrono::seconds(0) ? words_for(whole) + " ago" : "in " + words_for(-whole);
}

std::string at_time(std::string_view rfc3339) {
  if (rfc3339.empty()) return "-";
  const auto at = parse_rfc3339(rfc3339);
  if (!at) return std::string(rfc3339);
  std::string text = ringdown::rfc3339(*at).substr(0, 19);
  text[10] = ' ';
  return text + " UTC";
}

std::string counted(std::size_t number, std::string_view one) {
  if (number == 1) return fmt::format("1 {}", one);
  const bool y = one.ends_with('y');
  return fmt::format("{} {}{}", number, one.substr(0, one.size() - (y ? 1 : 0)), y ? "ies" : "s");
}

std::string first_of(std::string_view first, std::string_view second) {
  if (!first.empty()) return std::string(first);
  return second.empty() ? "-" : std::string(second);
}

} // namespace ringdown::ctl
