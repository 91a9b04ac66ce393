// One run of one command: what was asked, the daemon behind it, and where words go. Commands return exit codes.
#pragma once

#include "bin/ringdownctl/answer.hpp"
#include "bin/ringdownctl/arguments.hpp"
#include "bin/ringdownctl/daemon.hpp"
#include "bin/ringdownctl/exit_codes.hpp"
#include "protocol/types/node_config.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace ringdown::ctl {

using environment = std::function<std::string(const char*)>;

class session {
public:
  session(arguments given, wall_time now, environment variables)
      : given_(std::move(given)),
        now_(now),
        environment_(std::move(variables)) {}

  [[nodiscard]] const arguments& given() const { return given_; }
  [[nodiscard]] const std::string& word(std::size_t index) const { return given_.words.at(index); }
  [[nodiscard]] wall_time now() const { return now_; }
  [[nodiscard]] std::string variable(const char* name) const { return environment_(name); }
  [[nodiscard]] bool wants_json() const { return given_.form == output_form::json; }

  void print(std::string_view text) const;             // to standard output
  int complain(int code, std::string_view text) const; // to standard error; returns `code`

  // The answer with its text, or the exit code after everything is said: the daemon is away (75), refuses the token or
  // the question (1), is in trouble (75 for 503, else 70), or speaks another language (70).
  struct reply {
    int status = 0;
    std::string body;
    answer read;
  };
  [[nodiscard]] std::variant<reply, int> ask(http_method method, const std::string& path, std::string body = {});
  // The same, with 4xx answers (but 401 and 403) handed over instead of printed.
  [[nodiscard]] std::variant<reply, int> ask_any(http_method method, const std::string& path, std::string body = {});

  // All items of a list, over all its pages; an int as `ask`.
  [[nodiscard]] std::variant<std::vector<row>, int> ask_all(const std::string& path);

  // Lets time pass between two looks at something awaited.
  void pause(std::chrono::milliseconds span) const;
  // `text` in red where somebody looks at a terminal that has colours.
  [[nodiscard]] std::string red(std::string_view text) const;

  // What is wrong according to a problem answer, one line per error. `file`: what was sent was made from it, so lines of
  // the answer are not its lines and are left out.
  [[nodiscard]] static std::string problem_text(const reply& refused, std::string_view file = {});

private:
  arguments given_;
  wall_time now_;
  environment environment_;
  std::unique_ptr<daemon> daemon_;
};

// "?a=b&c=d" of those that are not empty; "" for none.
[[nodiscard]] std::string query_of(const std::vector<std::pair<std::string_view, std::string>>& parameters);
// {"a": "b", ...} of those that are not empty.
[[nodiscard]] std::string body_of(const std::vector<std::pair<std::string_view, std::string>>& fields);

} // namespace ringdown::ctl
