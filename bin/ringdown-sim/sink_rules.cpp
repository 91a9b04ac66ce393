#include "bin/ringdown-sim/sink_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ringdown::sim {

namespace {

// A rule that does not say which event it is about is about arrivals, but for a login that is to be refused.
std::string_view event_of(const command& rule) {
  if (!rule["on"].empty()) return rule["on"];
  return rule["mode"] == "refuse_login" ? "login" : "arrival";
}

bool concerns(const command& rule, const arriving& what) {
  const auto on = event_of(rule);
  return rule["sink"] == what.sink && on == what.on && what.subject.find(rule["match"]) != std::string::npos;
}

} // namespace

bool sink_rules::knows(std::string_view verb) { return verb.starts_with("sink_") || verb == "on_effect"; }

std::vector<timed_command> sink_rules::apply(const command& what) {
  if (what.verb == "on_effect") {
    watches_.push_back({what, what.number("nth").value_or(1)});
    return {};
  }
  if (what.verb == "sink_fault") {
    const auto id = next_rule_++;
    rules_.push_back({id, what, what.number("count").value_or(-1)});
    const auto after = what.span("for");
    if (!after) return {};
    return {{*after, {"sink_fault_end", {{"fault", fmt::to_string(id)}}}}};
  }
  std::erase_if(rules_, [&](const rule& r) {
    if (what.verb == "sink_fault_end") return static_cast<long>(r.id) == what.number("fault").value_or(-1);
    return r.what["sink"] == what["sink"] && (what["match"].empty() || r.what["match"] == what["match"]);
  });
  return {};
}

std::optional<command> sink_rules::next(const arriving& what) {
  const auto found =
      std::find_if(rules_.rbegin(), rules_.rend(), [&](const rule& r) { return concerns(r.what, what); });
  if (found == rules_.rend()) return std::nullopt;
  auto out = found->what;
  if (found->left > 0 && --found->left == 0) rules_.erase(std::next(found).base());
  return out;
}

void sink_rules::alarm(const arriving& what) {
  for (auto one = watches_.begin(); one != watches_.end();) {
    if (!concerns(one->what, what) || --one->to_go > 0) {
      ++one;
      continue;
    }
    signal_(one->what["action"], std::string(one->what["pid_file"]));
    one = watches_.erase(one);
  }
}

} // namespace ringdown::sim
