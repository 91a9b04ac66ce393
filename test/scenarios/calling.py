"""Calls: a number is verified, an outage rings it, and a key or an acknowledgement ends that."""

import re

from harness import World, wait_for
from phones import PUBLIC, rings_for
from steps import SMALL, expect, push_delays, wait_polls


def begin_calling(public_url=PUBLIC, fleet=SMALL, pbxes=2, tenants=1, **timing):
    """A world whose tenant may be called, at a number that was verified by a code read out there."""
    world = World(fleet + '[twilio]\nring = "1s"\nlisten = "1s"\n')
    times = {"call_after_trunk": "300ms", "call_after_outage": "300ms", "ring_again_after": "1s", "attempt_timeout": "1s", **timing}
    try:
        world.write_config("200ms", times, public_url=public_url)
        for number in range(1, tenants + 1):
            rings_for(world, f"t{number}", "trunk_down", "sbc_offline")
        world.start()
        world.do("callbacks_to", address=world.url.removeprefix("http://"))
        world.apply()
        world.settled(pbxes)
        verify_number(world)
    except BaseException:
        world.end()
        raise
    return world


def verify_number(world, tenant="t1"):
    """A call reads out a code, which the tenant's technician gives back."""
    known = len(codes_said(world))
    world.ctl("phone", "verify", tenant + "-tech", "--tenant", tenant, "--no-wait")
    wait_for("the code", lambda: len(codes_said(world)) > known, 20)
    world.ctl("phone", "confirm", tenant + "-tech", codes_said(world)[-1], "--tenant", tenant)
    wait_for("its end", lambda: len(world.effects("call_ended")) == len(placed(world)), 20)


def codes_said(world):
    found = [re.search(r"Your code is ([0-9, ]+)\.", line["text"]) for line in world.effects("call_said")]
    return [one.group(1).replace(", ", "") for one in found if one]


def placed(world):
    return world.effects("call_placed")


def of_outages(world, lines):
    """Without the call that read out a code."""
    code = placed(world)[0]["sid"]
    return [line for line in lines if line["sid"] != code]


def is_acknowledged(world):
    return [row for row in world.items("/api/v1/alerts") if row["state"] == "acknowledged"]


def a_call_is_acknowledged_by_key():
    """A trunk fails: the push at once, the phone rings when it still fails, says which trunk, and 1 acknowledges it for the person
    who was called. Nothing rings after that, and a forged callback changes nothing."""
    with begin_calling() as world:
        world.do("phone", press="1", press_after="200ms")
        world.do("sink_fault", sink="twilio", on="status", mode="forged")
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("the acknowledgement", lambda: is_acknowledged(world), 30)
        said = " ".join(line["text"] for line in of_outages(world, world.effects("call_said")))
        expect("There is a trunk down on instance" in said and "The trunk is" in said, f"it said: {said}")
        alert = is_acknowledged(world)[0]
        expect(alert["acknowledged"]["by"] == "t1-tech" and alert["acknowledged"]["via"] == "phone", f"acknowledged: {alert['acknowledged']}")
        wait_for("the end of the call", lambda: len(world.effects("call_ended")) == len(placed(world)), 20)
        wait_polls(world, "pbx02", 15)
        expect(len(of_outages(world, placed(world))) == 1, f"{len(of_outages(world, placed(world)))} calls")
        answers = of_outages(world, world.effects("callback_answer"))
        forged = [one["answered"] for one in answers if one.get("forged")]
        expect(forged and set(forged) <= {401, 403}, f"forged callbacks were answered {forged}")
        expect(all(one["answered"] < 300 for one in answers if not one.get("forged")), f"callbacks: {answers}")
        rows = [row for row in world.items("/api/v1/deliveries?channel=t1-voice&limit=100") if row["alert"]]
        expect([row["state"] for row in rows] == ["confirmed"], f"deliveries: {[row['state'] for row in rows]}")
        expect(all("+49302312" not in row["target"] for row in rows), "a number is shown in full")


def without_a_public_url_the_script_goes_along():
    """No callback can reach us: the script goes with the call, there is no keypad, the call is asked about, and the first person
    ends the ladder."""
    with begin_calling(public_url=None) as world:
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("the call", lambda: of_outages(world, world.effects("call_ended")), 30)
        said = " ".join(line["text"] for line in of_outages(world, world.effects("call_said")))
        expect("There is a trunk down" in said and "Press 1" not in said, f"it said: {said}")
        wait_polls(world, "pbx02", 25)
        expect(len(of_outages(world, placed(world))) == 1, f"{len(of_outages(world, placed(world)))} calls")
        with open(world.log, encoding="utf-8") as log:
            expect("calls_without_keys" in log.read(), "nobody was told that there are no keys")


def a_hung_twilio_leaves_push_alone():
    """Every request to the voice provider hangs while twenty SBCs fail: each push within 2 s."""
    fleet = "[fleet]\ntenants = 1\npbxes = 20\ntrunks_per_pbx = 3\nsbcs_per_pbx = 1\n"
    with begin_calling(fleet=fleet, pbxes=20) as world:
        world.do("sink_fault", sink="twilio", mode="hang")
        world.do("sbc_down", pbx="pbx*", sbc="11000")
        wait_for("twenty pushes", lambda: len(world.effects("ntfy", "fired")) >= 20, 30)
        delays = push_delays(world)
        expect(len(delays) == 20 and max(delays.values()) <= 2, f"{len(delays)} pushes, the slowest after {max(delays.values()):.2f} s")
        world.do("sink_ok", sink="twilio")
