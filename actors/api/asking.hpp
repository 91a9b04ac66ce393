// A command on its way: made durable, decided by its tenant, answered. For the API and the acknowledge page.
#pragma once

#include "actors/api/context.hpp"

namespace ringdown::api {

// Gives it an id and the time; `told` hears the verdict, or after 5 s how far it got.
void ask_tenant(context& in, command what, pending_answers::waiter told);

// 200 with the verdict, 202 when it is stored and not decided yet; a problem when it was refused, or is not stored.
[[nodiscard]] server_response verdict_answer(const command_outcome& how);

} // namespace ringdown::api
