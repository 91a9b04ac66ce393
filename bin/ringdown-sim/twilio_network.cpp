#include "bin/ringdown-sim/twilio_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace ringdown::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kept_calls = 20'000;
constexpr int most_documents = 10; // a call that wants more goes in circles
constexpr auto dialling = 50ms;
constexpr auto engaged_after = 100ms;
constexpr auto last_words = 200ms; // between the end of a document and the line going dead
constexpr auto apart = 50ms;       // callbacks in reverse order arrive in it
constexpr auto usual_listening = 5s;

constexpr std::string_view wrong_token = "not the token of this account";

steady_time after(moment now, duration span) {
  return now.steady + std::chrono::duration_cast<std::chrono::nanoseconds>(span);
}

std::string path_of(std::string_view url) {
  const auto begin = url.find('/', url.find("://") + 3);
  if (begin == std::string_view::npos) return "/";
  return std::string(url.substr(begin, url.find_first_of("?#", begin) - begin));
}

// Absolute, or a path at the same host; empty means the document itself.
std::string resolve(const std::string& base, std::string_view url) {
  if (url.empty()) return base;
  if (url.find("://") != std::string_view::npos || !url.starts_with("/")) return std::string(url);
  return base.substr(0, base.find('/', base.find("://") + 3)) + std::string(url);
}

} // namespace

twilio_network::twilio_network(twilio_plan account, effect_log& effects, sink_rules& rules, std::uint64_t seed)
    : account_(std::move(account)),
      effects_(effects),
      rules_(rules),
      random_(seed) {}

// --- The life of a call ---

const call& twilio_network::place(call_order order, moment now) {
  call made;
  made.sid = fmt::format("CA{:016x}{:016x}", random_(), random_());
  made.line = phones_.find(order.to);
  made.order = std::move(order);
  made.placed = now.wall;
  auto& one = calls_.emplace_back(std::move(made));
  effects_.tell(line(one, "call_placed", now));
  progress(one, "initiated", now);
  plan(one, act::ring, turn_of(one.order.account, now) + dialling, now);
  if (calls_.size() > kept_calls) calls_.pop_front();
  return calls_.back();
}

// How long a call of this account waits in the provider's queue.
duration twilio_network::turn_of(const std::string& account, moment now) {
  auto& next = turns_[account];
  const auto turn = std::max(next, now.steady);
  next = turn + account_.pace;
  return std::chrono::duration_cast<duration>(turn - now.steady);
}

call* twilio_network::find(std::string_view sid) {
  const auto found = std::find_if(calls_.rbegin(), calls_.rend(), [&](const call& c) { return c.sid == sid; });
  return found == calls_.rend() ? nullptr : &*found;
}

void twilio_network::ring(call& one, moment now) {
  one.status = call_status::ringing;
  effects_.tell(line(one, "call_ringing", now));
  progress(one, "ringing", now);
  if (one.line.does == pick_up::busy || one.line.does == pick_up::rejected) {
    return plan(one, act::engaged, engaged_after, now);
  }
  const auto limit = std::min(one.order.ring, account_.ring);
  const bool answers = one.line.does == pick_up::answers && one.line.after < limit;
  plan(one, answers ? act::answer : act::give_up, answers ? one.line.after : limit, now);
}

void twilio_network::answer_phone(call& one, moment now) {
  one.status = call_status::in_progress;
  one.answered = now.wall;
  effects_.tell(line(one, "call_answered", now).add("answered_by", one.line.answered_by));
  progress(one, "answered", now);
  if (one.line.hang_up) plan(one, act::leave, *one.line.hang_up, now);
  if (one.order.url.empty()) return read(one, one.order.twiml, {}, now);
  fetch(one, one.order.url, {}, purpose::document, now);
}

void twilio_network::finish(call& one, call_status how, moment now) {
  one.status = how;
  one.ended = now.wall;
  effects_.tell(line(one, "call_ended", now).add("status", name(how)).add("duration", seconds_of(one, now.wall)));
  progress(one, "completed", now);
  release(one, now);
  one.verbs.clear();
}

