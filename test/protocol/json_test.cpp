#include "protocol/wire/json.hpp"
#include "protocol/wire/json_writer.hpp"

#include "test/support/catch.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::wire;

namespace {

class recorder final : public json_visitor {
public:
  bool on_value(const json_path& path, const json_value& value) override {
    std::string line;
    for (std::size_t level = 0; level < path.depth(); ++level) line += fmt::format("/{}", path.key(level));
    seen.push_back(line + ":" + std::to_string(static_cast<int>(value.kind)));
    return true;
  }
  bool on_end(const json_path& path, json_kind /*kind*/) override {
    seen.push_back("end " + std::to_string(path.depth()));
    return true;
  }
  std::vector<std::string> seen;
};

class keeper final : public json_visitor {
public:
  bool on_value(const json_path& path, const json_value& value) override {
    if (path.depth() == 0) return true;
    truth = value.as_bool();
    integer = value.as_integer();
    text = value.as_text().has_value();
    return true;
  }
  bool on_end(const json_path& /*path*/, json_kind /*kind*/) override { return true; }
  std::optional<bool> truth;
  std::optional<std::int64_t> integer;
  bool text = false;
};

// Each text with the key of what it is in.
class names_and_texts final : public json_visitor {
public:
  bool on_value(const json_path& path, const json_value& value) override {
    if (value.kind == json_kind::text) seen.push_back(std::string(path.key(0)) + "=" + std::string(value.text));
    return true;
  }
  bool on_end(const json_path& /*path*/, json_kind /*kind*/) override { return true; }
  std::vector<std::string> seen;
};

std::optional<std::int64_t> integer_in(const std::string& value) {
  keeper kept;
  REQUIRE(read_json("{\"a\":" + value + "}", 1000, kept) == json_problem::none);
  return kept.integer;
}

json_problem problem_of(const std::string& text, std::size_t limit = 1 << 20) {
  recorder visitor;
  return read_json(text, limit, visitor);
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

} // namespace

TEST_CASE("A visitor is told of every value with its path") {
  recorder visitor;
  REQUIRE(read_json(R"({"a":[1,{"b":"x"}],"c":null,"d":{"e":true}})", 1000, visitor) == json_problem::none);
  const std::vector<std::string> expected{":5",    "/a:6", "/a/:2", "/a/:5",  "/a//b:4", "end 2",
                                          "end 1", "/c:0", "/d:5",  "/d/e:1", "end 1",   "end 0"};
  CHECK(visitor.seen == expected);
}

TEST_CASE("Broken JSON is malformed, whatever is broken") {
  for (const char* bad : {"", " ", "{", "[1,]", "{\"a\":1,}", "{'a':1}", "nul", "{\"a\":NaN}", "{\"a\":1} x",
                          "\"\\ud800\"", "\"\\udc00\"", "{\"\\udfff\":1}", "{\"a\":\"\x01\"}", "01", "+1", "1e999",
                          "<html></html>", "{\"a\" 1}", "\xEF\xBB\xBF"})
    CHECK(problem_of(bad) == json_problem::malformed);
  CHECK(problem_of("{\"a\":\"\xFF\"}") == json_problem::malformed);
  CHECK(problem_of(std::string("{\"a\":1}\0{", 9)) == json_problem::malformed);
}

// What a reader keeps in steps of eight or sixteen bytes must not depend on where the byte stands.
TEST_CASE("A control character is refused wherever it stands in a string") {
  for (char control = 1; control < 0x20; ++control)
    for (std::size_t before = 0; before < 40; ++before) {
      const std::string text = "[\"" + std::string(before, 'a') + control + std::string(20, 'b') + "\"]";
      INFO(static_cast<int>(control) << " after " << before);
      REQUIRE(problem_of(text) == json_problem::malformed);
    }
}

TEST_CASE("A text is what was written, with escapes or without, in whatever place") {
  const auto [written, meant] = GENERATE(table<std::string, std::string>({
      {"", ""},
      {"plain", "plain"},
      {R"(\"\\\/\b\f\n\r\t)", "\"\\/\b\f\n\r\t"},
      {R"(\u0041\u00e9\u20ac\ud83d\ude00)", "A\u00e9\u20ac\U0001F600"},
      {"\u00e9\u20ac\U0001F600", "\u00e9\u20ac\U0001F600"},
      {R"(\u0000)", std::string(1, '\0')},
      {"\x7F", "\x7F"},
  }));
  INFO(written);
  for (std::size_t before = 0; before < 20; ++before)
    for (std::size_t after = 0; after < 20; ++after) {
      const std::string left(before, 'l');
      const std::string right(after, 'r');
      const std::string quoted = fmt::format(R"("{}{}{}")", left, written, right);
      names_and_texts visitor;
      // A key stays what it was while its value is read.
      const std::string text = fmt::format(R"({{{}:[{},"\n"]}})", quoted, quoted);
      REQUIRE(read_json(text, 1000, visitor) == json_problem::none);
      const std::string whole = fmt::format("{}{}{}", left, meant, right);
      REQUIRE(visitor.seen == std::vector<std::string>{fmt::format("{}={}", whole, whole), whole + "=\n"});
    }
}

TEST_CASE("A text that ends inside a string is malformed, wherever it ends") {
  const std::string whole = R"({"a":"0123456789\u0041bcdefgh\n"})";
  for (std::size_t length = 0; length < whole.size(); ++length)
    CHECK(problem_of(whole.substr(0, length)) == json_problem::malformed);
  CHECK(problem_of(whole) == json_problem::none);
}

TEST_CASE("Depth and size have limits that cost nothing to reach") {
  CHECK(problem_of(nested(json_depth_limit)) == json_problem::none);
  CHECK(problem_of(nested(json_depth_limit + 1)) == json_problem::too_deep);
  CHECK(problem_of(nested(200'000)) == json_problem::too_deep);
  CHECK(problem_of(std::string(200'000, '[')) == json_problem::too_deep);
  CHECK(problem_of("[1]", 3) == json_problem::none);
  CHECK(problem_of("[1]", 2) == json_problem::too_large);
}

TEST_CASE("Numbers come as they are meant, or not at all") {
  CHECK(integer_in("16") == 16);
  CHECK(integer_in("\"16\"") == 16);
  CHECK(integer_in("16.0") == 16);
  CHECK(integer_in("-1") == -1);
  CHECK(integer_in("9223372036854775807") == 9223372036854775807);
  for (const char* bad : {"9223372036854775808", "18446744073709551615", "1e30", "1.5", "\"NaN\"", "\"INF\"", "\"\"",
                          "\" 16\"", "\"16 \"", "\"0x10\"", "true", "null", "[]", "{}"})
    CHECK_FALSE(integer_in(bad));
}

TEST_CASE("What is written is JSON again, whatever was put in") {
  json_writer json;
  json.open_object().text("quote\"", "a\\b\n\x01\xFF☎").number("n", -5).truth("t", true);
  json.key("list").open_array().null().open_object().close_object().text("x").close_array();
  json.text_or_null("gone", "").time("at", wall_time{}).time("never", std::nullopt).close_object();
  CHECK(json.str() == R"({"quote\"":"a\\b\n\u0001)"
                      "\uFFFD☎"
                      R"(","n":-5,"t":true,"list":[null,{},"x"],"gone":null,)"
                      R"("at":"1970-01-01T00:00:00.000000Z","never":null})");
  CHECK(is_json(json.str(), 1000));
}
