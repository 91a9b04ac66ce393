#include "actors/api/node_file.hpp"

#include "actors/api/shared_fields.hpp"
#include "actors/api/timing_table.hpp"
#include "actors/api/url_rules.hpp"
#include "actors/net/address.hpp"
#include "protocol/types/http.hpp"
#include "protocol/wire/dialects.hpp"

#include <filesystem>
#include <optional>
#include <set>
#include <utility>

namespace ringdown::api {

namespace {

// Each is a row that every node reads once a second.
constexpr std::int64_t most_shards = 1024;
constexpr std::int64_t most_capacity = 1000;

std::string beside(const std::string& file, const std::string& path) {
  if (path.empty()) return path;
  const std::filesystem::path given(path);
  return (given.is_absolute() ? given : std::filesystem::absolute(std::filesystem::path(file)).parent_path() / given)
      .lexically_normal()
      .string();
}

std::optional<log_format> parse_format(std::string_view word) {
  if (word == "logfmt") return log_format::logfmt;
  if (word == "json") return log_format::json;
  return std::nullopt;
}

std::optional<log_level> parse_level(std::string_view word) {
  if (word == "debug") return log_level::debug;
  if (word == "info") return log_level::info;
  if (word == "warning") return log_level::warning;
  if (word == "error") return log_level::error;
  return std::nullopt;
}

bool is_poll_interval(const node_config& c) {
  return c.times.poll_interval >= c.min_poll_interval && c.times.poll_interval <= std::chrono::hours(1);
}

std::string poll_interval_bounds(const node_config& c) {
  return "must be from " + format_duration(c.min_poll_interval) + " ([limits] min_poll_interval) to 1h";
}

// Reads one section when it is there, and finishes it.
template <class Read>
void section(table_reader& file, fault_list& faults, const std::string& name, Read&& read) {
  const toml::table* found = file.table(name);
  if (found == nullptr) return;
  table_reader reader(*found, name, faults);
  read(reader);
  reader.finish();
}

void check_url(table_reader& reader, const std::string& key, const std::string& url) {
  if (url.empty()) return;
  if (const auto parts = parse_url(url); !parts) reader.fault(key, parts.error().detail);
}

void read_http(table_reader& file, fault_list& faults, node_config& c) {
  section(file, faults, "http", [&](table_reader& r) {
    c.http_listen = r.text("listen").value_or(c.http_listen);
    const auto place = net::parse_host_and_port(c.http_listen);
    if (!place || !place->port || !net::parse_address(place->host))
      r.fault("listen", "\"" + c.http_listen + "\" must be an address of this machine and a port, like " +
                            "\"127.0.0.1:8480\" or \"[::1]:8480\" (a name is not looked up)");
    c.public_url = r.text("public_url").value_or("");
    check_url(r, "public_url", c.public_url);
  });
  while (!c.public_url.empty() && c.public_url.back() == '/') c.public_url.pop_back();
}

void read_poll(table_reader& file, fault_list& faults, node_config& c) {
  section(file, faults, "limits", [&](table_reader& r) {
    c.min_poll_interval = r.span("min_poll_interval").value_or(c.min_poll_interval);
    if (c.min_poll_interval < std::chrono::milliseconds(100)) r.fault("min_poll_interval", "must be at least 100ms");
  });
  section(file, faults, "poll", [&](table_reader& r) {
    c.times.poll_interval = r.span("interval").value_or(c.times.poll_interval);
    if (!is_poll_interval(c)) r.fault("interval", poll_interval_bounds(c));
    c.connect_timeout = r.span("connect_timeout").value_or(c.connect_timeout);
    c.poll_timeout = r.span("timeout").value_or(c.poll_timeout);
    if (c.connect_timeout <= duration{} || c.connect_timeout > std::chrono::minutes(1))
      r.fault("connect_timeout", "must be above 0 and at most 1m");
    if (c.poll_timeout <= duration{} || c.poll_timeout > std::chrono::minutes(5))
      r.fault("timeout", "must be above 0 and at most 5m");
  });
}

void read_providers(table_reader& file, fault_list& faults, node_config& c, const std::string& path) {
  const toml::table* providers = file.table("provider");
  if (providers == nullptr) return;
  for (const auto& [name, value] : *providers) {
    const toml::table* one = value.as_table();
    if (one == nullptr) {
      faults.add(&value, "provider." + std::string(name.str()) + ": must be a table");
      continue;
    }
    table_reader r(*one, "provider." + std::string(name.str()), faults);
    if (wire::find_dialect(name.str()) == nullptr) {
      std::vector<std::string> known;
      for (const wire::dialect& dialect : wire::dialects()) known.emplace_back(dialect.describe().kind);
      faults.add_at(static_cast<int>(name.source().begin.line),
                    "provider." + std::string(name.str()) + ": no such provider" + did_you_mean(name.str(), known));
    }
    provider_override made;
    made.base_url = r.text("base_url").value_or("");
    if (!made.base_url.empty()) check_channel_url(r, "base_url", made.base_url);
    made.ca_file = beside(path, r.text("ca_file").value_or(""));
    r.finish();
    c.providers[std::string(name.str())] = std::move(made);
  }
}

void read_carriers(table_reader& file, fault_list& faults, node_config& c) {
  section(file, faults, "correlation",
          [&](table_reader& r) { c.across_tenants = r.truth("across_tenants").value_or(c.across_tenants); });
  std::set<std::string> ids;
  std::set<std::string> hosts;
  file.each_table("carrier", [&](const toml::table& table, const std::string& where) {
    table_reader r(table, where, faults);
    carrier_alias made;
    made.id = read_id(r, ids);
    made.hosts = read_hosts(r, hosts);
    r.finish();
    c.carriers.push_back(std::move(made));
  });
}

// As text, or where it is the whole of a file, because a password may be in it.
std::string read_store_url(table_reader& r, fault_list& faults, const std::string& path) {
  const toml::node* written = r.node("url");
  if (written == nullptr || !written->is_table()) return r.text("url").value_or("sqlite");
  table_reader where(*written->as_table(), "store.url", faults);
  const std::string name = beside(path, where.required_text("file"));
  where.finish();
  const auto text = name.empty() ? std::optional<std::string>() : read_whole_file(name);
  if (!text) {
    if (!name.empty()) r.fault("url", name + " cannot be read");
    return "sqlite";
  }
  return text->substr(0, text->find_last_not_of(" \r\n") + 1);
}

void read_rest(table_reader& file, fault_list& faults, node_config& c, const std::string& path) {
  section(file, faults, "api",
          [&](table_reader& r) { c.token_file = beside(path, r.text("token_file").value_or("")); });
  section(file, faults, "secrets",
          [&](table_reader& r) { c.key_file = beside(path, r.text("key_file").value_or("")); });
  section(file, faults, "store", [&](table_reader& r) {
    const std::string url = read_store_url(r, faults, path);
    if (url.starts_with("postgresql://") || url.starts_with("postgres://"))
      c.store_url = secret_text(url);
    else if (url != "sqlite")
      r.fault("url", "must be \"sqlite\", which is a file in state_dir, or \"postgresql://...\" for several nodes");
    c.store_shards = static_cast<std::uint32_t>(r.number("shards", 1, most_shards).value_or(c.store_shards));
  });
  section(file, faults, "egress", [&](table_reader& r) {
    c.egress_allow = r.texts("allow");
    for (const std::string& one : c.egress_allow)
      if (const auto network = net::parse_network(one); !network) r.fault("allow", network.error().detail);
  });
  section(file, faults, "heartbeat", [&](table_reader& r) {
    const std::string url = r.text("url").value_or("");
    check_url(r, "url", url);
    c.heartbeat_url = secret_text(url);
    c.heartbeat_interval = r.span("interval").value_or(c.heartbeat_interval);
    if (c.heartbeat_interval < std::chrono::seconds(1)) r.fault("interval", "must be at least 1s");
  });
  section(file, faults, "node", [&](table_reader& r) {
    c.node_name = r.text("name").value_or(c.node_name);
    c.site = r.text("site").value_or("");
    c.egress_name = r.text("egress").value_or("");
    c.node_capacity = static_cast<std::uint32_t>(r.number("capacity", 1, most_capacity).value_or(c.node_capacity));
  });
  section(file, faults, "log", [&](table_reader& r) {
    c.log_as = r.word("format", parse_format, "logfmt, json").value_or(c.log_as);
    c.log_from = r.word("level", parse_level, "debug, info, warning, error").value_or(c.log_from);
  });
  if (const toml::table* times = file.table("timing")) {
    c.times = read_timing(*times, "timing", faults).applied_to(c.times);
    if (!is_poll_interval(c))
      faults.add(times->get("poll_interval"), "timing.poll_interval: " + poll_interval_bounds(c));
  }
}

} // namespace

node_file parse_node_file(const std::string& text, const std::string& path, const std::string& host) {
  fault_list faults(path);
  const auto table = parse_toml(text, faults);
  if (!table) return {std::nullopt, faults.take()};
  node_config c;
  c.node_name = host;
  table_reader file(*table, "", faults);
  c.state_dir = beside(path, file.required_text("state_dir"));
  read_http(file, faults, c);
  read_poll(file, faults, c);
  read_rest(file, faults, c, path);
  read_providers(file, faults, c, path);
  read_carriers(file, faults, c);
  file.finish();
  if (c.egress_name.empty()) c.egress_name = c.node_name;
  if (c.token_file.empty()) c.token_file = c.state_dir + "/api.token";
  if (c.key_file.empty()) c.key_file = c.state_dir + "/secrets.key";
  if (!faults.empty()) return {std::nullopt, faults.take()};
  return {std::move(c), {}};
}

node_file read_node_file(const std::string& path, const std::string& host) {
  const auto text = read_whole_file(path);
  if (!text) return {std::nullopt, {{path, 0, "cannot be read"}}};
  return parse_node_file(*text, path, host);
}

} // namespace ringdown::api