// --- Documents ---

void twilio_network::fetch(call& one, const std::string& url, form_pairs more, purpose what, moment now) {
  if (++one.documents > most_documents) return complain(one, "more documents than are followed", now);
  auto fields = call_fields(one, account_);
  std::move(more.begin(), more.end(), std::back_inserter(fields));
  out_.push_back(ready(one, url, fields, what));
  one.base_url = url;
}

void twilio_network::read(call& one, std::string_view document, std::string base_url, moment now) {
  auto verbs = parse_twiml(document);
  if (!verbs) return complain(one, verbs.error().detail, now);
  one.verbs = std::move(*verbs);
  one.next_verb = 0;
  one.base_url = std::move(base_url);
  walk(one, now);
}

// Until something has to be waited for.
void twilio_network::walk(call& one, moment now) {
  while (one.next_verb < one.verbs.size()) {
    // By value: what follows may replace the document.
    const auto verb = one.verbs[one.next_verb++];
    if (verb.name == "Say") say(one, verb, now);
    if (verb.name == "Gather") return listen(one, verb, now);
    if (verb.name == "Redirect") return fetch(one, resolve(one.base_url, verb.text), {}, purpose::document, now);
    if (verb.name == "Hangup") return finish(one, call_status::completed, now);
  }
  plan(one, act::run_out, last_words, now);
}

void twilio_network::say(const call& one, const element& spoken, moment now) {
  effects_.tell(line(one, "call_said", now).add("text", spoken.text));
}

// A phone that is going to press is waited for.
void twilio_network::listen(call& one, const element& gather, moment now) {
  for (const auto& inner : gather.inner) {
    if (inner.name == "Say") say(one, inner, now);
  }
  if (!one.line.press.empty() && !one.pressed) return plan(one, act::press, one.line.press_after, now);
  const auto seconds = parse_number(gather["timeout"], 0, 3600);
  const duration asked = seconds ? duration(std::chrono::seconds(*seconds)) : duration(usual_listening);
  plan(one, act::silence, std::min(asked, account_.listen), now);
}

void twilio_network::press(call& one, moment now) {
  one.pressed = true;
  effects_.tell(line(one, "call_digits", now).add("digit", one.line.press));
  const auto action = resolve(one.base_url, one.verbs[one.next_verb - 1]["action"]);
  fetch(one, action, {{"Digits", one.line.press}}, purpose::digits, now);
}

void twilio_network::silence(call& one, moment now) {
  const auto& gather = one.verbs[one.next_verb - 1];
  if (gather["actionOnEmptyResult"] != "true") return walk(one, now);
  fetch(one, resolve(one.base_url, gather["action"]), {{"Digits", ""}}, purpose::digits, now);
}

void twilio_network::complain(call& one, std::string_view why, moment now) {
  effects_.tell(line(one, "call_error", now).add("text", why));
  finish(one, call_status::completed, now);
}

// --- Time ---

void twilio_network::plan(call& one, act what, duration in, moment now) {
  due_.emplace(after(now, in), step{what, one.sid, {}});
}

std::optional<steady_time> twilio_network::next_due() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

void twilio_network::advance(moment now) {
  while (!due_.empty() && due_.begin()->first <= now.steady) {
    carry_out(due_.extract(due_.begin()).mapped(), now);
  }
}

// Whatever was planned for a call ends with it, but for the requests still to be sent about it.
void twilio_network::carry_out(const step& due, moment now) {
  if (due.what == act::post) return out_.push_back(due.parcel);
  auto* const one = find(due.sid);
  if (one == nullptr || has_ended(one->status)) return;
  switch (due.what) {
    case act::ring: return ring(*one, now);
    case act::answer: return answer_phone(*one, now);
    case act::give_up: return finish(*one, call_status::no_answer, now);
    case act::engaged: return finish(*one, call_status::busy, now);
    case act::press: return press(*one, now);
    case act::silence: return silence(*one, now);
    case act::leave:
    case act::run_out: return finish(*one, call_status::completed, now);
    case act::post: return;
  }
}

