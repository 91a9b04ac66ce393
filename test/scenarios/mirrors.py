"""What shows how things stand elsewhere, a ticket and a chat message, when the far end fails in the middle."""

import json
import os

from harness import World, content, request, wait_for
from steps import SMALL, expect, is_flagged, push_delays, quiet, seconds

GAP = 1.5  # seconds, for the minute of S-D2


def begin_with(sinks, pbxes=2, fleet=SMALL, **timing):
    """A world whose tenants have these channels too, and whose daemon finds them at the simulator."""
    world = World(fleet + "[sinks]\n" + "".join(f"{name} = true\n" for name in sinks))
    try:
        places = "".join(f'[provider.{name}]\nbase_url = "{world.ready[name]}"\n' for name in sinks)
        world.write_config("200ms", {"search_gap": f"{int(GAP * 1000)}ms", "attempt_timeout": "1s", **timing}, places)
        world.start()
        world.apply()
        world.settled(pbxes)
    except BaseException:
        world.end()
        raise
    return world


def tickets(world):
    """The desk's tickets as they are, whatever was answered."""
    _, text = request("http://" + world.ready["control"] + "/tickets")
    return json.loads(text)["items"]


def calls(world, *names):
    return [line for line in world.effects("autotask") if line["call"] in names]


def all_sent(world, channel, count):
    return len([row for row in world.items(f"/api/v1/deliveries?channel={channel}&limit=1000") if row["state"] == "sent"]) >= count


def slack_fires(world):
    return [line for line in world.effects("slack") if not line["title"].startswith(("Resolved", "Acknowledged"))]


def an_autotask_that_times_out_after_creating_leaves_one_ticket():
    """A create whose answer never comes: the ticket is found and goes on as the only one. One that a gateway lost: opened
    again, and only after two empty searches as far apart as configured. Both are closed when it is over."""
    with begin_with(["autotask"]) as world:
        world.do("sink_fault", sink="autotask", mode="hang", match="Tickets create", count=1)
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("the ticket is found", lambda: all_sent(world, "t1-tickets", 1), 30)
        expect(len(tickets(world)) == 1, f"{len(tickets(world))} tickets for one outage")
        expect(len(calls(world, "create")) == 1, "a create went out again although its ticket was there")

        world.do("sink_fault", sink="autotask", mode="status", status=504, match="Tickets create", count=1)
        world.do("trunk_down", pbx="pbx02", trunk="10001")
        wait_for("the second ticket", lambda: all_sent(world, "t1-tickets", 2), 30)
        expect(len(tickets(world)) == 2, f"{len(tickets(world))} tickets for two outages")
        expect_two_searches_between_creates(world)

        world.do("trunk_up")
        wait_for("both closed", lambda: all(one["status"] == 5 for one in tickets(world)), 30)
        quiet(world)
        expect(len(tickets(world)) == 2, "an end opened a ticket")


def expect_two_searches_between_creates(world):
    """Of the alert whose first create was lost."""
    lost, again = calls(world, "create")[-2:]
    expect(lost["key"] == again["key"] and lost["answered"] == 504, "the last two creates are not of one alert")
    between = [seconds(line["t"]) for line in calls(world, "search") if line["key"] == lost["key"] and lost["t"] < line["t"] < again["t"]]
    expect(len(between) >= 2, f"{len(between)} searches before another create")
    expect(between[-1] - between[0] >= GAP, f"the searches were {between[-1] - between[0]:.2f} s apart")


