#include "persistence/postgres/session.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace ringdown::persistence {

postgres_session::postgres_session(session_ptr connection, int socket)
    : connection_(std::move(connection)),
      socket_(socket) {}

result<std::unique_ptr<postgres_session>> postgres_session::open(const std::string& url) {
  return guard([&]() -> result<std::unique_ptr<postgres_session>> {
    session_ptr connection = begin_session(url, open_mode::writer);
    const int socket = ::fcntl(PQsocket(connection.get()), F_DUPFD_CLOEXEC, 0);
    if (socket < 0) return failure{failure_kind::unavailable, "database: no descriptor is left"};
    return std::unique_ptr<postgres_session>(new postgres_session(std::move(connection), socket));
  });
}

postgres_session::~postgres_session() { ::close(socket_); }

result<std::vector<postgres_session::row>> postgres_session::ask(const std::string& sql,
                                                                 const std::vector<std::string>& parameters) {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const std::string& one : parameters) values.push_back(one.c_str());
  const reply answer(PQexecParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                                  values.data(), nullptr, nullptr, 0));
  const ExecStatusType how = PQresultStatus(answer.get());
  if (how != PGRES_COMMAND_OK && how != PGRES_TUPLES_OK) {
    const failure why = error_of(answer.get(), connection_.get()).as_failure();
    const bool over = PQstatus(connection_.get()) != CONNECTION_OK;
    return failure{over ? failure_kind::unavailable : why.kind, why.detail};
  }
  std::vector<row> rows(static_cast<std::size_t>(PQntuples(answer.get())));
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (int column = 0; column < PQnfields(answer.get()); ++column) {
      const int at = static_cast<int>(i);
      if (PQgetisnull(answer.get(), at, column) != 0)
        rows[i].emplace_back();
      else
        rows[i].emplace_back(PQgetvalue(answer.get(), at, column));
    }
  return rows;
}

bool postgres_session::is_cut() const {
  pollfd asked{socket_, POLLRDHUP, 0};
  return ::poll(&asked, 1, 0) > 0 && (asked.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void postgres_session::give_up() { static_cast<void>(::shutdown(socket_, SHUT_RDWR)); }

} // namespace ringdown::persistence
