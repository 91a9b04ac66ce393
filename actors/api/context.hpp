// What the handlers of the outside face share. Made by the program; outlives the HTTP server.
#pragma once

#include "actors/api/answers.hpp"
#include "actors/api/link_token.hpp"
#include "actors/api/reload.hpp"
#include "actors/api/request_fields.hpp"
#include "actors/api/tenant_warnings.hpp"
#include "actors/api/tenants.hpp"
#include "actors/net/http_server.hpp"
#include "actors/ports.hpp"
#include "actors/store/reader.hpp"
#include "actors/tree.hpp"
#include "protocol/wire/json_writer.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::api {

struct context {
  ports_ptr world;
  node_tree* tree = nullptr;
  store_reader* reader = nullptr;
  tenant_registry tenants;
  current_config node; // as the last reload left it; `world->node` is how it started
  pending_answers answers;
  signer sign_links;
  std::string bearer_token; // contents of the token file
  std::string version;
  std::function<std::string()> make_id; // 26 random characters: ids of commands
  std::atomic<bool> draining{false};
};

using net::respond;
using net::server_response;

// --- answers -----------------------------------------------------------------------------------------------------------
[[nodiscard]] server_response json_answer(int status, std::string body);
// A problem with members of its own, written by the caller.
[[nodiscard]] server_response problem_answer(int status, std::string body);
[[nodiscard]] server_response problem(int status, std::string_view title, std::string_view detail);
// The problem an outside failure becomes: not_found 404, invalid 422, conflict 409, unavailable 503, ...
[[nodiscard]] server_response problem(const failure& why);

// {items: [...], next: "..."} with one object per item.
template <class Items, class Write>
[[nodiscard]] server_response list_answer(const Items& items, std::string_view next, Write&& write) {
  wire::json_writer json;
  json.open_object().key("items").open_array();
  for (const auto& item : items) {
    json.open_object();
    write(json, item);
    json.close_object();
  }
  json.close_array().text_or_null("next", next).close_object();
  return json_answer(200, std::move(json).str());
}

// Why the node is not ready to do its work; none: it is.
[[nodiscard]] std::vector<std::string> reasons_not_ready(const context& in);
// One for each tenant that cannot be read.
[[nodiscard]] std::vector<std::string> unreadable_tenants(const context& in);

// Of several nodes: for how long this one has not heard of its leases.
[[nodiscard]] boot_time silence_of_register(const context& in);
// Under what this node may write for a tenant now; none: another node runs it, or none does.
[[nodiscard]] std::optional<fence> fence_of(const context& in, const tenant_id& tenant);
// The name of the node that runs a tenant, as this one last heard; empty: none does.
[[nodiscard]] std::string runner_of(const context& in, const tenant_id& tenant);

// Can voice providers reach this node?
[[nodiscard]] callback_reach reach_of(const context& in);

// Run `ask` on the reader and answer with what it makes; 503 when the reader is full.
void answer_from_store(context& in, const respond& answer, std::function<server_response(persistence::store&)> ask);

} // namespace ringdown::api
