// What people say of calls: the news of one, a code that verifies a number, who is on call (E-03).
#include "actors/logic/numbers.hpp"
#include "actors/logic/script.hpp"
#include "actors/logic/tenant_machine.hpp"

#include <algorithm>
#include <utility>

namespace ringdown::logic {

namespace {

constexpr auto code_lives = std::chrono::minutes(10);
constexpr std::uint32_t most_code_tries = 5;

// With the setting that would allow it.
std::string refusal_of(const number_verdict& number, const channel_config& over) {
  if (number.fault == number_fault::missing) return "there is no number to call";
  if (number.fault == number_fault::invalid) return "that is no number that could be called: write it as +15551234567";
  std::string allowed;
  for (const std::string& one : regions_of(over)) allowed += (allowed.empty() ? "" : ", ") + one;
  const std::string region = number.region.empty() ? "of no country" : "one of " + number.region;
  return "that number is " + region + " (region_denied): channel " + over.id.str() + " calls regions = \"" + allowed +
         "\" only; add it to regions in its [[channel]], and apply";
}

} // namespace

command_result tenant_machine::decide_about_calls(turn& t, const command& asked) {
  if (asked.kind == command_kind::hear_call) return hear_call(t, asked);
  if (asked.kind == command_kind::ask_for_code) return ask_for_code(t, asked);
  if (asked.kind == command_kind::confirm_code) return confirm_code(t, asked);
  return set_oncall(t, asked);
}

command_result tenant_machine::hear_call(turn& t, const command& asked) {
  const auto news = parse_call_news(asked.text);
  if (!news) return {"", command_answer::refused, "not understood"};
  const auto at = calls_.find(news->call);
  if (at == calls_.end() || !is_live(at->second)) {
    if (at != calls_.end()) hang_up_late(t, at->second, news->heard.stage);
    return {"", command_answer::stale, "that call is over"};
  }
  hear(t, at->second, *news);
  return {"", command_answer::done, "noted"};
}

// whoever has the number at hand hears a code there and gives it back.
command_result tenant_machine::ask_for_code(turn& t, const command& asked) {
  const channel_config* over = voice_channel();
  if (over == nullptr)
    return {
        "", command_answer::refused,
        "there is no enabled channel that calls: give the tenant's file a [[channel]] of kind twilio, and apply it"};
  const number_verdict number = usable_number(asked.subject, regions_of(*over));
  if (number.fault != number_fault::none) return {"", command_answer::refused, refusal_of(number, *over)};
  if (!may_ring(number.e164, ring_for::code, t.now))
    return {"", command_answer::refused, "that number was called too often; try again in a quarter of an hour"};
  phone_record& phone = phones_[number.e164];
  phone.number = number.e164;
  phone.code = asked.text;
  phone.code_until = t.now + code_lives;
  phone.tries = 0;
  t.out.phones.push_back(phone);
  const delivery_id made =
      tell_code(t.tell, *over, number.e164, joined(script_for_code(asked.text, *config_)), asked.id, t.out);
  call_record call;
  call.call = made;
  call.channel = over->id;
  call.number = number.e164;
  call.person = asked.by;
  call.made = call.changed = t.now;
  t.out.calls.push_back(call);
  calls_[made] = std::move(call);
  t.out.audits.push_back({asked.by, "phone.code_asked", masked_number(number.e164), "", t.now});
  return {"", command_answer::done, "calling " + masked_number(number.e164) + " to read out a code", made};
}

// Who was called twice has two codes at hand.
std::string tenant_machine::wrong_code_words(const std::string& number, wall_time now) const {
  const auto codes = std::ranges::count_if(calls_, [&](const auto& entry) {
    const call_record& call = entry.second;
    return call.number == number && call.lead.empty() && call.made + code_lives > now;
  });
  return codes > 1 ? "that is not the code; the code of the latest call counts" : "that is not the code";
}

command_result tenant_machine::confirm_code(turn& t, const command& asked) {
  const channel_config* over = voice_channel();
  const number_verdict number =
      usable_number(asked.subject, over == nullptr ? std::vector<std::string>{"US"} : regions_of(*over));
  const auto at = phones_.find(number.e164);
  if (at == phones_.end() || at->second.code.empty() || at->second.code_until <= t.now)
    return {"", command_answer::refused, "no code was read out at that number lately; 'phone verify' calls with one"};
  phone_record& phone = at->second;
  const bool right = phone.code == asked.text;
  if (right) phone.verified = t.now;
  if (right) ask_again_who_is_callable(t);
  if (right || ++phone.tries >= most_code_tries) phone.code.clear();
  t.out.phones.push_back(phone);
  t.out.audits.push_back(
      {asked.by, right ? "phone.verified" : "phone.code_wrong", masked_number(phone.number), "", t.now});
  if (!right) return {"", command_answer::refused, wrong_code_words(phone.number, t.now)};
  return {"", command_answer::done, masked_number(phone.number) + " may be called now"};
}

// E-03. Whoever takes over is told of what is open (S-T7).
command_result tenant_machine::set_oncall(turn& t, const command& asked) {
  if (!asked.subject.empty() && config_->find(user_id(asked.subject)) == nullptr)
    return {"", command_answer::unknown_subject, "no such user: " + asked.subject};
  const auto before = on_call();
  oncall_ =
      oncall_pointer{asked.subject.empty() ? std::nullopt : std::optional(user_id(asked.subject)), asked.by, t.now};
  t.out.oncall = oncall_;
  const auto now_on = on_call();
  const std::string who = now_on ? now_on->str() : "nobody";
  t.out.audits.push_back({asked.by, "oncall.set", "tenant", who, t.now});
  if (now_on && now_on != before) hand_over(t, *now_on);
  ask_again_who_is_callable(t);
  return {"", before == now_on ? command_answer::already : command_answer::done, who + " is on call"};
}

} // namespace ringdown::logic
