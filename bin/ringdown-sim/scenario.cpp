#include "bin/ringdown-sim/scenario.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <set>

namespace ringdown::sim {

namespace {

// Reads one table: each key is taken once by what knows it; what is left over at the end is refused. The first
// problem is kept, later reads change nothing.
class table_reader {
public:
  table_reader(const toml::table& table, std::string where, std::optional<failure>& problem)
      : table_(table),
        where_(std::move(where)),
        problem_(problem) {}

  void integer(const char* key, int& into, int lowest, int highest) {
    const auto* const node = take(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < lowest || *value > highest) {
      return refuse(*node, fmt::format("{} must be a whole number from {} to {}", key, lowest, highest));
    }
    into = static_cast<int>(*value);
  }

  void integer(const char* key, std::optional<int>& into, int lowest, int highest) {
    if (!table_.contains(key)) return;
    into = lowest;
    integer(key, *into, lowest, highest);
  }

  void text(const char* key, std::string& into) {
    const auto* const node = take(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<std::string>();
    if (!value) return refuse(*node, fmt::format("{} must be a string", key));
    into = *value;
  }

  void truth(const char* key, bool& into) {
    const auto* const node = take(key);
    if (node == nullptr) return;
    const auto value = node->value_exact<bool>();
    if (!value) return refuse(*node, fmt::format("{} must be true or false", key));
    into = *value;
  }

  void span(const char* key, duration& into) {
    std::string written;
    const auto* const node = table_.get(key);
    text(key, written);
    if (node == nullptr || problem_) return;
    const auto parsed = parse_duration(written);
    if (!parsed) return refuse(*node, fmt::format("{} must be a duration such as \"250ms\", \"10s\", \"3m\"", key));
    into = *parsed;
  }

  // Calls `each(table_reader&)` for every table of the array `key`.
  template <class Each>
  void tables(const char* key, Each each) {
    const auto* const node = take(key);
    if (node == nullptr) return;
    const auto* const array = node->as_array();
    if (array == nullptr) return refuse(*node, fmt::format("{} must be an array of tables", key));
    for (const auto& item : *array) {
      if (!item.is_table()) return refuse(item, fmt::format("{} must be an array of tables", key));
      table_reader inner(*item.as_table(), fmt::format("[[{}]]", key), problem_);
      each(inner);
      inner.finish();
    }
  }

  template <class Each>
  void table(const char* key, Each each) {
    const auto* const node = take(key);
    if (node == nullptr) return;
    if (!node->is_table()) return refuse(*node, fmt::format("{} must be a table", key));
    table_reader inner(*node->as_table(), fmt::format("[{}]", key), problem_);
    each(inner);
    inner.finish();
  }

  // Every key not yet taken, its scalar value as text.
  arguments rest() {
    arguments out;
    for (const auto& [key, node] : table_) {
      if (taken_.contains(key.str())) continue;
      taken_.insert(std::string(key.str()));
      if (const auto* const written = node.as_string()) {
        out.emplace(key.str(), written->get());
      } else if (const auto* const number = node.as_integer()) {
        out.emplace(key.str(), fmt::to_string(number->get()));
      } else if (const auto* const is = node.as_boolean()) {
        out.emplace(key.str(), is->get() ? "true" : "false");
      } else {
        refuse(node, fmt::format("{} must be a string, a whole number or a boolean", key.str()));
      }
    }
    return out;
  }

  void finish() {
    for (const auto& [key, node] : table_) {
      if (!taken_.contains(key.str())) refuse(node, fmt::format("unknown key \"{}\"", key.str()));
    }
  }

  void refuse(const toml::node& node, std::string_view what) {
    if (problem_) return;
    problem_ = failure{failure_kind::invalid, fmt::format("line {}: {} {}", node.source().begin.line, where_, what)};
  }
  void refuse(std::string_view what) { refuse(table_, what); }

private:
  const toml::node* take(const char* key) {
    const auto* const node = table_.get(key);
    if (node != nullptr) taken_.insert(key);
    return problem_ ? nullptr : node;
  }

  const toml::table& table_;
  std::string where_;
  std::optional<failure>& problem_;
  std::set<std::string, std::less<>> taken_;
};

void read_fleet(table_reader& from, fleet_plan& into) {
  from.integer("tenants", into.tenants, 1, 10'000);
  from.integer("pbxes", into.pbxes, 0, 20'000);
  from.integer("trunks_per_pbx", into.trunks_per_pbx, 0, 1'000);
  from.integer("sbcs_per_pbx", into.sbcs_per_pbx, 0, 100);
  from.integer("bridges_per_pbx", into.bridges_per_pbx, 0, 100);
  from.integer("services", into.services, 0, 13);
  from.integer("max_calls", into.max_calls, 0, 100'000);
  from.integer("calls", into.calls, 0, 100'000);
  from.integer("pbx_port", into.pbx_port, 0, 65'535);
  from.integer("blacklist_after", into.blacklist_after, 1, 1'000'000);
  from.text("client_id", into.client_id);
  from.text("secret", into.secret);
  from.text("domain", into.domain);
  from.text("version", into.version);
  from.span("token_life", into.token_life);
  from.tables("providers", [&](table_reader& one) {
    provider made;
    one.text("name", made.name);
    one.text("host", made.host);
    into.providers.push_back(std::move(made));
  });
}

void read_trunk(table_reader& from, trunk_plan& into) {
  from.text("number", into.number);
  from.text("name", into.name);
  from.text("host", into.host);
  from.text("type", into.type);
  from.text("registration", into.registration);
  from.text("direction", into.direction);
}

void read_pbx(table_reader& from, pbx_plan& into) {
  from.text("id", into.id);
  from.text("name", into.name);
  from.text("tenant", into.tenant);
  from.text("version", into.version);
  from.text("client_id", into.client_id);
  from.text("secret", into.secret);
  from.integer("sbcs", into.sbcs, 0, 100);
  from.integer("max_calls", into.max_calls, 0, 100'000);
  from.integer("calls", into.calls, 0, 100'000);
  from.tables("trunk", [&](table_reader& one) {
    if (!into.trunks) into.trunks.emplace();
    read_trunk(one, into.trunks->emplace_back());
  });
  if (into.id.empty()) from.refuse("needs an id");
}

// `repeat` times, `every` apart: one line of a file can flap a trunk.
void read_event(table_reader& from, std::vector<timed_command>& into) {
  duration at{};
  duration every{};
  int repeat = 1;
  from.span("at", at);
  from.span("every", every);
  from.integer("repeat", repeat, 1, 100'000);
  auto made = make_command(from.rest());
  if (!made) return from.refuse(made.error().detail);
  if (repeat > 1 && every == duration{}) return from.refuse("repeat needs every");
  for (int round = 0; round < repeat; ++round) into.push_back({at + every * round, *made});
}

// A scenario that names Twilio wants to be called: tenant files then have a channel for it.
void read_twilio(table_reader& from, twilio_plan& into) {
  into.in_tenant_files = true;
  from.integer("port", into.port, 0, 65'535);
  from.text("account", into.account);
  from.text("token", into.token);
  from.text("from", into.from);
  from.span("ring", into.ring);
  from.span("listen", into.listen);
  from.span("pace", into.pace);
}

void read_phone(table_reader& from, std::vector<command>& into) {
  auto all = from.rest();
  all.insert_or_assign("do", "phone");
  auto made = make_command(std::move(all));
  if (!made) return from.refuse(made.error().detail);
  into.push_back(std::move(*made));
}

void read_run(table_reader& from, timeline_start& into) {
  std::string written = "ready";
  from.text("start", written);
  if (written != "ready" && written != "told") return from.refuse("start must be \"ready\" or \"told\"");
  into = written == "told" ? timeline_start::when_told : timeline_start::at_once;
}

} // namespace

result<scenario> parse_scenario(std::string_view text, const std::string& name) {
  scenario made;
  std::optional<failure> problem;
  try {
    const auto parsed = toml::parse(text);
    table_reader top(parsed, "", problem);
    top.table("fleet", [&](table_reader& one) { read_fleet(one, made.fleet); });
    top.table("sinks", [&](table_reader& one) {
      one.integer("ntfy_port", made.sinks.ntfy_port, 0, 65'535);
      one.integer("webhook_port", made.sinks.webhook_port, 0, 65'535);
      one.integer("smtp_port", made.sinks.smtp_port, 0, 65'535);
      one.truth("email_channels", made.sinks.email_channels);
      one.integer("slack_port", made.sinks.slack_port, 0, 65'535);
      one.integer("autotask_port", made.sinks.autotask_port, 0, 65'535);
      one.truth("slack", made.sinks.slack);
      one.truth("autotask", made.sinks.autotask);
    });
    top.table("twilio", [&](table_reader& one) { read_twilio(one, made.twilio); });
    top.tables("phone", [&](table_reader& one) { read_phone(one, made.phones); });
    top.table("run", [&](table_reader& one) { read_run(one, made.start); });
    top.tables("pbx", [&](table_reader& one) { read_pbx(one, made.pbxes.emplace_back()); });
    top.tables("event", [&](table_reader& one) { read_event(one, made.events); });
    top.finish();
  } catch (const toml::parse_error& error) {
    problem =
        failure{failure_kind::invalid, fmt::format("line {}: {}", error.source().begin.line, error.description())};
  }
  if (problem) return failure{problem->kind, fmt::format("{}: {}", name, problem->detail)};
  std::stable_sort(made.events.begin(), made.events.end(),
                   [](const timed_command& a, const timed_command& b) { return a.at < b.at; });
  return made;
}

} // namespace ringdown::sim
