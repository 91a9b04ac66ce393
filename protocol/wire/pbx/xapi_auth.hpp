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
// read_problem::unauthorized: the PBX refuses these credentials (invalid_client, unauthorized_client, 401), which
// counts as a wrong login; anything else is another problem.
[[nodiscard]] reading<access_token> read_token(const http_outcome& outcome, wall_time now);

} // namespace ringdown::wire::pbx
