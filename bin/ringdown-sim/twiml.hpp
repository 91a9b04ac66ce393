// TwiML, as much of it as a caller hears and a document is walked by. Pure.
#pragma once

#include "bin/ringdown-sim/text.hpp"
#include "protocol/types/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ringdown::sim {

struct element {
  std::string name;
  arguments attributes;
  std::string text; // its own, entities resolved, outer blanks removed
  std::vector<element> inner;

  // The attribute or, without one, the empty text.
  [[nodiscard]] std::string_view operator[](std::string_view attribute) const;
};

// The verbs of a document: what stands in its Response.
[[nodiscard]] result<std::vector<element>> parse_twiml(std::string_view document);

} // namespace ringdown::sim
