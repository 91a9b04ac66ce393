#include "actors/api/link_token.hpp"

#include "test/support/catch.hpp"

#include <algorithm>

using namespace ringdown;
using namespace ringdown::api;

namespace {

// Stands for the HMAC: depends on every byte of the message and on the key.
signer keyed(std::uint8_t key) {
  return [key](std::string_view message) {
    std::array<std::uint8_t, 32> mac{};
    const auto bits = digest_bits(std::string(message) + static_cast<char>(key));
    std::copy(bits.begin(), bits.end(), mac.begin());
    return mac;
  };
}

const link_claim claim{tenant_id("acme"), alert_id("al_0123456789abcdefghjkmnpqrs"), 3, "channel:noc-push"};

} // namespace

TEST_CASE("a token says who may acknowledge which episode") {
  const std::string token = make_link_token(claim, keyed(1));
  CHECK(read_link_token(token, keyed(1)) == claim);
  CHECK(std::all_of(token.begin(), token.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string("~-_.:").find(c) != std::string::npos;
  }));
}

TEST_CASE("a token of another key, a changed or a cut one is refused") {
  const std::string token = make_link_token(claim, keyed(1));
  CHECK_FALSE(read_link_token(token, keyed(2)));
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'x' ? 'y' : 'x';
    CHECK_FALSE(read_link_token(changed, keyed(1)));
    CHECK_FALSE(read_link_token(token.substr(0, i), keyed(1)));
  }
  CHECK_FALSE(read_link_token(token + "0", keyed(1)));
  CHECK_FALSE(read_link_token("", keyed(1)));
  CHECK_FALSE(read_link_token(std::string(5000, '~'), keyed(1)));
}
