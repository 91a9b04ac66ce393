#include "actors/api/tenant_file.hpp"

#include "test/support/catch.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

using namespace ringdown;
using namespace ringdown::api;

namespace {

const std::string hook_secret = "whsec_QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD";

secret_answer known_secrets(const std::string& kind, const std::string& what) {
  if (what == "missing") return {std::nullopt, "there is no " + kind + " " + what};
  if (what == "hook") return {secret_text(hook_secret), {}};
  return {secret_text("value-of-" + what), {}};
}

tenant_file read(const std::string& text) {
  return parse_tenant_file(text, {"/t/acme.toml", timing{}, std::chrono::seconds(5)}, known_secrets);
}

const std::string whole = R"([tenant]
id = "acme"
name = "Acme"
zone = "Europe/Berlin"
[timing]
poll_interval = "30s"
[severity]
bridge_down = "critical"
[[customer]]
id = "bakery"
name = "Bakery"
company = "174"
[[user]]
id = "jo"
name = "Jo"
email = "jo@example.com"
phone = "+4930123456"
[oncall]
user = "jo"
[[instance]]
id = "hq"
name = "HQ"
customer = "bakery"
url = "https://pbx.example.com:5001/"
address = "10.0.0.9"
client_id = "ringdown"
secret = { file = "pbx" }
tls.pin = "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
tls.server_name = "other.example.com"
interval = "10s"
calls = { warning = 60, critical = 90, hysteresis = 3 }
trunk = [{ number = "10001", role = "failover" }]
[instance.timing]
confirm_after = "2s"
[[instance]]
id = "branch"
url = "https://branch.example.com"
client_id = "ringdown"
secret = { env = "BRANCH" }
[[channel]]
id = "phone"
kind = "ntfy"
name = "Phone"
user = "jo"
enabled = false
floor = "warning"
topic = "acme"
token = { secret = "channel.phone.token" }
[[channel]]
id = "hook"
kind = "webhook"
url = "https://hook.example.com/x"
secret = { file = "hook" }
[[provider]]
id = "bandwidth"
name = "Bandwidth"
hosts = ["sip.Bandwidth.example", "203.0.113.7"]
[[routing.rule]]
types = ["sim_calls", "trunk_down"]
levels = ["warning"]
channels = ["hook", "kind:ntfy"]
[[routing.rule]]
channels = []
)";

struct bad_file {
  std::string more; // after the head below, whose last line is the fifth
  int line;
  std::string says;
};
const std::string head = "[tenant]\nid = \"acme\"\n[[user]]\nid = \"jo\"\n[severity]\n";
const std::string pbx =
    "[[instance]]\nid = \"hq\"\nurl = \"https://a.example.com\"\nclient_id = \"c\"\nsecret = { file = \"s\" }\n";

const std::string phone =
    "[[channel]]\nid = \"c\"\nkind = \"twilio\"\naccount = \"AC0123456789abcdef0123456789abcdef\"\n"
    "from = \"+12025550100\"\nauth_token = { file = \"s\" }\n";
const std::string mail =
    "[[channel]]\nid = \"c\"\nkind = \"email\"\nhost = \"smtp.example.com\"\nfrom = \"a@example.com\"\n"
    "to = \"b@example.com\"\n";

