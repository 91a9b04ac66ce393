#include "bin/ringdownctl/daemon.hpp"

#include "actors/api/node_file.hpp"
#include "actors/net/http_client.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <utility>

namespace ringdown::ctl {

namespace {

constexpr std::size_t answer_limit = 64 << 20;
// A command waits up to 5 s for its tenant's verdict; applying a file may wait for the store.
constexpr auto patience = std::chrono::seconds(30);

// 0.0.0.0 and :: are where to listen, not where to connect.
std::string url_of(std::string listen) {
  if (listen.starts_with("0.0.0.0:")) listen.replace(0, 7, "127.0.0.1");
  if (listen.starts_with("[::]:")) listen.replace(0, 4, "[::1]");
  return "http://" + listen;
}

result<secret_text> read_token(const std::string& file) {
  std::ifstream in(file);
  std::string token;
  std::error_code unknown;
  // Not when a folder above it is closed to us: then nobody knows.
  if (!in && !std::filesystem::exists(file, unknown) && !unknown)
    return failure{failure_kind::unavailable,
                   fmt::format("cannot read the token: {} does not exist: has ringdownd been started with this "
                               "configuration?",
                               file)};
  if (!std::getline(in, token) || token.empty())
    return failure{
        failure_kind::unavailable,
        fmt::format("cannot read the token in {} (it belongs to the daemon's user; try sudo, or --token-file)", file)};
  return secret_text(std::move(token));
}

std::string advice_for(transport_error error) {
  switch (error) {
    case transport_error::connect_refused:
      return "nobody listens there: is ringdownd running? (--url or --config say where)";
    case transport_error::refused_address: return "the address is neither loopback, private nor public unicast";
    case transport_error::dns: return "the name cannot be resolved";
    default: return std::string(name(error));
  }
}

} // namespace

result<daemon_address> find_daemon(const arguments& given) {
  daemon_address where;
  std::string token_file = given.token_file;
  where.url = given.url;
  if (!given.config.empty() && (where.url.empty() || token_file.empty())) {
    const auto file = api::read_node_file(given.config, "localhost");
    if (!file.config) {
      std::string all;
      for (const auto& one : file.errors) all += (all.empty() ? "" : "\n") + api::to_text(one);
      return failure{failure_kind::invalid, all};
    }
    if (where.url.empty()) where.url = url_of(file.config->http_listen);
    if (token_file.empty()) token_file = file.config->token_file;
  }
  if (where.url.empty()) where.url = "http://127.0.0.1:8480";
  while (where.url.ends_with('/')) where.url.pop_back();
  if (const auto parts = parse_url(where.url); !parts)
    return failure{failure_kind::invalid, "--url: " + parts.error().detail};
  if (!token_file.empty()) {
    auto token = read_token(token_file);
    if (!token) return token.error();
    where.token = std::move(*token);
  }
  return where;
}

http_outcome exchange(net::http_port& port, http_request request) {
  // Shared: the completion may still run while we leave after an exception.
  auto done = std::make_shared<std::promise<http_outcome>>();
  auto waiting = done->get_future();
  port.send({"ringdownctl", 1, 4}, std::move(request),
            [done](http_outcome outcome) { done->set_value(std::move(outcome)); });
  return waiting.get();
}

result<std::unique_ptr<daemon>> daemon::connect(daemon_address where) {
  net::client_options options;
  options.resolver_threads = 1;
  options.egress_allow = {"127.0.0.0/8", "::1/128"};
  options.user_agent = "ringdownctl";
  auto port = net::make_http_client(std::move(options));
  if (!port) return port.error();
  return std::unique_ptr<daemon>(new daemon(std::move(where), std::move(*port)));
}

result<http_response> daemon::ask(http_method method, const std::string& path, std::string body) {
  http_request request;
  request.method = method;
  request.url = where_.url + path;
  request.egress = egress_class::pbx;
  request.tls.ca_file = where_.ca_file;
  request.response_limit = answer_limit;
  request.timeout = patience;
  request.headers.emplace_back("Accept", "application/json");
  if (!where_.token.empty()) request.headers.emplace_back("Authorization", "Bearer " + where_.token.reveal());
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.body = std::move(body);
  auto outcome = exchange(*port_, std::move(request));
  if (!outcome.ok())
    return failure{failure_kind::unavailable,
                   fmt::format("{} does not answer: {}", where_.url, advice_for(outcome.error))};
  return std::move(*outcome.response);
}

} // namespace ringdown::ctl
