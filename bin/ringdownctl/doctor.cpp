#include "actors/net/egress_guard.hpp"
#include "actors/net/http_client.hpp"
#include "actors/net/resolver.hpp"
#include "bin/ringdownctl/commands.hpp"
#include "bin/ringdownctl/doctor_login.hpp"
#include "bin/ringdownctl/doctor_owner.hpp"
#include "bin/ringdownctl/doctor_probe.hpp"
#include "bin/ringdownctl/doctor_report.hpp"
#include "bin/ringdownctl/table.hpp"
#include "protocol/wire/json_writer.hpp"
#include "protocol/wire/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

namespace ringdown::ctl {

namespace {

constexpr auto patience = std::chrono::seconds(5);
constexpr std::size_t most_addresses = 8;
constexpr std::size_t longest_text = 400;

struct patient {
  wire::pbx::pbx_target target;
  url_parts parts;
  int port = 0;
  std::vector<std::string> names; // of its certificate
};

std::string_view word_of(step_state state) {
  switch (state) {
    case step_state::fine: return "ok";
    case step_state::failed: return "FAILED";
    case step_state::skipped: return "skipped";
  }
  return "skipped";
}

// The patient as described on the command line; the exit code when that is wrong.
std::variant<patient, int> described(const session& run) {
  const arguments& given = run.given();
  const auto parts = parse_url(given.pbx_url);
  if (!parts) return run.complain(exit_usage, "--url: " + parts.error().detail);
  if (parts->scheme != "https") return run.complain(exit_usage, "--url must be https: the credentials go there");
  if (given.client_id.empty() != given.secret_file.empty())
    return run.complain(exit_usage, "--client-id and --secret-file go together");
  patient made;
  made.parts = *parts;
  made.port = parts->port;
  const bool v6 = parts->host.find(':') != std::string::npos;
  made.target.url = fmt::format("https://{}{}{}:{}", v6 ? "[" : "", parts->host, v6 ? "]" : "", parts->port);
  made.target.address = given.address;
  made.target.client_id = given.client_id;
  made.target.tls = {given.ca_file, given.pin, given.server_name};
  if (!given.pin.empty() && !net::is_pin(given.pin))
    return run.complain(exit_usage, "--pin must be sha256// and the base64 of 32 bytes");
  if (!given.ca_file.empty() && !std::ifstream(given.ca_file))
    return run.complain(exit_usage, "--ca-file: " + given.ca_file + " cannot be read");
  if (given.secret_file.empty()) return made;
  std::ifstream in(given.secret_file);
  std::string secret;
  std::error_code unknown;
  if (!in && !std::filesystem::exists(given.secret_file, unknown) && !unknown)
    return run.complain(exit_refused, fmt::format("cannot read a secret in {}: no such file", given.secret_file));
  if (!std::getline(in, secret) || secret.empty())
    return run.complain(exit_refused, fmt::format("cannot read a secret in {}", given.secret_file));
  if (secret.ends_with('\r')) secret.pop_back();
  made.target.secret = secret_text(std::move(secret));
  return made;
}

net::addresses resolve(patient& who, doctor_report& report) {
  std::string host = who.parts.host;
  if (!who.target.address.empty()) {
    const auto place = net::parse_host_and_port(who.target.address);
    if (!place) {
      report.add(
          {"dns", step_state::failed, place.error().detail, "invalid", "--address takes ADDRESS or ADDRESS:PORT"});
      return {};
    }
    host = place->host;
    if (place->port) who.port = *place->port;
  }
  if (const auto literal = net::parse_address(host)) {
    report.add({"dns", step_state::skipped, fmt::format("{} is an address", host), {}, {}});
    return {*literal};
  }
  auto found = net::system_lookup(host);
  if (!found) {
    const bool unknown = found.error().kind == failure_kind::not_found;
    report.add({"dns", step_state::failed, found.error().detail, "dns",
                unknown ? "no such name: compare the FQDN with the one in 3CX, or give --address"
                        : "no name server answers this machine: look at /etc/resolv.conf"});
    return {};
  }
  std::string text;
  for (const auto& one : *found) text += fmt::format("{}{}", text.empty() ? "" : ", ", net::to_string(one));
  report.add({"dns", step_state::fine, fmt::format("{} is {}", host, text), {}, {}});
  return std::move(*found);
}

std::string tcp_advice(failure_kind kind) {
  if (kind == failure_kind::refused)
    return "the machine is there but nothing listens on this port: 3CX's web server is stopped, or it is another port";
  if (kind == failure_kind::timed_out)
    return "no answer at all: machine down, a firewall in between, or this machine is on the PBX's blacklist";
  return "there is no way there from this machine: look at routing and VPN";
}

// The first address that accepts a connection; each that does not is told.
std::optional<net::ip_address> examine_tcp(const patient& who, const net::addresses& all, doctor_report& report) {
  std::optional<net::ip_address> good;
  failure why;
  std::string tried;
  for (const auto& one : all) {
    if (tried.size() > longest_text) break;
    const auto socket = connect_tcp(one, who.port, patience);
    if (socket) {
      good = one;
      break;
    }
    why = socket.error();
    tried += fmt::format("{}{}: {}", tried.empty() ? "" : ", ", net::to_string(one), why.detail);
  }
  if (!good) {
    report.add({"tcp", step_state::failed, fmt::format("port {}: {}", who.port, tried), std::string(name(why.kind)),
                tcp_advice(why.kind)});
    return std::nullopt;
  }
  const bool special = net::classify(*good) == net::address_kind::special;
  report.add({"tcp",
              step_state::fine,
              fmt::format("{} port {} accepts{}", net::to_string(*good), who.port,
                          tried.empty() ? "" : " (not: " + tried + ")"),
              {},
              special ? "the daemon connects to loopback and such addresses only when [egress] allow lists them" : ""});
  return good;
}

std::string tls_advice(const net::tls_trouble& trouble) {
  switch (trouble.error) {
    case transport_error::tls_untrusted:
      return "the chain does not end at a known authority: give --ca-file with the authority's PEM, or --pin as shown "
             "above (in the tenant file: tls.ca_file, tls.pin)";
    case transport_error::tls_name:
      return "the certificate is for other names: use one of them in the URL, or --server-name (tls.server_name)";
    case transport_error::tls_expired:
      return "renew the certificate on the PBX (3CX renews its own FQDN by itself when it can reach the internet); "
             "compare this machine's clock, too";
    case transport_error::tls_pin:
      return "another key than the pinned one: the certificate was replaced, or somebody is in between. Compare before "
             "changing the pin";
    default: return "it does not speak TLS 1.2 or later on this port";
  }
}

bool examine_tls(patient& who, const net::ip_address& at, wall_time now, doctor_report& report) {
  const std::string host = who.target.tls.server_name.empty() ? who.parts.host : who.target.tls.server_name;
  if (const auto socket = connect_tcp(at, who.port, patience)) {
    if (const auto seen = shown_certificate(*socket, host)) {
      who.names = seen->names;
      std::string names;
      for (const auto& one : seen->names) names += fmt::format("{}{}", names.empty() ? "" : ", ", one);
      report.add({"certificate",
                  step_state::fine,
                  fmt::format("for {}; by {}; until {} ({}); pin {}", first_of(names, seen->subject), seen->issuer,
                              rfc3339(seen->until).substr(0, 10), ago(rfc3339(seen->until), now), seen->pin),
                  {},
                  {}});
    }
  }
  const auto socket = connect_tcp(at, who.port, patience);
  if (!socket) {
    report.add({"tls", step_state::failed, socket.error().detail, std::string(name(socket.error().kind)),
                "it accepts no further connection"});
    return false;
  }
  const auto trouble = try_handshake(*socket, who.target.tls, who.parts.host);
  if (trouble)
    report.add({"tls", step_state::failed, fmt::format("{} {}", name(trouble->error), trouble->detail),
                std::string(name(trouble->error)), tls_advice(*trouble)});
  else
    report.add({"tls",
                step_state::fine,
                who.target.tls.pin.empty() ? "chain and name are trusted" : "the key is the pinned one",
                {},
                {}});
  return !trouble;
}

void examine(const session& run, patient& who, doctor_report& report) {
  auto all = resolve(who, report);
  if (all.size() > most_addresses) all.resize(most_addresses);
  if (all.empty()) return;
  const auto at = examine_tcp(who, all, report);
  if (!at || !examine_tls(who, *at, run.now(), report)) return;
  net::client_options options;
  options.resolver_threads = 1;
  options.egress_allow = {"0.0.0.0/0", "::/0"}; // the operator named the address; the daemon's guard is not asked
  auto port = net::make_http_client(std::move(options));
  if (!port) {
    report.add({"http", step_state::failed, port.error().detail, "internal", {}});
    return;
  }
  who.target.address = at->is_v4 ? fmt::format("{}:{}", net::to_string(*at), who.port)
                                 : fmt::format("[{}]:{}", net::to_string(*at), who.port);
  if (!examine_http(**port, who.target, report)) return;
  if (who.target.client_id.empty())
    report.add({"login", step_state::skipped, "give --client-id and --secret-file to try it (once)", {}, {}});
  else if (run.given().login ||
           !is_left_to_its_owner(run, {who.parts.host, who.parts.port, all, who.port, who.names}, report))
    examine_login(**port, who.target, run.now(), report);
}

} // namespace

void doctor_report::add(doctor_step step) {
  step.found = wire::one_line(step.found, longest_text);
  if (!run_.wants_json()) {
    run_.print(fmt::format("{:<8} {:<13} {}\n", word_of(step.state), step.name, step.found));
    if (!step.advice.empty()) run_.print(fmt::format("{:<8} {:<13} -> {}\n", "", "", step.advice));
  }
  steps_.push_back(std::move(step));
}

bool doctor_report::failed() const {
  return std::ranges::any_of(steps_, [](const doctor_step& one) { return one.state == step_state::failed; });
}

int doctor_report::finish() const {
  if (run_.wants_json()) {
    wire::json_writer json;
    json.open_object().truth("healthy", !failed()).key("items").open_array();
    for (const doctor_step& one : steps_) {
      json.open_object()
          .text("step", one.name)
          .text("state", one.state == step_state::failed ? "failed" : word_of(one.state));
      json.text("found", one.found).text_or_null("cause", one.cause).text_or_null("advice", one.advice).close_object();
    }
    json.close_array().text_or_null("next", "").close_object();
    run_.print(json.str() + "\n");
  } else if (failed()) {
    const auto first = std::ranges::find(steps_, step_state::failed, &doctor_step::state);
    run_.print(fmt::format("the cause is at step {}: {}\n", first->name, first->cause));
  } else {
    run_.print("nothing is wrong as far as this went\n");
  }
  return failed() ? exit_negative : exit_ok;
}

int doctor(session& run) {
  auto who = described(run);
  if (const int* code = std::get_if<int>(&who)) return *code;
  doctor_report report(run);
  examine(run, std::get<patient>(who), report);
  return report.finish();
}

} // namespace ringdown::ctl
