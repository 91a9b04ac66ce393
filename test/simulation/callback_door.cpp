#include "test/simulation/callback_door.hpp"

#include "actors/api/handlers.hpp"

#include <utility>

namespace ringdown::simulation {

callback_door::callback_door(node_tree& tree, const tenants& all, std::unique_ptr<persistence::store> reads)
    : reader_(std::move(reads)) {
  in_.world = tree.world();
  in_.tree = &tree;
  in_.reader = &reader_;
  for (const auto& one : all) put(one);
}

void callback_door::ask(const net::server_request& request, const net::respond& answer) {
  api::answer_request(in_, request, answer);
}

} // namespace ringdown::simulation
