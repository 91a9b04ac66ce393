// Reading JSON from outside: one pass, no tree, no copy, with a depth and a size limit. A reader is told of each value
// with the path that leads to it and keeps what it needs; everything else costs only the scan.
// The whole text must be well-formed UTF-8 and well-formed JSON (RFC 8259) with nothing after it; bare NaN is not.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringdown::wire {

inline constexpr std::size_t json_depth_limit = 64;

enum class json_kind : std::uint8_t { null, boolean, integer, real, text, object, array };

// A scalar, or the opening of an object or array. `text` lives as long as the call.
struct json_value {
  json_kind kind = json_kind::null;
  bool truth = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string_view text;

  [[nodiscard]] std::optional<bool> as_bool() const {
    return kind == json_kind::boolean ? std::optional(truth) : std::nullopt;
  }
  // Integers, also written as text ("16") or as a whole real (16.0); anything else, and beyond 2^63 - 1, is nullopt.
  [[nodiscard]] std::optional<std::int64_t> as_integer() const;
  [[nodiscard]] std::optional<std::string_view> as_text() const {
    return kind == json_kind::text ? std::optional(text) : std::nullopt;
  }
};

// Where a value stands: the keys of the objects around it, outermost first; an array's members have the key "".
class json_path {
public:
  [[nodiscard]] std::size_t depth() const { return depth_; }
  // 0 is the outermost; the last one is the value's own key.
  [[nodiscard]] std::string_view key(std::size_t level) const {
    return level < depth_ ? keys_[level] : std::string_view();
  }
  [[nodiscard]] std::string_view last() const { return depth_ == 0 ? std::string_view() : keys_[depth_ - 1]; }

private:
  friend class json_events;
  std::array<std::string_view, json_depth_limit + 1> keys_{};
  std::size_t depth_ = 0;
};

class json_visitor {
public:
  json_visitor() = default;
  json_visitor(const json_visitor&) = delete;
  json_visitor& operator=(const json_visitor&) = delete;
  virtual ~json_visitor() = default;

  // false ends the reading with json_problem::refused.
  virtual bool on_value(const json_path& path, const json_value& value) = 0;
  // The object or array of this path has ended.
  virtual bool on_end(const json_path& path, json_kind kind) = 0;
};

enum class json_problem : std::uint8_t { none, malformed, too_deep, too_large, refused };

// `limit` is in bytes.
[[nodiscard]] json_problem read_json(const std::string& text, std::size_t limit, json_visitor& visitor);

// True for one well-formed JSON text within the limits.
[[nodiscard]] bool is_json(std::string_view text, std::size_t limit);

} // namespace ringdown::wire
