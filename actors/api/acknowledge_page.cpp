#include "actors/api/handlers.hpp"

#include "actors/api/asking.hpp"

#include <fmt/format.h>

#include <utility>

namespace ringdown::api {

namespace {

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&': safe += "&amp;"; break;
      case '<': safe += "&lt;"; break;
      case '>': safe += "&gt;"; break;
      case '"': safe += "&quot;"; break;
      case '\'': safe += "&#39;"; break;
      default: safe += c;
    }
  }
  return safe;
}

// No script, nothing fetched: it must open at once on a bad mobile link. GET only shows, so that a link pre-fetcher
// cannot acknowledge (PRODUCT L-04); the form's POST acknowledges.
constexpr std::string_view page_form = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title><style>
body{{font:18px/1.45 system-ui,sans-serif;max-width:32rem;margin:0 auto;padding:1.2rem;background:#fff;color:#16202a}}
h1{{font-size:1.35rem;margin:.4rem 0}}p{{margin:.5rem 0}}.state{{font-weight:600}}small{{color:#55606b}}
.level{{display:inline-block;padding:.1rem .6rem;border-radius:1rem;color:#fff;background:#b3261e;font-size:.9rem}}.warning{{background:#8a5a00}}.info{{background:#33566f}}
button{{width:100%;padding:1rem;font-size:1.2rem;border:0;border-radius:.6rem;background:#0b5fff;color:#fff}}
button:focus-visible{{outline:3px solid #16202a;outline-offset:2px}}
@media(prefers-color-scheme:dark){{body{{background:#11161c;color:#e8edf2}}small{{color:#a5b0ba}}}}
</style></head><body><main>{body}</main></body></html>
)";

server_response page(int status, std::string_view title, std::string_view body) {
  return {
      status,
      {{"Content-Type", "text/html; charset=utf-8"},
       {"Cache-Control", "no-store"},
       {"Referrer-Policy", "no-referrer"},
       {"X-Frame-Options", "DENY"},
       {"Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"}},
      fmt::format(fmt::runtime(page_form), fmt::arg("title", escaped(title)), fmt::arg("body", body))};
}

server_response message(int status, std::string_view title, std::string_view text) {
  return page(status, title, fmt::format("<h1>{}</h1><p>{}</p>", escaped(title), escaped(text)));
}

server_response broken_link() {
  return message(404, "This link is not valid",
                 "It may have been cut when it was copied. Open the notification again, or use the console.");
}

std::string heading(const context& in, const alert& what) {
  const auto known = in.tenants.find(what.tenant);
  const auto* instance = known ? known->config->find(what.key.instance) : nullptr;
  const std::string outside = is_of_tenant(what.key) && known ? known->config->name : what.key.instance.str();
  const std::string& where = instance != nullptr ? instance->name : outside;
  const std::string thing = what.key.resource.kind == resource_kind::instance
                                ? std::string()
                                : ": " + (what.label.empty() ? to_text(what.key.resource) : what.label);
  return fmt::format(
      "<span class=\"level {0}\">{0}</span><h1>{1}{2}</h1><p>{3}</p><p>{4}</p><p><small>since {5}</small></p>",
      name(what.level), escaped(facts(what.key.type).phrase), escaped(thing), escaped(where), escaped(what.detail),
      rfc3339(what.since).substr(0, 19) + " UTC");
}

// What stands in the way of acknowledging now; empty: nothing.
std::string obstacle(const alert& what, const link_claim& claim) {
  if (what.episode != claim.episode)
    return "This link belongs to an earlier outage. A new notification carries a new link.";
  if (what.phase == alert_phase::resolved) return "It has recovered; there is nothing to acknowledge.";
  if (what.ack)
    return "Already acknowledged by " + what.ack->by + " at " + rfc3339(what.ack->at).substr(11, 8) + " UTC.";
  return {};
}

server_response show(const context& in, const alert& what, const link_claim& claim) {
  const std::string stands = obstacle(what, claim);
  const std::string action =
      stands.empty() ? "<form method=\"post\"><button type=\"submit\">Acknowledge</button></form><p><small>Stops "
                       "further calls and messages "
                       "about this outage. Recovery is still announced.</small></p>"
                     : fmt::format("<p class=\"state\" role=\"status\">{}</p>", escaped(stands));
  return page(200, facts(what.key.type).phrase, heading(in, what) + action);
}

// Nobody is thanked for what has not been done: whoever reads this goes back to sleep.
server_response ending(const std::string& top, const command_outcome& how) {
  const auto say = [&top](int status, std::string_view title, const std::string& text) {
    return page(status, title, top + fmt::format("<p class=\"state\" role=\"status\">{}</p>", escaped(text)));
  };
  if (!how) return say(503, "Not acknowledged", "It is not stored, so nothing is stopped yet. Try again.");
  const auto& decided = *how;
  if (!decided) return say(202, "Stored", "Your acknowledgement is stored and takes effect in a moment.");
  switch (decided->answer) {
    case command_answer::done: return say(200, "Acknowledged", "Acknowledged. Thank you.");
    case command_answer::already: return say(200, "Acknowledged", "Thank you. It was " + decided->text + ".");
    case command_answer::stale:
    case command_answer::unknown_subject:
    case command_answer::refused: break;
  }
  return say(409, "Not acknowledged", decided->text);
}

void with_alert(context& in, const path_parts& parts, const respond& answer,
                std::function<void(const alert&, const link_claim&)> then) {
  const auto claim = read_link_token(parts[0], in.sign_links);
  if (!claim) return answer(broken_link());
  const bool taken = in.reader->submit([claim = *claim, answer, then = std::move(then)](persistence::store& store) {
    const auto found = store.find_alert(claim.alert);
    if (!found) return answer(message(503, "Not available now", "The alert could not be read. Try again in a moment."));
    if (!*found || (*found)->tenant != claim.tenant) return answer(broken_link());
    then(**found, claim);
  });
  if (!taken) answer(message(503, "Busy", "Try again in a moment."));
}

} // namespace

void show_acknowledge_page(context& in, const server_request&, const path_parts& parts, const respond& answer) {
  with_alert(in, parts, answer,
             [&in, answer](const alert& what, const link_claim& claim) { answer(show(in, what, claim)); });
}

void acknowledge_by_link(context& in, const server_request&, const path_parts& parts, const respond& answer) {
  with_alert(in, parts, answer, [&in, answer](const alert& what, const link_claim& claim) {
    if (!obstacle(what, claim).empty()) return answer(show(in, what, claim));
    command ask;
    ask.tenant = claim.tenant;
    ask.kind = command_kind::acknowledge;
    ask.alert = claim.alert;
    ask.episode = claim.episode;
    ask.by = claim.person;
    ask.via = "link";
    ask_tenant(in, std::move(ask),
               [answer, top = heading(in, what)](const command_outcome& how) { answer(ending(top, how)); });
  });
}

} // namespace ringdown::api
