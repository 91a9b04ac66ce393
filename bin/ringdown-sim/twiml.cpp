#include "bin/ringdown-sim/twiml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ringdown::sim {

namespace {

constexpr std::size_t deepest = 8;
constexpr std::string_view blanks = " \t\r\n";

failure broken(std::string_view why) { return {failure_kind::invalid, fmt::format("not a TwiML document: {}", why)}; }

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

void append_utf8(std::string& into, unsigned long code) {
  const auto rest = [&](int shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) {
    into += static_cast<char>(code);
  } else if (code < 0x800) {
    into += {static_cast<char>(0xc0 | (code >> 6)), rest(0)};
  } else if (code < 0x10000) {
    into += {static_cast<char>(0xe0 | (code >> 12)), rest(6), rest(0)};
  } else {
    into += {static_cast<char>(0xf0 | (code >> 18)), rest(12), rest(6), rest(0)};
  }
}

struct entity {
  std::string_view name;
  char is;
};
constexpr auto entities =
    std::to_array<entity>({{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}});

// The text between & and ;.
result<void> append_entity(std::string& into, std::string_view name) {
  if (name.starts_with("#")) {
    const auto decimal = parse_number(name.substr(1), 1, 0x10ffff);
    if (!decimal) return broken(fmt::format("&{};", name));
    append_utf8(into, static_cast<unsigned long>(*decimal));
    return {};
  }
  const auto* const found =
      std::find_if(entities.begin(), entities.end(), [&](const entity& e) { return e.name == name; });
  if (found == entities.end()) return broken(fmt::format("&{};", name));
  into += found->is;
  return {};
}

result<std::string> resolved(std::string_view raw) {
  std::string out;
  while (!raw.empty()) {
    const auto plain = raw.substr(0, raw.find('&'));
    out += plain;
    raw.remove_prefix(plain.size());
    if (raw.empty()) break;
    const auto end = raw.find(';');
    if (end == std::string_view::npos) return broken("a bare &");
    if (auto done = append_entity(out, raw.substr(1, end - 1)); !done) return done.error();
    raw.remove_prefix(end + 1);
  }
  return out;
}

// What stands between < and >, without a closing slash.
result<element> read_tag(std::string_view tag) {
  element out;
  out.name = tag.substr(0, tag.find_first_of(blanks));
  for (auto rest = trimmed(tag.substr(out.name.size())); !rest.empty(); rest = trimmed(rest)) {
    const auto equals = rest.find('=');
    const auto key = rest.substr(0, equals);
    if (equals == std::string_view::npos || equals + 1 == rest.size()) return broken("an attribute without a value");
    const char quote = rest[equals + 1];
    const auto end = rest.find(quote, equals + 2);
    if ((quote != '"' && quote != '\'') || end == std::string_view::npos) return broken("an attribute without quotes");
    auto value = resolved(rest.substr(equals + 2, end - equals - 2));
    if (!value) return value.error();
    if (!out.attributes.emplace(trimmed(key), *value).second) return broken("an attribute given twice");
    rest.remove_prefix(end + 1);
  }
  if (out.name.empty() || out.name.find_first_of("<&\"'") != std::string::npos) return broken("a tag without a name");
  return out;
}

// Goes through the text once; `open_` holds the elements that are not closed yet, outermost first.
class reader {
public:
  result<std::vector<element>> read(std::string_view text) {
    while (!text.empty()) {
      const auto plain = text.substr(0, text.find('<'));
      if (auto kept = keep(plain); !kept) return kept.error();
      text.remove_prefix(plain.size());
      if (text.empty()) break;
      const auto close = text.starts_with("<!--") ? std::string_view("-->") : std::string_view(">");
      const auto end = text.find(close);
      if (end == std::string_view::npos) return broken("a tag that does not end");
      if (!text.starts_with("<!--") && !text.starts_with("<?")) {
        if (auto taken = take(text.substr(1, end - 1)); !taken) return taken.error();
      }
      text.remove_prefix(end + close.size());
    }
    if (!open_.empty() || !done_) return broken("Response does not end");
    return std::move(root_.inner);
  }

private:
  result<void> keep(std::string_view plain) {
    if (trimmed(plain).empty()) return {};
    if (open_.empty()) return broken("text outside Response");
    auto text = resolved(plain);
    if (!text) return text.error();
    open_.back().text += *text;
    return {};
  }

  result<void> take(std::string_view tag) {
    if (tag.starts_with("/")) return close(trimmed(tag.substr(1)));
    const bool whole = tag.ends_with("/");
    if (whole) tag.remove_suffix(1);
    auto made = read_tag(tag);
    if (!made) return made.error();
    if (open_.size() == deepest) return broken("too deep");
    if (open_.empty() && (done_ || made->name != "Response")) return broken("no Response");
    open_.push_back(std::move(*made));
    return whole ? close(open_.back().name) : result<void>();
  }

  result<void> close(std::string_view name) {
    if (open_.empty() || open_.back().name != name) return broken(fmt::format("</{}> closes nothing", name));
    auto closed = std::move(open_.back());
    open_.pop_back();
    closed.text = std::string(trimmed(closed.text));
    if (!open_.empty()) {
      open_.back().inner.push_back(std::move(closed));
      return {};
    }
    done_ = true;
    root_ = std::move(closed);
    return {};
  }

  std::vector<element> open_;
  element root_;
  bool done_ = false;
};

} // namespace

std::string_view element::operator[](std::string_view attribute) const {
  const auto at = attributes.find(attribute);
  return at == attributes.end() ? std::string_view{} : std::string_view{at->second};
}

result<std::vector<element>> parse_twiml(std::string_view document) { return reader().read(document); }

} // namespace ringdown::sim
