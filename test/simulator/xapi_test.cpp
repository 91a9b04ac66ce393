#include "bin/ringdown-sim/xapi.hpp"

#include "test/simulator/builders.hpp"
#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::sim;
using namespace std::chrono_literals;

TEST_CASE("a poll needs a token and is written down") {
  stage s;
  CHECK(s.get(0, "/xapi/v1/Trunks").status == 401);
  CHECK(s.login(0, "sim-secret-pbx01").status == 200);
  CHECK(s.get(0, "/xapi/v1/Trunks").status == 200);
  CHECK(s.get(0, "/xapi/v1/Trunks", 60s).status == 401);
  CHECK(s.lines_with("\"kind\":\"poll\",\"pbx\":\"pbx01\",\"endpoint\":\"Trunks\",\"status\":200") == 1);
  CHECK(s.lines_with("\"kind\":\"login\"") == 1);
  CHECK(s.lines_with("sim-secret") == 0);
}

TEST_CASE("a body is selected, paged and counted") {
  stage s;
  (void)s.login(0, "sim-secret-pbx01");
  const auto body = *s.get(0, "/xapi/v1/Trunks?$select=Id,IsOnline&$skip=1&$top=1&$count=true").body;
  CHECK(body ==
        R"j({"@odata.context":"https://pbx01.pbx.test/xapi/v1/$metadata#Trunks(Id,IsOnline)","@odata.count":3,)j"
        R"j("value":[{"Id":62,"IsOnline":true}]})j");
  const auto one = *s.get(0, "/xapi/v1/SystemStatus?$select=Version").body;
  CHECK(
      one ==
      R"j({"@odata.context":"https://pbx01.pbx.test/xapi/v1/$metadata#SystemStatus(Version)","Version":"20.0.10.1204"})j");
}

TEST_CASE("queries that a PBX refuses are refused") {
  stage s;
  (void)s.login(0, "sim-secret-pbx01");
  for (const auto* query : {"$top=101", "$top=-1", "$skip=x", "$select=Nope"}) {
    CAPTURE(query);
    CHECK(s.get(0, std::string("/xapi/v1/Trunks?") + query).status == 400);
  }
  CHECK(s.get(0, "/xapi/v1/Trunks?$top=100").status == 200);
  CHECK(s.get(0, "/xapi/v1/Users").status == 404);
  CHECK(s.pbx(0, "POST", "/xapi/v1/Services").status == 405);
}

TEST_CASE("an answer is kept until the PBX changes") {
  stage s;
  (void)s.login(0, "sim-secret-pbx01");
  const auto first = s.get(0, "/xapi/v1/Trunks").body;
  CHECK(s.get(0, "/xapi/v1/Trunks").body == first);
  (void)s.control("do=trunk_down&pbx=pbx01&trunk=10000");
  const auto second = s.get(0, "/xapi/v1/Trunks").body;
  CHECK(second != first);
  CHECK(second->find("\"IsOnline\":false") != std::string::npos);
  CHECK(s.get(0, "/xapi/v1/Trunks", 10s).body != second);
}

TEST_CASE("a fault for one endpoint leaves the others, and ends after its count") {
  stage s;
  (void)s.login(0, "sim-secret-pbx01");
  (void)s.control("do=pbx_503&pbx=pbx01&endpoint=Trunks&count=2&retry_after=9");
  CHECK(s.get(0, "/xapi/v1/Sbcs").status == 200);
  const auto spoilt = s.get(0, "/xapi/v1/Trunks");
  CHECK(spoilt.status == 503);
  CHECK(header(spoilt.headers, "Retry-After") == "9");
  CHECK(s.get(0, "/xapi/v1/Trunks").status == 503);
  CHECK(s.get(0, "/xapi/v1/Trunks").status == 200);
}

TEST_CASE("a property is nulled, replaced or dropped, nested ones too") {
  stage s;
  (void)s.login(0, "sim-secret-pbx01");
  const auto trunks = [&](const std::string& told) {
    (void)s.control("do=pbx_up&pbx=pbx01");
    CHECK(s.control("pbx=pbx01&endpoint=Trunks&item=0&do=" + told).status == 200);
    return *s.get(0, "/xapi/v1/Trunks?$select=Id,Gateway").body;
  };
  CHECK(trunks("null_field&field=Id").find("{\"Id\":null,") != std::string::npos);
  CHECK(trunks("drop_field&field=Gateway").find("{\"Id\":61}") != std::string::npos);
  CHECK(trunks("set_field&field=Gateway.Type&value=9223372036854775808").find("\"Type\":9223372036854775808") !=
        std::string::npos);
}

TEST_CASE("how a connection ends follows the fault") {
  const auto ends = [](const std::string& verb) {
    stage s;
    (void)s.login(0, "sim-secret-pbx01");
    (void)s.control("do=" + verb + "&pbx=pbx01");
    return s.get(0, "/xapi/v1/Trunks").then;
  };
  CHECK(ends("pbx_hang") == ending::hang);
  CHECK(ends("pbx_down") == ending::hang);
  CHECK(ends("pbx_reset") == ending::reset);
  CHECK(ends("pbx_truncated") == ending::truncate);
  CHECK(ends("pbx_deep") == ending::keep);
}

TEST_CASE("what is wrong with the content shows only where a sound request would have been answered") {
  for (const auto* verb : {"pbx_html", "pbx_huge", "pbx_deep", "pbx_bad_json", "pbx_403", "pbx_404", "empty_trunks"}) {
    CAPTURE(verb);
    stage s;
    const bool of_trunks = std::string_view(verb) == "empty_trunks";
    (void)s.control(std::string("do=") + verb + "&pbx=pbx01&count=1" + (of_trunks ? "" : "&endpoint=Trunks"));
    CHECK(s.get(0, "/xapi/v1/Trunks").status == 401);
    (void)s.login(0, "sim-secret-pbx01");
    CHECK(s.pbx(0, "POST", "/xapi/v1/Trunks").status == 405);
    CHECK(s.get(0, "/xapi/v1/Trunks?$top=500").status == 400);
    CHECK(s.lines_with("\"fault\":\"") == 0);
    const auto spoilt = s.get(0, "/xapi/v1/Trunks");
    CHECK(s.lines_with("\"fault\":\"") == 1);
    CHECK(*spoilt.body != *s.get(0, "/xapi/v1/Trunks").body);
  }
}

TEST_CASE("a wrong login is refused and counted although the content is spoilt") {
  stage s;
  (void)s.control("do=pbx_html&pbx=pbx01");
  CHECK(s.login(0, "wrong").status == 400);
  CHECK(s.lines_with("\"failures\":1") == 1);
  CHECK(s.login(0, "sim-secret-pbx01").content_type == "text/html");
}

TEST_CASE("a proxy fails whatever it is asked") {
  for (const auto* verb : {"pbx_500", "pbx_502", "pbx_503", "pbx_429"}) {
    CAPTURE(verb);
    stage s;
    (void)s.control(std::string("do=") + verb + "&pbx=pbx01");
    CHECK(s.get(0, "/xapi/v1/Trunks").status >= 429);
    CHECK(s.login(0, "wrong").status >= 429);
    CHECK(s.lines_with("\"failures\":0") == 1);
  }
}

TEST_CASE("the huge body is the list with every trunk up, the deep one is deep inside an item") {
  stage s;
  (void)s.login(0, "sim-secret-pbx01");
  (void)s.control("do=trunk_down&pbx=pbx01&trunk=10000");
  (void)s.control("do=pbx_huge&pbx=pbx01&endpoint=Trunks");
  const auto huge = s.get(0, "/xapi/v1/Trunks?$select=Id,IsOnline").body;
  CHECK(huge->size() > 60UL << 20);
  CHECK(huge->find(R"("value":[{"Id":61,"IsOnline":true},)") != std::string::npos);
  CHECK(huge->find("false") == std::string::npos);
  CHECK(huge->ends_with("x\"}"));
  (void)s.control("do=pbx_deep&pbx=pbx01&endpoint=Trunks");
  CHECK(s.get(0, "/xapi/v1/Trunks").body->starts_with(R"({"value":[{"Id":61,"Odd":[[[)"));
  (void)s.control("do=pbx_up&pbx=pbx01");
  CHECK(s.get(0, "/xapi/v1/Trunks").body->find("\"IsOnline\":false") != std::string::npos);
}

TEST_CASE("three wrong logins make everything silent until unblocked") {
  stage s;
  for (int i = 0; i < 3; ++i) CHECK(s.login(0, "wrong").status == 400);
  CHECK(s.login(0, "sim-secret-pbx01").then == ending::hang);
  CHECK(s.lines_with("\"cause\":\"blocked\"") == 1);
  CHECK(s.control("do=unblock&pbx=pbx01").status == 200);
  CHECK(s.login(0, "sim-secret-pbx01").status == 200);
}

TEST_CASE("older builds lack what came later") {
  auto plan = small_fleet(1);
  plan.fleet.version = "20.0.5.100";
  stage s(plan);
  (void)s.login(0, "sim-secret-pbx01");
  CHECK(s.get(0, "/xapi/v1/Trunks").body->find("TrunkRegTimes") == std::string::npos);
  CHECK(s.get(0, "/xapi/v1/Trunks?$select=TrunkRegTimes").status == 400);
  CHECK(s.get(0, "/xapi/v1/Sbcs").body->find("\"Connection\"") == std::string::npos);
}
