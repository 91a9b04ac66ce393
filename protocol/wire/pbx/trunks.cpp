// Trunks: states after PRODUCT D-05, from IsOnline, the two Enable flags and the registration times. TrunkRegTimes is a
// list of {Name, Value}: sent_time, ok_time, failed_time, fail_code (seen on live systems; the formats of the values
// are not documented, so times are compared when they can be read and kept raw otherwise).
#include "protocol/wire/pbx/collection.hpp"
#include "protocol/wire/text.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace ringdown::wire::pbx {

namespace {

constexpr std::size_t longest_code = 40;
constexpr std::size_t longest_issue = 200; // bytes; a longer ConfigurationIssue is no word of the PBX

enum class times_seen { absent, listed };

struct trunk_fields {
  std::optional<std::int64_t> id;
  std::string number;
  std::optional<bool> online;
  std::optional<bool> inbound;
  std::optional<bool> outbound;
  trunk_direction direction = trunk_direction::unknown;
  std::string issue;
  bool issue_readable = true;
  std::string gateway_name;
  std::string host;
  std::string type;
  std::string registration;
  times_seen times = times_seen::absent;
  std::string ok_time;
  std::string failed_time;
  std::string fail_code;
};

enum class failure_record { none, failed, unclear };

failure_record recorded(const trunk_fields& trunk) {
  if (!trunk.fail_code.empty()) return failure_record::failed;
  if (trunk.failed_time.empty()) return failure_record::none;
  if (trunk.ok_time.empty()) return failure_record::failed;
  const auto failed = parse_rfc3339(trunk.failed_time);
  const auto ok = parse_rfc3339(trunk.ok_time);
  if (!failed || !ok) return failure_record::unclear;
  return *failed >= *ok ? failure_record::failed : failure_record::none;
}

bool switched_off(const trunk_fields& trunk) { return trunk.inbound == false && trunk.outbound == false; }

// One direction is off and the other not said.
bool perhaps_switched_off(const trunk_fields& trunk) {
  return (trunk.inbound == false && !trunk.outbound) || (trunk.outbound == false && !trunk.inbound);
}

resource_state state_when_offline(const trunk_fields& trunk) {
  if (perhaps_switched_off(trunk)) return resource_state::unknown;
  if (trunk.times == times_seen::listed && recorded(trunk) == failure_record::failed)
    return resource_state::failed_registration;
  // The API's own word (AnalysisCode); any other remark explains a trunk that is down and does not excuse it. After the
  // test for a failure: a stale remark must not hide one.
  if (trunk.issue == "TrunkIsDisabled") return resource_state::disabled;
  if (!trunk.issue_readable) return resource_state::unknown;
  if (trunk.times == times_seen::absent || recorded(trunk) == failure_record::unclear)
    return resource_state::down_unspecified;
  return resource_state::unregistered;
}

resource_state state_of(const trunk_fields& trunk) {
  if (switched_off(trunk)) return resource_state::disabled;
  // Without its type a bridge cannot be told from a trunk, so nothing is said of either.
  if (!trunk.online || trunk.type.empty()) return resource_state::unknown;
  if (!*trunk.online) return state_when_offline(trunk);
  return trunk.registration == "Nothing" ? resource_state::online : resource_state::registered;
}

// SIP answers to REGISTER (RFC 3261, 21.4): 401, 403 and 407 refuse the credentials; 408 and 504 stand for silence.
cause cause_of(const trunk_fields& trunk) {
  int code = 0;
  const char* const begin = trunk.fail_code.data();
  const auto [end, error] = std::from_chars(begin, begin + trunk.fail_code.size(), code);
  if (error != std::errc() || end != begin + 3) return cause::none;
  if (code == 401 || code == 403 || code == 407) return cause::credentials_rejected;
  return code == 408 || code == 504 ? cause::provider_silent : cause::none;
}

trunk_direction direction_of(std::string_view word) {
  if (word == "Both") return trunk_direction::both;
  if (word == "Inbound") return trunk_direction::inbound;
  if (word == "Outbound") return trunk_direction::outbound;
  return word == "None" ? trunk_direction::none : trunk_direction::unknown;
}

std::string label_of(const trunk_fields& trunk) {
  if (!trunk.gateway_name.empty()) return trunk.gateway_name;
  return trunk.number.empty() ? fmt::format("Trunk {}", *trunk.id) : trunk.number;
}

// Gateway.Type of the official specification but "Unknown"; "SBC" is none of them.
constexpr std::array<std::string_view, 8> gateway_types{
    "Analog", "Provider", "BridgeMaster", "BridgeSlave", "BridgeSlaveOverTunnel", "BRI", "T1", "E1"};

trunk_reading reading_of(const trunk_fields& trunk) {
  trunk_reading read;
  read.key = std::to_string(*trunk.id);
  // BridgeMaster, BridgeSlave, BridgeSlaveOverTunnel; never by name.
  read.kind = trunk.type.starts_with("Bridge") ? resource_kind::bridge : resource_kind::trunk;
  read.kind_known = std::ranges::find(gateway_types, trunk.type) != gateway_types.end();
  read.label = label_of(trunk);
  read.number = trunk.number;
  read.host = trunk.host;
  read.direction = trunk.direction;
  read.state = state_of(trunk);
  if (read.state == resource_state::failed_registration) read.why = cause_of(trunk);
  if (recorded(trunk) == failure_record::failed) read.detail = trunk.fail_code;
  const bool failed_by_code = read.state == resource_state::failed_registration;
  if (trunk.online == false && !failed_by_code) read.detail = trunk.issue;
  return read;
}

class trunk_visitor final : public collection_visitor {
public:
  [[nodiscard]] std::vector<trunk_reading> take() { return std::move(trunks_); }

protected:
  void begin_item() override {
    trunk_ = {};
    time_name_.clear();
    time_value_.clear();
  }
  void on_field(const json_path& path, const json_value& value) override {
    if (path.depth() == 3) return plain_field(path.last(), value);
    if (path.depth() == 4 && path.key(2) == "Gateway") return gateway_field(path.last(), value);
    if (path.depth() == 5 && path.key(2) == "TrunkRegTimes") time_field(path.last(), value);
  }
  void end_field(const json_path& path) override {
    if (path.depth() != 4 || path.key(2) != "TrunkRegTimes") return;
    if (time_name_ == "ok_time") trunk_.ok_time = time_value_;
    if (time_name_ == "failed_time") trunk_.failed_time = time_value_;
    if (time_name_ == "fail_code") trunk_.fail_code = time_value_;
    time_name_.clear();
    time_value_.clear();
  }
  bool end_item() override {
    if (!trunk_.id || *trunk_.id < 0) return false;
    trunks_.push_back(reading_of(trunk_));
    return true;
  }

private:
  void plain_field(std::string_view field, const json_value& value) {
    if (field == "Id")
      trunk_.id = value.as_integer();
    else if (field == "Number")
      trunk_.number = name_in(value);
    else if (field == "IsOnline")
      trunk_.online = value.as_bool();
    else if (field == "EnableInboundCalls")
      trunk_.inbound = value.as_bool();
    else if (field == "EnableOutboundCalls")
      trunk_.outbound = value.as_bool();
    else if (field == "Direction")
      trunk_.direction = direction_of(value.as_text().value_or(std::string_view()));
    else if (field == "ConfigurationIssue")
      issue(value);
    else if (field == "TrunkRegTimes" && value.kind == json_kind::array)
      trunk_.times = times_seen::listed;
  }
  void issue(const json_value& value) {
    const auto text = value.as_text();
    trunk_.issue_readable = value.kind == json_kind::null || (text && text->size() <= longest_issue);
    if (text && trunk_.issue_readable) trunk_.issue = one_line(*text, longest_name);
  }
  void gateway_field(std::string_view field, const json_value& value) {
    if (field == "Name")
      trunk_.gateway_name = name_in(value);
    else if (field == "Host")
      trunk_.host = name_in(value);
    else if (field == "Type")
      trunk_.type = name_in(value);
    else if (field == "RequireRegistrationFor")
      trunk_.registration = name_in(value);
  }
  void time_field(std::string_view field, const json_value& value) {
    if (field == "Name") time_name_ = value.as_text().value_or(std::string_view());
    // A code may come as a number.
    if (field != "Value") return;
    if (value.kind == json_kind::integer)
      time_value_ = std::to_string(value.integer);
    else
      time_value_ = one_line(value.as_text().value_or(std::string_view()), longest_code);
  }

  trunk_fields trunk_;
  std::string time_name_;
  std::string time_value_;
  std::vector<trunk_reading> trunks_;
};

} // namespace

reading<std::vector<trunk_reading>> read_trunks(answer_pages pages, wall_time now) {
  trunk_visitor visitor;
  auto fault = read_pages(pages, now, visitor);
  return whole_reading(std::move(fault), visitor.take());
}

reading<std::vector<trunk_reading>> read_trunks(const http_outcome& outcome, wall_time now) {
  const auto page = as_page(outcome);
  return read_trunks(answer_pages(&page, 1), now);
}

} // namespace ringdown::wire::pbx
