// What a voice provider is beyond an ordinary dialect: a call goes on after it was taken. It can be asked about and ended, and
// the provider calls back while it lasts. Functions from value to value, like the dialect itself.
#pragma once

#include "protocol/types/call.hpp"
#include "protocol/types/http.hpp"
#include "protocol/types/result.hpp"
#include "protocol/wire/dialect.hpp"
#include "protocol/wire/form.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace ringdown::wire {

// A request of a provider to us, as it was signed.
struct callback {
  std::string url; // as the provider was given it: our public URL, path and query
  std::string method;
  http_headers headers;
  form_fields fields; // of a POST's body
};

enum class callback_kind : std::uint8_t {
  script, // answered: what is to be said?
  keys,   // a key was pressed, or none in time
  status  // how it goes on
};
struct callback_event {
  call_progress heard;
  std::optional<char> key; // 0-9, *, #
};

enum class hang_up_end : std::uint8_t { done, again };

struct call_functions {
  // Ends a call: before it was answered by taking it back, after it by hanging up.
  http_request (*hang_up)(const delivery_job&, const std::string& reference, call_stage stage);
  hang_up_end (*after_hang_up)(const http_outcome&);
  http_request (*ask)(const delivery_job&, const std::string& reference);
  result<call_progress> (*read_answer)(const http_outcome&);
  // Signed with the account's secret, over exactly this URL and these fields (S-04).
  bool (*is_genuine)(const channel_config&, const callback&);
  result<callback_event> (*read_callback)(const callback&, callback_kind);
  // Documents for the provider: the whole script with its menu, one sentence and the end, nothing at all.
  std::string (*speak)(const channel_config&, const call_script&, const std::string& keys_url);
  std::string (*speak_short)(const channel_config&, const std::string& sentence);
  std::string (*hang_up_document)();
};

} // namespace ringdown::wire
