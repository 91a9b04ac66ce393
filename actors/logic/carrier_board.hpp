// Which carriers fail at several tenants of the node, and which tenant may know it (SEMANTICS S-C2, S-C5; docs/decisions/0015).
// There is one bit for each carrier of a tenant: it fails elsewhere. The bit is a matter of the other tenants alone, by the rule
// that makes an outage inside one, so that no single PBX of anybody shows in it. A tenant holds it before it needs it, because
// nobody waits for an answer when something fails; it says it only of what fails at itself. Pure; owned by the carrier watch,
// which forgets everything when it starts again.
#pragma once

#include "actors/logic/correlation.hpp"
#include "protocol/types/carrier.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::logic {

class carrier_board {
public:
  // `window`: failures so close together may be one.
  carrier_board(const std::vector<carrier_alias>& known, duration window);

  // These places of the tenant are now as reported; its others stay as they were. Returns the tenants for which a carrier
  // began or ceased to fail elsewhere.
  std::set<tenant_id> hear(const tenant_id& who, const std::vector<place_report>& places, wall_time now);
  // It is not there any more, or starts anew: nothing that it reported holds. Returns as hear() does.
  std::set<tenant_id> forget(const tenant_id& who, wall_time now);

  // Of the registrars where this tenant has trunks: those whose carrier fails at others.
  [[nodiscard]] std::set<std::string> elsewhere(const tenant_id& who) const;

private:
  using place_key = std::pair<tenant_id, std::uint32_t>;
  // A failing trunk. In order of time; ties by the rest, so that every run agrees.
  struct mark {
    wall_time since;
    tenant_id who;
    std::uint32_t place = 0;
    std::size_t trunk = 0; // of the place
    bool opens = false;    // may be part of a beginning: judged, and it is known since when it fails
    friend auto operator<=>(const mark&, const mark&) = default;
  };
  // What one tenant has of one carrier.
  struct part {
    std::size_t trunks = 0;
    std::size_t counted = 0;
    std::map<std::string, std::size_t> at; // by registrar
  };
  struct carrier {
    std::set<mark> failing;
    std::size_t counted = 0;
    std::map<tenant_id, part> parts;
    std::map<tenant_id, wall_time> elsewhere; // since when it fails at others than this one
  };

  void take_out(const place_key& which, std::set<std::string>& touched);
  void put_in(const place_key& which, std::vector<trunk_sign> trunks, wall_time now, std::set<std::string>& touched);
  std::set<tenant_id> judge(const std::set<std::string>& touched, wall_time now);
  void begin_beside(const std::string& id, carrier& one, wall_time now, std::set<tenant_id>& changed);
  void no_longer_beside(const tenant_id& who, const std::string& id, std::set<tenant_id>& changed);
  [[nodiscard]] std::optional<wall_time> begins_beside(const carrier& one, const tenant_id& who, wall_time now) const;
  [[nodiscard]] bool goes_on_beside(const carrier& one, const tenant_id& who, wall_time since) const;

  provider_groups carriers_;
  duration window_;
  std::map<place_key, std::vector<trunk_sign>> places_;
  std::map<std::string, carrier> known_;              // by carrier
  std::map<tenant_id, std::set<std::string>> beside_; // the carriers that fail elsewhere, by tenant
};

} // namespace ringdown::logic
