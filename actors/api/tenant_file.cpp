#include "actors/api/tenant_file.hpp"

#include "actors/api/channel_faults.hpp"
#include "actors/api/shared_fields.hpp"
#include "actors/api/timing_table.hpp"
#include "actors/api/url_rules.hpp"
#include "actors/api/written_values.hpp"
#include "actors/api/zone_loader.hpp"
#include "actors/net/address.hpp"
#include "protocol/wire/dialects.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

namespace ringdown::api {

namespace {

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const wire::dialect& one : wire::dialects()) names.emplace_back(one.describe().kind);
  return names;
}

std::string no_such_kind(const std::string& kind) {
  const auto names = kind_names();
  std::string all;
  for (const std::string& one : names) all += (all.empty() ? "" : ", ") + one;
  const std::string meant = did_you_mean(kind, names);
  return "no such kind of channel: \"" + kind + "\"" + (meant.empty() ? "; the kinds are " + all : meant);
}

std::vector<std::string> type_names() {
  std::vector<std::string> names;
  for (const alert_type_facts& one : alert_types()) names.emplace_back(one.name);
  return names;
}

class tenant_reader {
public:
  tenant_reader(const tenant_file_options& options, const secret_lookup& secrets, fault_list& faults)
      : options_(options),
        secrets_(secrets),
        faults_(faults) {}

  tenant_config read(const toml::table& table) {
    table_reader file(table, "", faults_);
    read_tenant(file);
    if (const toml::table* times = file.table("timing")) times_ = read_timing(*times, "timing", faults_);
    config_.times = times_.applied_to(options_.base);
    if (const toml::table* levels = file.table("severity")) read_severities(*levels);
    file.each_table("customer", [&](const toml::table& t, const std::string& where) { read_customer(t, where); });
    file.each_table("user", [&](const toml::table& t, const std::string& where) { read_user(t, where); });
    file.each_table("instance", [&](const toml::table& t, const std::string& where) { read_instance(t, where); });
    file.each_table("channel", [&](const toml::table& t, const std::string& where) { read_channel(t, where); });
    file.each_table("provider", [&](const toml::table& t, const std::string& where) { read_provider(t, where); });
    if (const toml::table* oncall = file.table("oncall")) read_oncall(*oncall);
    if (const toml::table* voice = file.table("voice")) read_voice(*voice);
    if (const toml::table* escalation = file.table("escalation")) read_escalation(*escalation);
    if (const toml::table* routing = file.table("routing")) read_routing(*routing);
    file.finish();
    return std::move(config_);
  }

private:
  // "no [[user]] has the id "x"; did you mean "y"?" when it names none of `known`.
  void check_reference(table_reader& r, const std::string& key, const std::string& kind, const std::string& id,
                       const std::set<std::string>& known) {
    if (!known.contains(id))
      r.fault(key, "no [[" + kind + "]] has the id \"" + id + "\"" + did_you_mean(id, {known.begin(), known.end()}));
  }

  void read_tenant(table_reader& file) {
    const toml::table* table = file.table("tenant");
    if (table == nullptr) {
      faults_.add_at(0, "[tenant] is required");
      return;
    }
    table_reader r(*table, "tenant", faults_);
    std::set<std::string> used;
    config_.id = tenant_id(read_id(r, used));
    config_.name = r.text("name").value_or(config_.id.str());
    config_.zone = r.text("zone").value_or("UTC");
    // A stored zone that this machine has lost is no reason not to watch: its times are given in UTC then.
    if (auto clocks = load_zone(config_.zone))
      config_.clocks = std::move(*clocks);
    else if (options_.machine != this_machine::taken_as_written)
      r.fault("zone", "\"" + config_.zone + "\" is not a time zone of this machine");
    r.finish();
  }

  bool has_file(const std::string& path) const {
    std::error_code none;
    return options_.machine == this_machine::taken_as_written || std::filesystem::is_regular_file(path, none);
  }

  void read_severities(const toml::table& table) {
    table_reader r(table, "severity", faults_);
    for (const alert_type_facts& one : alert_types())
      if (const auto level = r.word(std::string(one.name), parse_severity, "info, warning, critical"))
        config_.severities[std::string(one.name)] = *level;
    r.finish();
  }

  void read_customer(const toml::table& table, const std::string& where) {
    table_reader r(table, where, faults_);
    customer_config c;
    c.id = customer_id(read_id(r, customers_));
    c.name = r.text("name").value_or(c.id.str());
    c.company = r.text("company").value_or("");
    if (!is_company(c.company)) r.fault("company", "must be the customer's number in the PSA, in quotes");
    r.finish();
    config_.customers.push_back(std::move(c));
  }

