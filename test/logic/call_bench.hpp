// A tenant that may call Jo and, after Jo, Kim; push and webhook take what they are given.
#pragma once

#include "test/logic/tenant_bench.hpp"
#include "test/support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::test {

using namespace ringdown::logic;
using enum alert_type;

inline const channel_id phone{"noc-phone"};
inline const std::string number_jo = "+12025550101";
inline const std::string number_kim = "+12025550102";

inline tenant_config voice_config_of_acme() {
  tenant_config config = usual_config();
  config.users = {{user_id("jo"), "Jo", "", number_jo, "by mail"}, {user_id("kim"), "Kim", "", number_kim, "by mail"}};
  config.oncall.user = user_id("jo");
  config.channels.push_back(channel("noc-phone", "phone"));
  config.voice.types = {trunk_down, instance_unreachable, all_trunks_down, sbc_offline, bridge_down};
  config.voice.owner = user_id("kim");
  return config;
}

// A tenant that may call Jo and, after Jo, Kim.
struct call_bench : tenant_bench {
  explicit call_bench(tenant_config config = voice_config_of_acme()) : tenant_bench(std::move(config)) {
    offer_keys(callbacks::offered);
    looked_at = true;
    for (const auto& number : {number_jo, number_kim}) phones[number] = {number, "", {}, 0, now};
    restart();
  }
  [[nodiscard]] std::vector<delivery> all_calls() const {
    std::vector<delivery> found;
    std::ranges::copy_if(rows, std::back_inserter(found), [](const delivery& d) { return d.channel == phone; });
    return found;
  }
  [[nodiscard]] delivery newest() const { return all_calls().back(); }
  void placed(const delivery& row) { report(row, delivery_state::sent, reason::none, "CA" + row.id.str()); }
  void heard(const delivery& row, call_stage stage, call_result result = call_result::none,
             std::vector<read_alert> read = {}) {
    call_news news;
    news.call = row.id;
    news.heard.stage = stage;
    news.heard.result = result;
    news.read = std::move(read);
    hear(news);
  }
  void rings_out(const delivery& row) {
    placed(row);
    heard(row, call_stage::ringing);
    now += 25s;
    heard(row, call_stage::ended, call_result::no_answer);
  }
  [[nodiscard]] read_alert as_read(alert_type type, const std::string& key = "T1") const {
    return {at(type, key).id, at(type, key).episode};
  }
  [[nodiscard]] std::vector<reason> reasons_there() const {
    std::vector<reason> found;
    for (const decision& d : decisions)
      if (d.channel == phone) found.push_back(d.deciding);
    return found;
  }
};

// A trunk fails, and the first call of it is wished for.
inline void rings(call_bench& t) {
  t.news({failing(trunk_down)});
  t.pass(std::chrono::minutes(2));
  REQUIRE(t.all_calls().size() == 1);
}

// Jo has a mailbox, too, which is the next channel to hear of what a call did not say.
inline tenant_config config_with_mail() {
  tenant_config config = voice_config_of_acme();
  auto mail = channel("jo-mail", "mail");
  mail.user = user_id("jo");
  config.channels.push_back(mail);
  return config;
}

inline command acknowledge(const alert_id& id) {
  command c;
  c.kind = command_kind::acknowledge;
  c.alert = id;
  return c;
}

} // namespace ringdown::test
