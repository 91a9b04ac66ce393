#include "bin/ringdown-sim/twilio.hpp"

#include "protocol/wire/crypto.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace ringdown::sim {

namespace {

std::string argument(const question& what, std::string_view key) {
  const auto form = parse_form(what.body);
  const auto at = form.find(key);
  return at == form.end() ? std::string() : at->second;
}

answer json(int status, std::string body) {
  answer out;
  out.status = status;
  out.content_type = "application/json";
  out.body = share(std::move(body));
  return out;
}

// 20429, 20500, 20503: the API's codes for statuses that are not the caller's fault.
answer told_status(const command& rule, long usual) {
  const auto status = static_cast<int>(rule.number("status").value_or(usual));
  auto out = error_answer({status, 20'000 + status, fmt::format("status {} as told", status)});
  if (!rule["retry_after"].empty()) out.headers.emplace_back("Retry-After", rule["retry_after"]);
  return out;
}

answer ended(ending how) {
  answer out;
  out.status = 0;
  out.then = how;
  return out;
}

// Instead of being carried out.
std::optional<answer> refusal_told(const command& rule) {
  if (rule["mode"] == "status") return told_status(rule, 500);
  if (rule["mode"] == "hang") return ended(ending::hang);
  if (rule["mode"] == "reset") return ended(ending::reset);
  return std::nullopt;
}

// After it was carried out.
answer spoilt(const command& rule, answer given) {
  const auto mode = rule["mode"];
  if (mode == "status_after_accept") return told_status(rule, 500);
  if (mode == "hang_after_accept") return ended(ending::hang);
  if (mode == "drop_after_accept") return ended(ending::drop);
  if (mode == "slow") given.delay = rule.span("delay").value_or(std::chrono::seconds(1));
  if (mode == "truncated") given.then = ending::truncate;
  if (mode == "html") {
    given.content_type = "text/html";
    given.body = share("<html><body>Sign in to continue</body></html>");
  }
  return given;
}

constexpr std::string_view accounts = "/2010-04-01/Accounts/";

std::string_view account_in(std::string_view target) {
  if (!target.starts_with(accounts)) return {};
  target.remove_prefix(accounts.size());
  return target.substr(0, target.find('/'));
}

// Sub-accounts differ from their account in the last four digits, and have its token.
bool is_of(std::string_view account, std::string_view name) {
  if (name.size() != account.size() || name.size() < 4) return false;
  const auto same = account.size() - 4;
  return name.substr(0, same) == account.substr(0, same) && std::ranges::all_of(name.substr(same), [](char c) {
           return std::isxdigit(static_cast<unsigned char>(c)) != 0;
         });
}

} // namespace

twilio::twilio(const twilio_plan& account, effect_log& effects, sink_rules& rules, std::uint64_t seed)
    : account_(account),
      effects_(effects),
      rules_(rules),
      network_(account, effects, rules, seed) {}

bool twilio::knows(std::string_view verb) { return verb == "phone" || verb == "callbacks_to"; }

void twilio::apply(const command& what) {
  if (what.verb == "phone") return network_.set(read_phone(what));
  network_.route(std::string(what["address"]));
}

std::optional<refusal> twilio::authenticate(const question& what) const {
  const auto named = account_in(what.target);
  const auto user = is_of(account_.account, named) ? named : std::string_view(account_.account);
  const auto wanted = "Basic " + wire::base64_encode(fmt::format("{}:{}", user, account_.token));
  if (header(what.headers, "authorization") == wanted) return std::nullopt;
  return refusal{401, 20003, "Authenticate"};
}

std::optional<twilio::request> twilio::understand(const question& what) const {
  const auto mark = what.target.find('?');
  const auto path = std::string_view(what.target).substr(0, mark);
  const auto named = account_in(path);
  const auto calls = fmt::format("{}{}/Calls", accounts, named);
  request out;
  if (mark != std::string::npos) out.query = what.target.substr(mark + 1);
  if (!is_of(account_.account, named) || !path.starts_with(calls) || !path.ends_with(".json")) return std::nullopt;
  const auto rest = path.substr(calls.size(), path.size() - calls.size() - 5);
  if (!rest.empty() && rest[0] != '/') return std::nullopt;
  if (!rest.empty()) out.sid = rest.substr(1);
  if (what.method == "POST") out.on = out.sid.empty() ? "arrival" : "change";
  if (what.method == "GET") out.on = out.sid.empty() ? "list" : "read";
  if (out.on.empty()) return std::nullopt;
  return out;
}

answer twilio::receive(const question& what, moment now) {
  if (const auto wrong = authenticate(what)) return refuse(what, *wrong, now);
  const auto asked = understand(what);
  if (!asked) return refuse(what, {404, 20404, "The requested resource was not found"}, now);
  const arriving seen{"twilio", fmt::format("{} {}\n{}", what.target, argument(what, "To"), what.body), asked->on};
  const auto rule = rules_.next(seen);
  if (rule) {
    if (auto told = refusal_told(*rule)) return *told;
  }
  auto given = carry_out(*asked, what, now);
  rules_.alarm(seen);
  return rule ? spoilt(*rule, std::move(given)) : given;
}

answer twilio::carry_out(const request& asked, const question& what, moment now) {
  if (asked.on == "arrival") return place(what, now);
  if (asked.on == "list") return json(200, calls_json(network_.calls(), account_, asked.query, now.wall));
  auto* const one = network_.find(asked.sid);
  if (one == nullptr) return refuse(what, {404, 20404, "The requested call was not found"}, now);
  return asked.on == "read" ? show(*one, 200, now) : change(*one, what, now);
}

answer twilio::place(const question& what, moment now) {
  auto order = read_order(what.body, account_);
  if (const auto* const wrong = std::get_if<refusal>(&order)) return refuse(what, *wrong, now);
  auto& sound = std::get<call_order>(order);
  sound.account = account_in(what.target);
  return show(network_.place(std::move(sound), now), 201, now);
}

// `canceled` takes back a call nobody has answered; `completed` ends any that lives.
answer twilio::change(call& one, const question& what, moment now) {
  const auto wanted = argument(what, "Status");
  if (wanted != "canceled" && wanted != "completed") {
    return refuse(what, {400, 20001, "Status must be canceled or completed"}, now);
  }
  if (has_ended(one.status) || (wanted == "canceled" && one.answered)) {
    return refuse(what, {400, 21220, fmt::format("Call is {}: it cannot be {}", name(one.status), wanted)}, now);
  }
  network_.finish(one, one.answered ? call_status::completed : call_status::canceled, now);
  return show(one, 200, now);
}

answer twilio::refuse(const question& what, const refusal& why, moment now) {
  journal_line line(now.wall, "call_refused");
  line.add("method", what.method).add("path", what.target.substr(0, what.target.find('?')));
  line.add("number", argument(what, "To")).add("answered", why.status).add("code", why.code).add("text", why.message);
  effects_.tell(line);
  return error_answer(why);
}

answer twilio::show(const call& one, int status, moment now) const {
  return json(status, call_json(one, account_, now.wall));
}

} // namespace ringdown::sim
