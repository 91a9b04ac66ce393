// What the exchanges of one I/O thread share. Everything but `names` belongs to that thread alone.
#pragma once

#include "actors/net/egress_guard.hpp"
#include "actors/net/handshake_gate.hpp"
#include "actors/net/http_client.hpp"
#include "actors/net/resolver.hpp"
#include "actors/net/tls.hpp"

#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>

namespace ringdown::net {

struct client_core {
  client_core(client_options with, egress_guard by, std::shared_ptr<resolver> ask)
      : options(std::move(with)),
        guard(std::move(by)),
        names(std::move(ask)),
        gate(std::make_shared<handshake_gate>(options.handshakes_at_once)) {}

  boost::asio::io_context io{1};
  const client_options options;
  const egress_guard guard;
  const std::shared_ptr<resolver> names; // shared with the other I/O threads
  tls_contexts tls;
  const std::shared_ptr<handshake_gate> gate;
};

} // namespace ringdown::net
