#include "bin/ringdownctl/table.hpp"

#include "protocol/wire/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringdown::ctl {

namespace {

constexpr std::size_t longest_cell = 2000; // code points
constexpr std::size_t widest_column = 120; // what is longer goes on in a further line
constexpr std::size_t narrowest = 12;

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

// The widest gives way first, and none below what still can be read.
std::vector<std::size_t> shrunk(std::vector<std::size_t> widths, std::size_t most) {
  if (widths.empty()) return widths;
  std::size_t whole = 2 * (widths.size() - 1);
  for (const std::size_t one : widths) whole += one;
  for (; whole > most; --whole) {
    const auto widest = std::ranges::max_element(widths);
    if (*widest <= narrowest) break;
    --*widest;
  }
  return widths;
}

// Bytes of the first `count` code points.
std::size_t bytes_of(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    const bool begins = (static_cast<unsigned char>(text[at]) & 0xc0U) != 0x80U;
    if (begins && count-- == 0) break;
  }
  return at;
}

// Broken at spaces; a word that is too long is broken anywhere.
std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (width_of(text) > width) {
    const std::size_t fits = bytes_of(text, width);
    const std::size_t space = text.rfind(' ', fits);
    const bool breaks = space != std::string_view::npos && space > 0;
    lines.emplace_back(text.substr(0, breaks ? space : fits));
    text.remove_prefix(breaks ? space + 1 : fits);
  }
  lines.emplace_back(text);
  return lines;
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

std::vector<std::size_t> table::natural_widths() const {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < heads_.size(); ++i) {
    std::size_t width = width_of(heads_[i]);
    for (const auto& cells : rows_) width = std::max(width, width_of(cells[i]));
    widths.push_back(std::min(width, widest_column));
  }
  return widths;
}

std::string table::text() const { return text_in(natural_widths()); }

std::string table::text_within(std::size_t width) const { return text_in(shrunk(natural_widths(), width)); }

std::string table::text_in(const std::vector<std::size_t>& widths) const {
  std::string out;
  append_line(out, heads_, widths);
  for (const auto& cells : rows_) {
    std::vector<std::vector<std::string>> lines;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      auto parts = wrapped(cells[i], widths[i]);
      if (lines.size() < parts.size()) lines.resize(parts.size(), std::vector<std::string>(cells.size()));
      for (std::size_t line = 0; line < parts.size(); ++line) lines[line][i] = std::move(parts[line]);
    }
    for (const auto& line : lines) append_line(out, line, widths);
  }
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
