#include "bin/ringdownd/node.hpp"

#include "actors/api/handlers.hpp"
#include "actors/api/load_tenants.hpp"
#include "actors/api/news.hpp"
#include "actors/api/wellness.hpp"
#include "actors/net/http_client.hpp"
#include "actors/net/smtp_client.hpp"
#include "bin/ringdownd/database_wait.hpp"
#include "bin/ringdownd/front_door.hpp"
#include "bin/ringdownd/heartbeat.hpp"
#include "bin/ringdownd/news_watch.hpp"
#include "bin/ringdownd/node_state.hpp"
#include "protocol/wire/dialects.hpp"
#include "ringdown_version.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <latch>
#include <optional>
#include <utility>
#include <vector>

namespace ringdown {

namespace {

constexpr auto alive_within = std::chrono::seconds(5);
constexpr double much_off = 2; // seconds of this machine's clock, beside that of the database

std::string random_id(std::string_view prefix) { return encode_id(prefix, persistence::random_bits()); }

void add_channels(std::vector<persistence::known_channel>& to, const tenant_config& of) {
  for (const auto& channel : of.channels) {
    const auto* dialect = wire::find_dialect(channel.kind);
    const bool keyed = dialect != nullptr && wire::repeats_are_safe(dialect->describe().keys);
    to.push_back({of.id, channel.id, keyed ? persistence::key_knowledge::keyed : persistence::key_knowledge::unkeyed});
  }
}

// What leaves the machine, behind one egress guard.
struct outside {
  std::unique_ptr<net::http_port> http;
  std::unique_ptr<net::mail_port> mail;
};

result<outside> open_outside(const node_config& config) {
  net::client_options client;
  client.egress_allow = config.egress_allow;
  client.user_agent = "ringdown/" + std::string(version());
  auto http = net::make_http_client(client);
  if (!http) return http.error();
  net::smtp_options smtp;
  smtp.egress_allow = config.egress_allow;
  auto mail = net::make_smtp_client(smtp);
  if (!mail) return mail.error();
  return outside{std::move(*http), std::move(*mail)};
}

class running_node final : public node {
public:
  running_node(node_config config, log_sink& log, persistence::directory_lock lock, node_state state, own_files files,
               outside to, std::unique_ptr<front_door> door)
      : config_(std::move(config)),
        log_(log),
        lock_(std::move(lock)),
        box_(state.box),
        outside_(std::move(to)),
        door_(std::move(door)),
        writer_(state.writer),
        reader_(std::make_unique<store_reader>(std::move(state.readers))),
        flight_(std::move(files.flight)),
        shards_(std::move(state.shards)),
        clock_(shards_ ? std::make_shared<common_clock>() : nullptr),
        time_(system_time(clock_)),
        word_(std::move(state.news)),
        owner_{incarnation_id(random_id("nd_")), 0, 0} {
    in_.bearer_token = std::move(files.token);
    in_.version = std::string(version());
    in_.make_id = [] { return random_id(""); };
    in_.sign_links = [box = box_](std::string_view message) { return box.sign("acknowledge-link", message); };
    in_.node.set(config_);
  }

  ~running_node() override { close(); }
  running_node(const running_node&) = delete;
  running_node& operator=(const running_node&) = delete;

  // The door first, because links need the port really bound; nobody is let in until the tenants are there.
  // A node that runs alone has its shard from the beginning; one of several gets what the others leave it.
  result<void> begin() {
    auto crashes = read_crashes();
    if (!crashes) return crashes.error();
    auto tenants = api::load_tenants(*writer_, config_);
    if (!tenants) return tenants.error();
    if (!shards_)
      if (auto taken = take_everything(*tenants); !taken) return taken;
    if (auto open = open_door(); !open) return open;
    ports start = make_ports();
    for (const auto& one : *crashes) start.health->set_deaths(one.actor, one.count, one.last);
    std::optional<cluster_part> others;
    if (shards_) others = cluster_part{self(), {}, shards_, clock_};
    tree_ = node_tree::grow(std::move(start), writer_, {}, std::move(others));
    flight_->catch_faults();
    in_.world = tree_->world();
    in_.tree = tree_.get();
    in_.reader = reader_.get();
    heartbeat_ = std::make_unique<heartbeat>(in_.world);
    api::take_tenants(in_, std::move(*tenants));
    door_->let_in([this](const net::server_request& request, const net::respond& answer) {
      api::answer_request(in_, request, answer);
    });
    begun_.count_down();
    if (word_)
      watch_ = std::make_unique<news_watch>(std::move(word_), [this] {
        // Of a store that is away the pulse hears when it is back.
        if (in_.world->metrics->store_ready) tree_->look_for_news();
      });
    return {};
  }

