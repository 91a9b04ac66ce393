// Reasons as people say them: "it is snoozed" for masked_snooze.
#pragma once

#include <string>
#include <string_view>

namespace ringdown::ctl {

// The words and the name the rest of the world knows it by: "it is snoozed (masked_snooze)". Of a reason that this program
// does not know, the name alone; "" for none.
[[nodiscard]] std::string reason_words(std::string_view reason_name);

} // namespace ringdown::ctl
