#include "test/simulation/telephone.hpp"

#include "protocol/wire/form.hpp"

#include <fmt/format.h>

#include <memory>
#include <stdexcept>
#include <utility>

namespace ringdown::simulation {

namespace {

using namespace std::chrono_literals;

constexpr instant given_up_after = 15s; // as Twilio does

std::string field(const sim::arguments& of, std::string_view key) {
  const auto at = of.find(key);
  return at == of.end() ? std::string() : at->second;
}

// What a line of the company's journal says beside its kind.
std::string words_of(const sim::arguments& line) {
  for (const char* key : {"text", "digit", "answered_by", "status", "what"})
    if (line.contains(key)) return field(line, key);
  return {};
}

net::server_request request_of(const sim::errand& one) {
  const auto parts = parse_url(one.url);
  const std::string target = parts ? parts->target : "/";
  const auto mark = target.find('?');
  net::server_request made;
  made.method = "POST";
  made.path = target.substr(0, mark);
  if (mark != std::string::npos) made.query = target.substr(mark + 1);
  made.headers = one.headers;
  made.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  made.body = one.body;
  made.peer = "simulation";
  return made;
}

bool is_order(const http_request& request) {
  const auto parts = parse_url(request.url);
  return request.method == http_method::post && parts && parts->target.ends_with("/Calls.json");
}

} // namespace

sim::twilio_plan account_of(const channel_config& channel) {
  sim::twilio_plan made;
  made.account = channel.settings.at("account");
  made.from = channel.settings.at("from");
  made.token = channel.secrets.at("auth_token").reveal();
  made.ring = 25s;
  made.listen = 10s;
  return made;
}

telephone::telephone(tenant_id tenant, const channel_config& over, timeline& time, journal& told, dice chance)
    : provider({mood::slow, mood::hung, mood::forgetful, mood::dropping, mood::halving, mood::failing, mood::overloaded,
                mood::limited, mood::impatient, mood::captive, mood::unreachable}),
      tenant_(std::move(tenant)),
      channel_(over.id),
      time_(time),
      told_(told),
      chance_(chance),
      account_(account_of(over)),
      effects_([this](const sim::journal_line& line) { note(line); }),
      rules_([](std::string_view, const std::string&) {}),
      twilio_(account_, effects_, rules_, chance_.next()) {}

// --- what it is asked ---------------------------------------------------------------------------------------------------

std::optional<asked> telephone::understand(const http_request& request) const {
  const auto form = sim::parse_form(request.body);
  if (!is_order(request) || field(form, "To").empty()) return std::nullopt;
  return asked{"", "call", field(form, "To"), false};
}

bool telephone::has_effect(const http_request& request) const { return is_order(request); }

http_response telephone::thank(const http_request& request, wall_time now) {
  const auto parts = parse_url(request.url);
  const auto said = twilio_.receive(
      {std::string(name(request.method)), parts ? parts->target : "/", request.headers, request.body, "simulation"},
      present());
  go_on();
  http_response made;
  made.status = said.status;
  made.headers = {{"Content-Type", said.content_type}, {"Date", sim::rfc2822(now)}};
  if (said.body) made.body = *said.body;
  return made;
}

// --- what it asks -------------------------------------------------------------------------------------------------------

void telephone::callbacks_are(std::string_view mode, instant late) {
  const bool sound = mode == "ok";
  sim::arguments with{{"do", sound ? "sink_ok" : "sink_fault"}, {"sink", "twilio"}};
  if (!sound) {
    with["on"] = "status";
    with["mode"] = mode;
    with["delay"] = fmt::format("{}s", late / 1s + 1);
  }
  const auto what = sim::make_command(std::move(with));
  if (!what) throw std::logic_error("a rule for callbacks is refused: " + what.error().detail);
  static_cast<void>(rules_.apply(*what));
}

void telephone::forge(const std::vector<read_alert>& read) {
  if (twilio_.network().calls().empty() || read.empty()) return;
  const sim::call& newest = twilio_.network().calls().back();
  if (newest.order.url.empty()) return;
  auto fields = sim::call_fields(newest, account_);
  fields.emplace_back("Digits", "1");
  const std::string where = newest.order.url.substr(0, newest.order.url.rfind('/'));
  const auto one = sim::signed_errand(fmt::format("{}/keys?read={}", where, percent_encode(to_text(read))), fields,
                                      "not the token of " + account_.account);
  phone_event told{tenant_, channel_, rows_[newest.sid], "forged_answer", newest.sid, newest.order.to, "digits", 0};
  if (door_)
    door_(request_of(one), [this, told](const net::server_response& said) mutable {
      told.answered = said.status;
      told_.write(time_.now(), told);
    });
}

void telephone::go_on() {
  for (sim::errand& one : twilio_.network().take_errands())
    time_.after(chance_.between(3ms, 120ms), [this, one = std::move(one)] { deliver(one); });
  const auto due = twilio_.network().next_due();
  if (!due || (wake_ && *wake_ <= *due)) return;
  wake_ = due;
  time_.after(*due - present().steady, [this, due] {
    if (wake_ != due) return; // something earlier came between
    wake_.reset();
    twilio_.network().advance(present());
    go_on();
  });
}

void telephone::deliver(const sim::errand& one) {
  const auto open = std::make_shared<bool>(true); // shared with whoever answers first
  const auto hear = [this, id = one.id, open](int status, const std::string& body, const char* problem) {
    if (!std::exchange(*open, false)) return;
    twilio_.network().heard(id, {status, body, problem}, present());
    go_on();
  };
  const bool there = door_ && door_(request_of(one), [this, hear](const net::server_response& said) {
                       time_.after(chance_.between(2ms, 60ms),
                                   [hear, status = said.status, body = said.body] { hear(status, body, ""); });
                     });
  if (!there) return hear(0, "", "connection refused");
  time_.after(given_up_after, [hear] { hear(0, "", "no answer"); });
}

void telephone::note(const sim::journal_line& line) {
  const auto read = sim::parse_json_members(line.str(), sim::nested_members::skipped);
  if (!read) throw std::logic_error("the telephone company writes what cannot be read");
  const std::string sid = field(*read, "sid");
  std::string kind = field(*read, "kind");
  if (kind == "call_placed") rows_[sid] = row_;
  if (kind == "callback_answer" && field(*read, "forged") == "true") kind = "forged_answer";
  phone_event made{tenant_, channel_, rows_[sid], std::move(kind), sid, field(*read, "number"), words_of(*read), 0};
  if (made.kind.ends_with("_answer")) {
    made.text = field(*read, "what");
    made.answered = static_cast<int>(sim::parse_number(field(*read, "answered"), 0, 999).value_or(0));
  }
  told_.write(time_.now(), std::move(made));
}

} // namespace ringdown::simulation