// --- Requests ---

errand twilio_network::ready(const call& one, const std::string& url, const form_pairs& fields, purpose what) {
  auto out = signed_errand(url, fields, account_.token);
  out.id = next_errand_++;
  out.connect_to = route_;
  out.headers.emplace_back("I-Twilio-Idempotency-Token", fmt::format("sim-{:016x}", random_()));
  sent_.emplace(out.id, sent{one.sid, what, path_of(url), false});
  return out;
}

// The same request once more, signed with what may be another token.
errand twilio_network::twin(const errand& of, std::string_view token) {
  auto out = of;
  out.id = next_errand_++;
  out.headers[0].second = twilio_signature(token, of.url, parse_pairs(of.body));
  auto record = sent_.at(of.id);
  record.forged = token != account_.token;
  sent_.emplace(out.id, std::move(record));
  return out;
}

std::vector<errand> twilio_network::take_errands() { return std::exchange(out_, {}); }

void twilio_network::heard(std::uint64_t id, const hearing& what, moment now) {
  const auto known = sent_.extract(id);
  auto* const one = known.empty() ? nullptr : find(known.mapped().sid);
  if (one == nullptr) return;
  const auto& about = known.mapped();
  constexpr auto words = std::to_array<std::string_view>({"document", "digits", "status"});
  auto told = line(*one, "callback_answer", now);
  told.add("what", words[static_cast<std::size_t>(about.what)]).add("path", about.path).add("answered", what.status);
  if (about.forged) told.add_json("forged", "true");
  if (!what.problem.empty()) told.add("problem", what.problem);
  effects_.tell(told);
  if (about.what == purpose::status || has_ended(one->status)) return;
  if (what.status < 200 || what.status > 299) return complain(*one, fmt::format("no document: {}", what.status), now);
  read(*one, what.body, one->base_url, now);
}

// --- Status callbacks ---

void twilio_network::progress(call& one, std::string_view event, moment now) {
  if (one.order.status_callback.empty() || !one.order.events.contains(event)) return;
  auto parcel = ready(one, one.order.status_callback, status_fields(one, account_, event, now.wall), purpose::status);
  ++one.sequence;
  const auto rule = rules_.next({"twilio", fmt::format("{} {}", one.order.to, one.order.status_callback), "status"});
  report(one, std::move(parcel), rule ? &*rule : nullptr, now);
}

void twilio_network::report(call& one, errand parcel, const command* rule, moment now) {
  const auto mode = rule == nullptr ? std::string_view("ok") : (*rule)["mode"];
  if (mode == "dropped") {
    effects_.tell(line(one, "callback_dropped", now).add("path", path_of(parcel.url)));
    sent_.erase(parcel.id);
    return;
  }
  if (mode == "reversed") return one.held.push_back(std::move(parcel));
  if (mode == "late") {
    due_.emplace(after(now, rule->span("delay").value_or(1s)), step{act::post, one.sid, std::move(parcel)});
    return;
  }
  if (mode == "doubled") out_.push_back(twin(parcel, account_.token));
  if (mode == "forged") out_.push_back(twin(parcel, wrong_token));
  out_.push_back(std::move(parcel));
}

// What was held back leaves with the call, the last first.
void twilio_network::release(call& one, moment now) {
  duration in{};
  while (!one.held.empty()) {
    due_.emplace(after(now, in), step{act::post, one.sid, std::move(one.held.back())});
    one.held.pop_back();
    in += apart;
  }
}

journal_line twilio_network::line(const call& one, std::string_view kind, moment now) {
  journal_line out(now.wall, kind);
  out.add("sid", one.sid).add("number", one.order.to).add("delivery", one.order.delivery);
  return out;
}

} // namespace ringdown::sim