  [[nodiscard]] std::string address() const override { return door_->address(); }

  void reload(const node_config& fresh) override {
    std::string keys;
    for (const std::string& key : api::keys_for_a_start(config_, fresh)) keys += (keys.empty() ? "" : ",") + key;
    if (!keys.empty()) log_.warning("reload_needs_restart", {{"keys", keys}});
    node_config config = api::reloaded(config_, fresh);
    heartbeat_->configure(config);
    // On the store's thread, as every change of configuration: none is applied with half of the old and half of the new.
    tree_->with_writer([this, config = std::move(config)](persistence::store& store) -> result<void> {
      auto tenants = api::load_tenants(store, config);
      if (!tenants) {
        log_.error("reload_refused", {{"error", tenants.error().detail}});
        return tenants.error();
      }
      in_.node.set(config);
      api::take_tenants(in_, std::move(*tenants));
      log_.info("reloaded", {});
      return {};
    });
  }

  bool tick() override {
    const moment present = in_.world->time.now();
    in_.answers.expire(present.steady);
    look_at_own_clock();
    // A pulse wakes eight threads. While all is well, and no heartbeat waits for it, each other second will do.
    if (last_answer_ == pulse_answer::well && pulse_was_asked_ && !heartbeat_->is_due(present.steady)) {
      pulse_was_asked_ = false;
      return true;
    }
    pulse_was_asked_ = true;
    const pulse_answer answer = tree_->alive(alive_within);
    if (answer == pulse_answer::well) beat(present);
    if (answer != std::exchange(last_answer_, answer)) say(answer);
    return answer != pulse_answer::silent;
  }

  void stop(std::chrono::milliseconds within) override {
    in_.draining = true;
    const auto begun = std::chrono::steady_clock::now();
    if (!tree_->leave(within)) log_.warning("left_behind", {{"says", "others take over once the leases have ended"}});
    const auto gone = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun);
    const bool quiet = tree_->drain(std::max(within - gone, std::chrono::milliseconds(0)));
    log_.info("drained", {{"quiet", quiet ? "yes" : "no"}});
    close();
  }

private:
  result<void> open_door() {
    constexpr const char* why = "starting: tenants are being loaded";
    if (door_) {
      door_->not_yet(why);
      return {};
    }
    auto open = front_door::open(config_.http_listen, why);
    if (!open) return open.error();
    door_ = std::move(*open);
    return {};
  }

  // How the process before died, and how often each actor has (S-D5): counted before anything is handed to it again.
  result<std::vector<persistence::crash_record>> read_crashes() {
    if (const auto& last = flight_->last_death()) {
      log_.error("died_in",
                 {{"actor", last->actor.empty() ? "none" : last->actor}, {"signal", std::to_string(last->signal)}});
      if (const auto tenant = tenant_of(last->actor))
        if (auto noted = writer_->note_crash({}, *tenant, last->actor, time_.now().wall); !noted) return noted.error();
    }
    return writer_->crashes();
  }

  result<void> take_everything(const api::loaded_tenants& tenants) {
    auto owner = writer_->take_shard(0, owner_.owner, time_.now().wall);
    if (!owner) return owner.error();
    owner_ = *owner;
    std::vector<persistence::known_channel> channels;
    for (const auto& known : tenants.readable) add_channels(channels, *known.config);
    return recover(*writer_, owner_, channels);
  }

