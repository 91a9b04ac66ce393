#include "protocol/wire/text.hpp"

#include "test/support/catch.hpp"

#include <fmt/format.h>

#include <string>

using namespace ringdown::wire;
using namespace std::string_literals;

TEST_CASE("UTF-8 is told from what only looks like it") {
  for (const std::string& good : {""s, "plain"s, "Söhne"s, "✆ ☎"s, "\xF4\x8F\xBF\xBF"s, "\xEE\x80\x80"s, "a\0b"s})
    CHECK(is_utf8(good));
  const std::string long_ascii(40, 'x');
  for (const std::string& bad :
       {"\xFF"s, "\x80"s, "\xC0\x80"s, "\xC1\xBF"s, "\xE0\x80\x80"s, "\xED\xA0\x80"s, "\xF0\x80\x80\x80"s,
        "\xF4\x90\x80\x80"s, "\xF5\x80\x80\x80"s, "\xE2\x82"s, "\xC3"s, long_ascii + "\xFE", "\xC3(" + long_ascii})
    CHECK_FALSE(is_utf8(bad));
}

TEST_CASE("Ill-formed bytes become the replacement character, each one") {
  CHECK(repaired_utf8("a\xFF\xFE"s + "b") == "a\uFFFD\uFFFDb");
  CHECK(repaired_utf8("\xE2\x82") == "\uFFFD\uFFFD");
  CHECK(repaired_utf8("Söhne") == "Söhne");
}

TEST_CASE("A cut never halves a character and says that something is missing") {
  CHECK(cut_to_bytes("short", 5) == "short");
  CHECK(cut_to_bytes("abcdefgh", 6) == "abc…");
  CHECK(cut_to_bytes("äääää", 8) == "ää…");
  CHECK(cut_to_bytes("äääää", 2).empty() == false);
  CHECK(cut_to_bytes("abc", 2) == "ab");
  for (std::size_t bytes = 0; bytes < 20; ++bytes) {
    const std::string cut = cut_to_bytes("☎é𝄞 text ☎é𝄞", bytes);
    CHECK(cut.size() <= bytes);
    CHECK(is_utf8(cut));
  }
}

TEST_CASE("One line has no control characters and ends where it is told") {
  CHECK(one_line("  a\r\n\tb\x7F ", 100) == "a   b");
  CHECK(one_line("Pi\u0085er\u2028", 100) == "Pi er");
  CHECK(one_line("Acme\u202Emoc.live\u202C\u2066x\u2069", 100) == "Acme moc.live  x");
  CHECK(one_line("a\u200Bb \u2027\u202F\u2065 \u206A", 100) == "a\u200Bb \u2027\u202F\u2065 \u206A");
  CHECK(one_line("ääää", 2) == "ää");
  CHECK(one_line("\n\n", 5).empty());
}

TEST_CASE("Paragraphs keep their line feeds and nothing else unprintable") {
  CHECK(paragraphs("one\ntwo\r\x01\x1B[31m", 100) == "one\ntwo[31m");
  CHECK(paragraphs(std::string(500, 'x'), 100).size() == 100);
}

TEST_CASE("What is no printable ASCII is met wherever it stands in a line") {
  const auto [odd, shown] = GENERATE(table<std::string, std::string>({
      {std::string(1, '\0'), " "},
      {"\x1F", " "},
      {"\x7F", " "},
      {"\x80", "\xEF\xBF\xBD"},
      {"\xFF", "\xEF\xBF\xBD"},
      {"\u00e9", "\u00e9"},
      {"~", "~"},
      {"!", "!"},
  }));
  for (std::size_t before = 1; before < 20; ++before)
    for (std::size_t after = 1; after < 20; ++after) {
      const std::string left(before, 'l');
      const std::string right(after, 'r');
      REQUIRE(one_line(fmt::format("{}{}{}", left, odd, right), 100) == fmt::format("{}{}{}", left, shown, right));
      REQUIRE(one_line(left + " ", 100) == left);
      REQUIRE(one_line(" " + right, 100) == right);
    }
}
