// ./dev bench pg_commit: how fast transitions become durable on a PostgreSQL server of its own, which syncs, over one connection
// and 100 to a transaction. What is committed is what `commit` commits. Prints one JSON object.
#include "persistence/postgres/pq.hpp"
#include "persistence/postgres_store.hpp"
#include "test/bench/commit_load.hpp"
#include "test/support/postgres_server.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

using namespace ringdown;
using namespace ringdown::bench;

constexpr std::size_t together = 100;

template <class T>
T got(result<T> said) {
  if (!said) throw std::runtime_error(said.error().detail);
  return std::move(*said);
}

// Every transaction holds the fence of all its batches until it is committed.
std::vector<timed_commit> commit(persistence::store& to, const prepared& all) {
  std::vector<timed_commit> commits;
  std::vector<persistence::write_batch> batches;
  for (const auto& one : all) {
    batches.push_back(*one);
    if (batches.size() < together) continue;
    const auto begun = std::chrono::steady_clock::now();
    for (const result<void>& verdict : got(to.commit(batches)))
      if (!verdict) throw std::runtime_error(verdict.error().detail);
    commits.push_back({batches.size(), std::chrono::steady_clock::now() - begun});
    batches.clear();
  }
  return commits;
}

std::string rows_at(const std::string& url) {
  const auto asked = persistence::begin_session(url, persistence::open_mode::reader);
  std::string text;
  for (const char* table : {"resource", "alert", "delivery", "decision", "audit"})
    text += fmt::format(R"({}"{}":{})", text.empty() ? "" : ",", table,
                        persistence::one_text(asked.get(), "select count(*) from " + std::string(table)));
  return "{" + text + "}";
}

std::string setting_of(const std::string& url, const std::string& name) {
  return persistence::one_text(persistence::begin_session(url, persistence::open_mode::reader).get(), "show " + name);
}

void run(const std::string& folder, std::size_t count) {
  const test::postgres_server server(test::durability::disk, folder);
  const std::string key = folder + "/key";
  const auto box = got(persistence::secret_box::create_file(key));
  const auto opened = got(persistence::open_postgres({server.url()}, box));
  const fence owner = got(opened.held->take_shard(0, incarnation_id("nd_1"), wall_time(std::chrono::seconds(1))));
  const auto commits = commit(*opened.held, decisions(owner, count / together * together));
  std::chrono::nanoseconds took{};
  std::size_t written = 0;
  for (const timed_commit& one : commits) {
    took += one.took;
    written += one.batches;
  }
  fmt::print(R"({{"transitions":{},"seconds":{:.6f},"group":{},"rows":{},"fsync":"{}","synchronous_commit":"{}"}})"
             "\n",
             written, std::chrono::duration<double>(took).count(), times_of(commits), rows_at(server.url()),
             setting_of(server.url(), "fsync"), setting_of(server.url(), "synchronous_commit"));
}

} // namespace

// ringdown-bench-pg-commit FOLDER TRANSITIONS
int main(int count, char** words) {
  if (count != 3) return 2;
  try {
    std::size_t transitions = 0;
    std::from_chars(words[2], words[2] + std::strlen(words[2]), transitions);
    run(words[1], transitions);
    return 0;
  } catch (const std::exception& thrown) {
    fmt::print(stderr, "{}\n", thrown.what());
    return 1;
  }
}
