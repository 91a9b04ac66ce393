// The API without a daemon: a real store and its reader, tenants as configured, and in place of the actors a tree that
// does with a command what the test says. Time stands still.
#pragma once

#include "actors/api/handlers.hpp"
#include "test/persistence/builders.hpp"

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::test {

inline const steady_time begin_of_time{std::chrono::hours(1)};

struct silent_log final : log_sink {
  void write(log_level, std::string_view, std::initializer_list<log_field>) override {}
};

class still_tree final : public node_tree {
public:
  using stored = std::function<void(result<void>)>;
  // On the thread that asks: what becomes of a command.
  std::function<void(const ringdown::command&, const stored&)> on_command;
  std::vector<ringdown::command> asked;
  std::vector<std::pair<tenant_id, shard_id>> applied;
  std::vector<tenant_id> removed;
  std::vector<std::string> passed_on;
  std::vector<drain_wish> wished;

  [[nodiscard]] ports_ptr world() const override { return nullptr; }
  void apply(std::shared_ptr<const tenant_config> config, shard_id shard) override {
    applied.emplace_back(config->id, shard);
  }
  void remove(const tenant_id& tenant) override { removed.push_back(tenant); }
  void pass_on(const ringdown::command& what) override { passed_on.push_back(what.id); }
  bool look_for_news() override { return true; }
  void command(const ringdown::command& what, stored done) override {
    asked.push_back(what);
    if (on_command) on_command(what, done);
  }
  void with_writer(std::function<result<void>(persistence::store&)>, std::function<void(const failure&)>) override {}
  void restart(const tenant_id&, const std::string&, const std::string&, std::function<void(bool)>) override {}
  [[nodiscard]] pulse_answer alive(std::chrono::milliseconds) override { return pulse_answer::well; }
  bool drain(std::chrono::milliseconds) override { return true; }
  void drain_node(const drain_wish& wish, std::function<void()> done) override {
    wished.push_back(wish);
    done();
  }
  bool leave(std::chrono::milliseconds) override { return true; }
  void finish_writes() override {}
};

class api_bench {
public:
  api_bench();

  // `{method} {path}` with the right token; waits for the answer.
  api::server_response ask(const std::string& method, const std::string& target, const std::string& body = {});
  // The same, for an answer that is still to be made.
  std::future<api::server_response> send(const std::string& method, const std::string& target,
                                         const std::string& body = {});
  void add_tenant(const std::string& id, const std::vector<std::string>& instances = {});
  // Every command is stored and decided at once.
  void decide_with(command_answer answer, const std::string& text, const delivery_id& made = {});

  persistence::sqlite_place place;
  persistence::desk work{[this] { return place.open(); }};
  silent_log log;
  ports world;
  still_tree tree;
  api::context in;

private:
  std::unique_ptr<store_reader> reader_;
};

[[nodiscard]] std::string header_of(const api::server_response& answer, std::string_view name);
[[nodiscard]] bool is_problem(const api::server_response& answer, int status);
// The value of a member written as `"key":"value"`; "" when there is none.
[[nodiscard]] std::string text_in(const std::string& json, const std::string& key);

} // namespace ringdown::test
