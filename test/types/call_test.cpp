#include "protocol/types/call.hpp"
#include "test/support/catch.hpp"

namespace ringdown {

TEST_CASE("news of a call reads back as it was written") {
  call_news news;
  news.call = delivery_id("dl_1");
  CHECK(to_text(*parse_call_news(to_text(news))) == to_text(news));
  news.heard = {"CA1", call_stage::answered, call_result::human, 3, "in-progress, as they say"};
  news.read = {{alert_id("al_1"), 2}, {alert_id("al_2"), 1}};
  news.passed_on = true;
  const auto back = parse_call_news(to_text(news));
  REQUIRE(back);
  CHECK(back->call == news.call);
  CHECK(back->heard.reference == "CA1");
  CHECK(back->heard.stage == call_stage::answered);
  CHECK(back->heard.result == call_result::human);
  CHECK(back->heard.sequence == 3U);
  CHECK(back->heard.answer == "in-progress, as they say");
  CHECK(back->read == news.read);
  CHECK(back->passed_on);
}

TEST_CASE("news that is none is refused") {
  for (const char* text :
       {"", "stage=ringing", "call=dl_1 stage=later", "call=dl_1 result=what", "call=dl_1 sequence=-1", "call",
        "call=dl_1 read=al_1", "call=dl_1 read=:1", "call=dl_1 read=al_1:x", "call=dl_1 sequence=4294967296"}) {
    INFO(text);
    CHECK_FALSE(parse_call_news(text));
  }
}

TEST_CASE("a reference with a blank cannot forge another field") {
  call_news news;
  news.call = delivery_id("dl_1");
  news.heard.reference = "CA1 result=human";
  CHECK(parse_call_news(to_text(news))->heard.result == call_result::none);
}

TEST_CASE("a masked number cannot be dialled, and what is none stays") {
  CHECK(masked_number("+12025550123") == "+1202***0123");
  CHECK(masked_number("+123") == "***");
  CHECK(masked_number("phone") == "phone");
  CHECK(masked_number("").empty());
}

} // namespace ringdown
