// A channel's calls that go on after their provider took them: asked about, hung up, and their news told to the tenant.
#include "actors/channel_actor.hpp"

#include "protocol/wire/voice/call_dialect.hpp"

#include <utility>

namespace ringdown {

void channel::on(const hang_up_call& which) {
  watch_.hang_up(which.call, which.reference, which.stage, now().wall);
  go_on_with_calls();
}

void channel::on(const follow_calls& which) {
  for (const call_record& one : which.calls) watch_.follow(one.call, one.reference, one.stage, now().wall);
  go_on_with_calls();
}

void channel::go_on_with_calls() {
  if (dialect_->calls == nullptr) return;
  for (const logic::call_step& step : watch_.due(now().wall)) do_call_step(step);
  if (const auto next = watch_.next()) wake_for(*next);
}

void channel::do_call_step(const logic::call_step& step) {
  delivery row;
  row.id = step.call;
  row.tenant = tenant_;
  row.channel = config_.id;
  const auto& calls = *dialect_->calls;
  http_request request = step.act == logic::call_act::hang_up ? calls.hang_up(job(row), step.reference, step.stage)
                                                              : calls.ask(job(row), step.reference);
  call_exchanges_[++tokens_] = step;
  send(std::move(request), tokens_);
}

void channel::call_step_ended(const logic::call_step& step, const http_outcome& outcome) {
  const wall_time present = now().wall;
  const auto& calls = *dialect_->calls;
  if (step.act == logic::call_act::hang_up) {
    if (calls.after_hang_up(outcome) == wire::hang_up_end::done)
      watch_.hung_up(step.call, present);
    else
      watch_.failed(step.call, present);
  } else if (auto heard = calls.read_answer(outcome)) {
    watch_.heard(step.call, heard->stage, present);
    tell(tenant_actor_, call_heard{{step.call, std::move(*heard), {}, false}});
  } else {
    log().warning("call_not_known", {{"delivery", step.call.str()}, {"error", heard.error().detail}});
    watch_.failed(step.call, present);
  }
  go_on_with_calls();
}

} // namespace ringdown
