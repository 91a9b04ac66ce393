#include "persistence/postgres/connection.hpp"

#include "persistence/postgres/news.hpp"
#include "persistence/postgres/statement_text.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <utility>

namespace ringdown::persistence {

namespace {

// Answers take up memory until somebody waits for them.
constexpr std::size_t most_queued = 2000;

// Whoever writes asks for a few rows by an index, always. What the server knows of how many there are is old when a queue has
// just grown or drained, and it would read the whole table where that was short.
constexpr const char* plans =
    "select set_config('plan_cache_mode', 'force_generic_plan', false), set_config('enable_seqscan', 'off', false), "
    "set_config('enable_hashjoin', 'off', false), set_config('enable_mergejoin', 'off', false)";

// Type numbers of the server's catalogue (pg_type.dat), which never change.
constexpr Oid type_int8 = 20;
constexpr Oid type_text = 25;
constexpr Oid type_bytea = 17;

Oid type_of(parameter::type one) {
  switch (one) {
    case parameter::type::number: return type_int8;
    case parameter::type::text: return type_text;
    case parameter::type::bytes: return type_bytea;
  }
  return type_text;
}

template <class Number>
Number from_network(const char* bytes) {
  std::array<unsigned char, sizeof(Number)> all{};
  std::memcpy(all.data(), bytes, all.size());
  std::uint64_t value = 0;
  for (const unsigned char one : all) value = value << 8U | one;
  return static_cast<Number>(value);
}

// A server that became a standby, or goes: the next session finds another.
bool ends_session(const PGresult* said) {
  const char* const state = PQresultErrorField(said, PG_DIAG_SQLSTATE);
  if (state == nullptr) return false;
  const std::string_view code(state);
  return code == "25006" || code == "25P03" || code.starts_with("57P");
}

int count_of(PGresult* said) {
  const std::string_view count = PQcmdTuples(said);
  int changed = 0;
  std::from_chars(count.data(), count.data() + count.size(), changed);
  return changed;
}

class postgres_cells final : public row_cells {
public:
  explicit postgres_cells(const PGresult* from) : from_(from) {}
  void move_to(int row) { row_ = row; }
  std::string_view bytes(int column) override {
    return {PQgetvalue(from_, row_, column), static_cast<std::size_t>(PQgetlength(from_, row_, column))};
  }
  // As wide as its type: a truth has one byte, a literal four.
  std::int64_t number(int column) override {
    if (is_null(column)) return 0;
    const char* const start = PQgetvalue(from_, row_, column);
    switch (PQgetlength(from_, row_, column)) {
      case 1: return *start;
      case 4: return from_network<std::int32_t>(start);
      case 8: return from_network<std::int64_t>(start);
      default: throw unreadable_row("no number in a column that should hold one");
    }
  }
  bool is_null(int column) override { return PQgetisnull(from_, row_, column) == 1; }

private:
  const PGresult* from_;
  int row_ = 0;
};

} // namespace

postgres_connection::~postgres_connection() { disconnect(); }

void postgres_connection::connect() {
  if (held_ && PQstatus(held_.get()) == CONNECTION_OK) return;
  disconnect();
  held_ = begin_session(url_, mode_);
  if (mode_ == open_mode::writer) run_text(held_.get(), plans);
  if (PQenterPipelineMode(held_.get()) != 1) lose();
  const std::lock_guard lock(cancelling_);
  cancel_ = PQgetCancel(held_.get());
}

void postgres_connection::disconnect() {
  const std::lock_guard lock(cancelling_);
  PQfreeCancel(cancel_);
  cancel_ = nullptr;
  held_.reset();
  statements_.clear();
  queue_.clear();
  static_cast<void>(gathered_.take());
}

void postgres_connection::lose() {
  const database_error why = error_of(nullptr, held_.get());
  disconnect();
  throw why;
}

void postgres_connection::interrupt() {
  const std::lock_guard lock(cancelling_);
  std::array<char, 256> said{};
  // A server that does not answer has no statement that would end.
  if (cancel_ != nullptr) PQcancel(cancel_, said.data(), static_cast<int>(said.size()));
}

void postgres_connection::prepare(statement& one, const std::string& text, const std::vector<Oid>& types) {
  if (one.name.empty()) one.name = "s" + std::to_string(statements_.size());
  if (PQsendPrepare(held_.get(), one.name.c_str(), text.c_str(), static_cast<int>(types.size()), types.data()) != 1)
    lose();
  one.there = true;
  queue_.push_back({&one, true});
}

void postgres_connection::put(const char* sql, std::span<const parameter> values) {
  put_gathered();
  statement& one = statements_[{sql, 0}];
  if (!one.there) {
    std::vector<Oid> types;
    for (const parameter& value : values) types.push_back(type_of(value.kind()));
    prepare(one, postgres_text(sql), types);
  }
  bound_values all;
  all.add(values);
  send_prepared(one, all, 0, all.count());
}

void postgres_connection::put_gathered() {
  if (!held_) throw database_error({failure_kind::unavailable, "database: the connection was lost"});
  for (gathered_rows::group& all : gathered_.take()) put_rows(all);
}

void postgres_connection::put_rows(gathered_rows::group& all) {
  const std::size_t width = all.types.size();
  for (std::size_t row = 0; row < all.rows;) {
    const std::size_t rows = all.kind == row_kind::found ? 1 : rows_together(all.rows - row);
    statement& one = statements_[{all.sql, rows}];
    if (!one.there) {
      std::vector<Oid> types;
      for (std::size_t i = 0; i < rows * width; ++i) types.push_back(type_of(all.types[i % width]));
      prepare(one, postgres_text(all.sql, rows), types);
    }
    send_prepared(one, all.values, row * width, rows * width);
    row += rows;
  }
  all.values.clear();
  all.rows = 0;
}

void postgres_connection::send_prepared(statement& one, bound_values& from, std::size_t first, std::size_t count) {
  const int sent = PQsendQueryPrepared(held_.get(), one.name.c_str(), static_cast<int>(count), from.values() + first,
                                       from.lengths() + first, from.formats() + first, 1);
  if (sent != 1) lose();
  queue_.push_back({&one, false});
}

// Of one statement: its reply, and the end of its replies.
reply postgres_connection::next_reply() {
  reply said = next_result();
  if (!said || PQstatus(held_.get()) != CONNECTION_OK) {
    const database_error why = error_of(said.get(), held_.get());
    disconnect();
    throw database_error({failure_kind::unavailable, why.what()});
  }
  if (const reply none = next_result(); none) lose();
  return said;
}

reply postgres_connection::next_result() {
  while (PQisBusy(held_.get()) == 1) {
    pollfd watched{PQsocket(held_.get()), POLLIN, 0};
    const int seen = ::poll(&watched, 1, static_cast<int>(patience_.count()));
    if (seen == 0) {
      disconnect();
      throw database_error({failure_kind::unavailable, "database: it has not answered for " +
                                                           std::to_string(patience_.count() / 1000) +
                                                           " s; does its commit wait for a standby?"});
    }
    if (seen > 0 && PQconsumeInput(held_.get()) != 1) break; // what is wrong, the result says
  }
  return reply(PQgetResult(held_.get()));
}

// Waits for all that was sent. What failed first is thrown, when all is read.
reply postgres_connection::answer_to_last() {
  if (PQpipelineSync(held_.get()) != 1) lose();
  std::optional<database_error> first;
  bool ends = false;
  reply last;
  for (const queued& one : queue_) {
    last = next_reply();
    const auto status = PQresultStatus(last.get());
    if (one.counted) counts_.push_back(count_of(last.get()));
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) continue;
    if (one.prepares) one.of->there = false;
    if (!first && status != PGRES_PIPELINE_ABORTED) first = error_of(last.get(), held_.get());
    ends = ends || ends_session(last.get());
  }
  queue_.clear();
  const reply end = next_result();
  if (PQresultStatus(end.get()) != PGRES_PIPELINE_SYNC) lose();
  if (ends) disconnect();
  if (first) throw database_error(*first);
  return last;
}

