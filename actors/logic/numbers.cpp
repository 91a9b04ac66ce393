#include "actors/logic/numbers.hpp"

#include <phonenumbers/phonenumberutil.h>

#include <algorithm>
#include <array>

namespace ringdown::logic {

namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

} // namespace

std::string_view name(number_fault fault) {
  constexpr std::array<std::string_view, 4> names{"none", "no_phone", "invalid_number", "region_denied"};
  return names.at(static_cast<std::size_t>(fault));
}

number_verdict usable_number(const std::string& written, const std::vector<std::string>& regions) {
  if (written.empty()) return {"", number_fault::missing, ""};
  const auto& numbers = *PhoneNumberUtil::GetInstance();
  PhoneNumber parsed;
  const std::string home = regions.empty() ? "ZZ" : regions.front();
  if (numbers.Parse(written, home, &parsed) != PhoneNumberUtil::NO_PARSING_ERROR || !numbers.IsValidNumber(parsed))
    return {"", number_fault::invalid, ""};
  number_verdict made;
  numbers.GetRegionCodeForNumber(parsed, &made.region);
  if (std::ranges::find(regions, made.region) == regions.end()) {
    made.fault = number_fault::region_denied;
    return made;
  }
  numbers.Format(parsed, PhoneNumberUtil::E164, &made.e164);
  return made;
}

std::vector<std::string> read_regions(std::string_view list) {
  std::vector<std::string> regions;
  std::string word;
  for (const char c : std::string(list) + ",") {
    if (c == ',' || c == ' ') {
      if (word.size() == 2) regions.push_back(word);
      word.clear();
    } else {
      word += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return regions;
}

std::vector<std::string> regions_of(const channel_config& channel) {
  const auto at = channel.settings.find("regions");
  auto regions = read_regions(at == channel.settings.end() ? std::string_view("US") : std::string_view(at->second));
  if (regions.empty()) regions.emplace_back("US");
  return regions;
}

} // namespace ringdown::logic
