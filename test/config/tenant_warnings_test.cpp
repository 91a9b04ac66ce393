#include "actors/api/tenant_warnings.hpp"
#include "actors/api/tenant_file.hpp"

#include "test/support/catch.hpp"

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::api;
using texts = std::vector<std::string>;

namespace {

tenant_config config_of(const std::string& text) {
  auto read = parse_tenant_file(text, {"/t/acme.toml", timing{}, std::chrono::seconds(5)},
                                [](const std::string&, const std::string& what) -> secret_answer {
                                  return {secret_text("value-of-" + what), {}};
                                });
  REQUIRE(read.errors.empty());
  return std::move(*read.config);
}

texts warned(const std::string& text, callback_reach reach = callback_reach::given) {
  texts found;
  for (const config_warning& one : warnings_of(config_of(text), reach)) found.push_back(to_text(one));
  return found;
}

bool begin_with(const texts& all, const texts& starts) {
  if (all.size() != starts.size()) return false;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!all[i].starts_with(starts[i])) return false;
  return true;
}

std::string instance(const std::string& id, const std::string& more = "") {
  return "[[instance]]\nid = \"" + id + "\"\nurl = \"https://" + id +
         ".example.com\"\nclient_id = \"c\"\nsecret = { secret = \"s\" }\n" + more;
}

std::string tickets(const std::string& more = "") {
  return "[[channel]]\nid = \"tickets\"\nkind = \"autotask\"\nusername = \"api@example.com\"\nsecret = { secret = "
         "\"s\" }\n"
         "integration_code = { secret = \"s\" }\nqueue = 1\npriority_critical = 1\npriority_warning = 2\nnote_type = "
         "1\n" +
         more;
}

std::string phone(const std::string& more = "") {
  return "[[channel]]\nid = \"phone\"\nkind = \"twilio\"\naccount = \"AC0123456789abcdef0123456789abcdef\"\n"
         "from = \"+12025550100\"\nauth_token = { secret = \"s\" }\n" +
         more;
}

std::string push(const std::string& id, const std::string& more = "") {
  return "[[channel]]\nid = \"" + id + "\"\nkind = \"ntfy\"\ntopic = \"t-" + id + "\"\n" + more;
}

std::string rule(const std::string& more) { return "[[routing.rule]]\n" + more; }

const std::string acme = "[tenant]\nid = \"acme\"\n";
const std::string bakery = "[[customer]]\nid = \"bakery\"\ncompany = \"174\"\n[[customer]]\nid = \"clinic\"\n";
const std::string jo =
    "[[user]]\nid = \"jo\"\nphone = \"+12025550101\"\nvoice_consent = \"by mail\"\n[oncall]\nuser = "
    "\"jo\"\n";
const std::string rings = "[voice]\ntypes = [\"trunk_down\"]\n";

} // namespace

TEST_CASE("A ticket that would belong to nobody is warned of, with the PBXes") {
  const std::string of_bakery = "customer = \"bakery\"\n";
  const auto warnings = warned(acme + bakery + instance("hq") + instance("shop", of_bakery) +
                               instance("surgery", "customer = \"clinic\"\n") + tickets());
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Catch::Contains("channel \"tickets\": company: ") && Catch::Contains("of hq, surgery: "));
  CHECK(warned(acme + instance("hq") + tickets("company = 0\n")).empty());
  CHECK(warned(acme + instance("hq") + tickets("enabled = false\n") + push("push")).empty());
  // Only what no customer has is left.
  const auto rest = warned(acme + bakery + instance("shop", of_bakery) + tickets());
  REQUIRE(rest.size() == 1);
  CHECK_THAT(rest[0], Catch::Contains("a drill"));
}

TEST_CASE("Of many PBXes without a company a few are named") {
  std::string text = acme;
  for (int i = 1; i <= 8; ++i) text += instance("p" + std::to_string(i));
  CHECK_THAT(warned(text + tickets())[0], Catch::Contains("of p1, p2, p3, p4, p5 and 3 more: "));
}

TEST_CASE("A phone that never rings, or cannot be answered by key, is warned of by its setting") {
  CHECK(warned(acme + jo + rings + phone()).empty());
  CHECK(begin_with(warned(acme + jo + phone()), {"channel \"phone\": [voice] types: "}));
  CHECK(begin_with(warned(acme + rings + phone()), {"channel \"phone\": voice_consent: "}));
  CHECK(begin_with(warned(acme + jo + rings + phone(), callback_reach::missing),
                   {"channel \"phone\": [http] public_url "}));
  CHECK(warned(acme + jo + rings + "keypad = false\n" + phone(), callback_reach::missing).empty());
  CHECK(warned(acme + jo + rings + phone(), callback_reach::unknown).empty());
  CHECK(warned(acme + rings + "fallback = \"+12025550109\"\nfallback_consent = \"contract\"\n" + phone()).empty());
  CHECK(warned(acme + phone("enabled = false\n")).empty());
}

