#include "actors/api/node_file.hpp"

#include "test/support/catch.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::api;

namespace {

node_file read(const std::string& text) { return parse_node_file(text, "/etc/ringdown/ringdown.toml", "host-1"); }

struct bad_file {
  std::string text;
  int line;
  std::string says;
};

} // namespace

TEST_CASE("A file with only a state directory takes every default") {
  const auto file = read("state_dir = \"/var/lib/ringdown\"\n");
  REQUIRE(file.config);
  const node_config& c = *file.config;
  CHECK(c.http_listen == "127.0.0.1:8480");
  CHECK(c.token_file == "/var/lib/ringdown/api.token");
  CHECK(c.key_file == "/var/lib/ringdown/secrets.key");
  CHECK(c.node_name == "host-1");
  CHECK(c.times == timing{});
  CHECK(c.egress_allow.empty());
  CHECK(c.heartbeat_url.empty());
  CHECK(c.across_tenants);
  CHECK(c.carriers.empty());
}

TEST_CASE("Every key of the daemon file arrives") {
  const auto file = read(R"(state_dir = "state"
[http]
listen = "[::1]:9000"
public_url = "https://ringdown.example.com/"
[api]
token_file = "token"
[store]
url = "sqlite"
[secrets]
key_file = "/keys/key"
[poll]
interval = "200ms"
connect_timeout = "1s"
timeout = "3s"
[limits]
min_poll_interval = "100ms"
[egress]
allow = ["127.0.0.0/8", "10.1.2.3", "fd00::/8"]
[provider.ntfy]
base_url = "http://127.0.0.1:99"
ca_file = "ca.pem"
[heartbeat]
url = "https://beat.example.com/x"
interval = "30s"
[node]
name = "n1"
site = "fra"
[log]
format = "json"
level = "debug"
[timing]
confirm_after = "1s"
removal_polls = 7
)");
  REQUIRE(file.config);
  const node_config& c = *file.config;
  CHECK(c.state_dir == "/etc/ringdown/state");
  CHECK(c.http_listen == "[::1]:9000");
  CHECK(c.public_url == "https://ringdown.example.com");
  CHECK(c.token_file == "/etc/ringdown/token");
  CHECK(c.key_file == "/keys/key");
  CHECK(c.times.poll_interval == std::chrono::milliseconds(200));
  CHECK(c.connect_timeout == std::chrono::seconds(1));
  CHECK(c.poll_timeout == std::chrono::seconds(3));
  CHECK(c.egress_allow == std::vector<std::string>{"127.0.0.0/8", "10.1.2.3", "fd00::/8"});
  CHECK(c.providers.at("ntfy").base_url == "http://127.0.0.1:99");
  CHECK(c.providers.at("ntfy").ca_file == "/etc/ringdown/ca.pem");
  CHECK(c.heartbeat_url.reveal() == "https://beat.example.com/x");
  CHECK(c.heartbeat_interval == std::chrono::seconds(30));
  CHECK(c.node_name == "n1");
  CHECK(c.site == "fra");
  CHECK(c.log_as == log_format::json);
  CHECK(c.log_from == log_level::debug);
  CHECK(c.times.confirm_after == std::chrono::seconds(1));
  CHECK(c.times.removal_polls == 7);
}

TEST_CASE("Carriers across tenants are named by their hosts, and can be switched off") {
  const auto file = read(R"(state_dir = "state"
[correlation]
across_tenants = false
[[carrier]]
id = "larkfield"
hosts = ["SIP.Larkfield.example", "203.0.113.7"]
)");
  REQUIRE(file.config);
  CHECK_FALSE(file.config->across_tenants);
  CHECK(file.config->carriers == std::vector<carrier_alias>{{"larkfield", {"sip.larkfield.example", "203.0.113.7"}}});
}

