#include "protocol/types/ids.hpp"

#include "test/support/catch.hpp"

#include <rapidcheck.h>

#include <set>

namespace ringdown {

TEST_CASE("an id is its prefix and 26 digits of Crockford's base32") {
  CHECK(encode_id("al_", {}) == "al_00000000000000000000000000");
  id_bits all;
  all.fill(0xff);
  CHECK(encode_id("dl_", all) == "dl_zzzzzzzzzzzzzzzzzzzzzzzzzw");
}

TEST_CASE("different bits make different ids") {
  CHECK(rc::check([](const id_bits& one, const id_bits& two) {
    RC_ASSERT((encode_id("", one) == encode_id("", two)) == (one == two));
  }));
}

TEST_CASE("digests of texts that differ in one character differ, and are the same on every machine") {
  CHECK(encode_id("", digest_bits("acme|hq|trunk/61")) == encode_id("", digest_bits("acme|hq|trunk/61")));
  std::set<id_bits> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(digest_bits("acme|hq|trunk/" + std::to_string(i)));
  CHECK(seen.size() == 10'000);
  CHECK(digest_bits("") != digest_bits(std::string_view("\0", 1)));
}

TEST_CASE("what people may write as an id") {
  for (const char* good : {"a", "hq", "acme-hq_2.x", "0"}) CHECK(is_written_id(good));
  for (const char* bad : {"", "-a", "a-", ".a", "A", "a b", "a/b", "ä"}) CHECK_FALSE(is_written_id(bad));
  CHECK(is_written_id(std::string(64, 'a')));
  CHECK_FALSE(is_written_id(std::string(65, 'a')));
}

TEST_CASE("ids compare and hash by their text") {
  CHECK(tenant_id("a") < tenant_id("b"));
  CHECK(std::hash<tenant_id>{}(tenant_id("a")) == std::hash<tenant_id>{}(tenant_id(std::string("a"))));
  CHECK(tenant_id().empty());
}

} // namespace ringdown
