// People who wait for a command's result: it is made durable, and its tenant decides it in a moment. Any thread.
#pragma once

#include "protocol/types/command.hpp"
#include "protocol/types/result.hpp"
#include "protocol/types/time.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::api {

// The tenant's verdict; nothing when it is stored and not decided yet; a failure when it is not known to be stored, which is
// never to be called taken.
using command_outcome = result<std::optional<command_result>>;

class pending_answers {
public:
  using waiter = std::function<void(const command_outcome&)>;

  // `answer` is called once: with the verdict, or with what is known at `until`.
  void wait(const std::string& command, steady_time until, waiter answer);
  void stored(const std::string& command);
  void not_stored(const std::string& command, const failure& why);
  void decided(const command_result& what);
  [[nodiscard]] std::vector<std::string> durable() const; // commands that are, and whose verdict is waited for
  void expire(steady_time now);                           // called about once a second

private:
  struct entry {
    steady_time until;
    waiter answer;
    bool durable = false;
  };
  void end(const std::string& command, const command_outcome& how);

  mutable std::mutex guard_;
  std::map<std::string, entry> waiting_;
};

} // namespace ringdown::api
