// Who may be called, who is on call, and the drill that tries it all: a number is verified by a code that is read out there
// the on-call pointer is set in one step (E-03).
#include "actors/api/asking.hpp"
#include "actors/api/handlers.hpp"
#include "actors/api/unknown_names.hpp"
#include "actors/logic/numbers.hpp"
#include "protocol/wire/dialects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ringdown::api {

namespace {

constexpr std::size_t code_digits = 6;

// As hard to guess as the random characters it is made of.
std::string make_code(const context& in) {
  std::string code;
  for (const std::uint8_t one : digest_bits(in.make_id())) {
    if (code.size() == code_digits) break;
    code += static_cast<char>('0' + one % 10);
  }
  return code;
}

// The number a body means: itself, or that of a user of the tenant.
result<std::string> number_of(const body_fields& body, const tenant_config& config) {
  if (const std::string number = field(body, "number"); !number.empty()) return number;
  const std::string user = field(body, "user");
  if (user.empty()) return failure{failure_kind::invalid, "user or number: one of them is required"};
  const user_config* known = config.find(user_id(user));
  if (known == nullptr) return failure{failure_kind::not_found, "no such user: " + user};
  if (known->phone.empty()) return failure{failure_kind::invalid, "user: " + user + " has no phone"};
  return known->phone;
}

const channel_config* rings_in(const tenant_config& config) {
  const auto at = std::ranges::find_if(config.channels, [](const channel_config& one) {
    const wire::dialect* dialect = wire::find_dialect(one.kind);
    return one.enabled && dialect != nullptr && dialect->describe().is == channel_class::voice;
  });
  return at == config.channels.end() ? nullptr : &*at;
}

// Would that user be called? In the words of the call chain: no_phone, no_consent, not_verified, ...; empty: yes.
void write_person(wire::json_writer& json, const user_config& user, const std::vector<phone_record>& phones,
                  const std::vector<std::string>& regions) {
  const auto number = logic::usable_number(user.phone, regions);
  const auto known = std::ranges::find(phones, number.e164, &phone_record::number);
  const auto verified = known == phones.end() ? std::nullopt : known->verified;
  std::string_view why;
  if (number.fault != logic::number_fault::none)
    why = name(number.fault);
  else if (user.voice_consent.empty())
    why = "no_consent";
  else if (!verified)
    why = "not_verified";
  json.open_object().text("user", user.id.str()).text_or_null("number", masked_number(user.phone));
  json.truth("consent", !user.voice_consent.empty()).time("verified", verified).text_or_null("not_called", why);
  json.close_object();
}

void write_people(wire::json_writer& json, const tenant_config& config, const std::vector<phone_record>& phones) {
  const channel_config* channel = rings_in(config);
  json.truth("calls", channel != nullptr).key("people").open_array();
  const auto regions = channel == nullptr ? std::vector<std::string>{"US"} : logic::regions_of(*channel);
  for (const user_config& one : config.users) write_person(json, one, phones, regions);
  json.close_array();
}

void ask_about_number(context& in, const server_request& request, const path_parts& parts, command_kind kind,
                      const respond& answer) {
  const auto body = read_body(request, {"user", "number", "code", "by", "via"});
  if (!body) return answer(problem(body.error()));
  const auto known = in.tenants.find(tenant_id(parts[0]));
  if (!known) return answer(no_such_tenant(in, tenant_id(parts[0])));
  auto number = number_of(*body, *known->config);
  if (!number) return answer(problem(number.error()));
  command what;
  what.tenant = known->config->id;
  what.kind = kind;
  what.subject = std::move(*number);
  what.text = kind == command_kind::ask_for_code ? make_code(in) : field(*body, "code");
  what.by = by_whom(*body);
  what.via = "api";
  ask_tenant(in, std::move(what), [answer](const command_outcome& how) { answer(verdict_answer(how)); });
}

} // namespace

void post_phone_code(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  ask_about_number(in, request, parts, command_kind::ask_for_code, answer);
}

void post_phone_confirm(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  ask_about_number(in, request, parts, command_kind::confirm_code, answer);
}

void post_oncall(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  const auto body = read_body(request, {"user", "by", "via"});
  if (!body) return answer(problem(body.error()));
  if (!in.tenants.find(tenant_id(parts[0]))) return answer(no_such_tenant(in, tenant_id(parts[0])));
  command what;
  what.tenant = tenant_id(parts[0]);
  what.kind = command_kind::set_oncall;
  what.subject = field(*body, "user");
  what.by = by_whom(*body);
  what.via = "api";
  ask_tenant(in, std::move(what), [answer](const command_outcome& how) { answer(verdict_answer(how)); });
}

void post_drill(context& in, const server_request& request, const path_parts& parts, const respond& answer) {
  const auto body = read_body(request, {"by", "via", "reason"});
  if (!body) return answer(problem(body.error()));
  if (!in.tenants.find(tenant_id(parts[0]))) return answer(no_such_tenant(in, tenant_id(parts[0])));
  command what;
  what.tenant = tenant_id(parts[0]);
  what.kind = command_kind::drill;
  what.by = by_whom(*body);
  what.via = "api";
  what.text = field(*body, "reason").substr(0, 300);
  ask_tenant(in, std::move(what), [answer](const command_outcome& how) { answer(verdict_answer(how)); });
}

void get_oncall(context& in, const server_request&, const path_parts& parts, const respond& answer) {
  const auto known = in.tenants.find(tenant_id(parts[0]));
  if (!known) return answer(no_such_tenant(in, tenant_id(parts[0])));
  answer_from_store(
      in, answer,
      [known, name = in.world->node.egress_name, now = in.world->time.now().wall](persistence::store& store) {
        const auto stored = store.load_tenant(known->config->id, name, now);
        if (!stored) return problem(stored.error());
        const bool by_hand = stored->oncall && stored->oncall->user;
        const auto user = by_hand ? stored->oncall->user : known->config->oncall.user;
        wire::json_writer json;
        json.open_object().text_or_null("user", user ? user->str() : "").text("from", by_hand ? "command" : "file");
        json.text_or_null("by", by_hand ? stored->oncall->by : "");
        json.time("at", by_hand ? std::optional(stored->oncall->at) : std::nullopt);
        json.key("phones").open_array();
        for (const phone_record& one : stored->phones)
          json.open_object().text("number", masked_number(one.number)).time("verified", one.verified).close_object();
        json.close_array();
        write_people(json, *known->config, stored->phones);
        json.close_object();
        return json_answer(200, std::move(json).str());
      });
}

} // namespace ringdown::api
