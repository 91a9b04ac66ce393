"""What a delivery ends as when its channel is killed with it, when the whole process is, and when it is refused for good."""

import json
import os
import re
import sqlite3

from harness import wait_for
from mirrors import slack_fires, tickets
from steps import actor, crash, expect, is_flagged, quiet
from together import begin_with_all

# Of the simulator: the sink of each kind of channel, and the channel of t1.
CHANNELS = {"ntfy": "t1-push", "webhook": "t1-hook", "slack": "t1-chat", "autotask": "t1-tickets", "smtp": "t1-mail", "twilio": "t1-voice"}
SBCS = "[fleet]\ntenants = 1\npbxes = 7\ntrunks_per_pbx = 2\nsbcs_per_pbx = 1\n"
FINAL = ("sent", "confirmed", "dead", "unknown", "suppressed")


def rule(types, *channels):
    return f"\n[[routing.rule]]\ntypes = {json.dumps(types)}\nchannels = {json.dumps(channels)}\n"


def alert_at(world, pbx):
    return wait_for(f"the alert of {pbx}", lambda: [row for row in world.items("/api/v1/alerts") if row["instance"] == pbx])[0]


def row_of(world, channel, alert):
    """The newest delivery of this alert's fire there."""
    rows = world.items(f"/api/v1/deliveries?channel={channel}&alert={alert['id']}&limit=100")
    return next((row for row in rows if row["event"] in ("fired", "summary")), None)


def arrivals(world, sink, alert):
    """What told of the fire of this alert there, oldest first; its PBX is named in nothing else."""
    if sink == "twilio":
        rows = {row["id"] for row in world.items(f"/api/v1/deliveries?channel=t1-voice&alert={alert['id']}&limit=100")}
        return [line for line in world.effects("call_placed") if line["delivery"] in rows]
    fires = {"slack": lambda: slack_fires(world), "autotask": lambda: [one for one in world.effects("autotask") if one["call"] == "create"],
             "smtp": lambda: [one for one in world.effects("smtp") if one["event"] == "fired"]}
    lines = fires.get(sink, lambda: world.effects(sink, "fired"))()
    return [line for line in lines if alert["instance_name"] in line.get("title", "") + line.get("subject", "") + line["body"]]


# --- kill -9 between a provider's effect and our record -------------------------------------------------------------------
def expect_promised(world, sink, alert, killed):
    """What docs/operating.md promises of this kind. `killed`: the effect there killed us; the others were somewhere on their way."""
    told, row = arrivals(world, sink, alert), row_of(world, CHANNELS[sink], alert)
    what = f"{sink}, a {alert['severity']}: {len(told)} arrivals, {row['state']} ({row['reason']})"
    if sink in ("autotask", "twilio"):
        expect(len(told) == 1 and row["state"] in ("sent", "confirmed"), what)
    elif sink == "webhook":
        expect(len(told) in ((2,) if killed else (1, 2)) and len({line["key"] for line in told}) == 1 and row["state"] == "sent", what)
    elif alert["severity"] == "critical":
        expect(len(told) in ((2,) if killed else (1, 2)) and row["state"] == "sent", what)
        expect(all(is_flagged(line) for line in told[1:]), what + ", and a repeat is not marked")
        expect(not killed or not is_flagged(told[0]), what + ", and the first calls itself a repeat")
    elif killed:
        expect(len(told) == 1 and row["state"] == "unknown", what)
    else:  # whose first byte may have left, and nobody knows
        expect(len(told) == 1 or (not told and row["state"] == "unknown"), what)


