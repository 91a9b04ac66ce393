// Rows and records of calls, and the claim of a channel that calls.
#pragma once

#include "test/persistence/builders.hpp"
#include "test/support/catch.hpp"

#include <string>
#include <vector>

namespace ringdown::persistence::conformance {

using ids = std::vector<std::string>;

inline const std::string number = "+12025550101";

inline delivery call_row(const std::string& id, const alert& about, const std::string& to = number) {
  delivery row = make_row(id, about);
  row.target = to;
  return row;
}

inline call_record record_of(const delivery& row) {
  call_record c;
  c.call = row.id;
  c.channel = row.channel;
  c.lead = row.alert;
  c.number = row.target;
  c.person = "jo";
  c.made = c.changed = noon;
  return c;
}

inline ids claimed(desk& at, wall_time now = noon, const tenant_id& tenant = tenant_id("acme")) {
  auto answer = at.held->claim({tenant, channel_id("push"), at.owner, 10, now, target_use::exclusive});
  REQUIRE(answer.ok());
  ids found;
  for (const delivery& row : answer->rows) found.push_back(row.id.str());
  return found;
}

} // namespace ringdown::persistence::conformance
