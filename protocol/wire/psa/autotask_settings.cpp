// What a ticket channel of Autotask's is configured with.
#include "protocol/wire/outcomes.hpp"
#include "protocol/wire/psa/autotask.hpp"
#include "protocol/wire/psa/autotask_replies.hpp"
#include "protocol/wire/psa/autotask_requests.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace ringdown::wire::psa {

namespace {

constexpr auto number_fields = std::to_array<std::string_view>({"company", "queue", "status", "priority_critical",
                                                                "priority_warning", "priority_info", "ticket_type",
                                                                "source", "note_type", "note_publish", "due_hours"});
constexpr std::size_t longest_number = 9;
constexpr std::size_t longest_due = 4;

field_description number_field(std::string_view name, std::string_view title, field_need need, std::string_view help,
                               std::string_view otherwise = {}) {
  return {name, title, field_kind::number, need, help, otherwise, {}};
}

} // namespace

dialect_description describe_autotask() {
  using enum field_need;
  dialect_description description;
  description.kind = "autotask";
  description.title = "Autotask PSA";
  description.is = channel_class::ticket;
  description.rows = delivery_kind::mirror;
  description.keys = target_key::searchable;
  description.limits = {.title = autotask_title_limit, .text = autotask_text_limit, .body = autotask_body_limit};
  description.connections = 2;
  // Three exchanges at once per integration and object: one is left for another node. 10,000 requests an hour per database,
  // of all its integrations together, slowed down from the half of it: a delivery takes up to five requests, so that one in
  // 3.6 s stays below that half, with some room for many tickets at once.
  description.account = {.per = std::chrono::milliseconds(3600), .burst = 60, .at_once = 2};
  description.fields = {
      {"username", "API user", field_kind::text, required, "e-mail address of an API-only resource", {}, {}},
      {"secret", "Secret of that user", field_kind::secret, required, "from the resource's security tab", {}, {}},
      {"integration_code",
       "Integration code",
       field_kind::secret,
       required,
       "tracking identifier, from the same tab",
       {},
       {}},
      number_field("company", "Company", optional, "of customers that have none of their own; 0 is your own"),
      number_field("queue", "Queue", required, "id; ringdownctl psa discover lists them"),
      number_field("priority_critical", "Priority of a critical", required, "id; psa discover lists them"),
      number_field("priority_warning", "Priority of a warning", required, "id"),
      number_field("priority_info", "Priority of an info", optional, "id; as a warning's when none"),
      number_field("note_type", "Type of a note", required, "id; psa discover lists them"),
      number_field("note_publish", "Who sees a note", optional, "id; 1 is usually all Autotask users, not the customer",
                   "1"),
      number_field("status", "Status of an open ticket", optional, "id; 1 is New, and 5, Complete, closes", "1"),
      number_field("ticket_type", "Ticket type", optional, "id; psa discover lists them"),
      number_field("source", "Source", optional, "id; psa discover lists them"),
      number_field("due_hours", "Due after", optional, "hours", "4"),
  };
  return description;
}

std::optional<std::string> check_autotask(const channel_config& channel) {
  if (auto fault = check_fields(describe_autotask(), channel)) return fault;
  for (const std::string_view field : number_fields) {
    const std::size_t most = field == "due_hours" ? longest_due : longest_number;
    if (setting(channel, field).size() > most) return std::string(field) + ": is too large";
  }
  const std::string status = setting(channel, "status");
  if (status.substr(std::min(status.find_first_not_of('0'), status.size())) == std::to_string(ticket_complete))
    return "status: 5 is Complete, which closes";
  if (!is_header_safe(setting(channel, "username"))) return "username: holds a character no user name has";
  for (const std::string_view field : {"secret", "integration_code"})
    if (!is_header_safe(secret(channel, field).reveal()))
      return std::string(field) + ": holds a character none of these has";
  return std::nullopt;
}

// Its database is known by no setting: whoever logs in as the same user meets the same limits.
std::string autotask_account(const channel_config& channel, const std::string& base_url) {
  std::string user = setting(channel, "username");
  std::ranges::transform(user, user.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return base_url + " " + user;
}

std::string autotask_address(const channel_config& channel, const delivery& /*row*/) {
  const std::string user = setting(channel, "username");
  const auto at = std::min(user.find('@'), user.size());
  return "autotask/" + user.substr(0, std::min<std::size_t>(2, at)) + "***" + user.substr(at);
}

} // namespace ringdown::wire::psa
