// A tenant with two people: Jo is on call and told by push; Kim has a push of her own, and both a mailbox as backup.
#pragma once

#include "test/logic/tenant_bench.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace ringdown::test {

inline const channel_id kim_push{"kim-push"};
inline const channel_id mail{"noc-mail"};

inline tenant_config two_people() {
  tenant_config config = usual_config();
  config.users = {{user_id("jo"), "Jo", "", "", ""}, {user_id("kim"), "Kim", "", "", ""}};
  config.oncall.user = user_id("jo");
  config.channels.push_back(channel("kim-push", "ntfy"));
  config.channels.back().user = user_id("kim");
  config.channels.push_back(channel("noc-mail", "mail"));
  // By itself only Jo is told.
  config.routes = {{{}, {}, {"noc-push", "noc-hook"}}};
  return config;
}

inline tenant_config with_policy() {
  tenant_config config = two_people();
  config.escalation.steps = {{5min, {"user:kim"}}, {15min, {"channel:noc-mail", "oncall"}}};
  return config;
}

inline std::vector<delivery> rows_on(const tenant_bench& t, const channel_id& channel) {
  std::vector<delivery> found;
  std::ranges::copy_if(t.rows, std::back_inserter(found), [&](const delivery& d) { return d.channel == channel; });
  return found;
}

inline command of(command_kind kind, const alert_id& alert, const std::string& subject = "") {
  command c;
  c.kind = kind;
  c.alert = alert;
  c.subject = subject;
  return c;
}

inline const alert* failing_channel(const tenant_bench& t, const channel_id& id) {
  const auto at =
      t.machine().alerts().find({instance_id(), alert_type::channel_failing, {resource_kind::channel, id.str()}});
  return at == t.machine().alerts().end() || at->second.phase == alert_phase::resolved ? nullptr : &at->second;
}

} // namespace ringdown::test