  // Of a shard that is to be begun. What its tenants' actors did at another node is counted there and here alike.
  result<void> take_up(persistence::store& store, const fence& shard) {
    begun_.wait();
    if (closing_) return failure{failure_kind::unavailable, "this node ends"};
    if (auto read = news_.read_configs(store); !read) return read;
    const auto crashes = store.crashes();
    if (!crashes) return crashes.error();
    std::vector<persistence::known_channel> channels;
    for (const auto& known : in_.tenants.all()) {
      if (known->document.shard != shard.shard) continue;
      in_.world->health->forget_deaths(known->config->id);
      add_channels(channels, *known->config);
    }
    for (const auto& one : *crashes)
      if (const auto tenant = tenant_of(one.actor); tenant && in_.tenants.shard_of(*tenant) == shard.shard)
        in_.world->health->set_deaths(one.actor, one.count, one.last);
    return recover(store, shard, channels);
  }

  result<void> recover(persistence::store& store, const fence& owner,
                       const std::vector<persistence::known_channel>& channels) {
    const auto recovered = store.recover_claims(owner, channels, time_.now().wall);
    if (!recovered) return recovered.error();
    log_.info("recovered", {{"shard", std::to_string(owner.shard)},
                            {"resumed", std::to_string(recovered->resumed)},
                            {"unknown", std::to_string(recovered->unknown)}});
    return {};
  }

  [[nodiscard]] node_row self() const {
    return {owner_.owner, config_.node_name, config_.node_capacity, false, false, config_.site, in_.version};
  }

  void beat(const moment& present) {
    if (!heartbeat_->is_asked_for()) return;
    auto why_not = api::reason_for_silence(in_.tenants, *in_.world->health, present.wall, in_.world->leases.get());
    if (!why_not) heartbeat_->beat(present.steady);
    if (why_not && why_not != withheld_) log_.warning("heartbeat_withheld", {{"reason", *why_not}});
    withheld_ = std::move(why_not);
  }

  void look_at_own_clock() {
    const auto known = time_.off ? time_.off() : std::nullopt;
    if (!known) return;
    const std::chrono::duration<double> off = *known;
    const bool wrong = std::abs(off.count()) > much_off;
    if (wrong == std::exchange(clock_is_off_, wrong)) return;
    if (wrong)
      log_.warning("clock_is_off", {{"seconds", fmt::format("{:.1f}", off.count())}});
    else
      log_.info("clock_is_right", {});
  }

  void say(pulse_answer answer) {
    switch (answer) {
      case pulse_answer::well: log_.info("well_again", {}); break;
      case pulse_answer::store_ill: log_.error("store_ill", {{"says", "nothing can be made durable"}}); break;
      case pulse_answer::silent: log_.error("not_alive", {{"within", "5s"}}); break;
    }
  }

  // In this order: nobody asks, nobody answers, nothing of ours is run by the store, nobody holds the actors' world any
  // more; then the actors can end (a detached actor's thread ends only when its last handle is gone). Twice does no harm.
  void close() {
    watch_.reset();
    closing_ = true;
    if (door_) door_->close();
    reader_.reset();
    if (tree_) tree_->finish_writes();
    heartbeat_.reset();
    in_.world.reset();
    tree_.reset();
  }

