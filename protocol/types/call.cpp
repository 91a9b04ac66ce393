#include "protocol/types/call.hpp"

#include "protocol/types/enum_names.hpp"
#include "protocol/types/key_values.hpp"

#include <utility>

namespace ringdown {

namespace {

constexpr std::array<std::string_view, 5> stage_names{"wanted", "placed", "ringing", "answered", "ended"};
constexpr std::array<std::string_view, 8> result_names{"none",      "human", "listener", "machine",
                                                       "no_answer", "busy",  "failed",   "cancelled"};

bool take_read(call_news& news, std::string_view list) {
  auto read = parse_read_alerts(list);
  if (read) news.read = std::move(*read);
  return read.has_value();
}

bool take_part(call_news& news, std::string_view key, std::string_view value) {
  if (key == "call") news.call = delivery_id(std::string(value));
  if (key == "reference") news.heard.reference = value;
  if (key == "passed_on") news.passed_on = value == "yes";
  if (key == "sequence") return (news.heard.sequence = parse_number<std::uint32_t>(value)).has_value();
  if (key == "read") return take_read(news, value);
  if (key == "stage") {
    const auto stage = parse_call_stage(value);
    news.heard.stage = stage.value_or(call_stage::placed);
    return stage.has_value();
  }
  if (key == "result") {
    const auto result = parse_call_result(value);
    news.heard.result = result.value_or(call_result::none);
    return result.has_value();
  }
  return true;
}

} // namespace

// "al_..:1,al_..:3"
std::string to_text(const std::vector<read_alert>& read) {
  std::string text;
  for (const read_alert& one : read)
    text += (text.empty() ? "" : ",") + one.alert.str() + ":" + std::to_string(one.episode);
  return text;
}

std::optional<std::vector<read_alert>> parse_read_alerts(std::string_view list) {
  std::vector<read_alert> read;
  while (!list.empty()) {
    std::string_view one = cut(list, ',');
    const std::string_view alert = cut(one, ':');
    const auto episode = parse_number<std::uint32_t>(one);
    if (alert.empty() || !episode) return std::nullopt;
    read.push_back({alert_id(std::string(alert)), *episode});
  }
  return read;
}

// "call=dl_.. stage=answered result=human sequence=2 read=al_..:1,al_..:3 answer=in-progress": the answer is the last.
std::string to_text(const call_news& news) {
  std::string text;
  add_pair(text, "call", news.call.str());
  add_pair(text, "stage", name(news.heard.stage));
  add_pair(text, "result", name(news.heard.result));
  if (!news.heard.reference.empty()) add_pair(text, "reference", news.heard.reference);
  if (news.heard.sequence) add_pair(text, "sequence", std::to_string(*news.heard.sequence));
  if (news.passed_on) add_pair(text, "passed_on", "yes");
  if (!news.read.empty()) add_pair(text, "read", to_text(news.read));
  return text + " answer=" + news.heard.answer;
}

std::optional<call_news> parse_call_news(std::string_view text) {
  call_news news;
  constexpr std::string_view last = " answer=";
  if (const auto at = text.find(last); at != std::string_view::npos) {
    news.heard.answer = text.substr(at + last.size());
    text = text.substr(0, at);
  }
  const bool fine =
      for_each_pair(text, [&](std::string_view key, std::string_view value) { return take_part(news, key, value); });
  return fine && !news.call.empty() ? std::optional(std::move(news)) : std::nullopt;
}

std::string masked_number(const std::string& target) {
  constexpr std::size_t head = 5;
  constexpr std::size_t tail = 4;
  if (!target.starts_with('+')) return target;
  if (target.size() < head + tail) return "***";
  return target.substr(0, head) + "***" + target.substr(target.size() - tail);
}

std::string_view name(call_stage stage) { return name_in(stage_names, stage); }
std::string_view name(call_result result) { return name_in(result_names, result); }
std::optional<call_stage> parse_call_stage(std::string_view text) { return parse_in<call_stage>(stage_names, text); }
std::optional<call_result> parse_call_result(std::string_view text) {
  return parse_in<call_result>(result_names, text);
}

} // namespace ringdown
