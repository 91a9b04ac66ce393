// From HTTP to the outcome of an attempt: the part that is the same for all providers (S-D6). Answers kept for the
// ledger name a status or a transport error, never a word of the far end's.
#pragma once

#include "protocol/types/delivery.hpp"
#include "protocol/types/http.hpp"
#include "protocol/wire/dialect.hpp"

#include <string>
#include <string_view>

namespace ringdown::wire {

// Why there was no answer: "no answer: dns (cannot look up hooks.slack.com)". `host`: whom it was to reach; empty: the code
// alone.
[[nodiscard]] std::string no_answer_words(transport_error error, std::string_view host = {});

// An exchange without a response. Nothing sent: retry, or not_sent when it was our own deadline or a withdrawal.
// Something sent: unknown.
[[nodiscard]] attempt_outcome without_response(const http_outcome& what);

[[nodiscard]] attempt_outcome accepted(int status, std::string reference);
[[nodiscard]] attempt_outcome refused(int status, std::string_view note);
[[nodiscard]] attempt_outcome unknown(int status, std::string_view note);
// Takes Retry-After from the response.
[[nodiscard]] attempt_outcome retry(const http_response& response, wall_time now, std::string_view note);

// "https://host:port" of a URL; empty when it is none.
[[nodiscard]] std::string origin_of(std::string_view url);

// May stand in a header's value: visible ASCII only.
[[nodiscard]] bool is_header_safe(std::string_view text);

} // namespace ringdown::wire
