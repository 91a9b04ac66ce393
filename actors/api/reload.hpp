// What a changed daemon file does to a node that runs. docs/operating.md, "Reload", says the same in words.
#pragma once

#include "protocol/types/node_config.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ringdown::api {

// The configuration a node started with, with all of `fresh` that acts without a new start.
[[nodiscard]] node_config reloaded(node_config started, const node_config& fresh);
// Keys of `fresh` that differ from what the node started with and act at the next start only: "http.listen".
[[nodiscard]] std::vector<std::string> keys_for_a_start(const node_config& started, const node_config& fresh);

// The configuration as it is now. Any thread.
class current_config {
public:
  [[nodiscard]] std::shared_ptr<const node_config> get() const {
    const std::lock_guard hold(guard_);
    return held_;
  }
  void set(node_config to) {
    auto made = std::make_shared<const node_config>(std::move(to)); // shared with whoever reads it while it is replaced
    const std::lock_guard hold(guard_);
    held_ = std::move(made);
  }

private:
  mutable std::mutex guard_;
  std::shared_ptr<const node_config> held_ = std::make_shared<const node_config>();
};

} // namespace ringdown::api
