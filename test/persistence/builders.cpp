#include "test/persistence/builders.hpp"

#include "test/support/catch.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>

namespace ringdown::persistence {

temp_dir::temp_dir() {
  std::string pattern = "/tmp/ringdown-store-XXXXXX";
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  root_ = pattern;
}

temp_dir::~temp_dir() {
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

secret_box sqlite_place::make_key() const {
  auto made = secret_box::create_file(dir.path("key"));
  REQUIRE(made.ok());
  return *made;
}

std::unique_ptr<store> sqlite_place::open(open_mode mode) const {
  auto opened = open_sqlite({file(), mode}, box);
  INFO((opened.ok() ? std::string() : opened.error().detail));
  REQUIRE(opened.ok());
  return std::move(*opened);
}

alert make_alert(const std::string& id, const tenant_id& tenant) {
  alert a;
  a.id = alert_id(id);
  a.tenant = tenant;
  a.key = {instance_id("hq"), alert_type::trunk_down, {resource_kind::trunk, id}};
  a.label = "Trunk " + id;
  a.provider = "sip.example.net";
  a.level = severity::critical;
  a.why = cause::provider_silent;
  a.opened = noon;
  a.since = noon - std::chrono::seconds(20);
  a.trace = "hq.1.1";
  return a;
}

alert_view view_of(const alert& what) {
  alert_view view;
  view.id = what.id;
  view.episode = what.episode;
  view.version = what.version;
  view.type = what.key.type;
  view.level = what.level;
  view.tenant = what.tenant;
  view.instance = what.key.instance;
  view.resource = what.key.resource;
  view.label = what.label;
  view.since = what.since;
  return view;
}

command make_command(const std::string& id, const tenant_id& tenant) {
  command made;
  made.id = id;
  made.tenant = tenant;
  made.at = noon;
  return made;
}

delivery make_row(const std::string& id, const alert& about) {
  delivery d;
  d.id = delivery_id(id);
  d.tenant = about.tenant;
  d.channel = channel_id("push");
  d.alert = about.id;
  d.episode = about.episode;
  d.version = about.version;
  d.target = "phone";
  d.level = about.level;
  d.created = noon;
  d.not_before = noon;
  d.give_up_at = noon + std::chrono::hours(6);
  d.trace = about.trace;
  d.content.level = about.level;
  d.content.title = "Trunk down: " + about.label;
  d.content.text = "It does not register.";
  d.content.at = noon;
  d.content.tenant = about.tenant;
  d.content.alerts = {view_of(about)};
  return d;
}

desk::desk(const store_opener& open) : held(open()) {
  auto taken = held->take_shard(0, incarnation_id("in_one"), noon);
  REQUIRE(taken.ok());
  owner = *taken;
}

write_batch desk::batch() const {
  write_batch fresh;
  fresh.tenant = tenant;
  fresh.owner = owner;
  fresh.at = noon;
  return fresh;
}

void desk::commit(const write_batch& what) {
  const auto verdicts = held->commit(std::span(&what, 1));
  INFO((verdicts.ok() ? std::string() : verdicts.error().detail));
  REQUIRE(verdicts.ok());
  REQUIRE(verdicts->front().ok());
}

void desk::commit_rows(std::vector<delivery> rows) {
  auto fresh = batch();
  fresh.deliveries = std::move(rows);
  commit(fresh);
}

void desk::commit_alert(const alert& what) {
  auto fresh = batch();
  fresh.alerts = {what};
  commit(fresh);
}

claimed_rows desk::claim(std::size_t limit, wall_time now, const std::string& channel) {
  auto claimed = held->claim({tenant, channel_id(channel), owner, limit, now});
  INFO((claimed.ok() ? std::string() : claimed.error().detail));
  REQUIRE(claimed.ok());
  return std::move(*claimed);
}

std::vector<std::string> desk::claimed_ids(std::size_t limit, wall_time now, const std::string& channel) {
  std::vector<std::string> ids;
  for (const delivery& row : claim(limit, now, channel).rows) ids.push_back(row.id.str());
  return ids;
}

settlement desk::outcome(const std::string& id, delivery_state state) const {
  settlement what;
  what.owner = owner;
  what.tenant = tenant;
  what.ledger.delivery = delivery_id(id);
  what.ledger.number = 1;
  what.ledger.started = noon;
  what.ledger.ended = noon + std::chrono::seconds(1);
  what.ledger.outcome = state == delivery_state::sent ? outcome_kind::accepted : outcome_kind::retry;
  what.ledger.status = 200;
  what.ledger.answer = "HTTP 200";
  what.state = state;
  what.not_before = noon;
  return what;
}

result<void> desk::settle(const settlement& what) {
  auto verdicts = held->settle(std::span(&what, 1));
  REQUIRE(verdicts.ok());
  return verdicts->front();
}

delivery desk::row(const std::string& id) {
  auto found = held->find_delivery(delivery_id(id));
  REQUIRE(found.ok());
  REQUIRE(found->has_value());
  return (*found)->row;
}

std::string desk::fate(const std::string& id) {
  const delivery seen = row(id);
  const std::string state(name(seen.state));
  return seen.why == reason::none ? state : state + " " + std::string(name(seen.why));
}

} // namespace ringdown::persistence
