// Writing JSON: the caller says what opens and closes, commas and escapes are made here. The output is always
// well-formed UTF-8: ill-formed bytes become U+FFFD. Compact, keys in the order they are written.
#pragma once

#include "protocol/types/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ringdown::wire {

class json_writer {
public:
  json_writer& open_object();
  json_writer& close_object();
  json_writer& open_array();
  json_writer& close_array();

  // Inside an object: the key of what is opened or written next.
  json_writer& key(std::string_view name);

  json_writer& text(std::string_view value);
  json_writer& number(std::int64_t value);
  json_writer& truth(bool value);
  json_writer& null();
  // A JSON text made elsewhere by a writer of this kind.
  json_writer& raw(std::string_view json);

  json_writer& text(std::string_view name, std::string_view value) { return key(name).text(value); }
  json_writer& number(std::string_view name, std::int64_t value) { return key(name).number(value); }
  json_writer& truth(std::string_view name, bool value) { return key(name).truth(value); }
  // null where there is none: the key is always there.
  json_writer& text_or_null(std::string_view name, std::string_view value);
  json_writer& time(std::string_view name, wall_time at);
  json_writer& time(std::string_view name, const std::optional<wall_time>& at);

  [[nodiscard]] const std::string& str() const& { return out_; }
  [[nodiscard]] std::string str() && { return std::move(out_); }

private:
  void separate();

  std::string out_;
  bool comma_ = false; // the next member of what is open comes after another
};

} // namespace ringdown::wire
