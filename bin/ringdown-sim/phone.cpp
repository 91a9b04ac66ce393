#include "bin/ringdown-sim/phone.hpp"

#include <algorithm>

namespace ringdown::sim {

namespace {

pick_up behaviour(std::string_view word) {
  if (word == "no_answer") return pick_up::no_answer;
  if (word == "busy") return pick_up::busy;
  if (word == "rejected") return pick_up::rejected;
  return pick_up::answers;
}

} // namespace

phone read_phone(const command& what) {
  phone out;
  if (!what["number"].empty()) out.number = what["number"];
  out.does = behaviour(what["does"]);
  if (what["as"] == "machine") out.answered_by = "machine_start";
  if (what["as"] == "unknown") out.answered_by = "unknown";
  out.after = what.span("after").value_or(out.after);
  out.press = what["press"];
  out.press_after = what.span("press_after").value_or(out.press_after);
  out.hang_up = what.span("hang_up");
  return out;
}

void phone_book::set(phone one) {
  std::erase_if(phones_, [&](const phone& p) { return p.number == one.number; });
  phones_.push_back(std::move(one));
}

phone phone_book::find(std::string_view number) const {
  const auto found =
      std::find_if(phones_.rbegin(), phones_.rend(), [&](const phone& p) { return matches(p.number, number); });
  return found == phones_.rend() ? phone() : *found;
}

} // namespace ringdown::sim
