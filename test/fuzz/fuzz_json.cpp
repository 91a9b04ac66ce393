#include "protocol/wire/json.hpp"
#include "protocol/wire/text.hpp"

#include "test/fuzz/fuzz.hpp"

#include <rapidjson/reader.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace {

using namespace ringdown;

// What is read, as text: equal for two readers that were told the same.
class told {
public:
  void value(std::string_view kind, std::string_view text) {
    text_ += kind;
    text_ += std::to_string(text.size()) + ":";
    text_ += text;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

private:
  std::string text_;
};

class ours final : public wire::json_visitor {
public:
  bool on_value(const wire::json_path& path, const wire::json_value& value) override {
    // A key is told with its value, an item has none.
    if (path.depth() > 0) told_.value("key", path.last());
    switch (value.kind) {
      case wire::json_kind::null: told_.value("null", ""); break;
      case wire::json_kind::boolean: told_.value("truth", value.truth ? "1" : "0"); break;
      case wire::json_kind::integer: told_.value("integer", std::to_string(value.integer)); break;
      case wire::json_kind::real: told_.value("real", std::to_string(value.real)); break;
      case wire::json_kind::text: told_.value("text", value.text); break;
      case wire::json_kind::object: told_.value("object", ""); break;
      case wire::json_kind::array: told_.value("array", ""); break;
    }
    return true;
  }
  bool on_end(const wire::json_path& /*path*/, wire::json_kind kind) override {
    told_.value("end", kind == wire::json_kind::object ? "object" : "array");
    return true;
  }
  [[nodiscard]] const std::string& text() const { return told_.text(); }

private:
  told told_;
};

// RapidJSON with its own stream, in its other way.
class theirs {
public:
  bool Null() { return value("null", ""); }
  bool Bool(bool truth) { return value("truth", truth ? "1" : "0"); }
  bool Int(int number) { return value("integer", std::to_string(number)); }
  bool Uint(unsigned number) { return value("integer", std::to_string(number)); }
  bool Int64(std::int64_t number) { return value("integer", std::to_string(number)); }
  bool Uint64(std::uint64_t number) {
    const bool fits = number <= static_cast<std::uint64_t>(INT64_MAX);
    return fits ? value("integer", std::to_string(number)) : Double(static_cast<double>(number));
  }
  bool Double(double number) { return value("real", std::to_string(number)); }
  bool RawNumber(const char* /*text*/, rapidjson::SizeType /*length*/, bool /*copy*/) { return false; }
  bool String(const char* text, rapidjson::SizeType length, bool /*copy*/) {
    ill_formed_ = ill_formed_ || !wire::is_utf8({text, length});
    return value("text", {text, length});
  }
  bool Key(const char* text, rapidjson::SizeType length, bool /*copy*/) {
    ill_formed_ = ill_formed_ || !wire::is_utf8({text, length});
    keys_.back().assign(text, length);
    return true;
  }
  bool StartObject() { return open("object"); }
  bool EndObject(rapidjson::SizeType /*members*/) { return close("object"); }
  bool StartArray() { return open("array"); }
  bool EndArray(rapidjson::SizeType /*items*/) { return close("array"); }

  [[nodiscard]] bool is_sound() const { return !ill_formed_ && deepest_ <= wire::json_depth_limit; }
  [[nodiscard]] const std::string& text() const { return told_.text(); }

private:
  bool value(std::string_view kind, std::string_view text) {
    if (!keys_.empty()) told_.value("key", keys_.back());
    told_.value(kind, text);
    return true;
  }
  bool open(std::string_view kind) {
    value(kind, "");
    keys_.emplace_back();
    deepest_ = std::max(deepest_, keys_.size());
    return true;
  }
  bool close(std::string_view kind) {
    keys_.pop_back();
    told_.value("end", kind);
    return true;
  }

  told told_;
  std::vector<std::string> keys_;
  std::size_t deepest_ = 0;
  bool ill_formed_ = false;
};

} // namespace

// Our stream and the recursive way must say what RapidJSON's own stream and its iterative way say.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = fuzz::text_of(data, size);
  ours got;
  const wire::json_problem problem = wire::read_json(text, 1 << 20, got);
  theirs wanted;
  rapidjson::StringStream stream(text.c_str());
  rapidjson::Reader reader;
  const bool parsed = !reader.Parse<rapidjson::kParseIterativeFlag>(stream, wanted).IsError();
  const bool sound = parsed && wanted.is_sound() && wire::is_utf8(text) && text.find('\0') == std::string::npos;
  fuzz::must((problem == wire::json_problem::none) == sound);
  if (sound) fuzz::must(got.text() == wanted.text());
  return 0;
}
