#include "test/noise/company.hpp"

#include "test/logic/observations.hpp"
#include "test/logic/tenant_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ringdown::noise {

namespace {

using namespace std::chrono_literals;

constexpr duration until_sent = 1s;
constexpr duration rings_for = 25s;
constexpr duration until_acknowledged = 20min;
constexpr unsigned acknowledged_percent = 85;
constexpr std::string_view number_jo = "+12025550101";
constexpr std::string_view number_kim = "+12025550102";

tenant_config config_of(const plan& of, std::size_t number) {
  tenant_config config;
  config.id = tenant_named(number);
  config.name = "Acme";
  for (std::size_t i = 0; i < of.pbxes.size(); ++i)
    if (of.pbxes[i].tenant == number)
      config.instances.push_back(
          test::instance(pbx_named(i).str(), "PBX " + pbx_named(i).str(), fmt::format("https://p{}.example.com", i)));
  config.users = {{user_id("jo"), "Jo", "", std::string(number_jo), "by mail"},
                  {user_id("kim"), "Kim", "", std::string(number_kim), "by mail"}};
  config.oncall.user = user_id("jo");
  config.channels = {test::channel("jo-push", "ntfy"), test::channel("kim-push", "ntfy"), test::channel("desk", "psa"),
                     test::channel("phone", "phone")};
  config.channels[0].user = user_id("jo");
  config.channels[1].user = user_id("kim");
  route_config critical;
  critical.levels = {severity::critical};
  critical.channels = {"jo-push", "desk"};
  config.routes = {critical};
  using enum alert_type;
  config.voice.types = {instance_unreachable, all_trunks_down, trunk_down, sbc_offline, service_down, provider_outage};
  config.voice.owner = user_id("kim");
  config.escalation.steps = {{30min, {"user:kim"}}};
  return config;
}

} // namespace

company::company(const plan& of, std::size_t number, events& queue, account& book, std::vector<std::string>* effects)
    : number_(number),
      queue_(queue),
      book_(book),
      effects_(effects),
      luck_(of.drawn_with.seed * 1000 + number),
      config_(std::make_shared<const tenant_config>(config_of(of, number))),
      machine_(config_, test::kinds()) {
  machine_.look_at(truth_);
  machine_.set_callbacks(logic::callbacks::offered);
  std::vector<phone_record> verified;
  for (const auto& one : {number_jo, number_kim}) verified.push_back({std::string(one), "", {}, 0, beginning});
  machine_.restore({}, {});
  machine_.restore_calls({}, std::move(verified), std::nullopt);
  for (const instance_config& one : config_->instances) {
    truth_[one.id].instance = one.id;
    watches_[one.id] = std::make_unique<watch>(one, of.pbxes[pbx_of(one.id)], queue_, of.drawn_with.skip_polls,
                                               [this](const poll_news& news) { hear(news); });
  }
}

void company::hear(const poll_news& news) {
  test::apply(truth_.at(news.instance), news);
  carry_out(machine_.on(news, queue_.now()));
}

void company::carry_out(const logic::effects& made) {
  if (effects_ != nullptr) write_down(made);
  for (const alert& one : made.alerts)
    if (one.phase == alert_phase::resolved) book_.resolved(number_, one.key, queue_.now());
  for (const delivery& row : made.deliveries) {
    if (row.target.empty())
      queue_.after(until_sent, [this, row] { deliver(row); });
    else
      queue_.after(until_sent, [this, row] { place(row); });
    if (row.channel == channel_id("desk")) book_.opened_ticket(number_, row);
  }
  for (const logic::hang_up_wish& one : made.hang_ups)
    queue_.after(until_sent, [this, call = one.call] { end_call(call, call_result::cancelled); });
  for (const instance_id& one : made.settle) watches_.at(one)->settle();
  wait_for_tick();
}

