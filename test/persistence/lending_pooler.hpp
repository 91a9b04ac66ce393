// Stands before PostgreSQL's server as a pooler that gives connections away between transactions. It has one, and lends it for
// one question at a time.
#pragma once

#include "test/persistence/wire_ends.hpp"

#include <array>
#include <list>
#include <string>
#include <thread>

namespace ringdown::persistence {

class lending_pooler {
public:
  explicit lending_pooler(std::string server_socket);
  lending_pooler(const lending_pooler&) = delete;
  lending_pooler& operator=(const lending_pooler&) = delete;
  ~lending_pooler();

  [[nodiscard]] std::string by_way(const std::string& url) const { return by_way_of(here_.port, url); }

private:
  struct client {
    int socket = -1;
    bool greeted = false;
    std::string said; // and not answered yet
  };

  void run();
  // False: it has left.
  [[nodiscard]] bool serve(client& one);
  [[nodiscard]] bool greet(const std::string& start);
  // What the server says until it is ready for the next question.
  [[nodiscard]] std::string answer();

  std::string server_socket_;
  listening here_ = listen_somewhere();
  std::array<int, 2> wake_{-1, -1}; // read, written
  int server_ = -1;
  std::string greeting_; // by the server, to the first client
  std::list<client> clients_;
  std::thread thread_;
};

} // namespace ringdown::persistence
