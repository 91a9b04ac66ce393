#include "bin/ringdown-sim/command.hpp"

#include "bin/ringdown-sim/faults.hpp"
#include "bin/ringdown-sim/options.hpp"
#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::sim;

namespace {
std::string complaint(arguments all) {
  const auto made = make_command(std::move(all));
  return made.ok() ? std::string() : made.error().detail;
}
} // namespace

TEST_CASE("what is wrong with a command is named") {
  CHECK(complaint({{"do", "trunk_down"}, {"pbx", "pbx01"}, {"for", "30s"}}).empty());
  CHECK(complaint({{"pbx", "pbx01"}}).find("\"do\"") != std::string::npos);
  CHECK(complaint({{"do", "trunk_dwn"}}).find("trunk_dwn") != std::string::npos);
  CHECK(complaint({{"do", "trunk_down"}, {"trnk", "1"}}).find("trnk") != std::string::npos);
  CHECK(complaint({{"do", "service_down"}}).find("service") != std::string::npos);
  CHECK(complaint({{"do", "trunk_down"}, {"for", "soon"}}).find("soon") != std::string::npos);
  CHECK(complaint({{"do", "trunk_down"}, {"reason", "tired"}}).find("tired") != std::string::npos);
  CHECK(complaint({{"do", "calls"}, {"value", "-1"}}).find("-1") != std::string::npos);
  CHECK(complaint({{"do", "raw_body"}, {"endpoint", "Users"}, {"body", ""}}).find("Users") != std::string::npos);
  CHECK(complaint({{"do", "sink_fault"}, {"sink", "ntfy"}, {"mode", "status"}, {"status", "99"}}).find("99") !=
        std::string::npos);
  CHECK(complaint({{"do", "sink_fault"}, {"sink", "ntfy"}, {"mode", "hang_after_accept"}}).find("hang_after_accept") !=
        std::string::npos);
  CHECK(complaint({{"do", "sink_fault"}, {"sink", "webhook"}, {"mode", "ok"}, {"on", "list"}}).find("twilio") !=
        std::string::npos);
  CHECK(complaint({{"do", "sink_fault"}, {"sink", "twilio"}, {"mode", "hang"}, {"on", "status"}}).find("late") !=
        std::string::npos);
  CHECK(complaint({{"do", "phone"}, {"press", "12"}}).find("12") != std::string::npos);
  CHECK(complaint({{"do", "phone"}, {"does", "sleeps"}}).find("sleeps") != std::string::npos);
  CHECK(complaint({{"do", "callbacks_to"}, {"address", "here"}}).find("here") != std::string::npos);
  CHECK(complaint({{"do", "service_down"}, {"service", "nginx"}, {"status", "Dead"}}).find("Dead") !=
        std::string::npos);
}

TEST_CASE("every verb of a spoilt answer makes a fault") {
  for (const auto verb : verbs()) {
    if (!verb.starts_with("pbx_") || verb == "pbx_up" || verb == "pbx_return" || verb == "pbx_settled") continue;
    CAPTURE(verb);
    CHECK(make_fault({std::string(verb), {}}, 1).has_value());
  }
  CHECK_FALSE(make_fault({"trunk_down", {}}, 1).has_value());
}

TEST_CASE("the command line is read and its mistakes are named") {
  const auto good =
      parse_options({"--scenario", "s.toml", "--control", "127.0.0.1:8499", "--journal", "j", "--seed", "7"});
  REQUIRE(good.ok());
  CHECK(good->control_port == 8499);
  CHECK(good->seed == 7);
  CHECK(parse_options({"--version"}).value().what == task::version);
  CHECK(parse_options({"--check", "s.toml"}).value().what == task::check);
  CHECK_FALSE(parse_options({"--scenario", "s.toml"}).ok());
  CHECK_FALSE(parse_options({"--scenario", "s", "--journal", "j", "--control", "0.0.0.0:1"}).ok());
  CHECK_FALSE(parse_options({"--scenari", "s"}).ok());
  CHECK_FALSE(parse_options({"--scenario"}).ok());
}
