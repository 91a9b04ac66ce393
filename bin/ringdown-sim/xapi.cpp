#include "bin/ringdown-sim/xapi.hpp"

#include "bin/ringdown-sim/bodies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ringdown::sim {

namespace {

constexpr std::size_t cache_limit = 16;
constexpr duration cache_life = std::chrono::seconds(5); // bodies carry sample times
constexpr std::size_t huge_size = 60UL << 20;
constexpr std::size_t deep_levels = 200'000;

constexpr auto endpoints = std::to_array<std::string_view>({"Trunks", "Sbcs", "SystemStatus", "Services", "EventLogs"});

constexpr std::string_view gateway_page =
    "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
    "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
constexpr std::string_view client_page =
    "<!doctype html><html lang=\"en\"><head><title>Web client</title></head><body><app-root></app-root></body></html>";

answer plain(int status, std::string body) {
  answer out;
  out.status = status;
  out.body = share(std::move(body));
  return out;
}

answer page(int status, std::string_view html) {
  auto out = plain(status, std::string(html));
  out.content_type = "text/html";
  return out;
}

answer mute() {
  answer out;
  out.status = 0;
  out.then = ending::hang;
  return out;
}

// What the token endpoint reads: a form, or multipart as 3CX's own sample client sends it.
arguments credentials(const question& what) {
  const auto type = header(what.headers, "content-type").value_or("");
  constexpr std::string_view mark = "boundary=";
  const auto at = type.find(mark);
  if (!type.starts_with("multipart/form-data") || at == std::string_view::npos) return parse_form(what.body);
  auto boundary = type.substr(at + mark.size());
  boundary = boundary.substr(0, boundary.find(';'));
  if (boundary.starts_with('"') && boundary.ends_with('"') && boundary.size() >= 2) {
    boundary = boundary.substr(1, boundary.size() - 2);
  }
  return parse_multipart(what.body, boundary);
}

std::string value_of(const arguments& all, std::string_view key) {
  const auto at = all.find(key);
  return at == all.end() ? std::string() : at->second;
}

std::string_view bearer(const question& what) {
  const auto given = header(what.headers, "authorization").value_or("");
  constexpr std::string_view scheme = "Bearer ";
  return given.starts_with(scheme) ? given.substr(scheme.size()) : std::string_view{};
}

std::vector<entity> items_of(const pbx& of, std::string_view endpoint, wall_time now) {
  if (endpoint == "Trunks") return trunk_entities(of);
  if (endpoint == "Sbcs") return sbc_entities(of, now);
  if (endpoint == "Services") return service_entities(of, now);
  if (endpoint == "EventLogs") return event_entities(of);
  return {system_entity(of, now)};
}

answer token_answer(const token_office& office, login_answer outcome) {
  switch (outcome) {
    case login_answer::granted: {
      const auto life = std::chrono::duration_cast<std::chrono::seconds>(office.life()).count();
      return plain(200,
                   fmt::format(R"({{"token_type":"Bearer","expires_in":{},"access_token":"{}","refresh_token":null}})",
                               life, office.token()));
    }
    case login_answer::bad_grant: return plain(400, R"({"error":"unsupported_grant_type"})");
    case login_answer::bad_credentials:
    case login_answer::blocked: break;
  }
  return plain(400, R"({"error":"invalid_client","error_description":"Client authentication failed."})");
}

// A property may be asked for even while there is no item to see it on.
entity shape_of(const pbx& of, std::string_view endpoint, wall_time now) {
  pbx sample;
  sample.version = of.version;
  sample.trunks.resize(1);
  sample.sbcs.resize(1);
  sample.services.resize(1);
  sample.events.resize(1);
  return items_of(sample, endpoint, now).front();
}

// A proxy in front fails whatever it is asked; what is wrong with the content shows only where there is some.
bool fails_in_front(const fault& f) {
  switch (f.kind) {
    case fault_kind::down:
    case fault_kind::silent:
    case fault_kind::hang:
    case fault_kind::slow:
    case fault_kind::reset: return true;
    case fault_kind::status: return f.status == 429 || f.status >= 500;
    case fault_kind::html:
    case fault_kind::truncated:
    case fault_kind::huge:
    case fault_kind::deep:
    case fault_kind::bad_json:
    case fault_kind::empty:
    case fault_kind::field:
    case fault_kind::raw: return false;
  }
  return false;
}

bool stops_requests(const fault* f) { return f != nullptr && fails_in_front(*f) && f->kind != fault_kind::slow; }

answer bad_query(std::string_view why) { return plain(400, odata_query_error(why)); }

// What a sound request for an endpoint is answered.
answer sound_body(const pbx& of, std::string_view endpoint, std::string_view query, wall_time now) {
  const bool telemetry = endpoint == "SystemStatus/Pbx.SystemTelemetry()";
  if (!telemetry && std::find(endpoints.begin(), endpoints.end(), endpoint) == endpoints.end()) {
    return plain(404, odata_error("", "No resource with this key."));
  }
  const auto parsed = parse_odata(query);
  if (!parsed) return bad_query(parsed.error().detail);
  const auto base = fmt::format("https://{}", of.fqdn);
  if (telemetry) {
    return plain(200, write_collection(base, "Collection(Pbx.SystemTelemetry)", {telemetry_entity(of, now)}, *parsed));
  }
  if (const auto unknown = unknown_property(*parsed, shape_of(of, endpoint, now))) {
    return bad_query(fmt::format("Could not find a property named '{}' on this type.", *unknown));
  }
  auto items = items_of(of, endpoint, now);
  spoil_fields(of, endpoint, items);
  return plain(200, endpoint == "SystemStatus" ? write_singleton(base, endpoint, items.front(), *parsed)
                                               : write_collection(base, endpoint, items, *parsed));
}

// The same PBX with nothing wrong with its trunks.
pbx all_trunks_up(pbx of) {
  for (auto& one : of.trunks) {
    one.online = one.enabled;
    one.fail_code.clear();
    one.failed.reset();
  }
  return of;
}

std::shared_ptr<const std::string> padded(std::string json) {
  const auto end = std::min(json.rfind('}'), json.size());
  json.insert(end, R"(,"padding":")" + std::string(huge_size, 'x') + '"');
  return share(std::move(json));
}

} // namespace

