// Where the databases of simulated worlds are made: an empty one is made once, with all migrations, and copied for each
// world. Syncs are left out: a simulated crash is one of the process, and nothing that was committed is lost by it.
#pragma once

#include "persistence/secrets.hpp"
#include "persistence/store.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace ringdown::persistence {
class sqlite_connection;
} // namespace ringdown::persistence

namespace ringdown::simulation {

class workshop {
public:
  // In a folder of its own below the system's temporary one; throws when that cannot be.
  workshop();
  ~workshop();
  workshop(const workshop&) = delete;
  workshop& operator=(const workshop&) = delete;

  // Of one world; its files go with it.
  class place {
  public:
    place(std::string file, const persistence::secret_box& box);
    ~place();
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    [[nodiscard]] std::unique_ptr<persistence::store> open() const;
    // Makes this the owner of the one shard that the database knows.
    void put_owner(const fence& owner) const;

  private:
    std::string file_;
    const persistence::secret_box& box_;
    mutable std::unique_ptr<persistence::sqlite_connection> owners_; // opened when it is first needed
  };
  [[nodiscard]] std::unique_ptr<place> make();

private:
  std::string folder_;
  std::optional<persistence::secret_box> box_;
  std::uint64_t made_ = 0;
};

} // namespace ringdown::simulation
