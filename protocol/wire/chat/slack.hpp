// Chat over a Slack incoming webhook: one message per version of an alert, in a coloured attachment of Block Kit. The hook
// returns no id, so nothing said can be changed or searched for: a repeat is a second message, and says so.
#pragma once

#include "protocol/wire/dialect.hpp"

#include <string>
#include <string_view>

namespace ringdown::wire::chat {

[[nodiscard]] dialect_description describe_slack();
[[nodiscard]] std::optional<std::string> check_slack(const channel_config& channel);
[[nodiscard]] dialect_step start_slack(const delivery_job& job);
[[nodiscard]] dialect_step resume_slack(const delivery_job& job, const conversation& at, const http_outcome& answer);
[[nodiscard]] std::string slack_address(const channel_config& channel, const delivery& row);
[[nodiscard]] std::string slack_account(const channel_config& channel, const std::string& base_url);

inline constexpr dialect slack{describe_slack, check_slack, start_slack, resume_slack, slack_address,
                               nullptr,        nullptr,     nullptr,     slack_account};

// &, < and > as Slack wants them, then at most `units` UTF-16 code units: cut between code points, never within an
// entity, and ended with an ellipsis.
[[nodiscard]] std::string escaped_for_slack(std::string_view text, std::size_t units);

} // namespace ringdown::wire::chat