xapi::xapi(world& pbxes, std::uint64_t seed) : world_(pbxes), random_(seed), cache_(pbxes.size()) {
  // Inside an item, where a reader that skips what it does not know has to follow it.
  deep_ = share(R"({"value":[{"Id":61,"Odd":)" + std::string(deep_levels, '[') + std::string(deep_levels, ']') + "}]}");
}

answer xapi::ask(std::size_t index, const question& what, wall_time now) {
  if (door_of(world_.at(index)) != door::open) return mute();
  const std::string_view target = what.target;
  const auto path = target.substr(0, target.find('?'));
  const auto query = path.size() == target.size() ? std::string_view{} : target.substr(path.size() + 1);
  if (path == "/connect/token") return login(index, what, now);

  constexpr std::string_view root = "/xapi/v1/";
  if (path.starts_with(root)) return read(index, path.substr(root.size()), query, what, now);
  auto out = page(200, client_page);
  if (const auto by = take_fault(index, "", out, now)) return spoiled(*by, std::move(out));
  return out;
}

std::optional<fault> xapi::take_fault(std::size_t index, std::string_view endpoint, const answer& sound,
                                      wall_time now) {
  const auto* const found = find_fault(world_.at(index), endpoint);
  if (found == nullptr || (sound.status != 200 && !fails_in_front(*found))) return std::nullopt;
  fault out = *found;
  if (!out.left) return out;
  world_.alter(index, now,
               [&](pbx& of) { std::erase_if(of.faults, [&](fault& f) { return f.id == out.id && --*f.left <= 0; }); });
  return out;
}

