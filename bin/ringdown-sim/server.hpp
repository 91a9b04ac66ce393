// The simulator's sockets: plain and TLS listeners, sessions, one timer, signals. The only unit that knows Beast and
// Asio. Everything, the askers too, runs on the thread that calls run().
#pragma once

#include "bin/ringdown-sim/answer.hpp"
#include "bin/ringdown-sim/certificates.hpp"
#include "bin/ringdown-sim/errand.hpp"
#include "bin/ringdown-sim/model.hpp"
#include "bin/ringdown-sim/smtp_session.hpp"

#include <functional>
#include <memory>

namespace ringdown::sim {

class server {
public:
  using asker = std::function<answer(const question&)>;

  server();
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  // The certificates that TLS listeners can show.
  [[nodiscard]] result<void> use(const identities& made);

  // Listens with TLS when `shows` is given. Port 0: any; the answer is the port. Listeners are numbered from 0 in the
  // order in which they were made.
  [[nodiscard]] result<int> listen(const std::string& address, int port, std::optional<certificate> shows, asker ask);

  // A mail server without TLS; port 0: any, the answer is the port. It has no door and no number.
  [[nodiscard]] result<int> listen_for_mail(const std::string& address, int port, asker ask);

  // A closed door refuses connections and has cut those there were; a silent one drops the SYN of new ones (its
  // accept queue is full). A change of certificate cuts the connections that showed the old one.
  [[nodiscard]] result<void> set_front(std::size_t listener, door state, certificate shows);

  // Carries out a request of our own and tells what came of it.
  void send(errand what, std::function<void(const hearing&)> then);

  // Replaces the alarm set before.
  void wake_at(steady_time when, std::function<void()> call);
  void sleep();

  // Until stop(), an answer that says so, SIGINT or SIGTERM.
  void run();
  void stop();

private:
  struct inner;
  std::unique_ptr<inner> inner_;
};

} // namespace ringdown::sim
