#include "actors/net/http_server.hpp"

#include "actors/net/address.hpp"
#include "actors/net/server_core.hpp"

#include <algorithm>
#include <csignal>
#include <exception>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace ringdown::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto pause_without_descriptors = std::chrono::milliseconds(100);
constexpr std::size_t most_turned_away = 64; // being told 503 at once; further ones are just closed

void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

std::string text_of(const tcp::endpoint& at) {
  const std::string host = at.address().to_string();
  return at.address().is_v6() ? fmt::format("[{}]:{}", host, at.port()) : fmt::format("{}:{}", host, at.port());
}

result<tcp::endpoint> endpoint_of(const std::string& listen) {
  const auto parts = parse_host_and_port(listen);
  if (!parts) return parts.error();
  error_code error;
  const auto address = asio::ip::make_address(parts->host, error);
  if (error || !parts->port) return failure{failure_kind::invalid, "'" + listen + "' is not of the form address:port"};
  return tcp::endpoint{address, *parts->port};
}

class beast_server final : public http_server {
public:
  beast_server(std::shared_ptr<server_core> core, std::shared_ptr<tcp::acceptor> acceptor, std::string address)
      : core_(std::move(core)),
        acceptor_(std::move(acceptor)),
        address_(std::move(address)),
        work_(core_->io.get_executor()) {
    spawn(accept(core_, acceptor_));
    thread_ = std::thread([io = &core_->io] {
      block_signals();
      io->run();
    });
  }
  ~beast_server() override { beast_server::stop(); }
  beast_server(const beast_server&) = delete;
  beast_server& operator=(const beast_server&) = delete;

  [[nodiscard]] std::string address() const override { return address_; }

  void stop_accepting() override {
    post([](server_core& core, tcp::acceptor& acceptor) { drain(core, acceptor); });
  }

  void stop() override {
    if (!thread_.joinable()) return;
    post([](server_core& core, tcp::acceptor& acceptor) {
      drain(core, acceptor);
      for (const auto& each : std::list(core.open)) {
        if (const auto connection = each.lock()) connection->drop();
      }
    });
    work_.reset();
    thread_.join();
  }

private:
  // Holds the core weakly: what is queued when the thread has ended must not keep alive the queue it is in.
  template <class Work>
  void post(Work work) {
    asio::post(core_->io, [weak_core = std::weak_ptr(core_), weak_acceptor = std::weak_ptr(acceptor_), work] {
      const auto core = weak_core.lock();
      const auto acceptor = weak_acceptor.lock();
      if (core && acceptor) work(*core, *acceptor);
    });
  }

  static void drain(server_core& core, tcp::acceptor& acceptor) {
    error_code ignored;
    acceptor.close(ignored);
    core.draining = true;
    for (const auto& each : std::list(core.open)) {
      if (const auto connection = each.lock()) connection->drain();
    }
  }

  // What a coroutine throws is want of memory; it ends the process rather than to be swallowed.
  void spawn(asio::awaitable<void> work) {
    asio::co_spawn(core_->io, std::move(work), [](const std::exception_ptr& thrown) {
      if (thrown) std::rethrow_exception(thrown);
    });
  }

  static void greet(const std::shared_ptr<server_core>& core, tcp::socket socket) {
    const std::size_t limit = core->options.max_connections;
    if (core->open.size() >= limit + most_turned_away) return;
    const bool full = core->open.size() >= limit;
    const auto connection = std::make_shared<server_connection>(core, std::move(socket));
    const auto entry = core->open.insert(core->open.end(), connection);
    asio::co_spawn(core->io, full ? connection->turn_away() : connection->serve(),
                   [core, connection, entry](const std::exception_ptr& thrown) {
                     if (thrown) std::rethrow_exception(thrown);
                     core->open.erase(entry);
                   });
  }

  static asio::awaitable<void> accept(std::shared_ptr<server_core> core, std::shared_ptr<tcp::acceptor> acceptor) {
    asio::steady_timer pause(core->io);
    while (acceptor->is_open()) {
      error_code error;
      tcp::socket socket(core->io);
      co_await acceptor->async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
      if (!error) {
        greet(core, std::move(socket));
        continue;
      }
      // Out of descriptors, most likely: they come back when connections end.
      pause.expires_after(pause_without_descriptors);
      if (acceptor->is_open()) co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }

  const std::shared_ptr<server_core> core_; // shared with connections and with responders on other threads
  const std::shared_ptr<tcp::acceptor> acceptor_;
  const std::string address_;
  asio::executor_work_guard<asio::io_context::executor_type> work_; // until stop(): the thread stays for it
  std::thread thread_;
};

} // namespace

result<std::unique_ptr<http_server>> serve_http(server_options options, request_handler handler) {
  const auto at = endpoint_of(options.listen);
  if (!at) return at.error();
  auto core = std::make_shared<server_core>(std::move(options), std::move(handler));
  auto acceptor = std::make_shared<tcp::acceptor>(core->io);
  error_code error;
  acceptor->open(at->protocol(), error);
  if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor->bind(*at, error);
  if (!error) acceptor->listen(tcp::acceptor::max_listen_connections, error);
  const tcp::endpoint bound = error ? *at : acceptor->local_endpoint(error);
  if (error) return failure{failure_kind::unavailable, fmt::format("listen on {}: {}", text_of(*at), error.message())};
  return std::unique_ptr<http_server>(
      std::make_unique<beast_server>(std::move(core), std::move(acceptor), text_of(bound)));
}

} // namespace ringdown::net
