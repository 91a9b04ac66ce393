#include "bin/ringdown-sim/options.hpp"

#include "bin/ringdown-sim/text.hpp"

#include <fmt/format.h>

#include <limits>

namespace ringdown::sim {

namespace {

failure wrong(std::string text) { return {failure_kind::invalid, std::move(text)}; }

result<void> take(options& into, const std::string& name, const std::string& value) {
  if (name == "--scenario") {
    into.scenario = value;
  } else if (name == "--check") {
    into.what = task::check;
    into.scenario = value;
  } else if (name == "--journal") {
    into.journal = value;
  } else if (name == "--write-tenants") {
    into.tenants = value;
  } else if (name == "--webhook-secret-file") {
    into.webhook_secret_file = value;
  } else if (name == "--seed") {
    const auto seed = parse_number(value, 0, std::numeric_limits<long>::max());
    if (!seed) return wrong(fmt::format("--seed {} is not a number", value));
    into.seed = static_cast<std::uint64_t>(*seed);
  } else if (name == "--control") {
    const auto colon = value.rfind(':');
    const auto port = parse_number(std::string_view(value).substr(colon + 1), 0, 65'535);
    if (colon == std::string::npos || !port) return wrong(fmt::format("--control {} is not ADDRESS:PORT", value));
    into.control_address = value.substr(0, colon);
    into.control_port = static_cast<int>(*port);
    if (!into.control_address.starts_with("127.")) return wrong("--control must be a loopback address");
  } else {
    return wrong(fmt::format("unknown option {}", name));
  }
  return {};
}

} // namespace

result<options> parse_options(const std::vector<std::string>& words) {
  options out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& name = words[i];
    if (name == "--help" || name == "--version") {
      out.what = name == "--help" ? task::help : task::version;
      return out;
    }
    if (i + 1 == words.size()) return wrong(fmt::format("{} needs a value", name));
    if (auto taken = take(out, name, words[++i]); !taken) return taken.error();
  }
  if (out.scenario.empty()) return wrong("--scenario is missing");
  if (out.what == task::run && out.journal.empty()) return wrong("--journal is missing");
  return out;
}

std::string_view usage() {
  return "ringdown-sim: simulated 3CX systems, receivers of pushes, webhooks, chat, tickets and mails, and a\n"
         "fake Twilio, on loopback addresses\n"
         "\n"
         "  ringdown-sim --scenario FILE --control 127.0.0.1:PORT --journal DIR [options]\n"
         "  ringdown-sim --check FILE\n"
         "\n"
         "  --scenario FILE              fleet and timeline (TOML, docs/testing.md)\n"
         "  --control ADDRESS:PORT       control over HTTP; port 0 is any (default 127.0.0.1:0)\n"
         "  --journal DIR                truth.jsonl, effects.jsonl, ready.json, ca.pem; made when absent\n"
         "  --write-tenants DIR          where tenant files are written (default JOURNAL/tenants)\n"
         "  --webhook-secret-file FILE   named in the tenant files instead of a secret made up\n"
         "  --seed N                     makes tokens and ids repeatable (default 1)\n"
         "  --check FILE                 only says whether the scenario is sound: 0 yes, 78 no\n"
         "\n"
         "Prints one line when everything listens: ready control=... pbx_port=... ntfy=... webhook=... smtp=... "
         "twilio=... "
         "ca=...\n"
         "Ends at POST /quit, SIGINT or SIGTERM. Exit codes: 0 ok, 2 usage, 70 internal, 78 scenario refused.\n";
}

} // namespace ringdown::sim
