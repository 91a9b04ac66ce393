#include "actors/api/metrics_text.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <limits>
#include <sstream>
#include <utility>
#include <vector>

namespace ringdown::api {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using labels = std::vector<ClientMetric::Label>;

class page {
public:
  void begin(std::string name, std::string help, MetricType type) {
    families_.emplace_back();
    families_.back().name = std::move(name);
    families_.back().help = std::move(help);
    families_.back().type = type;
  }
  void value(double value, labels with = {}) {
    ClientMetric metric;
    metric.label = std::move(with);
    if (families_.back().type == MetricType::Counter)
      metric.counter.value = value;
    else
      metric.gauge.value = value;
    families_.back().metric.push_back(std::move(metric));
  }
  void count(std::string name, std::string help, double seen) {
    begin(std::move(name), std::move(help), MetricType::Counter);
    value(seen);
  }
  void gauge(std::string name, std::string help, double seen) {
    begin(std::move(name), std::move(help), MetricType::Gauge);
    value(seen);
  }
  void seconds(std::string name, std::string help, const histogram& from) {
    begin(std::move(name), std::move(help), MetricType::Histogram);
    distribution(from);
  }
  void distribution(const histogram& from, labels with = {}) {
    ClientMetric metric;
    metric.label = std::move(with);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= histogram::bounds.size(); ++i) {
      total += from.bucket(i);
      const double bound =
          i < histogram::bounds.size() ? histogram::bounds[i] : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back({total, bound});
    }
    metric.histogram.sample_count = total;
    metric.histogram.sample_sum = from.sum_seconds();
    families_.back().metric.push_back(std::move(metric));
  }
  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return out.str();
  }

private:
  std::vector<MetricFamily> families_;
};

double of(const counter& seen) { return static_cast<double>(seen.load(std::memory_order_relaxed)); }

std::string text(std::string_view name) { return std::string(name); }

void polls(page& out, const node_metrics& m) {
  out.begin("ringdown_polls_total", "Polls of PBXes by result.", MetricType::Counter);
  out.value(of(m.polls_complete), {{"result", "complete"}});
  out.value(of(m.polls_partial), {{"result", "partial"}});
  out.value(of(m.polls_failed), {{"result", "failed"}});
  out.count("ringdown_polls_late_total", "Poll slots that came while the poll before was still running.",
            of(m.polls_late));
  out.seconds("ringdown_poll_seconds", "Time one whole poll of a PBX took.", m.poll_seconds);
  out.count("ringdown_logins_total", "Token requests made to PBXes.", of(m.logins));
  out.count("ringdown_login_failures_total", "Polls that got no token.", of(m.login_failures));
  out.count("ringdown_transitions_total", "State transitions reported by pollers.", of(m.transitions));
}

void deliveries(page& out, const node_metrics& m) {
  out.begin("ringdown_deliveries_total", "Deliveries that reached a state since the start of the process.",
            MetricType::Counter);
  for (const auto& [kind, counts] : m.channels)
    for (std::size_t i = 0; i < counts.settled.size(); ++i) {
      const auto state = static_cast<delivery_state>(i);
      if (is_final(state)) out.value(of(counts.settled[i]), {{"channel", kind}, {"outcome", text(name(state))}});
    }
  double unknown_attempts = 0;
  out.begin("ringdown_delivery_attempts_total", "Attempts by outcome.", MetricType::Counter);
  for (const auto& [kind, counts] : m.channels) {
    for (std::size_t i = 0; i < counts.attempts.size(); ++i)
      out.value(of(counts.attempts[i]), {{"channel", kind}, {"outcome", text(name(static_cast<outcome_kind>(i)))}});
    unknown_attempts += of(counts.attempts[static_cast<std::size_t>(outcome_kind::unknown)]);
  }
  out.count("ringdown_deliveries_unknown_total", "Attempts whose outcome is not known.", unknown_attempts);
  out.count("ringdown_late_criticals_total", "Critical deliveries accepted later than timing late_after.",
            of(m.late_criticals));
  out.begin("ringdown_calls_not_made_total", "Calls that were wanted and not made.", MetricType::Counter);
  out.value(of(m.calls_over_budget), {{"reason", text(name(reason::budget_spent))}});
  out.value(of(m.calls_to_nobody), {{"reason", text(name(reason::nobody_callable))}});
  out.gauge("ringdown_permits_waiting", "Channels that wait for their provider account to take more.",
            of(m.permits_waiting));
  out.gauge("ringdown_accounts_paused", "Provider accounts left alone because their provider said so.",
            of(m.accounts_paused));
  out.count("ringdown_permits_assumed_total", "Deliveries begun without an answer whether their account takes more.",
            of(m.permits_assumed));
  out.seconds("ringdown_delivery_seconds", "From the making of a delivery to its acceptance.", m.delivery_seconds);
}

