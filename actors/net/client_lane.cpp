#include "actors/net/client_lane.hpp"

#include <algorithm>

namespace ringdown::net {

namespace {

// A lane talks to one instance or one provider: a few endpoints at most.
constexpr std::size_t most_sessions = 8;

} // namespace

std::shared_ptr<connection> client_lane::take(const endpoint_key& key) {
  for (auto entry = kept_.rbegin(); entry != kept_.rend();) {
    if ((*entry)->key != key) {
      ++entry;
      continue;
    }
    auto link = (*entry)->link;
    entry = std::make_reverse_iterator(kept_.erase(std::next(entry).base()));
    link->stop_watching();
    if (link->is_quiet()) return link;
  }
  return nullptr;
}

void client_lane::drop_when_over(const std::shared_ptr<kept_connection>& entry) {
  const std::weak_ptr<kept_connection> weak = entry;
  const auto drop = [lane = weak_from_this(), weak] {
    const auto owner = lane.lock();
    const auto dropped = weak.lock();
    if (owner && dropped) owner->kept_.remove(dropped);
  };
  entry->link->watch(drop);
  entry->timer.expires_after(keep_idle_);
  entry->timer.async_wait([drop](const boost::system::error_code& error) {
    if (!error) drop();
  });
}

void client_lane::keep(std::shared_ptr<connection> link, const endpoint_key& key) {
  if (closed_) return;
  kept_.push_back(std::make_shared<kept_connection>(io_, std::move(link), key));
  drop_when_over(kept_.back());
  while (kept_.size() + in_use > std::max<std::size_t>(limits.connections, 1) && kept_.size() > 1) kept_.pop_front();
}

void client_lane::make_room() {
  while (!kept_.empty() && kept_.size() + in_use >= limits.connections) kept_.pop_front();
}

void client_lane::close() {
  closed_ = true;
  kept_.clear();
  sessions_.clear();
}

std::shared_ptr<session_slot> client_lane::session_for(const endpoint_key& key) {
  const auto known = std::ranges::find(sessions_, key, &std::pair<endpoint_key, std::shared_ptr<session_slot>>::first);
  if (known != sessions_.end()) return known->second;
  if (sessions_.size() >= most_sessions) sessions_.pop_front();
  sessions_.emplace_back(key, std::make_shared<session_slot>());
  return sessions_.back().second;
}

} // namespace ringdown::net