answer xapi::login(std::size_t index, const question& what, wall_time now) {
  ++logins_;
  const auto given = credentials(what);
  auto outcome = login_answer::bad_grant;
  auto out = plain(400, {});
  if (!stops_requests(find_fault(world_.at(index), "token"))) {
    world_.alter(index, now, [&](pbx& of) {
      outcome = of.tokens.login(value_of(given, "grant_type"), value_of(given, "client_id"),
                                value_of(given, "client_secret"), now, random_());
    });
    out = token_answer(world_.at(index).tokens, outcome);
  }
  const auto by = take_fault(index, "token", out, now);
  if (by) out = spoiled(*by, std::move(out));
  journal_line line(now, "login");
  line.add("pbx", world_.at(index).name).add("status", out.status).add("client", value_of(given, "client_id"));
  line.add_json("granted", json_bool(outcome == login_answer::granted));
  line.add("failures", world_.at(index).tokens.failures()).add("source", what.from);
  if (by) line.add("fault", by->verb);
  world_.tell(line);
  return out;
}

answer xapi::read(std::size_t index, std::string_view endpoint, std::string_view query, const question& what,
                  wall_time now) {
  ++polls_;
  answer out;
  if (what.method != "GET") {
    out = plain(405, odata_error("", "The requested resource does not support this method."));
  } else if (!world_.at(index).tokens.accepts(bearer(what), now)) {
    out = plain(401, {});
    out.headers.emplace_back("WWW-Authenticate", "Bearer");
  } else {
    out = body(index, endpoint, query, now);
  }
  const auto by = take_fault(index, endpoint, out, now);
  if (by && by->kind == fault_kind::huge) out = sound_body(all_trunks_up(world_.at(index)), endpoint, query, now);
  if (by) out = spoiled(*by, std::move(out));
  tell_poll(index, endpoint, out, by, now);
  return out;
}

answer xapi::body(std::size_t index, std::string_view endpoint, std::string_view query, wall_time now) {
  const auto& of = world_.at(index);
  auto& shelf = cache_[index];
  const auto key = fmt::format("{}?{}", endpoint, query);
  const auto kept = shelf.find(key);
  if (kept != shelf.end() && kept->second.revision == of.revision && now - kept->second.made < cache_life) {
    answer out;
    out.body = kept->second.body;
    return out;
  }
  auto out = sound_body(of, endpoint, query, now);
  if (out.status != 200) return out;
  if (shelf.size() >= cache_limit) shelf.clear();
  shelf.insert_or_assign(key, cached{of.revision, now, out.body});
  return out;
}

answer xapi::spoiled(const fault& by, answer sound) const {
  switch (by.kind) {
    case fault_kind::down:
    case fault_kind::silent:
    case fault_kind::hang: return mute();
    case fault_kind::slow: sound.delay = by.delay; return sound;
    case fault_kind::reset:
      sound.status = 0;
      sound.then = ending::reset;
      return sound;
    case fault_kind::status: {
      auto out = by.status == 502   ? page(502, gateway_page)
                 : by.status == 403 ? plain(403, odata_error("Forbidden", "Access denied"))
                 : by.status == 404 ? plain(404, odata_error("", "No resource with this key."))
                                    : plain(by.status, odata_error("", "The request cannot be served now."));
      if (by.retry_after) out.headers.emplace_back("Retry-After", fmt::to_string(*by.retry_after));
      return out;
    }
    case fault_kind::html: return page(200, client_page);
    case fault_kind::truncated: sound.then = ending::truncate; return sound;
    case fault_kind::huge: sound.body = padded(*sound.body); return sound;
    case fault_kind::deep: sound.body = deep_; return sound;
    case fault_kind::bad_json: return plain(200, R"({"value":[{"Id":61,"IsOnline":tru)");
    case fault_kind::empty: return plain(200, R"({"@odata.context":"$metadata#Trunks","value":[]})");
    case fault_kind::raw: {
      auto out = plain(by.status == 0 ? 200 : by.status, by.body);
      if (!by.content_type.empty()) out.content_type = by.content_type;
      return out;
    }
    case fault_kind::field: return sound;
  }
  return sound;
}

void xapi::tell_poll(std::size_t index, std::string_view endpoint, const answer& given, const std::optional<fault>& by,
                     wall_time now) {
  journal_line line(now, "poll");
  line.add("pbx", world_.at(index).name).add("endpoint", endpoint).add("status", given.status);
  if (by) line.add("fault", by->verb);
  world_.tell(line);
}

} // namespace ringdown::sim
