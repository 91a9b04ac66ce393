// What a tenant's decision asks for. The tenant actor carries it out: everything in `batch` in one transaction, and only
// after its commit the rest.
#pragma once

#include "protocol/types/alert.hpp"
#include "protocol/types/call.hpp"
#include "protocol/types/command.hpp"
#include "protocol/types/delivery.hpp"
#include "protocol/types/record.hpp"
#include "protocol/types/time.hpp"

#include <optional>
#include <string>
#include <vector>

namespace ringdown::logic {

// A call that nobody waits for any more.
struct hang_up_wish {
  channel_id channel;
  delivery_id call;
  std::string reference; // empty: its provider has not been heard yet
  call_stage stage = call_stage::wanted;
};

struct effects {
  // Durable.
  std::vector<alert> alerts; // upserts, each at most once
  std::vector<suppression> suppressions;
  std::vector<delivery> deliveries; // all pending; the actor marks those it has credit for as born claimed
  std::vector<decision> decisions;
  std::vector<mute> mutes;
  std::vector<command_result> commands;
  std::vector<audit_entry> audits;
  std::vector<call_record> calls;
  std::vector<delivery_id> confirmed;
  std::vector<phone_record> phones;
  std::optional<oncall_pointer> oncall;
  // After the commit.
  std::vector<instance_id> settle; // ask these pollers to say what is current
  std::vector<alert_id> withdraw;  // tell channels to drop what they hold for these alerts and have not begun
  std::vector<hang_up_wish> hang_ups;
  severity urgency = severity::info;

  [[nodiscard]] bool empty() const;
  void append(effects more);
};

} // namespace ringdown::logic
