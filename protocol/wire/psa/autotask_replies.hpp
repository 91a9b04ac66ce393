// What Autotask's REST API answers, read into values. Nothing here is trusted: a body that is not what it should be is
// nullopt, never "nothing found".
#pragma once

#include "protocol/types/http.hpp"
#include "protocol/wire/dialect.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::wire::psa {

// Status 5 is Complete in every tenant, 1 is New; all others are the tenant's own.
inline constexpr std::int64_t ticket_new = 1;
inline constexpr std::int64_t ticket_complete = 5;

struct autotask_ticket {
  std::int64_t id = 0;
  std::int64_t status = 0;
  std::string external; // our reference
  std::string resolution;
};

// "https://webservices14.autotask.net/ATServicesRest/" out of {"zoneName", "url", ...}.
[[nodiscard]] std::optional<std::string> read_zone(const std::string& body);

// {"itemId": 48213}
[[nodiscard]] std::optional<std::int64_t> read_item_id(const std::string& body);

// {"items": [...]}, in the order of their ids.
[[nodiscard]] std::optional<std::vector<autotask_ticket>> read_tickets(const std::string& body);

enum class item_there : std::uint8_t { yes, gone };
// {"item": {...}}; gone: {"item": null}.
[[nodiscard]] std::optional<std::pair<item_there, autotask_ticket>> read_ticket(const std::string& body);

// Does the text of any note hold `marker`?
[[nodiscard]] std::optional<bool> notes_hold(const std::string& body, std::string_view marker);

// The item of {"item": {...}} with some members replaced or added, as JSON: for a PUT, which nulls what it does not name.
struct json_member {
  std::string key;
  std::string json;
};
[[nodiscard]] std::optional<std::string> item_with(const std::string& body, const std::vector<json_member>& changed);

// Picklist values of {"fields": [...]} for the fields named, as choices of ours.
struct picklist {
  std::string_view field; // theirs
  std::string_view ours;  // what the choices are called
};
[[nodiscard]] std::optional<std::vector<field_choice>> read_picklists(const std::string& body,
                                                                      const std::vector<picklist>& wanted);
[[nodiscard]] std::optional<std::vector<field_choice>> read_companies(const std::string& body);

// A 500 says in words what it is; most are faults that no repetition mends.
enum class error_class : std::uint8_t { permission, invalid_value, missing_value, not_found, busy, no_text, unknown };
struct error_reading {
  error_class is = error_class::no_text;
  std::string words; // for the ledger: the class, and of an unknown text a digest that tells two apart
  std::string text;  // theirs, as it came: names the field. It may repeat what was sent
};
[[nodiscard]] error_reading read_errors(const std::string& body);

} // namespace ringdown::wire::psa
