// One mail, from name to final answer, on the thread that calls run(): libcurl waits for the answer to the final dot and
// for the one to QUIT inside a call, however it is driven, so each mail under way has a thread (decision 0010).
#pragma once

#include "actors/net/egress_guard.hpp"
#include "actors/net/resolver.hpp"
#include "protocol/types/mail.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace ringdown::net {

class smtp_exchange {
public:
  using clock = std::chrono::steady_clock;

  smtp_exchange(mail_request request, clock::time_point started);
  ~smtp_exchange();
  smtp_exchange(const smtp_exchange&) = delete;
  smtp_exchange& operator=(const smtp_exchange&) = delete;

  // Once before the first. False: libcurl cannot be used.
  [[nodiscard]] static bool prepare();

  // Blocks for little longer than the request's timeout at most, if cut() is called when that has passed.
  [[nodiscard]] mail_outcome run(resolver& names, const egress_guard& guard);

  // Any thread. run() ends soon; what it says depends on how far it had come.
  void cancel();
  // The same because its time is over: libcurl does not count all it does.
  void cut();

  // What it has come to without having been run.
  [[nodiscard]] mail_outcome not_started(transport_error error) const;
  [[nodiscard]] clock::time_point deadline() const { return started_ + request_.timeout; }
  // When waiting for a turn has no more sense.
  [[nodiscard]] clock::time_point start_by() const;

private:
  struct lookup; // shared with the resolver's callback, which may come when we are gone
  struct talk;   // what libcurl's callbacks see of one conversation

  [[nodiscard]] std::optional<mail_outcome> reason_not_to_begin(resolver& names, const egress_guard& guard,
                                                                addresses& found);
  [[nodiscard]] result<addresses> find_addresses(resolver& names);
  [[nodiscard]] mail_outcome converse(const ip_address& with, clock::time_point connected_by);
  [[nodiscard]] mail_outcome failed(transport_error error, std::string detail) const;
  [[nodiscard]] bool is_late() const;
  void stop();

  const mail_request request_;
  const clock::time_point started_;
  const std::shared_ptr<lookup> lookup_;
  std::atomic<bool> cancelled_ = false;
  std::atomic<bool> overdue_ = false;
  std::mutex guard_; // over the socket: whoever stops us must not shut one that is somebody else's by then
  int socket_ = -1;
};

} // namespace ringdown::net
