#include "persistence/postgres/pq.hpp"
#include "persistence/postgres/statement_text.hpp"
#include "test/support/catch.hpp"

namespace ringdown::persistence {

TEST_CASE("a statement of the store is put as PostgreSQL takes it") {
  CHECK(postgres_text("select 1") == "select 1");
  CHECK(postgres_text("values(?, ?, ?)") == "values($1, $2, $3)");
  CHECK(postgres_text("where a = ?2 and b = ?1 and c = ?2") == "where a = $2 and b = $1 and c = $2");
  CHECK(postgres_text("values(?,?) on conflict do update set a = ?1, b = ?") ==
        "values($1,$2) on conflict do update set a = $1, b = $3");
  CHECK(postgres_text("from alert a indexed by alert_open where a = ?") == "from alert a where a = $1");
  CHECK(postgres_text("(select 1 from alert indexed by alert_open)") == "(select 1 from alert)");
  CHECK(postgres_text("update t indexed by t_index") == "update t");
  CHECK(postgres_text("where a = ? /*sqlite*/and b > (select 1)/**/ and c = ?") == "where a = $1  and c = $2");
  CHECK(postgres_text("where a = '?' and b = ? and c = 'it''s indexed by ?'") ==
        "where a = '?' and b = $1 and c = 'it''s indexed by ?'");
  CHECK(postgres_text("select \"user?\" from t") == "select \"user?\" from t");
}

TEST_CASE("what PostgreSQL says is told apart by what may pass") {
  CHECK(kind_of_state("23505") == failure_kind::conflict);
  CHECK(kind_of_state("57014") == failure_kind::unavailable); // ended by a limit, or by us
  CHECK(kind_of_state("55P03") == failure_kind::unavailable); // a lock
  CHECK(kind_of_state("40P01") == failure_kind::unavailable); // a deadlock
  CHECK(kind_of_state("53100") == failure_kind::unavailable); // its disk is full
  CHECK(kind_of_state("25006") == failure_kind::unavailable); // a standby
  CHECK(kind_of_state("") == failure_kind::unavailable);      // no server
  CHECK(kind_of_state("28P01") == failure_kind::refused);
  CHECK(kind_of_state("42501") == failure_kind::refused);
  CHECK(kind_of_state("42601") == failure_kind::internal);
}

} // namespace ringdown::persistence
