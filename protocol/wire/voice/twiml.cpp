#include "protocol/wire/voice/twiml.hpp"

#include "protocol/wire/text.hpp"

#include <fmt/format.h>

namespace ringdown::wire::voice {

namespace {

constexpr std::string_view head = R"(<?xml version="1.0" encoding="UTF-8"?><Response>)";
constexpr std::string_view tail = "</Response>";
constexpr std::size_t longest_said = 600; // characters of one sentence
constexpr std::string_view menu =
    "Press 1 to acknowledge. Press 2 to call the next person. Press 3 to hear this again.";

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      case '\'': safe += "&apos;"; break;
      default: safe += c;
    }
  }
  return safe;
}

// XML has no place for control characters, and one line is one sentence to a synthesiser.
std::string say(std::string_view sentence, const speech& how) {
  const std::string voice = how.voice.empty() ? std::string() : fmt::format(" voice=\"{}\"", escaped(how.voice));
  return fmt::format("<Say{} language=\"{}\">{}</Say>", voice, escaped(how.language),
                     escaped(one_line(sentence, longest_said)));
}

std::string spoken(const call_script& script, const speech& how) {
  std::string text;
  if (!script.opening.empty()) text += say(script.opening, how);
  for (const std::string& one : script.sentences) text += say(one, how);
  if (!script.closing.empty()) text += say(script.closing, how);
  return text;
}

} // namespace

std::string speak_script(const call_script& script, const std::string& keys_url, const speech& how) {
  const std::string text = spoken(script, how);
  if (script.keys == keypad::off) return fmt::format("{}{}<Pause length=\"1\"/>{}<Hangup/>{}", head, text, text, tail);
  return fmt::format(
      "{}<Gather input=\"dtmf\" numDigits=\"1\" timeout=\"10\" method=\"POST\" actionOnEmptyResult=\"true\" "
      "action=\"{}\">{}{}</Gather>{}",
      head, escaped(keys_url), text, say(menu, how), tail);
}

std::string speak_sentence(const std::string& sentence, const speech& how) {
  return fmt::format("{}{}<Hangup/>{}", head, say(sentence, how), tail);
}

std::string hang_up_at_once() { return fmt::format("{}<Hangup/>{}", head, tail); }

} // namespace ringdown::wire::voice
