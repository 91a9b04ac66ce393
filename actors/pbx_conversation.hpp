// One poll of one PBX as a value: which request comes next, and what all the answers together say. Holds the token between
// polls (one token, one request for it at a time: D-03) and obeys the login budget. No sockets, no clock; the poller
// carries the requests.
#pragma once

#include "persistence/rows.hpp"
#include "protocol/types/observation.hpp"
#include "protocol/types/tenant_config.hpp"
#include "protocol/wire/pbx/xapi.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace ringdown {

class pbx_conversation {
public:
  pbx_conversation(instance_config config, duration connect_timeout, duration timeout);

  // A changed address or credential is another PBX, or another client of it: nothing of the one before counts, and a poll
  // under way is over without a result. True then.
  [[nodiscard]] bool configure(instance_config config);
  void set_budget(const persistence::login_budget& budget) { budget_ = budget; }
  [[nodiscard]] const persistence::login_budget& budget() const { return budget_; }
  // True once after the budget changed and should be made durable.
  [[nodiscard]] bool take_budget_change();
  void save_budget_again() { budget_changed_ = true; }

  // Begin a poll. Empty when there is nothing to ask: then finished() at once. The answer that is waited for comes last, so
  // that it is judged at once; but nobody who hung before stands before it.
  [[nodiscard]] std::optional<http_request> start(moment now, std::optional<endpoint> awaited = {});
  // What will be asked after that request if every answer is whole and in one page: it may be sent in one run with it. An
  // answer that was not asked for in the end is left out.
  [[nodiscard]] std::vector<http_request> ahead() const;
  // The answer to the last request, and the next request; empty when the poll is over.
  [[nodiscard]] std::optional<http_request> on(const std::shared_ptr<const http_outcome>& outcome, moment now);
  // What the poll saw; valid once start() or on() returned nothing.
  [[nodiscard]] observation finished(moment now);

  // The token that start() or on() wanted is not asked for: the try does not count, and the poll is over without a result.
  void withhold_login();

  [[nodiscard]] bool logging_in() const { return step_ == step::token; }

private:
  enum class step : std::uint8_t { idle, token, front, reading, uptime };

  [[nodiscard]] std::optional<http_request> ask_token(moment now);
  [[nodiscard]] bool login_is_paused(moment now) const;
  void note_pause();
  [[nodiscard]] http_request ask_endpoint() const;
  [[nodiscard]] std::optional<http_request> on_token(const http_outcome& outcome, moment now);
  [[nodiscard]] std::optional<http_request> on_page(const std::shared_ptr<const http_outcome>& page, moment now);
  [[nodiscard]] std::optional<http_request> after_endpoint();
  [[nodiscard]] std::optional<http_request> ask_uptime();
  void take_uptime(const http_outcome& outcome, moment now);
  void read_all(moment now);
  void note_version();
  void login_failed(moment now);
  void fail_rest(const read_failure& why);
  void ask_last(endpoint which);
  [[nodiscard]] endpoint asked() const { return order_[position_]; }
  [[nodiscard]] read_failure& failure_of(endpoint which);

  instance_config config_;
  wire::pbx::pbx_target target_;
  duration connect_timeout_;
  duration timeout_;
  step step_ = step::idle;
  // Who hung in the last poll is asked last in the next: a hanging endpoint then hides nobody's news (D-06), and a host
  // that hangs altogether costs one timeout, not four.
  std::array<endpoint, endpoint_count> order_{endpoint::trunks, endpoint::sbcs, endpoint::system_status,
                                              endpoint::services};
  std::size_t position_ = 0;  // in order_: whom we ask now
  std::size_t remaining_ = 0; // how many of this poll are not done, with the one asked now
  bool answered_ = false;     // somebody answered in this poll
  bool all_answered_ = false; // in the last one
  bool paged_ = false;        // some list of it has several pages: what is asked ahead would be asked in vain
  std::vector<std::shared_ptr<const http_outcome>>
      pages_; // of the endpoint being read; shared with the message that brought them
  std::array<wire::pbx::field_set, endpoint_count>
      fields_{};         // what this build understands, remembered per endpoint (D-02)
  std::string version_;  // of that build
  bool refused_ = false; // this poll's first question to the endpoint was: it is asked for the older fields
  bool renewed_ = false; // the one renewal of this poll was used
  std::optional<secret_text> token_;
  steady_time renew_at_; // on our own clock: the PBX's may be wrong
  persistence::login_budget budget_;
  persistence::login_budget untried_; // as it was before the login that is wanted now
  bool budget_changed_ = false;
  bool untried_changed_ = false; // the same
  // A contact that failed: how long the PBX runs tells whether it was restarted.
  wall_time lost_at_;
  int uptime_tries_ = 0;
  observation seen_;
};

} // namespace ringdown
