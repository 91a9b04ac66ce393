"""Bench lines about telling: from a transition to the receiver of a webhook."""

import bisect
import collections
import os
import re
import time

from figures import Figure, line, median, percentile
from fleet import free_port
from harness import content, event_of, pause, wait_for
from hooks import Hook
from lasting import tell_alerts
from machine import expect
from peers import Peer
from steps import quiet
from worlds import Tail, Usual

TENANTS, PBXES = 20, 200    # a PBX is asked every second
TRUNKS = 6                  # of which five fail in a turn, one by one
ONLY_A, ONLY_B = 7, 7       # tenants with one channel; the others have one at each provider
HANG = 10.0                 # seconds
SPREAD = 8.5                # seconds in which the transitions of a turn are spread: each is seen before the hang ends
PAIRS, PEER_PAIRS = 5, 3
CONFIRM = 0.294             # seconds: a look that comes 2 % early counts
TIMING = {"confirm_after": "300ms", "flap_changes": 1000, "retry_base": "200ms", "retry_cap": "2s"}
PEER_ALERTS = 500           # a turn


@line("stall", f"{TENANTS} tenants with webhooks at two providers, {PBXES * (TRUNKS - 1)} transitions while one of the two hangs {HANG:.0f} s")
def stall():
    """From the confirming body to the webhook at the provider that is well: p99 while the other hangs / p99 without.

    A failure is confirmed by the first body that comes late enough after the first that showed it, whatever the daemon says.
    Alertmanager has two receivers for the alerts of each tenant."""
    with Hook() as ill, two_providers(ill) as world:
        turn(world, ill, 0.0)  # what the first pays for, connections and caches, is nobody's
        ours, theirs = [], []
        for pair in range(PAIRS):
            clean_first = pair % 2 == 0
            said = [turn(world, ill, hangs) for hangs in ((0.0, HANG) if clean_first else (HANG, 0.0))]
            ours.append(tuple(said if clean_first else reversed(said)))
            if pair < PEER_PAIRS:
                theirs.append(peer_pair())
    ratios = [stalled / clean for clean, stalled in ours]
    peer_ratios = [stalled / clean for clean, stalled in theirs]
    of_both = "{:.1f} and {:.1f} ms"
    return [Figure("p99 stalled / clean", median(ratios), "ratio", ("<=", 1.3), ("<=", 1.05), median(ratios), median(peer_ratios), ratios,
                   note=f"{PAIRS} pairs; p99 clean and stalled " + of_both.format(*(1000 * median(side) for side in zip(*ours)))
                   + "; Alertmanager (group_interval 1 s) " + of_both.format(*(1000 * median(side) for side in zip(*theirs))))]


# --- ours ---------------------------------------------------------------------------------------------------------------
def two_providers(ill):
    """A world whose tenants have webhooks at the simulator, at `ill`, or at both."""
    world = Usual(f"[fleet]\ntenants = {TENANTS}\npbxes = {PBXES}\n" + "".join(own_carriers(number) for number in range(1, PBXES + 1)),
                  interval="1s", timing=TIMING)
    try:
        for number in range(1, TENANTS + 1):
            has_hooks(world, number, ill)
        world.start()
        world.apply()
        world.read_in_full(PBXES)
    except BaseException:
        world.end()
        raise
    return world


def own_carriers(pbx):
    """Each trunk has a carrier of its own: what fails together at one would be its outage, which is told in other words."""
    return f'[[pbx]]\nid = "pbx{pbx:03}"\n' + "".join(
        f'[[pbx.trunk]]\nnumber = "{10000 + trunk}"\nname = "Line {trunk}"\nhost = "c{pbx}-{trunk}.example"\n' for trunk in range(TRUNKS))


def has_hooks(world, number, ill):
    """Its file has a webhook at `ill` instead of, or beside, that at the simulator."""
    path = os.path.join(world.ready["tenants"], f"t{number}.toml")
    with open(path, encoding="utf-8") as file:
        parts = re.split(r"(?m)^(?=\[)", file.read())
    well = next(part for part in parts if part.startswith("[[channel]]") and f'"t{number}-hook"' in part)
    other = re.sub(r'(?m)^url = .*$', f'url = "{ill.url}/t{number}"', well.replace(f"t{number}-hook", f"t{number}-ill"))
    if number <= ONLY_A:
        parts.remove(well)
    if number <= ONLY_A or number > ONLY_A + ONLY_B:
        parts.append("\n" + other)
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(parts))