void company::write_down(const logic::effects& made) const {
  const auto note = [&](std::string line) {
    effects_->push_back(rfc3339(queue_.now()) + " " + config_->id.str() + " " + std::move(line));
  };
  for (const alert& a : made.alerts)
    note(fmt::format("alert {} {} {} e{} v{} masks{} {} {}", a.id.str(), name(a.phase), name(a.level), a.episode,
                     a.version, a.masks, a.settling ? "settling" : "", rfc3339(a.since)));
  for (const delivery& row : made.deliveries)
    note(fmt::format("row {} {} {} {}", row.id.str(), row.channel.str(), name(row.event), row.content.text));
  for (const decision& one : made.decisions)
    note(fmt::format("decision {} {} {} {}", one.alert.str(), one.channel.str(), name(one.deciding), one.gates));
  for (const call_record& one : made.calls)
    note(fmt::format("call {} {} {}", one.call.str(), name(one.stage), name(one.result)));
  for (const suppression& one : made.suppressions) note("suppressed " + one.alert.str());
  for (const logic::hang_up_wish& one : made.hang_ups) note("hang up " + one.call.str());
}

void company::wait_for_tick() {
  const auto next = machine_.next_due();
  if (!next || (tick_at_ && *tick_at_ <= *next)) return;
  tick_at_ = next;
  queue_.at(*next, [this, token = ++tick_token_] {
    if (token != tick_token_) return;
    tick_at_.reset();
    carry_out(machine_.on(logic::tick{}, queue_.now()));
  });
}

// --- channels --------------------------------------------------------------------------------------------------------------

void company::deliver(const delivery& row) {
  const channel_config& over = *config_->find(row.channel);
  if (over.user) {
    book_.pushed(number_, over.user->str(), row, queue_.now());
    think_about(row);
  }
  carry_out(machine_.on(
      logic::delivery_report{row.id, row.alert, row.channel, delivery_state::sent, reason::none, row.id.str()},
      queue_.now()));
}

const alert* company::find(const alert_id& id, const notice& in) const {
  const auto view = std::ranges::find(in.alerts, id, &alert_view::id);
  if (view == in.alerts.end()) return nullptr;
  const auto at = machine_.alerts().find({view->instance, view->type, view->resource});
  return at == machine_.alerts().end() ? nullptr : &at->second;
}

// The claim of a call looks again whether somebody still waits for it.
void company::place(const delivery& row) {
  const alert* lead = find(row.alert, row.content);
  const bool wanted = lead != nullptr && is_notifiable(*lead) && lead->episode == row.episode;
  logic::delivery_report report{row.id, row.alert, row.channel, delivery_state::sent, reason::none, row.id.str()};
  if (!wanted) {
    report.state = delivery_state::suppressed;
    return carry_out(machine_.on(report, queue_.now()));
  }
  std::vector<alert> members;
  for (const auto& [key, one] : machine_.alerts())
    if (one.phase != alert_phase::resolved && one.parent == lead->id) members.push_back(one);
  book_.rang(number_, *lead, members, queue_.now());
  ringing_.insert(row.id);
  carry_out(machine_.on(report, queue_.now()));
  tell_call(row.id, call_stage::ringing, call_result::none);
  queue_.after(rings_for, [this, call = row.id] { end_call(call, call_result::no_answer); });
}

void company::end_call(const delivery_id& call, call_result how) {
  if (ringing_.erase(call) > 0) tell_call(call, call_stage::ended, how);
}

void company::tell_call(const delivery_id& call, call_stage stage, call_result how) {
  call_news news;
  news.call = call;
  news.heard.stage = stage;
  news.heard.result = how;
  carry_out(machine_.on(news, queue_.now()));
}

// --- the person ------------------------------------------------------------------------------------------------------------

void company::think_about(const delivery& row) {
  const bool asks = row.event == notice_event::fired || row.event == notice_event::summary;
  if (!asks || !luck_.chance(acknowledged_percent)) return;
  for (const alert_view& one : row.content.alerts)
    if (one.id == row.alert || row.event == notice_event::summary)
      queue_.after(until_acknowledged, [this, id = one.id, episode = one.episode] { acknowledge(id, episode); });
}

void company::acknowledge(const alert_id& about, std::uint32_t episode) {
  command asked;
  asked.id = fmt::format("cmd-{}", ++commands_);
  asked.tenant = config_->id;
  asked.alert = about;
  asked.episode = episode;
  asked.by = "jo";
  asked.via = "link";
  asked.at = queue_.now();
  carry_out(machine_.on(asked, queue_.now()));
}

} // namespace ringdown::noise
