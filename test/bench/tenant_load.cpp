#include "test/bench/tenant_load.hpp"

#include "actors/api/link_token.hpp"
#include "actors/logic/alert_map.hpp"
#include "test/logic/tenant_bench.hpp"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <utility>

namespace ringdown::bench {

namespace {

std::string host_of(int pbx, int trunk) {
  return fmt::format("sip{}.carrier.example", (pbx + trunk % carriers_each) % carriers);
}

tenant_config config_of(int pbxes, told_by channels) {
  tenant_config config;
  config.id = tenant_id("acme");
  config.name = "Acme Telecom";
  for (int i = 0; i < pbxes; ++i) {
    config.customers.push_back({customer_id(fmt::format("customer-{}", i)), fmt::format("Customer {}", i)});
    instance_config one = test::instance(fmt::format("customer-{}-hq", i), fmt::format("Customer {} HQ", i),
                                         fmt::format("https://pbx{}.example.com", i));
    one.customer = config.customers.back().id;
    config.instances.push_back(std::move(one));
  }
  config.channels.push_back(test::channel("noc-hook", "webhook"));
  route_config trunks{{alert_type::trunk_down, alert_type::all_trunks_down}, {}, {"noc-hook"}};
  if (channels == told_by::push_and_hook) {
    config.channels.push_back(test::channel("noc-push", "ntfy"));
    config.channels.back().user = user_id("jo");
    trunks.channels.emplace_back("kind:ntfy");
  }
  config.routes = {{{alert_type::sim_calls}, {severity::warning}, {"noc-hook"}}, std::move(trunks)};
  return config;
}

logic::known_truth truth_of(const tenant_config& config, wall_time since) {
  logic::known_truth truth;
  for (int i = 0; i < static_cast<int>(config.instances.size()); ++i) {
    const instance_id& id = config.instances[static_cast<std::size_t>(i)].id;
    baseline& base = truth[id];
    base.instance = id;
    base.known = true;
    base.health.reach = reachability::reachable;
    for (int trunk = 0; trunk < trunks_each; ++trunk) {
      resource_record record;
      record.ref = {resource_kind::trunk, std::to_string(10'000 + trunk)};
      record.label = fmt::format("Trunk {}", trunk);
      record.provider = host_of(i, trunk);
      record.state = resource_state::registered;
      record.since = since;
      base.resources.emplace_back(std::move(record));
    }
  }
  return truth;
}

// Every acknowledge link is signed, as by the daemon.
std::array<std::uint8_t, 32> signed_link(std::string_view message) {
  static_assert(crypto_auth_hmacsha256_BYTES == 32);
  constexpr std::array<unsigned char, crypto_auth_hmacsha256_KEYBYTES> key{};
  std::array<std::uint8_t, 32> mac{};
  crypto_auth_hmacsha256(mac.data(), reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                         key.data());
  return mac;
}

} // namespace

tenant_load::tenant_load(int pbxes, told_by channels)
    : config_(std::make_shared<const tenant_config>(config_of(pbxes, channels))),
      truth_(truth_of(*config_, now_)),
      machine_(config_, test::kinds()) {
  machine_.look_at(truth_);
  machine_.set_link_maker(
      [tenant = config_->id](const alert_id& alert, std::uint32_t episode, const std::string& person) {
        return api::make_link_token({tenant, alert, episode, person}, signed_link);
      });
  machine_.set_callbacks(logic::callbacks::offered);
  machine_.restore({}, {}, "lineage");
}

void tenant_load::turn(int pbx, const std::vector<int>& trunks, condition to) {
  baseline& base = truth_.at(config_->instances[static_cast<std::size_t>(pbx)].id);
  poll_news news;
  news.instance = base.instance;
  news.sequence = ++sequence_;
  news.at = now_;
  for (const int trunk : trunks) {
    shared_record& record = base.resources[static_cast<std::size_t>(trunk)];
    record.amend([&](resource_record& row) {
      row.state = to == condition::failing ? resource_state::failed_registration : resource_state::registered;
      row.since = now_;
    });
    news.changed.push_back(record);
    transition seen = test::change(alert_type::trunk_down, record->ref.key, to, severity::critical, base.instance);
    seen.since = seen.seen = now_;
    seen.label = record->label;
    seen.provider = record->provider;
    seen.trace = fmt::format("{}.1x2y3z.{}", base.instance.str(), sequence_);
    news.transitions.push_back(std::move(seen));
  }
  logic::effects decided = machine_.on(news, now_);
  if (witness_) witness_(news, decided);
  take(std::move(decided));
}

void tenant_load::pass(duration span) {
  const wall_time until = now_ + span;
  for (auto next = machine_.next_due(); next && *next <= until; next = machine_.next_due()) {
    now_ = std::max(now_, *next);
    take(machine_.on(logic::tick{}, now_));
    for (const instance_id& one : std::exchange(to_settle_, {})) {
      poll_news looked;
      looked.instance = one;
      looked.sequence = ++sequence_;
      looked.settled = true;
      looked.at = now_;
      take(machine_.on(looked, now_));
    }
  }
  now_ = until;
}

std::vector<int> tenant_load::trunks_at(int pbx, int carrier) const {
  const int first = ((carrier - pbx) % carriers + carriers) % carriers;
  std::vector<int> found;
  for (int trunk = first; first < carriers_each && trunk < trunks_each; trunk += carriers_each) found.push_back(trunk);
  return found;
}

std::size_t tenant_load::open_alerts() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(machine_.alerts(), [](const auto& entry) { return logic::is_open(entry.second); }));
}

// The rows go out, and every one is taken.
void tenant_load::take(logic::effects decided) {
  to_settle_.insert(to_settle_.end(), decided.settle.begin(), decided.settle.end());
  for (const audit_entry& one : decided.audits) {
    tally_.opened += one.action == "alert.fired" ? 1 : 0;
    tally_.resolved += one.action == "alert.resolved" ? 1 : 0;
  }
  for (const delivery& row : decided.deliveries)
    ++tally_.rows[row.kind == delivery_kind::log ? 1 : 0].at(static_cast<std::size_t>(row.event));
  report(decided.deliveries);
}

void tenant_load::report(const std::vector<delivery>& rows) {
  for (const delivery& row : rows)
    take(machine_.on(logic::delivery_report{row.id, row.alert, row.channel, delivery_state::sent, reason::none, "", 1},
                     now_));
}

} // namespace ringdown::bench
