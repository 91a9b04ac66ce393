#include "test/simulation/world.hpp"

#include "actors/carrier_watch_actor.hpp"
#include "actors/channel_actor.hpp"
#include "actors/clock_actor.hpp"
#include "actors/group_actor.hpp"
#include "actors/poller.hpp"
#include "actors/root_actor.hpp"
#include "actors/store/store_actor.hpp"
#include "actors/tenant_actor.hpp"
#include "protocol/wire/dialects.hpp"
#include "test/simulation/household.hpp"
#include "test/simulation/trouble.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

std::vector<persistence::known_channel> channels_of(const tenants& all) {
  std::vector<persistence::known_channel> known;
  for (const auto& tenant : all)
    for (const channel_config& channel : tenant->channels) {
      const bool keyed = wire::repeats_are_safe(wire::find_dialect(channel.kind)->describe().keys);
      known.push_back(
          {tenant->id, channel.id, keyed ? persistence::key_knowledge::keyed : persistence::key_knowledge::unkeyed});
    }
  return known;
}

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

// Lines that checkers and the http port need; each is also a place where a handler may be made to fail.
class world::witness final : public log_sink {
public:
  explicit witness(world& of) : of_(of) {}

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
    if (event == "actor_crashed" || event == "actor_tripped") of_.write(actor_crashed{field("actor")});
    if (const std::string actor = field("actor"); event.starts_with("actor_") && !actor.starts_with("channel/"))
      ++of_.deaths_[actor];
    if (event == "actor_tripped") of_.write(actor_tripped{field("actor")});
    if (of_.deaths_are_spent()) of_.process_->arm_throw("", 0);
    of_.process_->pass(event);
  }

private:
  world& of_;
};

world::world(std::uint64_t seed, workshop& from, trace& heard, const scene& in)
    : trace_(heard),
      order_(seed * 2 + 1),
      trouble_(order_.apart()),
      journal_([this](const entry& one) { trace_.say(to_line(one)); }),
      place_(from.make()),
      fleet_(in.pbxes ? *in.pbxes : fleet_plan_of(trouble_), time_, journal_, trouble_.next()),
      tenants_(tenants_of(fleet_, in.times ? *in.times : timing_of(trouble_), in, trouble_)),
      born_(tenants_),
      called_back_(!in.furnish && trouble_.chance(75)),
      far_ends_(far_ends_of(tenants_, time_, journal_, trouble_)),
      http_(time_, journal_, fleet_, far_ends_, order_.apart()),
      mail_(time_, journal_),
      log_(std::make_unique<witness>(*this)) {
  open_doors();
}

world::~world() {
  if (!tree_) return;
  process_->die("the world ends");
  door_.reset();
  tree_.reset();
}

// --- lives of the process ----------------------------------------------------------------------------------------------

void world::begin_life() {
  process_ = std::make_shared<process>();
  http_.serve(process_);
  mail_.serve(process_);
  ++lives_;
  auto store = open_disk();
  const wall_time present = time_.seen().wall;
  const auto owner = store->take_shard(incarnation_id(fmt::format("nd_{}", lives_)), present);
  const auto crashes = store->crashes();
  if (!owner || !crashes || !store->recover_claims(*owner, channels_of(tenants_), present)) {
    process_->die("it cannot start");
    time_.after(5s, [this] { begin_life(); }); // as systemd does
    return;
  }
  if (lives_ == 1) verify_phones(*store, *owner);
  ports start = make_ports(*owner);
  for (const auto& one : *crashes) start.health->set_deaths(one.actor, one.count);
  tree_ = node_tree::grow(std::move(start), std::move(store), stage());
  door_ = std::make_unique<callback_door>(*tree_, tenants_, place_->open());
  store_job_ = dynamic_cast<caf::resumable*>(caf::actor_cast<caf::abstract_actor*>(tree_->world()->store));
  store_free_at_ = {};
  for (const auto& tenant : tenants_) tree_->apply(tenant);
}

std::shared_ptr<simulated_store> world::open_disk() {
  return std::make_shared<simulated_store>(place_->open(), process_, disk_, journal_, [this] { return time_.now(); });
}

void world::verify_phones(persistence::store& store, const fence& owner) {
  for (const auto& tenant : tenants_) {
    persistence::write_batch batch;
    batch.tenant = tenant->id;
    batch.owner = owner;
    batch.at = wall();
    batch.phones = verified_phones(*tenant, wall());
    if (batch.phones.empty()) continue;
    const auto kept = store.commit({&batch, 1});
    if (!kept || !kept->front()) throw std::runtime_error("phones cannot be stored");
  }
}

