// Every field that is read, replaced by everything it should not be: no crash, and what is read is the same, unknown or
// a failure. Never better (a recovery nobody saw), never a new fault (an alert nobody caused).
#include "actors/logic/instance_machine.hpp"
#include "protocol/wire/pbx/xapi.hpp"
#include "protocol/wire/pbx/xapi_auth.hpp"

#include "test/protocol/samples.hpp"
#include "test/support/catch.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

using namespace ringdown;
using namespace ringdown::samples;
using namespace ringdown::wire::pbx;

namespace {

constexpr std::string_view placeholder = "@hole@";

struct mutation {
  std::string name;
  std::string json;
}; // empty json: the member is left out

std::vector<mutation> mutations() {
  return {{"null", "null"},
          {"missing", ""},
          {"object", R"({"Frob":1})"},
          {"array", "[1,[2]]"},
          {"number", "4711.5"},
          {"unknown word", R"("Frobnicated")"},
          {"empty text", R"("")"},
          {"NaN as text", R"("NaN")"},
          {"bare NaN", "NaN"},
          {"negative", "-1"},
          {"2^63", "9223372036854775808"},
          {"huge real", "1e308"},
          {"10 kB", "\"" + std::string(10'240, 'y') + "\""},
          {"invalid UTF-8", "\"a\xFF\xC0\""},
          {"lone surrogate", R"("\ud800")"},
          {"control characters", R"("a\r\n\u0000b")"}};
}

std::string printed(const rapidjson::Document& document) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  document.Accept(writer);
  return buffer.GetString();
}

std::string filled(std::string body, const std::string& json) {
  const std::string hole = "\"" + std::string(placeholder) + "\"";
  return body.replace(body.find(hole), hole.size(), json);
}

struct hostile_body {
  std::string path;
  std::string what;
  std::string body;
};

// All bodies that differ from the document in one member.
class body_maker {
public:
  explicit body_maker(const std::string& original) { document_.Parse(original.c_str()); }
  std::vector<hostile_body> make() {
    REQUIRE_FALSE(document_.HasParseError());
    walk(document_, "");
    return std::move(made_);
  }

private:
  using value = rapidjson::Value;

  void walk(value& at, const std::string& path) {
    if (at.IsObject())
      for (rapidjson::SizeType member = 0; member < at.MemberCount(); ++member) mutate_member(at, member, path);
    if (at.IsArray())
      for (rapidjson::SizeType item = 0; item < at.Size(); ++item)
        mutate_item(at, item, path + "/" + std::to_string(item));
  }
  void mutate_member(value& object, rapidjson::SizeType member, const std::string& path) {
    auto& held = (object.MemberBegin() + member)->value;
    const std::string name = path + "/" + (object.MemberBegin() + member)->name.GetString();
    replace(held, name);
    // RapidJSON keeps the order when it erases; the copy restores the object afterwards.
    value whole(object, document_.GetAllocator());
    object.EraseMember(object.MemberBegin() + member);
    made_.push_back({name, "missing", printed(document_)});
    object = whole;
    walk((object.MemberBegin() + member)->value, name);
  }
  void mutate_item(value& array, rapidjson::SizeType item, const std::string& path) {
    replace(array[item], path);
    walk(array[item], path);
  }
  void replace(value& held, const std::string& path) {
    value kept;
    kept.Swap(held);
    held.SetString(placeholder.data(), static_cast<rapidjson::SizeType>(placeholder.size()));
    const std::string holed = printed(document_);
    held.Swap(kept);
    for (const mutation& one : mutations())
      if (!one.json.empty()) made_.push_back({path, one.name, filled(holed, one.json)});
  }

  rapidjson::Document document_;
  std::vector<hostile_body> made_;
};

enum class verdict { bad, unknown, good, silent };

verdict judged(const trunk_reading& trunk) {
  switch (trunk.state) {
    case resource_state::registered:
    case resource_state::online: return verdict::good;
    case resource_state::disabled: return verdict::silent;
    case resource_state::failed_registration:
    case resource_state::unregistered:
    case resource_state::down_unspecified: return verdict::bad;
    default: return verdict::unknown;
  }
}
verdict judged(std::optional<bool> truth) { return !truth ? verdict::unknown : *truth ? verdict::good : verdict::bad; }
verdict judged(const sbc_reading& sbc) { return judged(sbc.connected); }
verdict judged(const service_reading& service) { return judged(service.running); }

// What is said to be of another kind would be another resource: its alert closes as removed.
bool same_kind(const trunk_reading& was, const trunk_reading& is) { return was.kind == is.kind || !is.kind_known; }
bool same_kind(const sbc_reading&, const sbc_reading&) { return true; }
bool same_kind(const service_reading&, const service_reading&) { return true; }

// A known instance that has nothing but what the list says; what is bad is open.
template <class Item>
observation holding(reading<std::vector<Item>> list) {
  observation seen;
  seen.trunks.value.emplace();
  seen.sbcs.value.emplace();
  seen.services.value.emplace();
  seen.system.value = system_reading{"20.0.10", 1, 16, std::nullopt};
  if constexpr (std::is_same_v<Item, trunk_reading>) seen.trunks = std::move(list);
  if constexpr (std::is_same_v<Item, sbc_reading>) seen.sbcs = std::move(list);
  if constexpr (std::is_same_v<Item, service_reading>) seen.services = std::move(list);
  return seen;
}

class watching_machine {
public:
  explicit watching_machine(const observation& usual) : machine_({instance_id("pbx"), {}, {}, {}}, {}, "t") {
    for (int i = 0; i < 6; ++i) static_cast<void>(look(usual));
  }
  std::vector<transition> look(const observation& seen) {
    now_.wall += std::chrono::seconds(60);
    now_.steady += std::chrono::seconds(60);
    return machine_.step(seen, now_).news.transitions;
  }

private:
  moment now_{wall_time{std::chrono::hours(500'000)}, steady_time{std::chrono::hours(1)}};
  logic::instance_machine machine_;
};

// Long enough for a confirmation, a recovery and a removal.
void check_nothing_told(watching_machine machine, const observation& hostile) {
  for (int i = 0; i < 4; ++i)
    for (const transition& told : machine.look(hostile))
      CHECK((told.to == condition::unknown || told.key.type == alert_type::instance_degraded));
}

// A key replaced by another plausible one cannot be noticed; then the old one is missing, which closes nothing by itself.
template <class Item>
void check_list(const std::string& file, reading<std::vector<Item>> (*read)(const http_outcome&, wall_time),
                std::string_view key_field) {
  const auto before = read(answer(200, fixture(file)), noon());
  REQUIRE(before.ok());
  const watching_machine machine(holding(before));
  std::size_t bodies = 0;
  for (const hostile_body& hostile : body_maker(fixture(file)).make()) {
    ++bodies;
    INFO(file << " " << hostile.path << " as " << hostile.what);
    const auto after = read(answer(200, hostile.body), noon());
    const bool renamed = hostile.path.ends_with(key_field);
    if (!renamed) check_nothing_told(machine, holding(after));
    if (!after.ok()) {
      CHECK(after.why.problem != read_problem::not_asked);
      continue;
    }
    if (!renamed) CHECK(after.value->size() == before.value->size());
    for (const Item& was : *before.value) {
      const auto is = std::ranges::find(*after.value, was.key, &Item::key);
      if (is == after.value->end()) {
        CHECK(renamed);
        continue;
      }
      CHECK(same_kind(was, *is));
      const verdict now = judged(*is);
      CHECK((now == judged(was) || now == verdict::unknown));
    }
  }
  CHECK(bodies > 100);
}

} // namespace

TEST_CASE("No hostile field makes a trunk better or worse than it is") {
  check_list<trunk_reading>("trunks.json", read_trunks, "/Id");
}
TEST_CASE("No hostile field makes an older build's trunk better or worse") {
  check_list<trunk_reading>("trunks_older.json", read_trunks, "/Id");
}
TEST_CASE("No hostile field makes an SBC better or worse than it is") {
  check_list<sbc_reading>("sbcs.json", read_sbcs, "/Name");
}
TEST_CASE("No hostile field makes a service better or worse than it is") {
  check_list<service_reading>("services.json", read_services, "/Name");
}

TEST_CASE("No hostile field changes a number of the system status into another") {
  const auto before = read_system(answer(200, fixture("system_status.json")), noon());
  for (const hostile_body& hostile : body_maker(fixture("system_status.json")).make()) {
    INFO(hostile.path << " as " << hostile.what);
    const auto after = read_system(answer(200, hostile.body), noon());
    if (!after.ok()) continue;
    CHECK((!after.value->calls_active || after.value->calls_active == before.value->calls_active));
    CHECK((!after.value->max_calls || after.value->max_calls == before.value->max_calls));
    CHECK((!after.value->has_stopped_services ||
           after.value->has_stopped_services == before.value->has_stopped_services));
    CHECK(after.value->version.size() <= 60);
  }
}

TEST_CASE("No hostile field makes a token of what is none") {
  const auto before = read_token(answer(200, fixture("token.json")), noon());
  REQUIRE(before.ok());
  for (const hostile_body& hostile : body_maker(fixture("token.json")).make()) {
    INFO(hostile.path << " as " << hostile.what);
    const auto after = read_token(answer(200, hostile.body), noon());
    if (!after.ok()) continue;
    CHECK(after.value->expires > noon());
    CHECK(after.value->expires <= noon() + std::chrono::hours(24));
    if (!hostile.path.ends_with("access_token")) CHECK(after.value->value == before.value->value);
  }
}

TEST_CASE("A body cut anywhere is malformed, never a shorter list") {
  const std::string whole = fixture("sbcs.json");
  const std::size_t end = whole.rfind('}');
  for (std::size_t length = 0; length <= end; ++length)
    CHECK(read_sbcs(answer(200, whole.substr(0, length)), noon()).why.problem == read_problem::malformed);
}
