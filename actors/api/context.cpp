#include "actors/api/context.hpp"

#include "actors/logic/lease_keeper.hpp"
#include "protocol/wire/api_json.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::api {

namespace {

// It is asked once a second; after so long no lease is believed in any more.
constexpr auto longest_silence_of_register = logic::lease_rules().ttl - logic::lease_rules().margin;

int status_of(failure_kind kind) {
  switch (kind) {
    case failure_kind::invalid: return 422;
    case failure_kind::not_found: return 404;
    case failure_kind::refused: return 403;
    case failure_kind::unauthorized: return 401;
    case failure_kind::conflict: return 409;
    case failure_kind::too_large: return 413;
    case failure_kind::unavailable:
    case failure_kind::timed_out:
    case failure_kind::too_late: return 503;
    case failure_kind::corrupt:
    case failure_kind::io_error:
    case failure_kind::unreadable:
    case failure_kind::internal: return 500;
  }
  return 500;
}

} // namespace

server_response json_answer(int status, std::string body) {
  return {status, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, std::move(body)};
}

server_response problem_answer(int status, std::string body) {
  return {status, {{"Content-Type", "application/problem+json"}, {"Cache-Control", "no-store"}}, std::move(body)};
}

server_response problem(int status, std::string_view title, std::string_view detail) {
  return problem_answer(status, wire::problem_json(status, title, detail));
}

server_response problem(const failure& why) { return problem(status_of(why.kind), name(why.kind), why.detail); }

std::vector<std::string> reasons_not_ready(const context& in) {
  std::vector<std::string> reasons;
  if (in.draining) reasons.emplace_back("draining: shutting down");
  if (!in.world->metrics->store_ready)
    reasons.emplace_back("store unavailable: nothing can be made durable, so nothing is sent");
  if (in.world->leases) {
    const auto silent_for = silence_of_register(in);
    if (!in.world->leases->heard())
      reasons.emplace_back("joining: the database has not said yet which shards there are");
    else if (silent_for > longest_silence_of_register)
      reasons.push_back("leases: the database has not answered for " +
                        std::to_string(std::chrono::floor<std::chrono::seconds>(silent_for).count()) +
                        " s, so nothing is run and nothing is sent");
  }
  // Of several nodes each would say the same: then none would be left to answer for the others' tenants.
  if (!in.world->leases)
    for (std::string& one : unreadable_tenants(in)) reasons.push_back(std::move(one));
  return reasons;
}

std::vector<std::string> unreadable_tenants(const context& in) {
  std::vector<std::string> reasons;
  for (const auto& [tenant, error] : in.tenants.unreadable())
    reasons.push_back("tenant " + tenant.str() + " cannot be read: " + error);
  return reasons;
}

boot_time silence_of_register(const context& in) { return in.world->time.boot() - in.world->leases->heard_at(); }

std::optional<fence> fence_of(const context& in, const tenant_id& tenant) {
  if (!in.world->leases) return in.world->owner;
  const auto shard = in.tenants.shard_of(tenant);
  const std::uint64_t epoch = shard ? in.world->leases->of(*shard).epoch : 0;
  if (epoch == 0) return std::nullopt;
  return fence{in.world->owner.owner, epoch, *shard};
}

std::string runner_of(const context& in, const tenant_id& tenant) {
  if (!in.world->leases) return in.world->node.node_name;
  const auto heard = in.world->leases->heard();
  const auto shard = in.tenants.shard_of(tenant);
  if (!heard || !shard) return {};
  const auto row = std::ranges::find(heard->shards, *shard, &shard_row::id);
  if (row == heard->shards.end() || !row->taken) return {};
  const auto node = std::ranges::find(heard->nodes, row->owner, &node_row::id);
  return node == heard->nodes.end() ? std::string() : node->name;
}

callback_reach reach_of(const context& in) {
  return in.world->node.callback_url.empty() ? callback_reach::missing : callback_reach::given;
}

void answer_from_store(context& in, const respond& answer, std::function<server_response(persistence::store&)> ask) {
  const bool taken =
      in.reader->submit([answer, ask = std::move(ask)](persistence::store& store) { answer(ask(store)); });
  if (!taken) answer(problem(503, "unavailable", "too many questions at once; try again"));
}

} // namespace ringdown::api
