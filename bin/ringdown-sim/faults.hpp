// Which fault a verb stands for. Pure.
#pragma once

#include "bin/ringdown-sim/command.hpp"
#include "bin/ringdown-sim/model.hpp"

namespace ringdown::sim {

// None when the verb is no fault.
[[nodiscard]] std::optional<fault> make_fault(const command& what, std::uint64_t id);

// The certificate a cert_* verb makes a PBX show.
[[nodiscard]] std::optional<certificate> certificate_for(std::string_view verb);

} // namespace ringdown::sim
