// A provider of a simulated world: who is at the other end of a channel. A new one is a class that reads its dialect's
// requests (`understand`), answers as the real one does when it has taken something (`thank`), and names the moods it can be
// in; setting.cpp gives each channel one of its own, by the channel's kind. What a mood does is written once, in provider.cpp.
//
// A provider that takes a request has an effect, whatever it answers: the journal keeps it, and the checkers hold the
// program to it.
#pragma once

#include "protocol/types/http.hpp"
#include "protocol/types/time.hpp"
#include "test/simulation/dice.hpp"
#include "test/simulation/journal.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::simulation {

enum class mood : std::uint8_t {
  sound,
  slow,        // answers after seconds
  hung,        // reads, takes nothing, never answers
  forgetful,   // takes it, never answers
  dropping,    // takes it, and the connection ends before the answer
  halving,     // takes it, and half an answer comes
  failing,     // 500
  overloaded,  // 503, with or without Retry-After
  limited,     // 429 with Retry-After
  impatient,   // 504 of a gateway before it: taken or not, nobody knows
  captive,     // 200 and a page of somebody else's
  refusing,    // 403: permanent to those who ask
  gone,        // 410: what it was to go to is no more
  throttling,  // 429, and ten minutes to wait
  unreachable, // no connection
  nameless,    // its name cannot be resolved
  moody        // another of these with each request
};
[[nodiscard]] std::string_view name(mood one);

// What a request says, read from its bytes alone.
struct asked {
  std::string key; // what the provider knows it by
  std::string event;
  std::string title;
  bool possible_repeat = false;
};

struct reply {
  enum class course : std::uint8_t { answered, silent, reset, no_connection, no_address };
  course how = course::answered;
  http_response what;
  instant after{}; // from the arrival to the answer, or to the end of the connection
  bool took = false;
};

class provider {
public:
  // `moods`: those that this kind can be in, besides sound.
  explicit provider(std::vector<mood> moods) : moods_(std::move(moods)) {}
  virtual ~provider() = default;
  provider(const provider&) = delete;
  provider& operator=(const provider&) = delete;

  // Nothing: it cannot be read, which is a fault of the program's.
  [[nodiscard]] virtual std::optional<asked> understand(const http_request& request) const = 0;
  // Does carrying it out change anything there? A question is no effect.
  [[nodiscard]] virtual bool has_effect(const http_request& /*request*/) const { return true; }
  // Carries it out, and answers.
  [[nodiscard]] virtual http_response thank(const http_request& request, wall_time now) = 0;
  // The row that the next request is about; empty: of none.
  virtual void about(const delivery_id& /*row*/) {}

  [[nodiscard]] reply on(const http_request& request, wall_time now, dice& chance);

  [[nodiscard]] const std::vector<mood>& moods() const { return moods_; }
  void be(mood one) { mood_ = one; }
  [[nodiscard]] mood is() const { return mood_; }

private:
  [[nodiscard]] reply by_mood(mood one, const http_request& request, wall_time now, dice& chance);
  // Whatever becomes of the answer.
  [[nodiscard]] reply carried_out(reply::course how, const http_request& request, wall_time now, instant after);

  std::vector<mood> moods_;
  mood mood_ = mood::sound;
};

// The provider of a channel of that kind ("ntfy"); null: there is none yet.
[[nodiscard]] std::unique_ptr<provider> make_provider(std::string_view kind, std::uint64_t seed);

} // namespace ringdown::simulation
