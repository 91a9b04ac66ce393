#include "bin/ringdown-sim/tenant_files.hpp"

#include "bin/ringdown-sim/smtp_session.hpp"
#include "bin/ringdown-sim/text.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <fcntl.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace ringdown::sim {

namespace {

constexpr auto company_names =
    std::to_array<const char*>({"Acorn IT", "Birch Networks", "Cedar Telecom", "Dogwood Services", "Elm Systems",
                                "Fir and Sons", "Gorse Support"});
constexpr auto people = std::to_array<const char*>(
    {"Jo Adler", "Sam Becker", "Kim Castell", "Ada Dunmore", "Lee Eklund", "Mia Forth", "Ned Garrow"});

std::string secret_path(const tenant_file_plan& plan, const std::string& name) {
  return fmt::format("{}/secrets/{}.secret", plan.directory, name);
}

result<void> write_file(const std::string& path, const std::string& text, mode_t mode) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (file < 0) return failure{failure_kind::unavailable, fmt::format("{}: {}", path, std::strerror(errno))};
  const auto written = ::write(file, text.data(), text.size());
  const int closed = ::close(file);
  if (written != static_cast<ssize_t>(text.size()) || closed != 0) {
    return failure{failure_kind::unavailable, fmt::format("{}: {}", path, std::strerror(errno))};
  }
  return {};
}

// "whsec_" + base64 of 32 random bytes, as Standard Webhooks asks.
std::string webhook_secret() {
  std::array<unsigned char, 32> raw{};
  RAND_bytes(raw.data(), static_cast<int>(raw.size()));
  std::array<unsigned char, 45> text{};
  EVP_EncodeBlock(text.data(), raw.data(), static_cast<int>(raw.size()));
  return fmt::format("whsec_{}", reinterpret_cast<const char*>(text.data()));
}

// Goes to the address of its user. Without TLS, which is enough for a server on this machine.
std::string email_channel(const std::string& tenant, const tenant_file_plan& plan) {
  return fmt::format(
      "\n[[channel]]\nid = \"{0}-mail\"\nkind = \"email\"\nname = \"Mailbox\"\nuser = \"{0}-tech\"\n"
      "host = \"127.0.0.1\"\nport = {1}\nsecurity = \"none\"\nfrom = \"alerts@{0}.sim.test\"\n"
      "username = \"{2}\"\npassword = {{ file = {3} }}\n",
      tenant, plan.smtp_port, mail_user, json_text(secret_path(plan, "mail")));
}

std::size_t number_of(const std::string& tenant) {
  return static_cast<std::size_t>(parse_number(std::string_view(tenant).substr(1), 1, 1'000'000).value_or(1) - 1);
}

// Numbers 030 23125 000 to 999 belong to nobody: they are kept for films.
std::string callable(std::size_t n) {
  return fmt::format("phone = \"+493023125{:03}\"\nvoice_consent = \"on paper, 2026-01-15\"\n", n % 900);
}

std::string twilio_channel(const std::string& tenant, const tenant_file_plan& plan) {
  return fmt::format(
      "\n[[channel]]\nid = \"{0}-voice\"\nkind = \"twilio\"\nname = \"Calls\"\nregions = \"DE\"\n"
      "base_url = {1}\naccount = {2}\nfrom = {3}\nauth_token = {{ file = {4} }}\n",
      tenant, json_text(plan.twilio->url), json_text(plan.twilio->account), json_text(plan.twilio->from),
      json_text(secret_path(plan, "twilio")));
}

} // namespace

