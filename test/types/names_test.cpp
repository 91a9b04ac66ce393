// Names are what files, the store and the API say: each enumerator has one, they differ, and they read back.
#include "protocol/types/alert.hpp"
#include "protocol/types/call.hpp"
#include "protocol/types/command.hpp"
#include "protocol/types/delivery.hpp"
#include "protocol/types/notice.hpp"
#include "protocol/types/reason.hpp"
#include "protocol/types/resource.hpp"
#include "protocol/types/severity.hpp"
#include "test/support/catch.hpp"

#include <set>
#include <string>

namespace ringdown {

namespace {

template <class Enum>
void check_names(Enum last, std::optional<Enum> (*parse)(std::string_view)) {
  std::set<std::string> seen;
  for (unsigned value = 0; value <= static_cast<unsigned>(last); ++value) {
    const auto one = static_cast<Enum>(value);
    const std::string text(name(one));
    INFO(text);
    CHECK_FALSE(text.empty());
    CHECK(seen.insert(text).second);
    CHECK(parse(text) == one);
  }
  CHECK_FALSE(parse("").has_value());
  CHECK_FALSE(parse("no such thing").has_value());
  CHECK_FALSE(parse(std::string(name(last)) + " ").has_value());
}

} // namespace

TEST_CASE("every enumerator has a name of its own that reads back") {
  check_names(alert_type::drill, parse_alert_type);
  check_names(alert_phase::resolved, parse_alert_phase);
  check_names(call_stage::ended, parse_call_stage);
  check_names(call_result::cancelled, parse_call_result);
  check_names(command_kind::drill, parse_command_kind);
  check_names(delivery_kind::log, parse_delivery_kind);
  check_names(delivery_state::digested, parse_delivery_state);
  check_names(outcome_kind::not_sent, parse_outcome_kind);
  check_names(notice_event::test, parse_notice_event);
  check_names(reason::outcome_unknown, parse_reason);
  check_names(resource_kind::provider, parse_resource_kind);
  check_names(resource_state::removed, parse_resource_state);
  check_names(condition::removed, parse_condition);
  check_names(trunk_role::failover, parse_trunk_role);
  check_names(trunk_direction::both, parse_trunk_direction);
  check_names(cause::login_paused, parse_cause);
  check_names(reachability::unreachable, parse_reachability);
  check_names(severity::critical, parse_severity);
  check_names(category::configurable, parse_category);
}

TEST_CASE("the last names stand for the last enumerators") {
  CHECK(name(reason::outcome_unknown) == "outcome_unknown");
  CHECK(name(reason::superseded) == "superseded");
  CHECK(name(reason::first) == "first");
  CHECK(name(cause::login_paused) == "login_paused");
  CHECK(name(resource_state::down_unspecified) == "down_unspecified");
  CHECK(name(resource_state::removed) == "removed");
  CHECK(name(command_answer::refused) == "refused");
}

TEST_CASE("alert types are listed in the order of the enum, with their usual severity") {
  std::size_t at = 0;
  for (const alert_type_facts& one : alert_types()) {
    CHECK(static_cast<std::size_t>(one.type) == at++);
    CHECK(&facts(one.type) == &one);
    CHECK_FALSE(one.phrase.empty());
  }
  CHECK(at == 12);
  CHECK(facts(alert_type::instance_unreachable).usual == severity::critical);
  CHECK(facts(alert_type::instance_degraded).usual == severity::info);
  CHECK(facts(alert_type::sim_calls).usual == severity::warning);
  CHECK(facts(alert_type::bridge_down).about == resource_kind::bridge);
}

TEST_CASE("one severity below ends at info") {
  CHECK(one_below(severity::critical) == severity::warning);
  CHECK(one_below(severity::warning) == severity::info);
  CHECK(one_below(severity::info) == severity::info);
}

TEST_CASE("a resource is written as kind and key") {
  CHECK(to_text({resource_kind::trunk, "61"}) == "trunk/61");
  CHECK(to_text({resource_kind::instance, ""}) == "instance");
  CHECK(parse_resource_ref("sbc/Front/Door") == resource_ref{resource_kind::sbc, "Front/Door"});
  CHECK(parse_resource_ref("calls") == resource_ref{resource_kind::calls, ""});
  CHECK_FALSE(parse_resource_ref("fax/1").has_value());
}

TEST_CASE("masks are a set, and any of them keeps an alert quiet") {
  alert a;
  CHECK(is_notifiable(a));
  a.masks = with(with(0, mask::parent), mask::mute);
  CHECK(has(a.masks, mask::parent));
  CHECK_FALSE(has(a.masks, mask::snooze));
  CHECK_FALSE(is_notifiable(a));
  a.masks = without(without(a.masks, mask::parent), mask::mute);
  CHECK(is_notifiable(a));
  a.phase = alert_phase::acknowledged;
  CHECK_FALSE(is_notifiable(a));
  CHECK(name(mask::maintenance) == "maintenance");
}

} // namespace ringdown
