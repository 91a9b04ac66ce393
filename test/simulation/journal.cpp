#include "test/simulation/journal.hpp"

#include <fmt/format.h>

#include <utility>

namespace ringdown::simulation {

namespace {

std::string_view name(health now) {
  switch (now) {
    case health::sound: return "sound";
    case health::failing: return "failing";
    case health::absent: return "absent";
  }
  return "";
}

// Nothing in a world of one node.
std::string place(seat_id seat) { return seat == 0 ? std::string() : fmt::format(" at {}", seat); }

std::string words(const life_began& one) {
  return fmt::format("life {} epoch {}", one.owner.owner.str(), one.owner.epoch) + place(one.seat);
}
std::string words(const life_ended& one) { return "life ended" + place(one.seat) + ": " + one.how; }

std::string words(const std::optional<call_ladder>& ladder) {
  if (!ladder) return {};
  return fmt::format("{{round {} ring {} {}x{}{}{}{}}}", ladder->round + 1, ladder->rings, ladder->tries,
                     ladder->number, ladder->first.empty() ? "" : " first ", ladder->first.str(),
                     ladder->frozen ? " frozen" : "");
}

std::string words(const std::optional<escalation_state>& steps) {
  if (!steps) return {};
  return fmt::format("{{step {}/{} cycle {}{}}}", steps->next + 1, steps->steps.size(), steps->cycle + 1,
                     steps->frozen ? " frozen" : "");
}

// Who counts as told: "+" has taken it, the number is the level.
std::string words(const std::vector<told_target>& targets) {
  std::string text;
  for (const told_target& one : targets)
    text += fmt::format(" {}@{}{}", one.channel.str(), static_cast<int>(one.level), one.accepted ? "+" : "");
  return text.empty() ? text : " told" + text;
}

std::string words(const batch_kept& one) {
  const auto& b = *one.batch;
  std::string text =
      fmt::format("commit {} resources={} healths={}", b.tenant.str(), b.resources.size(), b.healths.size());
  for (const auto& a : b.alerts)
    text += fmt::format(" [{} {} {} e{} v{} {} masks={}]", a.id.str(), ringdown::name(a.key.type),
                        to_text(a.key.resource), a.episode, a.version, ringdown::name(a.phase), a.masks) +
            words(a.ladder) + words(a.escalation) + words(a.targets);
  for (const auto& d : b.deliveries)
    text += fmt::format(" +{} {} {} v{} {}", d.id.str(), d.channel.str(), ringdown::name(d.event), d.version,
                        ringdown::name(d.state));
  for (const auto& s : b.suppressions) text += fmt::format(" -{} v{}", s.alert.str(), s.up_to_version);
  for (const auto& c : b.calls)
    text += fmt::format(" call {} {} {} {}", c.call.str(), c.number, ringdown::name(c.stage), ringdown::name(c.result));
  for (const auto& c : b.commands) text += fmt::format(" {}={}", c.id, ringdown::name(c.answer));
  return text;
}

std::string words(const rows_taken& one) {
  std::string text = fmt::format("claim {}/{}", one.tenant.str(), one.channel.str());
  for (const auto& d : one.rows.rows) text += fmt::format(" {} {} v{}", d.id.str(), ringdown::name(d.event), d.version);
  for (const auto& d : one.rows.ended)
    text += fmt::format(" {}={}({})", d.id.str(), ringdown::name(d.state), ringdown::name(d.why));
  return text;
}

std::string words(const outcome_kept& one) {
  return fmt::format("settle {} {} {} {}{}", one.what.ledger.delivery.str(), ringdown::name(one.what.ledger.outcome),
                     ringdown::name(one.what.state), one.what.ledger.answer, one.what.possible_repeat ? " repeat" : "");
}

std::string words(const claims_recovered& one) {
  return fmt::format("recover {}/{} carried={}", one.tenant.str(), one.channel.str(), one.carried.size()) +
         place(one.seat);
}

std::string words(const command_kept& one) {
  return fmt::format("command {} {} {} {}", one.what.id, ringdown::name(one.what.kind), one.what.alert.str(),
                     one.what.subject);
}

std::string words(const attempt_begun& one) {
  return fmt::format("attempt {}/{} {} #{}", one.tenant.str(), one.channel.str(), one.row.str(), one.exchange);
}
std::string words(const attempt_went_on& one) {
  return fmt::format("attempt goes on {} #{}", one.row.str(), one.exchange);
}
std::string words(const attempt_ended& one) { return fmt::format("attempt ended {} #{}", one.row.str(), one.exchange); }

std::string words(const effect& one) {
  return fmt::format("EFFECT {}/{} {} \"{}\" key={} row={}{}", one.tenant.str(), one.channel.str(), one.event,
                     one.title, one.key, one.row.str(), one.possible_repeat ? " repeat" : "");
}
std::string words(const phone_event& one) {
  return fmt::format("phone {}/{} {} {} {} row={} {} {}", one.tenant.str(), one.channel.str(), one.kind, one.sid,
                     one.number, one.row.str(), one.text, one.answered);
}
std::string words(const pbx_asked& one) { return "asked " + one.pbx.str() + place(one.seat); }
std::string words(const truth_changed& one) {
  return fmt::format("truth {} {} {}", one.pbx.str(), to_text(one.resource), name(one.now));
}
std::string words(const fleet_told& one) { return "fleet " + one.what; }
std::string words(const actor_crashed& one) { return "crashed " + one.actor + place(one.seat); }
std::string words(const actor_tripped& one) { return "tripped " + one.actor + place(one.seat); }
std::string words(const spell& one) { return fmt::format("fault {} {}", one.what, one.begins ? "begins" : "ends"); }
std::string words(const configured& one) { return fmt::format("config {} {}", one.to->id.str(), one.what); }
std::string words(const clock_jumped& one) {
  return fmt::format("clock jumps {} s", std::chrono::duration_cast<std::chrono::seconds>(one.by).count()) +
         (one.node == 0 ? std::string() : fmt::format(" at node {}", one.node));
}
std::string_view name(node_fault of) {
  switch (of) {
    case node_fault::down: return "down";
    case node_fault::frozen: return "frozen";
    case node_fault::without_store: return "without the store";
    case node_fault::without_register: return "without the register";
    case node_fault::draining: return "draining";
    case node_fault::register_ails: return "ill register";
  }
  return "";
}
std::string words(const node_ails& one) {
  return fmt::format("node {} {} {}", one.node, name(one.what), one.begins ? "begins" : "ends");
}
std::string words(const shard_taken& one) {
  return fmt::format("node {} takes shard {} as {} epoch {}", one.node, one.lease.shard, one.owner.owner.str(),
                     one.owner.epoch);
}
std::string words(const shard_lost& one) { return "shard lost" + place(one.seat); }
std::string words(const lease_doubted& one) {
  return "doubt of the lease " + std::string(one.begins ? "begins" : "ends") + place(one.seat);
}
std::string words(const login_asked& one) { return "login " + one.pbx.str() + place(one.seat); }

} // namespace

std::string clock_text(instant at) {
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(at).count();
  const auto seconds = micros / 1'000'000;
  return fmt::format("{:02}:{:02}:{:02}.{:06}", seconds / 3600, seconds / 60 % 60, seconds % 60, micros % 1'000'000);
}

std::string to_line(const entry& one) {
  return clock_text(one.at) + " " + std::visit([](const auto& what) { return words(what); }, one.what);
}

void journal::write(instant at, happening what) {
  entries_.push_back({at, std::move(what)});
  if (const auto* kept = std::get_if<batch_kept>(&entries_.back().what))
    for (const alert& one : kept->batch->alerts) alerts_[one.id] = one;
  hear_(entries_.back());
}

} // namespace ringdown::simulation
