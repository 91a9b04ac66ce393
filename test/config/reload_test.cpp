#include "actors/api/reload.hpp"

#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::api;

TEST_CASE("A reload takes over timings, limits, the heartbeat and the level of the log, and nothing else") {
  node_config started;
  started.http_listen = "127.0.0.1:1";
  node_config fresh = started;
  fresh.times.poll_interval = std::chrono::seconds(7);
  fresh.min_poll_interval = std::chrono::seconds(1);
  fresh.log_from = log_level::debug;
  fresh.heartbeat_url = secret_text("https://beat.example.com/x");
  fresh.heartbeat_interval = std::chrono::seconds(9);
  CHECK(keys_for_a_start(started, fresh).empty());
  fresh.http_listen = "127.0.0.1:2";
  const node_config now = reloaded(started, fresh);
  CHECK(now.times.poll_interval == std::chrono::seconds(7));
  CHECK(now.min_poll_interval == std::chrono::seconds(1));
  CHECK(now.log_from == log_level::debug);
  CHECK(now.heartbeat_url.reveal() == "https://beat.example.com/x");
  CHECK(now.heartbeat_interval == std::chrono::seconds(9));
  CHECK(now.http_listen == "127.0.0.1:1");
}

TEST_CASE("Every key that acts at the next start only is named") {
  const node_config started;
  node_config fresh;
  fresh.state_dir = "/other";
  fresh.http_listen = fresh.public_url = fresh.token_file = fresh.key_file = "x";
  fresh.store_url = secret_text("postgresql://x");
  fresh.node_capacity = 2;
  fresh.connect_timeout = fresh.poll_timeout = std::chrono::seconds(1);
  fresh.egress_allow = {"10.0.0.0/8"};
  fresh.providers["ntfy"].ca_file = "/ca.pem";
  fresh.across_tenants = false;
  fresh.carriers = {{"one", {"sip.one.example"}}};
  fresh.node_name = fresh.site = fresh.egress_name = "x";
  fresh.log_as = log_format::json;
  CHECK(keys_for_a_start(started, fresh) ==
        std::vector<std::string>{"state_dir", "http.listen", "http.public_url", "api.token_file", "store.url",
                                 "secrets.key_file", "poll.connect_timeout", "poll.timeout", "egress.allow", "provider",
                                 "correlation.across_tenants", "carrier", "node.name", "node.site", "node.capacity",
                                 "node.egress", "log.format"});
  CHECK(keys_for_a_start(started, started).empty());
}
