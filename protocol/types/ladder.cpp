#include "protocol/types/ladder.hpp"

#include "protocol/types/key_values.hpp"

#include <utility>

namespace ringdown {

namespace {

template <class Field>
bool take_number(Field& field, std::string_view text) {
  const auto value = parse_number<Field>(text);
  field = value.value_or(0);
  return value.has_value();
}

bool take_time(wall_time& field, std::string_view text) {
  const auto value = parse_number<std::int64_t>(text);
  field = from_micros(value.value_or(0));
  return value.has_value();
}

bool take_span(std::optional<duration>& field, std::string_view text) {
  const auto value = parse_number<std::int64_t>(text);
  field = duration(value.value_or(0));
  return value.has_value();
}

std::vector<std::string> take_list(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) parts.emplace_back(cut(list, ','));
  return parts;
}

std::string list_of(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& one : parts) text += (text.empty() ? "" : ",") + one;
  return text;
}

std::string micros_of(wall_time at) { return std::to_string(micros(at)); }

bool take_part(call_ladder& into, std::string_view key, std::string_view value) {
  if (key == "begun") return take_time(into.begun, value);
  if (key == "due") return take_time(into.due, value);
  if (key == "round") return take_number(into.round, value);
  if (key == "rings") return take_number(into.rings, value);
  if (key == "tries") return take_number(into.tries, value);
  if (key == "frozen") return take_span(into.frozen, value);
  if (key == "number") into.number = value;
  if (key == "called") into.called = take_list(value);
  if (key == "first") into.first = user_id(std::string(value));
  if (key == "call") into.call = delivery_id(std::string(value));
  if (key == "heard") into.heard = value == "yes";
  if (key == "nobody_told") into.nobody_told = value == "yes";
  return true;
}

// "300000000:oncall,user:jo"
bool take_step(escalation_state& into, std::string_view text) {
  const auto after = parse_number<std::int64_t>(cut(text, ':'));
  if (after) into.steps.push_back({duration(*after), take_list(text)});
  return after.has_value();
}

bool take_part(escalation_state& into, std::string_view key, std::string_view value) {
  if (key == "begun") return take_time(into.begun, value);
  if (key == "due") return take_time(into.due, value);
  if (key == "next") return take_number(into.next, value);
  if (key == "cycle") return take_number(into.cycle, value);
  if (key == "cycles") return take_number(into.cycles, value);
  if (key == "frozen") return take_span(into.frozen, value);
  if (key == "step") return take_step(into, value);
  return true;
}

template <class State>
std::optional<State> parse_state(std::string_view text) {
  State made;
  const bool fine =
      for_each_pair(text, [&](std::string_view key, std::string_view value) { return take_part(made, key, value); });
  return fine ? std::optional(std::move(made)) : std::nullopt;
}

} // namespace

std::string to_text(const call_ladder& ladder) {
  std::string text;
  add_pair(text, "begun", micros_of(ladder.begun));
  add_pair(text, "due", micros_of(ladder.due));
  add_pair(text, "round", std::to_string(ladder.round));
  add_pair(text, "rings", std::to_string(ladder.rings));
  add_pair(text, "tries", std::to_string(ladder.tries));
  if (!ladder.number.empty()) add_pair(text, "number", ladder.number);
  if (!ladder.called.empty()) add_pair(text, "called", list_of(ladder.called));
  if (!ladder.first.empty()) add_pair(text, "first", ladder.first.str());
  if (!ladder.call.empty()) add_pair(text, "call", ladder.call.str());
  if (ladder.frozen) add_pair(text, "frozen", std::to_string(ladder.frozen->count()));
  if (ladder.heard) add_pair(text, "heard", "yes");
  if (ladder.nobody_told) add_pair(text, "nobody_told", "yes");
  return text;
}

std::optional<call_ladder> parse_call_ladder(std::string_view text) { return parse_state<call_ladder>(text); }

std::string to_text(const escalation_state& escalation) {
  std::string text;
  add_pair(text, "begun", micros_of(escalation.begun));
  add_pair(text, "due", micros_of(escalation.due));
  add_pair(text, "next", std::to_string(escalation.next));
  add_pair(text, "cycle", std::to_string(escalation.cycle));
  add_pair(text, "cycles", std::to_string(escalation.cycles));
  if (escalation.frozen) add_pair(text, "frozen", std::to_string(escalation.frozen->count()));
  for (const escalation_step& one : escalation.steps)
    add_pair(text, "step", std::to_string(one.after.count()) + ":" + list_of(one.notify));
  return text;
}

std::optional<escalation_state> parse_escalation(std::string_view text) { return parse_state<escalation_state>(text); }

} // namespace ringdown