// Whoever calls the program back reaches the one that lives then.
void world::open_doors() {
  for (telephone* one : telephones())
    one->open([this](const net::server_request& asked, const net::respond& answer) {
      if (!door_ || process_->dead()) return false;
      door_->ask(asked, [of = process_, answer](net::server_response said) {
        if (!of->dead()) answer(std::move(said));
      });
      return true;
    });
}

void world::end_life() {
  journal_.write(time_.now(), life_ended{process_->how()});
  door_.reset();
  tree_.reset();
  jobs_ = nullptr;
  store_job_ = nullptr;
  const bool by_itself = process_->how().starts_with("exit");
  time_.after(by_itself ? instant(5s) : order_.between(1s, 8s), [this] { begin_life(); });
}

ports world::make_ports(const fence& owner) {
  ports start;
  start.time = {[this] { return time_.seen(); }, [this] { return time_.boot(); }, [this] { return order_.unit(); }};
  start.http = &http_;
  start.mail = &mail_;
  start.log = log_.get();
  std::vector<std::string> kinds;
  for (const auto& one : channel_kinds()) kinds.push_back(one.kind);
  start.metrics = std::make_shared<node_metrics>(kinds);
  start.health = std::make_shared<health_board>();
  start.node.node_name = "simulated";
  start.node.public_url = "https://ringdown.test";
  if (called_back_) start.node.callback_url = start.node.public_url;
  start.node.providers["autotask"].base_url = "http://desk.test";
  start.owner = owner;
  start.start_mark = fmt::format("life{}", lives_);
  start.link_token = [of = process_](const tenant_id& tenant, const alert_id& alert, std::uint32_t episode,
                                     const std::string& person) {
    of->pass("link");
    return fmt::format("{}-{}-{}-{}", tenant.str(), alert.str(), episode, digest_bits(person)[0]);
  };
  start.command_decided = [](const command_result&) {};
  start.fatal = [of = process_](std::string_view why) { of->die("exit 70: " + std::string(why)); };
  return start;
}

