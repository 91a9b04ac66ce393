#include "test/persistence/postgres_server.hpp"

#include "persistence/postgres/pq.hpp"
#include "test/support/catch.hpp"

#include <fcntl.h>
#include <sys/wait.h>

#include <spawn.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

namespace ringdown::persistence {

namespace {

constexpr uid_t nobody = 65534;

// The newest version's programs: they are not in the path.
std::string find_programs() {
  std::string best;
  std::error_code none;
  for (const auto& one : std::filesystem::directory_iterator("/usr/lib/postgresql", none)) {
    const auto programs = one.path() / "bin";
    if (std::filesystem::exists(programs / "initdb")) best = std::max(best, programs.string());
  }
  return best;
}

struct child {
  pid_t id = -1;
  int output = -1;
};

// Ends with this program. The server refuses to run as root.
child start(std::vector<std::string> command) {
  std::vector<std::string> all{"setpriv", "--pdeathsig", "QUIT"};
  if (::geteuid() == 0) {
    const std::string id = std::to_string(nobody);
    all.insert(all.end(), {"--reuid", id, "--regid", id, "--clear-groups"});
  }
  all.insert(all.end(), command.begin(), command.end());
  std::vector<char*> arguments;
  arguments.reserve(all.size() + 1);
  for (std::string& one : all) arguments.push_back(one.data());
  arguments.push_back(nullptr);

  std::array<int, 2> pipe{};
  REQUIRE(::pipe2(pipe.data(), O_CLOEXEC) == 0);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, pipe[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, pipe[1], STDERR_FILENO);
  child made;
  made.output = pipe[0];
  const int failed = ::posix_spawnp(&made.id, "setpriv", &files, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  ::close(pipe[1]);
  REQUIRE(failed == 0);
  return made;
}

std::string read_some(int from) {
  std::array<char, 4096> some{};
  const auto size = ::read(from, some.data(), some.size());
  return size > 0 ? std::string(some.data(), static_cast<std::size_t>(size)) : std::string();
}

void run_to_its_end(std::vector<std::string> command) {
  const child one = start(std::move(command));
  std::string said;
  for (std::string more = read_some(one.output); !more.empty(); more = read_some(one.output)) said += more;
  ::close(one.output);
  int status = 0;
  REQUIRE(::waitpid(one.id, &status, 0) == one.id);
  INFO(said);
  REQUIRE(status == 0);
}

} // namespace

postgres_server* postgres_server::running() {
  static const std::string programs = find_programs();
  if (programs.empty()) {
    if (std::getenv("CI") != nullptr) FAIL("CI needs PostgreSQL, and /usr/lib/postgresql has none");
    WARN("skipped: no PostgreSQL is installed (deploy/packages.txt)");
    return nullptr;
  }
  static const std::unique_ptr<postgres_server> one(new postgres_server(programs));
  return one.get();
}

postgres_server::postgres_server(const std::string& programs) {
  std::string pattern = "/tmp/ringdown-postgres-XXXXXX";
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  root_ = pattern;
  if (::geteuid() == 0) REQUIRE(::chown(root_.c_str(), nobody, nobody) == 0);
  const std::string data = root_ + "/data";
  run_to_its_end(
      {programs + "/initdb", "-D", data, "-U", "ringdown", "-A", "trust", "-E", "UTF8", "--locale", "C", "-N"});
  const child made = start({programs + "/postgres", "-D", data, "-k", root_, "-c", "listen_addresses=", "-c",
                            "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=50"});
  server_ = made.id;
  auto answer = ready_.get_future();
  listener_ = std::thread([this, output = made.output] { listen_to(output); });
  const bool is_ready = answer.get();
  if (!is_ready) listener_.join();
  INFO((is_ready ? std::string() : said_));
  REQUIRE(is_ready);
}

// The server says when it is ready, and would stop if nobody listened.
void postgres_server::listen_to(int output) {
  bool told = false;
  for (std::string more = read_some(output); !more.empty(); more = read_some(output)) {
    if (told) continue;
    said_ += more;
    if (said_.find("ready to accept connections") == std::string::npos) continue;
    told = true;
    ready_.set_value(true);
  }
  ::close(output);
  if (!told) ready_.set_value(false);
}

postgres_server::~postgres_server() {
  ::kill(server_, SIGQUIT);
  ::waitpid(server_, nullptr, 0);
  if (listener_.joinable()) listener_.join();
  std::error_code ignored;
  std::filesystem::remove_all(root_, ignored);
}

std::string postgres_server::socket_path() const { return root_ + "/.s.PGSQL.5432"; }

std::string postgres_server::fresh_url() {
  const std::string url = "postgresql://ringdown@/postgres?host=" + root_;
  const std::string schema = "s" + std::to_string(++schemas_);
  run_text(begin_session(url, open_mode::writer).get(), "create schema " + schema);
  return url + "&options=-csearch_path%3D" + schema;
}

secret_box postgres_place::make_key() const {
  auto made = secret_box::create_file(dir.path("key"));
  REQUIRE(made.ok());
  return *made;
}

std::unique_ptr<store> postgres_place::open(open_mode mode) const {
  auto opened = open_postgres({url, mode}, box);
  INFO((opened.ok() ? std::string() : opened.error().detail));
  REQUIRE(opened.ok());
  return std::move(opened->held);
}

} // namespace ringdown::persistence
