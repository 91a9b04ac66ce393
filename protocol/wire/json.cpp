#include "protocol/wire/json.hpp"

#include "protocol/wire/text.hpp"

#include <rapidjson/error/error.h>
#include <rapidjson/reader.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace ringdown::wire {

// RapidJSON's handler: keeps the path, refuses depth, hands values on. Its method names are RapidJSON's.
class json_events {
public:
  explicit json_events(json_visitor& visitor) : visitor_(visitor) {}

  bool Null() { return scalar({}); }
  bool Bool(bool truth) { return scalar({.kind = json_kind::boolean, .truth = truth, .text = {}}); }
  bool Int(int number) { return integer(number); }
  bool Uint(unsigned number) { return integer(number); }
  bool Int64(std::int64_t number) { return integer(number); }
  bool Uint64(std::uint64_t number) {
    constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return number <= largest ? integer(static_cast<std::int64_t>(number)) : Double(static_cast<double>(number));
  }
  bool Double(double number) { return scalar({.kind = json_kind::real, .real = number, .text = {}}); }
  // Never called: numbers are not asked for as text.
  bool RawNumber(const char* /*text*/, rapidjson::SizeType /*length*/, bool /*copy*/) { return false; }
  bool String(const char* text, rapidjson::SizeType length, bool /*copy*/) {
    return well_formed({text, length}) && scalar({.kind = json_kind::text, .text = {text, length}});
  }
  bool Key(const char* text, rapidjson::SizeType length, bool /*copy*/) {
    path_.keys_.at(path_.depth_ - 1) = {text, length};
    return well_formed({text, length});
  }
  bool StartObject() { return open(json_kind::object); }
  bool EndObject(rapidjson::SizeType /*members*/) { return close(json_kind::object); }
  bool StartArray() { return open(json_kind::array); }
  bool EndArray(rapidjson::SizeType /*members*/) { return close(json_kind::array); }

  [[nodiscard]] bool too_deep() const { return too_deep_; }
  [[nodiscard]] bool ill_formed() const { return ill_formed_; }

private:
  // The whole text was checked, but RapidJSON lets the second half of a surrogate pair stand alone as an escape.
  bool well_formed(std::string_view text) {
    ill_formed_ = !is_utf8(text);
    return !ill_formed_;
  }
  bool scalar(const json_value& value) { return visitor_.on_value(path_, value); }
  bool integer(std::int64_t number) { return scalar({.kind = json_kind::integer, .integer = number, .text = {}}); }
  bool open(json_kind kind) {
    if (!visitor_.on_value(path_, {.kind = kind, .text = {}})) return false;
    too_deep_ = path_.depth_ == json_depth_limit;
    if (too_deep_) return false;
    path_.keys_.at(path_.depth_) = {};
    ++path_.depth_;
    return true;
  }
  bool close(json_kind kind) {
    --path_.depth_;
    return visitor_.on_end(path_, kind);
  }

  json_visitor& visitor_;
  json_path path_;
  bool too_deep_ = false;
  bool ill_formed_ = false;
};

namespace {

class nothing_kept final : public json_visitor {
public:
  bool on_value(const json_path& /*path*/, const json_value& /*value*/) override { return true; }
  bool on_end(const json_path& /*path*/, json_kind /*kind*/) override { return true; }
};

std::optional<std::int64_t> whole_number(double real) {
  // 2^63 is a double; the largest int64 is not.
  constexpr double limit = 9223372036854775808.0;
  if (!(real >= -limit && real < limit) || std::trunc(real) != real) return std::nullopt;
  return static_cast<std::int64_t>(real);
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

} // namespace

std::optional<bool> json_value::as_bool() const {
  return kind == json_kind::boolean ? std::optional(truth) : std::nullopt;
}

std::optional<std::int64_t> json_value::as_integer() const {
  if (kind == json_kind::integer) return integer;
  if (kind == json_kind::real) return whole_number(real);
  if (kind == json_kind::text) return whole_number(text);
  return std::nullopt;
}

std::optional<std::string_view> json_value::as_text() const {
  return kind == json_kind::text ? std::optional(text) : std::nullopt;
}

json_problem read_json(std::string text, std::size_t limit, json_visitor& visitor) {
  if (text.size() > limit) return json_problem::too_large;
  // Checked here once: with SIMD on, RapidJSON copies bytes above 0x7F without looking at them.
  if (!is_utf8(text)) return json_problem::malformed;
  // RapidJSON takes a NUL byte for the end of the text.
  if (text.find('\0') != std::string::npos) return json_problem::malformed;

  json_events events(visitor);
  rapidjson::InsituStringStream stream(text.data());
  rapidjson::Reader reader;
  constexpr unsigned flags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag;
  const rapidjson::ParseResult parsed = reader.Parse<flags>(stream, events);
  if (!parsed.IsError()) return json_problem::none;
  if (events.too_deep()) return json_problem::too_deep;
  if (events.ill_formed()) return json_problem::malformed;
  return parsed.Code() == rapidjson::kParseErrorTermination ? json_problem::refused : json_problem::malformed;
}

bool is_json(std::string_view text, std::size_t limit) {
  nothing_kept visitor;
  return read_json(std::string(text), limit, visitor) == json_problem::none;
}

} // namespace ringdown::wire
