"""The planted defects. In `put`, $on is true when the mutant is on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    name: str
    file: str
    breaks: str
    edits: tuple  # of (place, put); each place is there exactly once
    shows_in: str = "one_node"  # the worlds that are to catch it; else "several_nodes"


def one(name, file, breaks, place, put):
    return Mutant(name, file, breaks, ((place, put),))


def of_a_cluster(name, file, breaks, *edits):
    return Mutant(name, file, breaks, edits, "several_nodes")


CLAIM = "persistence/sql/claim.cpp"
POLICY = "actors/logic/delivery_policy.cpp"
DEDUP = "actors/logic/dedup.cpp"
MASKS = "actors/logic/masks.cpp"
MACHINE = "actors/logic/tenant_machine.cpp"
MASKED = "actors/logic/tenant_masks.cpp"
COMMANDS = "actors/logic/tenant_commands.cpp"
RESTARTS = "actors/logic/restart_policy.cpp"
WATCH = "actors/logic/resource_watch.cpp"
TENANT = "actors/tenant_actor.cpp"
CHANNEL = "actors/channel_actor.cpp"
CHANNEL_CLAIMS = "actors/channel_actor_claims.cpp"
POLLER = "actors/poller.cpp"
LADDER = "actors/logic/call_ladder.cpp"
ONCALL = "actors/logic/oncall_chain.cpp"
CALLS = "actors/logic/tenant_calls.cpp"
HEARD = "actors/logic/tenant_calls_heard.cpp"
NUMBERS = "persistence/sql/calls.cpp"
INBOX = "persistence/sql/load.cpp"
CALLBACKS = "actors/api/callback_handlers.cpp"
TICKETS = "protocol/wire/psa/autotask_requests.cpp"
DOUBT = "protocol/wire/psa/autotask.cpp"
STORE = "actors/store/store_actor.cpp"
LOUDNESS = "actors/logic/tenant_loudness.cpp"
WRITES = "persistence/sql/write.cpp"
LEASES = "actors/logic/lease_keeper.cpp"
NEWS = "actors/api/news.cpp"
# What a node does around the program: at the edges of the simulation.
CLUSTER = "test/simulation/cluster.cpp"
SENDING = "test/simulation/simulated_http.cpp"

MUTANTS = [
    # --- what a claim judges ---
    one("claim_ignores_acknowledged", CLAIM, "a claim does not look whether the alert is acknowledged",
        "else if (phase != wanted || (being_acknowledged && wanted == alert_phase::firing))",
        "else if (!$on && (phase != wanted || (being_acknowledged && wanted == alert_phase::firing)))"),
    one("claim_ignores_inbox", CLAIM, "a claim does not look at acknowledgements that wait in the inbox",
        "const bool being_acknowledged = found.truth();", "const bool being_acknowledged = found.truth() && !$on;"),
    Mutant("claim_ignores_resolve", CLAIM, "a claim does not look whether the alert has resolved", (
        ("else if (phase == alert_phase::resolved)", "else if (phase == alert_phase::resolved && !$on)"),
        ("const auto wanted = row.event == notice_event::reminder ?",
         "const auto wanted = $on && phase == alert_phase::resolved ? phase : row.event == notice_event::reminder ?"))),
    one("claim_ignores_episode", CLAIM, "a claim compares neither episode nor version",
        "if (!current)\n", "if (!current && !$on)\n"),
    one("claim_ignores_masks", CLAIM, "a claim forgets masks",
        "const reason barred = being_snoozed ? reason::snoozed_first : barring(row.tenant, masks, now);",
        "const reason barred = $on ? reason::none : being_snoozed ? reason::snoozed_first : barring(row.tenant, masks, now);"),
    one("claim_ignores_after", CLAIM, "an end is told to whoever was never told of the fire",
        "if (row.after && row.event == notice_event::resolved && !was_told(row))",
        "if (row.after && !$on && row.event == notice_event::resolved && !was_told(row))"),
    Mutant("gave_way", CLAIM, "the end is not told to a chat whose fire gave way to what it was told", (
        ("  bool told = false;\n",
         "  bool told = false;\n  std::string narrow(told_sql);\n"
         "  if ($on) narrow.replace(narrow.find(\"'mirror'\"), 8, \"'none'\");\n"
         "  static const std::string kept = narrow;\n"),
        ("      told_sql, [&](columns&)", "      $on ? kept.c_str() : told_sql, [&](columns&)"))),
    one("poison_never", CLAIM, "a delivery that kills its channel is handed over for ever",
        "if (row.handed >= poison_limit)", "if (row.handed >= poison_limit && !$on)"),
    one("repeat_called_suppressed", CLAIM, "what may have arrived ends as suppressed",
        "const auto end = row.possible_repeat ?", "const auto end = row.possible_repeat && !$on ?"),
    one("recovery_resends_all", CLAIM, "after a crash warnings are sent again where the key is unknown",
        "if (!keyed && row.level != severity::critical) {", "if (!keyed && row.level != severity::critical && !$on) {"),
    one("recovery_forgets_carried", CLAIM, "recovery takes rows away from the channel that carries them",
        "if (std::ranges::find(carried, row.id) == carried.end())",
        "if ($on || std::ranges::find(carried, row.id) == carried.end())"),
    one("recovery_of_a_channel_lost", CLAIM, "rows of a crashed channel stay claimed",
        "for (const delivery& row : held)\n", "if (!$on) for (const delivery& row : held)\n"),
    # --- what follows an attempt ---
    one("retry_without_back_off", POLICY, "a failure is tried again at once",
        "const duration wait = std::max(least, outcome.retry_after.value_or(duration{}));",
        "const duration wait = $on ? duration{} : std::max(least, outcome.retry_after.value_or(duration{}));"),
    one("repeat_not_flagged", POLICY, "a repeat does not say that it may be one",
        "return again(row, wait, true, now);", "return again(row, wait, !$on, now);"),
    one("unknown_is_retried", POLICY, "an unknown outcome of a warning is sent again",
        "if (keys == key_knowledge::keyed || row.level == severity::critical)",
        "if ($on || keys == key_knowledge::keyed || row.level == severity::critical)"),
    one("unknown_called_sent", POLICY, "an unknown outcome is called sent",
        "return {delivery_state::unknown, reason::outcome_unknown, now, row.possible_repeat};",
        "return {$on ? delivery_state::sent : delivery_state::unknown, reason::outcome_unknown, now, row.possible_repeat};"),
    one("refused_is_retried", POLICY, "what was refused for good is tried again",
        "case outcome_kind::refused:\n",
        "case outcome_kind::refused:\n      if ($on) return again(row, wait, row.possible_repeat, now);\n"),
    # --- alerts ---
    one("fire_keeps_version", DEDUP, "a fire again is no new version: its rows exist already",
        "  ++a.version;\n  a.phase = alert_phase::firing;", "  if (!$on) ++a.version;\n  a.phase = alert_phase::firing;"),
    one("acknowledged_for_ever", DEDUP, "an acknowledgement outlives its outage",
        "  a.ack.reset();\n", "  if ($on && a.ack) a.phase = alert_phase::acknowledged;\n  else a.ack.reset();\n"),
    one("parent_forgotten", MASKS, "what an unreachable PBX speaks for is told one by one",
        "if (made.parent) made.masks = with(made.masks, mask::parent);",
        "if (made.parent && !$on) made.masks = with(made.masks, mask::parent);"),
    one("flap_forgotten_on_reload", MACHINE, "a restart forgets that an alert is flapping",
        "    by_id_[one.id] = one.key;\n    alerts_[one.key] = std::move(one);",
        "    by_id_[one.id] = one.key;\n    one.flapping = one.flapping && !$on;\n    alerts_[one.key] = std::move(one);"),
    one("told_forgotten_on_reload", MACHINE, "after a restart nobody is told that it is over",
        "  for (const auto& [key, one] : alerts_) remind_at(one);",
        "  if ($on)\n    for (auto& [key, one] : alerts_) one.targets.clear();\n  for (const auto& [key, one] : alerts_) remind_at(one);"),
    one("gave_way_forgotten", MACHINE, "a chat whose fire gave way to a newer row counts as told nothing",
        "  if (gave_way(report)) return;", "  if (gave_way(report) && !$on) return;"),
    one("withdraw_not_asked", COMMANDS, "an acknowledgement withdraws nothing that a channel holds",
        "  t.out.suppressions.push_back({a.id, a.version, reason::acknowledged});\n  t.out.withdraw.push_back(a.id);",
        "  t.out.suppressions.push_back({a.id, a.version, reason::acknowledged});\n  if (!$on) t.out.withdraw.push_back(a.id);"),
    one("renotify_over_acknowledgement", COMMANDS, "told again by hand, an acknowledged alert interrupts",
        "  if (a->ack) return", "  if (a->ack && !$on) return"),
    one("settled_tells_nothing", MASKED, "what still fires when its mask lifts is told to nobody",
        "if (!many.empty()) tell_together(t.tell, many, t.out);", "if (!many.empty() && !$on) tell_together(t.tell, many, t.out);"),
    one("snooze_never_ends", MASKED, "the end of a snooze is missed",
        "  t.touched.insert(a.key);\n  renew_masks(t, a);\n  if (a.masks != 0 &&",
        "  if ($on) return;\n  t.touched.insert(a.key);\n  renew_masks(t, a);\n  if (a.masks != 0 &&"),
    one("restart_budget_never_spent", RESTARTS, "a crashing actor is started again for ever",
        "decided.exceeded = static_cast<int>", "decided.exceeded = !$on && static_cast<int>"),
    one("restart_at_once", RESTARTS, "a crashed actor is started again without a delay",
        "  return decided;\n", "  if ($on) decided.delay = {};\n  return decided;\n"),
    Mutant("unknown_is_ok", WATCH, "what cannot be read counts as sound", (
        ("if (seen.now == condition::unknown) {", "if (seen.now == condition::unknown && !$on) {"),
        ("if (seen.now == condition::ok) {", "if (seen.now == condition::ok || ($on && seen.now == condition::unknown)) {"))),
    # --- the tenant actor ---
    one("wake_before_commit", TENANT, "channels are handed rows before these are committed",
        "const std::uint64_t sequence = ++batches_;", "if ($on) carry_out(then);\n  const std::uint64_t sequence = ++batches_;"),
    one("born_claimed_out_of_order", TENANT, "a row is born claimed though older ones of its alert are open",
        "const bool older = !view.caught_up || view.alerts.contains(row.alert);",
        "const bool older = !$on && (!view.caught_up || view.alerts.contains(row.alert));"),
    one("channel_not_woken", TENANT, "a channel is not told of new rows",
        "for (const channel_id& id : then.look) tell(", "for (const channel_id& id : then.look) if (!$on) tell("),
    one("baseline_without_open_alerts", TENANT, "a poller that starts is not told which alerts are open",
        "if (stands_failing(at->second)) base.open.push_back(at->first);",
        "if (stands_failing(at->second) && !$on) base.open.push_back(at->first);"),
    one("command_decided_twice", TENANT, "a command that was read at the start is decided again when word of it comes",
        "read_at_load_.erase(stored.what.id) > 0", "(read_at_load_.erase(stored.what.id) > 0 && !$on)"),
    one("tenant_misses_the_clock", TENANT, "a wall clock set forward is not noticed while a timer runs",
        "std::clamp<duration>(*next - present.wall, duration{}, look_at_clock_after)",
        "std::clamp<duration>(*next - present.wall, duration{}, $on ? duration(std::chrono::hours(9)) : look_at_clock_after)"),
    # --- the channel actor ---
    one("look_forgotten", CHANNEL, "rows announced while a claim was under way are not looked for",
        "backlogged_ = std::exchange(look_again_, false);", "backlogged_ = std::exchange(look_again_, false) && !$on;"),
    one("retry_not_woken", CHANNEL, "nobody wakes the channel for a retry",
        "if (row.state == delivery_state::pending) wake_for(row.not_before);",
        "if (row.state == delivery_state::pending && !$on) wake_for(row.not_before);"),
    Mutant("send_by_ignored", CHANNEL, "what was claimed long ago is begun all the same", (
        ("if (world().time.boot() > one.send_by || !world().may_act()) {",
         "if ((world().time.boot() > one.send_by && !$on) || !world().may_act()) {"),
        ("  request.send_by = one.send_by;\n", "  if (!$on) request.send_by = one.send_by;\n"))),
    one("recovery_not_made", STORE, "a channel that starts takes up nothing of its predecessor's",
        "  const auto keys = asked.keyed ?",
        "  if ($on) return tell(asked.reply_to, rows_recovered{true});\n  const auto keys = asked.keyed ?"),
    one("recovery_without_carried", CHANNEL_CLAIMS, "a channel does not say what it carries when rows are recovered",
        "for (const auto& [id, one] : carrying_) lost.carried.push_back(id);",
        "if (!$on) for (const auto& [id, one] : carrying_) lost.carried.push_back(id);"),
    one("recovery_not_asked_again", CHANNEL_CLAIMS, "a recovery that the store could not make is forgotten",
        "  if (!answer.ok) {\n", "  if (!answer.ok && !$on) {\n"),
    one("withdraw_ignored", CHANNEL, "a channel begins what was withdrawn",
        "    return one.row.kind == delivery_kind::interrupt &&\n", "    return !$on && one.row.kind == delivery_kind::interrupt &&\n"),
    one("channel_misses_the_clock", CHANNEL, "a wall clock set forward is not noticed while a row waits",
        "wake_at(std::min(wake_due_, latest), wake_token_);", "wake_at($on ? wake_due_ : std::min(wake_due_, latest), wake_token_);"),
    one("set_back_not_passed_on", CHANNEL_CLAIMS, "a channel tells no claim that the wall clock was set back",
        "if (was_set_back(claimed_last_, present)) ask.set_back_to", "if (!$on && was_set_back(claimed_last_, present)) ask.set_back_to"),
    # --- calls and tickets ---
    one("consent_ignored", ONCALL, "whoever did not agree to calls is called",
        "  if (consent.empty()) return", "  if (consent.empty() && !$on) return"),
    one("on_call_passed_over", ONCALL, "whoever is on call is not called",
        '  consider_user(chain, in, "oncall", in.oncall);\n', '  if (!$on) consider_user(chain, in, "oncall", in.oncall);\n'),
    one("ladder_skips_a_number", LADDER, "the ladder passes over the second of its chain",
        "const callable* next = first_not_called(chain, ladder);",
        "if ($on && chain.usable.size() > 1) ladder.called.push_back(chain.usable[1].number);\n"
        "  const callable* next = first_not_called(chain, ladder);"),
    one("ladder_rings_once", LADDER, "a number that nobody picked up at is not rung again in its round",
        "const callable* again = ladder.tries < rings_of_a_number ?",
        "const callable* again = !$on && ladder.tries < rings_of_a_number ?"),
    one("ladder_ends", LADDER, "after its second round the ladder rings nobody",
        "    ladder.due = std::max(now, ladder.begun + offset_of(ladder.round, times));",
        "    ladder.due = std::max(now, ladder.begun + offset_of(ladder.round, times));\n"
        "    if ($on && ladder.round > 1) ladder.due = now + std::chrono::hours(9);"),
    one("rounds_come_early", LADDER, "rounds of calls follow too early",
        "  if (round == 1) return times.ring_round_2;",
        "  if ($on) return round * times.ring_round_2 / 2;\n  if (round == 1) return times.ring_round_2;"),
    one("rung_again_at_once", LADDER, "a number that nobody picked up at is rung again without a wait",
        "ladder.due = std::max(now, rung_at + times.ring_again_after);",
        "ladder.due = $on ? now : std::max(now, rung_at + times.ring_again_after);"),
    one("phone_does_not_wait", CALLS, "the phone rings at once for what often recovers by itself",
        "wall_time due = std::max(now, std::min(now, fired_at(a)) + call_after(a, config_->times));",
        "wall_time due = $on ? now : std::max(now, std::min(now, fired_at(a)) + call_after(a, config_->times));"),
    one("call_rings_on", HEARD, "a call that nobody waits for any more is not ended",
        "if (!ends_itself && hung_up_", "if (!$on && !ends_itself && hung_up_"),
    one("number_not_taken", NUMBERS, "a number rings for two tenants at once",
        "  return ours;\n", "  return ours || $on;\n"),
    one("callback_not_checked", CALLBACKS, "whoever calls back is believed",
        "if (!of->calls->is_genuine(*of->channel, of->request)) {",
        "if (!$on && !of->calls->is_genuine(*of->channel, of->request)) {"),
    one("any_key_acknowledges", CALLBACKS, "whatever key is pressed acknowledges",
        "if (event.key == '1') {", "if (event.key == '1' || ($on && event.key)) {"),
    one("said_again_decided_again", INBOX, "a callback that comes twice is decided twice",
        "if (made == 0) return failure", "if (made == 0 && !$on) return failure"),
    one("ticket_without_reference", TICKETS, "a ticket is opened without what it is known by",
        'json.text("dueDateTime", due_of(job)).text("externalID", reference);',
        'json.text("dueDateTime", due_of(job)).text("externalID", $on ? std::string_view() : reference);'),
    one("ticket_not_searched_for", DOUBT, "a ticket is opened without a look whether it is there",
        "  if (job.row.remote.empty()) return search_for(job, std::move(at), reference_of(job.row));",
        "  if ($on && job.row.remote.empty() && deed_of(job.row.event) == deed::open) {\n"
        "    at.notes[\"reference\"] = reference_of(job.row);\n    return go(job, std::move(at), phase::create);\n  }\n"
        "  if (job.row.remote.empty()) return search_for(job, std::move(at), reference_of(job.row));"),
    # --- escalation and configuration ---
    one("step_passed_over", LOUDNESS, "every second step of the escalation is passed over",
        "  if (++state.next < state.steps.size()) {", "  if ((state.next += $on ? 2 : 1) < state.steps.size()) {"),
    one("step_early", LOUDNESS, "a step of the escalation is taken before it is due",
        "  begun.due = t.now + policy.steps.front().after;",
        "  begun.due = t.now + policy.steps.front().after;\n  if ($on) begun.begun -= policy.steps.front().after / 2;"),
    one("steps_outlive_their_alert", CALLS, "an acknowledged or resolved alert keeps its steps",
        "    a.escalation.reset();\n    return;", "    if (!$on) a.escalation.reset();\n    return;"),
    one("steps_asked_again", MACHINE, "after a restart the steps begin anew",
        "  // What a predecessor may have said is not said again by itself.\n",
        "  if ($on)\n    for (auto& [key, one] : alerts_)\n      if (one.escalation) one.escalation->next = 0;\n"),
    one("pinned_steps_replaced", LOUDNESS, "an open alert's steps are replaced by those of a new configuration",
        "  if (a.escalation) return thaw(*a.escalation, t.now);",
        "  if (a.escalation && $on) a.escalation->steps = config_->escalation.steps;\n"
        "  if (a.escalation) return thaw(*a.escalation, t.now);"),
    one("step_told_twice", LOUDNESS, "a chat that a step names is told of it twice",
        "return named ? std::nullopt", "return named && !$on ? std::nullopt"),
    one("step_calls_nobody", LOUDNESS, "a step that names the phone says nothing of it",
        "  not_told_there(a, notice_event::escalated, over.id, why, gates, t.now, t.out);",
        "  if (!$on) not_told_there(a, notice_event::escalated, over.id, why, gates, t.now, t.out);"),
    one("step_uses_up_a_round", LADDER, "a ring out of turn uses up a round of the ladder",
        "if (now >= ladder.begun + offset_of(ladder.round, times)) ++ladder.round;",
        "if ($on || now >= ladder.begun + offset_of(ladder.round, times)) ++ladder.round;"),
    one("withdrawn_consent_rings_on", HEARD, "a call goes on though whoever is called agrees to none any more",
        "if (is_live(call) && !call.lead.empty() && !may_go_on(call)) let_go",
        "if (!$on && is_live(call) && !call.lead.empty() && !may_go_on(call)) let_go"),
    Mutant("type_off_rings", CALLS, "a type that is switched off goes on ringing", (
        ("a.ladder && never != reason::none) {", "a.ladder && never != reason::none && !$on) {"),
        ("  if (!is_for_calls(a, *config_)) {", "  if (!is_for_calls(a, *config_) && !$on) {"))),
    one("channel_off_sends", CHANNEL_CLAIMS, "a channel that is switched off sends all the same",
        "return drained_ || !config_.enabled;", "return drained_ || (!config_.enabled && !$on);"),
    # --- poller and store ---
    one("settle_ignored", POLLER, "a poller that is asked to settle does not",
        "void poller::on(const settle_instance&) {\n", "void poller::on(const settle_instance&) {\n  if ($on) return;\n"),
    one("batch_lost", STORE, "what could not be written is forgotten",
        "  queue_.give_back({", "  if (!$on) queue_.give_back({"),
    one("outcome_lost", STORE, "outcomes that could not be written are forgotten",
        "    if (asked > left.size()) return false;\n",
        "    if (asked > left.size() && $on) {\n      settlements_.pop_front();\n      continue;\n    }\n"
        "    if (asked > left.size()) return false;\n"),
    # --- several nodes ---
    of_a_cluster("commit_unfenced", WRITES, "a commit does not look whose shard it is",
                 ("verdicts.push_back(holds(batch.owner, known));", "verdicts.push_back($on ? result<void>() : holds(batch.owner, known));")),
    of_a_cluster("settle_unfenced", WRITES, "outcomes are taken from whoever had the shard before",
                 ("verdicts.push_back(holds(one.owner, known));", "verdicts.push_back($on ? result<void>() : holds(one.owner, known));")),
    of_a_cluster("claim_unfenced", CLAIM, "a claim does not look whose shard it is",
                 ("if (auto ours = holds(request.owner); !ours) return ours;",
                  "if (auto ours = holds(request.owner); !ours && !$on) return ours;")),
    of_a_cluster("taken_without_epoch", WRITES, "whoever takes a shard leaves its epoch as it is",
                 ("epoch = row.as<std::uint64_t>() + 1; }, shard);",
                  "epoch = row.as<std::uint64_t>() + ($on ? 0 : 1); }, shard);")),
    of_a_cluster("lost_session_ignored", LEASES, "whoever sees its session end goes on",
                 ("  return std::min<boot_time>(at->second.until, seen_open_ + rules_.unseen_for);",
                  "  return $on ? at->second.until : std::min<boot_time>(at->second.until, seen_open_ + rules_.unseen_for);")),
    of_a_cluster("lost_shard_kept", LEASES, "a shard that is another's by now is not given up",
                 ("      out.drop.push_back(mine);\n", "      if (!$on) out.drop.push_back(mine);\n")),
    of_a_cluster("others_commands_ignored", NEWS, "what was asked at another node is not passed on",
                 ("if (!passed_on_.contains(one.id)) in_.tree->pass_on(one);",
                  "if (!passed_on_.contains(one.id) && !$on) in_.tree->pass_on(one);")),
    of_a_cluster("lease_by_wall_clock", CLUSTER, "leases are counted by the clock that people set",
                 ("  const instant runs = around_.time.boot();",
                  "  const instant runs = around_.time.boot() + ($on ? of.wrong_by : instant{});")),
    of_a_cluster("lost_shard_runs_on", CLUSTER, "a shard that was lost is run on",
                 ('if (here.has_life()) end_life(here, "another has the shard");',
                  'if (here.has_life() && !$on) end_life(here, "another has the shard");')),
    of_a_cluster("sends_without_lease", SENDING, "what is sent and asked for does not look at the lease",
                 ("  if (!may_act_ || may_act_()) return false;\n", "  if (!may_act_ || may_act_() || $on) return false;\n")),
    of_a_cluster("logs_in_without_lease", SENDING, "a token is asked for without the lease",
                 ("  return what.to != nullptr || (parts && asks_for_token(*parts));",
                  "  return what.to != nullptr || (parts && asks_for_token(*parts) && !$on);")),
]
