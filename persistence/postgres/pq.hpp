// One session with a server, and what it says as failures. Blocks; for one thread at a time.
#pragma once

#include "persistence/open_mode.hpp"
#include "persistence/sql/connection.hpp"

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <string_view>

namespace ringdown::persistence {

struct end_session {
  void operator()(PGconn* one) const { PQfinish(one); }
};
using session = std::unique_ptr<PGconn, end_session>;

struct clear_reply {
  void operator()(PGresult* one) const { PQclear(one); }
};
using reply = std::unique_ptr<PGresult, clear_reply>;

// With time limits: no statement takes longer than 10 s or waits longer than 5 s for a lock, no transaction of ours is left
// open for longer than 10 s between two statements (who is frozen in it must not hold up who takes over), and a server that
// has gone silent is given up within 10 s. What the URL says of the network goes before ours. Throws database_error.
[[nodiscard]] session begin_session(const std::string& url, open_mode mode);

// Runs one text of any number of statements, outside of pipelines. Throws database_error.
reply run_text(PGconn* on, const std::string& sql);
// The first column of its first row; empty without one.
[[nodiscard]] std::string one_text(PGconn* on, const std::string& sql);

// What the reply, or where there is none the session, says went wrong.
[[nodiscard]] database_error error_of(const PGresult* said, const PGconn* on);
// By the server's five characters (SQLSTATE).
[[nodiscard]] failure_kind kind_of_state(std::string_view state);

} // namespace ringdown::persistence
