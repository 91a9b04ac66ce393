#include "test/support/postgres_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

namespace ringdown::test {

namespace {

constexpr int start_patience_ms = 60'000;
constexpr const char* pooler_program = "/usr/sbin/pgbouncer";

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error("no PostgreSQL: " + what); }

// Empty: none are installed.
std::filesystem::path newest_programs() {
  std::vector<std::filesystem::path> found;
  std::error_code none;
  for (const auto& one : std::filesystem::directory_iterator("/usr/lib/postgresql", none))
    if (std::filesystem::exists(one.path() / "bin/initdb")) found.push_back(one.path());
  if (found.empty()) return {};
  const auto version = [](const std::filesystem::path& of) { return std::atoi(of.filename().c_str()); };
  return *std::ranges::max_element(found, {}, version) / "bin";
}

int free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  const bool got = probe >= 0 && ::bind(probe, reinterpret_cast<const sockaddr*>(&at), size) == 0 &&
                   ::getsockname(probe, reinterpret_cast<sockaddr*>(&at), &size) == 0;
  ::close(probe);
  if (!got) fail("no free port");
  return ntohs(at.sin_port);
}

int status_of(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

} // namespace

postgres_server* postgres_server::running() {
  static const bool installed = !newest_programs().empty();
  if (!installed) {
    if (std::getenv("CI") != nullptr) fail("CI needs it");
    std::fputs("skipped: no PostgreSQL is installed (deploy/packages.txt)\n", stderr);
    return nullptr;
  }
  static postgres_server one;
  return &one;
}

postgres_server::postgres_server(durability kept, const std::filesystem::path& inside)
    : kept_(kept),
      programs_(newest_programs()),
      port_(free_port()) {
  if (programs_.empty()) fail("the package postgresql is not installed");
  std::string made = (inside / "ringdown-postgres-XXXXXX").string();
  if (::mkdtemp(made.data()) == nullptr) fail("no temporary folder");
  folder_ = made;
  // The server refuses to run as root.
  if (::geteuid() == 0) {
    const passwd* nobody = ::getpwnam("nobody");
    if (nobody == nullptr || ::chown(made.c_str(), nobody->pw_uid, nobody->pw_gid) != 0) fail("no user for it");
  }
  const int made_it = run({(programs_ / "initdb").string(), "-D", (folder_ / "data").string(), "-U", "ringdown", "-A",
                           "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"});
  if (made_it != 0) fail("initdb ended with " + std::to_string(made_it));
  start();
}

postgres_server::~postgres_server() {
  for (const companion& one : beside_) {
    ::kill(one.process, SIGKILL);
    static_cast<void>(status_of(one.process));
    if (one.log >= 0) ::close(one.log);
  }
  stop(SIGQUIT);
  std::error_code none;
  std::filesystem::remove_all(folder_, none);
}

