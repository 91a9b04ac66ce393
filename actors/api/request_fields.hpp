// What a request says, as plain values: query parameters and the fields of a JSON body. No actor, no store.
#pragma once

#include "actors/net/http_server.hpp"
#include "protocol/types/result.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::api {

using net::server_request;

// A query parameter, decoded; empty when absent.
[[nodiscard]] std::string parameter(const server_request& request, std::string_view name);
template <class Id>
[[nodiscard]] std::optional<Id> id_parameter(const server_request& request, std::string_view name) {
  std::string text = parameter(request, name);
  return text.empty() ? std::optional<Id>() : Id(std::move(text));
}

// Flat JSON object of a request body: scalars as text by key; `nested` objects of scalars as "outer.inner".
using body_fields = std::map<std::string, std::string>;
[[nodiscard]] result<body_fields> read_body(const server_request& request);
// The same, where no key but these may stand: a misspelt one must not pass for none.
[[nodiscard]] result<body_fields> read_body(const server_request& request, const std::vector<std::string_view>& known);
// One of them; empty when it was not given.
[[nodiscard]] std::string field(const body_fields& body, const std::string& key);
// Who asks, as they say: the audit keeps it. "token:api" for those who do not.
[[nodiscard]] std::string by_whom(const body_fields& body);

} // namespace ringdown::api
