#include "bin/ringdown-sim/token.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

namespace ringdown::sim {

namespace {

std::string base64url(std::string_view raw) {
  std::string out((raw.size() + 2) / 3 * 4 + 1, '\0');
  const auto size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                    reinterpret_cast<const unsigned char*>(raw.data()), static_cast<int>(raw.size()));
  out.resize(static_cast<std::size_t>(size));
  for (auto& c : out) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  while (out.ends_with('=')) out.pop_back();
  return out;
}

long seconds(wall_time at) { return static_cast<long>(micros(at) / 1'000'000); }

// Shaped like the ES256 JWT of a real PBX; nobody can verify its signature, and nobody should.
std::string make_token(std::string_view client, wall_time now, duration life, std::uint64_t salt) {
  const auto claims = fmt::format(R"({{"sub":"{}","iat":{},"exp":{}}})", client, seconds(now), seconds(now + life));
  return fmt::format("{}.{}.{}", base64url(R"({"alg":"ES256","typ":"JWT"})"), base64url(claims),
                     base64url(fmt::format("sim-{:016x}", salt)));
}

} // namespace

token_office::token_office(std::string client_id, std::string secret, duration life, int allowed_failures)
    : client_id_(std::move(client_id)),
      secret_(std::move(secret)),
      life_(life),
      allowed_failures_(allowed_failures) {}

login_answer token_office::login(std::string_view grant, std::string_view client, std::string_view secret,
                                 wall_time now, std::uint64_t salt) {
  if (blocked()) return login_answer::blocked;
  if (grant != "client_credentials") return login_answer::bad_grant;
  if (client != client_id_ || secret != secret_) {
    ++failures_;
    return login_answer::bad_credentials;
  }
  failures_ = 0;
  token_ = make_token(client, now, life_, salt);
  expires_ = now + life_;
  return login_answer::granted;
}

bool token_office::accepts(std::string_view token, wall_time now) const {
  return !token_.empty() && token == token_ && now < expires_;
}

void token_office::change_secret(std::string secret) {
  secret_ = std::move(secret);
  token_.clear();
}

} // namespace ringdown::sim
