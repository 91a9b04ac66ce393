#include "test/actors/api_bench.hpp"
#include "test/support/catch.hpp"

#include <utility>

using namespace ringdown;
using namespace ringdown::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using persistence::noon;

namespace {

// One open alert of a PBX of a customer's, in a zone two hours ahead; Jo's link and that of a mailbox.
struct page_bench : api_bench {
  page_bench() {
    tenant_config config;
    config.id = tenant_id("acme");
    config.name = "Acme Managed Services";
    config.clocks = {{noon - 24h, 2h, "CEST"}};
    config.customers = {{customer_id("harbour"), "Harbour <Clinic>"}};
    config.instances.emplace_back();
    config.instances.back().id = instance_id("hq");
    config.instances.back().name = "Clinic & PBX";
    config.instances.back().customer = customer_id("harbour");
    config.users.push_back({user_id("jo"), "Jo \"A\" Adler", "", "", ""});
    config.users.push_back({user_id("sam"), "Sam Reed", "", "", ""});
    in.tenants.put({std::make_shared<const tenant_config>(std::move(config)), {}});
  }
  void store(const alert& what) { work.commit_alert(what); }
  std::string page(const std::string& person = "jo", const std::string& method = "GET", std::uint32_t episode = 1) {
    return ask(method,
               "/a/" + api::make_link_token({tenant_id("acme"), alert_id("al_1"), episode, person}, in.sign_links))
        .body;
  }
};

alert failing() {
  alert a = persistence::make_alert("al_1");
  a.label = "Quill<b>net";
  return a;
}

alert taken_by(const std::string& by) {
  alert a = failing();
  a.phase = alert_phase::acknowledged;
  a.ack = acknowledgement{by, "link", noon - 5s, 1};
  return a;
}

// "14:00 CEST"
std::string local(wall_time at) { return rfc3339(at + 2h).substr(11, 5) + " CEST"; }

} // namespace

TEST_CASE(
    "the page says what the message said: whose PBX, what fails, since when on the tenant's clock, and for whom it "
    "acknowledges") {
  page_bench t;
  t.store(failing());
  const std::string page = t.page();
  CHECK_THAT(page, Contains("<h1>Clinic &amp; PBX: trunk Quill&lt;b&gt;net down</h1>"));
  CHECK_THAT(page, Contains("<p>Customer: Harbour &lt;Clinic&gt;</p>"));
  CHECK_THAT(page, Contains("is down. The provider does not answer. Since " + local(noon - 20s) + ".</p>"));
  CHECK_THAT(page, Contains("Acknowledge as Jo &quot;A&quot; Adler</button>"));
  CHECK_THAT(page, !Contains("UTC") && !Contains("<p></p>") && !Contains("<b>"));
}

TEST_CASE("the link of a mailbox that is nobody's names no person") {
  page_bench t;
  t.store(failing());
  CHECK_THAT(t.page("channel:mail"), Contains("<button type=\"submit\">Acknowledge</button>"));
}

TEST_CASE("whoever acknowledged is told so when they look again, and others are told who did") {
  page_bench t;
  t.store(taken_by("jo"));
  for (const char* method : {"GET", "POST"})
    CHECK_THAT(t.page("jo", method),
               Contains("You acknowledged this at " + local(noon - 5s) + ".") && !Contains("<button"));
  CHECK_THAT(t.page("sam"), Contains("Already acknowledged by Jo &quot;A&quot; Adler at " + local(noon - 5s) + "."));
  CHECK(t.tree.asked.empty());
}

TEST_CASE("a mailbox does not say that its reader acknowledged: it may have been another") {
  page_bench t;
  t.store(taken_by("channel:mail"));
  CHECK_THAT(t.page("channel:mail"), Contains("Already acknowledged by somebody over mail at "));
}

TEST_CASE("what is over reads as over, and an earlier outage's link acknowledges nothing") {
  page_bench t;
  alert over = failing();
  over.phase = alert_phase::resolved;
  over.resolved = noon;
  t.store(over);
  CHECK_THAT(t.page(), Contains("up again</h1>") && Contains("It has recovered") && !Contains("<button"));
  CHECK_THAT(t.page("jo", "POST", 7), Contains("belongs to an earlier outage"));
  CHECK(t.tree.asked.empty());
}

TEST_CASE("a link that was cut points at what there is: the notification, and the operator") {
  page_bench t;
  const auto answer = t.ask("GET", "/a/nonsense");
  CHECK(answer.status == 404);
  CHECK_THAT(answer.body, Contains("open the notification again") && Contains("operator") && !Contains("console"));
}
