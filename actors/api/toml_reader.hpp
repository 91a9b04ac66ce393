// Strict reading of our TOML files: every key must be known, of the right type and sound; all faults of a file are
// collected, each with its line and, for a misspelt key, the one that was probably meant.
#pragma once

#include "protocol/types/time.hpp"

#include <toml++/toml.h>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::api {

struct config_error {
  std::string file;
  int line = 0; // 0: the file as a whole
  std::string message;
};
[[nodiscard]] std::string to_text(const config_error& error);

// The known word nearest to what was written; empty when none is near.
[[nodiscard]] std::string nearest(std::string_view written, const std::vector<std::string>& known);
// The end of a message: `; did you mean "x"?`, or "".
[[nodiscard]] std::string did_you_mean(std::string_view written, const std::vector<std::string>& known);

class fault_list {
public:
  explicit fault_list(std::string file) : file_(std::move(file)) {}
  void add(const toml::node* at, std::string message) {
    add_at(at == nullptr ? 0 : static_cast<int>(at->source().begin.line), std::move(message));
  }
  void add_at(int line, std::string message) { errors_.push_back({file_, line, std::move(message)}); }
  [[nodiscard]] bool empty() const { return errors_.empty(); }
  [[nodiscard]] std::size_t size() const { return errors_.size(); }
  [[nodiscard]] std::vector<config_error> take() { return std::move(errors_); }
  [[nodiscard]] const std::string& file() const { return file_; }

private:
  std::string file_;
  std::vector<config_error> errors_;
};

// One table being read. Each getter marks its key as known; finish() complains about the rest.
class table_reader {
public:
  table_reader(const toml::table& table, std::string where, fault_list& faults)
      : table_(table),
        where_(std::move(where)),
        faults_(faults) {}

  [[nodiscard]] std::optional<std::string> text(const std::string& key);
  [[nodiscard]] std::string required_text(const std::string& key);
  [[nodiscard]] std::optional<std::int64_t> number(const std::string& key, std::int64_t least, std::int64_t most);
  [[nodiscard]] std::optional<bool> truth(const std::string& key);
  [[nodiscard]] std::optional<duration> span(const std::string& key);
  [[nodiscard]] std::vector<std::string> texts(const std::string& key);
  [[nodiscard]] const toml::table* table(const std::string& key);
  void each_table(const std::string& key, const std::function<void(const toml::table&, const std::string&)>& read);
  [[nodiscard]] const toml::node* node(const std::string& key); // any type
  // A word out of a list: what `parse` makes of it.
  template <class Parse>
  auto word(const std::string& key, Parse&& parse, std::string_view known) -> decltype(parse(std::string_view())) {
    const auto written = text(key);
    if (!written) return {};
    auto value = parse(*written);
    if (!value) fault(key, "\"" + *written + "\" is not one of " + std::string(known));
    return value;
  }
  // No such key, or a list with nothing in it: what else is not as it should be was complained about already.
  [[nodiscard]] bool is_empty(const std::string& key) const;
  void fault(const std::string& key, const std::string& message);
  void finish();
  [[nodiscard]] const std::string& where() const { return where_; }

private:
  [[nodiscard]] std::string name_of(const std::string& key) const { return where_.empty() ? key : where_ + "." + key; }

  const toml::table& table_;
  std::string where_;
  fault_list& faults_;
  std::set<std::string> known_;
};

// Parsed, or the one syntax fault added.
[[nodiscard]] std::optional<toml::table> parse_toml(const std::string& text, fault_list& faults);
// Nothing unless it is a regular file we may read.
[[nodiscard]] std::optional<std::string> read_whole_file(const std::string& path);

} // namespace ringdown::api
