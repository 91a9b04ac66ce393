// One session with PostgreSQL: a connection over which one thread asks at a time and waits for each answer. For what is rare;
// texts in, texts out.
#pragma once

#include "persistence/postgres/pq.hpp"
#include "protocol/types/result.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::persistence {

class postgres_session {
public:
  // With the limits of begin_session(). No failure holds the URL, in which a password may be.
  static result<std::unique_ptr<postgres_session>> open(const std::string& url);
  ~postgres_session();
  postgres_session(const postgres_session&) = delete;
  postgres_session& operator=(const postgres_session&) = delete;

  using row = std::vector<std::optional<std::string>>; // none: null
  // One statement; parameters are $1, $2, ... `unavailable`: the session is over, or the server could not do it now.
  result<std::vector<row>> ask(const std::string& sql, const std::vector<std::string>& parameters = {});
  struct question {
    std::string sql;
    std::vector<std::string> parameters;
  };
  // Several, in one go: as far as the network goes it is one question. The answers come in their order; the first failure is that of all,
  // and what came after it was not done.
  result<std::vector<std::vector<row>>> ask_together(const std::vector<question>& all);

  // Any thread, at once: the other side has closed the connection, as far as this machine knows.
  [[nodiscard]] bool is_cut() const;
  // Any thread: closes the connection; whoever waits for an answer is told so.
  void give_up();

private:
  using session_ptr = persistence::session;
  postgres_session(session_ptr connection, int socket);
  [[nodiscard]] result<std::vector<row>> rows_of(const PGresult* answer) const;

  session_ptr connection_;
  int socket_; // another descriptor of the connection's: libpq may close its own at any time
};

} // namespace ringdown::persistence
