#include "bin/ringdown-sim/twilio_calls.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace ringdown::sim {

namespace {

constexpr long usual_page = 50;
constexpr long largest_page = 1000;

std::string optional_text(std::string_view text) { return text.empty() ? "null" : json_text(text); }

// Times compare as text: an RFC 3339 time in UTC without its Z begins with what it is compared with, or differs.
bool fits(const call& one, std::string_view key, std::string value) {
  if (key == "To") return one.order.to == value;
  if (key == "From") return one.order.from == value;
  if (key == "Status") return name(one.status) == value;
  if (value.ends_with("Z")) value.pop_back();
  if (key.starts_with("StartTime>")) return rfc3339(one.placed) >= value;
  if (key.starts_with("StartTime<")) return rfc3339(one.placed) <= value;
  if (key == "StartTime") return rfc3339(one.placed).starts_with(value);
  return true;
}

} // namespace

std::string_view name(call_status status) {
  switch (status) {
    case call_status::queued: return "queued";
    case call_status::ringing: return "ringing";
    case call_status::in_progress: return "in-progress";
    case call_status::completed: return "completed";
    case call_status::busy: return "busy";
    case call_status::no_answer: return "no-answer";
    case call_status::canceled: return "canceled";
  }
  return "";
}

bool has_ended(call_status status) {
  return status != call_status::queued && status != call_status::ringing && status != call_status::in_progress;
}

long seconds_of(const call& of, wall_time now) {
  if (!of.answered) return 0;
  const auto lasted = of.ended.value_or(now) - *of.answered;
  return std::max(1L, static_cast<long>(std::chrono::ceil<std::chrono::seconds>(lasted).count()));
}

std::string rfc2822(wall_time at) {
  const auto seconds = static_cast<std::time_t>(micros(at) / 1'000'000);
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000", fmt::gmtime(seconds));
}

std::string call_json(const call& of, const twilio_plan& account, wall_time now) {
  const auto known = of.order.detects && of.answered ? of.line.answered_by : std::string();
  const auto ended = has_ended(of.status);
  return fmt::format(
      R"({{"sid":"{}","account_sid":"{}","to":{},"from":{},"status":"{}","answered_by":{},"duration":{},)"
      R"("date_created":"{}","start_time":"{}","end_time":{},"direction":"outbound-api",)"
      R"("api_version":"2010-04-01","queue_time":"0",)"
      R"("uri":"/2010-04-01/Accounts/{}/Calls/{}.json"}})",
      of.sid, account.account, json_text(of.order.to), json_text(of.order.from), name(of.status), optional_text(known),
      ended ? fmt::format("\"{}\"", seconds_of(of, now)) : "null", rfc2822(of.placed), rfc2822(of.placed),
      of.ended ? json_text(rfc2822(*of.ended)) : "null", account.account, of.sid);
}

std::string calls_json(const std::deque<call>& all, const twilio_plan& account, std::string_view query, wall_time now) {
  const auto wanted = parse_form(query);
  long page = usual_page;
  if (const auto size = wanted.find("PageSize"); size != wanted.end()) {
    page = parse_number(size->second, 1, largest_page).value_or(usual_page);
  }
  std::string list;
  for (auto one = all.rbegin(); one != all.rend() && page > 0; ++one) {
    if (!std::all_of(wanted.begin(), wanted.end(), [&](const auto& w) { return fits(*one, w.first, w.second); })) {
      continue;
    }
    list += fmt::format("{}{}", list.empty() ? "" : ",", call_json(*one, account, now));
    --page;
  }
  return fmt::format(R"({{"calls":[{}],"next_page_uri":null,"page":0}})", list);
}

} // namespace ringdown::sim