void figures(page& out, const persistence::store_figures& stored, wall_time now) {
  out.begin("ringdown_alerts_open", "Open alerts by severity.", MetricType::Gauge);
  for (const severity level : {severity::info, severity::warning, severity::critical}) {
    const auto at = stored.open_alerts.find(level);
    out.value(at == stored.open_alerts.end() ? 0 : static_cast<double>(at->second), {{"severity", text(name(level))}});
  }
  out.begin("ringdown_deliveries", "Deliveries in the store by state.", MetricType::Gauge);
  for (const auto& [state, count] : stored.deliveries)
    out.value(static_cast<double>(count), {{"state", text(name(state))}});
  const auto unknown = stored.deliveries.find(delivery_state::unknown);
  out.gauge("ringdown_deliveries_unknown", "Deliveries whose outcome is not known and which were not repeated.",
            unknown == stored.deliveries.end() ? 0 : static_cast<double>(unknown->second));
  const duration age = stored.oldest_pending ? std::max(now - *stored.oldest_pending, duration{}) : duration{};
  out.gauge("ringdown_oldest_pending_seconds", "Age of the oldest delivery that is due and not begun.",
            std::chrono::duration<double>(age).count());
  out.gauge("ringdown_silenced_tenants", "Tenants where nothing interrupts, because somebody said so.",
            static_cast<double>(stored.silenced_tenants));
}

void store(page& out, const node_metrics& m) {
  out.gauge("ringdown_store_ready", "1 when the store takes writes.", m.store_ready ? 1 : 0);
  out.gauge("ringdown_store_queue", "Batches waiting to be committed.", static_cast<double>(m.store_queue.load()));
  out.seconds("ringdown_store_commit_seconds", "Time of one store transaction with its sync.", m.commit_seconds);
  out.count("ringdown_store_batches_total", "Batches committed.", of(m.committed_batches));
  out.count("ringdown_store_failures_total", "Store operations that failed.", of(m.commit_failures));
  out.seconds("ringdown_scheduler_lag_seconds", "How late wake-ups are handled.", m.scheduler_lag_seconds);
  out.count("ringdown_heartbeats_total", "Heartbeats accepted by the outside.", of(m.heartbeats));
  out.count("ringdown_heartbeat_failures_total", "Heartbeats not accepted.", of(m.heartbeat_failures));
}

struct kind_health {
  double count = 0, tripped = 0, mailbox = 0;
};

void actors(page& out, const health_board& board) {
  std::map<std::string, kind_health> kinds;
  for (const auto& probe : board.all()) {
    auto& kind = kinds[probe->kind];
    const actor_life life = probe->life;
    kind.count += 1;
    kind.tripped += life == actor_life::tripped || life == actor_life::quarantined ? 1 : 0;
    kind.mailbox += static_cast<double>(std::max<std::int64_t>(probe->mailbox(), 0));
  }
  const auto all = [&](const char* name, const char* help, MetricType type, double kind_health::*what) {
    out.begin(name, help, type);
    for (const auto& [kind, seen] : kinds) out.value(seen.*what, {{"kind", kind}});
  };
  all("ringdown_actors", "Actors by kind.", MetricType::Gauge, &kind_health::count);
  out.begin("ringdown_actor_restarts_total", "Crashes that were followed by a restart.", MetricType::Counter);
  for (const auto& [kind, seen] : board.kinds()) out.value(of(seen->restarts), {{"kind", kind}});
  all("ringdown_actors_tripped", "Actors that crashed too often and are tried once a minute.", MetricType::Gauge,
      &kind_health::tripped);
  all("ringdown_actor_mailbox_depth", "Messages waiting.", MetricType::Gauge, &kind_health::mailbox);
  out.begin("ringdown_actor_handling_seconds", "Time spent handling one message.", MetricType::Histogram);
  for (const auto& [kind, seen] : board.kinds()) out.distribution(seen->handling, {{"kind", kind}});
}

void leases(page& out, const context& in) {
  const lease_board* board = in.world->leases.get();
  const auto all = in.tenants.all();
  const auto here = std::ranges::count_if(
      all, [&](const auto& known) { return board == nullptr || board->holds(known->document.shard); });
  out.gauge("ringdown_tenants", "Tenants that this node runs.", static_cast<double>(here));
  out.gauge("ringdown_leases", "Shards that this node holds.",
            board == nullptr ? 1 : static_cast<double>(board->size()));
  if (board == nullptr) return;
  const std::chrono::duration<double> silent = silence_of_register(in);
  out.gauge("ringdown_register_silent_seconds", "Since the register of shards last answered.", silent.count());
  const auto off = in.world->time.off ? in.world->time.off() : std::nullopt;
  if (off)
    out.gauge("ringdown_clock_off_seconds", "By how much this machine's clock is ahead of the database's.",
              std::chrono::duration<double>(*off).count());
}

} // namespace

std::string metrics_text(const context& in, const result<persistence::store_figures>& stored, wall_time now) {
  page out;
  const node_metrics& m = *in.world->metrics;
  out.begin("ringdown_build_info", "Always 1; the version is in the label.", MetricType::Gauge);
  out.value(1, {{"version", in.version}});
  polls(out, m);
  if (stored) figures(out, *stored, now);
  deliveries(out, m);
  store(out, m);
  actors(out, *in.world->health);
  leases(out, in);
  out.gauge("ringdown_tenants_unreadable", "Tenants whose stored configuration cannot be read.",
            static_cast<double>(in.tenants.unreadable().size()));
  return out.text();
}

} // namespace ringdown::api
