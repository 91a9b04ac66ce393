#include "actors/logic/oncall_chain.hpp"
#include "test/support/catch.hpp"

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::logic;

namespace {

const std::string number_jo = "+12025550101";
const std::string number_kim = "+12025550102";
const std::string number_desk = "+12025550103";
const std::string number_sam = "+12025550104";

struct chain_bench {
  tenant_config config;
  std::optional<user_id> oncall = user_id("jo");
  std::map<std::string, phone_record> phones;
  std::vector<std::string> regions{"US"};

  chain_bench() {
    config.users = {{user_id("jo"), "Jo", "", number_jo, "by mail"},
                    {user_id("kim"), "Kim", "", number_kim, "by mail"},
                    {user_id("sam"), "Sam", "", number_sam, "by mail"}};
    config.voice.fallback = number_desk;
    config.voice.fallback_consent = "contract";
    config.voice.owner = user_id("sam");
    for (const auto& number : {number_jo, number_kim, number_desk, number_sam}) verify(number);
  }
  void verify(const std::string& number) { phones[number] = {number, "", {}, 0, wall_time{}}; }
  [[nodiscard]] call_chain chain(const std::string& first = "") const {
    return chain_of({config, oncall, phones, regions}, user_id(first));
  }
  [[nodiscard]] std::string people(const std::string& first = "") const {
    std::string names;
    for (const callable& one : chain(first).usable) names += (names.empty() ? "" : " ") + one.person;
    return names;
  }
  user_config& user(const std::string& id) { return *std::ranges::find(config.users, user_id(id), &user_config::id); }
};

} // namespace

TEST_CASE("the step's user comes first, then on call, the fallback number, the owner") {
  const chain_bench b;
  CHECK(b.people() == "jo fallback sam");
  CHECK(b.people("kim") == "kim jo fallback sam");
  CHECK(b.chain().gates == "oncall=jo:ok fallback=fallback:ok owner=sam:ok");
}

TEST_CASE("whoever cannot be called is passed over, with the reason") {
  chain_bench b;
  SECTION("no phone") {
    b.user("jo").phone.clear();
    CHECK(b.chain().gates == "oncall=jo:no_phone fallback=fallback:ok owner=sam:ok");
  }
  SECTION("a Canadian +1 number") {
    b.user("jo").phone = "+14165550123";
    CHECK(b.chain().gates == "oncall=jo:region_denied:CA fallback=fallback:ok owner=sam:ok");
  }
  SECTION("no consent") {
    b.user("jo").voice_consent.clear();
    CHECK(b.chain().gates == "oncall=jo:no_consent fallback=fallback:ok owner=sam:ok");
  }
  SECTION("a number nobody has verified") {
    b.phones.erase(number_jo);
    CHECK(b.chain().gates == "oncall=jo:not_verified fallback=fallback:ok owner=sam:ok");
  }
  SECTION("a code was asked for and not given") {
    b.phones[number_jo].verified.reset();
    CHECK(b.chain().gates == "oncall=jo:not_verified fallback=fallback:ok owner=sam:ok");
  }
  SECTION("a number changed since it was verified") {
    b.user("jo").phone = "+12025550199";
    CHECK(b.chain().gates == "oncall=jo:not_verified fallback=fallback:ok owner=sam:ok");
  }
  SECTION("a user that is gone") {
    b.oncall = user_id("lee");
    CHECK(b.chain().gates == "oncall=lee:no_such_user fallback=fallback:ok owner=sam:ok");
  }
  CHECK(b.people() == "fallback sam");
}

TEST_CASE("a number is in the chain once") {
  chain_bench b;
  b.user("sam").phone = number_jo;
  CHECK(b.people() == "jo fallback");
  CHECK(b.chain().gates == "oncall=jo:ok fallback=fallback:ok owner=sam:same_number");
}

TEST_CASE("a chain may be empty, and says of every step why") {
  chain_bench b;
  b.oncall.reset();
  b.config.voice = {};
  CHECK(b.chain().usable.empty());
  CHECK(b.chain().gates == "oncall=none fallback=none owner=none");
}

TEST_CASE("gates name people and no numbers") {
  const chain_bench b;
  CHECK(b.chain("kim").gates.find("+1") == std::string::npos);
}
