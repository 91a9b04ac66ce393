// Who may begin a delivery at a provider account now (S-D3). An account lets one begin in so long, and so many be under way
// together; who waits is served by urgency, and among the equally urgent tenant by tenant, so that one tenant's storm holds
// no other's alarm up. One turn in four goes to whoever has waited longest, whatever it is: nobody starves.
//
// An asker waits for at most one permit at a time. Times are steady: no clock that is set lengthens a wait. What an account
// did before this was born is not known, so that its first permit comes after one interval.
#pragma once

#include "protocol/types/account.hpp"
#include "protocol/types/ids.hpp"
#include "protocol/types/time.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::logic {

struct permit_ask {
  std::uint64_t asker = 0;
  std::string account;
  account_limits limits;
  tenant_id tenant;
  urgency how = urgency::routine;
  std::size_t in_use = 0; // by the asker, as it says: a keeper that started anew does not know
};
struct permit_grant {
  std::uint64_t asker = 0;
  std::string account;
};

// What one of several nodes may do of it: all of them together keep within the limits, but that each may have one delivery
// under way.
[[nodiscard]] account_limits share_of(account_limits limits, std::size_t nodes);

class account_rates {
public:
  explicit account_rates(steady_time born) : born_(born) {}

  // A second wish of the same asker replaces the first and keeps its place.
  void wanted(const permit_ask& ask, steady_time now);
  void used(std::uint64_t asker, const std::string& account);   // its delivery has ended
  void unused(std::uint64_t asker, const std::string& account); // there was none: its turn is free again
  void left(std::uint64_t asker, const std::string& account);
  void gone(std::uint64_t asker); // left all of them
  // A shorter wait does not end a longer one. None is longer than the account's limits say.
  void refused(const std::string& account, duration wait, steady_time now);

  // Permits that can be used now, most pressing first; each is given once.
  [[nodiscard]] std::vector<permit_grant> grants(steady_time now);
  // When time alone makes the next grant possible, or ends a pause.
  [[nodiscard]] std::optional<steady_time> next() const;

  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] std::size_t paused(steady_time now) const;
  [[nodiscard]] std::size_t accounts() const { return accounts_.size(); } // remembered: those that matter still

private:
  struct wish {
    tenant_id tenant;
    urgency how = urgency::routine;
    std::uint64_t since = 0; // order of arrival
  };
  struct ledger {
    account_limits limits;
    steady_time paid_up;            // when all that was permitted is worked off
    steady_time before_newest;      // the same before the newest permit
    std::uint64_t newest_asker = 0; // of the newest permit, while it can be taken back
    std::optional<steady_time> paused_until;
    std::uint64_t turns = 0;
    std::map<std::uint64_t, wish> wishes;
    std::map<std::uint64_t, std::size_t> in_use; // by asker
    std::map<tenant_id, std::uint64_t> served;   // the turn each tenant had last
    std::map<std::uint64_t, std::uint64_t> asker_served;
  };

  [[nodiscard]] ledger& known(const std::string& name, const account_limits& limits);
  [[nodiscard]] static steady_time earliest(const ledger& of);
  [[nodiscard]] static bool has_place(const ledger& of);
  [[nodiscard]] static std::uint64_t whose_turn(const ledger& of);
  static void permit(ledger& to, std::uint64_t asker, steady_time now);
  static void give_place_back(ledger& of, std::uint64_t asker);
  static void forget_asker(ledger& of, std::uint64_t asker);
  void forget_idle(steady_time now);

  steady_time born_;
  std::uint64_t arrivals_ = 0;
  std::map<std::string, ledger> accounts_;
};

} // namespace ringdown::logic
