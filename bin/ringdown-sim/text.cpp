#include "bin/ringdown-sim/text.hpp"

#include "protocol/types/http.hpp"

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>

#include <fnmatch.h>
#include <charconv>

namespace ringdown::sim {

namespace {

constexpr int deepest = 64;

// Keeps the scalars of the outermost object.
class member_reader : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, member_reader> {
public:
  explicit member_reader(nested_members nested) : deepest_(nested == nested_members::refused ? 1 : deepest) {}
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (depth_ == 1) key_.assign(text, size);
    return true;
  }
  bool String(const char* text, rapidjson::SizeType size, bool) { return keep(std::string(text, size)); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) { return keep(std::string(text, size)); }
  bool Bool(bool is) { return keep(is ? "true" : "false"); }
  bool Null() { return depth_ >= 1; }
  bool StartObject() { return ++depth_ <= deepest_; }
  bool EndObject(rapidjson::SizeType) { return --depth_ >= 0; }
  bool StartArray() { return depth_ >= 1 && ++depth_ <= deepest_; }
  bool EndArray(rapidjson::SizeType) { return --depth_ >= 0; }
  arguments take() { return std::move(held_); }

private:
  bool keep(std::string value) {
    if (depth_ == 1) held_.insert_or_assign(key_, std::move(value));
    return depth_ >= 1;
  }

  int deepest_;
  int depth_ = 0;
  std::string key_;
  arguments held_;
};

std::string_view part_name(std::string_view head) {
  constexpr std::string_view mark = "name=\"";
  const auto begin = head.find(mark);
  if (begin == std::string_view::npos) return {};
  const auto rest = head.substr(begin + mark.size());
  return rest.substr(0, rest.find('"'));
}

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

} // namespace

std::string json_text(std::string_view raw) {
  std::string out = "\"";
  for (const char c : raw) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  return out += '"';
}

std::string json_time(std::optional<wall_time> at) {
  if (!at) return "\"\"";
  auto text = rfc3339(*at);
  text.insert(text.size() - 1, 1, '0');
  return json_text(text);
}

std::string json_bool(std::optional<bool> is) {
  if (!is) return "null";
  return *is ? "true" : "false";
}

std::string iso_duration(duration span) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(span).count();
  return fmt::format("P{}DT{}H{}M{}S", seconds / 86400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
}

std::string percent_decode(std::string_view text, char space) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%' && at + 2 < text.size() && hex(text[at + 1]) >= 0 && hex(text[at + 2]) >= 0) {
      out += static_cast<char>(hex(text[at + 1]) * 16 + hex(text[at + 2]));
      at += 2;
    } else {
      out += text[at] == space ? ' ' : text[at];
    }
  }
  return out;
}

form_pairs parse_pairs(std::string_view body) {
  form_pairs out;
  while (!body.empty()) {
    const auto pair = body.substr(0, body.find('&'));
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos) {
      out.emplace_back(percent_decode(pair.substr(0, equals), '+'), percent_decode(pair.substr(equals + 1), '+'));
    }
    body.remove_prefix(std::min(body.size(), pair.size() + 1));
  }
  return out;
}

arguments parse_form(std::string_view body) {
  arguments out;
  for (auto& [key, value] : parse_pairs(body)) out.insert_or_assign(key, std::move(value));
  return out;
}

std::string form_text(const form_pairs& of) {
  std::string out;
  for (const auto& [key, value] : of) {
    out += fmt::format("{}{}={}", out.empty() ? "" : "&", percent_encode(key), percent_encode(value));
  }
  return out;
}

arguments parse_multipart(std::string_view body, std::string_view boundary) {
  arguments out;
  const auto fence = fmt::format("--{}", boundary);
  auto at = body.find(fence);
  while (at != std::string_view::npos) {
    body.remove_prefix(at + fence.size());
    at = body.find(fence);
    if (at == std::string_view::npos) break;
    const auto part = body.substr(0, at);
    const auto blank = part.find("\r\n\r\n");
    const auto key = part_name(part.substr(0, blank));
    if (blank == std::string_view::npos || key.empty()) continue;
    auto value = part.substr(blank + 4);
    if (value.ends_with("\r\n")) value.remove_suffix(2);
    out.insert_or_assign(std::string(key), std::string(value));
  }
  return out;
}

result<arguments> parse_json_members(std::string_view body, nested_members nested) {
  constexpr unsigned flags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseValidateEncodingFlag;
  rapidjson::MemoryStream input(body.data(), body.size());
  rapidjson::Reader reader;
  member_reader held(nested);
  const auto ended = reader.Parse<flags>(input, held);
  if (ended.IsError()) {
    return failure{failure_kind::invalid, fmt::format("not one JSON object of the form expected: {} at byte {}",
                                                      rapidjson::GetParseError_En(ended.Code()), ended.Offset())};
  }
  return held.take();
}

std::string valid_utf8(std::string_view raw) {
  rapidjson::MemoryStream input(raw.data(), raw.size());
  rapidjson::StringBuffer sink;
  bool valid = true;
  while (valid && input.Tell() < raw.size()) {
    valid = rapidjson::UTF8<>::Validate(input, sink);
    sink.Clear();
  }
  if (valid) return std::string(raw);
  std::string out;
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | (byte >> 6));
      out += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return out;
}

bool matches(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return true;
  return fnmatch(std::string(pattern).c_str(), std::string(text).c_str(), 0) == 0;
}

std::optional<long> parse_number(std::string_view text, long lowest, long highest) {
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < lowest || value > highest)
    return std::nullopt;
  return value;
}

} // namespace ringdown::sim
