#include "bin/ringdownctl/doctor_owner.hpp"

#include "bin/ringdownctl/answer.hpp"
#include "bin/ringdownctl/daemon.hpp"
#include "bin/ringdownctl/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace ringdown::ctl {

namespace {

constexpr int most_pages = 1000; // of a thousand instances each
constexpr auto overdue_after = std::chrono::minutes(2);

bool is_that(const row& instance, const watched_as& who) {
  const auto url = parse_url(instance["url"]);
  if (!url) return false;
  if (url->host == who.host && url->port == who.port) return true;
  const auto place = net::parse_host_and_port(instance["address"]);
  const auto literal = net::parse_address(place ? place->host : url->host);
  const int port = place ? place->port.value_or(url->port) : url->port;
  if (literal && port == who.real_port && std::ranges::find(who.addresses, *literal) != who.addresses.end())
    return true;
  // Called otherwise, it tells its name itself. A name for many hosts tells nothing.
  return url->port == who.port && std::ranges::find(who.names, url->host) != who.names.end();
}

// What is wrong with it, for programs; "": nothing, as far as is known there.
std::string trouble_of(const row& of, wall_time now) {
  if (of["node"].empty()) return "unowned";
  if (!of["cause"].empty()) return of["cause"];
  if (of["reach"] != "reachable") return of["reach"].empty() ? "unknown" : of["reach"];
  if (of["why"] == "login refused" || of["why"] == "login paused") return "unauthorized";
  if (of["why"].starts_with("waiting")) return "waiting"; // for the lease, the store
  if (!of["blind"].empty()) return "not_readable";
  // The next poll is long overdue: what was seen last is no news.
  const auto next = parse_rfc3339(of["next_poll"]);
  return next && *next + overdue_after < now ? "stale" : "";
}

std::string_view advice_for(std::string_view trouble) {
  if (trouble == "unauthorized" || trouble == "not_readable")
    return "mend the tenant's file and apply it: the daemon tries at once. --login makes one of ours, which it does "
           "not count";
  if (trouble == "unowned") return "ringdownctl nodes: which node is to have it, and is it ready?";
  if (trouble == "unknown") return "wait for its first poll; ringdownctl instances shows when that is";
  if (trouble == "waiting" || trouble == "stale") return "ask /readyz of that node, and read its log";
  return trouble.empty() ? "" : "from here it answers: is the way from the daemon's machine another one?";
}

// Of all that are this PBX, the one that is worst off, whichever node watches it; none: nobody does.
result<std::optional<row>> watched(const session& run, const watched_as& who) {
  arguments there = run.given();
  there.ca_file = {}; // the PBX's
  auto where = find_daemon(there);
  if (!where) return where.error();
  auto asked = daemon::connect(std::move(*where));
  if (!asked) return asked.error();
  std::optional<row> found;
  std::string cursor;
  for (int page = 0; page < most_pages; ++page) {
    const auto said = (*asked)->ask(http_method::get, "/api/v1/instances?limit=1000" + cursor);
    if (!said) return said.error();
    const auto read = said->status == 200 ? read_answer(said->body) : std::nullopt;
    if (!read) return failure{failure_kind::unavailable, fmt::format("it answers {}", said->status)};
    for (const row& one : read->list("items"))
      if (is_that(one, who) && (!found || trouble_of(*found, run.now()).empty())) found = one;
    if (read->top["next"].empty()) return found;
    cursor = "&cursor=" + read->top["next"];
  }
  return failure{failure_kind::too_large, "its list of instances has no end"};
}

void tell_of_owner(const row& of, wall_time now, doctor_report& report) {
  std::string text = fmt::format("not tried: {}/{} is watched by {}, which says {}", of["tenant"], of["id"],
                                 of["node"].empty() ? "nobody just now" : of["node"], of["reach"]);
  if (!of["cause"].empty()) text += " (" + of["cause"] + ")";
  if (!of["why"].empty()) text += ", " + of["why"];
  if (!of["blind"].empty()) text += ", cannot read " + of["blind"];
  if (!of["last_complete_poll"].empty()) text += ", read in full " + ago(of["last_complete_poll"], now);
  if (of["last_poll"].empty()) text += "; what its last poll said, if there was one, is known to that node alone";
  const std::string trouble = trouble_of(of, now);
  report.add({"login", trouble.empty() ? step_state::skipped : step_state::failed, text, trouble,
              std::string(advice_for(trouble))});
}

} // namespace

bool is_left_to_its_owner(const session& run, const watched_as& who, doctor_report& report) {
  const arguments& given = run.given();
  // As find_daemon takes it: a token alone means the daemon of this machine.
  const bool is_named =
      !given.config.empty() || !given.url.empty() || !given.token_file.empty() || !given.state_dir.empty();
  if (!is_named && given.unreadable_config.empty()) {
    report.add({"owner",
                step_state::skipped,
                "no daemon is known here (--config or --daemon-url): whether one watches this PBX was not asked",
                {},
                {}});
    return false;
  }
  const auto of = !is_named ? result<std::optional<row>>(
                                  failure{failure_kind::refused, given.unreadable_config + " cannot be read by you"})
                            : watched(run, who);
  if (!of) {
    report.add({"owner", step_state::failed, "whether a daemon watches this PBX is not known: " + of.error().detail,
                std::string(name(of.error().kind)),
                "as the daemon's user (sudo -u ringdown) and while it runs; or --login, when you know that nobody "
                "watches it"});
    report.add({"login",
                step_state::skipped,
                "not tried: it would be one more that the PBX counts, and could take the token of whoever watches it",
                {},
                {}});
    return true;
  }
  if (!*of) {
    report.add({"owner",
                step_state::skipped,
                "the daemon known here watches no PBX of this name, address or certificate",
                {},
                {}});
    return false;
  }
  tell_of_owner(**of, run.now(), report);
  return true;
}

} // namespace ringdown::ctl
