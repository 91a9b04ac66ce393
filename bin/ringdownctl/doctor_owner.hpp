// Who watches the PBX that the doctor looks at (S-K2): a login of ours would be one more that the PBX counts, and would end the
// token of whoever watches it. So the daemon that is known here is asked first, and what the owner says is told instead.
#pragma once

#include "actors/net/resolver.hpp"
#include "bin/ringdownctl/doctor_report.hpp"
#include "bin/ringdownctl/session.hpp"

#include <string>
#include <vector>

namespace ringdown::ctl {

// By what a daemon may know it.
struct watched_as {
  std::string host;               // as in --url, lower case
  int port = 0;                   // of --url
  net::addresses addresses;       // that the host has, or --address
  int real_port = 0;              // of --address, or of --url
  std::vector<std::string> names; // of the certificate that it shows
};

// True: no login of ours is to be made, and the report says why. False also when there is no daemon to ask.
[[nodiscard]] bool is_left_to_its_owner(const session& run, const watched_as& who, doctor_report& report);

} // namespace ringdown::ctl