std::string tenant_toml(const std::string& tenant, const std::vector<pbx>& fleet, const tenant_file_plan& plan) {
  const auto n = number_of(tenant);
  auto out = fmt::format("[tenant]\nid = \"{}\"\nname = \"{}\"\nzone = \"Europe/Berlin\"\n", tenant,
                         n < company_names.size() ? company_names[n] : fmt::format("Tenant {}", n + 1));
  for (const auto& one : fleet) {
    if (one.tenant != tenant) continue;
    out += fmt::format("\n[[customer]]\nid = \"{}\"\nname = {}\n{}", one.customer, json_text(one.label),
                       plan.autotask ? "company = \"174\"\n" : "");
    out += fmt::format(
        "\n[[instance]]\nid = \"{}\"\nname = {}\ncustomer = \"{}\"\nurl = \"https://{}:{}\"\n"
        "address = \"{}\"\nclient_id = {}\nsecret = {{ file = {} }}\ntls.ca_file = {}\n",
        one.name, json_text(one.label + " PBX"), one.customer, one.fqdn, plan.pbx_port, one.address,
        json_text(one.tokens.client_id()), json_text(secret_path(plan, one.name)), json_text(plan.ca_file));
  }
  out += fmt::format(
      "\n[[user]]\nid = \"{0}-tech\"\nname = \"{1}\"\nemail = \"tech@{0}.sim.test\"\n{2}\n[oncall]\nuser = "
      "\"{0}-tech\"\n",
      tenant, people[n % people.size()], plan.twilio ? callable(n) : "");
  if (plan.twilio) out += twilio_channel(tenant, plan);
  out += fmt::format(
      "\n[[channel]]\nid = \"{0}-push\"\nkind = \"ntfy\"\nname = \"Phone of {1}\"\nuser = \"{0}-tech\"\n"
      "url = {2}\ntopic = \"{0}-oncall\"\n",
      tenant, people[n % people.size()], json_text(plan.ntfy_url));
  out += fmt::format(
      "\n[[channel]]\nid = \"{0}-hook\"\nkind = \"webhook\"\nname = \"Ticket system\"\n"
      "url = {1}\nsecret = {{ file = {2} }}\n",
      tenant, json_text(fmt::format("{}/{}", plan.webhook_url, tenant)), json_text(plan.webhook_secret_file));
  if (plan.smtp_port != 0) out += email_channel(tenant, plan);
  if (plan.slack)
    out += fmt::format("\n[[channel]]\nid = \"{0}-chat\"\nkind = \"slack\"\nwebhook_url = {{ file = {1} }}\n", tenant,
                       json_text(secret_path(plan, tenant + "-slack")));
  if (plan.autotask)
    out += fmt::format(
        "\n[[channel]]\nid = \"{0}-tickets\"\nkind = \"autotask\"\nusername = \"api@{0}.example\"\n"
        "secret = {{ file = {1} }}\nintegration_code = {{ file = {1} }}\nqueue = 29682833\n"
        "priority_critical = 4\npriority_warning = 2\nnote_type = 3\n",
        tenant, json_text(secret_path(plan, tenant + "-autotask")));
  return out;
}

result<void> write_tenant_files(const std::vector<std::string>& tenants, const std::vector<pbx>& fleet,
                                tenant_file_plan plan) {
  std::error_code problem;
  plan.directory = std::filesystem::absolute(plan.directory, problem).lexically_normal().string();
  std::filesystem::create_directories(plan.directory + "/secrets", problem);
  if (problem) return failure{failure_kind::unavailable, fmt::format("{}: {}", plan.directory, problem.message())};

  if (plan.webhook_secret_file.empty()) {
    plan.webhook_secret_file = secret_path(plan, "webhook");
    if (auto done = write_file(plan.webhook_secret_file, webhook_secret() + "\n", 0600); !done) return done;
  }
  if (plan.smtp_port != 0) {
    if (auto done = write_file(secret_path(plan, "mail"), fmt::format("{}\n", mail_password), 0600); !done) return done;
  }
  if (plan.twilio) {
    if (auto done = write_file(secret_path(plan, "twilio"), plan.twilio->token + "\n", 0600); !done) return done;
  }
  for (const auto& one : fleet) {
    if (auto done = write_file(secret_path(plan, one.name), one.tokens.secret() + "\n", 0600); !done) return done;
  }
  for (const auto& tenant : tenants) {
    // The daemon's [provider.slack] base_url takes the place of scheme and host.
    const auto hook = fmt::format("https://hooks.slack.com/services/T0SIM/B0SIM/sim-{}\n", tenant);
    if (plan.slack)
      if (auto done = write_file(secret_path(plan, tenant + "-slack"), hook, 0600); !done) return done;
    if (plan.autotask)
      if (auto done = write_file(secret_path(plan, tenant + "-autotask"), "sim-autotask-" + tenant + "\n", 0600); !done)
        return done;
    const auto path = fmt::format("{}/{}.toml", plan.directory, tenant);
    if (auto done = write_file(path, tenant_toml(tenant, fleet, plan), 0644); !done) return done;
  }
  return {};
}

} // namespace ringdown::sim
