#include "bin/ringdownctl/arguments.hpp"
#include "test/support/catch.hpp"

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

using namespace ringdown::ctl;

namespace {

struct usual_place {
  usual_place() {
    std::string name = "/tmp/ringdown-usual-XXXXXX";
    const int made = ::mkstemp(name.data());
    REQUIRE(made >= 0);
    ::close(made);
    file = name;
  }
  usual_place(const usual_place&) = delete;
  usual_place& operator=(const usual_place&) = delete;
  ~usual_place() { ::unlink(file.c_str()); }
  std::string file;
};

std::string config_of(std::vector<const char*> words, const std::string& usual, const std::string& set = {}) {
  words.insert(words.begin(), "ringdownctl");
  const auto variable = [&](const char* name) { return set == name ? std::string("given") : std::string(); };
  return parse_arguments(static_cast<int>(words.size()), words.data(), variable, usual).given.config;
}

} // namespace

TEST_CASE("the usual daemon file is taken where nothing says which daemon is meant") {
  const usual_place usual;
  CHECK(config_of({"alerts"}, usual.file) == usual.file);
  CHECK(config_of({"alerts"}, usual.file + ".none").empty());
  CHECK(config_of({"alerts", "--config", "other.toml"}, usual.file) == "other.toml");
  CHECK(config_of({"alerts", "--url", "http://127.0.0.1:1"}, usual.file).empty());
  CHECK(config_of({"alerts", "--token-file", "token"}, usual.file).empty());
  CHECK(config_of({"backup", "x", "--state-dir", "state"}, usual.file).empty());
  CHECK(config_of({"alerts"}, usual.file, "RINGDOWN_CONFIG") == "given");
  CHECK(config_of({"alerts"}, usual.file, "RINGDOWN_URL").empty());
}
