#include "actors/api/metrics_text.hpp"
#include "test/actors/api_bench.hpp"
#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using persistence::noon;

namespace {

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

// All values of `key` over all pages of two, in order.
std::vector<std::string> walk(api_bench& t, const std::string& path, const std::string& key) {
  std::vector<std::string> seen;
  std::string cursor;
  do {
    const auto page = t.ask("GET", path + "?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor));
    REQUIRE(page.status == 200);
    const std::string opening = "\"" + key + "\":\"";
    CHECK(count_of(page.body, opening) <= 2);
    for (auto at = page.body.find(opening); at != std::string::npos; at = page.body.find(opening, at + 1))
      seen.push_back(text_in(page.body.substr(at), key));
    cursor = text_in(page.body, "next");
  } while (!cursor.empty() && seen.size() < 50);
  return seen;
}

using names = std::vector<std::string>;

} // namespace

TEST_CASE("tenants, instances and actors come in pages, by name") {
  api_bench t;
  for (const char* id : {"d", "b", "a", "c", "e"}) t.add_tenant(id);
  CHECK(walk(t, "/api/v1/tenants", "id") == names{"a", "b", "c", "d", "e"});
  for (const char* name : {"root", "clock", "store", "tenant/a"})
    static_cast<void>(t.world.health->probe(name, "any", ""));
  CHECK(walk(t, "/api/v1/actors", "name") == names{"clock", "root", "store", "tenant/a"});
  api_bench other;
  other.add_tenant("b", {"two", "one"});
  other.add_tenant("a", {"z", "x", "y"});
  CHECK(walk(other, "/api/v1/instances", "id") == names{"x", "y", "z", "one", "two"});
}

TEST_CASE("a limit that is none and a cursor that is not ours are refused, wherever there are pages") {
  api_bench t;
  t.add_tenant("acme", {"hq"});
  for (const std::string path :
       {"tenants", "instances", "actors", "nodes", "trunks", "alerts", "deliveries", "audit"}) {
    const std::string target = "/api/v1/" + path + (path == "audit" ? "?tenant=acme&" : "?");
    for (const char* bad : {"limit=abc", "limit=0", "limit=-1", "limit=1001", "limit=10x", "cursor=!", "cursor=x%00"}) {
      INFO(target << bad);
      CHECK(is_problem(t.ask("GET", target + bad), 422));
    }
    CHECK(t.ask("GET", target + "limit=1000").status == 200);
  }
}

TEST_CASE("a list of what nobody has is 404, with what was probably meant") {
  api_bench t;
  t.add_tenant("acme", {"hq"});
  for (const char* list : {"instances", "trunks", "alerts", "deliveries", "audit"}) {
    INFO(list);
    const std::string path = std::string("/api/v1/") + list + "?tenant=";
    const auto misspelt = t.ask("GET", path + "acmee");
    CHECK(is_problem(misspelt, 404));
    CHECK_THAT(misspelt.body, Contains(R"(no such tenant: acmee; did you mean \"acme\"?)"));
    CHECK(t.ask("GET", path + "acme").status == 200);
  }
  for (const char* query : {"?channel=psuh", "?tenant=acme&channel=psuh"})
    CHECK_THAT(t.ask("GET", std::string("/api/v1/deliveries") + query).body,
               Contains(R"(no such channel: psuh; did you mean \"push\"?)"));
}

TEST_CASE("what a removed tenant left is listed as ever") {
  api_bench t;
  t.work.commit_alert(persistence::make_alert("al_1"));
  CHECK(t.ask("GET", "/api/v1/alerts?tenant=acme").status == 200);
  CHECK(is_problem(t.ask("GET", "/api/v1/alerts?tenant=globex"), 404));
}

TEST_CASE("of each user it is said whether a call would reach them, and why not") {
  api_bench t;
  tenant_config config;
  config.id = tenant_id("acme");
  const auto user = [&](const char* id, const char* phone, const char* consent) {
    user_config& one = config.users.emplace_back();
    one.id = user_id(id);
    one.phone = phone;
    one.voice_consent = consent;
  };
  user("jo", "+12025550101", "by mail");
  user("kim", "+12025550102", "by mail");
  user("lee", "+12025550103", "");
  user("max", "", "by mail");
  config.oncall.user = user_id("jo");
  t.in.tenants.put({std::make_shared<const tenant_config>(config), {}});
  CHECK_THAT(t.ask("GET", "/api/v1/tenants/acme/oncall").body, Contains(R"("calls":false)"));
  channel_config& phone = config.channels.emplace_back();
  phone.id = channel_id("phone");
  phone.kind = "twilio";
  t.in.tenants.put({std::make_shared<const tenant_config>(config), {}});
  auto batch = t.work.batch();
  phone_record known;
  known.number = "+12025550101";
  known.verified = noon;
  batch.phones = {known};
  t.work.commit(batch);
  const std::string body = t.ask("GET", "/api/v1/tenants/acme/oncall").body;
  CHECK_THAT(body, Contains(R"("calls":true)"));
  CHECK_THAT(body, Contains(R"("consent":true,"verified":")" + rfc3339(noon) + R"(","not_called":null})"));
  const auto why = [&](const std::string& id) {
    return text_in(body.substr(body.find("\"user\":\"" + id + "\"", body.find("people"))), "not_called");
  };
  CHECK(why("kim") == "not_verified");
  CHECK(why("lee") == "no_consent");
  CHECK(why("max") == "no_phone");
}

TEST_CASE("a method that a path does not have is answered with those it has") {
  api_bench t;
  const auto refused = t.ask("DELETE", "/api/v1/alerts/al_1");
  CHECK(is_problem(refused, 405));
  CHECK(header_of(refused, "allow") == "GET, HEAD");
  CHECK(header_of(t.ask("POST", "/api/v1/tenants/acme/file"), "allow") == "GET, HEAD, PUT");
  CHECK(is_problem(t.ask("GET", "/api/v1/nothing"), 404));
}

TEST_CASE("a tenant shows its silence and its mutes while they hold") {
  api_bench t;
  t.add_tenant("acme");
  t.add_tenant("globex");
  auto batch = t.work.batch();
  batch.mutes = {{mute_scope::everything, {}, noon + 1h, "jo", "fire drill"},
                 {mute_scope::type, alert_type::sim_calls, noon + 2h, "sam", "busy day"}};
  t.work.commit(batch);
  const std::string body = t.ask("GET", "/api/v1/tenants").body;
  const std::string acme = body.substr(0, body.find("globex"));
  CHECK_THAT(acme, Contains(R"("silenced":{"until":")" + rfc3339(noon + 1h) + R"(","by":"jo","reason":"fire drill"})"));
  CHECK_THAT(acme, Contains(R"("mutes":[{"type":"sim_calls","until":")" + rfc3339(noon + 2h)));
  CHECK_THAT(body.substr(body.find("globex")), Contains(R"("mutes":[],"silenced":null)"));
}

TEST_CASE("the one node says who it is and whether it is ready") {
  api_bench t;
  const std::string body = t.ask("GET", "/api/v1/nodes").body;
  CHECK(text_in(body, "name") == "n1");
  CHECK(text_in(body, "incarnation") == t.work.owner.owner.str());
  CHECK(text_in(body, "started_at") == rfc3339(noon - 2h));
  CHECK_THAT(body, Contains(R"("epoch":)" + std::to_string(t.work.owner.epoch)) && Contains(R"("ready":true)"));
  t.world.metrics->store_ready = false;
  CHECK_THAT(t.ask("GET", "/api/v1/nodes").body, Contains(R"("ready":false)"));
}

TEST_CASE("figures that cannot be read are left out of the metrics, not shown as none") {
  api_bench t;
  persistence::store_figures figures;
  figures.silenced_tenants = 2;
  const std::string whole = api::metrics_text(t.in, figures, noon);
  const std::string blind = api::metrics_text(t.in, failure{failure_kind::unavailable, "away"}, noon);
  for (const std::string family : {"ringdown_alerts_open", "ringdown_deliveries", "ringdown_deliveries_unknown",
                                   "ringdown_oldest_pending_seconds", "ringdown_silenced_tenants"}) {
    INFO(family);
    CHECK_THAT(whole, Contains("# TYPE " + family + " gauge"));
    CHECK_THAT(blind, !Contains("# TYPE " + family + " gauge"));
  }
  CHECK_THAT(whole, Contains("ringdown_silenced_tenants 2"));
  CHECK_THAT(blind, Contains("ringdown_polls_total") && Contains("ringdown_deliveries_unknown_total"));
}

TEST_CASE("restarts are still counted when the actor that crashed is gone") {
  api_bench t;
  t.world.health->probe("poller/acme/hq", "poller", "group/acme")->restarted();
  t.world.health->probe("poller/acme/hq", "poller", "group/acme")->restarted();
  t.world.health->drop("poller/acme/hq");
  t.world.health->probe("poller/acme/branch", "poller", "group/acme")->restarted();
  CHECK_THAT(api::metrics_text(t.in, persistence::store_figures{}, noon),
             Contains(R"(ringdown_actor_restarts_total{kind="poller"} 3)"));
}
