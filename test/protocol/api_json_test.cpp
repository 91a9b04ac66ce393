#include "protocol/wire/api_json.hpp"

#include "protocol/types/observation.hpp"
#include "protocol/wire/json.hpp"
#include "test/protocol/samples.hpp"
#include "test/support/catch.hpp"

#include <rapidjson/document.h>

#include <string>

using namespace ringdown;
using namespace ringdown::samples;

namespace {

template <class T>
rapidjson::Document object_of(const T& what) {
  wire::json_writer json;
  json.open_object();
  wire::write_members(json, what);
  json.close_object();
  rapidjson::Document document;
  document.Parse(json.str().c_str());
  REQUIRE(document.IsObject());
  return document;
}

} // namespace

TEST_CASE("An alert's object has all a client asks for, and null where there is nothing") {
  alert what;
  what.id = alert_id("al_1");
  what.key = {instance_id("kiel"), alert_type::sbc_offline, {resource_kind::sbc, "12001"}};
  what.masks = with(with(0, mask::parent), mask::snooze);
  what.opened = noon();
  auto object = object_of(what);
  CHECK(object["type"].GetString() == std::string_view("sbc_offline"));
  CHECK(object["state"].GetString() == std::string_view("firing"));
  CHECK(object["category"].GetString() == std::string_view("infrastructure"));
  CHECK(object["opened_at"].GetString() == std::string_view("2026-10-02T07:00:00.000000Z"));
  CHECK(object["resolved_at"].IsNull());
  CHECK(object["acknowledged"].IsNull());
  CHECK(object["cause"].IsNull());
  CHECK(object["masks"].Size() == 2);
  CHECK(object["masks"][0].GetString() == std::string_view("parent"));
  what.ack = acknowledgement{"jo", "link", noon(), 1};
  object = object_of(what);
  CHECK(object["acknowledged"]["by"].GetString() == std::string_view("jo"));
}

TEST_CASE("A delivery's object keeps the person's link to itself") {
  const delivery row = fired_delivery();
  const auto object = object_of(row);
  CHECK(object["state"].GetString() == std::string_view("pending"));
  CHECK(object["reason"].IsNull());
  CHECK(object["title"].GetString() == std::string_view("Trunk down: Lighthouse Voice at Kiel HQ"));
  wire::json_writer json;
  json.open_object();
  wire::write_members(json, row);
  json.close_object();
  CHECK(json.str().find("ack-token") == std::string::npos);
}

TEST_CASE("An instance's object has no secret and lists what cannot be read") {
  instance_config config;
  config.id = instance_id("kiel");
  config.url = "https://pbx.harbour.example";
  config.secret = secret_text("topsecret");
  wire::json_writer json;
  json.open_object();
  wire::write_members(json, config);
  json.close_object();
  CHECK(json.str().find("topsecret") == std::string::npos);
  instance_health health;
  health.blind = bit(endpoint::sbcs) | bit(endpoint::services);
  health.starting = true;
  const auto object = object_of(health);
  CHECK(object["starting"].GetBool());
  REQUIRE(object["blind"].Size() == 2);
  CHECK(object["blind"][0].GetString() == std::string(name(endpoint::sbcs)));
}

TEST_CASE("The remaining objects are JSON, and a problem is one too") {
  CHECK(object_of(trunk_view())["resource"]["provider"].GetString() == std::string_view("reg.lighthouse.example"));
  CHECK(object_of(attempt())["status"].IsNull());
  CHECK(object_of(decision())["reason"].GetString() == std::string_view("none"));
  CHECK(object_of(audit_entry())["at"].GetString() == std::string_view("1970-01-01T00:00:00.000000Z"));
  CHECK(object_of(resource_record())["provider"].IsNull());
  CHECK(wire::problem_json(404, "Not found", "no \"such\" alert") ==
        R"({"type":"about:blank","title":"Not found","status":404,"detail":"no \"such\" alert"})");
}
