#include "actors/api/url_rules.hpp"

#include "actors/net/address.hpp"

namespace ringdown::api {

namespace {

// By its address, never by how a name begins: 127.example.com is anywhere.
bool is_loopback(const std::string& host) {
  const auto address = net::parse_address(host);
  if (!address) return host == "localhost";
  return *address == net::parse_address("::1") || (address->is_v4 && address->bytes[12] == 127);
}

} // namespace

bool is_protected(const url_parts& parts) { return parts.scheme == "https" || is_loopback(parts.host); }

void check_channel_url(table_reader& reader, const std::string& key, const std::string& url) {
  const auto parts = parse_url(url);
  if (!parts)
    reader.fault(key, parts.error().detail);
  else if (!is_protected(*parts))
    reader.fault(key, "must be https (http only to this machine itself)");
}

} // namespace ringdown::api
