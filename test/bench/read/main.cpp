// What it costs to read one poll's answers, from the bytes a socket gives to a verdict: `bench-read [POLLS]` prints JSON.
// Numbers that change between the polls of a living PBX change here too, and nothing of what is kept does.
#include "actors/logic/instance_machine.hpp"
#include "actors/net/response_reader.hpp"
#include "actors/pbx_conversation.hpp"
#include "test/bench/read/answers.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

using namespace ringdown;
using std::chrono::steady_clock;

constexpr std::size_t read_size = 16UL * 1024; // as net reads: a TLS record
constexpr int warming = 8;
constexpr int usual_polls = 5'000;

instance_config pbx() {
  instance_config config;
  config.id = instance_id("harbour-headquarters");
  config.url = "https://pbx.harbour.example:5001";
  config.client_id = "900";
  config.secret = secret_text("invented");
  return config;
}

// Nothing is known of it yet.
baseline first_sight() {
  baseline base;
  base.instance = pbx().id;
  return base;
}

// The time one stage took, and how often it ran.
struct stage {
  steady_clock::duration spent{};
  std::int64_t times = 0;
  [[nodiscard]] double microseconds() const {
    return times == 0 ? 0 : std::chrono::duration<double, std::micro>(spent).count() / static_cast<double>(times);
  }
};

class stop_watch {
public:
  explicit stop_watch(stage& into) : into_(into), begun_(steady_clock::now()) {}
  stop_watch(const stop_watch&) = delete;
  stop_watch& operator=(const stop_watch&) = delete;
  ~stop_watch() {
    into_.spent += steady_clock::now() - begun_;
    ++into_.times;
  }

private:
  stage& into_;
  steady_clock::time_point begun_;
};

struct costs {
  std::array<stage, bench::answer_count> response; // bytes to http_outcome
  std::array<stage, bench::answer_count> reading;  // to what the endpoint says, and the next request
  stage verdict;                                   // of all four
};

std::shared_ptr<const http_outcome> received(std::string_view bytes) {
  net::response_reader reader(4UL << 20);
  auto at = net::response_reader::state::wants_more;
  for (std::size_t from = 0; from < bytes.size(); from += read_size) at = reader.feed(bytes.substr(from, read_size));
  if (at != net::response_reader::state::done || !reader.may_keep_connection())
    throw std::runtime_error("an answer was not read");
  http_outcome outcome;
  outcome.response = reader.take();
  outcome.sent = true;
  return std::make_shared<const http_outcome>(std::move(outcome));
}

class daemon_part {
public:
  explicit daemon_part(bench::framing framed)
      : answers_(framed),
        talk_(pbx(), std::chrono::seconds(5), std::chrono::seconds(10)),
        machine_(logic::machine_config_of(pbx()), first_sight(), "bench") {}

  // The verdict of one poll at `now`.
  logic::machine_verdict poll(moment now, costs& spent) {
    auto request = talk_.start(now);
    while (request) {
      const auto which = bench::answer_to(request->url);
      const std::string& bytes = answers_.next(which);
      const auto at = static_cast<std::size_t>(which);
      std::shared_ptr<const http_outcome> outcome;
      {
        const stop_watch running(spent.response[at]);
        outcome = received(bytes);
      }
      const stop_watch running(spent.reading[at]);
      request = talk_.on(std::exchange(outcome, nullptr), now);
    }
    const stop_watch running(spent.verdict);
    const observation seen = talk_.finished(now);
    if (!seen.trunks.ok() || !seen.sbcs.ok() || !seen.system.ok() || !seen.services.ok())
      throw std::runtime_error("an endpoint was not read");
    return machine_.step(seen, now);
  }

  [[nodiscard]] std::size_t bytes_of(bench::answer which) { return answers_.next(which).size(); }

private:
  bench::answers answers_;
  pbx_conversation talk_;
  logic::instance_machine machine_;
};

// What is found first is told, and settled, before anything is measured.
costs measured(daemon_part& part, int polls) {
  moment now{wall_time{std::chrono::seconds(1'790'000'000)}, steady_time{std::chrono::hours(1)}};
  costs spent;
  for (int i = 0; i < warming; ++i, now = {now.wall + std::chrono::seconds(30), now.steady + std::chrono::seconds(30)})
    static_cast<void>(part.poll(now, spent));
  spent = {};
  for (int i = 0; i < polls; ++i) {
    now = {now.wall + std::chrono::milliseconds(1), now.steady + std::chrono::milliseconds(1)};
    if (!logic::is_empty(part.poll(now, spent).news)) throw std::runtime_error("an unchanged PBX made news");
  }
  return spent;
}

std::string report(daemon_part& part, const costs& spent) {
  std::string text = fmt::format(R"({{"polls":{},"verdict":{:.3f})", spent.verdict.times, spent.verdict.microseconds());
  for (const auto which : bench::asked_for) {
    const auto at = static_cast<std::size_t>(which);
    text += fmt::format(R"(,"{}":{{"bytes":{},"response":{:.3f},"reading":{:.3f}}})", bench::name(which),
                        part.bytes_of(which), spent.response[at].microseconds(), spent.reading[at].microseconds());
  }
  return text + "}";
}

} // namespace

int main(int count, char** words) {
  try {
    const int polls = count > 1 ? std::atoi(words[1]) : usual_polls;
    const bool chunked = count > 2 && std::string_view(words[2]) == "chunked";
    daemon_part part(chunked ? bench::framing::chunked : bench::framing::length);
    const costs spent = measured(part, polls);
    fmt::print("{}\n", report(part, spent));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench-read: {}\n", error.what());
    return 1;
  }
}
