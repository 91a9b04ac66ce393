// What a process does with the store before its actors begin.
#pragma once

#include "persistence/store.hpp"
#include "test/simulation/setting.hpp"

#include <optional>
#include <vector>

namespace ringdown::simulation {

// Takes up what the last owner of these tenants left, and reads who died how often; nothing when the store fails.
[[nodiscard]] std::optional<std::vector<persistence::crash_record>> take_up(persistence::store& from,
                                                                            const fence& owner, const tenants& whose,
                                                                            wall_time now);
// All numbers that anybody gave, as if they had been read back long ago; throws when that cannot be.
void keep_phones(persistence::store& in, const fence& owner, const tenants& whose, wall_time now);

} // namespace ringdown::simulation
