#include "persistence/postgres/lease_register.hpp"

#include "persistence/postgres/session.hpp"

#include <charconv>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace ringdown::persistence {

namespace {

using row = postgres_session::row;

// A process that hangs in the middle of a transaction must not hold its rows for longer than a lease; and the server must not
// give up a silent session sooner than that, because it would look like a dead process.
constexpr const char* tune_session = R"(
set statement_timeout = '5s';
set lock_timeout = '2s';
set idle_in_transaction_session_timeout = '5s';
set tcp_keepalives_idle = 60;
set tcp_keepalives_interval = 10;
set tcp_keepalives_count = 3;
set tcp_user_timeout = '60s')";

// An advisory lock stands for a process. The first half of its key is what the database calls the table of nodes: another
// installation in it has another.
constexpr const char* begin_session =
    "select s.n, pg_advisory_lock('node'::regclass::oid::integer, s.n) from (select nextval('node_session')::integer "
    "as n "
    "offset 0) s";

// A session that was lost because the server started again says nothing: its process renewed at another server than this one.
// Two who look at once need not both write it down, and never wait for each other.
constexpr const char* note_the_gone = R"(
with seen as (
  select n.id, n.gone_since, n.server <> pg_postmaster_start_time() or exists (
    select from pg_locks l where l.locktype = 'advisory' and l.granted and l.objsubid = 2
      and l.database = (select oid from pg_database where datname = current_database())
      and l.classid = 'node'::regclass::oid and l.objid::bigint = n.session) as lives
  from node n),
changed as (
  select n.id from node n join seen s on s.id = n.id where s.lives = (n.gone_since is not null)
  order by n.id for update of n skip locked)
update node n set gone_since = case when s.lives then null else clock_timestamp() end
  from seen s where s.id = n.id and n.id in (select id from changed))";

constexpr const char* wish = "update node set to_drain = $2::boolean where name = $1";

constexpr const char* renew_node = R"(
insert into node as n (id, name, site, version, capacity, draining, session, server, lease_until, gone_since)
  values ($1, $2, $7, $8, $3::integer, $4::boolean, $5::integer, pg_postmaster_start_time(), now() + $6::interval, null)
  on conflict (id) do update set name = excluded.name, site = excluded.site, capacity = excluded.capacity, draining = excluded.draining,
    session = excluded.session, server = excluded.server, lease_until = excluded.lease_until, gone_since = null)";

// What has expired and was not taken is revived.
constexpr const char* renew_shards = "update shard set lease_until = now() + $2::interval where owner = $1";

constexpr const char* release = R"(
update shard s set owner = '' from unnest($2::integer[], $3::bigint[]) as r(id, epoch)
  where s.id = r.id and s.epoch = r.epoch and s.owner = $1)";

// Those that somebody just takes, or writes under, are passed over.
constexpr const char* acquire = R"(
with free as (
  select s.id from shard s where s.id = any($2::integer[]) and (s.owner = '' or s.lease_until <= now() or exists (
    select from node n where n.id = s.owner and n.gone_since <= now() - $4::interval))
  order by s.id for update of s skip locked)
update shard s set owner = $1, epoch = s.epoch + 1, lease_until = now() + $3::interval
  from free f where f.id = s.id)";

constexpr const char* read_shards = R"(
select s.id, s.owner, s.epoch, s.owner <> '' and s.lease_until > now() and not exists (
    select from node n where n.id = s.owner and n.gone_since <= now() - $1::interval),
  coalesce(w.instances, 0),
  (extract(epoch from clock_timestamp()) * 1000000)::bigint
from shard s left join (select shard, sum(instances) as instances from tenant_shard group by shard) w on w.shard = s.id
order by s.id)";

constexpr const char* read_nodes = R"(
select id, name, capacity, draining, to_drain, site, version,
  (extract(epoch from gone_since + $1::interval - now()) * 1000000)::bigint from node
  where lease_until > now() and (gone_since is null or gone_since > now() - $1::interval) order by id)";

// Whoever was here long ago.
constexpr const char* forget_nodes = R"(
delete from node where id in (
  select id from node where lease_until < now() - interval '1 day' for update skip locked))";

std::string interval_of(duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(time).count()) + " microseconds";
}