const std::vector<bad_file> bad_files{
    {"trunk_dwon = \"info\"\n", 6, "severity.trunk_dwon: unknown key; did you mean \"trunk_down\"?"},
    {"trunk_down = \"loud\"\n", 6, "\"loud\" is not one of info, warning, critical"},
    {"[[chanel]]\nid = \"x\"\n", 6, "did you mean \"channel\"?"},
    {"[[user]]\nid = \"jo\"\n", 7, "\"jo\" is used twice"},
    {"[[user]]\nid = \"Jo\"\n", 7, "user.id: \"Jo\" must be"},
    {"[[user]]\nname = \"x\"\n", 6, "user.id: is required"},
    {"[[user]]\nid = \"a\"\nphone = \"030 123\"\n", 8, "E.164"},
    {"[[user]]\nid = \"a\"\nphone = \"+0301234567\"\n", 8, "E.164"},
    {"[[user]]\nid = \"a\"\nemail = \"a@b, c@d\"\n", 8, "user.email"},
    {"[oncall]\nuser = \"joe\"\n", 7, "no [[user]] has the id \"joe\"; did you mean \"jo\"?"},
    {"[[customer]]\nid = \"a\"\ncompany = \"Bakery\"\n", 8, "must be the customer's number in the PSA"},
    {"[timing]\npoll_interval = 5\n", 7, "timing.poll_interval: must be a string"},
    {pbx + "customer = \"nobody\"\n", 11, "no [[customer]] has the id \"nobody\""},
    {pbx + "adress = \"10.0.0.1\"\n", 11, "instance.adress: unknown key; did you mean \"address\"?"},
    {pbx + "interval = \"1s\"\n", 11, "instance.interval: must be from 5s to 1h"},
    {pbx + "tls = { pin = \"sha256//short\" }\n", 11, "tls.pin"},
    {pbx + "tls = { ca_file = \"none.pem\" }\n", 11, "/t/none.pem cannot be read"},
    {pbx + "tls = { verify = false }\n", 11, "tls.verify: unknown key"},
    {pbx + "calls = { warning = 99 }\n", 11, "must not be above critical"},
    {pbx + "calls = { warning = 101 }\n", 11, "from 1 to 100"},
    {pbx + "trunk = [{ number = \"1\", role = \"main\" }]\n", 11, "is not one of primary, secondary, failover"},
    {pbx + "trunk = 7\n", 11, "must be written as [[instance.trunk]]"},
    {pbx + "[[instance]]\nid = \"b\"\nurl = \"https://a.example.com/\"\nclient_id = \"c\"\nsecret = { file = \"s\" }\n",
     13, "another instance"},
    {"[[instance]]\nid = \"h\"\nurl = \"http://a.example.com\"\nclient_id = \"c\"\nsecret = { file = \"s\" }\n", 8,
     "must be https"},
    {"[[instance]]\nid = \"h\"\nurl = \"https://a.example.com/xapi\"\nclient_id = \"c\"\nsecret = { file = \"s\" }\n",
     8, "host and port only"},
    {"[[instance]]\nid = \"h\"\nurl = \"https://a.example.com\"\nclient_id = \"c\"\nsecret = \"hunter2\"\n", 10,
     "a secret does not stand in the file"},
    {"[[instance]]\nid = \"h\"\nurl = \"https://a.example.com\"\nclient_id = \"c\"\nsecret = { file = \"a\", env = "
     "\"B\" }\n",
     10, "must be one of"},
    {"[[instance]]\nid = \"h\"\nurl = \"https://a.example.com\"\nclient_id = \"c\"\nsecret = { fil = \"a\" }\n", 10,
     "must be one of"},
    {"[[instance]]\nid = \"h\"\nurl = \"https://a.example.com\"\nclient_id = \"c\"\nsecret = { env = \"missing\" }\n",
     10, "there is no env missing"},
    {"[[instance]]\nid = \"h\"\nurl = \"https://a.example.com\"\nclient_id = \"c\"\n", 6,
     "instance.secret: is required"},
    {"[[channel]]\nid = \"c\"\nkind = \"ntfy\"\ntopic = \"t\"\ntoken = { secret = \"a'b\" }\n", 10,
     "name of a stored secret"},
    {"[[channel]]\nid = \"c\"\nkind = \"ntfi\"\n", 8, "did you mean \"ntfy\"?"},
    {"[[channel]]\nid = \"c\"\nkind = \"ntfy\"\n", 6, "topic: is required"},
    {"[[channel]]\nid = \"c\"\nkind = \"ntfy\"\ntpic = \"x\"\ntopic = \"y\"\n", 9, "did you mean \"topic\"?"},
    {"[[channel]]\nid = \"c\"\nkind = \"ntfy\"\ntopic = \"t\"\ntoken = \"tk_1\"\n", 10,
     "a secret does not stand in the file"},
    {"[[channel]]\nid = \"c\"\nkind = \"ntfy\"\ntopic = \"t\"\nurl = \"http://ntfy.example.com\"\n", 10,
     "must be https"},
    {"[[channel]]\nid = \"c\"\nkind = \"ntfy\"\ntopic = \"t\"\nfloor = \"high\"\n", 10, "channel.floor"},
    {"[[channel]]\nid = \"c\"\nkind = \"ntfy\"\ntopic = \"t\"\nuser = \"jon\"\n", 10, "did you mean \"jo\"?"},
    {"[[channel]]\nid = \"c\"\nkind = \"webhook\"\nurl = \"https://x.example.com\"\nsecret = { file = \"s\" }\n", 6,
     "must be whsec_"},
    {"[[provider]]\nid = \"p\"\n", 6, "provider.hosts: is required"},
    {"[[provider]]\nid = \"p\"\nhosts = [\"sip.example.com:5060/x\"]\n", 8, "is not the name or address of a host"},
    {"[[provider]]\nid = \"p\"\nhosts = [\"a.example\"]\n[[provider]]\nid = \"q\"\nhosts = [\"A.example\"]\n", 11,
     "\"a.example\" is listed twice"},
    {pbx + "address = \"pbx03.pbx.test\"\n", 11, "instance.address: \"pbx03.pbx.test\" must be an IP address"},
    {"[[channel]]\nid = \"c\"\nkind = \"teams\"\n", 8, "the kinds are slack, autotask, ntfy, twilio, webhook, email"},
    {phone + "regions = \"Germany\"\n", 6, "regions: \"Germany\" is no two-letter country code like \"DE\""},
    {phone + "regions = \"US; DE\"\n", 6, "regions: \"US;\" is no two-letter"},
    {"[[channel]]\nid = \"c\"\nkind = \"twilio\"\naccount = \"12345\"\nfrom = \"+12025550100\"\nauth_token = { file = "
     "\"s\" }\n",
     6, "account: must be AC and 32 hex digits"},
    {mail + "security = \"ssl\"\n", 6, "security: \"ssl\" is not one of "},
    {"[[escalation.step]]\nafter = \"5m\"\nnotify = \"jo\"\n", 8, "must be a list of strings"},
    {"[[escalation.step]]\nafter = \"5m\"\nnotify = []\n", 8, "must name somebody"},
    {"[[provider]]\nid = \"p\"\nhosts = \"sip.example.com\"\n", 8, "must be a list of strings"},
    {"[routing]\nrules = []\n", 7, "routing.rules: unknown key; did you mean \"rule\"?"},
    {"[[routing.rule]]\ntypes = [\"trunk_donw\"]\nchannels = []\n", 7, "did you mean \"trunk_down\"?"},
    {"[[routing.rule]]\nchannels = [\"push\"]\n", 7, "no [[channel]] has the id \"push\""},
    {"[[routing.rule]]\nchannels = [\"kind:ntfi\"]\n", 7, "did you mean \"ntfy\"?"},
    {"[[routing.rule]]\nlevels = [\"info\"]\n", 6, "channels: is required"},
};

} // namespace

