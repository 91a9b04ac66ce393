#include "protocol/wire/pbx/xapi.hpp"

#include "protocol/wire/pbx/collection.hpp"
#include "protocol/wire/text.hpp"

#include <fmt/format.h>

namespace ringdown::wire::pbx {

namespace {

constexpr std::size_t longest_version = 60;

std::string_view path_of(endpoint what, field_set fields) {
  const bool current = fields == field_set::current;
  switch (what) {
    case endpoint::trunks:
      return current ? "/xapi/v1/Trunks?$select=Id,Number,IsOnline,Direction,EnableInboundCalls,EnableOutboundCalls,"
                       "ConfigurationIssue,Gateway,TrunkRegTimes"
                     : "/xapi/v1/Trunks?$select=Id,Number,IsOnline,Direction,EnableInboundCalls,EnableOutboundCalls,"
                       "ConfigurationIssue,Gateway";
    case endpoint::sbcs:
      return current ? "/xapi/v1/Sbcs?$select=Name,DisplayName,HasConnection,Connection"
                     : "/xapi/v1/Sbcs?$select=Name,DisplayName,HasConnection";
    case endpoint::system_status:
      return "/xapi/v1/SystemStatus?$select=Version,CallsActive,MaxSimCalls,HasNotRunningServices";
    case endpoint::services: return "/xapi/v1/Services?$select=Name,DisplayName,Status";
  }
  return "/xapi/v1/";
}

std::string without_slash(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string(url);
}

http_request get_openly(std::string url, const pbx_target& target) {
  http_request request;
  request.url = std::move(url);
  request.connect_to = target.address;
  request.tls = target.tls;
  request.egress = egress_class::pbx;
  request.response_limit = body_limit;
  request.connect_timeout = target.connect_timeout;
  request.timeout = target.timeout;
  return request;
}

http_request get(std::string url, const pbx_target& target, const secret_text& token) {
  http_request request = get_openly(std::move(url), target);
  request.headers = {{"Accept", "application/json"}, {"Authorization", "Bearer " + token.reveal()}};
  return request;
}

class link_visitor final : public json_visitor {
public:
  bool on_value(const json_path& path, const json_value& value) override {
    if (path.depth() == 1 && path.last() == "@odata.nextLink") link = value.as_text().value_or(std::string_view());
    return true;
  }
  bool on_end(const json_path& /*path*/, json_kind /*kind*/) override { return true; }

  std::string link;
};

// Below /xapi/ however a server reads the path: nothing that may lead upwards, plain or escaped.
bool is_within_xapi(std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  return path.starts_with("/xapi/") && path.find("..") == std::string_view::npos &&
         path.find_first_of("%\\") == std::string_view::npos;
}

// The next page on the same origin; a link without scheme is relative to it. nullopt: not to be followed.
std::optional<std::string> followed(const std::string& link, const pbx_target& target) {
  const auto base = parse_url(target.url);
  if (link.empty() || !base) return std::nullopt;
  const bool absolute = link.find("://") != std::string::npos;
  const std::string url =
      absolute ? link : without_slash(target.url) + (link.starts_with('/') ? link : "/xapi/v1/" + link);
  const auto parts = parse_url(url);
  if (!parts || parts->host != base->host || parts->port != base->port || parts->scheme != base->scheme)
    return std::nullopt;
  return is_within_xapi(parts->target) ? std::optional(url) : std::nullopt;
}

class system_visitor final : public json_visitor {
public:
  bool on_value(const json_path& path, const json_value& value) override {
    if (path.depth() == 0) return value.kind == json_kind::object;
    if (path.depth() != 1) return true;
    const std::string_view field = path.last();
    if (field == "Version")
      read.version = one_line(value.as_text().value_or(std::string_view()), longest_version);
    else if (field == "CallsActive")
      read.calls_active = count(value, 0);
    else if (field == "MaxSimCalls")
      read.max_calls = count(value, 1);
    else if (field == "HasNotRunningServices")
      read.has_stopped_services = value.as_bool();
    else
      return true;
    any_known = true;
    return true;
  }
  bool on_end(const json_path& /*path*/, json_kind /*kind*/) override { return true; }

  system_reading read;
  bool any_known = false;

private:
  static std::optional<std::int64_t> count(const json_value& value, std::int64_t least) {
    const auto number = value.as_integer();
    return number && *number >= least ? number : std::nullopt;
  }
};

} // namespace

pbx_target target_of(const instance_config& config, duration connect_timeout, duration timeout) {
  return {.url = config.url,
          .address = config.address,
          .client_id = config.client_id,
          .secret = config.secret,
          .tls = config.tls,
          .connect_timeout = connect_timeout,
          .timeout = timeout};
}

http_request request_for(endpoint what, const pbx_target& target, const secret_text& token, field_set fields) {
  return get(without_slash(target.url) + std::string(path_of(what, fields)), target, token);
}

http_request uptime_request(const pbx_target& target, const secret_text& token) {
  return get(without_slash(target.url) +
                 "/xapi/v1/SystemStatus/Pbx.SystemTelemetry()?$select=Time,TickCount&$orderby=Time%20desc&$top=1",
             target, token);
}

http_request front_page(const pbx_target& target) { return get_openly(without_slash(target.url) + "/", target); }

std::optional<read_failure> front_page_failure(const http_outcome& outcome, wall_time now) {
  auto fault = classify(outcome, now);
  if (!fault) return std::nullopt;
  const bool lost = fault->problem == read_problem::transport || fault->problem == read_problem::server_error;
  return lost ? std::move(fault) : std::nullopt;
}

std::optional<http_request> next_page(answer_pages pages, const pbx_target& target, const secret_text& token) {
  if (pages.empty() || pages.size() >= most_pages || !pages.back()->response) return std::nullopt;
  const std::string& body = pages.back()->response->body;
  // Nearly no answer has one: looking for the word costs less than reading twice.
  if (pages.back()->response->status != 200 || body.find("@odata.nextLink") == std::string::npos) return std::nullopt;
  link_visitor visitor;
  if (read_json(body, body_limit, visitor) != json_problem::none) return std::nullopt;
  auto url = followed(visitor.link, target);
  if (!url) return std::nullopt;
  return get(std::move(*url), target, token);
}

reading<system_reading> read_system(const http_outcome& outcome, wall_time now) {
  reading<system_reading> read;
  if (auto fault = classify(outcome, now)) {
    read.why = std::move(*fault);
    return read;
  }
  system_visitor visitor;
  const json_problem problem = read_json(outcome.response->body, body_limit, visitor);
  if (problem != json_problem::none)
    read.why = read_failure_of(problem, 200);
  else if (!visitor.any_known)
    read.why = malformed(200, "no field of SystemStatus");
  else
    read.value = std::move(visitor.read);
  return read;
}

} // namespace ringdown::wire::pbx
