// Where every actor's health is written down (PRODUCT N-01): one probe per actor, kept across its restarts by its
// supervisor; read by metrics and API. Any thread.
#pragma once

#include "actors/metrics.hpp"
#include "protocol/types/ids.hpp"
#include "protocol/types/time.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace ringdown {

enum class actor_life : std::uint8_t { running, restarting, tripped, quarantined, stopped };
[[nodiscard]] std::string_view name(actor_life life);

// What all actors of a kind have been through, those that are gone too: these may only rise.
struct kind_history {
  histogram handling; // time per message
  counter restarts{0};
};

class actor_probe {
public:
  actor_probe(std::string who, std::string what_kind, std::string under, std::shared_ptr<kind_history> of_kind)
      : name(std::move(who)),
        kind(std::move(what_kind)),
        parent(std::move(under)),
        history(std::move(of_kind)) {}

  const std::string name; // "tenant/acme", "poller/acme/hq"
  const std::string kind; // "store", "clock", "group", "tenant", "poller", "channel", "carrier_watch"
  const std::string parent;
  const std::shared_ptr<kind_history> history; // shared by all actors of the kind

  std::atomic<actor_life> life{actor_life::running};
  std::atomic<std::uint64_t> restarts{0};
  std::atomic<std::uint64_t> handled{0};
  std::atomic<std::uint64_t> busy_nanos{0};

  // Messages that wait for the present life of the actor. Each life counts its own: what is sent to a dead one waits for
  // nobody.
  using depth = std::atomic<std::int64_t>;
  [[nodiscard]] std::shared_ptr<depth> open_mailbox();
  void close_mailbox(const std::shared_ptr<depth>& which); // of a life that ended
  [[nodiscard]] std::int64_t mailbox() const;

  void failed(std::string text, wall_time at);
  void restarted() {
    restarts.fetch_add(1, std::memory_order_relaxed);
    history->restarts.fetch_add(1, std::memory_order_relaxed);
  }
  struct last {
    std::string text;
    wall_time at;
  };
  [[nodiscard]] last last_error() const;

private:
  mutable std::mutex guard_;
  last last_;
  std::shared_ptr<depth> mailbox_; // shared with the actor that lives now; none: nobody does
};

// "channel/acme/noc-push" -> "acme"; nothing for what no tenant has: root, store, clock and the groups.
[[nodiscard]] std::optional<tenant_id> tenant_of(const std::string& actor);

// What a poller lets others see of its instance (/api/v1/instances); written by the poller after each poll.
struct instance_glance {
  std::uint64_t polls = 0;
  std::string why; // what the last poll meant: "unchanged", "confirming", ...
  wall_time last_poll;
  wall_time last_complete; // epoch: never
  wall_time next_poll;
};

class health_board {
public:
  // The probe of that name; a new one, or the one its predecessor left.
  std::shared_ptr<actor_probe> probe(const std::string& name, const std::string& kind, const std::string& parent);
  void drop(const std::string& name);
  [[nodiscard]] std::vector<std::shared_ptr<const actor_probe>> all() const;
  [[nodiscard]] std::map<std::string, std::shared_ptr<const kind_history>> kinds() const;

  // How often an actor has died since it last lived long (S-D5), by its name; the store keeps the same. It outlives probes.
  // As the store had it when the process, or the shard, began.
  void set_deaths(const std::string& name, std::uint32_t count, wall_time last);
  void forget_deaths(const tenant_id& tenant); // of all its actors: another node counted meanwhile
  void died(const std::string& name, wall_time at);
  void lived_long(const std::string& name);
  [[nodiscard]] std::uint32_t deaths(const std::string& name) const;
  // The epoch: none is known.
  [[nodiscard]] wall_time last_death(const std::string& name) const;

  void show(const std::string& instance, instance_glance glance); // "tenant/instance"
  void forget(const std::string& instance);
  [[nodiscard]] std::map<std::string, instance_glance> glances() const;

private:
  mutable std::mutex guard_;
  std::map<std::string, std::shared_ptr<actor_probe>> probes_;
  std::map<std::string, std::shared_ptr<kind_history>> kinds_;
  std::map<std::string, instance_glance> glances_;
  std::map<std::string, std::uint32_t> deaths_;
  std::map<std::string, wall_time> last_deaths_;
};

} // namespace ringdown
