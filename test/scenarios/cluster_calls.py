"""People who acknowledge at whichever node answers them, right before a phone would ring."""

import collections
import random
import time

from cluster import Cluster
from harness import wait_for
from phones import PUBLIC, has_account, number_of, rings_by_number, rings_for, verify_numbers
from steps import expect, firing_of, seconds

TENANTS = 20        # the last one's alert is acknowledged by nobody
CALL_AFTER = 4.0    # seconds
RING_AGAIN = 3.0    # seconds after a ring that lasts one
BEFORE = (-0.1, 0.4)  # seconds before its call is due that an alert is acknowledged: a few come too late, so that it is a race
UNDER_WAY = 0.5     # seconds after an acknowledgement was answered in which a call that had begun before may still be placed

Round = collections.namedtuple("Round", "tenant alert due at")  # seconds since 1970


def acknowledgements_at_other_nodes_stop_calls():
    """Around the moment at which calls are due their alerts are acknowledged, most right before it, at nodes that do not run their
    tenants: once that is answered no call is begun any more, while a phone whose alert nobody acknowledges rings on."""
    draw = random.Random(20261127)
    with begin_calling() as world:
        tenants = [f"t{number}" for number in range(1, TENANTS + 1)]
        answered = {}
        for one in fail(world, tenants, draw):
            answered[one] = acknowledge_elsewhere(world, one)
        quiet = max(one.due for one in answered) + 1 + 2 * RING_AGAIN
        wait_for("what would ring once more", lambda: time.time() >= quiet, 30)
        calls = rings_by_number(world, "call_placed")
        control = number_of(tenants[-1])
        expect(len(calls[control]) >= 2, f"{len(calls[control])} calls about the alert that nobody acknowledged")
        late = {one.tenant: at - told for one, told in answered.items() for at in calls[number_of(one.tenant)] if at > told + UNDER_WAY}
        in_time = sum(told < one.due for one, told in answered.items())
        placed = sum(bool(calls[number_of(one.tenant)]) for one in answered)
        print(f"     {len(answered)} acknowledgements at another node, {in_time} answered before the call was due; {placed} calls had begun")
        expect(not late, f"calls begun after the acknowledgement: {late}")
        expect(in_time >= len(answered) / 2, f"only {in_time} acknowledgements were in time")
        expect(placed < len(answered), "every call had begun: that is no race")


def begin_calling():
    """Tenants that may each be called at a number that was verified, over an account of their own."""
    times = {"call_after_trunk": f"{CALL_AFTER * 1000:.0f}ms", "ring_again_after": f"{RING_AGAIN * 1000:.0f}ms", "attempt_timeout": "1s"}
    fleet = f'[fleet]\ntenants = {TENANTS}\npbxes = {TENANTS}\ntrunks_per_pbx = 2\n[twilio]\nring = "1s"\nlisten = "1s"\n'
    world = Cluster(fleet, interval="1s", timing=times, public_url=PUBLIC)
    try:
        tenants = [f"t{number}" for number in range(1, TENANTS + 1)]
        for number, tenant in enumerate(tenants, 1):
            rings_for(world, tenant, "trunk_down")
            has_account(world, tenant, number)
        world.start()
        world.do("callbacks_to", address=world.url.removeprefix("http://"))
        world.apply()
        world.settled(TENANTS)
        verify_numbers(world, tenants)
        world.do("phone", does="no_answer")
    except BaseException:
        world.end()
        raise
    return world


def fail(world, tenants, draw):
    """A trunk of each fails: when each but the last is to be acknowledged, in that order."""
    world.do("trunk_down", trunk="10000", reason="failed")
    known = firing_of(world, tenants)
    rounds = []
    for tenant in tenants[:-1]:
        due = seconds(known[tenant]["opened_at"]) + CALL_AFTER
        rounds.append(Round(tenant, known[tenant]["id"], due, due - draw.uniform(*BEFORE)))
    return sorted(rounds, key=lambda one: one.at)


def acknowledge_elsewhere(world, one):
    """At its moment, at a node that does not run the tenant; when that was answered."""
    owner = world.owner(one.tenant)
    other = next(node for node in world.nodes.values() if node is not owner)
    wait_for("its moment", lambda: time.time() >= one.at, 20, step=0.005)
    status, answer = world.api(f"/api/v1/alerts/{one.alert}/ack", "POST", {"by": "race"}, node=other)
    expect(status == 200, f"the acknowledgement of {one.tenant} at {other.name}: {answer}")
    return time.time()
