"""Two hundred acknowledgements race calls that are due, at one daemon: a tenant, a number and an account of its own for each."""

import collections
import os
import random
import re
import time

from accounts import number_of
from calling import PUBLIC, rings_for
from harness import World, wait_for
from steps import expect, seconds

ROUNDS = int(os.environ.get("RINGDOWN_ROUNDS", "200"))
WAVE = 50           # rounds that run beside each other
CALL_AFTER = 6.0    # seconds: each alert of a wave is seen before the first is acknowledged
RING_AGAIN = 3.0    # seconds after a ring that lasts one: what is not stopped rings later than 2 s after its acknowledgement
AROUND = (0.8, 0.1)  # seconds before or after a call is due, at most: every other is next to it
LATEST = 2.0        # seconds after an acknowledgement nothing rings any more

Round = collections.namedtuple("Round", "tenant alert due after_due")
Outcome = collections.namedtuple("Outcome", "after_due was_placed last_ring")  # seconds; a ring after the acknowledgement, 0 for none


def acknowledgements_race_due_calls():
    """Two hundred times an acknowledgement comes at a random moment around that of the call: nothing rings later than 2 s after
    it, while a phone whose alert nobody acknowledges rings on. In some rounds the call is first, in some the acknowledgement."""
    draw = random.Random(20261124)
    with begin_racing() as world:
        acknowledged = {}
        for first in range(1, ROUNDS + 1, WAVE):
            tenants = [f"t{number}" for number in range(first, min(first + WAVE, ROUNDS + 1))]
            last = tenants[-1] == f"t{ROUNDS}"
            rounds, left = fail(world, tenants + [f"t{ROUNDS + 1}"] * last, draw)
            for one in rounds:
                acknowledged[one] = acknowledge(world, one)
        control = number_of(left.tenant)
        quiet = max(one.due for one in acknowledged) + 1 + RING_AGAIN + LATEST
        wait_for("what would ring once more", lambda: time.time() >= quiet, 30)
        rings = rings_by_number(world, "call_ringing")
        expect(len(rings[control]) >= 2, f"{len(rings[control])} rings of the alert that nobody acknowledged")
        calls = rings_by_number(world, "call_placed")
        judge([outcome(calls[number_of(one.tenant)], rings[number_of(one.tenant)], at, one.due) for one, at in acknowledged.items()])


def begin_racing():
    """A world of tenants that may each be called at a number that was verified."""
    count = ROUNDS + 1
    world = World(f'[fleet]\ntenants = {count}\npbxes = {count}\ntrunks_per_pbx = 2\n[twilio]\nring = "1s"\nlisten = "1s"\n')
    times = {"call_after_trunk": f"{CALL_AFTER * 1000:.0f}ms", "ring_again_after": f"{RING_AGAIN * 1000:.0f}ms", "attempt_timeout": "1s"}
    try:
        world.write_config("2s", times, public_url=PUBLIC)
        for number in range(1, count + 1):
            rings_for(world, f"t{number}", "trunk_down")
            has_its_own_account(world, number)
        world.start()
        world.do("callbacks_to", address=world.url.removeprefix("http://"))
        world.apply()
        world.settled(count)
        verify_numbers(world, [f"t{number}" for number in range(1, count + 1)])
        world.do("phone", does="no_answer")
    except BaseException:
        world.end()
        raise
    return world


def has_its_own_account(world, number):
    """A sub-account: one account takes one call a second, and each call of a race is to be placed when it is due."""
    path = os.path.join(world.ready["tenants"], f"t{number}.toml")
    with open(path, encoding="utf-8") as file:
        text = re.sub(r'(?m)^account = "(AC.{28}).{4}"$', rf'account = "\g<1>{number:04x}"', file.read())
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def verify_numbers(world, tenants):
    """All of them are called at once, and each code is given back."""
    for tenant in tenants:
        status, answer = world.api(f"/api/v1/tenants/{tenant}/phones/code", "POST", {"user": f"{tenant}-tech", "by": "race"})
        expect(status == 200, f"no code for {tenant}: {answer}")
    wait_for("the codes", lambda: len(codes_by_number(world)) == len(tenants), 60, step=0.5)
    codes = codes_by_number(world)
    for tenant in tenants:
        given = {"user": f"{tenant}-tech", "code": codes[number_of(tenant)], "by": "race"}
        status, answer = world.api(f"/api/v1/tenants/{tenant}/phones/confirm", "POST", given)
        expect(status == 200, f"the code of {tenant}: {answer}")
    wait_for("their ends", lambda: len(world.effects("call_ended")) >= len(tenants), 60, step=0.5)


def codes_by_number(world):
    found = {line["number"]: re.search(r"Your code is ([0-9, ]+)\.", line["text"]) for line in world.effects("call_said")}
    return {number: one.group(1).replace(", ", "") for number, one in found.items() if one}


def fail(world, tenants, draw):
    """A trunk of each fails: their rounds in the order of their acknowledgements, and the last alert, if it is to have none."""
    for tenant in tenants:
        world.do("trunk_down", pbx=f"pbx{int(tenant[1:]):0{max(2, len(str(ROUNDS + 1)))}}", trunk="10000")
    known = {}

    def all_fire():
        known.update({row["tenant"]: row for row in world.items("/api/v1/alerts?limit=1000") if row["state"] == "firing"})
        return set(tenants) <= set(known)
    wait_for("their alerts", all_fire, 30, step=0.2)
    rounds = []
    for tenant in tenants:
        due = seconds(known[tenant]["opened_at"]) + CALL_AFTER
        reach = draw.choice(AROUND)
        rounds.append(Round(tenant, known[tenant]["id"], due, draw.uniform(-reach, reach)))
    left = rounds.pop() if tenants[-1] == f"t{ROUNDS + 1}" else None
    return sorted(rounds, key=lambda one: one.due + one.after_due), left


def acknowledge(world, one):
    """At its moment; when it was asked for."""
    wait_for("its moment", lambda: time.time() >= one.due + one.after_due, 20, step=0.005)
    asked = time.time()
    status, answer = world.api(f"/api/v1/alerts/{one.alert}/ack", "POST", {"by": "race"})
    expect(status == 200, f"the acknowledgement of {one.tenant}: {answer}")
    return asked


def rings_by_number(world, kind):
    """When each number was called for an outage: the first call read out a code."""
    found = collections.defaultdict(list)
    for line in world.effects(kind):
        found[line["number"]].append(seconds(line["t"]))
    return collections.defaultdict(list, {number: sorted(times)[1:] for number, times in found.items()})


def outcome(calls, rings, asked, due):
    return Outcome(asked - due, any(at < asked for at in calls), max([at - asked for at in rings] + [0]))


def judge(outcomes):
    after = sum(one.was_placed for one in outcomes)
    near = sum(abs(one.after_due) <= 1 for one in outcomes)
    worst = max(one.last_ring for one in outcomes)
    rang = sum(one.last_ring > 0 for one in outcomes)
    next_to = sum(abs(one.after_due) <= 0.1 for one in outcomes)
    print(f"     {len(outcomes)} rounds: {len(outcomes) - after} acknowledgements before the call was placed, {after} after it; "
          f"{near} within 1 s and {next_to} within 0.1 s of when it was due; {rang} rang after it, at most {worst:.3f} s")
    expect(worst <= LATEST, f"a ring {worst:.2f} s after its acknowledgement")
    expect(near >= 0.9 * ROUNDS, f"only {near} acknowledgements within 1 s of when the call was due")
    expect(0.1 * ROUNDS <= after <= 0.9 * ROUNDS, f"{after} calls in {ROUNDS} rounds: that is no race")
