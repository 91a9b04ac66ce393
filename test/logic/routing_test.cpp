#include "actors/logic/routing.hpp"

#include "test/logic/tenant_bench.hpp"
#include "test/support/catch.hpp"

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::logic;
using ringdown::test::channel;

namespace {

tenant_config with_channels(const std::vector<std::string>& kinds) {
  tenant_config config;
  for (const std::string& kind : kinds) config.channels.push_back(channel("c-" + kind, kind));
  return config;
}

std::string told(const tenant_config& config, severity level, alert_type type = alert_type::trunk_down) {
  std::string list;
  for (const route_verdict& one : route(config, ringdown::test::kinds(), type, level))
    if (one.told()) list += (list.empty() ? "" : " ") + one.channel->kind;
  return list;
}

} // namespace

TEST_CASE("without a matrix the default table decides by class of channel") {
  struct row {
    std::vector<std::string> has;
    severity level;
    std::string told;
  };
  const std::vector<std::string> every{"ntfy", "webhook", "teams", "psa", "mail", "phone"};
  const std::vector<row> table{{every, severity::info, ""},
                               {every, severity::warning, "teams psa"},
                               {every, severity::critical, "ntfy webhook teams psa"},
                               {{"ntfy", "webhook"}, severity::info, ""},
                               {{"ntfy", "webhook"}, severity::warning, "ntfy webhook"},
                               {{"ntfy", "webhook"}, severity::critical, "ntfy webhook"},
                               {{"ntfy", "psa"}, severity::warning, "psa"},
                               {{"phone", "mail"}, severity::critical, ""}};
  for (const row& one : table) {
    INFO(name(one.level) << " with " << one.has.size() << " channels");
    CHECK(told(with_channels(one.has), one.level) == one.told);
  }
}

TEST_CASE("a chat that is switched off does not take the warnings away from push") {
  tenant_config config = with_channels({"ntfy", "teams"});
  config.channels[1].enabled = false;
  CHECK(told(config, severity::warning) == "ntfy");
}

TEST_CASE("the first line of the matrix that fits decides alone") {
  tenant_config config = with_channels({"ntfy", "webhook", "phone"});
  config.routes = {{{alert_type::sbc_offline}, {}, {}},
                   {{}, {severity::critical}, {"kind:phone", "c-ntfy"}},
                   {{}, {}, {"c-webhook"}}};
  CHECK(told(config, severity::critical, alert_type::sbc_offline).empty());
  CHECK(told(config, severity::critical) == "ntfy"); // calls go by [voice]
  CHECK(told(config, severity::info) == "webhook");
}

TEST_CASE("each channel not told has exactly one deciding gate, the last one named") {
  tenant_config config = with_channels({"ntfy", "webhook", "phone", "mail"});
  config.routes = {{{}, {}, {"c-ntfy", "c-webhook", "c-mail"}}};
  config.channels[0].floor = severity::critical;
  config.channels[1].enabled = false;
  const auto verdicts = route(config, ringdown::test::kinds(), alert_type::trunk_down, severity::warning);
  REQUIRE(verdicts.size() == 4);
  CHECK(verdicts[0].deciding == reason::below_floor);
  CHECK(verdicts[0].gates == "matrix=rule1:yes floor=critical");
  CHECK(verdicts[1].deciding == reason::channel_disabled);
  CHECK(verdicts[1].gates == "matrix=rule1:yes floor=pass enabled=no");
  CHECK(verdicts[2].deciding == reason::not_routed);
  CHECK(verdicts[2].gates == "matrix=rule1:no");
  CHECK(verdicts[3].told());
}

TEST_CASE("a failing channel is told of over the others, also where the matrix names it alone") {
  alert failing;
  failing.key = {{}, alert_type::channel_failing, {resource_kind::channel, "c-mail"}};
  failing.level = severity::warning;
  const auto told_of = [&](const tenant_config& config) {
    std::string list;
    for (const route_verdict& one : route(config, ringdown::test::kinds(), failing))
      if (one.told()) list += (list.empty() ? "" : " ") + one.channel->kind;
    return list;
  };
  tenant_config config = with_channels({"ntfy", "webhook", "teams", "mail", "phone"});
  config.routes = {{{}, {}, {"c-mail"}}};
  CHECK(told_of(config) == "ntfy");
  config.routes = {{{}, {}, {"c-mail", "c-webhook"}}};
  CHECK(told_of(config) == "webhook");
  config.routes = {{{alert_type::channel_failing}, {}, {}}}; // nobody, on purpose
  CHECK(told_of(config).empty());
  config.routes = {{{}, {}, {"c-mail"}}};
  config.channels[0].enabled = false;
  CHECK(told_of(config).empty());
}

TEST_CASE("a channel of a kind this build does not know is left out, never told by chance") {
  CHECK(route(with_channels({"telex"}), ringdown::test::kinds(), alert_type::trunk_down, severity::critical).empty());
}