TEST_CASE("Each fault of the daemon file is told with its line and what was probably meant") {
  const std::string start = "state_dir = \"/s\"\n";
  const std::vector<bad_file> table{
      {"", 1, "state_dir: is required"},
      {"state_dir = 5\n", 1, "state_dir: must be a string"},
      {"state_dir = \"/s\"\nstate_dri = \"x\"\n", 2, "state_dri: unknown key; did you mean \"state_dir\"?"},
      {start + "[htttp]\nlisten = \"127.0.0.1:1\"\n", 2, "did you mean \"http\"?"},
      {start + "[http]\nlistne = \"127.0.0.1:1\"\n", 3, "http.listne: unknown key; did you mean \"listen\"?"},
      {start + "[http]\nlisten = \"8480\"\n", 3, "http.listen"},
      {start + "[http]\nlisten = \"localhost:8480\"\n", 3, "like \"127.0.0.1:8480\""},
      {start + "[http]\nlisten = \"127.0.0.1:99999\"\n", 3, "http.listen"},
      {start + "[http]\npublic_url = \"ringdown.example.com\"\n", 3, "http.public_url"},
      {start + "http = 1\n", 2, "http: must be a table, written as [http]"},
      {start + "[poll]\ninterval = 60\n", 3, "poll.interval: must be a string like \"10s\""},
      {start + "[poll]\ninterval = \"60\"\n", 3, "poll.interval: \"60\" is not a duration"},
      {start + "[poll]\ninterval = \"1s\"\n", 3, "poll.interval: must be from 5s"},
      {start + "[poll]\ninterval = \"2h\"\n", 3, "to 1h"},
      {start + "[poll]\ntimeout = \"0s\"\n", 3, "poll.timeout"},
      {start + "[limits]\nmin_poll_interval = \"50ms\"\n", 3, "at least 100ms"},
      {start + "[egress]\nallow = \"127.0.0.0/8\"\n", 3, "must be a list of strings like [\"a\", \"b\"]"},
      {start + "[egress]\nallow = [\"127.0.0.0/33\"]\n", 3, "egress.allow"},
      {start + "[egress]\nallow = [1]\n", 3, "must hold strings only"},
      {start + "[provider.ntfi]\nbase_url = \"https://x.example.com\"\n", 2,
       "no such provider; did you mean \"ntfy\"?"},
      {start + "[provider.ntfy]\nbase_url = \"x\"\n", 3, "provider.ntfy.base_url"},
      {start + "[provider.ntfy]\nbase_url = \"http://ntfy.example.com\"\n", 3, "provider.ntfy.base_url: must be https"},
      {start + "[correlation]\nacross_tenants = \"no\"\n", 3, "correlation.across_tenants: must be"},
      {start + "[correlation]\nacross_tenant = true\n", 3, "did you mean \"across_tenants\"?"},
      {start + "[carrier]\nid = \"a\"\n", 2, "must be written as [[carrier]]"},
      {start + "[[carrier]]\nid = \"A B\"\nhosts = [\"x\"]\n", 3, "carrier.id: \"A B\" must be"},
      {start + "[[carrier]]\nid = \"a\"\n", 2, "carrier.hosts: is required"},
      {start + "[[carrier]]\nid = \"a\"\nhosts = [\"sip:x@y\"]\n", 4, "is not the name or address of a host"},
      {start + "[[carrier]]\nid = \"a\"\nhosts = [\"x\"]\n[[carrier]]\nid = \"b\"\nhosts = [\"X\"]\n", 7,
       "carrier.hosts: \"x\" is listed twice"},
      {start + "[[carrier]]\nid = \"a\"\nhosts = [\"x\"]\n[[carrier]]\nid = \"a\"\nhosts = [\"y\"]\n", 6,
       "carrier.id: \"a\" is used twice"},
      {start + "[store]\nurl = \"mysql://db/x\"\n", 3, "store.url: must be \"sqlite\""},
      {start + "[store]\nurl = { file = \"/nowhere/url\" }\n", 3, "store.url: /nowhere/url cannot be read"},
      {start + "[store]\nshards = 0\n", 3, "store.shards: must be"},
      {start + "[node]\ncapacity = 0\n", 3, "node.capacity: must be"},
      {start + "[log]\nlevel = \"loud\"\n", 3, "\"loud\" is not one of debug, info, warning, error"},
      {start + "[timing]\npol_interval = \"5s\"\n", 3, "did you mean \"poll_interval\"?"},
      {start + "[timing]\npoll_interval = \"1s\"\n", 3, "timing.poll_interval: must be from 5s"},
      {start + "[timing]\nretry_base = \"0s\"\n", 3, "timing.retry_base: must be above 0"},
      {start + "[timing]\ndegraded_polls = 0\n", 3, "timing.degraded_polls"},
      {start + "[heartbeat]\nurl = \"ftp://x\"\n", 3, "heartbeat.url"},
      {start + "[http\n", 2, "not TOML"},
      {start + "state_dir = \"/t\"\n", 2, "not TOML"},
      {start + "x = \"\xff\"\n", 2, "not TOML"},
  };
  for (const bad_file& one : table) {
    INFO(one.text);
    const auto file = read(one.text);
    CHECK_FALSE(file.config);
    REQUIRE(file.errors.size() == 1);
    CHECK(file.errors.front().file == "/etc/ringdown/ringdown.toml");
    CHECK(file.errors.front().line == one.line);
    CHECK_THAT(file.errors.front().message, Catch::Contains(one.says));
  }
}

