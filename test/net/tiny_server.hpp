// A peer under the test's control: a blocking listener on 127.0.0.1 whose every connection runs a script on a thread of
// its own. The script decides what is read, said, withheld and when to hang up.
#pragma once

#include "test/support/tls_fixture.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <openssl/ssl.h>

namespace ringdown::test {

class tiny_server;

// One accepted connection, as its script sees it.
class peer {
public:
  peer(tiny_server& server, int descriptor, SSL* ssl, int number)
      : server_(server),
        descriptor_(descriptor),
        ssl_(ssl),
        number_(number) {}
  ~peer();
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;

  [[nodiscard]] int number() const { return number_; } // 1 is the first accepted
  [[nodiscard]] bool resumed() const { return ssl_ != nullptr && SSL_session_reused(ssl_) == 1; }

  // Header and (by Content-Length) body of the next request; nullopt when the client hung up.
  std::optional<std::string> read_request();
  // The next line without its end, for protocols of lines; nullopt when the client hung up.
  std::optional<std::string> read_line();
  bool secure(const identity& as); // TLS from here on
  void note(std::string heard);    // joins what requests() has
  bool say(std::string_view text); // false when the client is gone
  void answer(std::string_view body, std::string_view extra_headers = "");
  void answer_everything(std::string_view body);
  void hang();  // until the client hangs up or the server ends
  void reset(); // RST instead of an orderly end

private:
  long receive(char* into, std::size_t size);
  tiny_server& server_;
  int descriptor_;
  SSL* ssl_;
  int number_;
  std::string pending_;
  SSL_CTX* later_context_ = nullptr; // of secure()
};

class tiny_server {
public:
  using script = std::function<void(peer&)>;
  explicit tiny_server(script run, const identity* tls = nullptr, std::string host = "127.0.0.1");
  ~tiny_server();
  tiny_server(const tiny_server&) = delete;
  tiny_server& operator=(const tiny_server&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url(const std::string& target = "/") const;
  [[nodiscard]] int accepted() const { return accepted_; }
  void wait_for_requests(int count);
  [[nodiscard]] std::vector<std::string> requests() const;

private:
  friend class peer;
  void accept_all();
  void serve(int descriptor, int number);

  script run_;
  SSL_CTX* context_ = nullptr;
  std::string host_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> accepted_ = 0;
  mutable std::mutex guard_;
  std::condition_variable heard_;
  std::vector<std::string> requests_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// A port on which nobody listens (bound, never listening, for as long as it lives).
class closed_port {
public:
  closed_port();
  ~closed_port();
  closed_port(const closed_port&) = delete;
  closed_port& operator=(const closed_port&) = delete;
  [[nodiscard]] int number() const { return number_; }

private:
  int descriptor_ = -1;
  int number_ = 0;
};

} // namespace ringdown::test
