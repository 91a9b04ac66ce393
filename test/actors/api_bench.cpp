#include "test/actors/api_bench.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::test {

api_bench::api_bench() {
  world.time.now = [] { return moment{persistence::noon, begin_of_time}; };
  world.log = &log;
  world.metrics = std::make_shared<node_metrics>();
  world.metrics->store_ready = true;
  world.health = std::make_shared<health_board>();
  world.node.node_name = "n1";
  world.owner = work.owner;
  world.begun = {persistence::noon - std::chrono::hours(2), begin_of_time};
  std::vector<std::unique_ptr<persistence::store>> readers;
  readers.push_back(place.open(persistence::open_mode::reader));
  reader_ = std::make_unique<store_reader>(std::move(readers));
  in.world = std::make_shared<ports>(world);
  in.tree = &tree;
  in.reader = reader_.get();
  in.bearer_token = "token";
  in.version = "1.2.3";
  in.make_id = [n = 0]() mutable { return std::to_string(++n); };
  in.sign_links = [](std::string_view message) {
    std::array<std::uint8_t, 32> mac{};
    std::ranges::copy(digest_bits(message), mac.begin());
    return mac;
  };
}

std::future<api::server_response> api_bench::send(const std::string& method, const std::string& target,
                                                  const std::string& body) {
  api::server_request request;
  request.method = method;
  const auto cut = target.find('?');
  request.path = target.substr(0, cut);
  if (cut != std::string::npos) request.query = target.substr(cut + 1);
  request.headers = {{"Authorization", "Bearer token"}};
  request.body = body;
  auto answered = std::make_shared<std::promise<api::server_response>>(); // shared with whoever answers
  auto answer = answered->get_future();
  api::answer_request(in, request, [answered](api::server_response made) { answered->set_value(std::move(made)); });
  return answer;
}

api::server_response api_bench::ask(const std::string& method, const std::string& target, const std::string& body) {
  return send(method, target, body).get();
}

void api_bench::add_tenant(const std::string& id, const std::vector<std::string>& instances) {
  tenant_config config;
  config.id = tenant_id(id);
  config.name = id;
  for (const std::string& one : instances) {
    config.instances.emplace_back();
    config.instances.back().id = instance_id(one);
  }
  config.channels.emplace_back();
  config.channels.back().id = channel_id("push");
  in.tenants.put({std::make_shared<const tenant_config>(std::move(config)), {}});
}

void api_bench::decide_with(command_answer answer, const std::string& text, const delivery_id& made) {
  tree.on_command = [this, answer, text, made](const command& what, const still_tree::stored& stored) {
    stored({});
    in.answers.decided({what.id, answer, text, made});
  };
}

std::string header_of(const api::server_response& answer, std::string_view name) {
  return std::string(header(answer.headers, name).value_or(""));
}

bool is_problem(const api::server_response& answer, int status) {
  return answer.status == status && header_of(answer, "content-type") == "application/problem+json" &&
         answer.body.find("\"status\":" + std::to_string(status)) != std::string::npos;
}

std::string text_in(const std::string& json, const std::string& key) {
  const std::string opening = "\"" + key + "\":\"";
  const auto at = json.find(opening);
  if (at == std::string::npos) return {};
  const auto begin = at + opening.size();
  return json.substr(begin, json.find('"', begin) - begin);
}

} // namespace ringdown::test
