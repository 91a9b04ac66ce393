// One open connection to a database, whatever its engine. One thread at a time uses it; interrupt() alone is for any thread.
// What an engine reports is thrown as database_error and ends at guard(), which turns it into a failure.
//
// The SQL is one text for all engines, and each takes what the others have too: parameters ?1, ?2 or plain ?; upserts by ON
// CONFLICT; truth as a number, compared with 0; instr(text, part); a column that is changed by itself is named with its
// table. "indexed by" is a word to SQLite, and left out elsewhere; so is what stands between /*sqlite*/ and /**/: conditions
// that exclude nothing and only let it find things sooner. A text column with a + before it is not looked for by an index: where
// a statement names a row by its key and more, only that key finds it, however good another index looks to the engine.
#pragma once

#include "persistence/sql/columns.hpp"
#include "persistence/sql/parameter.hpp"
#include "protocol/types/result.hpp"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ringdown::persistence {

// What an engine said, as the failure it is.
class database_error : public std::runtime_error {
public:
  explicit database_error(const failure& what) : std::runtime_error(what.detail), kind_(what.kind) {}
  [[nodiscard]] failure as_failure() const { return {kind_, what()}; }

private:
  failure_kind kind_;
};

// write: nobody else writes what this one reads and writes, from its beginning on. snapshot: one view of everything, to read.
enum class transaction_kind : std::uint8_t { write, snapshot };
// alone: nobody else holds it. shared: nobody else holds it alone.
enum class hold_kind : std::uint8_t { shared, alone };

// What is said of a shard's row, in the engine's own words.
struct shard_texts {
  const char*
      fence; // owner and epoch of shard ?1, and whether its lease runs; nobody takes it until the transaction ends
  const char* lock;      // the epoch of shard ?1, under which nobody writes any more until the transaction ends
  const char* hand_over; // shard ?1 is held by ?2 from now on, with epoch ?3
};

// inserted: each row is new, or is there already and stays as it is. put: it is new, or changes what is there. found: what its
// values find is changed, which may be any number of rows.
enum class row_kind : std::uint8_t { inserted, put, found };

// A statement for one row of values. Of those inserted or put they stand between "values(" and the next ")" as plain ?, and those
// of many rows may stand there.
struct row_statement {
  const char* sql;
  row_kind kind;
  // Where rows are written one by one: tried first, with the same values. It does the same with less to write.
  const char* change = nullptr;
};

class connection {
public:
  connection() = default;
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  virtual ~connection() = default;

  // The number of rows it changed. `sql` must be a literal: prepared statements are kept by its address.
  template <class... Values>
  int run(const char* sql, const Values&... values) {
    const std::array<parameter, sizeof...(Values)> bound{parameter(values)...};
    return execute(sql, bound);
  }
  // The same where nobody asks for the number. Within a transaction an engine may send it later: what becomes of it is heard
  // at the next call, at the commit at the latest.
  template <class... Values>
  void post(const char* sql, const Values&... values) {
    const std::array<parameter, sizeof...(Values)> bound{parameter(values)...};
    send(sql, bound);
  }
  // The same where somebody asks for the numbers later, of many at once.
  template <class... Values>
  void post_counted(const char* sql, const Values&... values) {
    const std::array<parameter, sizeof...(Values)> bound{parameter(values)...};
    send_counted(sql, bound);
  }
  // How many rows each of those changed that were posted so since the last call, or since the transaction began.
  [[nodiscard]] virtual std::vector<int> counts() = 0;
  // What a row's statement looks at or changes, as the parts of one name; none: nothing that another row's does.
  using things = std::initializer_list<std::string_view>;
  // Posts one row of many, within a transaction. An engine may write those of one statement together, and some statement's before
  // another's, but for those that touch the same thing: they keep their order. Whatever else is asked for comes after them all.
  template <class... Values>
  void gather(const row_statement& what, things touched, const Values&... values) {
    const std::array<parameter, sizeof...(Values)> bound{parameter(values)...};
    gather_row(what, touched, bound);
  }
  // Calls `each(columns&)` for every row; `each` may return false to stop, and may use the connection.
  template <class Each, class... Values>
  void rows(const char* sql, Each&& each, const Values&... values) {
    const std::array<parameter, sizeof...(Values)> bound{parameter(values)...};
    auto one = [&each](columns& row) {
      if constexpr (std::is_same_v<decltype(each(row)), bool>) {
        return each(row);
      } else {
        each(row);
        return true;
      }
    };
    query(sql, bound, {&one, [](void* to, columns& row) { return (*static_cast<decltype(one)*>(to))(row); }});
  }

  // A commit that failed with `unavailable` may have been written all the same. Until this has said whether it was, nothing else
  // may be done; nothing: no commit is in doubt. Throws while nobody can tell.
  [[nodiscard]] virtual std::optional<bool> settle_doubt() = 0;
  [[nodiscard]] virtual bool is_in_doubt() const = 0;
  // Until the transaction ends.
  virtual void hold(const std::string& name, hold_kind kind) = 0;
  [[nodiscard]] virtual const shard_texts& shards() const = 0;
  // Once the transaction is committed, whoever waits for news (news.hpp) is told that there is some.
  virtual void announce() = 0;
  // Nobody else writes here: what was read once is still so.
  [[nodiscard]] virtual bool is_alone() const = 0;

  // Ends the statement that runs now, if one does, with `unavailable`. Any thread.
  virtual void interrupt() = 0;
  // Moves what was committed to where it stays, if the engine leaves that to its user.
  virtual void fold_log() = 0;

protected:
  // Whom a row is given to; false: no more of them.
  struct row_visitor {
    void* whom;
    bool (*visit)(void* whom, columns& row);
  };

  virtual int execute(const char* sql, std::span<const parameter> values) = 0;
  virtual void send(const char* sql, std::span<const parameter> values) = 0;
  virtual void send_counted(const char* sql, std::span<const parameter> values) = 0;
  virtual void gather_row(const row_statement& what, things touched, std::span<const parameter> values) = 0;
  virtual void query(const char* sql, std::span<const parameter> values, row_visitor each) = 0;

private:
  friend class transaction;
  virtual void begin(transaction_kind kind) = 0;
  virtual void commit() = 0;
  virtual void roll_back() noexcept = 0; // also where the engine has ended the transaction already
};

// Rolled back unless it was committed.
class transaction {
public:
  transaction(connection& on, transaction_kind kind) : on_(on) { on_.begin(kind); }
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  ~transaction() {
    if (!done_) on_.roll_back();
  }
  void commit() {
    on_.commit();
    done_ = true;
  }

private:
  connection& on_;
  bool done_ = false;
};

template <class Work>
auto guard(Work&& work) -> decltype(work()) {
  try {
    return std::forward<Work>(work)();
  } catch (const database_error& thrown) {
    return thrown.as_failure();
  } catch (const unreadable_row& thrown) {
    return failure{failure_kind::unreadable, thrown.what()};
  }
}

} // namespace ringdown::persistence