def killed_by_each_effect(severity):
    """One outage for each kind of channel, at a PBX of its own; only a trunk's rings, so that no key acknowledges the others."""
    messages = [channel for channel in CHANNELS.values() if channel != "t1-voice"]
    extra = rule([], *messages) + f'[severity]\nsbc_offline = "{severity}"\n'
    sinks = [sink for sink in CHANNELS if sink != "twilio" or severity == "critical"]
    with begin_with_all(SBCS, 7, rule=extra, rings=("trunk_down",)) as world:
        world.do("phone", after="6s", press="1")
        for number, sink in enumerate(sinks, 1):
            pbx = f"pbx{number:02}"
            match = {"match": "Tickets create"} if sink == "autotask" else {}
            world.do("on_effect", sink=sink, action="kill", pid_file=os.path.join(world.folder, "pid"), **match)
            if sink == "twilio":
                world.do("trunk_down", pbx=pbx, trunk="10000")
            else:
                world.do("sbc_down", pbx=pbx, sbc="11000")
            expect(world.died(20) == -9, "the daemon was not killed")
            world.start()
            world.do("callbacks_to", address=world.url.removeprefix("http://"))
            alert = alert_at(world, pbx)
            used = messages + (["t1-voice"] if sink == "twilio" else [])
            wait_for(f"all ended after a kill by {sink}", lambda: all(is_ended(row_of(world, channel, alert)) for channel in used), 40)
            for other in sinks:
                if CHANNELS[other] in used:
                    expect_promised(world, other, alert, other == sink)
            if sink == "twilio":
                wait_for("the call that was taken over is acknowledged by key", lambda: is_acknowledged(world, alert))
                expect(len(arrivals(world, sink, alert)) == 1, "it rang again although it was taken over")
        expect(len(tickets(world)) == len(sinks), f"{len(tickets(world))} tickets about {len(sinks)} outages")


def is_acknowledged(world, alert):
    acknowledged = world.api(f"/api/v1/alerts/{alert['id']}")[1]["acknowledged"]
    return acknowledged and acknowledged["via"] == "phone"


def is_ended(row):
    return row is not None and row["state"] in FINAL


def killed_by_the_effect_of_a_critical():
    """kill -9 when a provider has a critical and we do not know, for each kind of channel: a webhook comes again under its key, a
    push, a mail and a chat message once more and marked, the ticket is found, the call is taken over."""
    killed_by_each_effect("critical")


def killed_by_the_effect_of_a_warning():
    """The same of a warning: a webhook comes again under its key, the ticket is found, and push, mail and chat end unknown instead
    of coming twice."""
    killed_by_each_effect("warning")


def a_call_whose_answer_is_lost_is_taken_over():
    """Twilio places a call and its answer never comes: the call is found in the account's list, and its key acknowledges. It rings
    once."""
    with begin_with_all(SBCS, 7, rings=("trunk_down",), attempt_timeout="1s") as world:
        world.do("phone", after="4s", press="1")
        world.do("sink_fault", sink="twilio", mode="hang_after_accept", count=1)
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        alert = alert_at(world, "pbx01")
        wait_for("its key acknowledges", lambda: is_acknowledged(world, alert), 30)
        attempts = row_of(world, "t1-voice", alert)["attempts"]
        expect(len(arrivals(world, "twilio", alert)) == 1 and attempts == 2, f"{len(arrivals(world, 'twilio', alert))} calls in {attempts} attempts")


# --- poison ---------------------------------------------------------------------------------------------------------------
# What breaks, and who is told of it instead of the poisoned channel: another call for a call; machines and mirrors have no
# substitute.
POISONED = [("ntfy", "trunk_down", {"trunk": "10000"}, "t1-mail"), ("smtp", "sbc_down", {"sbc": "11000"}, "t1-push"),
            ("webhook", "sbc_down", {"sbc": "11000"}, None), ("slack", "sbc_down", {"sbc": "11000"}, None),
            ("autotask", "sbc_down", {"sbc": "11000"}, None), ("twilio", "service_down", {"service": "nginx"}, "t1-voice")]
MACHINES = ("t1-hook", "t1-chat", "t1-tickets")


def a_delivery_that_kills_its_channel_is_set_aside():
    """For each kind of channel: a delivery that was in hand at three deaths of its channel is handed over no fourth time; its
    siblings are sent, the person's next channel is told instead, and the channel goes on with the next outage."""
    extra = (rule(["trunk_down"], "t1-push", *MACHINES) + rule(["sbc_offline"], "t1-mail", *MACHINES) +
             rule(["service_down"], *MACHINES) + '[severity]\nservice_down = "critical"\n')
    with begin_with_all(SBCS, 7, rule=extra, rings=("service_down",), attempt_timeout="40s") as world:
        world.do("phone", press="1")
        for number, (sink, verb, keys, instead) in enumerate(POISONED, 1):
            quiet(world)
            world.do("sink_fault", sink=sink, mode="hang")
            world.do(verb, pbx=f"pbx{number:02}", **keys)
            alert = alert_at(world, f"pbx{number:02}")
            dies_of_it(world, sink, alert)
            world.do("sink_ok", sink=sink)
            expect_set_aside(world, sink, alert, instead)
        world.do("sbc_down", pbx="pbx07", sbc="11000")
        last = alert_at(world, "pbx07")
        for channel in ("t1-mail", *MACHINES):
            wait_for(f"{channel} goes on", lambda: (row_of(world, channel, last) or {}).get("state") == "sent")


