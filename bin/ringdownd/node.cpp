#include "bin/ringdownd/node.hpp"

#include "actors/api/handlers.hpp"
#include "actors/api/load_tenants.hpp"
#include "actors/api/wellness.hpp"
#include "actors/net/http_client.hpp"
#include "actors/net/smtp_client.hpp"
#include "bin/ringdownd/heartbeat.hpp"
#include "bin/ringdownd/state_files.hpp"
#include "persistence/sqlite_store.hpp"
#include "protocol/wire/dialects.hpp"
#include "ringdown_version.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

namespace ringdown {

namespace {

constexpr std::size_t reader_connections = 2;
constexpr auto alive_within = std::chrono::seconds(5);

std::string random_id(std::string_view prefix) { return encode_id(prefix, persistence::random_bits()); }

// The parts of a start that outlive each other in this order.
struct opened {
  persistence::directory_lock lock;
  persistence::secret_box box;
  std::string token;
  std::shared_ptr<persistence::store> writer;
  std::vector<std::unique_ptr<persistence::store>> readers;
  std::unique_ptr<flight_recorder> flight;
};

result<opened> open_state(const node_config& config) {
  if (auto made = prepare_state_dir(config.state_dir); !made) return made.error();
  auto lock = persistence::directory_lock::take(config.state_dir);
  if (!lock) return lock.error();
  const std::string database = config.state_dir + "/ringdown.db";
  auto box = secrets_key(config.key_file, database);
  if (!box) return box.error();
  auto token = api_token(config.token_file);
  if (!token) return token.error();
  auto writer = persistence::open_sqlite({database, persistence::open_mode::writer}, *box);
  if (!writer) return writer.error();
  std::vector<std::unique_ptr<persistence::store>> readers;
  for (std::size_t i = 0; i < reader_connections; ++i) {
    auto reader = persistence::open_sqlite({database, persistence::open_mode::reader}, *box);
    if (!reader) return reader.error();
    readers.push_back(std::move(*reader));
  }
  auto flight = flight_recorder::open(config.state_dir + "/flight");
  if (!flight) return flight.error();
  return opened{std::move(*lock), *box, std::move(*token), std::move(*writer), std::move(readers), std::move(*flight)};
}

// How the process before died, and how often each actor has (S-D5): counted before anything is handed to it again.
result<std::vector<persistence::crash_record>> read_crashes(opened& state, wall_time now, log_sink& log) {
  if (const auto& last = state.flight->last_death()) {
    log.error("died_in",
              {{"actor", last->actor.empty() ? "none" : last->actor}, {"signal", std::to_string(last->signal)}});
    if (const auto tenant = tenant_of(last->actor))
      if (auto noted = state.writer->note_crash(*tenant, last->actor, now); !noted) return noted.error();
  }
  return state.writer->crashes();
}

std::vector<persistence::known_channel> channels_of(const std::vector<api::known_tenant>& tenants) {
  std::vector<persistence::known_channel> channels;
  for (const auto& known : tenants)
    for (const auto& channel : known.config->channels) {
      const auto* dialect = wire::find_dialect(channel.kind);
      const bool keyed = dialect != nullptr && wire::repeats_are_safe(dialect->describe().keys);
      channels.push_back({known.config->id, channel.id,
                          keyed ? persistence::key_knowledge::keyed : persistence::key_knowledge::unkeyed});
    }
  return channels;
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
  running_node(node_config config, log_sink& log, opened state, outside to, fence owner)
      : config_(std::move(config)),
        log_(log),
        lock_(std::move(state.lock)),
        box_(state.box),
        outside_(std::move(to)),
        writer_(state.writer),
        reader_(std::make_unique<store_reader>(std::move(state.readers))),
        flight_(std::move(state.flight)) {
    in_.bearer_token = std::move(state.token);
    in_.version = std::string(version());
    in_.make_id = [] { return random_id(""); };
    in_.sign_links = [box = box_](std::string_view message) { return box.sign("acknowledge-link", message); };
    owner_ = std::move(owner);
  }

  ~running_node() override { close(); }
  running_node(const running_node&) = delete;
  running_node& operator=(const running_node&) = delete;

  // The doors first, because links need the port really bound; behind them everything is 503 until the tenants are there.
  result<void> open_doors(api::loaded_tenants tenants, const std::vector<persistence::crash_record>& crashes) {
    net::server_options options;
    options.listen = config_.http_listen;
    auto server = net::serve_http(options, [this](const net::server_request& request, const net::respond& answer) {
      if (in_.started)
        api::answer_request(in_, request, answer);
      else
        answer(api::problem(503, "starting", "tenants are being loaded"));
    });
    if (!server) return server.error();
    server_ = std::move(*server);
    ports start = make_ports(owner_);
    for (const auto& one : crashes) start.health->set_deaths(one.actor, one.count);
    tree_ = node_tree::grow(std::move(start), writer_);
    flight_->catch_faults();
    in_.world = tree_->world();
    in_.tree = tree_.get();
    in_.reader = reader_.get();
    in_.node.set(config_);
    heartbeat_ = std::make_unique<heartbeat>(in_.world);
    take(std::move(tenants));
    in_.started = true;
    return {};
  }

  [[nodiscard]] std::string address() const override { return server_->address(); }

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
      take(std::move(*tenants));
      log_.info("reloaded", {});
      return {};
    });
  }

  bool tick() override {
    const pulse_answer answer = tree_->alive(alive_within);
    const moment present = in_.world->time.now();
    in_.answers.expire(present.steady);
    if (answer == pulse_answer::well) beat(present);
    if (answer != std::exchange(last_answer_, answer)) say(answer);
    return answer != pulse_answer::silent;
  }

  void stop(std::chrono::milliseconds within) override {
    in_.draining = true;
    const bool quiet = tree_->drain(within);
    log_.info("drained", {{"quiet", quiet ? "yes" : "no"}});
    close();
  }

