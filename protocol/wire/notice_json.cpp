#include "protocol/wire/notice_json.hpp"

#include "protocol/wire/json.hpp"
#include "protocol/wire/json_writer.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>

namespace ringdown::wire {

namespace {

constexpr std::size_t largest_notice = 4 << 20;
constexpr std::size_t most_alerts = 20'000;

bool take(std::string& field, const json_value& value) {
  const auto text = value.as_text();
  if (text) field = *text;
  return text.has_value();
}

template <class Tag>
bool take(strong_id<Tag>& field, const json_value& value) {
  const auto text = value.as_text();
  if (text) field = strong_id<Tag>(std::string(*text));
  return text.has_value();
}

bool take(bool& field, const json_value& value) {
  const auto truth = value.as_bool();
  field = truth.value_or(false);
  return truth.has_value();
}

bool take(wall_time& field, const json_value& value) {
  if (value.kind != json_kind::integer) return false;
  field = from_micros(value.integer);
  return true;
}

bool take(std::optional<wall_time>& field, const json_value& value) {
  field.reset();
  return value.kind == json_kind::null || take(field.emplace(), value);
}

bool take(std::uint32_t& field, const json_value& value) {
  if (value.kind != json_kind::integer || value.integer < 0) return false;
  if (value.integer > std::numeric_limits<std::uint32_t>::max()) return false;
  field = static_cast<std::uint32_t>(value.integer);
  return true;
}

template <class T>
bool take_parsed(T& field, const json_value& value, std::optional<T> (*parse)(std::string_view)) {
  const auto text = value.as_text();
  const auto parsed = text ? parse(*text) : std::nullopt;
  if (parsed) field = *parsed;
  return parsed.has_value();
}

bool take(notice_event& field, const json_value& value) { return take_parsed(field, value, parse_notice_event); }
bool take(severity& field, const json_value& value) { return take_parsed(field, value, parse_severity); }
bool take(alert_type& field, const json_value& value) { return take_parsed(field, value, parse_alert_type); }
bool take(alert_phase& field, const json_value& value) { return take_parsed(field, value, parse_alert_phase); }
bool take(cause& field, const json_value& value) { return take_parsed(field, value, parse_cause); }

// The two halves of a resource apart: keys at the PBX may hold any character.
bool take_kind(alert_view& view, const json_value& value) {
  return take_parsed(view.resource.kind, value, parse_resource_kind);
}
bool take_key(alert_view& view, const json_value& value) { return take(view.resource.key, value); }

template <class Owner>
struct field_reader {
  std::string_view key;
  bool (*take)(Owner&, const json_value&);
};

template <auto Member, class Owner>
bool member(Owner& owner, const json_value& value) {
  return take(owner.*Member, value);
}

constexpr std::array alert_fields{
    field_reader<alert_view>{"id", member<&alert_view::id>},
    field_reader<alert_view>{"episode", member<&alert_view::episode>},
    field_reader<alert_view>{"version", member<&alert_view::version>},
    field_reader<alert_view>{"type", member<&alert_view::type>},
    field_reader<alert_view>{"phase", member<&alert_view::phase>},
    field_reader<alert_view>{"severity", member<&alert_view::level>},
    field_reader<alert_view>{"tenant", member<&alert_view::tenant>},
    field_reader<alert_view>{"tenant_name", member<&alert_view::tenant_name>},
    field_reader<alert_view>{"customer", member<&alert_view::customer>},
    field_reader<alert_view>{"customer_name", member<&alert_view::customer_name>},
    field_reader<alert_view>{"instance", member<&alert_view::instance>},
    field_reader<alert_view>{"instance_name", member<&alert_view::instance_name>},
    field_reader<alert_view>{"resource_kind", take_kind},
    field_reader<alert_view>{"resource_key", take_key},
    field_reader<alert_view>{"label", member<&alert_view::label>},
    field_reader<alert_view>{"provider", member<&alert_view::provider>},
    field_reader<alert_view>{"cause", member<&alert_view::why>},
    field_reader<alert_view>{"detail", member<&alert_view::detail>},
    field_reader<alert_view>{"since", member<&alert_view::since>},
    field_reader<alert_view>{"not_before", member<&alert_view::not_before>},
    field_reader<alert_view>{"resolved", member<&alert_view::resolved>},
    field_reader<alert_view>{"flapping", member<&alert_view::flapping>},
    field_reader<alert_view>{"acknowledged_by", member<&alert_view::acknowledged_by>},
    field_reader<alert_view>{"parent", member<&alert_view::parent>},   // written where there is one
    field_reader<alert_view>{"company", member<&alert_view::company>}, // the same
};

constexpr std::array notice_fields{
    field_reader<notice>{"event", member<&notice::event>},
    field_reader<notice>{"severity", member<&notice::level>},
    field_reader<notice>{"title", member<&notice::title>},
    field_reader<notice>{"text", member<&notice::text>},
    field_reader<notice>{"at", member<&notice::at>},
    field_reader<notice>{"tenant", member<&notice::tenant>},
    field_reader<notice>{"tenant_name", member<&notice::tenant_name>},
    field_reader<notice>{"acknowledge_path", member<&notice::acknowledge_path>},
    field_reader<notice>{"test", member<&notice::test>},
    field_reader<notice>{"since", member<&notice::since>},       // written where there is one
    field_reader<notice>{"taken_by", member<&notice::taken_by>}, // the same
};

// Which fields have been read, one bit each: all must be, none twice.
using seen_fields = std::uint32_t;

template <class Owner, std::size_t Count>
bool take_field(const std::array<field_reader<Owner>, Count>& fields, Owner& owner, seen_fields& seen,
                std::string_view key, const json_value& value) {
  for (std::size_t at = 0; at < Count; ++at) {
    if (fields.at(at).key != key) continue;
    const seen_fields bit = seen_fields{1} << at;
    const bool fresh = (seen & bit) == 0;
    seen |= bit;
    return fresh && fields.at(at).take(owner, value);
  }
  return false;
}

constexpr seen_fields all_of(std::size_t count) { return (seen_fields{1} << count) - 1; }

// All but the last two, which are written where there is one.
constexpr seen_fields needed_of_alert = all_of(alert_fields.size() - 2);
constexpr seen_fields needed_of_notice = all_of(notice_fields.size() - 2);

class notice_reader final : public json_visitor {
public:
  bool on_value(const json_path& path, const json_value& value) override {
    if (path.depth() == 0) return value.kind == json_kind::object;
    if (path.depth() == 1 && path.last() == "alerts") return value.kind == json_kind::array;
    if (path.depth() == 1) return take_field(notice_fields, read_, seen_, path.last(), value);
    if (path.depth() == 2) return open_alert(value);
    return take_field(alert_fields, read_.alerts.back(), alert_seen_, path.last(), value);
  }
  bool on_end(const json_path& path, json_kind /*kind*/) override {
    if (path.depth() == 1) alerts_ended_ = true;
    return path.depth() != 2 || (alert_seen_ & needed_of_alert) == needed_of_alert;
  }
  [[nodiscard]] bool whole() const { return alerts_ended_ && (seen_ & needed_of_notice) == needed_of_notice; }
  [[nodiscard]] notice take_read() { return std::move(read_); }

private:
  bool open_alert(const json_value& value) {
    if (value.kind != json_kind::object || read_.alerts.size() == most_alerts) return false;
    read_.alerts.emplace_back();
    alert_seen_ = 0;
    return true;
  }

