// Judges callbacks for call.mjs, which makes them with Twilio's own library: reads "token TAB url TAB form TAB signature" a
// line, writes "genuine" or "forged". With the argument "speak" it prints a document instead: what a call says.
#include "protocol/wire/voice/twilio.hpp"
#include "test/protocol/samples.hpp"

#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>

namespace {

using namespace ringdown;

std::string cut(std::string& rest) {
  const auto at = rest.find('\t');
  std::string part = rest.substr(0, at);
  rest = at == std::string::npos ? std::string() : rest.substr(at + 1);
  return part;
}

bool is_genuine(std::string line) {
  channel_config channel = samples::twilio_channel();
  channel.secrets["auth_token"] = secret_text(cut(line));
  wire::callback request;
  request.url = cut(line);
  request.method = "POST";
  const auto fields = wire::read_form(cut(line));
  if (!fields) return false;
  request.fields = *fields;
  request.headers = {{"X-Twilio-Signature", line}};
  return wire::voice::is_genuine_twilio(channel, request);
}

} // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "speak") {
    const call_script script{
        "Ringdown for <Söhne & Co>.", {"There is a trunk down on instance \"Kiel\"."}, "", keypad::on};
    std::puts(
        wire::voice::twilio_speaks(samples::twilio_channel(), script, "https://r.example/keys?read=a&b=1").c_str());
    return 0;
  }
  for (std::string line; std::getline(std::cin, line);) std::puts(is_genuine(line) ? "genuine" : "forged");
  return 0;
}