  ports make_ports() {
    ports start;
    start.time = time_;
    start.http = outside_.http.get();
    start.mail = outside_.mail.get();
    start.log = &log_;
    start.flight = flight_.get();
    std::vector<std::string> kinds;
    for (const auto& one : channel_kinds()) kinds.push_back(one.kind);
    start.metrics = std::make_shared<node_metrics>(kinds);
    start.health = std::make_shared<health_board>();
    start.node = config_;
    start.node.callback_url = start.node.public_url;
    if (start.node.public_url.empty()) start.node.public_url = "http://" + door_->address();
    start.owner = owner_;
    start.start_mark = random_id("").substr(0, 8);
    start.link_token = [this](const tenant_id& tenant, const alert_id& alert, std::uint32_t episode,
                              const std::string& person) {
      return api::make_link_token({tenant, alert, episode, person}, in_.sign_links);
    };
    start.credentials_mark = [box = box_](const instance_config& of) {
      std::string message;
      for (const std::string& part : {of.url, of.address, of.client_id, of.secret.reveal()})
        message += std::to_string(part.size()) + ':' + part;
      const auto mac = box.sign("login-budget", message);
      id_bits half{};
      std::copy_n(mac.begin(), half.size(), half.begin());
      return encode_id("", half);
    };
    start.command_decided = [this](const command_result& decided) { in_.answers.decided(decided); };
    if (shards_) {
      start.before_shard = [this](persistence::store& store, const fence& shard) { return take_up(store, shard); };
      start.news = [this](persistence::store& store) { return news_.look(store); };
    }
    start.fatal = [this](std::string_view why) {
      log_.last_words("fatal", {{"error", std::string(why)}});
      // No destructor may run: the store must recover from its log. systemd starts us afresh.
      std::_Exit(70);
    };
    return start;
  }

  node_config config_;
  log_sink& log_;
  persistence::directory_lock lock_;
  persistence::secret_box box_;
  outside outside_;
  std::unique_ptr<front_door> door_;           // none: not open yet
  std::shared_ptr<persistence::store> writer_; // shared with the store actor, which outlives no one else
  std::unique_ptr<store_reader> reader_;
  std::unique_ptr<flight_recorder> flight_;
  std::shared_ptr<persistence::lease_register> shards_; // none: this node runs alone
  std::shared_ptr<common_clock> clock_;                 // of several nodes
  time_source time_;
  std::unique_ptr<persistence::news_waiter> word_; // until it is watched
  fence owner_;                                    // of several: only the name
  api::context in_;
  api::news news_{in_}; // of the store's thread
  std::unique_ptr<node_tree> tree_;
  std::unique_ptr<heartbeat> heartbeat_;
  bool clock_is_off_ = false;           // at the last tick
  std::optional<std::string> withheld_; // why the outside was not told at the last tick
  pulse_answer last_answer_ = pulse_answer::well;
  bool pulse_was_asked_ = false; // at the last tick
  std::unique_ptr<news_watch> watch_;
  std::latch begun_{1};              // the tree's world is known, and the first tenants are in it
  std::atomic<bool> closing_{false}; // no shard is begun any more
};

// Of one of several: the door is open while the database is waited for, so that whoever asks hears why nothing is watched.
result<node_state> open_shared(node_config& config, log_sink& log, const front_door& door, database_wait& wait) {
  for (bool waited = false;; waited = true) {
    std::optional<result<node_state>> state;
    wait.beside([&] { state.emplace(open_state(config)); });
    if (*state && waited) log.info("database_reached", {});
    if (*state || state->error().kind != failure_kind::unavailable) return std::move(*state);
    config = wait.after(state->error(), door.address());
  }
}

} // namespace

result<std::unique_ptr<node>> node::start(node_config config, log_sink& log, database_wait& wait) {
  auto lock = take_state_dir(config);
  if (!lock) return lock.error();
  std::unique_ptr<front_door> door;
  if (config.is_one_of_several()) {
    auto open =
        front_door::open(config.http_listen,
                         "store unavailable: the database is away, does not let this node in or is brought to a "
                         "newer schema, so nothing is run and nothing is sent here; the log says more");
    if (!open) return open.error();
    door = std::move(*open);
  }
  auto state = door ? open_shared(config, log, *door, wait) : open_state(config);
  if (!state) return state.error();
  for (const std::string& one : state->warnings) log.warning("database", {{"says", one}});
  auto files = open_own_files(config);
  if (!files) return files.error();
  auto to = open_outside(config);
  if (!to) return to.error();
  auto made = std::make_unique<running_node>(std::move(config), log, std::move(*lock), std::move(*state),
                                             std::move(*files), std::move(*to), std::move(door));
  if (auto begun = made->begin(); !begun) return begun.error();
  return std::unique_ptr<node>(std::move(made));
}

} // namespace ringdown
