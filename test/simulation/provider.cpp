#include "test/simulation/provider.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

constexpr std::array names{"sound",   "slow",       "hung",        "forgetful", "dropping", "halving",
                           "failing", "overloaded", "limited",     "impatient", "captive",  "refusing",
                           "gone",    "throttling", "unreachable", "nameless",  "moody"};

http_response status(int code, std::string body = R"({"error":"not now"})") {
  http_response made;
  made.status = code;
  made.headers = {{"Content-Type", "application/json"}};
  made.body = std::move(body);
  return made;
}

http_response in_ten_minutes() {
  auto made = status(429);
  made.headers.emplace_back("Retry-After", "600");
  return made;
}

http_response later(int code, dice& chance) {
  auto made = status(code);
  if (chance.chance(60)) made.headers.emplace_back("Retry-After", fmt::format("{}", 1 + chance.below(30)));
  return made;
}

} // namespace

std::string_view name(mood one) { return names.at(static_cast<std::size_t>(one)); }

reply provider::on(const http_request& request, wall_time now, dice& chance) {
  if (mood_ != mood::moody) return by_mood(mood_, request, now, chance);
  return by_mood(chance.chance(40) ? mood::sound : chance.pick(moods_), request, now, chance);
}

// What can be read and is refused all the same has changed nothing.
reply provider::carried_out(reply::course how, const http_request& request, wall_time now, instant after) {
  auto what = thank(request, now);
  const bool took = what.status < 300 || !understand(request);
  return {how, how == reply::course::answered ? std::move(what) : http_response{}, after, took};
}

reply provider::by_mood(mood one, const http_request& request, wall_time now, dice& chance) {
  using course = reply::course;
  const instant soon = chance.between(5ms, 120ms);
  switch (one) {
    case mood::moody:
    case mood::sound: return carried_out(course::answered, request, now, soon);
    case mood::slow: return carried_out(course::answered, request, now, chance.between(1s, 9s));
    case mood::hung: return {course::silent, {}, {}, false};
    case mood::forgetful: return carried_out(course::silent, request, now, {});
    case mood::dropping:
    case mood::halving: return carried_out(course::reset, request, now, soon);
    case mood::failing: return {course::answered, status(500), soon, false};
    case mood::overloaded: return {course::answered, later(503, chance), soon, false};
    case mood::limited: return {course::answered, later(429, chance), soon, false};
    case mood::impatient: {
      const bool took = chance.chance(50) && carried_out(course::reset, request, now, soon).took;
      return {course::answered, status(504), soon, took};
    }
    case mood::captive: return {course::answered, status(200, "<html>Sign in</html>"), soon, false};
    case mood::refusing: return {course::answered, status(403), soon, false};
    case mood::gone: return {course::answered, status(410), soon, false};
    case mood::throttling: return {course::answered, in_ten_minutes(), soon, false};
    case mood::nameless: return {course::no_address, {}, soon, false};
    case mood::unreachable: return {course::no_connection, {}, soon, false};
  }
  return {};
}

} // namespace ringdown::simulation
