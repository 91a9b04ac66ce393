#include "persistence/postgres/pq.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace ringdown::persistence {

namespace {

struct option_list {
  ~option_list() { PQconninfoFree(options); }
  PQconninfoOption* options;
};

// The server tells people what nobody here reads.
void drop_notice(void*, const PGresult*) {}

std::string one_line_of(const char* text) {
  std::string line = text == nullptr ? "" : text;
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  line.erase(std::unique(line.begin(), line.end(), [](char a, char b) { return a == ' ' && b == ' '; }), line.end());
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

// Not as options of the connection: a pooler refuses those it does not know. To compile a statement would take longer than any
// of ours does.
constexpr const char* limits =
    "select set_config('statement_timeout', '10000', false), set_config('lock_timeout', '5000', false), "
    "set_config('idle_in_transaction_session_timeout', '10000', false), set_config('jit', 'off', false)";

} // namespace

bool is_postgres_url(const std::string& url) {
  char* ignored = nullptr;
  const option_list parsed{PQconninfoParse(url.c_str(), &ignored)};
  PQfreemem(ignored);
  // What a password with '/' or '@' that is not written as %2F or %40 leaves there would be said with every failure.
  for (const PQconninfoOption* one = parsed.options; one != nullptr && one->keyword != nullptr; ++one) {
    const std::string_view key = one->keyword;
    const std::string_view value = one->val == nullptr ? "" : one->val;
    if (key == "port" && value.find_first_not_of("0123456789,") != std::string_view::npos) return false;
    if (key == "host" && value.find('@') != std::string_view::npos) return false;
  }
  return parsed.options != nullptr;
}

session begin_session(const std::string& url, open_mode mode) {
  // What comes after the URL goes before what it says, what comes before it does not.
  constexpr std::size_t most = 10;
  const std::array<std::pair<const char*, const char*>, most> options{{
      {"connect_timeout", "5"},
      {"keepalives_idle", "5"},
      {"keepalives_interval", "2"},
      {"keepalives_count", "3"},
      {"tcp_user_timeout", "10000"},
      {"target_session_attrs", "read-write"},
      {"fallback_application_name", "ringdown"},
      {"dbname", url.c_str()},
      {"client_encoding", "UTF8"},
      {nullptr, nullptr},
  }};
  std::array<const char*, most> keys{};
  std::array<const char*, most> values{};
  for (std::size_t i = 0; i < most; ++i) {
    keys[i] = options[i].first;
    values[i] = options[i].second;
  }
  session made(PQconnectdbParams(keys.data(), values.data(), 1));
  if (PQstatus(made.get()) != CONNECTION_OK) throw error_of(nullptr, made.get());
  PQsetNoticeReceiver(made.get(), &drop_notice, nullptr);
  run_text(made.get(), limits);
  if (mode == open_mode::reader) run_text(made.get(), "set default_transaction_read_only = on");
  return made;
}

reply run_text(PGconn* on, const std::string& sql) {
  reply said(PQexec(on, sql.c_str()));
  const auto status = PQresultStatus(said.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) throw error_of(said.get(), on);
  return said;
}

std::string one_text(PGconn* on, const std::string& sql) {
  const reply said = run_text(on, sql);
  return PQntuples(said.get()) == 0 ? std::string() : std::string(PQgetvalue(said.get(), 0, 0));
}

failure_kind kind_of_state(std::string_view state) {
  const std::string_view group = state.substr(0, 2);
  if (group == "23") return failure_kind::conflict;                                        // a constraint
  if (group == "28" || group == "3D" || state == "42501") return failure_kind::refused;    // who we are, what we may
  if (state.empty() || group == "08" || group == "53" || group == "55" || group == "57" || // gone, full, held, ended
      group == "40" || group == "25" || group == "58") // deadlock, standby, its disk
    return failure_kind::unavailable;
  return failure_kind::internal;
}

database_error error_of(const PGresult* said, const PGconn* on) {
  const char* const state = said == nullptr ? nullptr : PQresultErrorField(said, PG_DIAG_SQLSTATE);
  const char* const text = said == nullptr ? nullptr : PQresultErrorField(said, PG_DIAG_MESSAGE_PRIMARY);
  const std::string code = state == nullptr ? "" : state;
  const std::string words = one_line_of(text == nullptr ? PQerrorMessage(on) : text);
  return database_error({kind_of_state(code), "database: " + words + (code.empty() ? "" : " (" + code + ")")});
}

} // namespace ringdown::persistence
