#include "test/simulation/seat.hpp"

#include "actors/carrier_watch_actor.hpp"
#include "actors/channel_actor.hpp"
#include "actors/clock_actor.hpp"
#include "actors/group_actor.hpp"
#include "actors/poller.hpp"
#include "actors/root_actor.hpp"
#include "actors/store/store_actor.hpp"
#include "actors/tenant_actor.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

std::string_view kind_of(caf::resumable* job) {
  if (dynamic_cast<tenant*>(job) != nullptr) return "tenant";
  if (dynamic_cast<channel*>(job) != nullptr) return "channel";
  if (dynamic_cast<poller*>(job) != nullptr) return "poller";
  if (dynamic_cast<group*>(job) != nullptr) return "group";
  if (dynamic_cast<root*>(job) != nullptr) return "root";
  if (dynamic_cast<carrier_watch*>(job) != nullptr) return "carrier_watch";
  if (dynamic_cast<store_keeper*>(job) != nullptr) return "store";
  return dynamic_cast<clock_keeper*>(job) != nullptr ? "clock" : "system";
}

} // namespace

bool death_toll::is_spent() const {
  constexpr int most = 6;
  return std::ranges::any_of(deaths_, [](const auto& one) { return one.second >= most; });
}

// Lines that checkers and the http port need; each is also a place where a handler may be made to fail.
class seat::witness final : public log_sink {
public:
  explicit witness(seat& of) : of_(of) {}

  void write(log_level /*level*/, std::string_view event, std::initializer_list<log_field> fields) override {
    if (of_.process_->dead()) return;
    const auto field = [&](std::string_view key) {
      const auto at = std::ranges::find(fields, key, &log_field::key);
      return at == fields.end() ? std::string() : at->value;
    };
    if (event == "delivery_begun") {
      of_.http_.begins(delivery_id(field("delivery")));
      of_.mail_.begins(channel_id(field("channel")), delivery_id(field("delivery")));
    }
    if (event == "actor_crashed" || event == "actor_tripped") tell(actor_crashed{field("actor"), of_.id()});
    if (const std::string actor = field("actor"); event.starts_with("actor_") && !actor.starts_with("channel/"))
      of_.around_.deaths.note(actor);
    if (event == "actor_tripped") tell(actor_tripped{field("actor"), of_.id()});
    if (of_.around_.deaths.is_spent()) of_.process_->arm_throw("", 0);
    of_.process_->pass(event);
  }

private:
  void tell(happening what) const { of_.around_.told.write(of_.around_.time.now(), std::move(what)); }

  seat& of_;
};

seat::seat(const surroundings& around, host at)
    : around_(around),
      host_(std::move(at)),
      http_(around_.time, around_.told, around_.pbxes, around_.providers, around_.order.apart(), host_.id,
            host_.may_act),
      mail_(around_.time, around_.told, around_.mails, host_.id, host_.may_act),
      log_(std::make_unique<witness>(*this)) {}

seat::~seat() {
  if (!tree_) return;
  die("the world ends");
  clear_away();
}

// --- a life ------------------------------------------------------------------------------------------------------------

std::shared_ptr<simulated_store> seat::wake() {
  process_ = std::make_shared<process>();
  http_.serve(process_);
  mail_.serve(process_);
  return std::make_shared<simulated_store>(
      around_.place.open(), process_,
      simulated_store::site{host_.disk, around_.told, [this] { return around_.time.now(); }, host_.id, host_.gate});
}

void seat::grow(const fence& owner, std::shared_ptr<simulated_store> store,
                const std::vector<persistence::crash_record>& crashes, const std::string& mark, const tenants& whose,
                const tenants& all) {
  owner_ = owner;
  ports start = make_ports(owner, mark);
  for (const auto& one : crashes) start.health->set_deaths(one.actor, one.count, one.last);
  tree_ = node_tree::grow(std::move(start), std::move(store), stage());
  door_ = std::make_unique<callback_door>(*tree_, all, around_.place.open());
  store_job_ = dynamic_cast<caf::resumable*>(caf::actor_cast<caf::abstract_actor*>(tree_->world()->store));
  store_free_at_ = {};
  caught_up_ = around_.time.now();
  for (const auto& tenant : whose) tree_->apply(tenant);
}

// Nobody waits for its end here: whoever lets it end knows when.
void seat::begin_no_more() { static_cast<void>(tree_->drain(0ms)); }

void seat::clear_away() {
  door_.reset();
  tree_.reset();
  jobs_ = nullptr;
  store_job_ = nullptr;
}