int postgres_connection::execute(const char* sql, std::span<const parameter> values) {
  if (!in_transaction_) connect();
  put(sql, values);
  wrote_ = true;
  return count_of(answer_to_last().get());
}

// What only reads may be asked again: a connection that was lost while nobody asked is noticed by who asks next.
reply postgres_connection::answer_to(const char* sql, std::span<const parameter> values) {
  const bool was_there = held_ != nullptr;
  if (!in_transaction_) connect();
  try {
    put(sql, values);
    return answer_to_last();
  } catch (const database_error&) {
    if (in_transaction_ || mode_ != open_mode::reader || !was_there || held_) throw;
  }
  connect();
  put(sql, values);
  return answer_to_last();
}

void postgres_connection::query(const char* sql, std::span<const parameter> values, row_visitor each) {
  const reply said = answer_to(sql, values);
  postgres_cells cells(said.get());
  for (int row = 0; row < PQntuples(said.get()); ++row) {
    cells.move_to(row);
    columns one(cells);
    if (!each.visit(each.whom, one)) break;
  }
}

void postgres_connection::send(const char* sql, std::span<const parameter> values) {
  if (!in_transaction_) connect();
  put(sql, values);
  wrote_ = true;
  if (!in_transaction_ || queue_.size() > most_queued) static_cast<void>(answer_to_last());
}

