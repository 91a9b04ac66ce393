#include "actors/api/answers.hpp"

#include <utility>
#include <vector>

namespace ringdown::api {

void pending_answers::wait(const std::string& command, steady_time until, waiter answer) {
  const std::lock_guard hold(guard_);
  waiting_.insert_or_assign(command, entry{until, std::move(answer)});
}

void pending_answers::decided(const command_result& what) {
  waiter answer;
  {
    const std::lock_guard hold(guard_);
    const auto at = waiting_.find(what.id);
    if (at == waiting_.end()) return;
    answer = std::move(at->second.answer);
    waiting_.erase(at);
  }
  answer(what);
}

void pending_answers::expire(steady_time now) {
  std::vector<waiter> late;
  {
    const std::lock_guard hold(guard_);
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      if (at->second.until > now) {
        ++at;
        continue;
      }
      late.push_back(std::move(at->second.answer));
      at = waiting_.erase(at);
    }
  }
  for (const waiter& answer : late) answer(std::nullopt);
}

} // namespace ringdown::api
