// Who shares the limits of a provider account.
#include "protocol/wire/dialects.hpp"
#include "test/protocol/samples.hpp"
#include "test/support/catch.hpp"

#include <string>

using namespace ringdown;
using namespace ringdown::samples;
using namespace ringdown::wire;

TEST_CASE("The key of a provider account is the same for who shares it, and tells nothing of it") {
  const auto limited = [](const dialect& provider) { return provider.describe().account.any(); };
  for (const dialect& provider : dialects()) {
    const channel_config channel = channel_of(provider.describe().kind);
    INFO(channel.kind);
    const std::string key = account_key(provider, channel, {});
    CHECK(key.empty() == !limited(provider));
    CHECK(limited(provider) == (provider.account != nullptr));
    if (key.empty()) continue;
    for (const auto& [field, hidden] : channel.secrets) CHECK(key.find(hidden.reveal()) == std::string::npos);
    for (const auto& [field, value] : channel.settings)
      if (value.size() > 3) CHECK(key.find(value) == std::string::npos);
    channel_config sibling = channel;
    sibling.id = channel_id("sibling");
    CHECK(account_key(provider, sibling, {}) == key);
    CHECK(account_key(provider, channel, "https://elsewhere.example") != key);
  }
}

TEST_CASE("Other accounts are other keys, and other queues of one account are not") {
  const auto key = [](const channel_config& channel) { return account_key(*find_dialect(channel.kind), channel, {}); };
  auto calls = channel_of("twilio");
  const std::string account = key(calls);
  calls.settings["from"] = "+12025550199";
  CHECK(key(calls) == account);
  calls.settings["account"] = "AC0000";
  CHECK(key(calls) != account);
  auto tickets = channel_of("autotask");
  const std::string user = key(tickets);
  tickets.settings["queue"] = "7";
  CHECK(key(tickets) == user);
  tickets.settings["username"] = "somebody@else.example";
  CHECK(key(tickets) != user);
  auto chat = channel_of("slack");
  const std::string hook = key(chat);
  chat.secrets["webhook_url"] = secret_text("https://hooks.example/services/T1/B2/another");
  CHECK(key(chat) != hook);
}
