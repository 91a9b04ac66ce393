"""Every kind of channel in one world: what hangs, crashes or kills at one of them, and what the others do meanwhile."""

import math
import os

from calling import verify_number
from harness import World, wait_for
from mirrors import all_sent, calls, tickets
from phones import PUBLIC, rings_for
from steps import SMALL, expect, push_delays

MIRRORS = ("slack", "autotask")


def begin_with_all(fleet=SMALL, pbxes=2, interval="300ms", rule="", rings=("trunk_down", "sbc_offline"), **timing):
    """A world whose tenant has a channel of each kind, and whose phone rings for these types."""
    sinks = "[sinks]\nslack = true\nautotask = true\nemail_channels = true\n"
    world = World(fleet + '[twilio]\nring = "10s"\nlisten = "1s"\n' + sinks)
    try:
        places = "".join(f'[provider.{name}]\nbase_url = "{world.ready[name]}"\n' for name in MIRRORS)
        times = {"call_after_trunk": "300ms", "call_after_outage": "300ms", "ring_again_after": "1s", "search_gap": "1500ms", **timing}
        world.write_config(interval, times, places, public_url=PUBLIC)
        with open(os.path.join(world.ready["tenants"], "t1.toml"), "a", encoding="utf-8") as file:
            file.write(rule)
        rings_for(world, "t1", *rings)
        world.start()
        world.do("callbacks_to", address=world.url.removeprefix("http://"))
        world.apply()
        world.settled(pbxes)
        verify_number(world)
    except BaseException:
        world.end()
        raise
    return world


# An account of Autotask's takes one delivery in 3.6 s: a hundred would last six minutes, so that most of what fails has no ticket.
UNTICKETED = """
[[routing.rule]]
types = ["service_down"]
channels = ["t1-push", "t1-chat", "t1-hook"]

[severity]
service_down = "critical"
"""
TICKETED = 19


def p99(values):
    return sorted(values)[math.ceil(0.99 * len(values)) - 1]


def all_far_ends_fail_and_push_goes_on():
    """A Twilio that hangs, a Slack that crashes while it answers and an Autotask whose first creates time out after the ticket is
    there, all at once, while a hundred PBXes fail: of a hundred pushes 99 within 2 s, and one ticket for each of 19 outages."""
    fleet = "[fleet]\ntenants = 1\npbxes = 100\ntrunks_per_pbx = 1\nsbcs_per_pbx = 1\n"
    with begin_with_all(fleet, 100, "1s", UNTICKETED, attempt_timeout="1s") as world:
        world.do("sink_fault", sink="twilio", mode="hang")
        world.do("sink_fault", sink="slack", mode="reset")
        world.do("sink_fault", sink="autotask", mode="hang", match="Tickets create", count=10)
        world.do("sbc_down", pbx="pbx001", sbc="11000")
        wait_for("all three in trouble", lambda: is_ringing_in_vain(world) and slack_resets(world) and hung_creates(world))
        for tens in range(2):
            world.do("sbc_down", pbx=f"pbx{tens:02}*", sbc="11000", at=f"{400 * tens}ms")
        for tens in range(2, 10):
            world.do("service_down", pbx=f"pbx{tens:02}*", service="nginx", at=f"{400 * tens}ms")
        world.do("service_down", pbx="pbx100", service="nginx")
        wait_for("a hundred pushes", lambda: len(world.effects("ntfy", "fired")) >= 100, 60)
        delays = list(push_delays(world).values())
        print(f"     push while three far ends fail: {len(delays)} pushes, p99 {p99(delays):.3f} s, slowest {max(delays):.3f} s")
        expect(len(delays) == 100, f"{len(delays)} of 100 outages were pushed")
        expect(p99(delays) <= 2, f"the p99 of the pushes is {p99(delays):.2f} s")
        expect(len(world.effects("call_placed")) == 1, "a call went through, and Twilio should have hung")  # one read out the code
        wait_for("a ticket for each", lambda: all_sent(world, "t1-tickets", TICKETED), 200)
        expect(len(hung_creates(world)) == 10, f"{len(hung_creates(world))} creates timed out instead of 10")
        about = {line["key"] for line in calls(world, "create")}
        expect(len(tickets(world)) == len(about) == TICKETED, f"{len(tickets(world))} tickets about {len(about)} of {TICKETED} outages")
        for sink in ("twilio", "slack"):
            world.do("sink_ok", sink=sink)


def is_ringing_in_vain(world):
    """A call was handed to Twilio, and nothing came of it."""
    rows = world.items("/api/v1/deliveries?channel=t1-voice&limit=1000")
    return any(row["alert"] and row["attempts"] > 0 and row["state"] in ("pending", "claimed") for row in rows)


def slack_resets(world):
    return [line for line in world.effects("slack") if line["answered"] == 0]


def hung_creates(world):
    return [line for line in calls(world, "create") if line["answered"] == 0]
