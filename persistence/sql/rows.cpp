#include "persistence/sql/store_impl.hpp"

#include "protocol/types/key_values.hpp"
#include "protocol/wire/notice_json.hpp"

#include <algorithm>
#include <charconv>

namespace ringdown::persistence {

namespace {

std::vector<std::string> split(const std::string& text, char by) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  while (from < text.size()) {
    const auto to = std::min(text.find(by, from), text.size());
    parts.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return parts;
}

std::vector<wall_time> read_times(const std::string& text) {
  std::vector<wall_time> times;
  for (const std::string& one : split(text, ' ')) {
    std::int64_t value = 0;
    std::from_chars(one.data(), one.data() + one.size(), value);
    times.push_back(from_micros(value));
  }
  return times;
}

// channel, target, fire, level, and since version 2 when, accepted, loud: parted by tabs, rows by newlines; a target never
// holds either.
std::vector<told_target> read_targets(const std::string& text) {
  constexpr std::size_t parts_at_first = 4;
  constexpr std::size_t parts_now = 7;
  std::vector<told_target> targets;
  for (const std::string& line : split(text, '\n')) {
    auto parts = split(line, '\t');
    if (parts.size() < parts_at_first) throw unreadable_row("an alert's targets cannot be read");
    // Told before it was asked whether they arrived: taken as arrived, so that nobody is told of them again.
    const bool older = parts.size() < parts_now;
    parts.resize(parts_now);
    const auto at = parse_number<std::int64_t>(parts[4]).value_or(0);
    targets.push_back({channel_id(parts[0]), parts[1], delivery_id(parts[2]),
                       parse_severity(parts[3]).value_or(severity::info), from_micros(at), older || parts[5] == "1",
                       parts[6] == "2"   ? loudness::failing
                       : parts[6] == "1" ? loudness::next_told
                                         : loudness::none});
  }
  return targets;
}

} // namespace

std::string write_times(const std::vector<wall_time>& times) {
  std::string text;
  for (const wall_time at : times) text += std::to_string(micros(at)) + " ";
  return text;
}

std::string write_targets(const std::vector<told_target>& targets) {
  std::string text;
  for (const told_target& one : targets)
    text += one.channel.str() + "\t" + one.target + "\t" + one.fire.str() + "\t" + std::string(name(one.level)) + "\t" +
            std::to_string(micros(one.at)) + "\t" + (one.accepted ? "1" : "0") + "\t" +
            std::to_string(static_cast<int>(one.loud)) + "\n";
  return text;
}

alert read_alert(columns& row) {
  alert a;
  a.tenant = row.id<tenant_id>();
  a.id = row.id<alert_id>();
  a.key.instance = row.id<instance_id>();
  a.key.type = row.named(parse_alert_type);
  a.key.resource.kind = row.named(parse_resource_kind);
  a.key.resource.key = row.text();
  a.label = row.text();
  a.provider = row.text();
  a.phase = row.named(parse_alert_phase);
  a.level = row.named(parse_severity);
  if (const auto told = row.maybe_text()) a.told = parse_severity(*told);
  a.episode = row.as<std::uint32_t>();
  a.version = row.as<std::uint32_t>();
  a.why = row.named(parse_cause);
  a.detail = row.text();
  a.opened = row.time();
  a.since = row.time();
  a.not_before = row.maybe_time();
  a.resolved = row.maybe_time();
  a.removed = row.truth();
  a.unseen_since = row.maybe_time();
  a.masks = row.as<mask_set>();
  a.snoozed_until = row.maybe_time();
  if (auto parent = row.maybe_text()) a.parent = alert_id(std::move(*parent));
  a.settling = row.truth();
  a.first_sight = row.truth();
  a.flapping = row.truth();
  a.drill = row.truth();
  a.changes = read_times(row.text());
  a.current = row.named(parse_condition);
  const auto by = row.maybe_text();
  const auto via = row.maybe_text();
  const auto at = row.maybe_time();
  const auto episode = row.as<std::uint32_t>();
  if (by && via && at) a.ack = acknowledgement{*by, *via, *at, episode};
  a.reminded = row.maybe_time();
  a.targets = read_targets(row.text());
  a.trace = row.text();
  const std::string ladder = row.text();
  const std::string escalation = row.text();
  if (!ladder.empty()) a.ladder = parse_call_ladder(ladder);
  if (!escalation.empty()) a.escalation = parse_escalation(escalation);
  if ((!ladder.empty() && !a.ladder) || (!escalation.empty() && !a.escalation))
    throw unreadable_row("what goes on for an alert cannot be read");
  a.backed_up = row.truth();
  return a;
}

delivery read_delivery_head(columns& row) {
  delivery d;
  d.tenant = row.id<tenant_id>();
  d.id = row.id<delivery_id>();
  d.channel = row.id<channel_id>();
  d.kind = row.named(parse_delivery_kind);
  d.event = row.named(parse_notice_event);
  d.alert = row.id<alert_id>();
  d.episode = row.as<std::uint32_t>();
  d.version = row.as<std::uint32_t>();
  d.target = row.text();
  d.step = row.as<std::uint32_t>();
  d.round = row.as<std::uint32_t>();
  d.level = row.named(parse_severity);
  d.state = row.named(parse_delivery_state);
  d.why = row.named(parse_reason);
  d.attempts = row.as<std::uint32_t>();
  d.handed = row.as<std::uint32_t>();
  d.possible_repeat = row.truth();
  d.created = row.time();
  d.not_before = row.time();
  d.give_up_at = row.time();
  if (auto after = row.maybe_text()) d.after = delivery_id(std::move(*after));
  d.reference = row.text();
  d.answer = row.text();
  d.trace = row.text();
  d.progress = row.text();
  return d;
}

notice read_content(const std::string& stored) {
  auto content = wire::read_notice(stored);
  if (!content) throw unreadable_row("a delivery's content cannot be read: " + content.error().detail);
  return std::move(*content);
}

delivery read_delivery(columns& row) {
  delivery d = read_delivery_head(row);
  d.content = read_content(row.text());
  return d;
}

delivery_row read_delivery_row(columns& row) {
  delivery_row full;
  full.row = read_delivery(row);
  auto owner = row.maybe_text();
  const auto epoch = row.as<std::uint64_t>();
  full.claimed_at = row.maybe_time();
  full.ended = row.maybe_time();
  if (owner) full.claimed_by = fence{incarnation_id(std::move(*owner)), epoch};
  return full;
}

} // namespace ringdown::persistence
