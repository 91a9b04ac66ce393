#include "persistence/postgres/gathered_rows.hpp"
#include "persistence/postgres/pq.hpp"
#include "persistence/postgres/statement_text.hpp"
#include "test/support/catch.hpp"

#include <array>
#include <vector>

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
  CHECK(postgres_text("where +tenant = ? and +a.state <> ?1 + 2") ==
        "where (tenant || '') = $1 and (a.state || '') <> $1 + 2");
}

TEST_CASE("a statement for one row is put for many") {
  CHECK(postgres_text("insert into t(a, b) values(?,?)", 1) == "insert into t(a, b) values($1,$2)");
  CHECK(postgres_text("insert into t(a) values(?) on conflict(a) do update set a = excluded.a", 3) ==
        "insert into t(a) values($1),($2),($3) on conflict(a) do update set a = excluded.a");
  CHECK(postgres_text("update t set a = ? where b = ?", 1) == "update t set a = $1 where b = $2");
}

TEST_CASE("rows wait for each other only where they touch the same") {
  const row_statement put{"put", row_kind::put};
  const row_statement other{"other", row_kind::put};
  const row_statement inserted{"inserted", row_kind::inserted};
  const std::array<parameter, 2> values{parameter("x"), parameter(1)};
  gathered_rows rows;
  CHECK(rows.add(put, "a", values).rows == 1);
  CHECK(rows.add(put, "b", values).rows == 2);
  CHECK(rows.add(inserted, "c", values).rows == 1);
  CHECK_FALSE(rows.fits(put, "a"));   // the later one would not count, or be refused
  CHECK_FALSE(rows.fits(other, "a")); // whichever comes first
  CHECK_FALSE(rows.fits(put, "c"));
  CHECK(rows.fits(inserted, "c")); // in their order
  CHECK(rows.fits(put, "d"));
  CHECK(rows.fits(put, ""));
  const auto all = rows.take();
  REQUIRE(all.size() == 2);
  CHECK(all[0].sql == put.sql);
  CHECK(all[0].types == std::vector{parameter::type::text, parameter::type::number});
  CHECK(all[0].values.count() == 4);
  CHECK(all[1].rows == 1);
  CHECK(rows.take().empty());
  CHECK(rows.fits(other, "a"));

  for (const std::size_t left : {1U, 7U, 33U, 100U, 1000U}) {
    std::size_t written = 0;
    while (written < left) {
      const std::size_t now = rows_together(left - written);
      REQUIRE(now > 0);
      written += now;
    }
    CHECK(written == left);
  }
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
