#include "bin/ringdown-sim/sinks.hpp"

#include "test/simulator/builders.hpp"
#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::sim;
using namespace std::chrono_literals;

namespace {
answer hook(stage& s, const std::string& path, const std::string& id) {
  return s.running.ask_sink(sink_kind::webhook, {"POST", path, {{"webhook-id", id}}, "{}", "127.0.0.1:1"}, at(0s));
}
answer push(stage& s, const std::string& body, const std::string& path = "/") {
  return s.running.ask_sink(sink_kind::ntfy, {"POST", path, {}, body, "127.0.0.1:1"}, at(0s));
}
} // namespace

TEST_CASE("an arrival is written down with its key and what it was answered") {
  stage s;
  CHECK(hook(s, "/t1", "dl_a").status == 200);
  REQUIRE(s.effects.size() == 1);
  CHECK(s.effects[0].find(R"("path":"/t1","key":"dl_a","answered":200)") != std::string::npos);
  CHECK(s.effects[0].find(R"("headers":{"webhook-id":"dl_a"})") != std::string::npos);
}

TEST_CASE("a push needs a topic and sound JSON") {
  stage s;
  CHECK(push(s, R"({"topic":"t1-oncall","message":"down","tags":["x"]})").status == 200);
  CHECK(push(s, "plain words", "/t1-oncall").status == 200);
  CHECK(push(s, R"({"message":"down"})").status == 400);
  CHECK(push(s, "{").status == 400);
  CHECK(s.effects.size() == 4);
}

TEST_CASE("a receiver's fault covers what it matches, as often as told") {
  stage s;
  (void)s.control("do=sink_fault&sink=webhook&mode=status&status=503&retry_after=4&match=/t1&count=1");
  CHECK(hook(s, "/t2", "a").status == 200);
  const auto refused = hook(s, "/t1", "b");
  CHECK(refused.status == 503);
  CHECK(header(refused.headers, "retry-after") == "4");
  CHECK(hook(s, "/t1", "b").status == 200);
}

TEST_CASE("a receiver's fault ends with its time or when told") {
  stage s;
  (void)s.control("do=sink_fault&sink=ntfy&mode=hang&for=5s");
  CHECK(push(s, R"({"topic":"x"})").then == ending::hang);
  s.running.advance(at(5s));
  CHECK(push(s, R"({"topic":"x"})").then == ending::keep);
  (void)s.control("do=sink_fault&sink=ntfy&mode=drop_after_accept");
  CHECK(push(s, R"({"topic":"x"})").then == ending::drop);
  (void)s.control("do=sink_ok&sink=ntfy");
  CHECK(push(s, R"({"topic":"x"})").then == ending::keep);
  CHECK(s.effects[2].find("\"answered\":0") != std::string::npos);
}

TEST_CASE("the n-th arrival that matches sends its signal once") {
  stage s;
  (void)s.control("do=on_effect&sink=webhook&match=dl_x&nth=1&action=kill&pid_file=/p");
  (void)s.control("do=on_effect&sink=webhook&match=/t1&nth=2&action=term&pid_file=/q");
  (void)hook(s, "/t1", "a");
  CHECK(s.signals.empty());
  (void)hook(s, "/t1", "b");
  (void)hook(s, "/t1", "c");
  CHECK(s.signals == std::vector<std::string>{"term /q"});
}
