#include "actors/api/reload.hpp"

namespace ringdown::api {

node_config reloaded(node_config started, const node_config& fresh) {
  started.times = fresh.times;
  started.min_poll_interval = fresh.min_poll_interval;
  started.log_from = fresh.log_from;
  started.heartbeat_url = fresh.heartbeat_url;
  started.heartbeat_interval = fresh.heartbeat_interval;
  return started;
}

std::vector<std::string> keys_for_a_start(const node_config& started, const node_config& fresh) {
  std::vector<std::string> keys;
  const auto compare = [&](const char* key, auto node_config::*field) {
    if (!(started.*field == fresh.*field)) keys.emplace_back(key);
  };
  compare("state_dir", &node_config::state_dir);
  compare("http.listen", &node_config::http_listen);
  compare("http.public_url", &node_config::public_url);
  compare("api.token_file", &node_config::token_file);
  compare("store.url", &node_config::store_url);
  compare("secrets.key_file", &node_config::key_file);
  compare("poll.connect_timeout", &node_config::connect_timeout);
  compare("poll.timeout", &node_config::poll_timeout);
  compare("egress.allow", &node_config::egress_allow);
  compare("provider", &node_config::providers);
  compare("correlation.across_tenants", &node_config::across_tenants);
  compare("carrier", &node_config::carriers);
  compare("node.name", &node_config::node_name);
  compare("node.site", &node_config::site);
  compare("node.capacity", &node_config::node_capacity);
  compare("node.egress", &node_config::egress_name);
  compare("log.format", &node_config::log_as);
  return keys;
}

} // namespace ringdown::api
