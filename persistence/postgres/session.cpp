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

namespace {

std::vector<const char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<const char*> all;
  all.reserve(texts.size());
  for (const std::string& one : texts) all.push_back(one.c_str());
  return all;
}

} // namespace

result<std::vector<postgres_session::row>> postgres_session::ask(const std::string& sql,
                                                                 const std::vector<std::string>& parameters) {
  const auto values = pointers_to(parameters);
  const reply answer(PQexecParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                                  values.data(), nullptr, nullptr, 0));
  return rows_of(answer.get());
}

result<std::vector<std::vector<postgres_session::row>>> postgres_session::ask_together(
    const std::vector<question>& all) {
  PGconn* const to = connection_.get();
  bool sent = PQenterPipelineMode(to) == 1;
  for (const question& one : all) {
    const auto values = pointers_to(one.parameters);
    sent = sent && PQsendQueryParams(to, one.sql.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                                     nullptr, nullptr, 0) == 1;
  }
  if (!sent || PQpipelineSync(to) != 1) return error_of(nullptr, to).as_failure();
  std::vector<std::vector<row>> answers;
  std::optional<failure> first;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const reply answer(PQgetResult(to));
    auto rows = rows_of(answer.get());
    if (!answer) return rows.error();
    if (rows)
      answers.push_back(std::move(*rows));
    else if (!first)
      first = rows.error();
    if (const reply end(PQgetResult(to)); end)
      return failure{failure_kind::internal, "database: two answers to one question"};
  }
  const reply end(PQgetResult(to));
  if (PQresultStatus(end.get()) != PGRES_PIPELINE_SYNC || PQexitPipelineMode(to) != 1)
    return error_of(end.get(), to).as_failure();
  if (first) return *first;
  return answers;
}

result<std::vector<postgres_session::row>> postgres_session::rows_of(const PGresult* answer) const {
  const ExecStatusType how = PQresultStatus(answer);
  if (how != PGRES_COMMAND_OK && how != PGRES_TUPLES_OK) {
    const failure why = error_of(answer, connection_.get()).as_failure();
    const bool over = PQstatus(connection_.get()) != CONNECTION_OK;
    return failure{over ? failure_kind::unavailable : why.kind, why.detail};
  }
  std::vector<row> rows(static_cast<std::size_t>(PQntuples(answer)));
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (int column = 0; column < PQnfields(answer); ++column) {
      const int at = static_cast<int>(i);
      if (PQgetisnull(answer, at, column) != 0)
        rows[i].emplace_back();
      else
        rows[i].emplace_back(PQgetvalue(answer, at, column));
    }
  return rows;
}

bool postgres_session::is_cut() const {
  pollfd asked{socket_, POLLRDHUP, 0};
  return ::poll(&asked, 1, 0) > 0 && (asked.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

void postgres_session::give_up() { static_cast<void>(::shutdown(socket_, SHUT_RDWR)); }

} // namespace ringdown::persistence
