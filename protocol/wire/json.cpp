#include "protocol/wire/json.hpp"

#include "protocol/wire/text.hpp"

#include <rapidjson/error/error.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

namespace ringdown::wire {

namespace {

bool ends_plain(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; }

// The first quote, backslash or control character at or after `at`, eight bytes at a time: what most of a body is made of
// are strings that nobody asked for.
const char* end_of_plain(const char* at, const char* end) {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  constexpr std::uint64_t high_bits = ones * 0x80;
  for (; end - at >= 8; at += 8) {
    std::uint64_t block = 0;
    std::memcpy(&block, at, sizeof block);
    const std::uint64_t quotes = block ^ (ones * '"');
    const std::uint64_t slashes = block ^ (ones * '\\');
    // The high bit of each byte that is one of them. A borrow can add false ones above a true one, never below.
    const std::uint64_t found =
        (((quotes - ones) & ~quotes) | ((slashes - ones) & ~slashes) | ((block - ones * 0x20) & ~block)) & high_bits;
    if (found == 0) continue;
    if constexpr (std::endian::native == std::endian::little) return at + std::countr_zero(found) / 8;
    break;
  }
  while (at != end && !ends_plain(*at)) ++at;
  return at;
}

// RapidJSON's stream over a text that ends with a NUL byte and has no other. It reads "in place" without writing there:
// a string without escapes is where it stands, one with escapes is unescaped into `room`, which is as large as the text,
// so that it never moves. Method names are RapidJSON's.
class text_stream {
public:
  using Ch = char;

  text_stream(const std::string& text, char* room)
      : begin_(text.data()),
        end_(text.data() + text.size()),
        at_(begin_),
        write_(room) {}

  [[nodiscard]] char Peek() const { return *at_; }
  char Take() { return *at_++; }
  [[nodiscard]] std::size_t Tell() const { return static_cast<std::size_t>(at_ - begin_); }

  // A string begins here: RapidJSON asks before it looks at the first byte, and goes on where the plain part ends.
  char* PutBegin() {
    const char* const string = at_;
    at_ = end_of_plain(at_, end_);
    escaped_ = *at_ == '\\';
    // It wants a pointer to write through, and hands it back as one to read.
    if (!escaped_) return const_cast<char*>(string);
    char* const unescaped = write_;
    write_ = std::copy(string, at_, write_);
    return unescaped;
  }
  void Put(char c) {
    if (escaped_) *write_++ = c;
  }
  // The length with the NUL byte that RapidJSON puts at the end: without escapes the closing quote stands there.
  [[nodiscard]] std::size_t PutEnd(const char* string) const {
    return static_cast<std::size_t>((escaped_ ? write_ : at_) - string);
  }

  void skip_blanks() {
    while (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t') ++at_;
  }

private:
  const char* begin_;
  const char* end_;
  const char* at_;
  char* write_;
  bool escaped_ = false;
};

} // namespace

} // namespace ringdown::wire

namespace rapidjson {

template <>
inline void SkipWhitespace(ringdown::wire::text_stream& stream) {
  stream.skip_blanks();
}

} // namespace rapidjson

namespace ringdown::wire {

// RapidJSON's handler: keeps the path, refuses depth, hands values on. Its method names are RapidJSON's.
class json_events {
public:
  enum class escapes : std::uint8_t { none, some };
  json_events(json_visitor& visitor, escapes in_text) : visitor_(visitor), escapes_(in_text) {}

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
    ill_formed_ = escapes_ == escapes::some && !is_utf8(text);
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
  escapes escapes_;
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

std::optional<std::int64_t> json_value::as_integer() const {
  if (kind == json_kind::integer) return integer;
  if (kind == json_kind::real) return whole_number(real);
  if (kind == json_kind::text) return whole_number(text);
  return std::nullopt;
}

json_problem read_json(const std::string& text, std::size_t limit, json_visitor& visitor) {
  if (text.size() > limit) return json_problem::too_large;
  // Checked here once: RapidJSON copies bytes above 0x7F without looking at them.
  if (!is_utf8(text)) return json_problem::malformed;
  // RapidJSON takes a NUL byte for the end of the text.
  if (text.find('\0') != std::string::npos) return json_problem::malformed;

  const bool escaped = text.find('\\') != std::string::npos;
  std::string room(escaped ? text.size() : 0, '\0');
  text_stream stream(text, room.data());
  json_events events(visitor, escaped ? json_events::escapes::some : json_events::escapes::none);
  rapidjson::Reader reader;
  // It calls itself for what is nested, and no deeper than `events` allows: faster by a third than its other way, which
  // does not.
  const rapidjson::ParseResult parsed = reader.Parse<rapidjson::kParseInsituFlag>(stream, events);
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
