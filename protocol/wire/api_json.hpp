// The JSON objects of the API and of webhooks: snake_case, times RFC 3339 UTC, absent times and names null. Each
// function writes the members into an object the caller has opened, so that the caller may add its own.
#pragma once

#include "protocol/types/alert.hpp"
#include "protocol/types/delivery.hpp"
#include "protocol/types/notice.hpp"
#include "protocol/types/record.hpp"
#include "protocol/types/resource.hpp"
#include "protocol/types/tenant_config.hpp"
#include "protocol/wire/json_writer.hpp"

#include <string>
#include <string_view>

namespace ringdown::wire {

void write_members(json_writer& json, const alert_view& what);
void write_members(json_writer& json, const alert& what);
void write_members(json_writer& json, const delivery& what); // without the notice's alerts and link
void write_members(json_writer& json, const attempt& what);
void write_members(json_writer& json, const decision& what);
void write_members(json_writer& json, const audit_entry& what);
void write_members(json_writer& json, const acknowledgement& what);
// id, name, customer, url: never the secret.
void write_members(json_writer& json, const instance_config& what);
// reach, cause, since, version, blind: [endpoint], starting.
void write_members(json_writer& json, const instance_health& what);
// id, name, kind, state, provider, number, direction, role, since, detail: a trunk, or any other resource.
void write_members(json_writer& json, const resource_record& what);
void write_resource(json_writer& json, const resource_ref& ref, std::string_view label, std::string_view provider);

// application/problem+json (RFC 9457). `title` names the kind of problem, `detail` this one; neither a secret.
// Its members are for a problem that has more to say.
void write_problem(json_writer& json, int status, std::string_view title, std::string_view detail);
[[nodiscard]] std::string problem_json(int status, std::string_view title, std::string_view detail);

} // namespace ringdown::wire
