#include "test/support/lease_world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace ringdown::test {

using namespace std::chrono_literals;
using logic::lease_effects;
using logic::shard_standing;

namespace {

constexpr auto works_every = 100ms;
constexpr auto connects_for = 2s;     // to a register that cannot be reached
constexpr auto half_open_for = 60s;   // a session whose other end is gone without a word; longer than any lease
constexpr auto quiet_life = 15s + 7s; // so long after the last thing that was amiss nobody is robbed

double seconds(lease_world::instant at) { return std::chrono::duration<double>(at).count(); }

} // namespace

lease_world::lease_world(std::size_t nodes, shard_id shards, std::uint64_t seed)
    : chance_(seed),
      register_(shards),
      nodes_(nodes) {
  register_.on_taking([this](const lease_register::taking& what) { took(what); });
  for (member& of : nodes_) {
    of.number = static_cast<std::size_t>(&of - nodes_.data());
    of.ahead = chance_.between(1h, 1000h);
  }
  at(works_every, [this] { work(); });
}

void lease_world::run_until(instant when) {
  while (!due_.empty() && due_.begin()->first.first <= when) {
    now_ = due_.begin()->first.first;
    const auto what = std::move(due_.extract(due_.begin()).mapped());
    what();
  }
  now_ = when;
}

boot_time lease_world::local(const member& of) const {
  if (hands_.clock) return hands_.clock(of.number);
  return of.ahead + instant(static_cast<std::int64_t>(static_cast<double>(now_.count()) * of.rate));
}

// Never a moment too soon: a timer does not ring before its time. By a lent clock it may, and is set again.
lease_world::instant lease_world::truly(const member& of, boot_time when) const {
  if (hands_.clock) return now_ + (when - local(of)) + 1us;
  return instant(static_cast<std::int64_t>(static_cast<double>((when - of.ahead).count()) / of.rate)) + 1us;
}

lease_world::instant lease_world::way() {
  return slow_ && chance_.chance(20) ? chance_.between(20ms, 6900ms) : chance_.between(1ms, 20ms);
}

void lease_world::to(member& of, const std::function<void()>& what) {
  const auto in_time = [&of, life = of.life, what] {
    if (of.keeper && of.life == life) what();
  };
  if (of.frozen)
    of.at_thaw.emplace_back(in_time);
  else
    in_time();
}

void lease_world::over_the_wire(member& of, const std::function<void()>& what) {
  if (of.parted)
    of.at_heal.push_back(what);
  else
    at(now_ + way(), what);
}

lease_world::instant lease_world::next() const { return due_.empty() ? instant::max() : due_.begin()->first.first; }

bool lease_world::may_run(std::size_t number, shard_id shard) const {
  const member& of = nodes_[number];
  return of.keeper && of.keeper->standing_of(shard, local(of)) == shard_standing::running;
}

// --- a process ---------------------------------------------------------------------------------------------------------

void lease_world::start(std::size_t number) {
  member& of = nodes_[number];
  if (of.keeper) return;
  of.id = incarnation_id(fmt::format("nd_{}_{}", number, ++of.life));
  of.hurt = now_;
  of.keeper.emplace(node_row{of.id, fmt::format("n{}", number), 1, false});
  act(of, of.keeper->tick(local(of)));
}

void lease_world::kill(std::size_t number) {
  member& of = nodes_[number];
  of.keeper.reset();
  of.running.clear();
  of.at_thaw.clear();
  of.ended.clear();
  of.frozen = false;
  hang_up(of);
}

// Its end of the session is closed: the register hears of it when it can.
void lease_world::hang_up(member& of) {
  if (of.session == 0) return;
  const auto closes = [this, session = of.session] { register_.close(session); };
  of.session = 0;
  if (of.parted)
    at(now_ + half_open_for, closes);
  else
    at(now_ + chance_.between(1ms, 10ms), closes);
}

void lease_world::freeze(std::size_t number, instant lasts) {
  member& of = nodes_[number];
  if (!of.keeper || of.frozen) return;
  of.frozen = true;
  of.hurt = now_ + lasts;
  at(now_ + lasts, [this, &of, life = of.life] {
    if (of.frozen && of.life == life) thaw(of);
  });
}

// Threads that send may be faster than the one that looks at the session.
void lease_world::thaw(member& of) {
  of.frozen = false;
  for (const auto& [shard, lease] : of.running) work(of, lease);
  for (const auto& what : std::exchange(of.ended, {})) what();
  const bool timers_first = chance_.chance(50);
  if (timers_first) act(of, of.keeper->tick(local(of)));
  for (const auto& what : std::exchange(of.at_thaw, {})) what();
  if (!timers_first) act(of, of.keeper->tick(local(of)));
}

