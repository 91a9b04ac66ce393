"""Two hundred acknowledgements race calls that are due, at one daemon: a tenant, a number and an account of its own for each."""

import collections
import os
import random
import time

from harness import World, wait_for
from phones import PUBLIC, has_account, number_of, rings_by_number, rings_for, verify_numbers
from steps import expect, firing_of, seconds

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
            has_account(world, f"t{number}", number)
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


def fail(world, tenants, draw):
    """A trunk of each fails: their rounds in the order of their acknowledgements, and the last alert, if it is to have none."""
    for tenant in tenants:
        world.do("trunk_down", pbx=f"pbx{int(tenant[1:]):0{max(2, len(str(ROUNDS + 1)))}}", trunk="10000")
    known = firing_of(world, tenants)
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