def dies_of_it(world, sink, alert):
    """Its channel ends three times with this delivery in hand."""
    channel = CHANNELS[sink]
    for death in (1, 2, 3):
        def in_hand():
            row = row_of(world, channel, alert)
            return row and row["state"] == "claimed" and row["attempts"] == death
        wait_for(f"{channel} has it in hand for the {death}. time", in_hand, 30)
        crash(world, f"channel/t1/{channel}")


def expect_set_aside(world, sink, alert, instead):
    channel = CHANNELS[sink]
    ended = wait_for(f"{sink}: it is set aside", lambda: [row for row in world.items(f"/api/v1/deliveries?channel={channel}&alert={alert['id']}")
                                                         if row["reason"] == "poison"], 30)[0]
    expect(ended["state"] == "unknown" and ended["attempts"] == 3, f"{sink}: {ended['state']} after {ended['attempts']} attempts")
    expect(ended["id"] in world.ctl("deliveries", "--state", "unknown"), f"{sink}: what was set aside is not listed")
    for sibling in MACHINES:
        if sibling != channel:
            wait_for(f"{sink}: {sibling} was told", lambda: row_of(world, sibling, alert)["state"] == "sent")
    if instead:
        wait_for(f"{sink}: {instead} is told instead", lambda: (row_of(world, instead, alert) or {}).get("state") in ("sent", "confirmed"))
    expect(actor(world, f"channel/t1/{channel}")["state"] == "running", f"{channel} does not run")
    if sink != "twilio":  # a call is the ladder's affair
        expect("\nsent: " in world.ctl("resend", ended["id"]), f"{sink}: what was set aside cannot be sent again")


# --- dead letters ---------------------------------------------------------------------------------------------------------
def dead_letters_are_listed_and_sent_again():
    """A webhook that is refused for good is a dead letter: ringdownctl lists it with the answer, a resend to the same far end is
    refused too and says so, and once that is mended a resend arrives, once."""
    with begin_with_all(SBCS, 7) as world:
        world.do("sink_fault", sink="webhook", mode="status", status=410)
        world.do("sbc_down", pbx="pbx01", sbc="11000")
        alert = alert_at(world, "pbx01")
        dead = wait_for("the dead letter", lambda: [row for row in world.items("/api/v1/deliveries?state=dead") if row["alert"] == alert["id"]])
        listed = world.ctl("deliveries", "--state", "dead")
        expect([row["channel"] for row in dead] == ["t1-hook"], f"dead: {[row['channel'] for row in dead]}")
        expect(dead[0]["id"] in listed and "refused" in listed, f"deliveries --state dead says: {listed}")
        shown = world.ctl("delivery", dead[0]["id"])
        expect("410" in shown, f"the delivery does not show what it was answered: {shown}")
        again = world.ctl("resend", dead[0]["id"], check=False)
        expect("dead" in again and "sent:" not in again, f"a resend that is refused too says: {again}")
        world.do("sink_ok", sink="webhook")
        expect("\nsent: " in world.ctl("resend", dead[0]["id"]), "the resend did not arrive")
        taken = [line for line in world.effects("webhook", "fired") if line["answered"] == 200]
        expect(len(taken) == 1 and alert["id"] in taken[0]["body"], f"{len(taken)} webhooks arrived after the resend")


