// The daemon's HTTP interface for one caller who waits. One thread; exchanges one after the other.
#pragma once

#include "actors/net/http_port.hpp"
#include "bin/ringdownctl/arguments.hpp"
#include "protocol/types/http.hpp"
#include "protocol/types/result.hpp"
#include "protocol/types/secret_text.hpp"

#include <memory>
#include <string>

namespace ringdown::ctl {

struct daemon_address {
  std::string url;   // no slash at its end
  secret_text token; // empty: none was found, and none is sent
  std::string ca_file;
};

// --url and --token-file go before what --config says; the default is http://127.0.0.1:8480. Failures: invalid (an
// unsound configuration file or URL), unavailable (a token file that cannot be read).
[[nodiscard]] result<daemon_address> find_daemon(const arguments& given);

// Sends `request` and waits for its end; at most its own timeouts.
[[nodiscard]] http_outcome exchange(net::http_port& port, http_request request);

class daemon {
public:
  [[nodiscard]] static result<std::unique_ptr<daemon>> connect(daemon_address where);

  // `path` begins with "/api/". unavailable when nobody answers there; any status is an answer.
  [[nodiscard]] result<http_response> ask(http_method method, const std::string& path, std::string body = {});

private:
  daemon(daemon_address where, std::unique_ptr<net::http_port> port)
      : where_(std::move(where)),
        port_(std::move(port)) {}

  daemon_address where_;
  std::unique_ptr<net::http_port> port_;
};

} // namespace ringdown::ctl