TEST_CASE("Every key of a tenant file arrives") {
  const auto file = read(whole);
  for (const auto& one : file.errors) UNSCOPED_INFO(to_text(one));
  REQUIRE(file.config);
  const tenant_config& t = *file.config;
  CHECK(t.id.str() == "acme");
  CHECK(t.zone == "Europe/Berlin");
  CHECK(t.times.poll_interval == std::chrono::seconds(30));
  CHECK(t.severities.at("bridge_down") == severity::critical);
  CHECK(t.oncall.user == user_id("jo"));
  REQUIRE(t.providers.size() == 1);
  CHECK(t.providers.front().name == "Bandwidth");
  CHECK(t.providers.front().hosts == std::vector<std::string>{"sip.bandwidth.example", "203.0.113.7"});
  CHECK(t.users.front().phone == "+4930123456");
  CHECK(t.customers.front().company == "174");
  REQUIRE(t.instances.size() == 2);
  const instance_config& hq = t.instances.front();
  CHECK(hq.url == "https://pbx.example.com:5001");
  CHECK(hq.address == "10.0.0.9");
  CHECK(hq.secret.reveal() == "value-of-pbx");
  CHECK(hq.tls.server_name == "other.example.com");
  CHECK(hq.times.poll_interval == std::chrono::seconds(10));
  CHECK(hq.times.confirm_after == std::chrono::seconds(2));
  CHECK(hq.calls.warning == 60);
  CHECK(hq.calls.hysteresis == 3);
  REQUIRE(hq.trunks.size() == 1);
  CHECK(hq.trunks.front().role == trunk_role::failover);
  CHECK(t.instances.back().times.poll_interval == std::chrono::seconds(30));
  CHECK(t.instances.back().times.confirm_after == timing{}.confirm_after);
  const channel_config& app = t.channels.front();
  CHECK_FALSE(app.enabled);
  CHECK(app.floor == severity::warning);
  CHECK(app.user == user_id("jo"));
  CHECK(app.settings.at("topic") == "acme");
  CHECK(app.secrets.at("token").reveal() == "value-of-channel.phone.token");
  REQUIRE(t.routes.size() == 2);
  CHECK(t.routes.front().types == std::vector{alert_type::sim_calls, alert_type::trunk_down});
  CHECK(t.routes.front().channels == std::vector<std::string>{"hook", "kind:ntfy"});
  CHECK(t.routes.back().channels.empty());
}

