#include "persistence/postgres/session.hpp"

#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string_view>

namespace ringdown::persistence {

namespace {

using answer_ptr = std::unique_ptr<PGresult, decltype(&PQclear)>;

// What comes before the URL is a default that the URL may replace.
constexpr std::array<const char*, 7> keywords{"application_name",
                                              "connect_timeout",
                                              "keepalives_idle",
                                              "keepalives_interval",
                                              "tcp_user_timeout",
                                              "dbname",
                                              nullptr};

// libpq's texts have several lines and end with one.
std::string in_one_line(std::string_view text) {
  std::string line;
  for (const char c : text) line += c == '\n' ? ' ' : c;
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

// Class 08: connection; 53: no room; 57: ended, cancelled or starting; 40: give way and try again; 55P03, 25P03: time-outs.
// (PostgreSQL 15, appendix A)
failure_kind kind_of(std::string_view state) {
  for (const std::string_view passing : {"08", "53", "57", "40", "55P03", "25P03"})
    if (state.starts_with(passing)) return failure_kind::unavailable;
  return failure_kind::internal;
}

} // namespace

result<std::unique_ptr<postgres_session>> postgres_session::open(const std::string& url) {
  const std::array<const char*, 7> values{"ringdown", "5", "5", "2", "10000", url.c_str(), nullptr};
  pg_conn* connection = PQconnectdbParams(keywords.data(), values.data(), 1);
  std::unique_ptr<postgres_session> made(new postgres_session(connection));
  if (connection == nullptr || PQstatus(connection) != CONNECTION_OK) {
    const std::string why = connection == nullptr ? "no memory" : in_one_line(PQerrorMessage(connection));
    return failure{failure_kind::unavailable, "no session with the database: " + why};
  }
  made->socket_ = ::fcntl(PQsocket(connection), F_DUPFD_CLOEXEC, 0);
  if (made->socket_ < 0) return failure{failure_kind::unavailable, "no descriptor is left"};
  PQsetNoticeProcessor(
      connection, [](void*, const char*) {}, nullptr);
  return made;
}

postgres_session::~postgres_session() {
  if (connection_ != nullptr) PQfinish(connection_);
  if (socket_ >= 0) ::close(socket_);
}

result<std::vector<postgres_session::row>> postgres_session::ask(const std::string& sql,
                                                                 const std::vector<std::string>& parameters) {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const std::string& one : parameters) values.push_back(one.c_str());
  const answer_ptr answer(PQexecParams(connection_, sql.c_str(), static_cast<int>(values.size()), nullptr,
                                       values.data(), nullptr, nullptr, 0),
                          &PQclear);
  const ExecStatusType how = PQresultStatus(answer.get());
  if (how != PGRES_COMMAND_OK && how != PGRES_TUPLES_OK) {
    const char* state = PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE);
    const bool over = PQstatus(connection_) != CONNECTION_OK || state == nullptr;
    return failure{over ? failure_kind::unavailable : kind_of(state), in_one_line(PQerrorMessage(connection_))};
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