TEST_CASE("All faults of the daemon file are told at once") {
  const auto file = read("state_dir = 1\nfoo = 2\n[log]\nlevel = \"x\"\n[poll]\ninterval = \"x\"\n");
  CHECK_FALSE(file.config);
  CHECK(file.errors.size() == 4);
}

TEST_CASE("A daemon file that is not there is an error of the whole file") {
  const auto file = read_node_file("/nonexistent/ringdown.toml", "h");
  REQUIRE(file.errors.size() == 1);
  CHECK(to_text(file.errors.front()) == "/nonexistent/ringdown.toml: cannot be read");
}

TEST_CASE("A folder is no daemon file, and is not read as one") {
  CHECK_FALSE(read_whole_file("/").has_value());
  const auto file = read_node_file("/", "h");
  REQUIRE(file.errors.size() == 1);
  CHECK(to_text(file.errors.front()) == "/: cannot be read");
}

TEST_CASE("Slips of the finger are recognised, other words are not") {
  const std::vector<std::string> known{"listen", "public_url", "interval"};
  CHECK(nearest("listne", known) == "listen");
  CHECK(nearest("publc_url", known) == "public_url");
  CHECK(nearest("nmae", {"name"}) == "name");
  CHECK(nearest("zzz", known).empty());
  CHECK(nearest("", known).empty());
  CHECK(nearest(std::string(100'000, 'x'), known).empty());
}

TEST_CASE("A node reaches PBXes by an address of its own, unless it is said to share one") {
  CHECK(read("state_dir = \"/s\"\n[node]\nname = \"n1\"\n").config->egress_name == "n1");
  CHECK(read("state_dir = \"/s\"\n[node]\nname = \"n1\"\negress = \"office\"\n").config->egress_name == "office");
}

TEST_CASE("A database is named by its URL, or by the file that holds it") {
  const auto plain =
      read("state_dir = \"/s\"\n[store]\nurl = \"postgresql://db/x\"\nshards = 12\n[node]\ncapacity = 3\n");
  REQUIRE(plain.config);
  CHECK(plain.config->is_one_of_several());
  CHECK(plain.config->store_url.reveal() == "postgresql://db/x");
  CHECK(plain.config->store_shards == 12);
  CHECK(plain.config->node_capacity == 3);
  const auto sqlite = read("state_dir = \"/s\"\n[store]\nurl = \"sqlite\"\n");
  REQUIRE(sqlite.config);
  CHECK_FALSE(sqlite.config->is_one_of_several());

  const auto file = std::filesystem::temp_directory_path() / ("ringdown-url-" + std::to_string(::getpid()));
  std::ofstream(file) << "postgresql://ringdown:secret@db/x\n";
  const auto kept = read("state_dir = \"/s\"\n[store]\nurl = { file = \"" + file.string() + "\" }\n");
  std::filesystem::remove(file);
  REQUIRE(kept.config);
  CHECK(kept.config->store_url.reveal() == "postgresql://ringdown:secret@db/x");
}
