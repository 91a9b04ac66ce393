#include "bin/ringdownctl/session.hpp"

#include "protocol/wire/json_writer.hpp"
#include "protocol/wire/text.hpp"

#include <fmt/format.h>

#include <poll.h>
#include <unistd.h>

#include <cstdio>

namespace ringdown::ctl {

namespace {

constexpr std::size_t longest_message = 2000;

} // namespace

// Whoever reads along behind a pipe sees each line when it is said.
void session::print(std::string_view text) const {
  fmt::print("{}", text);
  std::fflush(stdout);
}

int session::complain(int code, std::string_view text) const {
  fmt::print(stderr, "ringdownctl: {}\n", text);
  return code;
}

std::string session::problem_text(const reply& refused, std::string_view file) {
  std::string text;
  for (const row& one : refused.read.list("errors")) {
    const std::string where = file.empty() ? one["file"] : std::string(file);
    const bool line = file.empty() && !one["line"].empty() && one["line"] != "0";
    text += fmt::format("{}{}{}{}: {}", text.empty() ? "" : "\n", where, line ? ":" : "", line ? one["line"] : "",
                        one["message"]);
  }
  if (text.empty()) text = refused.read.top["detail"];
  if (text.empty()) text = refused.read.top["text"];
  if (text.empty()) text = fmt::format("HTTP {}", refused.status);
  return wire::paragraphs(text, longest_message);
}

std::variant<session::reply, int> session::ask_any(http_method method, const std::string& path, std::string body) {
  if (!daemon_) {
    auto where = find_daemon(given_);
    if (!where) return complain(exit_refused, where.error().detail);
    auto connected = daemon::connect(std::move(*where));
    if (!connected) return complain(exit_internal, connected.error().detail);
    daemon_ = std::move(*connected);
  }
  auto response = daemon_->ask(method, path, std::move(body));
  if (!response) return complain(exit_later, response.error().detail);
  reply made{response->status, std::move(response->body), {}};
  auto read = read_answer(made.body);
  if (!read)
    return complain(exit_internal,
                    fmt::format("what answers there is not ringdownd (HTTP {}, no JSON object)", made.status));
  made.read = std::move(*read);
  if (made.status == 401)
    return complain(exit_negative,
                    "the daemon refuses the token: give --config, --token-file or RINGDOWN_TOKEN_FILE (the file is "
                    "[api] token_file)");
  if (made.status == 403) return complain(exit_negative, problem_text(made));
  if (made.status == 503) return complain(exit_later, problem_text(made));
  if (made.status >= 500 || made.status < 200 || (made.status >= 300 && made.status < 400))
    return complain(exit_internal, problem_text(made));
  return made;
}

std::variant<session::reply, int> session::ask(http_method method, const std::string& path, std::string body) {
  auto asked = ask_any(method, path, std::move(body));
  if (const auto* got = std::get_if<reply>(&asked); got != nullptr && got->status >= 400)
    return complain(exit_negative, problem_text(*got));
  return asked;
}

std::variant<std::vector<row>, int> session::ask_all(const std::string& path) {
  std::vector<row> all;
  std::string cursor;
  do {
    const char sign = path.find('?') == std::string::npos ? '?' : '&';
    auto asked =
        ask(http_method::get, cursor.empty() ? path : fmt::format("{}{}cursor={}", path, sign, percent_encode(cursor)));
    if (const int* code = std::get_if<int>(&asked)) return *code;
    const auto& page = std::get<reply>(asked).read;
    const auto& items = page.list("items");
    all.insert(all.end(), items.begin(), items.end());
    const std::string& next = page.top["next"];
    if (!next.empty() && next == cursor)
      return complain(exit_internal, "the daemon gives the same page again and again");
    cursor = next;
  } while (!cursor.empty());
  return all;
}

void session::pause(std::chrono::milliseconds span) const { ::poll(nullptr, 0, static_cast<int>(span.count())); }

std::string session::red(std::string_view text) const {
  const bool plain = ::isatty(STDOUT_FILENO) == 0 || !variable("NO_COLOR").empty() || variable("TERM") == "dumb";
  return plain ? std::string(text) : fmt::format("\x1b[1;31m{}\x1b[0m", text);
}

std::string query_of(const std::vector<std::pair<std::string_view, std::string>>& parameters) {
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    query += fmt::format("{}{}={}", query.empty() ? '?' : '&', name, percent_encode(value));
  }
  return query;
}

std::string body_of(const std::vector<std::pair<std::string_view, std::string>>& fields) {
  wire::json_writer json;
  json.open_object();
  for (const auto& [name, value] : fields)
    if (!value.empty()) json.text(name, value);
  json.close_object();
  return std::move(json).str();
}

} // namespace ringdown::ctl
