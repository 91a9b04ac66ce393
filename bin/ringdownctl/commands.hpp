// Every command: reads its arguments from the session, returns an exit code.
#pragma once

#include "bin/ringdownctl/session.hpp"

#include <set>
#include <string>

namespace ringdown::ctl {

// listings.cpp, details.cpp
int list_alerts(session& run);
int list_instances(session& run);
int list_trunks(session& run);
int list_deliveries(session& run);
int list_actors(session& run);
int list_nodes(session& run);
int ask_psa(session& run);
int show_alert(session& run);
int explain_alert(session& run);
int show_delivery(session& run);
// Of an answer to `explain`: a line for each channel that was told nothing, but for those in `tried`.
std::string others_in_short(const session::reply& explained, const std::set<std::string>& tried);
int show_version(session& run);

// acts.cpp
int acknowledge(session& run);
int snooze(session& run);
int mute_type(session& run);
int silence(session& run);
int renotify(session& run);
int resend(session& run);
int restart_actor(session& run);
int drain_node(session& run);
int test_channel(session& run);
int drill(session& run);
int on_call(session& run);
int phone(session& run);

// tenant_commands.cpp
int check_config(session& run);
int apply_files(session& run);
int diff_files(session& run);
int export_files(session& run);

// store_commands.cpp
int backup(session& run);
int restore(session& run);
int audit(session& run);

// doctor.cpp
int doctor(session& run);

} // namespace ringdown::ctl
