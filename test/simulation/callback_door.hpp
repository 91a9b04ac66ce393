// The program's outside face in a simulated world: requests are answered by the real routes, out of the real store.
#pragma once

#include "actors/api/context.hpp"
#include "actors/api/news.hpp"
#include "test/simulation/process.hpp"
#include "test/simulation/setting.hpp"

#include <memory>

namespace ringdown::simulation {

class callback_door {
public:
  // `reads`: a connection of its own. Ends before the tree does.
  callback_door(node_tree& tree, const tenants& all, std::unique_ptr<persistence::store> reads);

  void put(const std::shared_ptr<const tenant_config>& one) { in_.tenants.put({one, {}}); }
  void ask(const net::server_request& request, const net::respond& answer);
  // For what other nodes wrote.
  [[nodiscard]] result<void> look(persistence::store& from) { return news_.look(from); }

private:
  // Has no threads: a question is answered while it is asked.
  class here_and_now final : public store_reader {
  public:
    explicit here_and_now(std::unique_ptr<persistence::store> from) : store_reader({}), from_(std::move(from)) {}
    [[nodiscard]] bool submit(question ask) override {
      ask(*from_);
      return true;
    }

  private:
    std::unique_ptr<persistence::store> from_;
  };

  here_and_now reader_;
  api::context in_;
  api::news news_{in_};
};

} // namespace ringdown::simulation
