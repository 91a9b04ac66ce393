// One session with PostgreSQL: a connection over which one thread asks at a time and waits for each answer. For what is rare;
// texts in, texts out.
#pragma once

#include "protocol/types/result.hpp"

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct pg_conn;

namespace ringdown::persistence {

class postgres_session {
public:
  // `url` as libpq reads it: "postgresql://user@host/name?sslmode=verify-full", or "host=... dbname=...". Gives up after 5 s
  // for each address. A failure is `unavailable`, without the URL, which may hold a password.
  static result<std::unique_ptr<postgres_session>> open(const std::string& url);
  ~postgres_session();
  postgres_session(const postgres_session&) = delete;
  postgres_session& operator=(const postgres_session&) = delete;

  using row = std::vector<std::optional<std::string>>; // none: null
  // One statement; parameters are $1, $2, ... `unavailable`: the session is over, or the server could not do it now.
  result<std::vector<row>> ask(const std::string& sql, const std::vector<std::string>& parameters = {});

  // Any thread, at once: the other side has closed the connection, as far as this machine knows.
  [[nodiscard]] bool is_cut() const;
  // Any thread: closes the connection; whoever waits for an answer is told so.
  void give_up();

private:
  explicit postgres_session(pg_conn* connection) : connection_(connection) {}

  pg_conn* connection_;
  int socket_ = -1; // another descriptor of the connection's: libpq may close its own at any time
};

} // namespace ringdown::persistence
