#include "bin/ringdownd/front_door.hpp"

#include "actors/api/handlers.hpp"

#include <utility>

namespace ringdown {

result<std::unique_ptr<front_door>> front_door::open(const std::string& listen, std::string why) {
  std::unique_ptr<front_door> made(new front_door(std::move(why)));
  net::server_options options;
  options.listen = listen;
  auto server = net::serve_http(options, [door = made.get()](net::server_request request, net::respond with) {
    door->answer(std::move(request), std::move(with));
  });
  if (!server) return server.error();
  made->server_ = std::move(*server);
  return made;
}

void front_door::let_in(net::request_handler to) {
  inside_ = std::move(to);
  is_open_ = true;
}

void front_door::not_yet(std::string why) {
  const std::lock_guard hold(guard_);
  why_ = std::move(why);
}

void front_door::answer(net::server_request request, net::respond with) {
  if (is_open_) return inside_(std::move(request), std::move(with));
  std::string why;
  {
    const std::lock_guard hold(guard_);
    why = why_;
  }
  with(api::answer_before_start(request, why));
}

} // namespace ringdown