  notice read_;
  seen_fields seen_ = 0;
  seen_fields alert_seen_ = 0;
  bool alerts_ended_ = false;
};

void write_micros(json_writer& json, std::string_view key, const std::optional<wall_time>& at) {
  json.key(key);
  if (at)
    json.number(micros(*at));
  else
    json.null();
}

void write_alert(json_writer& json, const alert_view& view) {
  json.open_object();
  json.text("id", view.id.str()).number("episode", view.episode).number("version", view.version);
  json.text("type", name(view.type)).text("phase", name(view.phase)).text("severity", name(view.level));
  json.text("tenant", view.tenant.str()).text("tenant_name", view.tenant_name);
  json.text("customer", view.customer.str()).text("customer_name", view.customer_name);
  json.text("instance", view.instance.str()).text("instance_name", view.instance_name);
  json.text("resource_kind", name(view.resource.kind)).text("resource_key", view.resource.key);
  json.text("label", view.label).text("provider", view.provider);
  json.text("cause", name(view.why)).text("detail", view.detail);
  write_micros(json, "since", view.since);
  write_micros(json, "not_before", view.not_before);
  write_micros(json, "resolved", view.resolved);
  json.truth("flapping", view.flapping).text("acknowledged_by", view.acknowledged_by);
  if (!view.parent.empty()) json.text("parent", view.parent.str());
  if (!view.company.empty()) json.text("company", view.company);
  json.close_object();
}

} // namespace

std::string write_notice(const notice& what) {
  json_writer json;
  json.open_object();
  json.text("event", name(what.event)).text("severity", name(what.level));
  json.text("title", what.title).text("text", what.text).number("at", micros(what.at));
  json.text("tenant", what.tenant.str()).text("tenant_name", what.tenant_name);
  json.text("acknowledge_path", what.acknowledge_path).truth("test", what.test);
  if (!what.since.empty()) json.text("since", what.since);
  if (!what.taken_by.empty()) json.text("taken_by", what.taken_by);
  json.key("alerts").open_array();
  for (const alert_view& view : what.alerts) write_alert(json, view);
  json.close_array().close_object();
  return std::move(json).str();
}

result<notice> read_notice(std::string_view text) {
  notice_reader reader;
  const json_problem problem = read_json(std::string(text), largest_notice, reader);
  if (problem != json_problem::none || !reader.whole())
    return failure{failure_kind::unreadable, "notice: the stored text is not a whole notice"};
  return reader.take_read();
}

} // namespace ringdown::wire
