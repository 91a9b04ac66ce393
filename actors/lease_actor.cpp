#include "actors/lease_actor.hpp"

#include "persistence/store.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace ringdown {

namespace {

// What has begun may end, but for a far end that hangs: its outcome is then not known to the next owner (S-D6).
constexpr auto hand_over_patience = std::chrono::seconds(5);
// From when all of a shard was told to end. Actors end within milliseconds unless they hang.
constexpr auto must_end_within = std::chrono::seconds(10);
constexpr auto prepare_again_after = std::chrono::milliseconds(500);

} // namespace

lease_holder::lease_holder(caf::actor_config& config, ports_ptr world, std::shared_ptr<actor_probe> probe,
                           setting given)
    : observed_actor(config, std::move(world), std::move(probe)),
      given_(std::move(given)),
      keeper_(given_.self, given_.rules) {}

lease_holder::behavior_type lease_holder::make_behavior() {
  carry_out(keeper_.tick(boot()));
  return {
      [this](const due& rang) { handle([&] { on(rang); }); },
      [this](const register_answered& answer) { handle([&] { on(answer); }); },
      [this](const shard_prepared& made) { handle([&] { on(made); }); },
      [this](const shard_is_over& ended) { handle([&] { on(ended); }); },
      [this](const drain_node& asked) { handle([&] { on(asked); }); },
      [this](const leave_register& asked) { handle([&] { on(asked); }); },
  };
}

void lease_holder::leaving() {
  given_.asker = nullptr;
  given_.root = nullptr;
}

void lease_holder::on(const due& rang) {
  if (rang.token != wake_token_) return;
  look();
  for (const auto& [shard, of] : std::map(here_))
    if (of.at == stage::preparing && !of.prepares && now().steady >= of.retry_at) prepare({shard, of.epoch});
  check_endings();
  carry_out(keeper_.tick(boot()));
}

// Said before anything else: the shards may be free for others already.
void lease_holder::look() {
  if (cut_heard_ || !given_.at->is_cut()) return;
  cut_heard_ = true;
  waits_for_.reset();
  log().warning("register_session_lost", {});
  carry_out(keeper_.cut(boot()));
}

void lease_holder::on(const register_answered& answer) {
  if (waits_for_ != answer.number) return; // of a session that was given up
  waits_for_.reset();
  if (!answer.ok) {
    cut_heard_ = true;
    carry_out(keeper_.cut(boot()));
    return;
  }
  cut_heard_ = false;
  look();
  if (given_.clock && answer.said.time) given_.clock->hear(*answer.said.time, asked_at_, boot());
  given_.board->note(answer.said, boot());
  for (; said_ > 0; --said_) {
    if (wishes_.front().done) wishes_.front().done();
    wishes_.pop_front();
  }
  heed_wish(answer.said);
  carry_out(keeper_.answered(answer.said, boot()));
}

void lease_holder::heed_wish(const lease_answer& said) {
  const auto self = std::ranges::find(said.nodes, given_.self.id, &node_row::id);
  if (self == said.nodes.end() || self->to_drain == drains_) return;
  drains_ = self->to_drain;
  log().info(drains_ ? "node_drains" : "node_stays", {});
  carry_out(drains_ ? keeper_.drain(boot()) : keeper_.stay(boot()));
}

// The board first: what is lost may not act any more, whoever hears of it when.
void lease_holder::carry_out(logic::lease_effects what) {
  write_board();
  for (const held_lease& one : what.drop) end(one, {}, "shard_lost");
  for (const held_lease& one : what.suspend)
    log().warning("lease_ran_out", {{"shard", std::to_string(one.shard)}, {"epoch", std::to_string(one.epoch)}});
  for (const held_lease& one : what.resume)
    log().info("lease_revived", {{"shard", std::to_string(one.shard)}, {"epoch", std::to_string(one.epoch)}});
  for (const held_lease& one : what.start) begin(one);
  for (const held_lease& one : what.hand_over) end(one, hand_over_patience, "shard_handed_over");
  if (what.reconnect) {
    waits_for_.reset();
    given_.at->give_up();
  }
  if (what.ask) {
    waits_for_ = what.ask->number;
    asked_at_ = boot();
    said_ = wishes_.size();
    for (const drain_node& one : wishes_) what.ask->wishes.push_back(one.wish);
    caf::anon_send(given_.asker, ask_register{std::move(*what.ask), me()});
  }
  write_board();
  if (left_ && keeper_.holds_nothing()) std::exchange(left_, nullptr)();
  arm();
}

