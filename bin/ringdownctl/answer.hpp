// What the daemon answered, read from JSON into flat fields that tables can show.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::ctl {

// Fields of one object. Inner objects are flattened ("resource.name"); the members of a list within stand in one
// field, parted by ", "; null is "".
struct row {
  std::map<std::string, std::string, std::less<>> fields;
  std::map<std::string, std::vector<row>, std::less<>> lists; // of objects, by name; flattened in `fields` too
  [[nodiscard]] const std::string& operator[](std::string_view name) const;
  [[nodiscard]] const std::vector<row>& list(std::string_view name) const;
};

struct answer {
  row top;                                                    // of the outermost object
  std::map<std::string, std::vector<row>, std::less<>> lists; // its lists of objects, by name
  [[nodiscard]] const std::vector<row>& list(std::string_view name) const;
};

// nullopt when the text is not one JSON object within 64 MiB.
[[nodiscard]] std::optional<answer> read_answer(const std::string& text);

} // namespace ringdown::ctl
