// A running node: everything wired together, started and stopped in order. One per process; main thread only.
#pragma once

#include "actors/log.hpp"
#include "protocol/types/node_config.hpp"
#include "protocol/types/result.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace ringdown {

class database_wait;

class node {
public:
  // Takes the lock, opens the store, loads tenants, listens. One of several listens first, and waits for a database that is
  // away or does not let it in. The failure's kind tells the exit code: unavailable 75 (somebody else runs here, or has the
  // address; the database went away just as tenants were loaded), refused, corrupt and invalid 78, others 70.
  static result<std::unique_ptr<node>> start(node_config config, log_sink& log, database_wait& wait);
  virtual ~node() = default;

  [[nodiscard]] virtual std::string address() const = 0;
  // SIGHUP: read tenants' documents again under `fresh` and hand them to their actors; sends nothing by itself. What acts at
  // the next start only is logged and stays as it was.
  virtual void reload(const node_config& fresh) = 0;
  // About once a second: overdue answers; watchdog and heartbeat, each other time while all is well. True while scheduler, clock and the store's thread answer,
  // also when the store cannot write: a new start would not mend its disk.
  virtual bool tick() = 0;
  // No new polls and sends, what was begun ends, the store is closed (I18).
  virtual void stop(std::chrono::milliseconds within) = 0;
};

} // namespace ringdown
