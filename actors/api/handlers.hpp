// Every route of the outside face; docs/http-api.md says the same in words. Handlers answer once, from any thread.
#pragma once

#include "actors/api/context.hpp"

#include <string>
#include <vector>

namespace ringdown::api {

// The variable parts of a path, in order: "/api/v1/alerts/*/ack" gives one.
using path_parts = std::vector<std::string>;
using route_handler = void (*)(context&, const server_request&, const path_parts&, const respond&);

// The whole outside face: routing, the bearer token, unknown paths and methods.
void answer_request(context& in, const server_request& request, const respond& answer);
// While there is no context yet: alive, not ready for this reason, and no answer to anything else.
[[nodiscard]] server_response answer_before_start(const server_request& request, const std::string& reason);

// fleet_handlers.cpp
void get_version(context&, const server_request&, const path_parts&, const respond&);
void get_nodes(context&, const server_request&, const path_parts&, const respond&);
void post_drain_node(context&, const server_request&, const path_parts&, const respond&);
void get_tenants(context&, const server_request&, const path_parts&, const respond&);
void get_instances(context&, const server_request&, const path_parts&, const respond&);

// read_handlers.cpp
void get_alerts(context&, const server_request&, const path_parts&, const respond&);
void get_alert(context&, const server_request&, const path_parts&, const respond&);
void get_explain(context&, const server_request&, const path_parts&, const respond&);
void get_deliveries(context&, const server_request&, const path_parts&, const respond&);
void get_delivery(context&, const server_request&, const path_parts&, const respond&);
void get_trunks(context&, const server_request&, const path_parts&, const respond&);
void get_audit(context&, const server_request&, const path_parts&, const respond&);
void verify_audit(context&, const server_request&, const path_parts&, const respond&);

// command_handlers.cpp
void post_acknowledge(context&, const server_request&, const path_parts&, const respond&);
void post_snooze(context&, const server_request&, const path_parts&, const respond&);
void post_renotify(context&, const server_request&, const path_parts&, const respond&);
void post_mute(context&, const server_request&, const path_parts&, const respond&);
void post_silence(context&, const server_request&, const path_parts&, const respond&);
void post_resend(context&, const server_request&, const path_parts&, const respond&);
void post_test_channel(context&, const server_request&, const path_parts&, const respond&);

// discovery_handlers.cpp
void get_choices(context&, const server_request&, const path_parts&, const respond&);

// actor_handlers.cpp
void get_actors(context&, const server_request&, const path_parts&, const respond&);
void post_restart_actor(context&, const server_request&, const path_parts&, const respond&);

// config_handlers.cpp
void get_tenant_file(context&, const server_request&, const path_parts&, const respond&);
void put_tenant_file(context&, const server_request&, const path_parts&, const respond&);
void delete_tenant(context&, const server_request&, const path_parts&, const respond&);

// health_handlers.cpp
void get_livez(context&, const server_request&, const path_parts&, const respond&);
void get_readyz(context&, const server_request&, const path_parts&, const respond&);
void get_metrics(context&, const server_request&, const path_parts&, const respond&);

// callback_handlers.cpp
void post_callback(context&, const server_request&, const path_parts&, const respond&);

// voice_handlers.cpp
void post_phone_code(context&, const server_request&, const path_parts&, const respond&);
void post_phone_confirm(context&, const server_request&, const path_parts&, const respond&);
void post_oncall(context&, const server_request&, const path_parts&, const respond&);
void post_drill(context&, const server_request&, const path_parts&, const respond&);
void get_oncall(context&, const server_request&, const path_parts&, const respond&);

// acknowledge_page.cpp
void show_acknowledge_page(context&, const server_request&, const path_parts&, const respond&);
void acknowledge_by_link(context&, const server_request&, const path_parts&, const respond&);

} // namespace ringdown::api
