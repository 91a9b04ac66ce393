// bench-fleet: thousands of PBXes and a receiver of webhooks for ./dev bench. Commands come as lines on standard input, and
// each is answered by one line of JSON; the end of the input ends it.
//   stats            counts since the last `clear`; `live` connections, `complete` PBXes of which all was read, `asked`
//                    marked ones that gave their trunks
//   clear            forgets counts, webhooks and bodies
//   hits, hits_at P  [microseconds, webhook-id] of each webhook, or of those at path P; told: [webhook-id, body] of each
//   mark N, answered N   when the trunk lists of PBX N (or `all`) left is written down; said, since it was changed
//   down N COUNT     so many of its trunks fail (of `all`)
//   drop             every connection is lost;  delay MS, idle MS: a round trip, and how long a connection may idle
#include "bin/ringdown-sim/certificates.hpp"
#include "test/bench/fleet/server.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/pem.h>
#include <CLI/CLI.hpp>

#include <sys/resource.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

namespace ringdown::bench {

namespace {

constexpr std::size_t command_size = 65536;

struct arguments {
  std::uint32_t pbxes = 0;
  std::uint16_t port = 0;
  std::uint16_t sink_port = 0;
  std::uint32_t trunks = 9;
  std::string ca_file;
};

SSL_CTX* make_tls(const std::string& ca_file) {
  const auto made = sim::make_identities("bench.test", {});
  if (!made) throw std::runtime_error(made.error().detail);
  std::ofstream(ca_file) << made->ca;
  const auto& leaf = made->at(sim::certificate{});
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const auto bio = [](const std::string& text) { return BIO_new_mem_buf(text.data(), static_cast<int>(text.size())); };
  BIO* certificate = bio(leaf.certificate);
  BIO* key = bio(leaf.key);
  X509* x509 = PEM_read_bio_X509(certificate, nullptr, nullptr, nullptr);
  EVP_PKEY* secret = PEM_read_bio_PrivateKey(key, nullptr, nullptr, nullptr);
  if (SSL_CTX_use_certificate(context, x509) != 1 || SSL_CTX_use_PrivateKey(context, secret) != 1)
    throw std::runtime_error("the certificate cannot be used");
  X509_free(x509);
  EVP_PKEY_free(secret);
  BIO_free(certificate);
  BIO_free(key);
  return context;
}

class commands {
public:
  explicit commands(server& of) : of_(of) {}

  // False at the end of the input.
  bool read() {
    std::array<char, command_size> buffer{};
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got <= 0) return false;
    pending_.append(buffer.data(), static_cast<std::size_t>(got));
    for (std::size_t end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n')) {
      std::istringstream words(pending_.substr(0, end));
      pending_.erase(0, end + 1);
      std::cout << answer(words) << std::endl; // whoever asked waits for it
    }
    return true;
  }

private:
  std::string answer(std::istringstream& words) {
    std::string verb;
    words >> verb;
    if (verb == "stats") return stats();
    if (verb == "hits") return hits("");
    if (verb == "told") return told();
    if (verb == "clear") return cleared();
    if (verb == "drop") {
      of_.drop_all();
      return "{}";
    }
    std::string which;
    std::int64_t value = 0;
    if (verb == "delay" || verb == "idle") {
      words >> value;
      (verb == "delay" ? of_.answer_after : of_.idle_limit) = std::chrono::milliseconds(value);
      return "{}";
    }
    words >> which >> value;
    if (verb == "hits_at") return hits(which);
    if (verb == "answered") return fmt::format("[{}]", fmt::join(of_.pbxes.at(std::stoul(which)).answered, ","));
    if (which == "all") {
      for (std::uint32_t n = 0; n < of_.pbxes.size(); ++n) act(verb, n, value);
    } else {
      act(verb, static_cast<std::uint32_t>(std::stoul(which)), value);
    }
    return "{}";
  }

  void act(const std::string& verb, std::uint32_t number, std::int64_t value) {
    pbx& one = of_.pbxes.at(number);
    if (verb != "down" && verb != "mark") throw std::runtime_error("no such command: " + verb);
    if (verb == "mark") one.marked = true;
    if (verb == "down") one.shown.trunks_down = static_cast<std::uint32_t>(value);
    one.answered.clear();
  }

  std::string cleared() {
    of_.seen = {};
    of_.hits.clear();
    for (pbx& one : of_.pbxes) {
      one.answered.clear();
      one.left = 0;
    }
    return "{}";
  }

  [[nodiscard]] std::string stats() const {
    const counts& seen = of_.seen;
    const auto complete = std::ranges::count(of_.pbxes, every_list, &pbx::left);
    const auto asked =
        std::ranges::count_if(of_.pbxes, [](const pbx& one) { return one.marked && !one.answered.empty(); });
    return fmt::format(R"({{"gets":{},"scrapes":{},"tokens":{},"handshakes":{},"resumed":{},"accepted":{},)"
                       R"("closed_idle":{},"refused":{},"failed":{},"hits":{},"live":{},"complete":{},"asked":{}}})",
                       seen.gets, seen.scrapes, seen.tokens, seen.handshakes, seen.resumed, seen.accepted,
                       seen.closed_idle, seen.refused, seen.failed, of_.hits.size(), of_.live, complete, asked);
  }

  // A body is JSON, of which only the spaces between its parts can be ends of lines.
  [[nodiscard]] std::string told() const {
    std::string out = "[";
    for (const hit& one : of_.hits) out += fmt::format(R"({}["{}",{}])", out.size() == 1 ? "" : ",", one.id, one.body);
    std::ranges::replace(out, '\n', ' ');
    return out + "]";
  }

  // Those whose path is `path`; all when it is empty.
  [[nodiscard]] std::string hits(const std::string& path) const {
    std::string out = "[";
    for (const hit& one : of_.hits)
      if (path.empty() || one.path == path)
        out += fmt::format(R"({}[{},"{}"])", out.size() == 1 ? "" : ",", one.at, one.id);
    return out + "]";
  }

  server& of_;
  std::string pending_;
};

int serve(const arguments& asked) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  std::signal(SIGPIPE, SIG_IGN);
  server fleet(make_tls(asked.ca_file), asked.trunks);
  if (asked.pbxes > 0) fleet.listen_pbxes(asked.pbxes, asked.port);
  if (asked.sink_port > 0) fleet.listen_sink(asked.sink_port);
  commands control(fleet);
  std::cout << "ready" << std::endl;
  fleet.run(STDIN_FILENO, [&] { return control.read(); });
  return 0;
}

} // namespace

} // namespace ringdown::bench

int main(int argc, char** argv) {
  ringdown::bench::arguments asked;
  CLI::App app("bench-fleet: PBXes and a receiver of webhooks for ./dev bench");
  app.add_option("--pbxes", asked.pbxes, "how many; PBX n is at 127.1.(n / 256).(n % 256)");
  app.add_option("--port", asked.port, "of every PBX");
  app.add_option("--sink-port", asked.sink_port, "of the receiver of webhooks, at 127.0.0.1; 0: none");
  app.add_option("--trunks", asked.trunks, "of each PBX");
  app.add_option("--ca-file", asked.ca_file, "where the authority of their certificates is written")->required();
  CLI11_PARSE(app, argc, argv);
  try {
    return ringdown::bench::serve(asked);
  } catch (const std::exception& why) {
    std::cerr << "bench-fleet: " << why.what() << '\n';
    return 70;
  }
}
