#include "protocol/wire/crypto.hpp"

#include "test/support/catch.hpp"

#include <fmt/format.h>

#include <string>

using namespace ringdown::wire;

namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

} // namespace

TEST_CASE("Base64 agrees with RFC 4648, section 10") {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"},
                                                         {"\xFB\xFF", "+/8="}};
  for (const auto& [bytes, text] : vectors) {
    CHECK(base64_encode(bytes) == text);
    CHECK(base64_decode(text) == bytes);
  }
}

TEST_CASE("What is no base64 is refused") {
  for (const char* bad : {"Z", "Zg=", "Zg===", "Zm9v\n", "Zm 9v", "Zm9v=Zm9v", "Zm9-", "====", "Z==="})
    CHECK_FALSE(base64_decode(bad));
  CHECK(base64_decode("Zg") == "f");
}

TEST_CASE("The URL alphabet is the other one") {
  CHECK(base64url_decode("-_8") == "\xFB\xFF");
  CHECK_FALSE(base64url_decode("+/8"));
}

TEST_CASE("HMAC-SHA256 agrees with RFC 4231") {
  CHECK(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hex(hmac_sha256("It's a Secret to Everybody", "Hello, World!")) ==
        "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
}

TEST_CASE("HMAC-SHA1 agrees with RFC 2202 and with a signed callback") {
  CHECK(hex(hmac_sha1(std::string(20, '\x0b'), "Hi There")) == "b617318655057264e28bc0b6fb378c8ef146be00");
  CHECK(hex(hmac_sha1("Jefe", "what do ya want for nothing?")) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  const auto* const signed_text =
      "https://mycompany.com/myapp.php?foo=1&bar=2CallSidCA1234567890ABCDECaller+12349013030Digits1234"
      "From+12349013030To+18005551212";
  CHECK(base64_encode(hmac_sha1("12345", signed_text)) == "0/KCTR6DLpKmkAf8muzZqo1nDgQ=");
}