// --- shards ------------------------------------------------------------------------------------------------------------

void lease_holder::begin(const held_lease& one) {
  log().info("shard_taken", {{"shard", std::to_string(one.shard)}, {"epoch", std::to_string(one.epoch)}});
  here_[one.shard] = {one.epoch, stage::preparing, false, {}, {}};
  prepare(one);
}

// On the store's thread, as everything that a shard's first writes must find done.
void lease_holder::prepare(const held_lease& one) {
  here_.at(one.shard).prepares = true;
  const auto made = [to = me(), one](result<void> how) { tell(to, shard_prepared{one, std::move(how)}); };
  caf::anon_send(world().store,
                 with_store{[made, owner = fence_of(one), work = world().before_shard](persistence::store& store) {
                   auto how = work ? work(store, owner) : result<void>();
                   made(how);
                   return how;
                 }});
}

void lease_holder::on(const shard_prepared& made) {
  const auto at = here_.find(made.lease.shard);
  if (at == here_.end() || at->second.epoch != made.lease.epoch) return;
  shard_here& of = at->second;
  of.prepares = false;
  if (of.at == stage::ending) return stopped(made.lease.shard); // of it nothing else was begun
  if (made.how) {
    of.at = stage::running;
    caf::anon_send(given_.root, shard_begun{fence_of(made.lease)});
    return;
  }
  log().error("shard_not_begun", {{"shard", std::to_string(made.lease.shard)}, {"error", made.how.error().detail}});
  of.retry_at = now().steady + prepare_again_after;
  arm();
}

void lease_holder::end(const held_lease& one, duration patience, std::string_view why) {
  log().info(why, {{"shard", std::to_string(one.shard)}, {"epoch", std::to_string(one.epoch)}});
  const auto at = here_.find(one.shard);
  if (at == here_.end()) return stopped(one.shard);
  shard_here& of = at->second;
  const stage before = std::exchange(of.at, stage::ending);
  of.must_end_by = now().steady + patience + must_end_within;
  if (before == stage::preparing && !of.prepares) return stopped(one.shard);
  // Told again, in a hurry now, where it was to end in peace.
  if (before != stage::preparing) caf::anon_send(given_.root, shard_ended{one.shard, patience});
}

void lease_holder::on(const shard_is_over& ended) {
  const auto at = here_.find(ended.owner.shard);
  if (at != here_.end() && at->second.epoch == ended.owner.epoch) stopped(ended.owner.shard);
}

void lease_holder::stopped(shard_id shard) {
  here_.erase(shard);
  carry_out(keeper_.stopped(shard, boot()));
}

void lease_holder::check_endings() {
  for (const auto& [shard, of] : here_)
    if (of.at == stage::ending && now().steady >= of.must_end_by)
      world().fatal("shard " + std::to_string(shard) + " does not end");
}

void lease_holder::write_board() {
  std::map<shard_id, lease_board::line> lines;
  for (const auto& [shard, of] : here_)
    if (const auto held = keeper_.lease_of(shard); held && held->epoch == of.epoch)
      lines[shard] = {keeper_.begins_until(shard), keeper_.runs_until(shard), of.epoch};
  given_.board->write(std::move(lines));
}

// --- the node ----------------------------------------------------------------------------------------------------------

// Said with the next question, and again until one is answered.
void lease_holder::on(const drain_node& asked) { wishes_.push_back(asked); }

void lease_holder::on(const leave_register& asked) {
  left_ = asked.done;
  carry_out(keeper_.leave(boot()));
}

void lease_holder::arm() {
  const boot_time wait = std::max(keeper_.next() - boot(), boot_time{});
  steady_time at = now().steady + wait;
  for (const auto& [shard, of] : here_) {
    if (of.at == stage::preparing && !of.prepares) at = std::min(at, std::max(of.retry_at, now().steady));
    if (of.at == stage::ending) at = std::min(at, of.must_end_by);
  }
  wake_at(at, ++wake_token_);
}

} // namespace ringdown
