// A secret in memory. It cannot be printed by accident: there is no stream or fmt operator, and reading it is spelled out.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace ringdown {

class secret_text {
public:
  secret_text() = default;
  explicit secret_text(std::string text) : text_(std::move(text)) {}

  // Only for handing the secret to the protocol that needs it.
  [[nodiscard]] const std::string& reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

  friend bool operator==(const secret_text&, const secret_text&) = default;

private:
  std::string text_;
};

} // namespace ringdown