tree_stage world::stage() {
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

// --- time and turns ----------------------------------------------------------------------------------------------------

void world::run() {
  run(plan_trouble, trouble_lasts + calm_lasts, [] { return false; });
}

void world::run(const std::function<void(world&)>& plan, instant end, const std::function<bool()>& enough) {
  for (const auto& one : tenants_) write(configured{one, "as at first"});
  begin_life();
  plan(*this);
  while (time_.now() < end && !enough()) {
    if (tree_) run_ready();
    if (tree_ && process_->dead())
      end_life();
    else if (!time_.do_one())
      wait_for_something(end);
  }
}

std::optional<std::size_t> world::pick_job() {
  const auto& all = jobs_->jobs;
  if (all.empty()) return std::nullopt;
  if (!store_is_held()) return order_.below(all.size());
  const auto held = std::ranges::find(all, store_job_);
  if (held == all.end()) return order_.below(all.size());
  if (all.size() == 1) return std::nullopt;
  const auto place = static_cast<std::size_t>(held - all.begin());
  const std::size_t at = order_.below(all.size() - 1);
  return at < place ? at : at + 1;
}

// Messages between two actors keep their order; which of the ready actors goes next is drawn.
void world::run_ready() {
  while (!process_->dead()) {
    const auto at = pick_job();
    if (!at) return;
    auto& all = jobs_->jobs;
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(*at);
    std::rotate(all.begin(), first, first + 1);
    caf::resumable* job = all.front();
    note_job(job);
    note_subject(job);
    if (disk_slow_ && job == store_job_ && order_.chance(60)) store_free_at_ = time_.now() + order_.between(1ms, 700ms);
    jobs_->try_run_once();
    process_->ran();
  }
}

void world::note_job(caf::resumable* job) {
  auto* actor = dynamic_cast<caf::scheduled_actor*>(job);
  auto* waiting = actor == nullptr ? nullptr : actor->mailbox().peek();
  const std::string_view what =
      waiting == nullptr || waiting->content().empty() || waiting->content().type(0).second == nullptr
          ? std::string_view("-")
          : std::string_view(waiting->content().type(0).second->name());
  trace_.mix(actor == nullptr ? 0 : actor->id());
  trace_.mix(what.size());
  if (trace_.is_written())
    trace_.write_only(
        fmt::format("{}   {}#{} {}", clock_text(time_.now()), kind_of(job), actor == nullptr ? 0 : actor->id(), what));
}

// What a channel asks for when an answer has come is about the row that was answered.
void world::note_subject(caf::resumable* job) {
  http_.goes_on({});
  auto* of = dynamic_cast<channel*>(job);
  auto* waiting = of == nullptr ? nullptr : of->mailbox().peek();
  if (waiting != nullptr && waiting->content().match_elements<exchange_ended>())
    http_.goes_on(delivery_id(waiting->content().get_as<exchange_ended>(0).outcome->detail));
}

void world::wait_for_something(instant until) {
  instant next = std::min(until, time_.next().value_or(until));
  if (tree_) {
    const auto& timers = jobs_->clock().schedule();
    if (!timers.empty())
      next = std::min(next, time_.now() + std::max(instant{}, instant(timers.begin()->first - jobs_->clock().now())));
    if (store_is_held() && !jobs_->jobs.empty()) next = std::min(next, store_free_at_);
  }
  const instant span = next - time_.now();
  time_.advance_to(next);
  if (tree_) jobs_->advance_time(span);
}

// --- what is done to it ------------------------------------------------------------------------------------------------

bool world::deaths_are_spent() const {
  constexpr int most = 6;
  return std::ranges::any_of(deaths_, [](const auto& one) { return one.second >= most; });
}

void world::crash_actor(const tenant_id& tenant, const std::string& name) {
  if (tree_ && (name.starts_with("channel/") || !deaths_are_spent()))
    tree_->restart(tenant, name, "planted: asked to crash", [](bool) {});
}

void world::disk_away(bool away) {
  if (disk_.away == away) return;
  disk_.away = away;
  write(spell{"store", away});
}

void world::disk_slow(bool slow) {
  if (disk_slow_ == slow) return;
  disk_slow_ = slow;
  store_free_at_ = {};
  write(spell{"slow store", slow});
}

void world::disk_stalls(instant span) {
  store_free_at_ = time_.now() + span;
  write(spell{"store stalls", true});
}

void world::mail_is(mood how) {
  if (mail_.is() == how) return;
  mail_.be(how);
  for (const auto& tenant : tenants_)
    for (const channel_config& one : tenant->channels)
      if (one.kind == "email") write(spell{"provider " + one.id.str(), how != mood::sound});
}

std::vector<telephone*> world::telephones() const {
  std::vector<telephone*> all;
  for (const auto& [lane, end] : far_ends_)
    if (auto* one = dynamic_cast<telephone*>(end.who.get())) all.push_back(one);
  return all;
}

void world::jump(instant by) {
  time_.jump(by);
  most_wrong_ = std::max(most_wrong_, time_.wrong_by());
  write(clock_jumped{by});
}

void world::apply(std::shared_ptr<const tenant_config>& one, std::shared_ptr<const tenant_config> to,
                  const std::string& what) {
  one = std::move(to);
  write(configured{one, what});
  if (!tree_) return;
  door_->put(one);
  tree_->apply(one);
}

void world::configure(const tenant_id& whose, const std::string& what,
                      const std::function<void(tenant_config&)>& change) {
  for (auto& one : tenants_) {
    if (one->id != whose) continue;
    tenant_config made = *one;
    change(made);
    apply(one, std::make_shared<const tenant_config>(std::move(made)), what);
  }
}

void world::ask(command what) {
  what.id = fmt::format("cm_{}", ++commands_);
  const auto again = [this, what](std::chrono::seconds wait) { time_.after(wait, [this, what] { ask(what); }); };
  if (!tree_) return again(3s);
  what.at = wall();
  tree_->command(what, [again, of = process_](const result<void>& kept) {
    if (!kept && !of->dead()) again(3s);
  });
}

void world::calm() {
  disk_away(false);
  disk_slow(false);
  if (process_) process_->disarm();
  mail_is(mood::sound);
  for (telephone* one : telephones()) one->callbacks_are("ok", {});
  for (auto& [lane, end] : far_ends_) {
    end.poisonous = false;
    if (end.who->is() != mood::sound) write(spell{"provider " + end.channel.str(), false});
    end.who->be(mood::sound);
  }
  for (std::size_t i = 0; i < tenants_.size(); ++i)
    if (tenants_[i] != born_[i]) apply(tenants_[i], born_[i], "as at first");
  for (const char* verb : {"pbx_up", "cert_ok", "unblock"}) fleet_.does(verb, {});
  // A wall clock that is set back makes what waits by it wait longer; the calm begins when that is over.
  if (time_.wrong_by() < most_wrong_) jump(most_wrong_ - time_.wrong_by());
}

} // namespace ringdown::simulation
