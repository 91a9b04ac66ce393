// The part of OData that the 3CX configuration API answers to: $select, $top, $skip, $count, $orderby. Pure.
#pragma once

#include "protocol/types/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::sim {

// One property: literal JSON, or an object of `nested` properties.
struct member {
  std::string name;
  std::string json;
  std::vector<member> nested;
};
using entity = std::vector<member>;

struct odata_query {
  std::vector<std::string> select; // empty: everything
  std::optional<long> top;
  long skip = 0;
  enum class count { no, yes } counted = count::no;
  enum class order { given, newest_first } ordered = order::given; // only `Id desc` is known
};

// The failure's detail is the message of the 400 that a PBX sends. $top is limited to 100.
[[nodiscard]] result<odata_query> parse_odata(std::string_view query);

// The names in `select` that `shape` lacks; a PBX refuses such a query.
[[nodiscard]] std::optional<std::string> unknown_property(const odata_query& query, const entity& shape);

[[nodiscard]] std::string write_entity(const entity& of, const odata_query& query);
// `context` is the part after `$metadata#`, without the selection.
[[nodiscard]] std::string write_collection(std::string_view base, std::string_view context,
                                           const std::vector<entity>& items, const odata_query& query);
[[nodiscard]] std::string write_singleton(std::string_view base, std::string_view context, const entity& of,
                                          const odata_query& query);

[[nodiscard]] std::string odata_error(std::string_view code, std::string_view message);
// A 400 as ASP.NET OData writes it, with its inner error.
[[nodiscard]] std::string odata_query_error(std::string_view message);

} // namespace ringdown::sim
