// What a database says of itself: since when it is this one, and with which key its secrets are sealed.
#pragma once

#include "persistence/open_mode.hpp"
#include "persistence/secrets.hpp"
#include "persistence/sql/connection.hpp"
#include "protocol/types/result.hpp"

namespace ringdown::persistence {

// Delivery keys begin anew with every database and every restore: the far ends remember the keys of the time that was lost.
void begin_lineage(connection& db);
void begin_lineage_if_none(connection& db);

// A sealed constant, which opens only under the key all secrets were sealed with; the first writer makes it. refused: another
// key.
[[nodiscard]] result<void> check_key(connection& db, const secret_box& box, open_mode mode);

} // namespace ringdown::persistence
