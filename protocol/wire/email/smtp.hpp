// Email over SMTP (C-06): one mail per delivery to one mailbox. A mail server knows no key of ours, so an outcome may stay
// unknown; the same delivery has the same Message-ID, by which many mailboxes show a repeat once.
#pragma once

#include "protocol/wire/dialect.hpp"

namespace ringdown::wire::email {

[[nodiscard]] dialect_description describe_smtp();
[[nodiscard]] std::optional<std::string> check_smtp(const channel_config& channel);
[[nodiscard]] dialect_step start_smtp(const delivery_job& job);
[[nodiscard]] dialect_step resume_smtp(const delivery_job& job, const conversation& at, const mail_outcome& answer);
[[nodiscard]] std::string smtp_address(const channel_config& channel, const delivery& row);

inline constexpr dialect smtp{describe_smtp, check_smtp, start_smtp, nullptr,
                              smtp_address,  nullptr,    nullptr,    resume_smtp};

} // namespace ringdown::wire::email
