// Stands between PostgreSQL's clients and its server, and cuts a connection at the worst moment: with a commit under way.
#pragma once

#include "test/persistence/wire_ends.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <thread>

namespace ringdown::persistence {

class fault_proxy {
public:
  // before: the server never hears of the commit. after: it does all it was asked for, and its answer is dropped.
  enum class cut { none, before, after };

  explicit fault_proxy(std::string server_socket);
  fault_proxy(const fault_proxy&) = delete;
  fault_proxy& operator=(const fault_proxy&) = delete;
  ~fault_proxy();

  // The URL, which names a socket's directory, by way of this proxy.
  [[nodiscard]] std::string by_way(const std::string& url) const { return by_way_of(port_, url); }
  // Of the next commit that a client sends.
  void cut_next_commit(cut how) { next_ = how; }
  [[nodiscard]] int cuts() const { return cuts_; }

private:
  struct link {
    int client = -1; // -1: cut; what the server still says is dropped
    int server = -1;
    bool begun = false;   // the first message, which has no type, is through
    bool commits = false; // among the messages since the last sync
    std::string from_client;
    std::map<std::string, std::string> statements; // text by name
  };

  void run();
  void accept_one();
  [[nodiscard]] bool pass_to_server(link& one);
  [[nodiscard]] bool pass_to_client(link& one);
  [[nodiscard]] std::size_t complete_messages(link& one);
  void read_message(link& one, char type, const std::string& body);

  std::string server_socket_;
  int listener_ = -1;
  int port_ = 0;
  std::array<int, 2> wake_{-1, -1}; // read, written
  std::atomic<cut> next_ = cut::none;
  std::atomic<int> cuts_ = 0;
  std::list<link> links_;
  std::thread thread_;
};

} // namespace ringdown::persistence
