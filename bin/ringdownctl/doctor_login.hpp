// The upper steps of the doctor: the web server, ONE login, and the four endpoints a poller reads.
#pragma once

#include "actors/net/http_port.hpp"
#include "bin/ringdownctl/doctor_report.hpp"
#include "protocol/wire/pbx/xapi.hpp"

namespace ringdown::ctl {

// false: it does not answer as a web server should, and asking on is pointless.
[[nodiscard]] bool examine_http(net::http_port& port, const wire::pbx::pbx_target& target, doctor_report& report);

// One token request, never repeated: a PBX blacklists an address after a few wrong logins. Then the endpoints.
void examine_login(net::http_port& port, const wire::pbx::pbx_target& target, wall_time now, doctor_report& report);

} // namespace ringdown::ctl