ports seat::make_ports(const fence& owner, const std::string& mark) {
  ports start;
  start.time = {host_.clock, [this] { return around_.time.boot(); }, [this] { return around_.order.unit(); }, {}};
  start.http = &http_;
  start.mail = &mail_;
  start.log = log_.get();
  std::vector<std::string> kinds;
  for (const auto& one : channel_kinds()) kinds.push_back(one.kind);
  start.metrics = std::make_shared<node_metrics>(kinds);
  start.health = std::make_shared<health_board>();
  start.node.node_name = "simulated";
  start.node.public_url = "https://ringdown.test";
  if (around_.called_back) start.node.callback_url = start.node.public_url;
  start.node.providers["autotask"].base_url = "http://desk.test";
  start.owner = owner;
  start.start_mark = mark;
  start.link_token = [of = process_](const tenant_id& tenant, const alert_id& alert, std::uint32_t episode,
                                     const std::string& person) {
    of->pass("link");
    return fmt::format("{}-{}-{}-{}", tenant.str(), alert.str(), episode, digest_bits(person)[0]);
  };
  start.command_decided = [](const command_result&) {};
  if (host_.shares_store)
    start.news = [this](persistence::store& from) { return door_ ? door_->look(from) : result<void>{}; };
  start.fatal = [of = process_](std::string_view why) { of->die("exit 70: " + std::string(why)); };
  return start;
}

tree_stage seat::stage() {
  tree_stage made;
  made.store = tree_stage::store_thread::shared;
  made.configure = [](caf::actor_system_config& config) { config.set("scheduler.policy", caf::atom("testing")); };
  made.opened = [this](caf::actor_system& system) {
    jobs_ = &dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  };
  // Only while a dead process is cleared away.
  made.give_way = [this] {
    while (jobs_->try_run_once()) continue;
    jobs_->clock().cancel_all();
  };
  return made;
}

// --- turns -------------------------------------------------------------------------------------------------------------

std::optional<std::size_t> seat::pick_job() {
  const auto& all = jobs_->jobs;
  if (all.empty()) return std::nullopt;
  if (!store_is_held()) return around_.order.below(all.size());
  const auto held = std::ranges::find(all, store_job_);
  if (held == all.end()) return around_.order.below(all.size());
  if (all.size() == 1) return std::nullopt;
  const auto place = static_cast<std::size_t>(held - all.begin());
  const std::size_t at = around_.order.below(all.size() - 1);
  return at < place ? at : at + 1;
}

// Messages between two actors keep their order; which of the ready actors goes next is drawn.
void seat::run_ready() {
  dice& order = around_.order;
  while (!process_->dead() && !is_stopped()) {
    const auto at = pick_job();
    if (!at) return;
    auto& all = jobs_->jobs;
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(*at);
    std::rotate(all.begin(), first, first + 1);
    caf::resumable* job = all.front();
    note_job(job);
    note_subject(job);
    if (host_.disk.slow && job == store_job_ && order.chance(60))
      store_free_at_ = around_.time.now() + order.between(1ms, 700ms);
    jobs_->try_run_once();
    process_->ran();
  }
}

void seat::note_job(caf::resumable* job) {
  auto* actor = dynamic_cast<caf::scheduled_actor*>(job);
  auto* waiting = actor == nullptr ? nullptr : actor->mailbox().peek();
  const std::string_view what =
      waiting == nullptr || waiting->content().empty() || waiting->content().type(0).second == nullptr
          ? std::string_view("-")
          : std::string_view(waiting->content().type(0).second->name());
  around_.heard.mix(actor == nullptr ? 0 : actor->id());
  around_.heard.mix(what.size());
  if (around_.heard.is_written())
    around_.heard.write_only(fmt::format("{}   {}#{} {}", clock_text(around_.time.now()), kind_of(job),
                                         actor == nullptr ? 0 : actor->id(), what));
}

// What a channel asks for when an answer has come is about the row that was answered.
void seat::note_subject(caf::resumable* job) {
  http_.goes_on({});
  auto* of = dynamic_cast<channel*>(job);
  auto* waiting = of == nullptr ? nullptr : of->mailbox().peek();
  if (waiting != nullptr && waiting->content().match_elements<exchange_ended>())
    http_.goes_on(delivery_id(waiting->content().get_as<exchange_ended>(0).outcome->detail));
}

std::optional<instant> seat::next() const {
  std::optional<instant> soonest;
  const auto& timers = jobs_->clock().schedule();
  if (!timers.empty())
    soonest = std::max(around_.time.now(), caught_up_ + instant(timers.begin()->first - jobs_->clock().now()));
  if (store_is_held() && !jobs_->jobs.empty()) soonest = std::min(soonest.value_or(store_free_at_), store_free_at_);
  return soonest;
}

void seat::catch_up() { jobs_->advance_time(around_.time.now() - std::exchange(caught_up_, around_.time.now())); }

// --- what happens to it ------------------------------------------------------------------------------------------------

void seat::apply(const std::shared_ptr<const tenant_config>& one) {
  door_->put(one);
  tree_->apply(one);
}

void seat::look_for_news() {
  if (tree_ && !is_dead() && !is_stopped()) static_cast<void>(tree_->look_for_news());
}

void seat::ask(const command& what, std::function<void()> again) {
  tree_->command(what, [again = std::move(again), of = process_](const result<void>& kept) {
    if (!kept && !of->dead()) again();
  });
}

bool seat::call(const net::server_request& asked, const net::respond& answer) {
  if (!door_ || process_->dead()) return false;
  door_->ask(asked, [of = process_, answer](net::server_response said) {
    if (!of->dead()) answer(std::move(said));
  });
  return true;
}

} // namespace ringdown::simulation