TEST_CASE("Of several channels that call, those that never do are warned of") {
  std::string second = phone();
  second.replace(second.find("\"phone\""), 7, "\"spare\"");
  CHECK(begin_with(warned(acme + jo + rings + phone() + second), {"channel \"spare\": kind: "}));
  CHECK_THAT(warned(acme + jo + rings + phone() + second).at(0),
             Catch::Contains("the first that is enabled does, \"phone\""));
  CHECK(begin_with(warned(acme + jo + phone() + second),
                   {"channel \"phone\": [voice] types: ", "channel \"spare\": kind: "}));
  CHECK(warned(acme + jo + rings + phone("enabled = false\n") + second).empty());
  CHECK(warned(acme + jo + rings + phone() + second + "enabled = false\n").empty());
}

TEST_CASE("A number out of the channel's regions is warned of, with the region that is missing") {
  const std::string kim = "[[user]]\nid = \"kim\"\nphone = \"+4930123456\"\nvoice_consent = \"contract\"\n";
  const auto warnings = warned(acme + jo + kim + rings + phone());
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Catch::Contains("regions: ") && Catch::Contains("of kim is one of DE"));
  CHECK(warnings[0].find("+49") == std::string::npos);
  CHECK(warned(acme + jo + kim + rings + phone("regions = \"US, DE\"\n")).empty());
  CHECK(
      begin_with(warned(acme + jo + rings + "fallback = \"+14165550123\"\nfallback_consent = \"contract\"\n" + phone()),
                 {"channel \"phone\": regions: "}));
}

TEST_CASE("A number that nobody may call is not told what else it needs") {
  CHECK(warned(acme + jo + "[[user]]\nid = \"kim\"\nphone = \"+4930123456\"\n" + rings + phone()).empty());
  CHECK(warned(acme + jo + rings + "fallback = \"+14165550123\"\n" + phone()).empty());
}

TEST_CASE("Calls that would go to nobody are warned of, with what each of the chain lacks") {
  const std::string kim = "[[user]]\nid = \"kim\"\nphone = \"+12025550102\"\nvoice_consent = \"by mail\"\n";
  const std::string lee = "[[user]]\nid = \"lee\"\nphone = \"+12025550103\"\n[oncall]\nuser = \"lee\"\n";
  const auto nobody = warned(acme + kim + lee + rings + phone());
  REQUIRE(nobody.size() == 1);
  CHECK_THAT(nobody[0], Catch::Contains("channel \"phone\": nobody would be called: ") &&
                            Catch::Contains("(lee has no voice_consent; there is none; there is none)"));
  CHECK_THAT(warned(acme + kim + rings + phone())[0], Catch::Contains("(there is none; "));
  // Someone else of the chain is called.
  const auto owner = warned(acme + kim + lee + rings + "owner = \"kim\"\n" + phone());
  REQUIRE(owner.size() == 1);
  CHECK(owner[0] == "channel \"phone\": on call: lee has no voice_consent: kim is called instead");
  const std::string fallback = "fallback = \"+12025550109\"\nfallback_consent = \"contract\"\n";
  CHECK_THAT(warned(acme + kim + lee + rings + fallback + phone())[0], Catch::Contains("[voice] fallback is called"));
  // Nobody is named for now, and the fallback is there for that.
  CHECK(warned(acme + kim + rings + fallback + phone()).empty());
  const std::string step = "[[escalation.step]]\nafter = \"5m\"\nnotify = [\"user:kim\"]\n";
  CHECK(warned(acme + kim + rings + step + phone()).empty());
}

TEST_CASE("A push channel that no rule for criticals names is warned of") {
  const std::string both = acme + instance("hq") + push("push") + push("other");
  CHECK(warned(both).empty());
  const auto warnings = warned(both + rule("levels = [\"critical\"]\nchannels = [\"other\"]\n"));
  REQUIRE(warnings.size() == 1);
  CHECK_THAT(warnings[0], Catch::Contains("channel \"push\": ") && Catch::Contains("it hears of no critical"));
  // What the rules leave over goes where it always goes.
  CHECK(warned(both + rule("types = [\"trunk_down\"]\nchannels = [\"other\"]\n")).empty());
  CHECK(warned(both + rule("channels = [\"kind:ntfy\"]\n")).empty());
  CHECK(warned(both + rule("channels = [\"other\"]\n") +
               "[[escalation.step]]\nafter = \"5m\"\nnotify = [\"channel:push\"]\n")
            .empty());
}

TEST_CASE("A critical that no channel hears of is warned of, once for the tenant") {
  CHECK(warned(acme).empty()); // watches nothing
  CHECK(warned(acme + instance("hq")) == texts{"a critical reaches no channel: nobody would hear of an outage"});
  CHECK(warned(acme + instance("hq") + push("push", "enabled = false\n")).size() == 1);
  CHECK(warned(acme + instance("hq") + push("push") + rule("channels = []\n")).size() == 1);
  // Nobody is to hear of that one, and is not; a rule that names what is not there to be told is a slip.
  const std::string one = acme + instance("hq") + push("push");
  CHECK(warned(one + rule("types = [\"service_down\"]\nchannels = []\n")).empty());
  const auto slip = warned(one + push("old", "enabled = false\n") +
                           rule("types = [\"instance_unreachable\"]\nchannels = [\"old\"]\n"));
  REQUIRE(slip.size() == 1);
  CHECK_THAT(slip[0], Catch::Contains("a critical of instance_unreachable reaches no channel"));
}
