#include "persistence/sql/identity.hpp"

#include "protocol/types/ids.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ringdown::persistence {

namespace {

constexpr std::string_view key_check_name = "key_check";

std::optional<std::string> read_sealed(connection& db) {
  std::optional<std::string> sealed;
  db.rows("select sealed from secret where tenant = '' and name = 'key_check'",
          [&](columns& row) { sealed = row.text(); });
  return sealed;
}

} // namespace

void begin_lineage(connection& db) {
  db.run("insert into setting(key, value) values('lineage', ?) on conflict(key) do update set value = excluded.value",
         encode_id("", random_bits()));
}

void begin_lineage_if_none(connection& db) {
  bool there = false;
  db.rows("select 1 from setting where key = 'lineage'", [&](columns&) { there = true; });
  if (!there)
    db.run("insert into setting(key, value) values('lineage', ?) on conflict do nothing", encode_id("", random_bits()));
}

result<void> check_key(connection& db, const secret_box& box, open_mode mode) {
  auto sealed = read_sealed(db);
  if (!sealed && mode == open_mode::writer) {
    const std::string fresh = box.seal(key_check_name, secret_text("ringdown"));
    db.run("insert into secret(tenant, name, sealed) values('', 'key_check', ?) on conflict do nothing", blob{fresh});
    sealed = read_sealed(db); // another node's, if it was first
  }
  if (sealed && !box.open(key_check_name, *sealed))
    return failure{failure_kind::refused, "the secrets key is not the one this database was made with"};
  return {};
}

} // namespace ringdown::persistence
