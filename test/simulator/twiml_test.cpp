#include "bin/ringdown-sim/twiml.hpp"

#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::sim;

TEST_CASE("a document's verbs, attributes and words are read") {
  const auto verbs = parse_twiml(
      "<?xml version=\"1.0\"?>\n<!-- a > remark --><Response>\n <Gather action='/k?a=1&amp;b=2' timeout=\"5\">\n"
      "<Say language=\"en-GB\"> Fir &amp; Sons &lt;3 &#228; </Say></Gather><Pause/><Redirect>http://h/x</Redirect>"
      "</Response>\n");
  REQUIRE(verbs.ok());
  REQUIRE(verbs->size() == 3);
  CHECK(verbs->at(0)["action"] == "/k?a=1&b=2");
  CHECK(verbs->at(0)["numDigits"].empty());
  REQUIRE(verbs->at(0).inner.size() == 1);
  CHECK(verbs->at(0).inner[0].text == "Fir & Sons <3 \xc3\xa4");
  CHECK(verbs->at(1).name == "Pause");
  CHECK(verbs->at(2).text == "http://h/x");
  CHECK(parse_twiml("<Response/>").value().empty());
}

TEST_CASE("what is no TwiML is refused, not guessed at") {
  for (const auto* bad :
       {"", "hello", "<Response>", "<Response><Say>x</Response>", "<Respond></Respond>", "<Response/><Response/>",
        "<Response><Say>a & b</Say></Response>", "<Response><Say>&nbsp;</Say></Response>",
        "<Response><Say a=1/></Response>", "<Response><Say a=\"1/></Response>", "</Response>", "<Response/>x",
        "<Response><Say", "<Response><!-- </Response>",
        "<Response><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a></Response>"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_twiml(bad).ok());
  }
}