def a_crashing_slack_reply_leaves_push_alone():
    """A Slack that resets every connection after it read the message, while twenty SBCs fail: each push within 2 s; when it
    answers again every outage arrives there, those that may have arrived before marked."""
    fleet = "[fleet]\ntenants = 1\npbxes = 20\ntrunks_per_pbx = 3\nsbcs_per_pbx = 1\n"
    with begin_with(["slack"], 20, fleet) as world:
        world.do("sink_fault", sink="slack", mode="reset")
        world.do("sbc_down", pbx="pbx*", sbc="11000")
        wait_for("twenty pushes", lambda: len(world.effects("ntfy", "fired")) >= 20, 30)
        delays = push_delays(world)
        expect(len(delays) == 20 and max(delays.values()) <= 2, f"{len(delays)} pushes, the slowest after {max(delays.values()):.2f} s")
        # A hook takes one message a second: the others are still waiting for their turn.
        wait_for("two resets", lambda: len([line for line in slack_fires(world) if line["answered"] == 0]) >= 2, 20)
        world.do("sink_ok", sink="slack")
        wait_for("all told at Slack", lambda: all_sent(world, "t1-chat", 20), 60)
        quiet(world)
        taken = [line for line in slack_fires(world) if line["answered"] == 200]
        expect(len({line["title"] for line in taken}) == 20, f"{len(taken)} messages about {len({line['title'] for line in taken})} of 20 outages")
        cut = {line["title"] for line in slack_fires(world) if line["answered"] == 0}
        expect(cut, "no connection was reset")
        expect(all(is_flagged(line) for line in taken if line["title"] in cut), "a message that came again does not say so")


def killed_between_a_mirrors_effect_and_its_record():
    """kill -9 after the message or the ticket is there and before we know: Slack gets it at most once more and marked, Autotask
    has one ticket, and its end closes it."""
    with begin_with(["slack"]) as world:
        kill_at(world, "slack", "attachments")
        wait_for("told at Slack", lambda: all_sent(world, "t1-chat", 1), 30)
        quiet(world)
        told = slack_fires(world)
        expect(1 <= len(told) <= 2 and all(is_flagged(line) for line in told[1:]), f"{len(told)} messages, not all later ones marked")
    with begin_with(["autotask"]) as world:
        kill_at(world, "autotask", "Tickets create")
        wait_for("the ticket is known", lambda: all_sent(world, "t1-tickets", 1), 30)
        world.do("trunk_up", pbx="pbx01", trunk="10000")
        wait_for("closed", lambda: [one["status"] for one in tickets(world)] == [5], 30)
        expect(len(calls(world, "create")) == 1, "a create went out again although its ticket was there")


def kill_at(world, sink, match):
    world.do("on_effect", sink=sink, match=match, action="kill", pid_file=os.path.join(world.folder, "pid"))
    world.do("trunk_down", pbx="pbx01", trunk="10000")
    expect(world.died(20) == -9, "the daemon was not killed")
    world.start()


def a_slow_autotask_gets_its_ticket():
    """Each answer takes 6 s, and a conversation longer than a claim may wait before its first byte: it goes on, and there is
    one ticket."""
    with begin_with(["autotask"], attempt_timeout="10s") as world:
        world.do("sink_fault", sink="autotask", mode="slow", delay="6s")
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("a ticket", lambda: all_sent(world, "t1-tickets", 1), 60)
        expect(len(tickets(world)) == 1, f"{len(tickets(world))} tickets")
        world.do("sink_ok", sink="autotask")


def a_ticket_lives_as_long_as_its_outage():
    """Opened, noted on when acknowledged, closed at the end, opened again when it fails again in the same episode; what a person
    closed stays closed. psa discover lists what its settings need, and no secret."""
    with begin_with(["autotask"]) as world:
        listed = world.ctl("psa", "discover", "t1-tickets", "--tenant", "t1")
        expect("29682833" in listed and "Quay Bakery" in listed and "sim-autotask" not in listed, f"psa discover says: {listed}")
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("the ticket", lambda: all_sent(world, "t1-tickets", 1), 30)
        world.ctl("ack", world.items("/api/v1/alerts")[0]["id"])
        wait_for("the note", lambda: tickets(world)[0]["notes"] == 1)
        world.do("trunk_up", pbx="pbx01", trunk="10000")
        wait_for("closed", lambda: tickets(world)[0]["status"] == 5)
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("open again", lambda: tickets(world)[0]["status"] == 1)
        wait_for("and noted on", lambda: tickets(world)[0]["notes"] == 2)
        world.do("ticket_close", resolution="replaced the router")
        world.do("trunk_up", pbx="pbx01", trunk="10000")
        quiet(world)
        only = tickets(world)
        expect(len(only) == 1 and only[0]["resolution"] == "replaced the router", f"the ticket somebody closed: {only}")
        created = content(calls(world, "create")[0])
        expect(created["companyID"] == 174 and created["externalID"].startswith("rd-al_"), f"created as {created}")