void postgres_connection::send_counted(const char* sql, std::span<const parameter> values) {
  put(sql, values);
  queue_.back().counted = true;
  wrote_ = true;
  if (queue_.size() > most_queued) static_cast<void>(answer_to_last());
}

std::vector<int> postgres_connection::counts() {
  if (!queue_.empty()) static_cast<void>(answer_to_last());
  return std::exchange(counts_, {});
}

void postgres_connection::gather_row(const row_statement& what, things touched, std::span<const parameter> values) {
  std::string touches;
  std::string kept;
  for (const std::string_view part : touched) (touches += mended(part, kept)) += '/'; // as they are stored
  if (!gathered_.fits(what, touches)) put_gathered();
  wrote_ = true;
  gathered_rows::group& all = gathered_.add(what, std::move(touches), values);
  if (all.rows < most_together || !held_) return;
  put_rows(all);
  if (queue_.size() > most_queued)
    static_cast<void>(answer_to_last());
  else if (PQflush(held_.get()) != 0)
    lose(); // else: the server writes them while the next are gathered
}

void postgres_connection::hold(const std::string& name, hold_kind kind) {
  const std::array<parameter, 1> bound{parameter(name)};
  put(kind == hold_kind::alone ? "select pg_advisory_xact_lock(hashtextextended(?1, 0))"
                               : "select pg_advisory_xact_lock_shared(hashtextextended(?1, 0))",
      bound);
}

void postgres_connection::announce() { put("select pg_notify(" RINGDOWN_NEWS_CHANNEL ", '')", {}); }

// A shared lock on the key does not hold up a lease that is lengthened, and does hold up a take-over, which locks the row.
const shard_texts& postgres_connection::shards() const {
  static constexpr shard_texts texts{
      "select owner, epoch, lease_until > clock_timestamp() from shard where id = ?1 for key share",
      "select epoch from shard where id = ?1 for update",
      "update shard set owner = ?2, epoch = ?3, lease_until = 'infinity' where id = ?1"};
  return texts;
}

void postgres_connection::begin(transaction_kind kind) {
  connect();
  // Each statement sees what was committed before it: what it looks at is held by then.
  put(kind == transaction_kind::write ? "begin isolation level read committed"
                                      : "begin isolation level repeatable read read only",
      {});
  in_transaction_ = true;
  wrote_ = false;
  counts_.clear();
}

void postgres_connection::note_commit() {
  ++number_;
  const std::array<parameter, 2> bound{parameter(writer_), parameter(number_)};
  put("insert into commit_note(writer, number, done) values(?1, ?2, 1)", bound);
  put("delete from commit_note where writer = ?1 and number < ?2", bound);
}

void postgres_connection::commit() {
  if (wrote_) note_commit();
  in_doubt_ = wrote_;
  put("commit", {});
  const reply said = [&] {
    try {
      return answer_to_last();
    } catch (const database_error&) {
      if (held_) in_doubt_ = false; // the server has said no
      throw;
    }
  }();
  in_doubt_ = false;
  in_transaction_ = false;
  if (std::string_view(PQcmdStatus(said.get())) != "COMMIT")
    throw database_error({failure_kind::internal, "database: the transaction had failed before its commit"});
}

void postgres_connection::roll_back() noexcept {
  in_transaction_ = false;
  static_cast<void>(gathered_.take());
  try {
    if (!held_) return;
    put("rollback", {});
    static_cast<void>(answer_to_last());
  } catch (const database_error&) {
    disconnect(); // the server rolls back what has no session any more
  }
}

// Whoever inserts the number first has decided. The insert waits for a transaction under way that has.
std::optional<bool> postgres_connection::settle_doubt() {
  if (!in_doubt_) return std::nullopt;
  connect();
  const std::array<parameter, 2> bound{parameter(writer_), parameter(number_)};
  put("insert into commit_note(writer, number, done) values(?1, ?2, 0) on conflict do nothing", bound);
  static_cast<void>(answer_to_last());
  bool written = false;
  rows(
      "select done from commit_note where writer = ?1 and number = ?2", [&](columns& row) { written = row.truth(); },
      writer_, number_);
  in_doubt_ = false;
  return written;
}

} // namespace ringdown::persistence