  void read_user(const toml::table& table, const std::string& where) {
    table_reader r(table, where, faults_);
    user_config u;
    u.id = user_id(read_id(r, users_));
    u.name = r.text("name").value_or(u.id.str());
    u.email = r.text("email").value_or("");
    if (!u.email.empty() && !is_email(u.email)) r.fault("email", "is not an e-mail address");
    u.phone = r.text("phone").value_or("");
    if (!u.phone.empty() && !is_phone(u.phone)) r.fault("phone", "must be written as +15551234567 (E.164)");
    u.voice_consent = r.text("voice_consent").value_or("");
    r.finish();
    config_.users.push_back(std::move(u));
  }

  // `elsewhere` gets the key of one whose value only the daemon has.
  secret_text secret_of(table_reader& r, const std::string& key, std::set<std::string>& elsewhere) {
    const toml::node* at = r.node(key);
    const toml::table* reference = at == nullptr ? nullptr : at->as_table();
    if (reference == nullptr) {
      if (at != nullptr)
        r.fault(
            key,
            "a secret does not stand in the file: write { file = \"..\" }, { env = \"..\" } or { secret = \"..\" }");
      return {};
    }
    for (const char* kind : {"file", "env", "secret"}) {
      const auto what = (*reference)[kind].value<std::string>();
      if (!what || reference->size() != 1) continue;
      if (std::string_view(kind) == "secret" && !is_secret_name(*what)) {
        r.fault(key, "the name of a stored secret has letters, digits, '.', '_' and '-' only");
        return {};
      }
      auto answer = secrets_(kind, *what);
      if (answer.value) return std::move(*answer.value);
      if (answer.problem.empty())
        elsewhere.insert(key);
      else
        r.fault(key, answer.problem);
      return {};
    }
    r.fault(key, "must be one of { file = \"..\" }, { env = \"..\" }, { secret = \"..\" }");
    return {};
  }

  void read_instance(const toml::table& table, const std::string& where) {
    table_reader r(table, where, faults_);
    instance_config c;
    c.id = instance_id(read_id(r, instances_));
    c.name = r.text("name").value_or(c.id.str());
    c.customer = customer_id(r.text("customer").value_or(""));
    if (!c.customer.empty()) check_reference(r, "customer", "customer", c.customer.str(), customers_);
    c.url = r.required_text("url");
    check_https(r, c.url);
    while (!c.url.empty() && c.url.back() == '/') c.url.pop_back();
    c.address = r.text("address").value_or("");
    // The name is the url's: this is where the connection goes, and nobody resolves it.
    const bool is_address = c.address.empty() || net::parse_address(c.address);
    if (!is_address && options_.machine != this_machine::taken_as_written)
      r.fault("address", "\"" + c.address + "\" must be an IP address");
    c.client_id = r.required_text("client_id");
    if (table.get("secret") == nullptr) r.fault("secret", "is required");
    std::set<std::string> elsewhere;
    c.secret = secret_of(r, "secret", elsewhere);
    if (const toml::table* tls = r.table("tls")) c.tls = read_tls(*tls, where + ".tls");
    c.times = config_.times;
    if (const auto interval = r.span("interval")) c.times.poll_interval = *interval;
    if (const toml::table* times = r.table("timing"))
      c.times = read_timing(*times, where + ".timing", faults_).applied_to(c.times);
    if (c.times.poll_interval < options_.least_interval || c.times.poll_interval > std::chrono::hours(1))
      r.fault("interval", "must be from " + format_duration(options_.least_interval) + " to 1h");
    if (const toml::table* calls = r.table("calls")) c.calls = read_calls(*calls, where + ".calls");
    r.each_table("trunk", [&](const toml::table& t, const std::string& at) { c.trunks.push_back(read_trunk(t, at)); });
    if (!c.url.empty() && !logins_.insert({c.url, c.client_id}).second)
      r.fault("url", "another instance of this file has the same url and client_id");
    r.finish();
    config_.instances.push_back(std::move(c));
  }

  static void check_https(table_reader& r, const std::string& url) {
    if (url.empty()) return;
    const auto parts = parse_url(url);
    if (!parts)
      r.fault("url", parts.error().detail);
    else if (parts->scheme != "https")
      r.fault("url", "must be https: the credentials go there");
    else if (parts->target != "/")
      r.fault("url", "must be host and port only");
  }