TEST_CASE("Each fault of a tenant file is told with its line and what was probably meant") {
  for (const bad_file& one : bad_files) {
    INFO(one.more);
    const auto file = read(head + one.more);
    CHECK_FALSE(file.config);
    std::string all;
    for (const auto& error : file.errors) all += to_text(error) + "\n";
    INFO(all);
    REQUIRE(file.errors.size() == 1);
    CHECK(file.errors.front().line == one.line);
    CHECK_THAT(file.errors.front().message, Catch::Contains(one.says));
    CHECK(all.find("hunter2") == std::string::npos);
    CHECK(all.find("tk_1") == std::string::npos);
  }
}

TEST_CASE("A zone must be one of this machine's") {
  for (const std::string zone : {"Mars/Olympus", "../passwd", "/etc/passwd", "", "Europe", "Europe/../UTC"}) {
    INFO(zone);
    CHECK_FALSE(read("[tenant]\nid = \"a\"\nzone = \"" + zone + "\"\n").config);
  }
  CHECK(read("[tenant]\nid = \"a\"\n").config->zone == "UTC");
}

TEST_CASE("What comes from the store is not measured by this machine's files") {
  const std::string stored =
      "[tenant]\nid = \"a\"\nzone = \"Mars/Olympus\"\n[[instance]]\nid = \"h\"\n"
      "url = \"https://h.example.com\"\nclient_id = \"c\"\nsecret = { secret = \"s\" }\n"
      "tls.ca_file = \"/gone/ca.pem\"\n";
  CHECK(read(stored).errors.size() == 2);
  tenant_file_options options{"tenant a", timing{}, std::chrono::seconds(5)};
  options.machine = this_machine::taken_as_written;
  const auto file = parse_tenant_file(stored, options, known_secrets);
  REQUIRE(file.config);
  CHECK(file.config->instances.front().tls.ca_file == "/gone/ca.pem");
}

TEST_CASE("A channel may go unprotected only to this machine itself") {
  const auto channel = [](std::string_view url) {
    return fmt::format("[tenant]\nid = \"a\"\n[[channel]]\nid = \"c\"\nkind = \"ntfy\"\ntopic = \"t\"\nurl = \"{}\"\n",
                       url);
  };
  for (const char* url : {"http://127.0.0.1:99", "http://localhost", "http://[::1]:1", "https://ntfy.sh"})
    CHECK(read(channel(url)).config);
  for (const char* url : {"http://10.0.0.1", "http://localhost.example.com", "http://127.example.com", "ntfy.sh"})
    CHECK_FALSE(read(channel(url)).config);
}

