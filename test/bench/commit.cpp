// ./dev bench commit: how fast transitions become durable, through the product's store actor on a file of its own. What is
// committed is what a tenant decides: the trunk's state, its alert, one delivery, its decision and the audit entry. Prints
// one JSON object.
#include "actors/store/store_actor.hpp"
#include "persistence/sqlite_store.hpp"
#include "test/actors/actor_bench.hpp"
#include "test/bench/commit_load.hpp"
#include "test/bench/timed_store.hpp"

#include <SQLiteCpp/Database.h>
#include <fmt/format.h>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace {

using namespace ringdown;
using namespace ringdown::bench;

// A poller holds back what 64 of its polls found; a storm of some hundred PBXes fills this easily.
constexpr std::size_t most_waiting = 4096;

struct place {
  explicit place(const std::string& inside) : folder(inside + "/commit-XXXXXX") {
    if (::mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no folder in " + inside);
  }
  place(const place&) = delete;
  place& operator=(const place&) = delete;
  ~place() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  [[nodiscard]] std::string file() const { return folder + "/ringdown.db"; }

  std::string folder;
};

template <class T>
T got(result<T> said) {
  if (!said) throw std::runtime_error(said.error().detail);
  return std::move(*said);
}

// The store's actor as the daemon runs it, and who waits for its answers.
class living_store {
public:
  explicit living_store(const place& at) {
    auto box = got(persistence::secret_box::create_file(at.folder + "/key"));
    auto real = got(persistence::open_sqlite({at.file(), persistence::open_mode::writer}, box));
    owner = got(real->take_shard(0, incarnation_id("nd_1"), world_->time.now().wall));
    world_->owner = owner;
    world_->fatal = [](std::string_view why) { throw std::runtime_error(std::string(why)); };
    timed = std::make_shared<timed_store>(std::move(real));
    keeper_ =
        system_.spawn<store_keeper, caf::detached>(world_, world_->health->probe("store", "store", "root"), timed);
  }
  ~living_store() { caf::anon_send_exit(keeper_, caf::exit_reason::user_shutdown); }
  living_store(const living_store&) = delete;
  living_store& operator=(const living_store&) = delete;

  // Hands all of it over and returns when it is durable, in seconds; at no time do more than `waiting` wait.
  double commit(const prepared& all, std::size_t from, std::size_t to, std::size_t waiting) {
    const auto begun = std::chrono::steady_clock::now();
    std::size_t sent = from;
    for (std::size_t done = from; done < to; ++done) {
      for (; sent < to && sent - done < waiting; ++sent)
        caf::anon_send(keeper_,
                       commit_batch{sent, all[sent], caf::actor_cast<caf::strong_actor_ptr>(self_->address())});
      take_answer();
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  }

  fence owner;
  std::shared_ptr<timed_store> timed; // shared with the actor, read when it rests

private:
  void take_answer() {
    self_->receive(
        [](const batch_committed& one) {
          if (!one.ok) throw std::runtime_error("refused: " + one.why.detail);
        },
        caf::after(test::patience) >> [] { throw std::runtime_error("no answer"); });
  }

  test::event_log log_;
  std::shared_ptr<ports> world_ = test::make_world(log_);
  caf::actor_system_config config_;
  caf::actor_system system_{config_};
  store_actor keeper_;
  caf::scoped_actor self_{system_};
};

std::string rows_in(const std::string& file) {
  SQLite::Database db(file, SQLite::OPEN_READONLY);
  std::string text;
  for (const char* table : {"resource", "alert", "delivery", "decision", "audit"})
    text += fmt::format(R"({}"{}":{})", text.empty() ? "" : ",", table,
                        db.execAndGet("select count(*) from " + std::string(table)).getInt64());
  return "{" + text + "}";
}

std::size_t number(const char* text) {
  std::size_t value = 0;
  std::from_chars(text, text + std::strlen(text), value);
  return value;
}

void run(const std::string& folder, std::size_t together, std::size_t alone) {
  const place at(folder);
  std::string figures;
  {
    living_store store(at);
    const prepared all = decisions(store.owner, together + alone);
    const double in_groups = store.commit(all, 0, together, most_waiting);
    const std::size_t groups = store.timed->commits().size();
    const double one_by_one = store.commit(all, together, all.size(), 1);
    const auto& commits = store.timed->commits();
    const auto middle = commits.begin() + static_cast<std::ptrdiff_t>(groups);
    figures = fmt::format(
        R"("transitions":{},"seconds":{:.6f},"group":{},"alone":{},"alone_seconds":{:.6f},"single":{},"longest_fold_ms":{:.3f})",
        together, in_groups, times_of({commits.begin(), middle}), alone, one_by_one, times_of({middle, commits.end()}),
        std::chrono::duration<double, std::milli>(store.timed->longest_fold()).count());
  }
  fmt::print("{{{},\"rows\":{}}}\n", figures, rows_in(at.file()));
}

} // namespace

// ringdown-bench-commit FOLDER TOGETHER ALONE: in groups as they come, then each for itself.
int main(int count, char** words) {
  if (count != 4) return 2;
  try {
    run(words[1], number(words[2]), number(words[3]));
    return 0;
  } catch (const std::exception& thrown) {
    fmt::print(stderr, "{}\n", thrown.what());
    return 1;
  }
}
