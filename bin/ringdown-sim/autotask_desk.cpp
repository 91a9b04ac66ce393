#include "bin/ringdown-sim/autotask_desk.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <array>
#include <optional>

namespace ringdown::sim {

namespace {

constexpr std::string_view api = "/ATServicesRest/V1.0/";
constexpr std::string_view zone_path = "/atservicesrest/v1.0/zoneInformation";
constexpr std::size_t reference_limit = 50;
constexpr std::size_t title_limit = 255;

constexpr auto picklists =
    R"({"fields":[{"name":"queueID","isPickList":true,"picklistValues":[)"
    R"({"value":"29682833","label":"Voice","isActive":true},)"
    R"({"value":"29682834","label":"Monitoring","isActive":true}]},)"
    R"({"name":"status","isPickList":true,"picklistValues":[)"
    R"({"value":"1","label":"New","isActive":true},)"
    R"({"value":"5","label":"Complete","isActive":true}]},)"
    R"({"name":"priority","isPickList":true,"picklistValues":[)"
    R"({"value":"1","label":"High","isActive":true},{"value":"2","label":"Medium","isActive":true},)"
    R"({"value":"4","label":"Critical","isActive":true}]}]})";
constexpr auto note_picklists = R"({"fields":[{"name":"noteType","isPickList":true,"picklistValues":[)"
                                R"({"value":"3","label":"Task notes","isActive":true}]},)"
                                R"({"name":"publish","isPickList":true,"picklistValues":[)"
                                R"({"value":"1","label":"All Autotask users","isActive":true}]}]})";
constexpr auto companies =
    R"({"items":[{"id":174,"companyName":"Harbour Clinic"},{"id":175,"companyName":"Quay Bakery"}],)"
    R"("pageDetails":{"count":2,"requestCount":500,"prevPageUrl":null,"nextPageUrl":null}})";

answer json(int status, std::string body) {
  answer out;
  out.status = status;
  out.body = share(std::move(body));
  return out;
}

answer failed(std::string_view text) { return json(500, fmt::format(R"({{"errors":[{}]}})", json_text(text))); }
answer written(long id) { return json(200, fmt::format(R"({{"itemId":{}}})", id)); }

std::string as_json(const rapidjson::Value& value) {
  rapidjson::StringBuffer out;
  rapidjson::Writer<rapidjson::StringBuffer> writer(out);
  value.Accept(writer);
  return {out.GetString(), out.GetSize()};
}

std::optional<std::map<std::string, std::string, std::less<>>> members_of(const std::string& body) {
  rapidjson::Document parsed;
  parsed.Parse<rapidjson::kParseValidateEncodingFlag>(body.data(), body.size());
  if (parsed.HasParseError() || !parsed.IsObject()) return std::nullopt;
  std::map<std::string, std::string, std::less<>> out;
  for (const auto& one : parsed.GetObject()) out.insert_or_assign(one.name.GetString(), as_json(one.value));
  return out;
}

// What "filter": [{"op": "eq", "field": "externalID", "value": ...}] looks for, as JSON.
std::optional<std::string> searched_reference(const std::string& body) {
  rapidjson::Document parsed;
  parsed.Parse(body.data(), body.size());
  if (parsed.HasParseError() || !parsed.IsObject() || !parsed.HasMember("filter")) return std::nullopt;
  const auto& filter = parsed["filter"];
  if (!filter.IsArray() || filter.Size() != 1 || !filter[0].IsObject()) return std::nullopt;
  const auto& only = filter[0];
  for (const auto& [key, wanted] : {std::pair{"op", "eq"}, std::pair{"field", "externalID"}})
    if (!only.HasMember(key) || !only[key].IsString() || only[key].GetString() != std::string_view(wanted))
      return std::nullopt;
  return only.HasMember("value") ? std::optional(as_json(only["value"])) : std::nullopt;
}

template <class Members>
std::string joined(const Members& of) {
  std::string out;
  for (const auto& [key, value] : of) out += fmt::format("{}{}:{}", out.empty() ? "" : ",", json_text(key), value);
  return out;
}

std::string unquoted(std::string_view json_string) {
  return json_string.size() < 2 ? std::string() : std::string(json_string.substr(1, json_string.size() - 2));
}

bool has_login(const question& what) {
  const auto secret = header(what.headers, "Secret");
  return header(what.headers, "UserName") && header(what.headers, "ApiIntegrationCode") && secret &&
         secret->starts_with("sim-");
}

struct length_rule {
  std::string_view key;
  std::size_t most;
};

std::string fault_of(const std::map<std::string, std::string, std::less<>>& of) {
  for (const auto* const key : {"companyID", "title", "status", "priority", "queueID", "dueDateTime"})
    if (!of.contains(key)) return fmt::format("Missing required field: {}; ", key);
  const auto queue = of.find("queueID")->second;
  if (queue != "29682833" && queue != "29682834")
    return fmt::format("The value {} for queueID does not exist or is invalid.", queue);
  for (const auto& [key, most] :
       {length_rule{"title", title_limit + 2}, length_rule{"externalID", reference_limit + 2}})
    if (const auto at = of.find(key); at != of.end() && at->second.size() > most)
      return fmt::format("{} exceeds the maximum length.", key);
  return {};
}

// "Tickets/48001/Notes": the number, 0 when there is none.
long ticket_in(std::string_view path) {
  if (!path.starts_with("Tickets/")) return 0;
  path.remove_prefix(8);
  return parse_number(path.substr(0, path.find('/')), 1, 1'000'000'000).value_or(0);
}

std::string name_of(std::string_view method, std::string_view path, long ticket) {
  if (path.find("entityInformation/fields") != std::string_view::npos) return "picklists";
  if (path == "Companies/query") return "companies";
  if (path == "Tickets/query" && method == "POST") return "search";
  if (path == "Tickets" && method == "POST") return "create";
  if (path == "Tickets" && method == "PATCH") return "patch";
  if (path == "Tickets" && method == "PUT") return "put";
  if (ticket != 0 && path.ends_with("/Notes")) return method == "POST" ? "note" : "notes";
  if (ticket != 0 && method == "GET") return "read";
  return "unknown";
}

} // namespace

desk_call autotask_desk::understand(const question& what) const {
  desk_call made;
  const auto path = std::string_view(what.target).substr(0, what.target.find('?'));
  if (path == zone_path) {
    made.name = "zone";
    return made;
  }
  if (!path.starts_with(api)) return {"unknown", 0, {}, {}};
  const auto rest = path.substr(api.size());
  made.ticket = ticket_in(rest);
  made.name = name_of(what.method, rest, made.ticket);
  if (auto given = parse_json_members(what.body, nested_members::skipped)) made.fields = *given;
  if (made.name == "patch" || made.name == "put")
    if (const auto id = made.fields.find("id"); id != made.fields.end())
      made.ticket = parse_number(id->second, 1, 1'000'000'000).value_or(0);
  if (made.name == "search") made.reference = unquoted(searched_reference(what.body).value_or(""));
  if (const auto given = made.fields.find("externalID"); given != made.fields.end()) made.reference = given->second;
  if (const auto known = tickets_.find(made.ticket); known != tickets_.end() && made.reference.empty())
    if (const auto at = known->second.of.find("externalID"); at != known->second.of.end())
      made.reference = unquoted(at->second);
  return made;
}

answer autotask_desk::serve(const question& what, const desk_call& call) {
  if (call.name == "zone") {
    if (what.target.find("user=") == std::string::npos || what.target.ends_with("user=")) return failed("user");
    const auto host = header(what.headers, "Host").value_or("");
    return json(
        200, fmt::format(R"({{"zoneName":"Simulated","url":"http://{}/ATServicesRest/","webUrl":"http://{}/","ci":1}})",
                         host, host));
  }
  if (!has_login(what)) return json(401, R"({"errors":["The username or password is incorrect."]})");
  if (call.name == "create") return create(what.body);
  if (call.name == "search") return search(what.body);
  if (call.name == "read") return read(call.ticket);
  if (call.name == "patch" || call.name == "put") return change(what.body, call.ticket, call.name);
  if (call.name == "note") return add_note(what.body, call.ticket);
  if (call.name == "notes") return read_notes(call.ticket);
  if (call.name == "companies") return json(200, companies);
  if (call.name == "picklists")
    return json(200, what.target.find("TicketNotes") == std::string::npos ? picklists : note_picklists);
  return json(404, "");
}

answer autotask_desk::create(const std::string& body) {
  auto given = members_of(body);
  if (!given) return failed("The body cannot be read; it is required.");
  if (auto fault = fault_of(*given); !fault.empty()) return failed(fault);
  const long id = next_ticket_++;
  given->insert_or_assign("id", fmt::to_string(id));
  given->insert_or_assign("ticketNumber", json_text(fmt::format("T20260101.{:04}", id % 10'000)));
  tickets_[id].of = std::move(*given);
  return written(id);
}

answer autotask_desk::search(const std::string& body) const {
  const auto wanted = searched_reference(body);
  if (!wanted) return failed("The filter cannot be read; it is required.");
  std::string items;
  long count = 0;
  for (const auto& [id, one] : tickets_) {
    const auto at = one.of.find("externalID");
    if (at == one.of.end() || at->second != *wanted) continue;
    items += fmt::format("{}{{{}}}", items.empty() ? "" : ",", joined(one.of));
    ++count;
  }
  return json(200, fmt::format(R"({{"items":[{}],"pageDetails":{{"count":{},"requestCount":20,"prevPageUrl":null,)"
                               R"("nextPageUrl":null}}}})",
                               items, count));
}

answer autotask_desk::change(const std::string& body, long id, std::string_view how) {
  auto given = members_of(body);
  const auto at = tickets_.find(id);
  if (!given || at == tickets_.end()) return failed("No matching records found");
  if (how == "put") {
    if (auto fault = fault_of(*given); !fault.empty()) return failed(fault);
    at->second.of.clear(); // what a PUT does not name is null
  }
  for (auto& [key, value] : *given) at->second.of.insert_or_assign(key, value);
  return written(id);
}

answer autotask_desk::add_note(const std::string& body, long id) {
  auto given = members_of(body);
  const auto at = tickets_.find(id);
  if (at == tickets_.end()) return json(404, "");
  if (!given) return failed("The body cannot be read; it is required.");
  for (const auto* const key : {"description", "noteType", "publish"})
    if (!given->contains(key)) return failed(fmt::format("Missing required field: {}; ", key));
  given->insert_or_assign("id", fmt::to_string(next_note_));
  at->second.notes.push_back(std::move(*given));
  return written(next_note_++);
}

answer autotask_desk::read(long id) const {
  const auto at = tickets_.find(id);
  if (at == tickets_.end()) return json(404, "");
  return json(200, fmt::format(R"({{"item":{{{}}}}})", joined(at->second.of)));
}

answer autotask_desk::read_notes(long id) const {
  const auto at = tickets_.find(id);
  if (at == tickets_.end()) return json(404, "");
  std::string items;
  for (const auto& note : at->second.notes) items += fmt::format("{}{{{}}}", items.empty() ? "" : ",", joined(note));
  return json(200, fmt::format(R"({{"items":[{}]}})", items));
}

int autotask_desk::close_by_hand(long only, std::string_view resolution) {
  int closed = 0;
  for (auto& [id, one] : tickets_) {
    if (only != 0 && id != only) continue;
    one.of.insert_or_assign("status", "5");
    one.of.insert_or_assign("resolution", json_text(resolution));
    ++closed;
  }
  return closed;
}

int autotask_desk::remove(long only) {
  return static_cast<int>(std::erase_if(tickets_, [&](const auto& one) { return only == 0 || one.first == only; }));
}

std::string autotask_desk::tickets_json() const {
  std::string items;
  for (const auto& [id, one] : tickets_)
    items += fmt::format(R"({}{{{},"notes":{}}})", items.empty() ? "" : ",", joined(one.of), one.notes.size());
  return fmt::format(R"({{"items":[{}]}})", items) + "\n";
}

} // namespace ringdown::sim
