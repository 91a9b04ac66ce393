#include "persistence/secrets.hpp"

#include "test/persistence/builders.hpp"
#include "test/support/catch.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>

namespace ringdown::persistence {

namespace {

// Within it a write to any file fails, as on a full disk.
class no_room {
public:
  no_room() {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{0, before_.rlim_max};
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  no_room(const no_room&) = delete;
  no_room& operator=(const no_room&) = delete;
  ~no_room() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

private:
  rlimit before_{};
  void (*handler_)(int) = SIG_DFL;
};

} // namespace

TEST_CASE("a sealed secret opens only under its own name and key") {
  const temp_dir dir;
  const auto box = *secret_box::create_file(dir.path("one"));
  const auto other = *secret_box::create_file(dir.path("two"));
  const std::string sealed = box.seal("acme/push", secret_text("hush"));
  CHECK(box.open("acme/push", sealed)->reveal() == "hush");
  CHECK(box.open("globex/push", sealed).error().kind == failure_kind::unreadable);
  CHECK(other.open("acme/push", sealed).error().kind == failure_kind::unreadable);
  CHECK(sealed.find("hush") == std::string::npos);
  CHECK(box.seal("acme/push", secret_text("hush")) != sealed);
}

TEST_CASE("a sealed secret with any byte changed does not open") {
  const temp_dir dir;
  const auto box = *secret_box::create_file(dir.path("key"));
  const std::string sealed = box.seal("a/b", secret_text("hush"));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(box.open("a/b", changed).ok());
    CHECK_FALSE(box.open("a/b", sealed.substr(0, i)).ok());
  }
}

TEST_CASE("an empty secret can be sealed") {
  const temp_dir dir;
  const auto box = *secret_box::create_file(dir.path("key"));
  CHECK(box.open("a/b", box.seal("a/b", secret_text()))->empty());
}

TEST_CASE("a key file is made once, private, and read back as the same key") {
  const temp_dir dir;
  const auto made = *secret_box::create_file(dir.path("key"));
  CHECK(secret_box::create_file(dir.path("key")).error().kind == failure_kind::conflict);
  struct stat seen {};
  REQUIRE(::stat(dir.path("key").c_str(), &seen) == 0);
  CHECK((seen.st_mode & 0777) == 0600);
  const auto again = secret_box::from_file(dir.path("key"));
  REQUIRE(again.ok());
  CHECK(again->open("x", made.seal("x", secret_text("hush")))->reveal() == "hush");
}

TEST_CASE("a first start that got no further than the key file can be made again") {
  const temp_dir dir;
  {
    const no_room full;
    CHECK(secret_box::create_file(dir.path("key")).error().kind == failure_kind::unavailable);
  }
  CHECK_FALSE(std::filesystem::exists(dir.path("key")));
  // Killed between open and write.
  std::ofstream(dir.path("key.part")).flush();
  CHECK(secret_box::create_file(dir.path("key")).ok());
  CHECK(secret_box::from_file(dir.path("key")).ok());
  CHECK_FALSE(std::filesystem::exists(dir.path("key.part")));
}

TEST_CASE("a key file that is missing, open to others or malformed is refused") {
  const temp_dir dir;
  CHECK(secret_box::from_file(dir.path("none")).error().kind == failure_kind::not_found);
  REQUIRE(secret_box::create_file(dir.path("key")).ok());
  REQUIRE(::chmod(dir.path("key").c_str(), 0640) == 0);
  CHECK(secret_box::from_file(dir.path("key")).error().kind == failure_kind::refused);
  std::ofstream(dir.path("short")) << "c2hvcnQ=\n";
  REQUIRE(::chmod(dir.path("short").c_str(), 0600) == 0);
  CHECK(secret_box::from_file(dir.path("short")).error().kind == failure_kind::refused);
}

TEST_CASE("signatures differ by purpose, message and key") {
  const temp_dir dir;
  const auto box = *secret_box::create_file(dir.path("one"));
  const auto other = *secret_box::create_file(dir.path("two"));
  CHECK(box.sign("link", "m") == box.sign("link", "m"));
  CHECK(box.sign("link", "m") != box.sign("other", "m"));
  CHECK(box.sign("link", "m") != box.sign("link", "n"));
  CHECK(box.sign("link", "m") != other.sign("link", "m"));
}

TEST_CASE("random bits do not repeat") {
  std::set<std::array<std::uint8_t, 16>> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_bits());
  CHECK(seen.size() == 1000);
}

} // namespace ringdown::persistence
