// What the tests of this folder start from: answers, a channel of each kind, a delivery with everything in it.
#pragma once

#include "protocol/types/delivery.hpp"
#include "protocol/types/http.hpp"
#include "protocol/types/mail.hpp"
#include "protocol/types/tenant_config.hpp"
#include "protocol/wire/dialect.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ringdown::samples {

// 2026-10-02T07:00:00Z
[[nodiscard]] wall_time noon();

[[nodiscard]] std::string fixture(std::string_view file);
[[nodiscard]] http_outcome answer(int status, std::string body, http_headers headers = {});
[[nodiscard]] http_outcome no_answer(transport_error error);   // nothing was sent
[[nodiscard]] http_outcome lost_answer(transport_error error); // something was sent
[[nodiscard]] mail_outcome mail_answer(int code, std::string enhanced = {});

[[nodiscard]] alert_view trunk_view();
[[nodiscard]] delivery fired_delivery();
[[nodiscard]] channel_config ntfy_channel();
[[nodiscard]] channel_config webhook_channel();
[[nodiscard]] channel_config slack_channel();
[[nodiscard]] channel_config autotask_channel();
[[nodiscard]] channel_config twilio_channel();
// What a dialect of several exchanges is answered before the first one that matters.
[[nodiscard]] std::vector<http_outcome> preface_of(std::string_view kind);
[[nodiscard]] channel_config email_channel();
[[nodiscard]] channel_config channel_of(std::string_view kind);
[[nodiscard]] wire::delivery_job job_for(const delivery& row, const channel_config& channel);

} // namespace ringdown::samples
