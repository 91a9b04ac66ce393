// The simulator's own certificate authority (EC P-256): made at start, thrown away at the end.
#pragma once

#include "bin/ringdown-sim/model.hpp"
#include "protocol/types/result.hpp"

#include <array>
#include <string>
#include <vector>

namespace ringdown::sim {

// A certificate and its private key, PEM.
struct identity {
  std::string certificate;
  std::string key;
};

inline constexpr std::size_t certificate_kinds = 6;

struct identities {
  std::string ca;                             // PEM, to be trusted
  std::array<identity, certificate_kinds> of; // by enum certificate
  [[nodiscard]] const identity& at(certificate kind) const { return of[static_cast<std::size_t>(kind)]; }
};

// One leaf for all PBXes: `*.domain`, plus the addresses (the first 256 of them) as IP names.
[[nodiscard]] result<identities> make_identities(const std::string& domain, const std::vector<std::string>& addresses);

} // namespace ringdown::sim
