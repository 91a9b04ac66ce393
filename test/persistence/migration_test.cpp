// What an older version wrote is what this one reads.
#include "persistence/migrations.hpp"
#include "test/persistence/builders.hpp"
#include "test/support/catch.hpp"

#include <SQLiteCpp/Database.h>

#include <string>

namespace ringdown::persistence {

TEST_CASE("a database of the first version is brought up to date with what it holds") {
  const sqlite_place place;
  {
    SQLite::Database first(place.file(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    first.exec(std::string(migrations()[0]));
    first.exec("pragma user_version = 1; pragma application_id = 1380208177");
    first.exec(
        "insert into alert values('acme', 'al_1', 'hq', 'trunk_down', 'trunk', '61', 'T', '', 'firing', 'critical', "
        "'critical', 1, 1, 'none', '', 0, 0, null, null, 0, null, 0, null, null, 0, 0, 0, 0, '', 'failing', null, "
        "null, "
        "null, null, null, 'push' || char(9) || char(9) || 'dl_1' || char(9) || 'critical' || char(10), 'trace')");
    first.exec(
        "insert into delivery values(7, 'acme', 'dl_1', 'push', 'interrupt', 'fired', 'al_1', 1, 1, '', 0, 0, "
        "'critical', 'pending', 'none', 1, 0, 0, 0, 0, 0, null, '', '', 'trace', '{}', null, null, null, null)");
    first.exec("insert into config_document values('acme', 3)");
    first.exec("insert into config_object values('acme', 'instance', 'hq', 'file', '')");
    first.exec("insert into attempt values('acme', 'dl_1', 1, 0, 0, 'retry', 503, '', 'busy')");
  }
  const auto opened = place.open();
  REQUIRE(opened->attempts(delivery_id("dl_1"))->size() == 1);
  CHECK((*opened->find_alert(alert_id("al_1")))->key.instance == instance_id("hq"));
  REQUIRE(opened->config_heads()->size() == 1);
  CHECK(opened->config_heads()->front().version == 3);
  CHECK(opened->config_heads()->front().shard == 0);
  const auto loaded = opened->load_tenant(tenant_id("acme"), "n1", noon);
  INFO((loaded.ok() ? std::string() : loaded.error().detail));
  REQUIRE(loaded.ok());
  REQUIRE(loaded->alerts.size() == 1);
  REQUIRE(loaded->alerts[0].targets.size() == 1);
  CHECK(loaded->alerts[0].targets[0].accepted); // told before anybody asked: nobody is told of it again
  CHECK_FALSE(loaded->alerts[0].ladder);
}

} // namespace ringdown::persistence
