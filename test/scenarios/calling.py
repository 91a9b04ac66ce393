"""Calls: a number is verified, an outage rings it, and a key or an acknowledgement ends that."""

import json
import os
import random
import re
import time

from harness import World, wait_for
from steps import SMALL, expect, push_delays, seconds, wait_polls

PUBLIC = "http://ringdown.test"
ROUNDS = int(os.environ.get("RINGDOWN_ROUNDS", "8"))


def begin_calling(public_url=PUBLIC, fleet=SMALL, pbxes=2, **timing):
    """A world whose tenant may be called, at a number that was verified by a code read out there."""
    world = World(fleet + '[twilio]\nring = "1s"\nlisten = "1s"\n')
    times = {"call_after_trunk": "300ms", "call_after_outage": "300ms", "ring_again_after": "1s", "attempt_timeout": "1s", **timing}
    try:
        world.write_config("200ms", times, public_url=public_url)
        rings_for(world, "t1", "trunk_down", "sbc_offline")
        world.start()
        world.do("callbacks_to", address=world.url.removeprefix("http://"))
        world.apply()
        world.settled(pbxes)
        verify_number(world)
    except BaseException:
        world.end()
        raise
    return world


def rings_for(world, tenant, *types):
    """Its file says what the phone rings for."""
    with open(os.path.join(world.ready["tenants"], tenant + ".toml"), "a", encoding="utf-8") as file:
        file.write(f"\n[voice]\ntypes = {json.dumps(types)}\n")


def verify_number(world, tenant="t1"):
    """The first call of a world reads out a code, which its technician gives back."""
    world.ctl("phone", "verify", tenant + "-tech", "--tenant", tenant, "--no-wait")
    wait_for("the code", lambda: codes_said(world), 20)
    world.ctl("phone", "confirm", tenant + "-tech", codes_said(world)[0], "--tenant", tenant)
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
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("the acknowledgement", lambda: is_acknowledged(world), 30)
        said = " ".join(line["text"] for line in of_outages(world, world.effects("call_said")))
        expect("There is a trunk down on instance" in said and "The trunk is" in said, f"it said: {said}")
        alert = is_acknowledged(world)[0]
        expect(alert["acknowledged"]["by"] == "t1-tech" and alert["acknowledged"]["via"] == "phone", f"acknowledged: {alert['acknowledged']}")
        wait_for("the end of the call", lambda: len(world.effects("call_ended")) == len(placed(world)), 20)
        wait_polls(world, "pbx02", 15)
        expect(len(of_outages(world, placed(world))) == 1, f"{len(of_outages(world, placed(world)))} calls")
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


def acknowledgements_race_due_calls():
    """An acknowledgement at a random moment around that of the call: nothing rings later than 2 s after it."""
    draw = random.Random(20261124)
    with begin_calling(ring_again_after="500ms") as world:
        world.do("phone", does="no_answer")
        for round_number in range(ROUNDS):
            world.do("trunk_down", pbx="pbx01", trunk="10000")
            wait_for("the alert", lambda: firing(world), 30)
            alert = firing(world)[0]
            wait_polls(world, "pbx02", 1)
            due = seconds(alert["opened_at"]) + 0.3 + draw.uniform(-0.3, 0.6)
            wait_for("the moment", lambda: time.time() >= due, 10)
            world.api(f"/api/v1/alerts/{alert['id']}/ack", "POST", {"by": "race"})
            acknowledged = time.time()
            world.do("trunk_up", pbx="pbx01", trunk="10000")
            wait_for("the end", lambda: not world.items("/api/v1/alerts"), 30)
            late = [line for line in world.effects("call_ringing") if seconds(line["t"]) > acknowledged + 2]
            expect(not late, f"round {round_number}: rang {seconds(late[0]['t']) - acknowledged:.2f} s after the acknowledgement" if late else "")


def firing(world):
    return [row for row in world.items("/api/v1/alerts") if row["state"] == "firing"]
