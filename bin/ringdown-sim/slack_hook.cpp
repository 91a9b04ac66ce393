// Limits: Slack's pages on Block Kit; the sum is not documented, messages above some 11,000 characters were refused.
#include "bin/ringdown-sim/slack_hook.hpp"

#include <rapidjson/document.h>

#include <algorithm>
#include <string_view>

namespace ringdown::sim {

namespace {

constexpr std::size_t header_limit = 150;
constexpr std::size_t section_limit = 3000;
constexpr std::size_t field_limit = 2000;
constexpr rapidjson::SizeType most_fields = 10;
constexpr rapidjson::SizeType most_blocks = 50;
constexpr rapidjson::SizeType most_buttons = 25;
constexpr std::size_t button_limit = 75;
constexpr std::size_t url_limit = 3000;
constexpr std::size_t sum_limit = 11'000;

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string_view text_in(const rapidjson::Value& object, const char* key) {
  if (!object.IsObject() || !object.HasMember(key) || !object[key].IsString()) return {};
  return {object[key].GetString(), object[key].GetStringLength()};
}

// Walks the blocks of a message and finds the first that Slack would not take.
class block_judge {
public:
  bool sound(const rapidjson::Value& blocks) {
    if (!blocks.IsArray() || blocks.Size() > most_blocks) return false;
    return std::ranges::all_of(blocks.GetArray(), [this](const auto& one) { return block(one); }) && sum_ <= sum_limit;
  }

  std::string title;
  std::string text;

private:
  // {"type": ..., "text": ...} of at most so many characters, and not empty.
  bool text_object(const rapidjson::Value& object, std::size_t limit, std::string* first = nullptr) {
    const auto type = text_in(object, "type");
    const auto words = text_in(object, "text");
    sum_ += characters(words);
    if (first != nullptr && first->empty()) *first = std::string(words);
    return (type == "plain_text" || type == "mrkdwn") && !words.empty() && characters(words) <= limit;
  }
  bool block(const rapidjson::Value& one) {
    const auto type = text_in(one, "type");
    if (type == "header") return one.HasMember("text") && text_object(one["text"], header_limit, &title);
    if (type == "section") return section(one);
    if (type == "actions") return actions(one);
    return false;
  }
  bool section(const rapidjson::Value& one) {
    if (one.HasMember("text") && !text_object(one["text"], section_limit, &text)) return false;
    if (!one.HasMember("fields")) return one.HasMember("text");
    const auto& fields = one["fields"];
    return fields.IsArray() && fields.Size() > 0 && fields.Size() <= most_fields &&
           std::ranges::all_of(fields.GetArray(),
                               [this](const auto& field) { return text_object(field, field_limit); });
  }
  bool actions(const rapidjson::Value& one) {
    if (!one.HasMember("elements") || !one["elements"].IsArray()) return false;
    const auto& elements = one["elements"];
    return elements.Size() > 0 && elements.Size() <= most_buttons &&
           std::ranges::all_of(elements.GetArray(), [this](const auto& button) {
             const auto url = text_in(button, "url");
             return text_in(button, "type") == "button" && !url.empty() && url.size() <= url_limit &&
                    button.HasMember("text") && text_object(button["text"], button_limit);
           });
  }

  std::size_t sum_ = 0;
};

} // namespace

slack_message read_slack(const question& what) {
  slack_message made;
  if (!what.target.starts_with("/services/") || what.method != "POST") return {"no_service", {}, {}, {}};
  rapidjson::Document body;
  body.Parse<rapidjson::kParseValidateEncodingFlag>(what.body.data(), what.body.size());
  if (body.HasParseError() || !body.IsObject()) return {"invalid_payload", {}, {}, {}};
  made.line = std::string(text_in(body, "text"));
  if (!body.HasMember("attachments") || !body["attachments"].IsArray()) {
    if (made.line.empty()) made.refusal = "no_text";
    return made;
  }
  for (const auto& one : body["attachments"].GetArray()) {
    block_judge judge;
    if (text_in(one, "fallback").empty()) made.refusal = "missing_text_or_fallback_or_attachments";
    if (!one.IsObject() || !one.HasMember("blocks") || !judge.sound(one["blocks"])) made.refusal = "invalid_blocks";
    made.title = judge.title;
    made.text = judge.text;
  }
  return made;
}

answer answer_of(const slack_message& message) {
  answer out;
  out.content_type = "text/html";
  out.status = message.refusal.empty() ? 200 : message.refusal == "no_service" ? 404 : 400;
  out.body = share(message.refusal.empty() ? "ok" : message.refusal);
  return out;
}

answer slack_not_ok() {
  answer out;
  out.body = share(R"({"ok":false,"error":"channel_is_archived"})");
  return out;
}

} // namespace ringdown::sim