# --- drill ----------------------------------------------------------------------------------------------------------------
def a_drill_tells_each_hops_time():
    """ringdownctl drill tells, for each channel of a critical, when it was handed over and answered after the decision, and who
    acknowledged. Where a channel is not set up it ends with 1 and says what is missing."""
    with begin_with_all("[fleet]\ntenants = 2\npbxes = 2\ntrunks_per_pbx = 1\n", 2) as world:
        world.do("phone", press="1", press_after="200ms")
        give_tickets_a_company(world, "t1")
        told = world.ctl("drill", "--tenant", "t1", "--reason", "monday's")  # ends with 0, or this fails
        for channel in ("t1-push", "t1-hook", "t1-chat", "t1-voice", "t1-tickets"):
            expect_in_time(told, channel)
        expect(re.search(r"(?m)^acknowledged by t1-tech over phone, \+[0-9.]+ s$", told), f"the drill does not say who acknowledged: {told}")
        expect(len(tickets(world)) == 1 and "DRILL" in tickets(world)[0]["title"], f"tickets of the drill: {tickets(world)}")
        said = [line["text"] for line in world.effects("call_said") if "drill" in line["text"]]
        expect(said == ["This is a drill. Nothing is wrong."], f"the call said: {said}")
        expect("a drill is under way" in world.ctl("drill", "--tenant", "t1", "--no-wait", check=False), "a second drill began beside it")
        told = world.ctl("drill", "--tenant", "t2", check=False)
        expect_in_time(told, "t2-push")
        expect("dead (refused)" in hop(told, "t2-tickets") and "no company" in told, f"the drill does not say what the ticket lacks: {told}")


def a_second_drill_tells_of_itself_alone():
    """A drill whose push is refused, and another when it is over: that one tells of its own hops, and not of what was mended."""
    with begin_with_all("[fleet]\ntenants = 1\npbxes = 1\ntrunks_per_pbx = 1\n", 1) as world:
        world.do("phone", press="1", press_after="200ms")
        give_tickets_a_company(world, "t1")
        world.do("sink_fault", sink="ntfy", mode="status", status=403)
        told = world.ctl("drill", "--tenant", "t1", check=False)
        expect("dead (refused)" in hop(told, "t1-push"), f"the first drill's push was not refused: {told}")
        world.do("sink_ok", sink="ntfy")
        quiet(world)
        world.terminate()
        eleven_minutes_ago(world)
        world.start()
        world.do("callbacks_to", address=world.url.removeprefix("http://"))
        wait_for("the end of the first", lambda: not [row for row in world.items("/api/v1/alerts") if row["drill"]])
        told = world.ctl("drill", "--tenant", "t1")  # ends with 0, or this fails
        for channel in ("t1-push", "t1-hook", "t1-chat", "t1-voice", "t1-tickets"):
            expect_in_time(told, channel)
            expect(len([line for line in told.splitlines() if line.split()[:2] == [channel, "fired"]]) == 1, f"{channel} twice: {told}")
        expect("refused" not in told, f"the second drill tells of the first: {told}")
        expect(re.search(r"(?m)^acknowledged by t1-tech over phone, \+[0-9.]+ s$", told), f"the drill does not say who acknowledged: {told}")


def eleven_minutes_ago(world):
    """All that a stopped daemon remembers of drills was that long before: a drill lasts ten."""
    span = 11 * 60 * 1_000_000
    with sqlite3.connect(os.path.join(world.state, "ringdown.db")) as database:
        alert, changes = database.execute("select id, changes from alert where drill").fetchone()
        earlier = "".join(f"{int(at) - span} " for at in changes.split())
        database.execute("update alert set opened = opened - ?1, since = since - ?1, changes = ?2 where id = ?3", (span, earlier, alert))
        database.execute("update delivery set created = created - ?1, not_before = not_before - ?1 where alert = ?2", (span, alert))
        database.execute("update decision set at = at - ?1 where alert = ?2", (span, alert))
    database.close()


def hop(told, channel):
    """The line that tells how it was told."""
    return next((line for line in told.splitlines() if line.split()[:2] == [channel, "fired"]), "")


def expect_in_time(told, channel):
    times = [float(one) for one in re.findall(r"\+([0-9.]+) s", hop(told, channel))]
    expect(len(times) == 2 and 0 <= times[0] <= times[1] <= 10, f"the hop to {channel} has no two times in order: {told}")


def give_tickets_a_company(world, tenant):
    """That of what no customer has, as a drill."""
    path = os.path.join(world.ready["tenants"], tenant + ".toml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("note_type = 3\n", 'note_type = 3\ncompany = 174\n'))
    world.apply()
