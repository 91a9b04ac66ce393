// The envelope every XAPI collection comes in: {"value": [items], "@odata.nextLink": ...}. A reader of one class of
// resources derives from it and sees only the fields of its items.
#pragma once

#include "protocol/wire/json.hpp"
#include "protocol/wire/pbx/answer.hpp"
#include "protocol/wire/pbx/xapi.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::wire::pbx {

inline constexpr std::size_t longest_name = 200; // characters of a name we keep

class collection_visitor : public json_visitor {
public:
  bool on_value(const json_path& path, const json_value& value) final;
  bool on_end(const json_path& path, json_kind kind) final;

  void begin_page();
  [[nodiscard]] bool page_is_whole() const { return page_ == page_part::ended; }
  [[nodiscard]] bool goes_on() const { return goes_on_; }
  [[nodiscard]] bool too_many() const { return too_many_; }

protected:
  virtual void begin_item() = 0;
  // Fields of the item: path.key(2) is the field, deeper keys follow. Also told of objects and arrays that open.
  virtual void on_field(const json_path& path, const json_value& value) = 0;
  // An object or array inside the item has ended.
  virtual void end_field(const json_path& path) = 0;
  // false: this item cannot be told from others, so the whole answer is malformed.
  virtual bool end_item() = 0;

private:
  enum class page_part { before, inside, ended }; // of the list of items
  bool envelope(const json_path& path, const json_value& value);

  page_part page_ = page_part::before;
  bool goes_on_ = false;
  bool too_many_ = false;
  std::size_t items_ = 0;
};

// Reads all pages into `visitor`; what went wrong, or nullopt.
[[nodiscard]] std::optional<read_failure> read_pages(answer_pages pages, wall_time now, collection_visitor& visitor);

// Identities must differ: a list that names one twice cannot be compared with the last one.
template <class Item>
[[nodiscard]] reading<std::vector<Item>> whole_reading(std::optional<read_failure> fault, std::vector<Item> items) {
  reading<std::vector<Item>> read;
  if (fault) {
    read.why = std::move(*fault);
    return read;
  }
  std::vector<std::string_view> keys;
  keys.reserve(items.size());
  for (const Item& item : items) keys.emplace_back(item.key);
  std::ranges::sort(keys);
  if (std::ranges::adjacent_find(keys) != keys.end())
    read.why = malformed(200, "an identity is listed twice");
  else
    read.value = std::move(items);
  return read;
}

// A name for people: one line, at most longest_name characters; "" when the value is no text.
[[nodiscard]] std::string name_in(const json_value& value);

// A text that identifies a resource. Nothing is cut or repaired, or two could become one: nullopt when it is empty, no
// text, longer than longest_name or not a plain line.
[[nodiscard]] std::optional<std::string> key_in(const json_value& value);

// One outcome as the only page of its answer.
[[nodiscard]] std::shared_ptr<const http_outcome> as_page(const http_outcome& outcome);

} // namespace ringdown::wire::pbx
