#include "bin/ringdown-sim/slack_hook.hpp"

#include "test/simulator/builders.hpp"
#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::sim;

namespace {

// A message whose one attachment has these blocks.
std::string message(const std::string& blocks) {
  return R"({"text":"down","attachments":[{"fallback":"down","blocks":[)" + blocks + "]}]}";
}
std::string header_of(std::size_t length) {
  return R"({"type":"header","text":{"type":"plain_text","text":")" + std::string(length, 'a') + R"("}})";
}
std::string section_of(std::size_t length) {
  return R"({"type":"section","text":{"type":"mrkdwn","text":")" + std::string(length, 'a') + R"("}})";
}

answer post(stage& s, const std::string& body, const std::string& path = "/services/T0/B0/x") {
  return s.running.ask_sink(sink_kind::slack, {"POST", path, {}, body, "127.0.0.1:1"}, at({}));
}

} // namespace

TEST_CASE("a hook takes what keeps to the limits and refuses the rest in one word") {
  stage s;
  struct row {
    std::string body;
    const char* says;
  };
  const row rows[] = {
      {message(header_of(150) + "," + section_of(3000)), "ok"},
      {R"({"text":"plain"})", "ok"},
      {R"({"blocks":[]})", "no_text"},
      {"{", "invalid_payload"},
      {message(header_of(151)), "invalid_blocks"},
      {message(header_of(0)), "invalid_blocks"},
      {message(section_of(3001)), "invalid_blocks"},
      {message(R"({"type":"section"})"), "invalid_blocks"},
      {message(R"({"type":"frobnicate"})"), "invalid_blocks"},
      {message(R"({"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"x"}}]})"),
       "invalid_blocks"},
      {message(section_of(3000) + "," + section_of(3000) + "," + section_of(3000) + "," + section_of(3000)),
       "invalid_blocks"}};
  for (const row& one : rows) {
    INFO(one.body.substr(0, 60));
    const auto given = post(s, one.body);
    CHECK(*given.body == one.says);
    CHECK(given.status == (*given.body == "ok" ? 200 : 400));
  }
  CHECK(post(s, R"({"text":"x"})", "/elsewhere").status == 404);
}

TEST_CASE("a hook that is told so takes nothing with a 200, or crashes") {
  stage s;
  (void)s.control("do=sink_fault&sink=slack&mode=not_ok&count=1");
  CHECK(post(s, R"({"text":"x"})").body->find("\"ok\":false") != std::string::npos);
  (void)s.control("do=sink_fault&sink=slack&mode=reset&count=1");
  CHECK(post(s, message(header_of(5))).then == ending::reset);
  CHECK(s.effects.back().find(R"("kind":"slack")") != std::string::npos);
  CHECK(s.effects.back().find(R"("title":"aaaaa")") != std::string::npos);
  CHECK(*post(s, R"({"text":"x"})").body == "ok");
}
