// Answers of an invented PBX as they come from its socket: HTTP heads as a 3CX behind nginx writes them, bodies compact as
// its server writes them. What changes from poll to poll in a living PBX changes from answer to answer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::bench {

enum class answer : std::uint8_t { trunks, sbcs, system_status, services, token };
inline constexpr std::size_t answer_count = 5;
inline constexpr std::array asked_for{answer::trunks, answer::sbcs, answer::system_status, answer::services};

[[nodiscard]] std::string_view name(answer which);
[[nodiscard]] answer answer_to(std::string_view url);

enum class framing : std::uint8_t { length, chunked };

class answers {
public:
  explicit answers(framing framed);

  // Head and body; the text is rewritten by the next call for the same one.
  [[nodiscard]] const std::string& next(answer which);

private:
  struct changing {
    std::string text;
    std::vector<std::size_t> counters; // where two digits change
  };
  [[nodiscard]] static changing framed_as(framing framed, std::string body);

  std::array<changing, answer_count> texts_;
  unsigned polls_ = 0;
};

} // namespace ringdown::bench
