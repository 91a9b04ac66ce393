// The longest silence: a PBX fails, and at the same moment one thing fails on our side, or two. From the commit of a
// critical's opening until a provider has taken a notice about it, or about a channel that does not work, no minute passes.
#pragma once

#include "test/simulation/world.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ringdown::simulation {

// A fault that happens alone or with another. What lasts is undone after its time.
struct single_fault {
  std::string name;    // "push hangs"
  std::string channel; // that reaches nobody meanwhile; may be empty
  instant lead{};      // so long before its moment it has to begin
  std::function<void(world&)> begin;
};
// silence_faults.cpp: in the order of the table in docs/testing.md.
[[nodiscard]] std::span<const single_fault> single_faults();

// Whom the tenant can tell.
enum class household : std::uint8_t {
  wide,  // a push of one person, a push of nobody's, a webhook, a chat, tickets, a mailbox as backup
  narrow // a push of one person and the mailbox
};

inline constexpr instant longest_silence_allowed = std::chrono::seconds(60);

struct silence_case {
  household tells = household::wide;
  const single_fault* first = nullptr;  // at the moment of the opening's commit
  const single_fault* second = nullptr; // none: the first is alone
  instant apart{};                      // the second's moment after the first's
  std::uint64_t seed = 1;
};
[[nodiscard]] std::string name_of(const silence_case& one);

struct silence {
  std::size_t number = 0; // of its case
  instant anyone{};       // until any provider took it
  instant somebody{};     // until one that reaches a person did
  bool opened = false;    // something was committed at all
  bool heard = false;     // false: not before the world's end
};

class silences {
public:
  explicit silences(workshop& from);

  // Each fault alone, then each with each other at drawn distances, both ways round. Left out is what leaves the narrow
  // household without any channel.
  [[nodiscard]] const std::vector<silence_case>& cases() const { return cases_; }
  [[nodiscard]] std::size_t singles() const { return singles_; }
  [[nodiscard]] silence listen(std::size_t number, const trace::writer& write = {});

private:
  void add_cases(household tells, bool alone);
  [[nodiscard]] instant opening_of(household tells, std::uint64_t seed);

  workshop& from_;
  std::vector<silence_case> cases_;
  std::size_t singles_ = 0;
  dice chance_{4711};
  std::map<std::pair<household, std::uint64_t>, instant> openings_; // by seed: when nothing fails on our side
};

} // namespace ringdown::simulation
