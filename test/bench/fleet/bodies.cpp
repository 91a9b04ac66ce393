#include "test/bench/fleet/bodies.hpp"

#include <fmt/format.h>

#include <iterator>

namespace ringdown::bench {

namespace {

constexpr unsigned sbc_count = 28;
constexpr unsigned service_count = 44;
constexpr unsigned system_fields = 165; // properties of SystemStatus we do not ask for, as an older build sends them
constexpr unsigned scrape_rows = 14;

// Seconds and ticks of a time that goes on with each answer.
std::string stamp(std::uint64_t turn) {
  return fmt::format("2026-10-02T{:02}:{:02}:{:02}.{:07}Z", turn / 3600 % 24, turn / 60 % 60, turn % 60,
                     turn % 10'000'000);
}

} // namespace

void bodies::trunks(std::string& out, const pbx_state& of, std::uint64_t turn) const {
  const std::string now = stamp(turn);
  out += R"({"@odata.context":"https://pbx.bench.test/xapi/v1/$metadata#Trunks","value":[)";
  for (unsigned i = 0; i < trunks_; ++i) {
    const bool up = i >= of.trunks_down;
    // A host of its own for each: trunks that fail together here have nothing in common but the time.
    fmt::format_to(
        std::back_inserter(out),
        R"({}{{"Number":"{}","Id":{},"IsOnline":{},"Direction":"Both","ConfigurationIssue":"",)"
        R"("Gateway":{{"Codecs":["PCMA","PCMU","G722"],"DeliverAudio":false,"Host":"t{}.p{}.carrier.example",)"
        R"("ProxyHost":"","ProxyPort":5060,"TimeBetweenReg":120,"Lines":10,"Name":"Carrier line {}","Port":5060,)"
        R"("RequireRegistrationFor":"InOutCalls","TemplateFilename":"generic.pv.xml","Type":"Provider","Id":{}}},)"
        R"("EnableInboundCalls":true,"EnableOutboundCalls":true,"TrunkRegTimes":[{{"Name":"sent_time","Value":"{}"}},)"
        R"({{"Name":"ok_time","Value":"{}"}},{{"Name":"failed_time","Value":"{}"}},{{"Name":"fail_code","Value":"{}"}}]}})",
        i == 0 ? "" : ",", 10000 + i, 40 + i, up, i, of.number, i, 400 + i, now, up ? now : "", up ? "" : now,
        up ? "" : "408");
  }
  out += "]}";
}

void bodies::sbcs(std::string& out, const pbx_state& of, std::uint64_t turn) {
  out += R"({"@odata.context":"https://pbx.bench.test/xapi/v1/$metadata#Sbcs","value":[)";
  for (unsigned i = 0; i < sbc_count; ++i)
    fmt::format_to(std::back_inserter(out),
                   R"({}{{"Name":"{}","DisplayName":"Branch {} of {}","HasConnection":true,"Connection":{{"Up":true,)"
                   R"("ElapsedTime":"PT{}H{}M","RegisteredPhones":{},"Calls":0,"Latency":{},"UdpActive":false,)"
                   R"("Cpu":"n/a","Memory":"{}%","Disk":"n/a"}}}})",
                   i == 0 ? "" : ",", 12000 + i, i, of.number, turn / 60, turn % 60, 4 + i, 20 + turn % 9,
                   30 + turn % 7);
  out += "]}";
}

void bodies::system_status(std::string& out, const pbx_state& of, std::uint64_t turn) {
  out += R"({"@odata.context":"https://pbx.bench.test/xapi/v1/$metadata#SystemStatus","FQDN":")";
  fmt::format_to(std::back_inserter(out),
                 R"(p{:05}.bench.test","Version":"20.0.10.1204","CallsActive":{},"MaxSimCalls":64,)"
                 R"("HasNotRunningServices":false)",
                 of.number, turn % 8);
  for (unsigned i = 0; i < system_fields; ++i)
    fmt::format_to(std::back_inserter(out), R"(,"SystemProperty{:03}":"{:012}")", i, turn * (i + 1) % 1'000'000'000);
  out += "}";
}

void bodies::services(std::string& out, const pbx_state& /*of*/, std::uint64_t turn) {
  out += R"({"@odata.context":"https://pbx.bench.test/xapi/v1/$metadata#Services","value":[)";
  for (unsigned i = 0; i < service_count; ++i)
    fmt::format_to(std::back_inserter(out),
                   R"({}{{"Name":"3CXService{:02}","DisplayName":"3CX PhoneSystem {:02} service","MemoryUsed":{},)"
                   R"("CpuUsage":{},"ThreadCount":{},"Status":"Running"}})",
                   i == 0 ? "" : ",", i, i, 40'000'000 + turn % 1000, turn % 5, 20 + turn % 3);
  out += "]}";
}

void bodies::token(std::string& out, const pbx_state& of) {
  fmt::format_to(
      std::back_inserter(out),
      R"({{"token_type":"Bearer","expires_in":3600,"access_token":"bench-token-of-{:05}","refresh_token":null}})",
      of.number);
}

void bodies::metrics(std::string& out, const pbx_state& of, std::uint64_t turn) const {
  auto to = std::back_inserter(out);
  out += "# TYPE pbx_trunk_up gauge\n";
  for (unsigned i = 0; i < trunks_; ++i)
    fmt::format_to(to, "pbx_trunk_up{{number=\"{}\",host=\"t{}.p{}.carrier.example\"}} {}\n", 10000 + i, i, of.number,
                   i >= of.trunks_down ? 1 : 0);
  out += "# TYPE pbx_sbc_up gauge\n";
  for (unsigned i = 0; i < scrape_rows; ++i)
    fmt::format_to(to, "pbx_sbc_up{{name=\"{}\",branch=\"Branch {} of {}\"}} 1\n", 12000 + i, i, of.number);
  out += "# TYPE pbx_service_running gauge\n";
  for (unsigned i = 0; i < 2 * scrape_rows; ++i)
    fmt::format_to(to, "pbx_service_running{{name=\"3CXService{:02}\",shown=\"3CX PhoneSystem {:02} service\"}} 1\n", i,
                   i);
  out += "# TYPE pbx_service_memory_bytes gauge\n";
  for (unsigned i = 0; i < 2 * scrape_rows; ++i)
    fmt::format_to(to,
                   "pbx_service_memory_bytes{{name=\"3CXService{:02}\",shown=\"3CX PhoneSystem {:02} service\"}} {}\n",
                   i, i, 40'000'000 + turn % 1000);
  fmt::format_to(to, "# TYPE pbx_calls_active gauge\npbx_calls_active {}\n", turn % 8);
}

} // namespace ringdown::bench
