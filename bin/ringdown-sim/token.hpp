// The token endpoint's rule of one PBX: one active token per client, wrong credentials count towards a blacklist.
#pragma once

#include "protocol/types/time.hpp"

#include <string>
#include <string_view>

namespace ringdown::sim {

enum class login_answer { granted, bad_credentials, bad_grant, blocked };

class token_office {
public:
  token_office() = default;
  token_office(std::string client_id, std::string secret, duration life, int allowed_failures);

  // A grant replaces the token given before: whoever still uses that one gets 401. `salt` makes the token unique.
  [[nodiscard]] login_answer login(std::string_view grant, std::string_view client, std::string_view secret,
                                   wall_time now, std::uint64_t salt);
  [[nodiscard]] bool accepts(std::string_view token, wall_time now) const;
  void revoke() { token_.clear(); }
  void change_secret(std::string secret);
  // 3CX drops everything from an address after 3 wrong logins; lifted only by hand.
  [[nodiscard]] bool blocked() const { return failures_ >= allowed_failures_; }
  void unblock() { failures_ = 0; }

  [[nodiscard]] const std::string& token() const { return token_; }
  [[nodiscard]] const std::string& client_id() const { return client_id_; }
  [[nodiscard]] const std::string& secret() const { return secret_; }
  [[nodiscard]] duration life() const { return life_; }
  [[nodiscard]] int failures() const { return failures_; }

private:
  std::string client_id_;
  std::string secret_;
  duration life_ = std::chrono::seconds(60);
  int allowed_failures_ = 3;
  int failures_ = 0;
  std::string token_;
  wall_time expires_;
};

} // namespace ringdown::sim
