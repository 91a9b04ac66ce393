#include "bin/ringdown-sim/journal.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace ringdown::sim {

journal_line::journal_line(wall_time now, std::string_view kind)
    : text_(fmt::format(R"({{"t":"{}","kind":"{}")", rfc3339(now), kind)) {}

journal_line& journal_line::add(std::string_view key, std::string_view text) {
  return add_json(key, json_text(valid_utf8(text)));
}

journal_line& journal_line::add(std::string_view key, long number) { return add_json(key, fmt::to_string(number)); }

journal_line& journal_line::add_json(std::string_view key, std::string_view json) {
  text_ += fmt::format(",\"{}\":{}", key, json);
  return *this;
}

result<journal> journal::open(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "ae");
  if (file == nullptr) return failure{failure_kind::unavailable, fmt::format("{}: {}", path, std::strerror(errno))};
  return journal(file);
}

result<void> journal::write(const journal_line& line) {
  const auto text = line.str() + "\n";
  if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size() || std::fflush(file_.get()) != 0) {
    return failure{failure_kind::unavailable, fmt::format("journal: {}", std::strerror(errno))};
  }
  return {};
}

} // namespace ringdown::sim
