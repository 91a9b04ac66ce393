#include "actors/register_actor.hpp"

#include <utility>

namespace ringdown {

register_keeper::register_keeper(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe,
                                 std::shared_ptr<persistence::lease_register> held)
    : observed_actor(config, std::move(world), std::move(probe)),
      held_(std::move(held)) {}

register_keeper::behavior_type register_keeper::make_behavior() {
  return {[this](const ask_register& asked) { handle([&] { on(asked); }); }};
}

void register_keeper::on(const ask_register& asked) {
  auto said = held_->ask(asked.question);
  if (said.ok() != std::exchange(answers_, said.ok())) {
    if (said)
      log().info("register_answers", {});
    else
      log().error("register_silent", {{"error", said.error().detail}});
  }
  register_answered answer{asked.question.number, said.ok(), {}};
  if (said) answer.said = std::move(*said);
  tell(asked.reply_to, std::move(answer));
}

} // namespace ringdown