template <class Number>
Number number(const std::optional<std::string>& text) {
  Number value{};
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

template <class Items, class Value>
std::string array_of(const Items& items, Value value) {
  std::string text = "{";
  for (const auto& one : items) text += (text.size() > 1 ? "," : "") + std::to_string(value(one));
  return text + "}";
}

// Several statements without parameters.
result<void> run_all(postgres_session& in, std::string_view statements) {
  while (!statements.empty()) {
    const std::size_t end = std::min(statements.find(';'), statements.size());
    auto done = in.ask(std::string(statements.substr(0, end)));
    if (!done) return done.error();
    statements.remove_prefix(std::min(end + 1, statements.size()));
  }
  return {};
}

class postgres_register final : public lease_register {
public:
  postgres_register(std::string url, const register_rules& rules)
      : url_(std::move(url)),
        ttl_(interval_of(rules.ttl)),
        gone_for_(interval_of(rules.gone_for)) {}

  result<lease_answer> ask(const lease_question& what) override {
    if (auto there = connect(); !there) return there.error();
    auto said = answer(what);
    if (!said) leave();
    return said;
  }

  bool is_cut() override {
    const auto held = session();
    return held && held->is_cut();
  }

  void give_up() override {
    if (const auto held = session()) held->give_up();
  }

private:
  [[nodiscard]] std::shared_ptr<postgres_session> session() {
    const std::lock_guard hold(guard_);
    return session_;
  }

  void leave() {
    const std::lock_guard hold(guard_);
    session_.reset();
  }

  // A number of its own for every session: the one before may still hold its lock.
  result<void> connect() {
    if (session()) return {};
    auto opened = postgres_session::open(url_);
    if (!opened) return opened.error();
    std::shared_ptr<postgres_session> made = std::move(*opened);
    if (auto tuned = run_all(*made, tune_session); !tuned) return tuned;
    auto begun = made->ask(begin_session);
    if (!begun) return begun.error();
    number_ = begun->at(0).at(0).value_or("");
    const std::lock_guard hold(guard_);
    session_ = std::move(made);
    return {};
  }

  result<lease_answer> answer(const lease_question& what) {
    const auto in = session();
    const std::string& me = what.asker.id.str();
    std::vector<postgres_session::question> steps{{"begin isolation level read committed", {}}, {note_the_gone, {}}};
    for (const drain_wish& one : what.wishes) steps.push_back({wish, {one.name, one.drain ? "true" : "false"}});
    if (what.what == lease_ask::renew) {
      const node_row& self = what.asker;
      steps.push_back({renew_node,
                       {me, self.name, std::to_string(self.capacity), self.draining ? "true" : "false", number_, ttl_,
                        self.site, self.version}});
      steps.push_back({renew_shards, {me, ttl_}});
      steps.push_back({forget_nodes, {}});
    }
    if (!what.release.empty())
      steps.push_back({release,
                       {me, array_of(what.release, [](const held_lease& one) { return one.shard; }),
                        array_of(what.release, [](const held_lease& one) { return one.epoch; })}});
    if (!what.acquire.empty())
      steps.push_back({acquire, {me, array_of(what.acquire, [](shard_id one) { return one; }), ttl_, gone_for_}});
    const std::size_t shards = steps.size();
    steps.push_back({read_shards, {gone_for_}});
    steps.push_back({read_nodes, {gone_for_}});
    steps.push_back({"commit", {}});
    const auto said = in->ask_together(steps);
    if (!said) return said.error();
    return read(what, (*said)[shards], (*said)[shards + 1]);
  }

  static lease_answer read(const lease_question& asked, const std::vector<row>& shards, const std::vector<row>& nodes) {
    lease_answer said;
    said.number = asked.number;
    for (const row& one : shards) {
      shard_row of{number<shard_id>(one.at(0)), incarnation_id(one.at(1).value_or("")),
                   number<std::uint64_t>(one.at(2)), one.at(3) == "t", number<std::uint32_t>(one.at(4))};
      if (of.owner == asked.asker.id) said.held.push_back({of.id, of.epoch});
      said.shards.push_back(std::move(of));
      said.time = from_micros(number<std::int64_t>(one.at(5)));
    }
    for (const row& one : nodes) {
      if (const auto& left = one.at(7)) {
        const duration in = std::chrono::microseconds(number<std::int64_t>(left));
        said.free_in = std::min(said.free_in.value_or(in), in);
      }
      said.nodes.push_back({incarnation_id(one.at(0).value_or("")), one.at(1).value_or(""),
                            number<std::uint32_t>(one.at(2)), one.at(3) == "t", one.at(4) == "t",
                            one.at(5).value_or(""), one.at(6).value_or("")});
    }
    return said;
  }

  const std::string url_;
  const std::string ttl_;
  const std::string gone_for_;
  std::mutex guard_; // of session_, which other threads look at
  std::shared_ptr<postgres_session> session_;
  std::string number_; // of the session
};

} // namespace

std::unique_ptr<lease_register> open_postgres_register(std::string url, const register_rules& rules) {
  return std::make_unique<postgres_register>(std::move(url), rules);
}

} // namespace ringdown::persistence
