#include "bin/ringdown-sim/mail_text.hpp"

#include "test/support/catch.hpp"

using namespace ringdown;
using namespace ringdown::sim;

TEST_CASE("a mail is read as a mailbox shows it") {
  const auto read = understand_mail(
      "Subject: =?UTF-8?B?U8O2?=\r\n =?utf-8?Q?hne_=3D?= down\r\nMessage-ID: <a@b>\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\nS=C3=B6h=\r\nne =3D 1\r\n.\r\n");
  CHECK(header(read.headers, "subject") == "S\xC3\xB6hne = down");
  CHECK(header(read.headers, "message-id") == "<a@b>");
  CHECK(read.text == "S\xC3\xB6hne = 1\n.\n");
}

TEST_CASE("what is not encoded stays as it is") {
  CHECK(decoded_words("a =?b c") == "a =?b c");
  CHECK(decoded_words("=?UTF-8?B?no end") == "=?UTF-8?B?no end");
  CHECK(decoded_words("x =?UTF-8?Q?y?= z") == "x y z");
  CHECK(decoded_quoted_printable("=zz =4") == "=zz =4");
  CHECK(decoded_base64("AHVzZXIAcGFzcw==") == std::string("\0user\0pass", 10));
  CHECK(understand_mail("").headers.empty());
  CHECK(understand_mail("no colon\r\n\r\nx").text == "x");
}
