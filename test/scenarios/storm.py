"""A storm of outages that is the same for the same seed, and that can be told of in one way only.

Each resource fails once and stays down until `calm`, or recovers in between if that is late enough to be seen. No carrier fails at
two PBXes, no PBX loses all its trunks, and what loses its power loses nothing else: nothing is grouped, masked or called
flapping, so that who was told of what does not depend on when it was looked at.
"""

import collections
import random

PBXES, TENANTS = 24, 6
POWERED_OFF = 4  # the last of each tenant's, of the first four tenants
SERVICES = ("nginx", "postgresql", "3CXGatewayService", "3CXMediaServer", "3CXIVR01", "3CXTunnel01", "3CXQueueManager01")
TRUNK = "61"  # the simulator's id of the first trunk, number 10000

Outage = collections.namedtuple("Outage", "at lasting verb pbx key")  # seconds; lasting None: until the calm


def fleet():
    """Each PBX's first trunk has a carrier of its own."""
    carriers = "".join(f'[[fleet.providers]]\nname = "Carrier {n}"\nhost = "sip{n}.carrier.example"\n' for n in range(PBXES + 3))
    return (f'[fleet]\ntenants = {TENANTS}\npbxes = {PBXES}\ntrunks_per_pbx = 3\nsbcs_per_pbx = 1\ntoken_life = "10m"\n' + carriers)


def name_of(number):
    return f"pbx{number:02}"


def tenant_of(pbx):
    return f"t{(int(pbx[3:]) - 1) * TENANTS // PBXES + 1}"


def plan(seed, lasts, count, shortest):
    """`count` outages that begin within `lasts` seconds, some of which end by themselves, after `shortest` seconds at least."""
    draw = random.Random(seed)
    per_tenant = PBXES // TENANTS
    off = [name_of((place + 1) * per_tenant) for place in range(POWERED_OFF)]
    can_fail = [("pbx", pbx, "") for pbx in off]
    for pbx in (name_of(number) for number in range(1, PBXES + 1)):
        if pbx not in off:
            can_fail += [("trunk", pbx, "10000"), ("sbc", pbx, "11000")] + [("service", pbx, one) for one in SERVICES]
    chosen = can_fail[:POWERED_OFF] + draw.sample(can_fail[POWERED_OFF:], count - POWERED_OFF)
    made = []
    for verb, pbx, key in chosen:
        ends_itself = draw.random() < 0.5
        made.append(Outage(draw.uniform(0, lasts), draw.uniform(shortest, 2 * shortest) if ends_itself else None, verb, pbx, key))
    return sorted(made)


def begin(world, outages):
    """The simulator plays it from now on by itself."""
    for one in outages:
        keys = {} if one.verb == "pbx" else {one.verb: one.key}
        if one.lasting:
            keys["for"] = f"{one.lasting * 1000:.0f}ms"
        world.do(one.verb + "_down", pbx=one.pbx, at=f"{one.at * 1000:.0f}ms", **keys)


def calm(world, outages):
    """Whatever still fails works again."""
    for one in outages:
        if not one.lasting:
            world.do(one.verb + "_up", pbx=one.pbx, **({} if one.verb == "pbx" else {one.verb: one.key}))


def subject(one):
    """(PBX, kind, key) of what fails, as alerts and the truth journal name it."""
    kind = {"pbx": "instance"}.get(one.verb, one.verb)
    return one.pbx, kind, TRUNK if kind == "trunk" else one.key


def owed(outages):
    """{(PBX, kind, key, event)} that everybody who listens to the tenant hears of."""
    return {(*subject(one), event) for one in outages for event in ("fired", "resolved")}
