// What the bench's PBXes answer: about 6 KB for each of the four lists of a fast cycle, and as much for a scrape. Every
// answer differs a little from the one before, so that nobody can skip reading it.
#pragma once

#include <cstdint>
#include <string>

namespace ringdown::bench {

struct pbx_state {
  std::uint32_t number = 0;
  std::uint32_t trunks_down = 0; // the first so many of its trunks
};

class bodies {
public:
  explicit bodies(std::uint32_t trunks) : trunks_(trunks) {}

  // Appended to `out`: the JSON of one list. `turn` is what differs.
  void trunks(std::string& out, const pbx_state& of, std::uint64_t turn) const;
  static void sbcs(std::string& out, const pbx_state& of, std::uint64_t turn);
  static void system_status(std::string& out, const pbx_state& of, std::uint64_t turn);
  static void services(std::string& out, const pbx_state& of, std::uint64_t turn);
  static void token(std::string& out, const pbx_state& of);
  // The same facts and size as Prometheus's text format: a family for each kind of resource.
  void metrics(std::string& out, const pbx_state& of, std::uint64_t turn) const;

private:
  std::uint32_t trunks_;
};

} // namespace ringdown::bench
