#include "actors/api/request_fields.hpp"

#include "protocol/wire/json.hpp"
#include "protocol/wire/text.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace ringdown::api {

namespace {

constexpr std::size_t body_limit = 4 << 20; // as the server's max_body

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0;
    if (escape)
      plain += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
    else
      plain += text[i] == '+' ? ' ' : text[i];
    if (escape) i += 2;
  }
  return plain;
}

class flat_reader final : public wire::json_visitor {
public:
  bool on_value(const wire::json_path& path, const wire::json_value& value) override {
    if (value.kind == wire::json_kind::object) return path.depth() <= 1;
    if (value.kind == wire::json_kind::array || path.depth() == 0) return false;
    std::string key(path.key(0));
    if (path.depth() > 1) key += "." + std::string(path.last());
    if (value.kind == wire::json_kind::text)
      fields[key] = std::string(value.text);
    else if (value.kind == wire::json_kind::integer)
      fields[key] = std::to_string(value.integer);
    else if (value.kind == wire::json_kind::boolean)
      fields[key] = value.truth ? "true" : "false";
    return value.kind != wire::json_kind::real;
  }
  bool on_end(const wire::json_path&, wire::json_kind) override { return true; }

  std::map<std::string, std::string> fields;
};

} // namespace

std::string parameter(const server_request& request, std::string_view name) {
  std::string_view rest = request.query;
  while (!rest.empty()) {
    const auto end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    const auto cut = pair.find('=');
    if (decoded(pair.substr(0, cut)) == name)
      return cut == std::string_view::npos ? std::string() : decoded(pair.substr(cut + 1));
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  return {};
}

result<body_fields> read_body(const server_request& request) {
  if (request.body.empty()) return body_fields{};
  flat_reader reader;
  if (wire::read_json(request.body, body_limit, reader) != wire::json_problem::none)
    return failure{failure_kind::invalid, "the body is not a JSON object of plain values"};
  return std::move(reader.fields);
}

result<body_fields> read_body(const server_request& request, const std::vector<std::string_view>& known) {
  auto body = read_body(request);
  if (!body) return body;
  for (const auto& [key, value] : *body)
    if (std::ranges::find(known, key) == known.end()) return failure{failure_kind::invalid, "unknown key " + key};
  return body;
}

std::string field(const body_fields& body, const std::string& key) {
  const auto at = body.find(key);
  return at == body.end() ? std::string() : at->second;
}

std::string by_whom(const body_fields& body) {
  const std::string by = field(body, "by");
  return by.empty() ? "token:api" : wire::cut_to_bytes(by, 100);
}

} // namespace ringdown::api
