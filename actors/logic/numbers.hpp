// Which numbers may be called: the one place that knows libphonenumber. A country code is no country: +1 416 is Canada and
// +1 876 Jamaica, and whoever allows the United States allows neither (V-03). Pure.
#pragma once

#include "protocol/types/tenant_config.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::logic {

enum class number_fault : std::uint8_t { none, missing, invalid, region_denied };
[[nodiscard]] std::string_view name(number_fault fault);

struct number_verdict {
  std::string e164; // as it is dialled; empty when there is a fault
  number_fault fault = number_fault::none;
  std::string region; // "US", "CA"; empty when the number is invalid
};

// `regions` as ISO 3166 names them, in capitals; a number written without "+" is read as one of the first of them.
[[nodiscard]] number_verdict usable_number(const std::string& written, const std::vector<std::string>& regions);

// "US, GB" -> {"US", "GB"}; what is no two letters is left out.
[[nodiscard]] std::vector<std::string> read_regions(std::string_view list);

// Countries that a channel may call: its setting `regions`, the United States without one.
[[nodiscard]] std::vector<std::string> regions_of(const channel_config& channel);

} // namespace ringdown::logic
