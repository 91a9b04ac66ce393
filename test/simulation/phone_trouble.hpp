// What people do with their phones, and what goes wrong between a telephone company and us.
#pragma once

namespace ringdown::simulation {

class world;

// How somebody takes the next calls: at the beginning everybody, later one or the other.
void everybody_has_a_phone(world& of);
void somebody_changes_their_ways(world& of);
// Word of how calls go comes late, twice, in reverse, not at all, or from somebody else as well.
void callbacks_go_astray(world& of);
void somebody_forges_a_key(world& of);
void the_mail_server_ails(world& of);

} // namespace ringdown::simulation