TEST_CASE("A mail goes to the channel's own address, else to the one of its user") {
  const auto channel = [](const std::string& user, const std::string& more) {
    return read("[tenant]\nid = \"a\"\n[[user]]\nid = \"jo\"\n" + user +
                "[[channel]]\nid = \"c\"\nkind = \"email\"\nhost = \"mx.example.com\"\nfrom = \"a@example.com\"\n" +
                more);
  };
  const std::string email = "email = \"jo@example.com\"\n";
  const auto of_user = channel(email, "user = \"jo\"\nport = 2525\n");
  REQUIRE(of_user.config);
  CHECK(of_user.config->channels.front().settings.at("to") == "jo@example.com");
  CHECK(of_user.config->channels.front().settings.at("port") == "2525");
  CHECK(channel(email, "user = \"jo\"\nto = \"noc@example.com\"\n").config->channels.front().settings.at("to") ==
        "noc@example.com");
  const auto fault = [&](const std::string& user, const std::string& more) {
    const auto file = channel(user, more);
    return file.errors.size() == 1 ? file.errors.front().message : "not one fault";
  };
  CHECK_THAT(fault("", "user = \"jo\"\n"), Catch::Contains("channel.user: \"jo\" has no email, and the channel no to"));
  CHECK_THAT(fault(email, ""), Catch::Contains("to: is required"));
  CHECK_THAT(fault(email, "user = \"jo\"\nport = \"587\"\n"), Catch::Contains("channel.port"));
  CHECK_THAT(fault(email, "user = \"joe\"\n"), Catch::Contains("no [[user]] has the id"));
}

TEST_CASE("All faults of a tenant file are told at once") {
  const auto file = read(
      "[tenant]\nid = \"A\"\nzone = \"X\"\n[[user]]\nid = \"u\"\nphone = \"1\"\n[[channel]]\nid = \"c\"\nkind = "
      "\"ntfy\"\n[[chanel]]\nid = \"d\"\n");
  CHECK(file.errors.size() == 5);
  CHECK(read("").errors.size() == 1);
  CHECK(read("[tenant\n").errors.size() == 1);
}

TEST_CASE("A SignalWire project is an account too") {
  std::string space = head + phone + "base_url = \"https://acme.signalwire.com/api/laml\"\n";
  space.replace(space.find("AC0123"), 34, "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9");
  CHECK(read(space).config);
  space.replace(space.find("0a1b2c3d-"), 9, "0a1b2c3d4");
  CHECK_FALSE(read(space).config);
}

TEST_CASE("One mistake is one complaint") {
  for (const std::string more : {"[[escalation.step]]\nafter = \"5m\"\nnotify = \"jo\"\n",
                                 "[[provider]]\nid = \"p\"\nhosts = \"sip.example.com\"\n"})
    CHECK(read(head + more).errors.size() == 1);
}

TEST_CASE("A secret that only the daemon has counts as given, and its form is not judged") {
  const auto elsewhere = [](const std::string& text) {
    return parse_tenant_file(text, {"/t/acme.toml", timing{}, std::chrono::seconds(5)},
                             [](const std::string&, const std::string&) { return secret_answer{}; });
  };
  const std::string chat = head + "[[channel]]\nid = \"c\"\nkind = \"slack\"\n";
  CHECK(elsewhere(chat + "webhook_url = { secret = \"w\" }\n").config);
  const std::string hook = head + "[[channel]]\nid = \"c\"\nkind = \"webhook\"\nurl = \"https://x.example.com\"\n";
  CHECK(elsewhere(hook + "secret = { secret = \"w\" }\nprevious_secret = { secret = \"v\" }\n").config);
  CHECK(elsewhere(head + phone).config);
  // What is missing, and what else is wrong, is said as ever.
  CHECK_FALSE(elsewhere(chat).config);
  CHECK_FALSE(elsewhere(head + phone + "regions = \"Germany\"\n").config);
  CHECK_FALSE(elsewhere(head + phone + "api_key = { secret = \"k\" }\n").config);
}

TEST_CASE("What was sound when it was applied is read from the store, whatever an update thinks of it") {
  const std::string stored = head + phone + "regions = \"Germany\"\n" + pbx + "address = \"pbx03.pbx.test\"\n";
  CHECK_FALSE(read(stored).config);
  CHECK(parse_tenant_file(stored, {"tenant acme", timing{}, std::chrono::seconds(5), this_machine::taken_as_written},
                          known_secrets)
            .config);
}
