// What a tenant of a drawn world has beside its pushes and its webhook: a chat, tickets, mails, and people with phones.
#pragma once

#include "protocol/types/tenant_config.hpp"
#include "test/simulation/dice.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ringdown::simulation {

[[nodiscard]] channel_config slack_at(const std::string& tenant);
[[nodiscard]] channel_config desk_at(const std::string& tenant);

// Of an escalation: up to three, minutes after one another.
[[nodiscard]] std::vector<escalation_step> draw_steps(const tenant_config& of, dice& chance);

enum class people : std::uint8_t { some_shared, own };
// `number`: of the tenant, so that no two have the same people, but for those who may work for several.
void furnish_by_chance(tenant_config& of, std::size_t number, people whose, dice& chance);

// Whoever may be called of that tenant, in order: those who agreed, each number once. Rules know it from here, the program
// from its own.
struct reachable {
  std::string person;
  std::string number;
};
// `first`: whom a step of the escalation named.
[[nodiscard]] std::vector<reachable> chain_of(const tenant_config& tenant, const user_id& first = {});
[[nodiscard]] bool agrees_to_calls(const tenant_config& tenant, const std::string& number);
// The other one that whoever has this number may have, now or later.
[[nodiscard]] std::string spare_of(std::string phone);
[[nodiscard]] std::vector<std::string> phones_of(const tenant_config& tenant);
// All numbers that anybody gave, with a code that was read back long ago.
[[nodiscard]] std::vector<phone_record> verified_phones(const tenant_config& tenant, wall_time since);

} // namespace ringdown::simulation
