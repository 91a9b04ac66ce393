// A mail server under the test's control: a script for tiny_server that answers each command as it is told to, and notes
// every command, "begun" when it waits for a text, and the text as it came.
#pragma once

#include "test/net/tiny_server.hpp"

#include <map>
#include <string>

namespace ringdown::test {

// A command's answer may also be one of these.
inline const std::string hangs = "hang"; // nothing, until the client leaves
inline const std::string cuts = "cut";   // hangs up

struct mail_manners {
  // By command: "" is the greeting, "AUTH", "RCPT" and so on, "." the end of a text.
  std::map<std::string, std::string> says{};
  const identity* starttls = nullptr; // offers it, with this certificate
  bool offers_login = false;
  bool cut_in_text = false; // after its first line
};

[[nodiscard]] tiny_server::script mail_script(mail_manners how);

} // namespace ringdown::test
