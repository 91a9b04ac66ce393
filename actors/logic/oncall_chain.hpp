// Who may be called now, in order (V-03): whoever a step of the escalation names, the on-call user, the tenant's fallback
// number, the account's owner. Contacts, consent and verification are asked anew each time (S-T7). Pure.
#pragma once

#include "protocol/types/call.hpp"
#include "protocol/types/reason.hpp"
#include "protocol/types/tenant_config.hpp"

#include <map>
#include <string>
#include <vector>

namespace ringdown::logic {

struct callable {
  std::string person; // user id; "fallback" for the tenant's number
  std::string number; // E.164
  friend bool operator==(const callable&, const callable&) = default;
};

struct call_chain {
  std::vector<callable> usable; // each number once
  std::string gates; // "oncall=jo:ok fallback=number:not_verified owner=none": every step and why it was passed over
};

struct chain_context {
  const tenant_config& config;
  const std::optional<user_id>& oncall;
  const std::map<std::string, phone_record>& phones; // by number
  const std::vector<std::string>& regions;           // of the provider's account
};

// Why calls are never made about it (V-01): its level, its first sight, its type; none: they are.
[[nodiscard]] reason why_never_called(const alert& a, const tenant_config& config);
// Does its type and level ring, and is it read out to whoever picks up now (S-T5)?
[[nodiscard]] bool is_for_calls(const alert& a, const tenant_config& config);
[[nodiscard]] bool is_read_out(const alert& a, const tenant_config& config);
// A drill has calls of its own: who presses 1 there has not taken what really fails.
[[nodiscard]] bool share_a_call(const alert& one, const alert& other);

// `first` empty: nobody was named.
[[nodiscard]] call_chain chain_of(const chain_context& in, const user_id& first);

} // namespace ringdown::logic
