#include "test/persistence/store_conformance.hpp"
#include "test/support/catch.hpp"

#include <set>

namespace ringdown::persistence::conformance {

void tenants_are_apart(const store_opener& open) {
  desk work(open);
  desk other(open);
  work.owner = other.owner;
  other.tenant = tenant_id("globex");
  // The same ids in both, as if they had been made up by the tenants.
  const alert ours = make_alert("al_1");
  alert theirs = make_alert("al_1", other.tenant);
  theirs.phase = alert_phase::acknowledged;
  work.commit_alert(ours);
  other.commit_alert(theirs);
  work.commit_rows({make_row("dl_1", ours)});
  other.commit_rows({make_row("dl_1", theirs)});

  CHECK(work.claimed_ids() == std::vector<std::string>{"dl_1"});
  CHECK(other.claimed_ids().empty());
  auto foreign = other.outcome("dl_1", delivery_state::sent);
  CHECK(other.settle(foreign).error().kind == failure_kind::conflict);
  CHECK((*work.held->load_tenant(work.tenant, "n1", noon)).alerts.size() == 1);
  CHECK((*work.held->alerts({other.tenant, {}, true, 10, ""})).items.at(0).phase == alert_phase::acknowledged);
  auto batch = other.batch();
  batch.suppressions = {{ours.id, 9, reason::kill_switch}};
  work.commit_rows({make_row("dl_2", ours)});
  other.commit(batch);
  CHECK(work.fate("dl_2") == "pending");
}

namespace {

alert full_alert() {
  alert a = make_alert("al_full");
  a.phase = alert_phase::acknowledged;
  a.told = severity::warning;
  a.episode = 4;
  a.version = 9;
  a.detail = "403 from the registrar; it's \"odd\"";
  a.not_before = noon - std::chrono::minutes(3);
  a.unseen_since = noon - std::chrono::minutes(1);
  a.masks = with(with(0, mask::parent), mask::mute);
  a.snoozed_until = noon + std::chrono::hours(2);
  a.parent = alert_id("al_parent");
  a.settling = a.first_sight = a.flapping = a.drill = true;
  a.changes = {noon - std::chrono::seconds(9), noon};
  a.current = condition::ok;
  a.ack = acknowledgement{"jo", "link", noon, 4};
  a.reminded = noon;
  a.targets = {{channel_id("push"), "phone", delivery_id("dl_1"), severity::critical},
               {channel_id("hook"), "", delivery_id("dl_2"), severity::info, noon, true, loudness::failing}};
  a.ladder.emplace().call = delivery_id("dl_7");
  a.ladder->due = noon;
  a.escalation.emplace().steps = {{std::chrono::minutes(5), {"oncall", "user:jo"}}};
  a.backed_up = true;
  return a;
}

void check_same(const alert& seen, const alert& wanted) {
  CHECK(seen.key == wanted.key);
  CHECK(seen.label == wanted.label);
  CHECK(seen.provider == wanted.provider);
  CHECK(seen.phase == wanted.phase);
  CHECK(seen.level == wanted.level);
  CHECK(seen.told == wanted.told);
  CHECK(seen.episode == wanted.episode);
  CHECK(seen.version == wanted.version);
  CHECK(seen.why == wanted.why);
  CHECK(seen.detail == wanted.detail);
  CHECK(seen.opened == wanted.opened);
  CHECK(seen.since == wanted.since);
  CHECK(seen.not_before == wanted.not_before);
  CHECK(seen.resolved == wanted.resolved);
  CHECK(seen.unseen_since == wanted.unseen_since);
  CHECK(seen.masks == wanted.masks);
  CHECK(seen.snoozed_until == wanted.snoozed_until);
  CHECK(seen.parent == wanted.parent);
  CHECK((seen.settling == wanted.settling && seen.first_sight == wanted.first_sight));
  CHECK((seen.flapping == wanted.flapping && seen.drill == wanted.drill && seen.removed == wanted.removed));
  CHECK(seen.changes == wanted.changes);
  CHECK(seen.current == wanted.current);
  CHECK(seen.ladder == wanted.ladder);
  CHECK(seen.escalation == wanted.escalation);
  CHECK(seen.backed_up == wanted.backed_up);
  CHECK(seen.ack == wanted.ack);
  CHECK(seen.reminded == wanted.reminded);
  CHECK(seen.targets == wanted.targets);
  CHECK(seen.trace == wanted.trace);
}

void fill(desk& work) {
  auto batch = work.batch();
  batch.alerts = {full_alert(), make_alert("al_plain")};
  resource_record trunk;
  trunk.ref = {resource_kind::trunk, "61"};
  trunk.label = "Bandwidth";
  trunk.state = resource_state::failed_registration;
  trunk.since = noon;
  trunk.provider = "sip.example.net";
  trunk.number = "10001";
  trunk.direction = trunk_direction::both;
  trunk.role = trunk_role::failover;
  trunk.detail = "403";
  auto gone = trunk;
  gone.ref.key = "62";
  batch.resources = {{instance_id("hq"), trunk}, {instance_id("hq"), gone}};
  batch.removals = {{instance_id("hq"), gone.ref}};
  batch.healths = {{instance_id("hq"), {reachability::reachable, cause::none, noon, 5, "20.0.10", true}}};
  batch.mutes = {{mute_scope::type, alert_type::sim_calls, noon + std::chrono::hours(1), "jo", "busy day"},
                 {mute_scope::everything, {}, noon - std::chrono::hours(1), "jo", "over"}};
  work.commit(batch);
}

} // namespace

void snapshots_bring_back_what_was_written(const store_opener& open) {
  desk work(open);
  fill(work);
  const login_budget left{2, noon + std::chrono::minutes(30), "mark"};
  REQUIRE(work.held->save_login_budget(work.owner, work.tenant, instance_id("hq"), "n1", left).ok());
  const auto loaded = *open()->load_tenant(work.tenant, "n1", noon);

  REQUIRE(loaded.alerts.size() == 2);
  check_same(loaded.alerts[0].id.str() == "al_full" ? loaded.alerts[0] : loaded.alerts[1], full_alert());
  REQUIRE(loaded.instances.size() == 1);
  CHECK(loaded.instances[0].health == instance_health{reachability::reachable, cause::none, noon, 5, "20.0.10", true});
  REQUIRE(loaded.instances[0].resources.size() == 1);
  const resource_record& trunk = loaded.instances[0].resources[0];
  CHECK(trunk.ref.key == "61");
  CHECK(trunk.state == resource_state::failed_registration);
  CHECK(trunk.role == trunk_role::failover);
  CHECK(trunk.direction == trunk_direction::both);
  REQUIRE(loaded.mutes.size() == 1);
  CHECK(loaded.mutes[0].type == alert_type::sim_calls);
  CHECK(loaded.budgets.at(instance_id("hq")).failures == 2);
  CHECK(loaded.budgets.at(instance_id("hq")).paused_until == left.paused_until);
  CHECK(loaded.budgets.at(instance_id("hq")).credentials == "mark");
  CHECK((*work.held->load_tenant(work.tenant, "another address", noon)).budgets.empty());

  CHECK_FALSE((*work.held->setting("k")).has_value());
  REQUIRE(work.held->put_setting("k", "v").ok());
  CHECK((*work.held->setting("k")) == "v");
  CHECK(work.held->probe(noon).ok());
}

void alerts_know_which_of_their_rows_were_sent(const store_opener& open) {
  desk work(open);
  alert told = make_alert("al_1");
  const delivery sent = make_row("dl_sent", told);
  delivery waits = make_row("dl_waits", told);
  waits.channel = channel_id("other");
  for (const delivery& one : {sent, waits}) told.targets.push_back({one.channel, "", one.id, severity::critical, noon});
  work.commit_alert(told);
  work.commit_rows({sent, waits});
  const auto accepted = [&] {
    const auto loaded = *open()->load_tenant(work.tenant, "n1", noon);
    return std::pair(loaded.alerts.at(0).targets.at(0).accepted, loaded.alerts.at(0).targets.at(1).accepted);
  };
  REQUIRE(work.claimed_ids() == std::vector<std::string>{"dl_sent"});
  CHECK(accepted() == std::pair(false, false));
  REQUIRE(work.settle(work.outcome("dl_sent", delivery_state::sent)).ok());
  CHECK(accepted() == std::pair(true, false));
}

void mutes_are_listed(const store_opener& open) {
  desk work(open);
  config_change made;
  made.tenant = work.tenant;
  made.at = noon;
  REQUIRE(work.held->replace_config(made).ok());
  const wall_time over = noon + std::chrono::hours(1);
  auto batch = work.batch();
  batch.mutes = {{mute_scope::type, alert_type::sim_calls, over, "sam", "busy day"},
                 {mute_scope::everything, {}, over, "jo", "fire drill"}};
  work.commit(batch);

  const auto held = *work.held->mutes({}, noon);
  REQUIRE(held.size() == 2);
  CHECK(held[0].tenant == work.tenant);
  CHECK(held[0].row.scope == mute_scope::everything);
  CHECK((held[0].row.by == "jo" && held[0].row.text == "fire drill" && held[0].row.until == over));
  CHECK(held[1].row.type == alert_type::sim_calls);
  CHECK((*work.held->mutes(tenant_id("globex"), noon)).empty());
  CHECK((*work.held->mutes(work.tenant, over)).empty());
  CHECK((*work.held->figures(noon)).silenced_tenants == 1);
  CHECK((*work.held->figures(over)).silenced_tenants == 0);

  auto lifted = work.batch();
  lifted.mutes = {{mute_scope::everything, {}, noon, "jo", "fire drill"}};
  work.commit(lifted);
  CHECK((*work.held->mutes(work.tenant, noon)).size() == 1);
  CHECK((*work.held->figures(noon)).silenced_tenants == 0);
}

namespace {

// Walks all pages; every item once, none forgotten.
template <class Query, class Ask>
std::size_t walk(Query query, Ask ask) {
  std::set<std::string> seen;
  std::size_t count = 0;
  for (int pages = 0; pages < 100; ++pages) {
    const auto one = ask(query);
    CHECK(one.items.size() <= query.limit);
    for (const auto& id : one.items) {
      seen.insert(id);
      ++count;
    }
    if (one.next.empty()) break;
    query.cursor = one.next;
  }
  CHECK(seen.size() == count);
  return count;
}

template <class T, class Name>
page<std::string> names_of(const result<page<T>>& found, Name name_of) {
  REQUIRE(found.ok());
  page<std::string> names;
  for (const T& one : found->items) names.items.push_back(name_of(one));
  names.next = found->next;
  return names;
}

// 25 alerts (20 open) with a row, a decision and a trunk each, and a summary of two.
void fill_pages(desk& work) {
  auto batch = work.batch();
  for (int i = 0; i < 25; ++i) {
    alert a = make_alert("al_" + std::to_string(i));
    if (i >= 20) a.phase = alert_phase::resolved;
    batch.alerts.push_back(a);
    batch.deliveries.push_back(make_row("dl_" + std::to_string(i), a));
    batch.decisions.push_back({a.id, 1, 1, notice_event::fired, channel_id("push"), "phone", reason::first,
                               "phase=firing", "told", delivery_id("dl_" + std::to_string(i)), noon});
    batch.resources.push_back(
        {instance_id("hq"),
         {{resource_kind::trunk, std::to_string(i)}, "T", resource_state::up, noon, "", "", {}, {}, ""}});
  }
  auto summary = make_row("dl_summary", batch.alerts[0]);
  summary.event = notice_event::summary;
  summary.content.alerts = {view_of(batch.alerts[0]), view_of(batch.alerts[1])};
  batch.deliveries.push_back(summary);
  work.commit(batch);
}

} // namespace

void queries_page(const store_opener& open) {
  desk work(open);
  fill_pages(work);

  const auto alerts = [&](const alert_query& q) {
    return names_of(work.held->alerts(q), [](const alert& a) { return a.id.str(); });
  };
  const auto rows = [&](const delivery_query& q) {
    return names_of(work.held->deliveries(q), [](const delivery_row& d) { return d.row.id.str(); });
  };
  const auto parts = [&](const resource_query& q) {
    return names_of(work.held->resources(q), [](const resource_row& r) { return r.record.ref.key; });
  };
  CHECK(walk(alert_query{work.tenant, {}, true, 7, ""}, alerts) == 20);
  CHECK(walk(alert_query{{}, instance_id("hq"), false, 25, ""}, alerts) == 25);
  CHECK(walk(alert_query{tenant_id("globex"), {}, false, 7, ""}, alerts) == 0);
  CHECK(walk(delivery_query{work.tenant, {}, {}, {}, 4, ""}, rows) == 26);
  CHECK(walk(delivery_query{{}, alert_id("al_1"), {}, {}, 4, ""}, rows) == 2);
  CHECK(walk(delivery_query{{}, {}, channel_id("hook"), {}, 4, ""}, rows) == 0);
  CHECK(walk(delivery_query{{}, {}, {}, delivery_state::pending, 26, ""}, rows) == 26);
  CHECK(walk(resource_query{work.tenant, instance_id("hq"), {resource_kind::trunk}, 10, ""}, parts) == 25);
  CHECK(walk(resource_query{{}, {}, {resource_kind::bridge, resource_kind::trunk}, 10, ""}, parts) == 25);
  CHECK(walk(resource_query{{}, {}, {resource_kind::bridge, resource_kind::sbc}, 10, ""}, parts) == 0);

  // A cursor that is not ours is refused, not taken for the beginning or the end.
  CHECK(work.held->alerts({{}, {}, false, 7, "25"}).error().kind == failure_kind::invalid);
  CHECK(work.held->deliveries({{}, {}, {}, {}, 7, "x"}).error().kind == failure_kind::invalid);
  CHECK(work.held->resources({{}, {}, {}, 7, "!"}).error().kind == failure_kind::invalid);

  // A page that is exactly the last has no next.
  CHECK((*work.held->alerts({{}, {}, false, 25, ""})).next.empty());
  CHECK((*work.held->resources({{}, {}, {}, 25, ""})).next.empty());
  CHECK((*work.held->deliveries({{}, {}, {}, {}, 26, ""})).next.empty());

  // What was there on the first page and is gone on the second hides nothing.
  const auto first = *work.held->resources({{}, {}, {resource_kind::trunk}, 10, ""});
  write_batch gone = work.batch();
  gone.removals.push_back({first.items.front().instance, first.items.front().record.ref});
  work.commit(gone);
  CHECK(walk(resource_query{{}, {}, {resource_kind::trunk}, 10, first.next}, parts) == 15);

  const auto why = *work.held->decisions(alert_id("al_3"));
  REQUIRE(why.size() == 1);
  CHECK(why[0].deciding == reason::first);
  CHECK(why[0].made.str() == "dl_3");
  const auto figures = *work.held->figures(noon);
  CHECK(figures.open_alerts.at(severity::critical) == 20);
  CHECK(figures.deliveries.at(delivery_state::pending) == 26);
  CHECK(figures.oldest_pending == noon);
  CHECK_FALSE((*work.held->find_alert(alert_id("al_none"))).has_value());
  CHECK_FALSE((*work.held->find_delivery(delivery_id("dl_none"))).has_value());
}

void audits_chain(const store_opener& open) {
  desk work(open);
  auto entry = [](const std::string& subject) { return audit_entry{"jo", "alert.acknowledged", subject, "", noon}; };
  for (const char* tenant : {"acme", "globex"}) {
    auto batch = work.batch();
    batch.tenant = tenant_id(tenant);
    batch.audits = {entry("one"), entry("two"), entry("three")};
    work.commit(batch);
  }
  // Another connection goes on where this one stopped.
  desk next(open);
  auto batch = next.batch();
  batch.audits = {entry("four")};
  next.commit(batch);

  const auto found = *next.held->audit({tenant_id("acme"), 3, ""});
  REQUIRE(found.items.size() == 3);
  CHECK(found.items[0].entry.subject == "four");
  CHECK(found.items[0].sequence == 4);
  CHECK(found.items[0].hash.size() == 64);
  CHECK((*next.held->audit({tenant_id("acme"), 3, found.next})).items.size() == 1);
  const auto verdict = *next.held->verify_audit();
  CHECK(verdict.checked == 7);
  CHECK(verdict.broken.empty());
}

} // namespace ringdown::persistence::conformance