std::string postgres_server::url(const std::string& database) const {
  return "postgresql://ringdown@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string postgres_server::socket_path() const { return (folder_ / (".s.PGSQL." + std::to_string(port_))).string(); }

void postgres_server::restart() {
  stop(SIGQUIT);
  start();
}

void postgres_server::use_certificate(const std::string& certificate, const std::string& key) {
  const auto owner = std::filesystem::path(folder_ / "data");
  struct stat of {};
  if (::stat(owner.c_str(), &of) != 0) fail("no data");
  for (const auto& [name, text] : {std::pair("server.crt", &certificate), std::pair("server.key", &key)}) {
    const std::filesystem::path file = owner / name;
    std::ofstream(file) << *text;
    if (::chmod(file.c_str(), 0600) != 0 || ::chown(file.c_str(), of.st_uid, of.st_gid) != 0) fail("no certificate");
  }
  std::ofstream(owner / "postgresql.conf", std::ios::app) << "ssl = on\n";
  restart();
}

void postgres_server::be_followed() {
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  const pid_t follower = begin({(programs_ / "pg_receivewal").string(), "-D", folder_.string(), "-h", folder_.string(),
                                "-p", std::to_string(port_), "-U", "ringdown", "--synchronous", "--no-loop"},
                               nowhere);
  ::close(nowhere);
  beside_.push_back({follower, -1});
}

bool postgres_server::has_pooler() { return std::filesystem::exists(pooler_program); }

std::string postgres_server::pool(const std::string& mode) {
  const std::string database = "pooled_" + mode;
  const int made_it = run({(programs_ / "createdb").string(), "-h", folder_.string(), "-p", std::to_string(port_), "-U",
                           "ringdown", database});
  if (made_it != 0) fail("createdb ended with " + std::to_string(made_it));
  const int port = free_port();
  const std::filesystem::path file = folder_ / ("pool-" + mode + ".ini");
  std::ofstream(file) << "[databases]\n* = host=" << folder_.string() << " port=" << port_ << " user=ringdown\n"
                      << "[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " << port
                      << "\nunix_socket_dir =\nauth_type = any\npool_mode = " << mode << "\n";
  companion made;
  made.process = begin_and_wait({pooler_program, file.string()}, "process up", made.log);
  beside_.push_back(made);
  return "postgresql://ringdown@127.0.0.1:" + std::to_string(port) + "/" + database;
}

void postgres_server::start() {
  std::vector<std::string> words{(programs_ / "postgres").string(),
                                 "-D",
                                 (folder_ / "data").string(),
                                 "-p",
                                 std::to_string(port_),
                                 "-k",
                                 folder_.string()};
  const auto set = [&](const char* what) { words.insert(words.end(), {"-c", what}); };
  for (const char* one :
       {"listen_addresses=127.0.0.1", "logging_collector=off", "log_min_messages=warning", "max_connections=60"})
    set(one);
  if (kept_ == durability::none)
    for (const char* one : {"fsync=off", "full_page_writes=off", "shared_buffers=32MB"}) set(one);
  server_ = begin_and_wait(words, "ready to accept connections", log_);
}

pid_t postgres_server::begin_and_wait(const std::vector<std::string>& words, const std::string& ready, int& log) const {
  std::array<int, 2> pipe{};
  // Nobody reads once it is ready: what it says then is lost when the pipe is full, and it waits for nobody.
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0 || ::fcntl(pipe[1], F_SETFL, O_NONBLOCK) != 0) fail("no pipe");
  const pid_t begun = begin(words, pipe[1]);
  ::close(pipe[1]);
  log = pipe[0];
  std::string said;
  while (said.find(ready) == std::string::npos) {
    pollfd waits{log, POLLIN, 0};
    std::array<char, 512> part{};
    const ssize_t got = ::poll(&waits, 1, start_patience_ms) > 0 ? ::read(log, part.data(), part.size()) : 0;
    if (got <= 0) {
      ::kill(begun, SIGKILL);
      static_cast<void>(status_of(begun));
      ::close(log);
      fail(words.front() + " does not start: " + said);
    }
    said.append(part.data(), static_cast<std::size_t>(got));
  }
  return begun;
}

void postgres_server::stop(int how) {
  if (server_ <= 0) return;
  ::kill(server_, how);
  static_cast<void>(status_of(server_));
  server_ = -1;
  ::close(log_);
}

int postgres_server::run(const std::vector<std::string>& words) const {
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  const int status = status_of(begin(words, nowhere));
  ::close(nowhere);
  return status;
}

pid_t postgres_server::begin(const std::vector<std::string>& words, int error_output) const {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const std::string& one : words) arguments.push_back(const_cast<char*>(one.c_str()));
  arguments.push_back(nullptr);
  const passwd* nobody = ::geteuid() == 0 ? ::getpwnam("nobody") : nullptr;
  const pid_t child = ::fork();
  if (child < 0) fail("no process");
  if (child > 0) return child;
  // The child: only what may be called between fork and exec.
  const int nowhere = ::open("/dev/null", O_RDWR);
  ::dup2(nowhere, STDIN_FILENO);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(error_output, STDERR_FILENO);
  if (nobody != nullptr &&
      (::setgroups(0, nullptr) != 0 || ::setgid(nobody->pw_gid) != 0 || ::setuid(nobody->pw_uid) != 0))
    ::_exit(126);
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT); // gone with us, however we end
  if (::chdir(folder_.c_str()) != 0) ::_exit(126);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

} // namespace ringdown::test
