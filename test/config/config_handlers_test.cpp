#include "actors/api/handlers.hpp"
#include "actors/api/load_tenants.hpp"
#include "test/persistence/builders.hpp"
#include "test/support/catch.hpp"

#include <SQLiteCpp/Database.h>

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::api;

namespace {

struct quiet_log final : log_sink {
  void write(log_level, std::string_view, std::initializer_list<log_field>) override {}
};

// A tree without actors: remembers what it was told, and gives the store at once.
struct bare_tree final : node_tree {
  [[nodiscard]] ports_ptr world() const override { return nullptr; }
  void apply(std::shared_ptr<const tenant_config> config, shard_id) override { applied.push_back(std::move(config)); }
  void remove(const tenant_id& tenant) override { removed.push_back(tenant); }
  void command(const ringdown::command&, std::function<void(result<void>)>) override {}
  void pass_on(const ringdown::command&) override {}
  bool look_for_news() override { return true; }
  void with_writer(std::function<result<void>(persistence::store&)> run, std::function<void(const failure&)>) override {
    static_cast<void>(run(*held));
  }
  void restart(const tenant_id&, const std::string&, const std::string&, std::function<void(bool)>) override {}
  [[nodiscard]] pulse_answer alive(std::chrono::milliseconds) override { return pulse_answer::well; }
  bool drain(std::chrono::milliseconds) override { return true; }
  void drain_node(const drain_wish&, std::function<void()>) override {}
  bool leave(std::chrono::milliseconds) override { return true; }
  void finish_writes() override {}

  std::unique_ptr<persistence::store> held;
  std::vector<std::shared_ptr<const tenant_config>> applied;
  std::vector<tenant_id> removed;
};

struct desk {
  desk() {
    auto world = std::make_shared<ports>();
    world->time.now = [] { return moment{persistence::noon, steady_time{}}; };
    world->log = &log;
    world->metrics = std::make_shared<node_metrics>();
    world->metrics->store_ready = true;
    world->health = std::make_shared<health_board>();
    tree.held = place.open();
    in.world = std::move(world);
    in.tree = &tree;
  }

  server_response ask(route_handler handler, const std::string& body = {}, const std::string& query = {}) {
    server_response got;
    server_request request;
    request.body = body;
    request.query = query;
    handler(in, request, {"acme"}, [&](server_response answer) { got = std::move(answer); });
    return got;
  }
  server_response put(const std::string& toml, const std::string& query = {}) {
    wire::json_writer json;
    json.open_object().text("toml", toml).key("secrets").open_object().text("s", "hunter2").close_object();
    json.close_object();
    return ask(put_tenant_file, std::move(json).str(), query);
  }
  void alter(const std::string& sql) const { SQLite::Database(place.file(), SQLite::OPEN_READWRITE, 5000).exec(sql); }
  // As a start does it.
  void load() {
    auto loaded = load_tenants(*tree.held, *in.node.get());
    REQUIRE(loaded);
    for (auto& one : loaded->readable) in.tenants.put(std::move(one));
    for (auto& one : loaded->unreadable) in.tenants.put_unreadable(std::move(one));
  }
  int count(const std::string& sql) const {
    return SQLite::Database(place.file(), SQLite::OPEN_READONLY, 5000).execAndGet(sql).getInt();
  }

  persistence::sqlite_place place;
  quiet_log log;
  bare_tree tree;
  context in;
};

std::string instance(const std::string& id) {
  return "[[instance]]\nid = \"" + id + "\"\nurl = \"https://" + id +
         ".example.com\"\nclient_id = \"c\"\nsecret = { secret = \"s\" }\n";
}
const std::string acme = "[tenant]\nid = \"acme\"\n";

// What a console, one day, writes beside the file's objects.
void console_adds(desk& at, const std::string& kind, const std::string& id, const std::string& body) {
  at.alter("insert into config_object values('acme', '" + kind + "', '" + id + "', 'console', '" + body + "')");
  at.load();
}

} // namespace

TEST_CASE("A file neither changes nor removes what others manage") {
  desk at;
  REQUIRE(at.put(acme + instance("hq")).status == 200);
  console_adds(at, "instance", "branch",
               "id = \"branch\"\nurl = \"https://branch.example.com\"\nclient_id = \"c\"\nsecret = { secret = \"s\" }");

  SECTION("what it does not name stays, also what is derived from it") {
    const auto shown = at.put(acme + "name = \"Acme\"\n" + instance("hq"), "dry_run=1");
    CHECK(shown.body.find("remove") == std::string::npos);
    REQUIRE(at.put(acme + "name = \"Acme\"\n" + instance("hq")).status == 200);
    CHECK(at.count("select count(*) from config_object where managed_by = 'console'") == 1);
    CHECK(at.count("select count(*) from instance_identity where instance = 'branch'") == 1);
    CHECK(at.tree.applied.back()->find(instance_id("branch")) != nullptr);
    CHECK(at.put(acme + "name = \"Acme\"\n" + instance("hq")).body.find("\"applied\":false") != std::string::npos);
  }
  SECTION("its id is refused by name") {
    const auto refused = at.put(acme + instance("hq") + instance("branch"));
    CHECK(refused.status == 409);
    CHECK_THAT(refused.body, Catch::Contains("instance branch, managed by console"));
  }
  SECTION("the whole must be sound") {
    console_adds(at, "oncall", "", "user = \"jo\"");
    CHECK(at.put(acme + instance("hq")).status == 422);
    CHECK(at.put(acme + instance("hq") + "[[user]]\nid = \"jo\"\n").status == 200);
    CHECK(at.put(acme + "unknown = 1\n" + instance("hq") + "[[user]]\nid = \"jo\"\n").status == 422);
  }
  SECTION("a file that is given back has only its own") {
    CHECK(at.ask(get_tenant_file).body.find("branch") == std::string::npos);
  }
  SECTION("the tenant is not deleted with its files") {
    for (const char* query : {"dry_run=1", ""}) {
      const auto refused = at.ask(delete_tenant, {}, query);
      CHECK(refused.status == 409);
      CHECK_THAT(refused.body, Catch::Contains("instance branch, managed by console"));
    }
    CHECK(at.tree.removed.empty());
    CHECK(at.count("select count(*) from config_object") == 3);
  }
}

