// Troubles that hurt only together: each is a short story whose details are drawn.
#pragma once

namespace ringdown::simulation {

class world;

// Many alerts of one tenant, a provider that fails and then hangs, and people who ask again and take over.
void bad_quarter_hour(world& of);
// A tenant spends its restart budget while its rows are being retried and somebody acknowledges.
void tenant_keeps_dying(world& of);
void channel_keeps_dying(world& of);
// Commands, deaths and deliveries while each write takes its time.
void burst_on_a_slow_disk(world& of);
// Each with rows under way, and the store cannot say which.
void channels_die_without_a_disk(world& of);
// Rows are announced while a claim is under way.
void asked_again_on_a_slow_disk(world& of);
// Set back while something waits for it, often with a restart.
void clock_is_wrong(world& of);
// More is due at once than a push carries, and somebody acknowledges what waits; or the disk is away, so that it waits too long.
void a_queue_is_acknowledged(world& of);
// A chat is away while an alert fires, is snoozed, asked for again and acknowledged: it is shown the newest, and owed the end.
void the_chat_misses_a_fire(world& of);
// A push asks for ten minutes, and meanwhile the clock is set forward by more.
void everybody_waits_for_ten_minutes(world& of);
// Set forward beyond the end of a snooze and of what a provider has refused for long.
void clock_is_set_forward(world& of);

} // namespace ringdown::simulation
