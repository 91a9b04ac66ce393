// The write-ahead log beside the database file.
#include "test/persistence/builders.hpp"
#include "test/support/catch.hpp"

#include <filesystem>
#include <string>

namespace ringdown::persistence {

TEST_CASE("what was committed is folded into the file when asked, and in the end when nobody does") {
  const sqlite_place place;
  desk work([&] { return place.open(); });
  const auto write_megabytes = [&](int count) {
    for (int i = 0; i < count; ++i) {
      alert large = make_alert("al_" + std::to_string(i));
      large.detail = std::string(1 << 20, 'x');
      work.commit_alert(large);
    }
  };
  const auto megabytes = [&] { return std::filesystem::file_size(place.file()) >> 20; };
  write_megabytes(4);
  REQUIRE(work.held->fold_log().ok());
  CHECK(megabytes() == 0); // so little is not worth it
  write_megabytes(10);
  CHECK(megabytes() == 0);
  REQUIRE(work.held->fold_log().ok());
  CHECK(megabytes() >= 10);
  write_megabytes(80);
  CHECK(megabytes() >= 60);
}

} // namespace ringdown::persistence