  tls_policy read_tls(const toml::table& table, const std::string& where) {
    table_reader r(table, where, faults_);
    tls_policy made;
    made.ca_file = r.text("ca_file").value_or("");
    made.pin = r.text("pin").value_or("");
    made.server_name = r.text("server_name").value_or("");
    if (!made.pin.empty() && !is_pin(made.pin))
      r.fault("pin", "must be sha256// and the base64 of the public key's SHA-256");
    if (!made.pin.empty() && !made.ca_file.empty())
      r.fault("pin", "replaces the authority: give pin or ca_file, not both");
    made.ca_file = beside(made.ca_file);
    if (!made.ca_file.empty() && !has_file(made.ca_file)) r.fault("ca_file", made.ca_file + " cannot be read");
    r.finish();
    return made;
  }

  std::string beside(const std::string& path) const {
    if (path.empty() || std::filesystem::path(path).is_absolute()) return path;
    return (std::filesystem::absolute(options_.path).parent_path() / path).lexically_normal().string();
  }

  call_thresholds read_calls(const toml::table& table, const std::string& where) {
    table_reader r(table, where, faults_);
    call_thresholds made;
    made.warning = static_cast<int>(r.number("warning", 1, 100).value_or(made.warning));
    made.critical = static_cast<int>(r.number("critical", 1, 100).value_or(made.critical));
    made.hysteresis = static_cast<int>(r.number("hysteresis", 0, 50).value_or(made.hysteresis));
    if (made.warning > made.critical) r.fault("warning", "must not be above critical");
    r.finish();
    return made;
  }

  trunk_override read_trunk(const toml::table& table, const std::string& where) {
    table_reader r(table, where, faults_);
    trunk_override made;
    made.number = r.required_text("number");
    made.role = r.word("role", parse_trunk_role, "primary, secondary, failover").value_or(made.role);
    r.finish();
    return made;
  }

  void read_channel(const toml::table& table, const std::string& where) {
    table_reader r(table, where, faults_);
    const std::size_t faults_before = faults_.size();
    channel_config c;
    c.id = channel_id(read_id(r, channels_));
    c.kind = r.required_text("kind");
    c.name = r.text("name").value_or(c.id.str());
    c.enabled = r.truth("enabled").value_or(true);
    if (auto user = r.text("user")) c.user = user_id(std::move(*user));
    if (c.user) check_reference(r, "user", "user", c.user->str(), users_);
    c.floor = r.word("floor", parse_severity, "info, warning, critical").value_or(severity::info);
    const wire::dialect* dialect = wire::find_dialect(c.kind);
    if (dialect == nullptr && !c.kind.empty()) r.fault("kind", no_such_kind(c.kind));
    if (dialect == nullptr) return;
    std::set<std::string> elsewhere;
    for (const wire::field_description& field : dialect->describe().fields) {
      const std::string key(field.name);
      if (field.kind == wire::field_kind::secret) {
        secret_text value = secret_of(r, key, elsewhere);
        if (!value.empty()) c.secrets[key] = std::move(value);
      } else if (auto value = value_of(r, key, field.kind)) {
        if (field.kind == wire::field_kind::url) check_channel_url(r, key, *value);
        c.settings[key] = std::move(*value);
      } else if (field.from_user == wire::user_detail::email && c.user) {
        take_email(r, key, c);
      }
    }
    r.finish();
    // A rule that came with an update takes no tenant along that was sound when it was applied.
    const auto wrong =
        options_.machine == this_machine::taken_as_written ? std::nullopt : fault_of(*dialect, c, elsewhere);
    if (wrong && faults_.size() == faults_before) faults_.add(&table, where + " \"" + c.id.str() + "\": " + *wrong);
    config_.channels.push_back(std::move(c));
  }

  void read_provider(const toml::table& table, const std::string& where) {
    table_reader r(table, where, faults_);
    provider_config p;
    p.id = read_id(r, providers_);
    p.name = r.text("name").value_or(p.id);
    p.hosts = read_hosts(r, registrars_);
    r.finish();
    config_.providers.push_back(std::move(p));
  }

