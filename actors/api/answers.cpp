#include "actors/api/answers.hpp"

#include <utility>

namespace ringdown::api {

void pending_answers::wait(const std::string& command, steady_time until, waiter answer) {
  const std::lock_guard hold(guard_);
  waiting_.insert_or_assign(command, entry{until, std::move(answer)});
}

void pending_answers::stored(const std::string& command) {
  const std::lock_guard hold(guard_);
  const auto at = waiting_.find(command);
  if (at != waiting_.end()) at->second.durable = true;
}

void pending_answers::not_stored(const std::string& command, const failure& why) { end(command, why); }

void pending_answers::decided(const command_result& what) { end(what.id, std::optional(what)); }

void pending_answers::end(const std::string& command, const command_outcome& how) {
  waiter answer;
  {
    const std::lock_guard hold(guard_);
    const auto at = waiting_.find(command);
    if (at == waiting_.end()) return;
    answer = std::move(at->second.answer);
    waiting_.erase(at);
  }
  answer(how);
}

std::vector<std::string> pending_answers::durable() const {
  const std::lock_guard hold(guard_);
  std::vector<std::string> ids;
  for (const auto& [id, one] : waiting_)
    if (one.durable) ids.push_back(id);
  return ids;
}

void pending_answers::expire(steady_time now) {
  std::vector<entry> late;
  {
    const std::lock_guard hold(guard_);
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      if (at->second.until > now) {
        ++at;
        continue;
      }
      late.push_back(std::move(at->second));
      at = waiting_.erase(at);
    }
  }
  const failure unsure{failure_kind::timed_out, "not stored yet: the store is slow or away; it may still be taken"};
  for (const entry& one : late)
    one.answer(one.durable ? command_outcome(std::optional<command_result>()) : command_outcome(unsure));
}

} // namespace ringdown::api