void lease_world::part(std::size_t number, instant lasts) {
  member& of = nodes_[number];
  if (of.parted) return;
  of.parted = true;
  of.hurt = now_ + lasts;
  at(now_ + lasts, [this, &of] {
    of.parted = false;
    for (auto& what : std::exchange(of.at_heal, {})) at(now_ + way(), std::move(what));
  });
}

// A process that is cut off does not hear that its session was closed, and no rule of leases helps against that: only the fence
// does. The register's machine closes none without a word until long after the lease, and nobody does here.
void lease_world::cut(std::size_t number) {
  member& of = nodes_[number];
  if (!of.keeper || of.session == 0 || of.parted) return;
  of.hurt = now_;
  register_.close(of.session);
  at(now_ + chance_.between(1ms, 400ms), [this, &of, session = of.session] { hear_of_end(of, session); });
}

void lease_world::hear_of_end(member& of, std::uint64_t session) {
  if (!of.keeper || session == 0) return;
  const auto hear = [this, &of, session] {
    if (of.keeper && of.session == session) lose_session(of);
  };
  if (of.frozen)
    of.ended.emplace_back(hear);
  else
    hear();
}

void lease_world::lose_session(member& of) {
  of.session = 0;
  act(of, of.keeper->cut(local(of)));
}

void lease_world::drain(std::size_t number) {
  to(nodes_[number], [this, number] { act(nodes_[number], nodes_[number].keeper->drain(local(nodes_[number]))); });
}

void lease_world::stay(std::size_t number) {
  to(nodes_[number], [this, number] { act(nodes_[number], nodes_[number].keeper->stay(local(nodes_[number]))); });
}

void lease_world::leave(std::size_t number) {
  to(nodes_[number], [this, number] { act(nodes_[number], nodes_[number].keeper->leave(local(nodes_[number]))); });
}

void lease_world::act(member& of, const lease_effects& what) {
  for (const held_lease& one : what.drop) end(of, one, 1s, hands_.drop);
  suspensions_ += what.suspend.size();
  for (const held_lease& one : what.start) {
    if (of.running.contains(one.shard))
      wrong_.push_back(fmt::format("{:.3f} {} starts shard {} twice", seconds(now_), of.id.str(), one.shard));
    of.running[one.shard] = one;
    if (hands_.start) hands_.start(of.number, one);
  }
  for (const held_lease& one : what.hand_over) end(of, one, 3s, hands_.hand_over);
  if (what.reconnect) hang_up(of);
  if (what.ask) ask(of, *what.ask);
  wake(of);
}

void lease_world::end(member& of, const held_lease& lease, instant within, const hands::told& tell) {
  if (tell) tell(of.number, lease);
  at(now_ + chance_.between(1ms, within), [this, &of, lease, life = of.life] {
    if (of.life != life) return;
    to(of, [this, &of, lease] {
      const auto running = of.running.find(lease.shard);
      if (running == of.running.end() || running->second != lease) return;
      of.running.erase(running);
      if (hands_.stopped) hands_.stopped(of.number, lease);
      act(of, of.keeper->stopped(lease.shard, local(of)));
    });
  });
}

void lease_world::wake(member& of) {
  if (of.frozen || !of.keeper) return;
  const auto ring = [this, &of, life = of.life, mark = ++of.wakes] {
    if (of.frozen || of.life != life || of.wakes != mark) return;
    to(of, [this, &of] { act(of, of.keeper->tick(local(of))); });
  };
  at(std::max(now_ + 1us, truly(of, of.keeper->next())), ring);
}

// --- what it asks ------------------------------------------------------------------------------------------------------

void lease_world::ask(member& of, const lease_question& what) {
  if (of.session == 0) return connect(of, what);
  over_the_wire(of, [this, &of, session = of.session, what] { arrive(of, session, what); });
}

void lease_world::connect(member& of, const lease_question& what) {
  const bool away = of.parted || now_ < down_until_;
  const auto span = !away ? way() * 3 : of.parted ? instant(connects_for) : instant(5ms);
  at(now_ + span, [this, &of, life = of.life, away, what] {
    if (of.life != life) return;
    to(of, [this, &of, away, what] {
      if (of.session != 0) return;
      if (away || of.parted || now_ < down_until_) return lose_session(of);
      of.session = register_.open(of.id);
      ask(of, what);
    });
  });
}

