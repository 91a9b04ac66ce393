// People who wait for a command's result: the command is durable, its tenant decides it in a moment. Any thread.
#pragma once

#include "protocol/types/command.hpp"
#include "protocol/types/time.hpp"

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace ringdown::api {

class pending_answers {
public:
  // `answer` gets the result, or nothing when the tenant did not decide by `until` (the command stays in the inbox).
  using waiter = std::function<void(std::optional<command_result>)>;

  void wait(const std::string& command, steady_time until, waiter answer);
  void decided(const command_result& what);
  void expire(steady_time now); // called about once a second

private:
  struct entry {
    steady_time until;
    waiter answer;
  };
  std::mutex guard_;
  std::map<std::string, entry> waiting_;
};

} // namespace ringdown::api
