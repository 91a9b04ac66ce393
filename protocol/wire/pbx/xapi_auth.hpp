// OAuth client credentials at a 3CX v20: the token request and what its answer says. A PBX keeps one active token per
// client, and blacklists an address after more than three wrong logins: who asks must be sparing.
#pragma once

#include "protocol/types/http.hpp"
#include "protocol/types/observation.hpp"
#include "protocol/types/secret_text.hpp"
#include "protocol/types/time.hpp"
#include "protocol/wire/pbx/xapi.hpp"

namespace ringdown::wire::pbx {

struct access_token {
  secret_text value;
  wall_time expires;
};

// POST {url}/connect/token, form-urlencoded, credentials in the body.
[[nodiscard]] http_request token_request(const pbx_target& target);

// Life time: the JWT's exp - iat counted from `now` (so that a PBX's wrong clock does no harm), its exp when there is
// no iat, else expires_in taken as seconds (builds before 20.0.9 meant minutes: too short is safe), else 60 s.
// read_problem::unauthorized: the PBX refuses these credentials, in whatever words: every 4xx but 403 (forbidden), 404,
// 408 and 429.
[[nodiscard]] reading<access_token> read_token(const http_outcome& outcome, wall_time now);

// Whether the PBX counts this failure of read_token as a wrong login.
[[nodiscard]] bool is_wrong_login(const read_failure& why);
// Whether it certainly does not: nothing was sent, or it was turned away before anybody looked at the credentials.
[[nodiscard]] bool is_unjudged_login(const http_outcome& outcome);

} // namespace ringdown::wire::pbx
