// What people change in a tenant's configuration while everything goes on.
#pragma once

namespace ringdown::simulation {

class world;

// Consent, a number, a channel, a type that rings, or the steps of the escalation; all but the steps is put back later.
void somebody_configures(world& of);
// Somebody whose phone rings, or is about to, agrees to no calls any more.
void somebody_wants_no_calls(world& of);

} // namespace ringdown::simulation
