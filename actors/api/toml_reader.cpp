#include "actors/api/toml_reader.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <utility>

namespace ringdown::api {

namespace {

constexpr std::size_t longest_guess = 64; // bytes; what is longer is no slip of the finger

// Changes, insertions, removals and swaps of neighbours, each counted once (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> rows(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  std::iota(rows[0].begin(), rows[0].end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    rows[i][0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      rows[i][j] = std::min({change, rows[i - 1][j] + 1, rows[i][j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.size()][b.size()];
}

} // namespace

std::string to_text(const config_error& error) {
  return error.file + (error.line > 0 ? ":" + std::to_string(error.line) : std::string()) + ": " + error.message;
}

std::string nearest(std::string_view written, const std::vector<std::string>& known) {
  std::string best;
  if (written.size() > longest_guess) return best;
  std::size_t least = std::max<std::size_t>(written.size() / 3, 1) + 1;
  for (const std::string& one : known) {
    const std::size_t far = distance(written, one);
    if (far < least) {
      least = far;
      best = one;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view written, const std::vector<std::string>& known) {
  const std::string meant = nearest(written, known);
  return meant.empty() ? std::string() : "; did you mean \"" + meant + "\"?";
}

const toml::node* table_reader::node(const std::string& key) {
  known_.insert(key);
  return table_.get(key);
}

bool table_reader::is_empty(const std::string& key) const {
  const toml::node* at = table_.get(key);
  const toml::array* list = at == nullptr ? nullptr : at->as_array();
  return at == nullptr || (list != nullptr && list->empty());
}

void table_reader::fault(const std::string& key, const std::string& message) {
  const toml::node* at = table_.get(key);
  faults_.add(at != nullptr ? at : &table_, name_of(key) + ": " + message);
}

std::optional<std::string> table_reader::text(const std::string& key) {
  const toml::node* at = node(key);
  if (at == nullptr) return std::nullopt;
  auto value = at->value_exact<std::string>();
  if (!value) fault(key, "must be a string between quotes");
  return value;
}

std::string table_reader::required_text(const std::string& key) {
  auto value = text(key);
  if (table_.get(key) == nullptr)
    fault(key, "is required");
  else if (value && value->empty())
    fault(key, "must not be empty");
  return value.value_or("");
}

std::optional<std::int64_t> table_reader::number(const std::string& key, std::int64_t least, std::int64_t most) {
  const toml::node* at = node(key);
  if (at == nullptr) return std::nullopt;
  const auto value = at->value_exact<std::int64_t>();
  if (value && *value >= least && *value <= most) return value;
  fault(key, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return std::nullopt;
}

std::optional<bool> table_reader::truth(const std::string& key) {
  const toml::node* at = node(key);
  if (at == nullptr) return std::nullopt;
  const auto value = at->value_exact<bool>();
  if (!value) fault(key, "must be true or false");
  return value;
}

std::optional<duration> table_reader::span(const std::string& key) {
  const toml::node* at = node(key);
  if (at == nullptr) return std::nullopt;
  const auto written = at->value_exact<std::string>();
  if (!written) {
    fault(key, "must be a string like \"10s\", \"5m\" or \"1h30m\"");
    return std::nullopt;
  }
  const auto value = parse_duration(*written);
  if (!value) fault(key, "\"" + *written + "\" is not a duration like \"10s\", \"5m\" or \"1h30m\"");
  return value;
}

std::vector<std::string> table_reader::texts(const std::string& key) {
  const toml::node* at = node(key);
  if (at == nullptr) return {};
  std::vector<std::string> values;
  if (const toml::array* list = at->as_array()) {
    for (const toml::node& one : *list) {
      if (const auto value = one.value_exact<std::string>())
        values.push_back(*value);
      else
        faults_.add(&one, name_of(key) + ": must hold strings only");
    }
  } else {
    fault(key, "must be a list of strings like [\"a\", \"b\"]");
  }
  return values;
}

const toml::table* table_reader::table(const std::string& key) {
  const toml::node* at = node(key);
  if (at == nullptr) return nullptr;
  const toml::table* inner = at->as_table();
  if (inner == nullptr) fault(key, "must be a table, written as [" + name_of(key) + "]");
  return inner;
}

void table_reader::each_table(const std::string& key,
                              const std::function<void(const toml::table&, const std::string&)>& read) {
  const toml::node* at = node(key);
  if (at == nullptr) return;
  const toml::array* list = at->as_array();
  if (list == nullptr) {
    fault(key, "must be written as [[" + name_of(key) + "]]");
    return;
  }
  for (std::size_t i = 0; i < list->size(); ++i) {
    const toml::table* one = list->get_as<toml::table>(i);
    if (one != nullptr)
      read(*one, name_of(key));
    else
      faults_.add(list->get(i), name_of(key) + ": must be a table");
  }
}

void table_reader::finish() {
  const std::vector<std::string> known(known_.begin(), known_.end());
  for (const auto& [key, value] : table_) {
    const std::string written(key.str());
    if (known_.contains(written)) continue;
    faults_.add_at(static_cast<int>(key.source().begin.line),
                   name_of(written) + ": unknown key" + did_you_mean(written, known));
  }
}

std::optional<toml::table> parse_toml(const std::string& text, fault_list& faults) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    faults.add_at(static_cast<int>(error.source().begin.line), "not TOML: " + std::string(error.description()));
    return std::nullopt;
  }
}

std::optional<std::string> read_whole_file(const std::string& path) {
  // A folder opens as a file does, and fails when it is read; a pipe would be waited for.
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

} // namespace ringdown::api
