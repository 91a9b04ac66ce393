// One conversation of the simulated mail server, as lines in and words out: plain SMTP with AUTH PLAIN and LOGIN. What is
// answered to a login and to a mail is said by whoever made it. No socket is known here.
#pragma once

#include "bin/ringdown-sim/answer.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ringdown::sim {

// What is said after a line, and how the connection goes on; `stop` means nothing here.
struct spoken {
  std::string words;
  duration delay{};
  ending then = ending::keep;
  bool over = false; // closed once the words are said
};

class smtp_session {
public:
  // The status of the answer is the reply's code.
  using asker = std::function<answer(const question&)>;

  smtp_session(asker ask, std::string from);

  [[nodiscard]] spoken greet() const;
  [[nodiscard]] spoken hear(std::string_view line); // without its CRLF

private:
  enum class state : std::uint8_t { commands, text, login_name, login_password, plain };

  [[nodiscard]] spoken command(std::string_view line);
  [[nodiscard]] spoken login(std::string_view how);
  [[nodiscard]] spoken plain(std::string_view encoded);
  [[nodiscard]] spoken logged_in();
  [[nodiscard]] spoken text_line(std::string_view line);
  [[nodiscard]] spoken mail();

  asker ask_;
  std::string peer_;
  state state_ = state::commands;
  std::string user_, password_;
  std::string sender_, recipient_, text_;
};

// Who may log in, for the tenant files.
inline constexpr std::string_view mail_user = "ringdown";
inline constexpr std::string_view mail_password = "sim-mail-secret";

} // namespace ringdown::sim
