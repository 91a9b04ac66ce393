#include "test/persistence/store_conformance.hpp"
#include "test/support/catch.hpp"

#include <algorithm>
#include <map>

namespace ringdown::persistence::conformance {

void commits_are_fenced(const store_opener& open) {
  desk old(open);
  const alert a = make_alert("al_1");
  old.commit_alert(a);
  old.commit_rows({make_row("dl_1", a)});
  REQUIRE(old.claimed_ids() == std::vector<std::string>{"dl_1"});

  desk fresh(open);
  REQUIRE(fresh.owner.epoch == old.owner.epoch + 1);

  SECTION("a stale batch is refused, the others of the same transaction are not") {
    auto stale = old.batch();
    stale.alerts = {make_alert("al_stale")};
    stale.audits = {{"system", "alert.fired", "al_stale", "", noon}};
    auto good = fresh.batch();
    good.alerts = {make_alert("al_good")};
    const std::vector<write_batch> both{stale, good};
    const auto verdicts = fresh.held->commit(both);
    REQUIRE(verdicts.ok());
    CHECK((*verdicts)[0].error().kind == failure_kind::conflict);
    CHECK((*verdicts)[1].ok());
    CHECK_FALSE((*fresh.held->find_alert(alert_id("al_stale"))).has_value());
    CHECK((*fresh.held->find_alert(alert_id("al_good"))).has_value());
    CHECK((*fresh.held->audit({tenant_id("acme"), 10, ""})).items.empty());
  }
  SECTION("a stale claim gets nothing") {
    CHECK(old.held->claim({old.tenant, channel_id("push"), old.owner, 1, noon}).error().kind == failure_kind::conflict);
  }
  SECTION("a stale settlement is a conflict and leaves the row") {
    CHECK(old.settle(old.outcome("dl_1", delivery_state::sent)).error().kind == failure_kind::conflict);
    CHECK(fresh.fate("dl_1") == "claimed");
    CHECK((*fresh.held->attempts(delivery_id("dl_1"))).empty());
  }
  SECTION("a stale owner recovers nothing") {
    CHECK_FALSE(old.held->recover_claims(old.owner, {}, noon).ok());
    CHECK_FALSE(
        old.held->recover_channel(old.tenant, channel_id("push"), old.owner, key_knowledge::keyed, {}, noon).ok());
  }
}

void commits_are_whole(const store_opener& open) {
  desk work(open);
  const alert a = make_alert("al_1");
  auto batch = work.batch();
  batch.alerts = {a};
  batch.deliveries = {make_row("dl_1", a)};
  work.commit(batch);

  SECTION("what was committed is there on another connection") {
    const auto other = open();
    CHECK((*other->find_alert(a.id)).has_value());
    CHECK((*other->find_delivery(delivery_id("dl_1"))).has_value());
  }
  SECTION("the same row again is the same intent") {
    auto again = make_row("dl_1", a);
    again.content.title = "another";
    work.commit_rows({again});
    CHECK(work.row("dl_1").content.title == "Trunk down: Trunk al_1");
    CHECK((*work.held->deliveries({})).items.size() == 1);
  }
  SECTION("a row may be born claimed under the fence of its batch") {
    auto born = make_row("dl_2", a);
    born.state = delivery_state::claimed;
    born.attempts = 1;
    born.handed = 1;
    work.commit_rows({born});
    const auto seen = *work.held->find_delivery(delivery_id("dl_2"));
    CHECK(seen->claimed_by == work.owner);
    CHECK(seen->claimed_at == noon);
    CHECK(work.settle(work.outcome("dl_2", delivery_state::sent)).ok());
  }
  SECTION("an empty span of batches is no error") { CHECK(work.held->commit({})->empty()); }
}

void settlements_end_rows(const store_opener& open) {
  desk work(open);
  const alert a = make_alert("al_1");
  work.commit_alert(a);
  work.commit_rows({make_row("dl_1", a)});
  REQUIRE(work.claim().rows.size() == 1);

  SECTION("sent ends it, with a ledger row") {
    auto what = work.outcome("dl_1", delivery_state::sent);
    what.reference = "msg-7";
    REQUIRE(work.settle(what).ok());
    CHECK(work.fate("dl_1") == "sent");
    CHECK(work.row("dl_1").reference == "msg-7");
    const auto ledger = *work.held->attempts(delivery_id("dl_1"));
    REQUIRE(ledger.size() == 1);
    CHECK(ledger[0].status == 200);
    CHECK(ledger[0].outcome == outcome_kind::accepted);
    CHECK((*work.held->find_delivery(delivery_id("dl_1")))->ended == what.ledger.ended);
    CHECK(work.settle(what).error().kind == failure_kind::conflict);
    CHECK(work.claim().rows.empty());
  }
  SECTION("pending comes again when it is due, and keeps its reference") {
    auto what = work.outcome("dl_1", delivery_state::pending);
    what.not_before = noon + std::chrono::seconds(4);
    REQUIRE(work.settle(what).ok());
    const auto early = work.claim();
    CHECK(early.rows.empty());
    CHECK_FALSE(early.due_left);
    CHECK(early.next_due == what.not_before);
    const auto late = work.claim(10, what.not_before);
    REQUIRE(late.rows.size() == 1);
    CHECK(late.rows[0].attempts == 2);
    CHECK(late.rows[0].handed == 1);
  }
  SECTION("an attempt that never began is not counted") {
    auto what = work.outcome("dl_1", delivery_state::pending);
    what.ledger.number = 0;
    REQUIRE(work.settle(what).ok());
    CHECK(work.row("dl_1").attempts == 0);
    CHECK((*work.held->attempts(delivery_id("dl_1"))).empty());
  }
  SECTION("handed back too late: somebody has claimed it since") {
    auto back = work.outcome("dl_1", delivery_state::pending);
    back.ledger.outcome = outcome_kind::not_sent;
    REQUIRE(work.settle(work.outcome("dl_1", delivery_state::pending)).ok());
    REQUIRE(work.claim().rows.size() == 1);
    CHECK(work.settle(back).error().kind == failure_kind::conflict);
    CHECK(work.fate("dl_1") == "claimed");
    back.ledger.number = 2;
    REQUIRE(work.settle(back).ok());
    CHECK(work.row("dl_1").attempts == 1);
  }
  SECTION("a row nobody claimed cannot be settled") {
    work.commit_rows({make_row("dl_2", a)});
    CHECK_FALSE(work.settle(work.outcome("dl_2", delivery_state::sent)).ok());
    CHECK(work.fate("dl_2") == "pending");
  }
}

void suppressions_reach_only_unsent_interrupts(const store_opener& open) {
  desk work(open);
  alert a = make_alert("al_1");
  work.commit_alert(a);
  auto row = [&](const std::string& id, delivery_kind kind, notice_event event, std::uint32_t version) {
    auto made = make_row(id, a);
    made.kind = kind;
    made.event = event;
    made.version = version;
    made.target = id;
    return made;
  };
  auto claimed = row("claimed", delivery_kind::interrupt, notice_event::fired, 1);
  claimed.state = delivery_state::claimed;
  work.commit_rows({row("fire", delivery_kind::interrupt, notice_event::fired, 1),
                    row("escalation", delivery_kind::interrupt, notice_event::escalated, 1),
                    row("reminder", delivery_kind::interrupt, notice_event::reminder, 1),
                    row("newer", delivery_kind::interrupt, notice_event::fired, 2),
                    row("resolve", delivery_kind::interrupt, notice_event::resolved, 1),
                    row("mirror", delivery_kind::mirror, notice_event::fired, 1),
                    row("log", delivery_kind::log, notice_event::fired, 1), claimed});
  auto batch = work.batch();
  batch.suppressions = {{a.id, 1, reason::acknowledged}};
  auto late = row("late", delivery_kind::interrupt, notice_event::fired, 1);
  batch.deliveries = {late};
  work.commit(batch);
  for (const char* gone : {"fire", "escalation", "reminder"}) CHECK(work.fate(gone) == "suppressed acknowledged");
  for (const char* stays : {"newer", "resolve", "mirror", "log", "late"}) CHECK(work.fate(stays) == "pending");
  CHECK(work.fate("claimed") == "claimed");
}

void commands_survive(const store_opener& open) {
  desk work(open);
  command asked;
  asked.id = "c1";
  asked.tenant = work.tenant;
  asked.kind = command_kind::snooze;
  asked.alert = alert_id("al_1");
  asked.episode = 3;
  asked.by = "jo";
  asked.via = "link";
  asked.until = noon + std::chrono::hours(1);
  asked.text = "on it";
  asked.at = noon;
  const auto again = [&] {
    const auto kept = work.held->insert_command(asked);
    return !kept && kept.error().kind == failure_kind::conflict;
  };
  REQUIRE(work.held->insert_command(asked).ok());
  CHECK(again());
  const auto inbox = *open()->open_commands(work.tenant);
  REQUIRE(inbox.size() == 1);
  CHECK(inbox[0].kind == command_kind::snooze);
  CHECK(inbox[0].episode == 3);
  CHECK(inbox[0].until == asked.until);
  CHECK((*work.held->open_commands(tenant_id("globex"))).empty());

  auto batch = work.batch();
  batch.commands = {{"c1", command_answer::done, "snoozed"}};
  work.commit(batch);
  CHECK((*work.held->open_commands(work.tenant)).empty());
  CHECK(again()); // decided, and not to be decided again
  CHECK((*work.held->open_commands(work.tenant)).empty());
}

namespace {

config_change change_of(const std::string& tenant) {
  config_change change;
  change.tenant = tenant_id(tenant);
  change.objects = {{"tenant", "", "file", "name = \"Acme\""},
                    {"channel", "push", "file", "token = { secret = \"push.token\" }"},
                    {"channel", "hook", "file", "kind = \"webhook\""}};
  change.secrets["push.token"] = secret_text("correct horse");
  change.identities = {{instance_id("hq"), "pbx.example.net", "client-1"}};
  change.actor = "file";
  change.summary = "3 objects added";
  change.at = noon;
  return change;
}

} // namespace

void configuration_is_replaced(const store_opener& open) {
  desk work(open);
  REQUIRE(work.held->replace_config(change_of("acme")).ok());

  SECTION("it is loaded as it was written, version by version") {
    REQUIRE(work.held->replace_config(change_of("acme")).ok());
    const auto all = *open()->load_configs({});
    REQUIRE(all.size() == 1);
    CHECK(all[0].version == 2);
    REQUIRE(all[0].objects.size() == 3);
    CHECK(all[0].objects[0].id == "hook");
    CHECK((*work.held->load_secrets(work.tenant)).at("push.token").reveal() == "correct horse");
    CHECK((*work.held->audit({work.tenant, 10, ""})).items.size() == 2);
  }
  SECTION("a PBX belongs to one instance; the owner is not named") {
    const auto refused = work.held->replace_config(change_of("globex"));
    REQUIRE(refused.error().kind == failure_kind::conflict);
    CHECK(refused.error().detail.find("acme") == std::string::npos);
    CHECK((*work.held->load_configs({})).size() == 1);
    CHECK((*work.held->audit({tenant_id("globex"), 10, ""})).items.empty());
  }
  SECTION("the audit goes on after a refused change") {
    static_cast<void>(work.held->replace_config(change_of("globex")));
    auto other = change_of("globex");
    other.identities.clear();
    REQUIRE(work.held->replace_config(other).ok());
    CHECK((*work.held->verify_audit()).broken.empty());
  }
}

void configuration_takes_along_what_it_removes(const store_opener& open) {
  desk work(open);
  REQUIRE(work.held->replace_config(change_of("acme")).ok());

  SECTION("a removed channel's pending rows are suppressed, others stay") {
    const alert a = make_alert("al_1");
    work.commit_alert(a);
    auto hook = make_row("dl_hook", a);
    hook.channel = channel_id("hook");
    hook.kind = delivery_kind::log;
    work.commit_rows({make_row("dl_push", a), hook});
    auto change = change_of("acme");
    change.objects.erase(change.objects.begin() + 1);
    REQUIRE(work.held->replace_config(change).ok());
    CHECK(work.fate("dl_push") == "suppressed channel_removed");
    CHECK(work.fate("dl_hook") == "pending");
  }
  SECTION("a secret no object names any more is forgotten, others stay") {
    auto change = change_of("acme");
    change.secrets.clear();
    REQUIRE(work.held->replace_config(change).ok());
    CHECK((*work.held->load_secrets(work.tenant)).size() == 1);
    change.objects.erase(change.objects.begin() + 1);
    REQUIRE(work.held->replace_config(change).ok());
    CHECK((*work.held->load_secrets(work.tenant)).empty());
  }
  SECTION("a secret may be named in either of TOML's quotes") {
    auto change = change_of("acme");
    change.objects[1].body = "token = { secret = 'push.token' }";
    REQUIRE(work.held->replace_config(change).ok());
    CHECK((*work.held->load_secrets(work.tenant)).size() == 1);
  }
  SECTION("a removed tenant leaves its audit and nothing to start") {
    config_change gone;
    gone.tenant = work.tenant;
    gone.remove_tenant = true;
    gone.actor = "file";
    gone.at = noon;
    REQUIRE(work.held->replace_config(gone).ok());
    CHECK((*work.held->load_configs({})).empty());
    CHECK((*work.held->load_secrets(work.tenant)).empty());
    CHECK(work.held->replace_config(change_of("globex")).ok());
    CHECK((*work.held->audit({work.tenant, 10, ""})).items.size() == 2);
  }
}

// An engine may write the rows of many batches together: what one batch finds is what those before it left.
void commits_of_many_are_as_one_by_one(const store_opener& open) {
  constexpr int count = 100;
  constexpr int alerts = 3;
  desk work(open);
  std::vector<write_batch> batches;
  std::map<std::string, std::string> fates;
  for (int i = 0; i < count; ++i) {
    auto made = work.batch();
    alert a = make_alert("al_" + std::to_string(i % alerts));
    a.version = static_cast<std::uint32_t>(i + 1);
    const resource_ref trunk{resource_kind::trunk, std::to_string(i % 2)};
    made.resources = {
        {instance_id("hq"), {trunk, std::to_string(i), resource_state::registered, noon, "", "", {}, {}, ""}}};
    made.healths = {{instance_id("hq"), {}}};
    made.healths[0].health.version = std::to_string(i);
    made.alerts = {a};
    const bool suppresses = i % 7 == 3;
    if (suppresses) made.suppressions = {{a.id, a.version, reason::superseded}};
    for (auto& [id, fate] : fates)
      if (suppresses && id.starts_with(a.id.str() + ".")) fate = "suppressed superseded";
    const std::string id = a.id.str() + "." + std::to_string(i);
    made.deliveries = {make_row(id, a)};
    fates[id] = "pending";
    made.decisions = {{a.id, 1, a.version, notice_event::fired, channel_id("push"), "phone", reason::first, "", "told",
                       delivery_id(id), noon}};
    made.audits = {{"system", "alert.fired", a.id.str(), std::to_string(i), noon}};
    batches.push_back(std::move(made));
  }
  const auto verdicts = work.held->commit(batches);
  REQUIRE(verdicts.ok());

  for (const auto& [id, fate] : fates) {
    INFO(id);
    CHECK(work.fate(id) == fate);
  }
  std::vector<std::string> waiting; // in the order of their batches
  for (const write_batch& one : batches)
    if (const std::string id = one.deliveries[0].id.str(); fates[id] == "pending") waiting.push_back(id);
  const auto rows = work.held->deliveries({tenant_id("acme"), {}, {}, delivery_state::pending, count, ""});
  REQUIRE(rows.ok());
  std::vector<std::string> found;
  for (const delivery_row& one : rows->items) found.push_back(one.row.id.str());
  std::ranges::reverse(found);
  CHECK(found == waiting);
  for (int k = 0; k < alerts; ++k) {
    const alert_id id("al_" + std::to_string(k));
    const auto said = work.held->decisions(id);
    REQUIRE(said.ok());
    CHECK(std::ranges::is_sorted(*said, {}, &decision::version));
    REQUIRE(!said->empty());
    CHECK((*work.held->find_alert(id))->version == said->back().version);
  }
  const auto trunks = work.held->resources({});
  REQUIRE(trunks.ok());
  std::vector<std::string> labels;
  for (const resource_row& one : trunks->items) labels.push_back(one.record.label);
  CHECK(labels == std::vector<std::string>{"98", "99"});
  CHECK((*work.held->instances({}))[0].health.version == "99");
  CHECK(work.held->verify_audit()->checked == count);
}

void removed_tenants_leave_nothing_open(const store_opener& open) {
  desk work(open);
  REQUIRE(work.held->replace_config(change_of("acme")).ok());
  auto gone = change_of("acme");
  gone.remove_tenant = true;
  gone.objects.clear();
  gone.identities.clear();
  gone.secrets.clear();

  SECTION(
      "versions go on where a removed tenant comes back: whoever knew the old one must not take the new one for it") {
    REQUIRE(work.held->replace_config(gone).ok());
    const auto again = work.held->replace_config(change_of("acme"));
    REQUIRE(again.ok());
    CHECK(again->version == 3);
    CHECK((*work.held->config_heads())[0].version == 3);
  }
  SECTION("what was still written for a tenant that is removed is ended, and nothing of one that is there") {
    const alert a = make_alert("al_1");
    const auto write = [&] {
      work.commit_alert(a);
      work.commit_rows({make_row("dl_1", a), make_row("dl_2", a)});
    };
    write();
    REQUIRE(work.held->close_removed(work.owner, noon).ok());
    CHECK((*work.held->find_alert(a.id))->phase == a.phase);
    CHECK(work.fate("dl_1") == "pending");
    REQUIRE(work.held->replace_config(gone).ok());
    CHECK(work.fate("dl_1") == "suppressed channel_removed");
    work.commit_alert(a);
    work.commit_rows({make_row("dl_3", a)});
    if (GENERATE(true, false))
      REQUIRE(work.held->close_removed(work.owner, noon).ok());
    else
      REQUIRE(work.held->recover_claims(work.owner, {}, noon).ok());
    CHECK((*work.held->find_alert(a.id))->phase == alert_phase::resolved);
    CHECK(work.fate("dl_3") == "suppressed channel_removed");
  }
}

} // namespace ringdown::persistence::conformance
