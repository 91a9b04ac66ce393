// A client as the tests use it: loopback allowed, short times, outcomes as futures.
#pragma once

#include "actors/net/http_client.hpp"

#include <future>
#include <memory>
#include <string>
#include <utility>

namespace ringdown::test {

class client {
public:
  explicit client(net::client_options options = {}, net::lookup_function lookup = &net::system_lookup) {
    options.egress_allow.emplace_back("127.0.0.0/8");
    auto made = net::make_http_client(std::move(options), std::move(lookup));
    port_ = std::move(made).value();
  }

  struct pending {
    std::uint64_t ticket = 0;
    std::future<http_outcome> outcome;
  };

  pending send(http_request request, const net::lane& on = {.name = "lane"}) {
    auto promise = std::make_shared<std::promise<http_outcome>>();
    pending sent{0, promise->get_future()};
    sent.ticket = port_->send(on, std::move(request), [promise](http_outcome o) { promise->set_value(std::move(o)); });
    return sent;
  }
  http_outcome ask(http_request request, const net::lane& on = {.name = "lane"}) {
    return send(std::move(request), on).outcome.get();
  }
  net::http_port& port() { return *port_; }
  void end() { port_.reset(); }

private:
  std::unique_ptr<net::http_port> port_;
};

inline http_request get(std::string url) {
  http_request request;
  request.url = std::move(url);
  return request;
}

inline http_request post(std::string url, std::string body) {
  http_request request = get(std::move(url));
  request.method = http_method::post;
  request.body = std::move(body);
  return request;
}

} // namespace ringdown::test