TEST_CASE("A tenant is watched until it is durably gone") {
  desk at;
  REQUIRE(at.put(acme).status == 200);
  CHECK(at.ask(delete_tenant, {}, "dry_run=1").status == 200);
  CHECK(at.tree.removed.empty());
  at.alter("alter table config_document rename to away");
  CHECK(at.ask(delete_tenant).status == 500);
  CHECK(at.tree.removed.empty());
  CHECK(at.in.tenants.find(tenant_id("acme")));
  at.alter("alter table away rename to config_document");
  CHECK(at.ask(delete_tenant).status == 200);
  CHECK(at.tree.removed == std::vector<tenant_id>{tenant_id("acme")});
  CHECK_FALSE(at.in.tenants.find(tenant_id("acme")));
  CHECK(at.ask(delete_tenant).status == 404);
}

TEST_CASE("A tenant that cannot be read is not ready, and is mended by a file") {
  desk at;
  REQUIRE(at.put(acme + instance("hq")).status == 200);
  CHECK(at.ask(get_readyz).status == 200);

  SECTION("a stored object that makes no sense") {
    at.alter("update config_object set body = 'id = \"hq\"' where kind = 'instance'");
  }
  SECTION("a secret that does not open") { at.alter("update secret set sealed = x'00' where tenant = 'acme'"); }
  at.in.tenants.remove(tenant_id("acme"));
  at.load();
  REQUIRE(at.in.tenants.unreadable().size() == 1);
  const auto ready = at.ask(get_readyz);
  CHECK(ready.status == 503);
  CHECK_THAT(ready.body, Catch::Contains("tenant acme cannot be read: "));
  const auto mended = at.put(acme + instance("hq"));
  CHECK_THAT(mended.body, Catch::Contains("\"version\":2,\"applied\":true"));
  CHECK(at.tree.applied.size() == 2);
  CHECK(at.ask(get_readyz).status == 200);
}

TEST_CASE("A tenant that cannot be read can be deleted") {
  desk at;
  REQUIRE(at.put(acme).status == 200);
  at.alter("update config_object set body = 'id = 5'");
  at.in.tenants.remove(tenant_id("acme"));
  at.load();
  CHECK(at.ask(delete_tenant).status == 200);
  CHECK(at.in.tenants.unreadable().empty());
}

TEST_CASE("A tenant whose certificate file has gone is watched on") {
  desk at;
  const std::string file = at.place.dir.path("key");
  REQUIRE(at.put(acme + instance("hq") + "tls.ca_file = \"" + file + "\"\n").status == 200);
  at.alter("update config_object set body = replace(body, '" + file + "', '/gone/ca.pem')");
  at.load();
  CHECK(at.in.tenants.unreadable().empty());
  CHECK(at.in.tenants.find(tenant_id("acme"))->config->instances.front().tls.ca_file == "/gone/ca.pem");
}

TEST_CASE("No tenants are known when the store cannot say") {
  desk at;
  at.alter("alter table config_document rename to away");
  CHECK_FALSE(load_tenants(*at.tree.held, *at.in.node.get()));
}

TEST_CASE("A file is applied under the daemon file of the last reload") {
  desk at;
  const std::string quick = acme + instance("hq") + "interval = \"1s\"\n";
  CHECK(at.put(quick).status == 422);
  node_config fresh;
  fresh.min_poll_interval = std::chrono::seconds(1);
  fresh.times.confirm_after = std::chrono::seconds(3);
  at.in.node.set(fresh);
  CHECK(at.put(quick).status == 200);
  CHECK(at.tree.applied.back()->times.confirm_after == std::chrono::seconds(3));
}

TEST_CASE("What is sound and will not work is said with what changes, and is applied") {
  desk at;
  const std::string file = acme + instance("hq") +
                           "[[channel]]\nid = \"tickets\"\nkind = \"autotask\"\nusername = \"a@example.com\"\n"
                           "secret = { secret = \"s\" }\nintegration_code = { secret = \"s\" }\nqueue = 1\n"
                           "priority_critical = 1\npriority_warning = 2\nnote_type = 1\n";
  for (const char* query : {"dry_run=1", ""}) {
    const auto answer = at.put(file, query);
    CHECK(answer.status == 200);
    CHECK_THAT(answer.body,
               Catch::Contains(R"("warnings":[{"channel":"tickets","message":"channel \"tickets\": company: )"));
  }
  CHECK(at.tree.applied.size() == 1);
  CHECK_THAT(at.put(file + "company = 0\n").body, Catch::Contains("\"warnings\":[]"));
}
