#include "persistence/postgres/statement_text.hpp"

#include <algorithm>
#include <cstddef>

namespace ringdown::persistence {

namespace {

bool is_name(char c) { return (c >= 'a' && c <= 'z') || c == '_' || c == '.'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Of what is quoted from `at` on: where it ends.
std::size_t end_of_quoted(std::string_view sql, std::size_t at) {
  const auto end = sql.find(sql[at], at + 1);
  return end == std::string_view::npos ? sql.size() : end + 1;
}

} // namespace

std::string postgres_text(std::string_view sql) {
  constexpr std::string_view hint = " indexed by ";
  constexpr std::string_view aside = "/*sqlite*/";
  constexpr std::string_view aside_ends = "/**/";
  std::string text;
  int largest = 0;
  for (std::size_t at = 0; at < sql.size();) {
    const char c = sql[at];
    if (c == '\'' || c == '"') {
      const auto end = end_of_quoted(sql, at);
      text += sql.substr(at, end - at);
      at = end;
    } else if (c == '?') {
      int number = 0;
      for (++at; at < sql.size() && is_digit(sql[at]); ++at) number = 10 * number + (sql[at] - '0');
      if (number == 0) number = largest + 1;
      largest = std::max(largest, number);
      text += '$' + std::to_string(number);
    } else if (c == '+' && at + 1 < sql.size() && is_name(sql[at + 1])) {
      const auto* const end = std::find_if_not(sql.begin() + at + 1, sql.end(), is_name);
      text += '(' + std::string(sql.begin() + at + 1, end) + " || '')";
      at = static_cast<std::size_t>(end - sql.begin());
    } else if (sql.substr(at).starts_with(hint)) {
      at = std::min(sql.find_first_of(" )", at + hint.size()), sql.size());
    } else if (sql.substr(at).starts_with(aside)) {
      const auto end = sql.find(aside_ends, at + aside.size());
      at = end == std::string_view::npos ? sql.size() : end + aside_ends.size();
    } else {
      text += c;
      ++at;
    }
  }
  return text;
}

std::string postgres_text(std::string_view sql, std::size_t rows) {
  constexpr std::string_view list = "values";
  const auto begin = sql.find("values(") + list.size();
  const auto end = sql.find(')', begin) + 1;
  std::string text(sql.substr(0, end));
  for (std::size_t row = 1; row < rows; ++row) (text += ',') += sql.substr(begin, end - begin);
  return postgres_text(text += sql.substr(end));
}

} // namespace ringdown::persistence