private:
  // One that cannot be read is left as it was and said loudly; the others do not wait for it.
  void take(api::loaded_tenants tenants) {
    for (auto& known : tenants.readable) {
      auto config = known.config;
      in_.tenants.put(std::move(known));
      tree_->apply(std::move(config));
    }
    for (auto& one : tenants.unreadable) {
      log_.error("tenant_unreadable", {{"tenant", one.document.tenant.str()}, {"error", one.error}});
      in_.tenants.put_unreadable(std::move(one));
    }
  }

  void beat(const moment& present) {
    if (!heartbeat_->is_asked_for()) return;
    auto why_not = api::reason_for_silence(in_.tenants, *in_.world->health, present.wall);
    if (!why_not) heartbeat_->beat(present.steady);
    if (why_not && why_not != withheld_) log_.warning("heartbeat_withheld", {{"reason", *why_not}});
    withheld_ = std::move(why_not);
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
    if (server_) server_->stop();
    reader_.reset();
    if (tree_) tree_->finish_writes();
    heartbeat_.reset();
    in_.world.reset();
    tree_.reset();
  }

  ports make_ports(const fence& owner) {
    ports start;
    start.time = system_time();
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
    if (start.node.public_url.empty()) start.node.public_url = "http://" + server_->address();
    start.owner = owner;
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
  std::shared_ptr<persistence::store> writer_; // shared with the store actor, which outlives no one else
  std::unique_ptr<store_reader> reader_;
  std::unique_ptr<flight_recorder> flight_;
  fence owner_;
  api::context in_;
  std::unique_ptr<node_tree> tree_;
  std::unique_ptr<heartbeat> heartbeat_;
  std::optional<std::string> withheld_; // why the outside was not told at the last tick
  pulse_answer last_answer_ = pulse_answer::well;
  std::unique_ptr<net::http_server> server_;
};

} // namespace

result<std::unique_ptr<node>> node::start(node_config config, log_sink& log) {
  auto state = open_state(config);
  if (!state) return state.error();
  const wall_time present = system_time().now().wall;
  auto owner = state->writer->take_shard(0, incarnation_id(random_id("nd_")), present);
  if (!owner) return owner.error();
  const auto crashes = read_crashes(*state, present, log);
  if (!crashes) return crashes.error();
  auto tenants = api::load_tenants(*state->writer, config);
  if (!tenants) return tenants.error();
  const auto recovered = state->writer->recover_claims(*owner, channels_of(tenants->readable), present);
  if (!recovered) return recovered.error();
  log.info("recovered",
           {{"resumed", std::to_string(recovered->resumed)}, {"unknown", std::to_string(recovered->unknown)}});
  auto to = open_outside(config);
  if (!to) return to.error();
  auto made = std::make_unique<running_node>(std::move(config), log, std::move(*state), std::move(*to), *owner);
  if (auto open = made->open_doors(std::move(*tenants), *crashes); !open) return open.error();
  return std::unique_ptr<node>(std::move(made));
}

} // namespace ringdown