void lease_world::arrive(member& of, std::uint64_t session, const lease_question& what) {
  if (!register_.is_open(session)) return;
  if (now_ < stalled_until_) return at(stalled_until_, [this, &of, session, what] { arrive(of, session, what); });
  const lease_answer said = register_.answer(what, now_);
  over_the_wire(of, [this, &of, session, said] {
    if (of.session == session) to(of, [this, &of, said] { act(of, of.keeper->answered(said, local(of))); });
  });
}

// --- the register ------------------------------------------------------------------------------------------------------

void lease_world::stall_register(instant lasts) {
  stalled_until_ = std::max(stalled_until_, now_ + lasts);
  register_hurt_ = std::max(register_hurt_, stalled_until_);
}

void lease_world::restart_register(instant lasts) {
  register_.restart();
  down_until_ = std::max(down_until_, now_ + lasts);
  register_hurt_ = std::max(register_hurt_, down_until_);
  for (member& of : nodes_) {
    if (!of.parted) hear_of_end(of, of.session); // who is cut off hears nothing, and waits for an answer
  }
}

void lease_world::took(const lease_register::taking& what) {
  takings_.push_back(what);
  if (hands_.taken) hands_.taken(what);
  for (const member& of : nodes_) {
    if (!of.keeper || of.id == what.to) continue;
    if (of.keeper->standing_of(what.lease.shard, local(of)) == shard_standing::running)
      wrong_.push_back(fmt::format("{:.3f} {} takes shard {} at epoch {}, and {} believes to run it", seconds(now_),
                                   what.to.str(), what.lease.shard, what.lease.epoch, of.id.str()));
    const bool sound = now_ > of.hurt + quiet_life && now_ > register_hurt_ + quiet_life && !slow_;
    if (of.id == what.from && sound)
      wrong_.push_back(fmt::format("{:.3f} {} takes shard {} from {}, which is well", seconds(now_), what.to.str(),
                                   what.lease.shard, of.id.str()));
  }
}

lease_answer lease_world::rows() {
  lease_question nobody;
  nobody.asker.id = incarnation_id("nobody");
  return register_.answer(nobody, now_);
}

// --- what each does all the time ---------------------------------------------------------------------------------------

void lease_world::work() {
  if (hands_.start) return; // they do
  for (member& of : nodes_)
    if (of.keeper && !of.frozen)
      for (const auto& [shard, lease] : of.running) work(of, lease);
  at(now_ + works_every, [this] { work(); });
}

// Sends something, which nobody can take back, and writes something, which arrives later.
void lease_world::work(member& of, const held_lease& lease) {
  if (of.keeper->standing_of(lease.shard, local(of)) != shard_standing::running) return;
  if (!register_.holds(of.id, lease, now_))
    wrong_.push_back(fmt::format("{:.3f} {} sends for shard {} at epoch {}, which is not its", seconds(now_),
                                 of.id.str(), lease.shard, lease.epoch));
  over_the_wire(of, [this, who = of.id, lease] {
    if (!register_.holds(who, lease, now_)) {
      ++refused_writes_;
      return;
    }
    std::uint64_t& newest = written_[lease.shard];
    if (lease.epoch < newest)
      wrong_.push_back(fmt::format("{:.3f} shard {}: a write of epoch {} after one of {}", seconds(now_), lease.shard,
                                   lease.epoch, newest));
    newest = std::max(newest, lease.epoch);
  });
}

std::size_t lease_world::takings_since(instant when) const {
  return static_cast<std::size_t>(std::ranges::count_if(takings_, [&](const auto& one) { return one.at >= when; }));
}

std::optional<std::size_t> lease_world::runner_of(shard_id shard) const {
  for (const member& of : nodes_) {
    const auto at = of.running.find(shard);
    if (of.keeper && !of.frozen && at != of.running.end() && of.keeper->lease_of(shard) == at->second &&
        of.keeper->standing_of(shard, local(of)) == shard_standing::running)
      return of.number;
  }
  return std::nullopt;
}

std::vector<shard_id> lease_world::not_run() const {
  std::vector<shard_id> all;
  for (shard_id id = 0; id < register_.size(); ++id)
    if (!runner_of(id)) all.push_back(id);
  return all;
}

std::vector<shard_id> lease_world::run_by(std::size_t number) const {
  std::vector<shard_id> all;
  for (shard_id id = 0; id < register_.size(); ++id)
    if (runner_of(id) == number) all.push_back(id);
  return all;
}

} // namespace ringdown::test
