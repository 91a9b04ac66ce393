// What `ringdown.toml` says, as values (CONTRACT "Daemon file"). Read and checked by actors/api/node_file.
#pragma once

#include "protocol/types/carrier.hpp"
#include "protocol/types/secret_text.hpp"
#include "protocol/types/timing.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ringdown {

struct provider_override {
  std::string base_url; // empty: the dialect's own
  std::string ca_file;  // empty: the system's store
  friend bool operator==(const provider_override&, const provider_override&) = default;
};

enum class log_format { logfmt, json };
enum class log_level { debug, info, warning, error };

struct node_config {
  std::string state_dir; // holds ringdown.db, lock, api.token, secrets.key unless set otherwise
  std::string http_listen = "127.0.0.1:8480";
  std::string public_url;          // where acknowledge links point; empty: http://<listen>
  std::string callback_url;        // where providers reach us: public_url as it was given; empty: nowhere
  std::string token_file;          // default state_dir/api.token; created 0600 when absent
  secret_text store_url;           // postgresql://...; it may hold a password; empty: a file in state_dir
  std::uint32_t store_shards = 64; // of a database that is new
  std::string key_file; // default state_dir/secrets.key; created 0600 when absent and the store holds no secrets
  duration connect_timeout = std::chrono::seconds(5);
  duration poll_timeout = std::chrono::seconds(10);
  duration min_poll_interval = std::chrono::seconds(5); // [limits]; not below 100 ms
  std::vector<std::string> egress_allow;                // CIDRs
  std::map<std::string, provider_override> providers;
  secret_text heartbeat_url; // N-05; a secret, as such URLs are; empty: none
  duration heartbeat_interval = std::chrono::seconds(60);
  std::string node_name;           // default: the host's name
  std::uint32_t node_capacity = 1; // beside that of others (S-K7)
  // Stands for the public address by which PBXes are reached: what is counted of failed logins is counted for it (S-K2). The same
  // for all nodes behind one address; default: the node's name.
  std::string egress_name;
  std::string site;
  bool across_tenants = true;          // [correlation]: tenants hear that a carrier fails elsewhere too (S-C5)
  std::vector<carrier_alias> carriers; // [[carrier]]
  log_format log_as = log_format::logfmt;
  log_level log_from = log_level::info;
  timing times; // defaults with [timing] and [poll] applied

  [[nodiscard]] bool is_one_of_several() const { return !store_url.empty(); }
};

} // namespace ringdown
