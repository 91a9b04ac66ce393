#include "test/bench/read/answers.hpp"

#include <fmt/format.h>

#include <utility>

namespace ringdown::bench {

namespace {

// Stands in the bodies below for two digits that change.
constexpr std::string_view counter = "@@";

constexpr int trunks = 8;
constexpr int sbcs = 20;
constexpr int services = 40;

std::string context(std::string_view of) {
  return fmt::format(R"({{"@odata.context":"https://pbx.harbour.example/xapi/v1/$metadata#{}")", of);
}

template <class Item>
std::string collection(std::string_view of, int count, Item&& item) {
  std::string body = context(of) + R"(,"value":[)";
  for (int i = 0; i < count; ++i) body += (i == 0 ? "" : ",") + item(i);
  return body + "]}";
}

std::string trunk(int i) {
  std::string times;
  for (const auto* const which : {"sent_time", "ok_time"})
    times += fmt::format(R"({{"Name":"{}","Value":"2026-10-02T06:51:@@.0000000Z"}},)", which);
  times += R"({"Name":"failed_time","Value":""},{"Name":"fail_code","Value":""})";
  return fmt::format(
      R"({{"Number":"{}","Id":{},"IsOnline":true,"Direction":"Both","ConfigurationIssue":"",)"
      R"("EnableInboundCalls":true,"EnableOutboundCalls":true,"Gateway":{{"Codecs":["PCMA","PCMU","G722"],)"
      R"("DeliverAudio":false,"Host":"sip{}.seaview.example","ProxyHost":"","ProxyPort":5060,"TimeBetweenReg":300,)"
      R"("Lines":8,"Name":"Seaview SIP trunk {}","Port":5060,"RequireRegistrationFor":"InOutCalls",)"
      R"("TemplateFilename":"generic.pv.xml","Type":"Provider","Id":{}}},"TrunkRegTimes":[{}]}})",
      10'010 + i, 71 + i, i, i, 471 + i, times);
}

std::string sbc(int i) {
  return fmt::format(
      R"({{"Name":"{}","DisplayName":"Branch office {}","HasConnection":true,"Connection":{{"Up":true,)"
      R"("ElapsedTime":"PT3H@@M","RegisteredPhones":4,"Calls":0,"Latency":@@,"UdpActive":false,"Cpu":"n/a",)"
      R"("Memory":"@@%","Disk":"n/a","SbcVersion":"20.0.774","PublicIp":"198.51.100.{}"}}}})",
      12'000 + i, i, i + 10);
}

// A build that does not heed $select gives the whole row.
std::string service(int i) {
  return fmt::format(
      R"({{"Name":"3CXService{:02}","DisplayName":"3CX Phone System Service {:02}","Status":"Running",)"
      R"("MemoryUsed":1234@@,"CpuUsage":@@,"ThreadCount":24,"HandleCount":1@@,"StartStopEnabled":true}})",
      i, i);
}

std::string system_status() {
  return context("SystemStatus(Version,CallsActive,MaxSimCalls,HasNotRunningServices)") +
         R"(,"Version":"20.0.9.774","CallsActive":@@,"MaxSimCalls":256,"HasNotRunningServices":false})";
}

std::string token() {
  return R"({"token_type":"Bearer","expires_in":86400,"access_token":"abc","refresh_token":null})";
}

} // namespace

std::string_view name(answer which) {
  switch (which) {
    case answer::trunks: return "trunks";
    case answer::sbcs: return "sbcs";
    case answer::system_status: return "system_status";
    case answer::services: return "services";
    case answer::token: break;
  }
  return "token";
}

answer answer_to(std::string_view url) {
  const auto asks = [&](std::string_view path) { return url.find(path) != std::string_view::npos; };
  if (asks("/Trunks?")) return answer::trunks;
  if (asks("/Sbcs?")) return answer::sbcs;
  if (asks("/SystemStatus?")) return answer::system_status;
  return asks("/Services?") ? answer::services : answer::token;
}

answers::answers(framing framed)
    : texts_{framed_as(framed, collection("Trunks", trunks, trunk)), framed_as(framed, collection("Sbcs", sbcs, sbc)),
             framed_as(framed, system_status()), framed_as(framed, collection("Services", services, service)),
             framed_as(framed, token())} {}

answers::changing answers::framed_as(framing framed, std::string body) {
  changing made;
  made.text =
      "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Fri, 02 Oct 2026 06:52:10 GMT\r\n"
      "Content-Type: application/json; odata.metadata=minimal; odata.streaming=true\r\n"
      "Connection: keep-alive\r\nOData-Version: 4.0\r\nCache-Control: no-store\r\n"
      "Strict-Transport-Security: max-age=31536000\r\nX-Content-Type-Options: nosniff\r\n"
      "X-Frame-Options: SAMEORIGIN\r\nReferrer-Policy: strict-origin\r\n";
  if (framed == framing::length) {
    made.text += fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body);
  } else {
    // Its server flushes every 4 KB.
    constexpr std::size_t piece = 4096;
    made.text += "Transfer-Encoding: chunked\r\n\r\n";
    for (std::size_t from = 0; from < body.size(); from += piece) {
      const std::string chunk = body.substr(from, piece);
      made.text += fmt::format("{:x}\r\n{}\r\n", chunk.size(), chunk);
    }
    made.text += "0\r\n\r\n";
  }
  for (std::size_t at = 0; (at = made.text.find(counter, at)) != std::string::npos; ++at) made.counters.push_back(at);
  return made;
}

const std::string& answers::next(answer which) {
  changing& one = texts_[static_cast<std::size_t>(which)];
  const unsigned number = 10 + ++polls_ % 50;
  for (const std::size_t at : one.counters) {
    one.text[at] = static_cast<char>('0' + number / 10);
    one.text[at + 1] = static_cast<char>('0' + number % 10);
  }
  return one.text;
}

} // namespace ringdown::bench
