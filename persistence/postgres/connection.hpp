// One connection to a PostgreSQL server. What a transaction posts is queued in a pipeline: it costs no wait until somebody asks
// for an answer, or commits. A statement that fails there spoils its transaction: what was posted after it is not done, and the
// commit is refused.
//
// A connection that was lost is made anew by the next call outside of a transaction. When it is lost with a commit under way,
// nobody knows whether that was written. Each transaction that wrote leaves a note of its number. Before anything else is
// done the server is asked for that note, or is told that the number will never be written: whatever is still under way
// then fails. See docs/decisions/0028.
#pragma once

#include "persistence/open_mode.hpp"
#include "persistence/postgres/bound_values.hpp"
#include "persistence/postgres/gathered_rows.hpp"
#include "persistence/postgres/pq.hpp"
#include "persistence/sql/connection.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::persistence {

class postgres_connection final : public connection {
public:
  // `writer` names this connection among all, also those of other processes, for its notes.
  // A server that says nothing for `patience` is given up: its own limits end every statement sooner, but for a commit that
  // waits for a standby.
  postgres_connection(std::string url, open_mode mode, std::string writer, std::chrono::milliseconds patience)
      : url_(std::move(url)),
        mode_(mode),
        patience_(patience),
        writer_(std::move(writer)) {}
  ~postgres_connection() override;

  // Connects if it is not connected. Throws database_error.
  void connect();

  void fold_log() override {} // the server's own affair
  void interrupt() override;
  void hold(const std::string& name, hold_kind kind) override;
  [[nodiscard]] std::vector<int> counts() override;
  [[nodiscard]] const shard_texts& shards() const override;
  void announce() override;
  [[nodiscard]] bool is_alone() const override { return false; }
  [[nodiscard]] std::optional<bool> settle_doubt() override;
  [[nodiscard]] bool is_in_doubt() const override { return in_doubt_; }

private:
  // Prepared on this session, under a name of its own; known by the address of its text, and by how many rows it writes (0: it
  // is no statement for rows).
  struct statement {
    std::string name;
    bool there = false;
  };
  // Sent, and not answered yet.
  struct queued {
    statement* of = nullptr;
    bool prepares = false;
    bool counted = false;
  };

  int execute(const char* sql, std::span<const parameter> values) override;
  void query(const char* sql, std::span<const parameter> values, row_visitor each) override;
  void send(const char* sql, std::span<const parameter> values) override;
  void send_counted(const char* sql, std::span<const parameter> values) override;
  void gather_row(const row_statement& what, things touched, std::span<const parameter> values) override;
  void begin(transaction_kind kind) override;
  void commit() override;
  void roll_back() noexcept override;

  void put(const char* sql, std::span<const parameter> values);
  void put_gathered();
  void put_rows(gathered_rows::group& all);
  void prepare(statement& one, const std::string& text, const std::vector<Oid>& types);
  void send_prepared(statement& one, bound_values& from, std::size_t first, std::size_t count);
  [[nodiscard]] reply answer_to(const char* sql, std::span<const parameter> values);
  [[nodiscard]] reply answer_to_last();
  [[nodiscard]] reply next_reply();
  [[nodiscard]] reply next_result();
  void note_commit();
  [[noreturn]] void lose();
  void disconnect();

  std::string url_;
  open_mode mode_;
  std::chrono::milliseconds patience_;
  std::string writer_;
  session held_;
  std::mutex cancelling_; // of cancel_, which interrupt() uses on any thread
  PGcancel* cancel_ = nullptr;
  std::map<std::pair<const char*, std::size_t>, statement> statements_;
  std::vector<queued> queue_;
  gathered_rows gathered_;  // of this transaction, not sent yet
  std::vector<int> counts_; // of those that were asked for, and are answered
  bool in_transaction_ = false;
  bool wrote_ = false;      // in this transaction
  std::int64_t number_ = 0; // of the last transaction that wrote
  bool in_doubt_ = false;   // whether that one was written
};

} // namespace ringdown::persistence
