#include "actors/api/handlers.hpp"

#include "actors/api/asking.hpp"
#include "actors/logic/wording.hpp"

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
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
h1{{font-size:1.35rem;margin:.4rem 0;overflow-wrap:anywhere}}p{{margin:.5rem 0;overflow-wrap:anywhere}}.state{{font-weight:600}}small{{color:#55606b}}
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
  return message(
      404, "This link is not valid",
      "It may have been cut when it was copied: open the notification again. If that does not help, ask your "
      "operator.");
}

// One page for one link: the alert, as the tenant's people know it, and whom the link belongs to.
struct opened_link {
  alert what;
  link_claim claim;
  std::shared_ptr<const tenant_config> config;
  wall_time now;

  [[nodiscard]] logic::reader reader() const { return {*config, now}; }
  [[nodiscard]] const user_config* person() const { return config->find(user_id(claim.person)); }
};

opened_link opened(const context& in, const alert& what, const link_claim& claim) {
  const auto known = in.tenants.find(what.tenant);
  return {what, claim, known ? known->config : std::make_shared<tenant_config>(), in.world->time.now().wall};
}

std::string paragraph(std::string_view text) {
  return text.empty() ? std::string() : fmt::format("<p>{}</p>", escaped(text));
}

// The words of the message that the link came with, as they are now.
std::string heading(const opened_link& at) {
  const alert_view view = logic::view_of(at.what, *at.config);
  const bool over = at.what.phase == alert_phase::resolved;
  const notice_event event = over ? notice_event::resolved : notice_event::fired;
  const bool gone = over && at.what.removed;
  const std::string title = gone ? logic::removed_title(view, at.reader()) : logic::title_of(event, view, at.reader());
  const std::string text = gone ? logic::removed_text(view, at.reader()) : logic::text_of(event, view, "", at.reader());
  const std::string customer = view.customer_name.empty() ? std::string() : "Customer: " + view.customer_name;
  return fmt::format("<span class=\"level {0}\">{0}</span><h1>{1}</h1>{2}{3}", name(at.what.level), escaped(title),
                     paragraph(customer), paragraph(text));
}

std::string taken_words(const opened_link& at) {
  const std::string when = logic::clock_words(at.what.ack->at, at.reader());
  if (at.what.ack->by == at.claim.person && at.person() != nullptr) return "You acknowledged this at " + when + ".";
  return fmt::format("Already acknowledged by {} at {}.", logic::person_words(at.what.ack->by, *at.config), when);
}

// What stands in the way of acknowledging now; empty: nothing.
std::string obstacle(const opened_link& at) {
  if (at.what.episode != at.claim.episode)
    return "This link belongs to an earlier outage. A new notification carries a new link.";
  if (at.what.phase == alert_phase::resolved) return "It has recovered; there is nothing to acknowledge.";
  return at.what.ack ? taken_words(at) : std::string();
}

std::string button(const opened_link& at) {
  const user_config* person = at.person();
  const std::string as = person == nullptr ? std::string() : " as " + logic::person_words(person->id.str(), *at.config);
  return fmt::format(
      "<form method=\"post\"><button type=\"submit\">Acknowledge{}</button></form><p><small>Stops further "
      "calls and messages about this outage. Recovery is still announced.</small></p>",
      escaped(as));
}

std::string status(std::string_view text) {
  return fmt::format("<p class=\"state\" role=\"status\">{}</p>", escaped(text));
}

server_response show(const opened_link& at) {
  const std::string stands = obstacle(at);
  return page(200, facts(at.what.key.type).phrase, heading(at) + (stands.empty() ? button(at) : status(stands)));
}

// Nobody is thanked for what has not been done: whoever reads this goes back to sleep.
server_response ending(const std::string& top, const command_outcome& how) {
  const auto say = [&top](int code, std::string_view title, const std::string& text) {
    return page(code, title, top + status(text));
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
                std::function<void(const opened_link&)> then) {
  const auto claim = read_link_token(parts[0], in.sign_links);
  if (!claim) return answer(broken_link());
  const bool taken =
      in.reader->submit([&in, claim = *claim, answer, then = std::move(then)](persistence::store& store) {
        const auto found = store.find_alert(claim.alert);
        if (!found)
          return answer(message(503, "Not available now", "The alert could not be read. Try again in a moment."));
        if (!*found || (*found)->tenant != claim.tenant) return answer(broken_link());
        then(opened(in, **found, claim));
      });
  if (!taken) answer(message(503, "Busy", "Try again in a moment."));
}

} // namespace

void show_acknowledge_page(context& in, const server_request&, const path_parts& parts, const respond& answer) {
  with_alert(in, parts, answer, [answer](const opened_link& at) { answer(show(at)); });
}

void acknowledge_by_link(context& in, const server_request&, const path_parts& parts, const respond& answer) {
  with_alert(in, parts, answer, [&in, answer](const opened_link& at) {
    if (!obstacle(at).empty()) return answer(show(at));
    command ask;
    ask.tenant = at.claim.tenant;
    ask.kind = command_kind::acknowledge;
    ask.alert = at.claim.alert;
    ask.episode = at.claim.episode;
    ask.by = at.claim.person;
    ask.via = "link";
    ask_tenant(in, std::move(ask),
               [answer, top = heading(at)](const command_outcome& how) { answer(ending(top, how)); });
  });
}

} // namespace ringdown::api
