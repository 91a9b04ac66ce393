#include "actors/api/tenant_file.hpp"

#include "test/support/catch.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::api;

namespace {

secret_answer from_files(const std::string& kind, const std::string& what) {
  if (kind == "file" || kind == "env") return {secret_text("hidden " + what), {}};
  return {secret_text("whsec_QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD"), {}};
}

canonical_file made(const std::string& text) { return canonical(text, "/t/acme.toml", from_files); }

const std::string text = R"([[channel]]
secret = { file = "hook" }
url = "https://hook.example.com/x?a=\"b\""
name = "Gl\u00fcck\t\u001b"
kind = "webhook"
id = "hook"
[tenant]
name = "Acme \"the\" \\ best"
id = "acme"
[timing]
poll_interval = "30s"
[[instance]]
id = "hq"
url = "https://a.example.com"
client_id = "c"
secret = { env = "HQ" }
tls.pin = "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
[instance.timing]
confirm_after = "2s"
[[instance.trunk]]
number = "1"
role = "failover"
[[instance]]
id = "b"
url = "https://b.example.com"
client_id = "c"
secret = { secret = "kept" }
[[user]]
id = "jo"
[oncall]
user = "jo"
[[routing.rule]]
channels = ["hook"]
levels = ["critical"]
)";

std::vector<std::string> words(const std::vector<object_change>& changes) {
  std::vector<std::string> all;
  all.reserve(changes.size());
  for (const auto& one : changes) all.push_back(one.action + " " + one.kind + " " + one.id);
  std::ranges::sort(all);
  return all;
}

} // namespace

TEST_CASE("Secrets leave the text and keep a name that says whose they are") {
  const auto file = made(text);
  CHECK(file.errors.empty());
  CHECK(file.text.find("hidden") == std::string::npos);
  REQUIRE(file.secrets.size() == 2);
  CHECK(file.secrets.at("channel.hook.secret").reveal() == "hidden hook");
  CHECK(file.secrets.at("instance.hq.secret").reveal() == "hidden HQ");
  CHECK_THAT(file.text, Catch::Contains("kept"));
}

TEST_CASE("What is written again says the same: split, joined and split once more") {
  const auto objects = split_objects(made(text).text);
  CHECK(objects.size() == 8);
  const std::string joined = join_objects(objects);
  CHECK(split_objects(joined) == objects);
  CHECK(join_objects(split_objects(joined)) == joined);
  CHECK(split_objects(made(joined).text) == objects);
  CHECK(made(joined).secrets.empty());
  const auto before = parse_tenant_file(made(text).text, {"x", {}, std::chrono::seconds(5)}, from_files);
  const auto after = parse_tenant_file(joined, {"x", {}, std::chrono::seconds(5)}, from_files);
  REQUIRE(before.config);
  REQUIRE(after.config);
  CHECK(after.config->name == "Acme \"the\" \\ best");
  CHECK(after.config->channels.front().settings == before.config->channels.front().settings);
  CHECK(after.config->instances.front().times == before.config->instances.front().times);
  CHECK(after.config->instances.front().trunks.size() == 1);
  CHECK(after.config->routes.size() == 1);
}

TEST_CASE("How a table is written, and in which order, changes nothing") {
  const std::string other = R"([tenant]
id = "acme"
name = 'Acme "the" \ best'
timing = { }
[[user]]
id = "jo"
[[instance]]
url = "https://b.example.com"
secret.secret = "kept"
id = "b"
client_id = "c"
[[instance]]
id = "hq"
client_id = "c"
secret = { env = "HQ" }
tls = { pin = "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
timing = { confirm_after = "2s" }
trunk = [ { role = "failover", number = "1" } ]
url = "https://a.example.com"
)";
  auto changes = diff_objects(split_objects(made(text).text), split_objects(made(other).text));
  CHECK(words(changes) == std::vector<std::string>{"change tenant ", "remove channel hook", "remove oncall ",
                                                   "remove routing ", "remove timing "});
}

TEST_CASE("A difference names what was added, changed and removed") {
  const auto before = split_objects("[tenant]\nid = \"a\"\n[[user]]\nid = \"jo\"\n[[user]]\nid = \"sam\"\n");
  const auto after =
      split_objects("[tenant]\nid = \"a\"\n[[user]]\nid = \"jo\"\nname = \"Jo\"\n[[user]]\nid = \"kim\"\n");
  CHECK(words(diff_objects(before, after)) ==
        std::vector<std::string>{"add user kim", "change user jo", "remove user sam"});
  CHECK(diff_objects(after, after).empty());
}

TEST_CASE("Objects are added to a file, whose own stay as they are") {
  const std::string file = "unknown = 1\n[tenant]\nid = \"a\"\n[[user]]\nid = \"jo\"\n";
  const std::string whole = with_objects(file, {{"user", "sam", "id = \"sam\""}, {"oncall", "", "user = \"sam\""}});
  CHECK(split_objects(whole) == split_objects(file + "[[user]]\nid = \"sam\"\n[oncall]\nuser = \"sam\"\n"));
  CHECK_THAT(whole, Catch::Contains("unknown = 1"));
  CHECK(with_objects("[tenant\n", {{"user", "sam", "id = \"sam\""}}) == "[tenant\n");
  CHECK(with_objects("user = 5\n", {{"user", "sam", "id = \"sam\""}}) == "user = 5\n");
}

TEST_CASE("Names of secrets stand between double quotes, as the store looks for them") {
  const auto objects =
      split_objects("[tenant]\nid = 'a'\n[[instance]]\nid = 'h'\nsecret.secret = 'instance.h.secret'\nn = 0x10\n");
  REQUIRE(objects.size() == 2);
  CHECK(objects.back().body == "id = \"h\"\nn = 16\nsecret = { secret = \"instance.h.secret\" }");
}

TEST_CASE("Paths in a canonical file are absolute") {
  const auto file = made("[tenant]\nid = \"a\"\n[[instance]]\nid = \"h\"\ntls.ca_file = \"../ca.pem\"\n");
  CHECK_THAT(file.text, Catch::Contains("ca_file = \"/ca.pem\""));
}

TEST_CASE("A secret that cannot be had is an error with the line") {
  const auto refuse = [](const std::string&, const std::string&) {
    return secret_answer{std::nullopt, "no such file"};
  };
  const auto file =
      canonical("[tenant]\nid = \"a\"\n[[instance]]\nid = \"h\"\nsecret = { file = \"x\" }\n", "f.toml", refuse);
  REQUIRE(file.errors.size() == 1);
  CHECK(to_text(file.errors.front()) == "f.toml:5: instance.h.secret: no such file");
}
