// Bytes to one HTTP response, with limits: header 64 KB, body as asked, and the whole exchange bounded too, so that
// padding (interim responses, chunk extensions) cannot go on for ever. Wraps Beast's parser. No socket.
#pragma once

#include "protocol/types/http.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace ringdown::net {

class response_reader {
public:
  enum class state { wants_more, done, malformed, too_large, cut_off };

  explicit response_reader(std::size_t body_limit);
  ~response_reader();
  response_reader(const response_reader&) = delete;
  response_reader& operator=(const response_reader&) = delete;

  state feed(std::string_view bytes);
  state end_of_stream(); // done when the body was delimited by it, else cut_off

  [[nodiscard]] bool got_some() const { return total_ > 0; }
  [[nodiscard]] const std::string& detail() const { return detail_; }

  // After done, once.
  [[nodiscard]] http_response take();
  [[nodiscard]] bool may_keep_connection() const; // the peer agrees, and nothing followed the response

private:
  struct parser;
  state advance(std::string_view& bytes); // leaves what the parser did not take
  state judge(); // a whole message: done, malformed, or an interim one that the real one follows
  void restart();

  std::size_t body_limit_;
  std::size_t total_ = 0;
  std::string pending_; // not yet taken by the parser: less than the header limit
  std::string detail_;
  std::unique_ptr<parser> parser_;
};

} // namespace ringdown::net