  static std::optional<std::string> value_of(table_reader& r, const std::string& key, wire::field_kind kind) {
    if (kind != wire::field_kind::number) return r.text(key);
    const auto number = r.number(key, 0, 1'000'000'000);
    return number ? std::optional(std::to_string(*number)) : std::nullopt;
  }

  // The channel's user says where it goes.
  void take_email(table_reader& r, const std::string& key, channel_config& into) {
    const user_config* user = config_.find(*into.user);
    if (user == nullptr) return; // said already
    if (user->email.empty())
      r.fault("user", "\"" + user->id.str() + "\" has no email, and the channel no " + key);
    else
      into.settings[key] = user->email;
  }

  void read_oncall(const toml::table& table) {
    table_reader r(table, "oncall", faults_);
    if (auto user = r.text("user")) config_.oncall.user = user_id(std::move(*user));
    if (config_.oncall.user) check_reference(r, "user", "user", config_.oncall.user->str(), users_);
    r.finish();
  }

  std::vector<alert_type> types_of(table_reader& r) {
    std::vector<alert_type> types;
    for (const std::string& one : r.texts("types")) {
      if (const auto type = parse_alert_type(one))
        types.push_back(*type);
      else
        r.fault("types", "no such alert type: \"" + one + "\"" + did_you_mean(one, type_names()));
    }
    return types;
  }

  std::vector<severity> levels_of(table_reader& r) {
    std::vector<severity> levels;
    for (const std::string& one : r.texts("levels")) {
      if (const auto level = parse_severity(one))
        levels.push_back(*level);
      else
        r.fault("levels", "\"" + one + "\" is not one of info, warning, critical");
    }
    return levels;
  }

  void read_voice(const toml::table& table) {
    table_reader r(table, "voice", faults_);
    voice_config& made = config_.voice;
    made.types = types_of(r);
    made.keys = r.truth("keypad").value_or(true) ? keypad::on : keypad::off;
    made.terse = r.truth("terse").value_or(false);
    made.opening = r.text("opening").value_or("");
    made.fallback = r.text("fallback").value_or("");
    if (!made.fallback.empty() && !is_phone(made.fallback))
      r.fault("fallback", "must be written as +15551234567 (E.164)");
    made.fallback_consent = r.text("fallback_consent").value_or("");
    if (auto user = r.text("owner")) made.owner = user_id(std::move(*user));
    if (made.owner) check_reference(r, "owner", "user", made.owner->str(), users_);
    r.finish();
  }

  void read_escalation(const toml::table& table) {
    constexpr std::int64_t most_cycles = 100;
    table_reader r(table, "escalation", faults_);
    escalation_config& made = config_.escalation;
    if (table.get("levels") != nullptr) made.levels = levels_of(r);
    made.cycles = static_cast<int>(r.number("cycles", 1, most_cycles).value_or(1));
    r.each_table("step", [&](const toml::table& t, const std::string& where) { read_step(t, where); });
    r.finish();
  }

  void read_step(const toml::table& table, const std::string& where) {
    table_reader r(table, where, faults_);
    escalation_step made;
    if (const auto after = r.span("after"))
      made.after = *after;
    else if (table.get("after") == nullptr)
      r.fault("after", "is required");
    const auto& steps = config_.escalation.steps;
    if (!steps.empty() && made.after < steps.back().after) r.fault("after", "must not be before the step above it");
    made.notify = r.texts("notify");
    if (r.is_empty("notify")) r.fault("notify", "must name somebody: \"oncall\", \"user:ID\" or \"channel:ID\"");
    for (const std::string& one : made.notify) {
      if (one.starts_with("user:"))
        check_reference(r, "notify", "user", one.substr(5), users_);
      else if (one.starts_with("channel:"))
        check_reference(r, "notify", "channel", one.substr(8), channels_);
      else if (one != "oncall")
        r.fault("notify", "\"" + one + "\" is none of \"oncall\", \"user:ID\", \"channel:ID\"");
    }
    r.finish();
    config_.escalation.steps.push_back(std::move(made));
  }

  void read_routing(const toml::table& table) {
    table_reader r(table, "routing", faults_);
    r.each_table("rule", [&](const toml::table& t, const std::string& where) {
      table_reader rule(t, where, faults_);
      route_config made;
      made.types = types_of(rule);
      made.levels = levels_of(rule);
      if (t.get("channels") == nullptr) rule.fault("channels", "is required ([] for nowhere)");
      for (const std::string& one : rule.texts("channels")) {
        made.channels.push_back(one);
        if (!one.starts_with("kind:"))
          check_reference(rule, "channels", "channel", one, channels_);
        else if (wire::find_dialect(one.substr(5)) == nullptr)
          rule.fault("channels", no_such_kind(one.substr(5)));
      }
      rule.finish();
      config_.routes.push_back(std::move(made));
    });
    r.finish();
  }

  const tenant_file_options& options_;
  const secret_lookup& secrets_;
  fault_list& faults_;
  tenant_config config_;
  timing_override times_;
  std::set<std::string> customers_, users_, instances_, channels_, providers_, registrars_;
  std::set<std::pair<std::string, std::string>> logins_;
};

} // namespace

tenant_file parse_tenant_file(const std::string& text, const tenant_file_options& options,
                              const secret_lookup& secrets) {
  fault_list faults(options.path);
  const auto table = parse_toml(text, faults);
  if (!table) return {std::nullopt, faults.take()};
  tenant_config config = tenant_reader(options, secrets, faults).read(*table);
  if (!faults.empty()) return {std::nullopt, faults.take()};
  return {std::move(config), {}};
}

} // namespace ringdown::api
