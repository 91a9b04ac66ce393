// What a channel does before it claims where its provider account takes only so much (S-D3): it looks what waits, asks for a
// permit for the most pressing, and claims once it has one. Who answers may crash or hang: nobody is silent for that.
#include "actors/channel_actor.hpp"

#include "protocol/wire/dialects.hpp"

#include <algorithm>
#include <utility>

namespace ringdown {

namespace {

// Without any answer for so long it goes on as if it had been allowed to; while it only waits for its turn it asks again
// after so long, because who keeps the turns may have started anew.
constexpr auto permit_patience = std::chrono::seconds(2);
// Meanwhile what waits may have to end, a call whose number is taken for one: a claim sees that, and costs a transaction.
constexpr auto look_meanwhile = std::chrono::seconds(10);
// A provider that says "too many" and not for how long.
constexpr duration pause_without_word = std::chrono::seconds(1);
constexpr int too_many_requests = 429;

} // namespace

std::string channel::base_url() const {
  const auto& providers = world().node.providers;
  const auto provider = providers.find(config_.kind);
  return provider == providers.end() ? std::string() : provider->second.base_url;
}

// Whatever was asked for and given at the account of before has no meaning at another.
void channel::find_account() {
  std::string found = wire::account_key(*dialect_, config_, base_url());
  if (found == account_) return;
  if (paced()) tell(accounts_, account_left{account_, me()});
  account_ = std::move(found);
  permits_ = 0;
  permits_used_ = 0;
  permit_unheard_.reset();
  wished_.reset();
}

void channel::on(const accounts_attached& to) { accounts_ = to.accounts; }

void channel::on(const permit_given& given) {
  if (given.account != account_) return tell(accounts_, permit_over{given.account, permit_end::unused, me()});
  permit_unheard_.reset();
  wished_.reset();
  ++permits_;
  backlogged_ = true;
  look_again_ = look_again_ || claiming_;
  claim_if_room();
  if (!claiming_) give_back(permit_end::unused, std::exchange(permits_, 0));
}

void channel::on(const permit_queued&) { permit_unheard_.reset(); }

void channel::use_permits(const persistence::claimed_rows& claimed) {
  if (!paced()) return;
  const std::size_t used = std::min(permits_, claimed.rows.size());
  permits_ -= used;
  permits_used_ += used;
  // One that came while the claim was under way is used by the next.
  if (!look_again_ || is_off()) give_back(permit_end::unused, std::exchange(permits_, 0));
}

void channel::want_permit(urgency how) {
  if (!paced() || permits_ > 0 || drained_) return;
  const steady_time present = now().steady;
  if (permit_unheard_ && present - *permit_unheard_ >= permit_patience) {
    permit_unheard_.reset();
    world().metrics->permits_assumed.fetch_add(1, std::memory_order_relaxed);
    log().warning("permit_assumed", {{"channel", config_.id.str()}, {"account", account_}});
    ++permits_;
    backlogged_ = true;
    return;
  }
  ask_for_permit(how);
}

// Whoever keeps the turns knows of it, and a claim looked at what waits a short while ago.
bool channel::only_waits_its_turn() const {
  return wished_ && !permit_unheard_ && !is_off() && now().steady - asked_last_.steady < look_meanwhile;
}

void channel::ask_for_permit(urgency how) {
  const steady_time present = now().steady;
  if (!permit_unheard_) permit_unheard_ = present;
  wished_ = how;
  tell(accounts_, permit_wanted{account_, facts_.account, tenant_, how, permits_used_, me()});
  if (permit_token_ != 0) return;
  permit_token_ = ++wake_tokens_;
  wake_at(present + permit_patience, permit_token_);
}

void channel::give_back(permit_end how, std::size_t many) {
  for (; many > 0; --many) tell(accounts_, permit_over{account_, how, me()});
}

// What is not held any more uses none.
void channel::count_ended() {
  if (permits_used_ <= held()) return;
  give_back(permit_end::used, permits_used_ - held());
  permits_used_ = held();
}

void channel::tell_refusal(const attempt_outcome& outcome) {
  if (!paced() || outcome.status != too_many_requests) return;
  const duration wait = outcome.retry_after.value_or(pause_without_word);
  log().warning("account_paused",
                {{"channel", config_.id.str()}, {"account", account_}, {"for", format_duration(wait)}});
  tell(accounts_, account_refused{account_, wait});
}

} // namespace ringdown
