#include "actors/api/handlers.hpp"

#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::api {

namespace {

enum class access : std::uint8_t { open, token };

struct route {
  std::string_view method;
  std::string_view pattern; // '*' stands for one part
  access needs;
  route_handler handle;
};

constexpr std::array routes{
    route{"GET", "/livez", access::open, get_livez},
    route{"GET", "/readyz", access::open, get_readyz},
    route{"GET", "/metrics", access::open, get_metrics},
    route{"GET", "/a/*", access::open, show_acknowledge_page},
    route{"POST", "/a/*", access::open, acknowledge_by_link},
    route{"POST", "/callbacks/*/*/*/*/*", access::open, post_callback},
    route{"GET", "/api/v1/version", access::token, get_version},
    route{"GET", "/api/v1/tenants", access::token, get_tenants},
    route{"DELETE", "/api/v1/tenants/*", access::token, delete_tenant},
    route{"GET", "/api/v1/tenants/*/file", access::token, get_tenant_file},
    route{"PUT", "/api/v1/tenants/*/file", access::token, put_tenant_file},
    route{"POST", "/api/v1/tenants/*/channels/*/test", access::token, post_test_channel},
    route{"GET", "/api/v1/tenants/*/channels/*/choices", access::token, get_choices},
    route{"GET", "/api/v1/tenants/*/oncall", access::token, get_oncall},
    route{"POST", "/api/v1/tenants/*/oncall", access::token, post_oncall},
    route{"POST", "/api/v1/tenants/*/drill", access::token, post_drill},
    route{"POST", "/api/v1/tenants/*/phones/code", access::token, post_phone_code},
    route{"POST", "/api/v1/tenants/*/phones/confirm", access::token, post_phone_confirm},
    route{"GET", "/api/v1/alerts", access::token, get_alerts},
    route{"GET", "/api/v1/alerts/*", access::token, get_alert},
    route{"GET", "/api/v1/alerts/*/explain", access::token, get_explain},
    route{"POST", "/api/v1/alerts/*/ack", access::token, post_acknowledge},
    route{"POST", "/api/v1/alerts/*/snooze", access::token, post_snooze},
    route{"POST", "/api/v1/alerts/*/renotify", access::token, post_renotify},
    route{"POST", "/api/v1/mutes", access::token, post_mute},
    route{"POST", "/api/v1/silence", access::token, post_silence},
    route{"GET", "/api/v1/deliveries", access::token, get_deliveries},
    route{"GET", "/api/v1/deliveries/*", access::token, get_delivery},
    route{"POST", "/api/v1/deliveries/*/resend", access::token, post_resend},
    route{"GET", "/api/v1/actors", access::token, get_actors},
    route{"POST", "/api/v1/actors/restart", access::token, post_restart_actor},
    route{"GET", "/api/v1/nodes", access::token, get_nodes},
    route{"POST", "/api/v1/nodes/*/drain", access::token, post_drain_node},
    route{"GET", "/api/v1/instances", access::token, get_instances},
    route{"GET", "/api/v1/trunks", access::token, get_trunks},
    route{"GET", "/api/v1/audit", access::token, get_audit},
    route{"GET", "/api/v1/audit/verify", access::token, verify_audit},
};

std::pair<std::string_view, std::string_view> first_part(std::string_view path) {
  path.remove_prefix(1);
  const auto end = path.find('/');
  return end == std::string_view::npos ? std::pair{path, std::string_view()}
                                       : std::pair{path.substr(0, end), path.substr(end)};
}

bool matches(std::string_view pattern, std::string_view path, path_parts& parts) {
  parts.clear();
  while (!pattern.empty() && !path.empty()) {
    const auto [want, pattern_rest] = first_part(pattern);
    const auto [have, path_rest] = first_part(path);
    if (want == "*" && !have.empty())
      parts.emplace_back(have);
    else if (want != have)
      return false;
    pattern = pattern_rest;
    path = path_rest;
  }
  return pattern.empty() && path.empty();
}

server_response not_that_method(const std::string& method, const std::vector<std::string_view>& allowed) {
  auto refused = problem(405, "method not allowed", method + " is not for this path");
  std::string list;
  for (const std::string_view one : allowed)
    list += (list.empty() ? "" : ", ") + std::string(one) + (one == "GET" ? ", HEAD" : "");
  refused.headers.emplace_back("Allow", std::move(list));
  return refused;
}

bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0; // all bytes are looked at, so that time tells nothing
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return difference == 0;
}

bool is_authorized(const context& in, const server_request& request) {
  constexpr std::string_view scheme = "Bearer ";
  const auto given = header(request.headers, "authorization");
  return given && given->starts_with(scheme) && !in.bearer_token.empty() &&
         same_secret(given->substr(scheme.size()), in.bearer_token);
}

} // namespace

void answer_request(context& in, const server_request& request, const respond& answer) {
  const std::string_view method = request.method == "HEAD" ? std::string_view("GET") : std::string_view(request.method);
  path_parts parts;
  std::vector<std::string_view> allowed;
  for (const route& one : routes) {
    if (!matches(one.pattern, request.path, parts)) continue;
    allowed.push_back(one.method);
    if (one.method != method) continue;
    if (one.needs == access::token && !is_authorized(in, request)) {
      auto refused = problem(401, "unauthorized", "give the token of the token file as: Authorization: Bearer TOKEN");
      refused.headers.emplace_back("WWW-Authenticate", "Bearer");
      answer(std::move(refused));
      return;
    }
    one.handle(in, request, parts, answer);
    return;
  }
  answer(allowed.empty() ? problem(404, "not found", "no such path") : not_that_method(request.method, allowed));
}

} // namespace ringdown::api
