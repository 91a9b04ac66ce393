// What the handlers of the outside face share. Made by the program; outlives the HTTP server.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/api/link_token.hpp"
#include "actors/api/tenants.hpp"
#include "actors/net/http_server.hpp"
#include "actors/ports.hpp"
#include "actors/store/reader.hpp"
#include "actors/tree.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace ringdown::api {

struct context {
  ports_ptr world;
  node_tree* tree = nullptr;
  store_reader* reader = nullptr;
  tenant_registry tenants;
  pending_answers answers;
  signer sign_links;
  std::string bearer_token; // contents of the token file
  std::string version;
  std::function<std::string()> make_id; // 26 random characters: ids of commands
  std::atomic<bool> draining{false};
  std::atomic<bool> started{false}; // tenants are loaded, recovery is done
};

using net::respond;
using net::server_request;
using net::server_response;

// --- answers -----------------------------------------------------------------------------------------------------------
[[nodiscard]] server_response json_answer(int status, std::string body);
[[nodiscard]] server_response problem(int status, std::string_view title, std::string_view detail);
// The problem an outside failure becomes: not_found 404, invalid 422, conflict 409, unavailable 503, ...
[[nodiscard]] server_response problem(const failure& why);

// A query parameter, decoded; empty when absent.
[[nodiscard]] std::string parameter(const server_request& request, std::string_view name);

// Flat JSON object of a request body: scalars as text by key; `nested` objects of scalars as "outer.inner".
[[nodiscard]] result<std::map<std::string, std::string>> read_body(const server_request& request);

// Run `ask` on the reader and answer with what it makes; 503 when the reader is full.
void answer_from_store(context& in, const respond& answer, std::function<server_response(persistence::store&)> ask);

} // namespace ringdown::api
