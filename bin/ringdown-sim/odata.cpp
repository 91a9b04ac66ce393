#include "bin/ringdown-sim/odata.hpp"

#include "bin/ringdown-sim/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace ringdown::sim {

namespace {

// Seen on live systems since 2026; older builds took any number.
constexpr long top_limit = 100;

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    auto word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    while (word.starts_with(' ')) word.remove_prefix(1);
    while (word.ends_with(' ')) word.remove_suffix(1);
    if (!word.empty()) out.emplace_back(word);
  }
  return out;
}

bool is_selected(const odata_query& query, const member& one) {
  return query.select.empty() || std::find(query.select.begin(), query.select.end(), one.name) != query.select.end();
}

void write_members(std::string& out, const entity& of, const odata_query& query, std::string_view comma) {
  for (const auto& one : of) {
    if (!is_selected(query, one)) continue;
    out += comma;
    out += json_text(one.name);
    out += ':';
    out += one.nested.empty() ? one.json : write_entity(one.nested, {});
    comma = ",";
  }
}

std::string context_of(std::string_view base, std::string_view context, const odata_query& query) {
  auto out = fmt::format("{}/xapi/v1/$metadata#{}", base, context);
  if (query.select.empty()) return json_text(out);
  return json_text(fmt::format("{}({})", out, fmt::join(query.select, ",")));
}

} // namespace

result<odata_query> parse_odata(std::string_view query) {
  odata_query out;
  for (const auto& [key, value] : parse_form(query)) {
    if (key == "$select") {
      out.select = split(value);
    } else if (key == "$top" || key == "$skip") {
      const auto number = parse_number(value, 0, 2'147'483'647);
      if (!number) {
        return failure{failure_kind::invalid, fmt::format("Invalid value "
                                                          "'{}' for {} query option found. The {} query option "
                                                          "requires a non-negative integer value.",
                                                          value, key, key)};
      }
      if (key == "$skip") {
        out.skip = *number;
        continue;
      }
      if (*number > top_limit) {
        return failure{failure_kind::invalid,
                       fmt::format("The limit of '{}' for Top query has been exceeded. The value from the incoming "
                                   "request is '{}'.",
                                   top_limit, *number)};
      }
      out.top = *number;
    } else if (key == "$count") {
      out.counted = value == "true" ? odata_query::count::yes : odata_query::count::no;
    } else if (key == "$orderby") {
      out.ordered = value == "Id desc" ? odata_query::order::newest_first : odata_query::order::given;
    }
  }
  return out;
}

std::optional<std::string> unknown_property(const odata_query& query, const entity& shape) {
  for (const auto& wanted : query.select) {
    if (std::none_of(shape.begin(), shape.end(), [&](const member& m) { return m.name == wanted; })) return wanted;
  }
  return std::nullopt;
}

std::string write_entity(const entity& of, const odata_query& query) {
  std::string out = "{";
  write_members(out, of, query, "");
  return out += '}';
}

std::string write_collection(std::string_view base, std::string_view context, const std::vector<entity>& items,
                             const odata_query& query) {
  auto out = fmt::format(R"({{"@odata.context":{})", context_of(base, context, query));
  if (query.counted == odata_query::count::yes) out += fmt::format(R"(,"@odata.count":{})", items.size());
  out += R"(,"value":[)";
  const auto size = static_cast<long>(items.size());
  const auto end = query.top ? std::min(size, query.skip + *query.top) : size;
  for (long i = query.skip; i < end; ++i) {
    if (i > query.skip) out += ',';
    const auto at = query.ordered == odata_query::order::newest_first ? size - 1 - i : i;
    out += write_entity(items[static_cast<std::size_t>(at)], query);
  }
  return out += "]}";
}

std::string write_singleton(std::string_view base, std::string_view context, const entity& of,
                            const odata_query& query) {
  auto out = fmt::format(R"({{"@odata.context":{})", context_of(base, context, query));
  write_members(out, of, query, ",");
  return out += '}';
}

std::string odata_error(std::string_view code, std::string_view message) {
  return fmt::format(R"({{"error":{{"code":{},"message":{},"details":[]}}}})", json_text(code), json_text(message));
}

std::string odata_query_error(std::string_view message) {
  return fmt::format(R"({{"error":{{"code":"","message":{},"details":[],"innererror":{{"message":{},)"
                     R"("type":"Microsoft.OData.ODataException","stacktrace":""}}}}}})",
                     json_text(fmt::format("The query specified in the URI is not valid. {}", message)),
                     json_text(message));
}

} // namespace ringdown::sim