def turn(world, ill, hangs):
    """The p99 of one turn in seconds; then everything is as before."""
    effects, truth = Tail(world, "effects.jsonl"), Tail(world, "truth.jsonl")
    effects.read()
    truth.read()
    before = len(effects.seen), len(truth.seen)
    had = len(ill.arrived)
    hangs_until = fail_one_by_one(world, ill, hangs)
    wanted = (TENANTS - ONLY_A) * PBXES // TENANTS * (TRUNKS - 1)

    def fired():
        effects.read()
        return [one for one in effects.seen[before[0]:] if one["kind"] == "webhook" and event_of(one) == "fired"]
    wait_for("every webhook", lambda: len(fired()) >= wanted, 60, 0.1)
    truth.read()
    took = latencies(fired(), truth.seen[before[1]:])
    expect(f"{len(took)} webhooks of {wanted}", len(took) == wanted)
    held = {body["data"]["tenant"]["id"] for at, body in ill.bodies(had) if not hangs or at < hangs_until}
    expect(f"{len(held)} tenants told the other provider{' and were held there' if hangs else ''}", len(held) == TENANTS - ONLY_B)
    quiet(world)
    world.do("trunk_up")
    wait_for("the recoveries", lambda: not world.items("/api/v1/alerts?limit=1"), 60, 0.2)
    quiet(world)
    return percentile(took, 99)


def fail_one_by_one(world, ill, hangs):
    """Trunk after trunk of every PBX, spread evenly; until when the other provider answers nobody."""
    faults = [(pbx, trunk) for trunk in range(TRUNKS - 1) for pbx in range(1, PBXES + 1)]
    begun = time.monotonic() + 2.0
    for number, (pbx, trunk) in enumerate(faults):
        at = begun + SPREAD * number / len(faults) - time.monotonic()
        world.do("trunk_down", pbx=f"pbx{pbx:03}", trunk=str(10000 + trunk), at=f"{1000 * at:.0f}ms")
    expect("the plan was made in time", time.monotonic() < begun)
    wait_for("the first failure", lambda: time.monotonic() >= begun, 5, 0.005)
    ill.hang(hangs)
    return time.time() + hangs


def latencies(webhooks, truth):
    """Seconds from the body in which each failure was confirmed."""
    bodies, failed = collections.defaultdict(list), {}
    for one in truth:
        if one["kind"] == "poll" and one["endpoint"] == "Trunks" and one["status"] == 200:
            bodies[one["pbx"]].append(one["at"])
        elif one["kind"] == "state" and one["resource"] == "trunk" and one["from"] == "registered":
            failed[one["pbx"], one["key"]] = one["at"]
    took = {}
    for one in webhooks:
        data = content(one)["data"]
        subject = data["instance"]["id"], data["resource"]["id"]
        seen = bodies[subject[0]]
        first = seen[bisect.bisect_left(seen, failed[subject])]
        took[subject] = one["at"] - seen[bisect.bisect_left(seen, first + CONFIRM)]
    expect("each failure is told once", len(took) == len(webhooks))
    expect("and after it was confirmed", min(took.values()) > 0)
    return list(took.values())


# --- the peer -----------------------------------------------------------------------------------------------------------
def peer_pair():
    """The p99 of Alertmanager, clean and stalled: an alert is posted, the healthy receiver has it."""
    with Hook() as well, Hook() as ill:
        config = ("route:\n  receiver: both\n  group_by: ['tenant']\n  group_wait: 0s\n  group_interval: 1s\n"
                  f"receivers:\n- name: both\n  webhook_configs:\n  - url: {well.url}/\n  - url: {ill.url}/\n")
        peer = Peer("alertmanager", config, ["--storage.path={folder}/data", "--cluster.listen-address="], free_port())
        try:
            peer.start()
            return tuple(peer_turn(peer, well, ill, hangs) for hangs in (0.0, HANG))
        finally:
            peer.end()


def peer_turn(peer, well, ill, hangs):
    """As many alerts of each tenant, spread over the same time."""
    had = len(well.arrived)
    ill.hang(hangs)
    posted = {}
    begun = time.monotonic()
    for number in range(PEER_ALERTS):
        pause(max(0.0, begun + SPREAD * number / PEER_ALERTS - time.monotonic()))
        name = f"{hangs:.0f}-{number}"
        posted[name] = time.time()
        tell_alerts(peer, [{"alertname": "TrunkDown", "tenant": f"{hangs:.0f}-{number % TENANTS}", "trunk": name}])
    arrived, read = {}, had

    def all_arrived():
        nonlocal read
        new = well.bodies(read)
        read += len(new)
        for at, body in new:
            for one in body["alerts"]:
                arrived.setdefault(one["labels"]["trunk"], at)
        return posted.keys() <= arrived.keys()
    wait_for("every alert at the healthy receiver", all_arrived, 60, 0.2)
    return percentile([arrived[name] - at for name, at in posted.items()], 99)
