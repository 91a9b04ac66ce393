// A mail client as the tests use it: loopback allowed, outcomes as futures.
#pragma once

#include "actors/net/smtp_client.hpp"

#include <future>
#include <memory>
#include <string>
#include <utility>

namespace ringdown::test {

class mail_client {
public:
  explicit mail_client(net::smtp_options options = {}, net::lookup_function lookup = &net::system_lookup) {
    options.egress_allow.emplace_back("127.0.0.0/8");
    port_ = std::move(net::make_smtp_client(std::move(options), std::move(lookup))).value();
  }

  struct pending {
    std::uint64_t ticket = 0;
    std::future<mail_outcome> outcome;
  };

  pending send(mail_request request, const net::lane& on = {.name = "lane"}) {
    auto promise = std::make_shared<std::promise<mail_outcome>>();
    pending sent{0, promise->get_future()};
    sent.ticket = port_->send(on, std::move(request), [promise](mail_outcome o) { promise->set_value(std::move(o)); });
    return sent;
  }
  mail_outcome ask(mail_request request, const net::lane& on = {.name = "lane"}) {
    return send(std::move(request), on).outcome.get();
  }
  net::mail_port& port() { return *port_; }
  void end() { port_.reset(); }

private:
  std::unique_ptr<net::mail_port> port_;
};

inline mail_request mail_to(int port) {
  mail_request request;
  request.host = "127.0.0.1";
  request.port = port;
  request.security = mail_security::none;
  request.ehlo = "ringdown.test";
  request.from = "alerts@ringdown.test";
  request.to = "jo@harbour.test";
  request.text = "Subject: down\r\n\r\nThe trunk is down.\r\n";
  return request;
}

} // namespace ringdown::test
