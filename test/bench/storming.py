"""Bench lines about how fast it tells: one transition, ten thousand, and one of somebody else among them."""

import random
import time

from figures import Figure, line, median, percentile, ratio, slope
from fleet import Fleet, Node, free_port
from harness import pause, wait_for
from lasting import tell_alerts
from machine import cpu_seconds, expect, rss_kib
from peers import Peer
from tried import TRIED

STORM = {"confirm_after": "100ms", "flap_changes": 1000}
SINGLE = {**STORM, "confirm_after": "300ms"}
CONFIRM_MICROS = 294_000     # of SINGLE: a look that comes 2 % early counts
TRUNKS = 100                 # of each PBX that fail; one more stays, or it would be another alert
SINGLES, SINGLE_PBXES = 300, 50
BATCH = 500                  # alerts in one request to Alertmanager
SETTLED = 1.0                # seconds in which nothing more must arrive


def one_of_each_alert(fleet):
    """An Alertmanager that tells each alert by itself and at once."""
    config = ("route:\n  receiver: hook\n  group_by: ['...']\n  group_wait: 0s\n  group_interval: 1s\n"
              f"receivers:\n- name: hook\n  webhook_configs:\n  - url: http://127.0.0.1:{fleet.sink_port}/peer\n"
              "    send_resolved: false\n")
    return Peer("alertmanager", config, ["--storage.path={folder}/data", "--cluster.listen-address="], free_port())


def started(fleet, interval, timing, **extra):
    node = Node(fleet, interval, timing=timing, **extra)
    node.start()
    node.apply()
    node.warm(120)
    return node


def arrivals(fleet, wanted, limit=120, settle=0.0):
    """Waits for so many webhooks, and so much longer for what is too many."""
    wait_for(f"{wanted} webhooks", lambda: fleet.stats()["hits"] >= wanted, limit, 0.02)
    pause(settle)
    hits = fleet.ask("hits")
    keys = [key for _, key in hits if key]
    expect(f"{wanted} webhooks, each once, got {len(hits)}", len(hits) == wanted and len(keys) == len(set(keys)))
    return hits


def confirmed_at(fleet, pbx):
    """Microseconds when the body left in which the PBX confirmed its failure: the first that is old enough to."""
    bodies = fleet.ask(f"answered {pbx}")  # since it fails
    return next(at for at in bodies if at >= bodies[0] + CONFIRM_MICROS)


# --- one ----------------------------------------------------------------------------------------------------------------
@line("latency", f"{SINGLES} single transitions, an idle node")
def latency():
    """From the body in which a PBX confirms a failure to the webhook at its receiver, committed to disk before; beside an
    alert posted to Alertmanager, which keeps it in memory."""
    ours, theirs = our_singles(), peer_singles()
    return [Figure("p50", percentile(ours, 50), "ms", ("<=", 3), None, percentile(ours, 50), percentile(theirs, 50)),
            Figure("p99", percentile(ours, 99), "ms", ("<=", 10), None, percentile(ours, 99), percentile(theirs, 99))]


def our_singles():
    fleet = Fleet(SINGLE_PBXES)
    node = started(fleet, "400ms", SINGLE)
    took = []
    try:
        fleet.ask("mark all")
        for number in range(SINGLES):
            fleet.ask("clear")
            pbx = number % SINGLE_PBXES
            fleet.ask(f"down {pbx} {number // SINGLE_PBXES + 1}")
            hits = arrivals(fleet, 1, 10)
            took.append((hits[0][0] - confirmed_at(fleet, pbx)) / 1000)
            expect("the webhook follows the confirming body", took[-1] > 0)
    finally:
        node.end()
        fleet.end()
    return took


def peer_singles():
    fleet = Fleet(0)
    peer = one_of_each_alert(fleet)
    took = []
    try:
        peer.start()
        for number in range(SINGLES):
            fleet.ask("clear")
            posted = time.monotonic()
            tell_alerts(peer, [{"alertname": "TrunkDown", "trunk": str(number)}])
            wait_for("the webhook", lambda: fleet.stats()["hits"] == 1, 10, 0.0005)
            took.append(fleet.ask("hits")[0][0] / 1000 - posted * 1000)
    finally:
        peer.end()
        fleet.end()
    return took


# --- ten thousand -------------------------------------------------------------------------------------------------------
def our_storm(pbxes):
    """All but one trunk of every PBX fail at once: seconds until the last webhook, processor time and memory of it."""
    fleet = Fleet(pbxes, TRUNKS + 1)
    node = started(fleet, "1s", STORM, tenant_size=pbxes)
    try:
        memory, cpu, begun = rss_kib(node.pid), cpu_seconds(node.pid), time.monotonic()
        fleet.ask("clear")
        fleet.ask(f"down all {TRUNKS}")
        hits = arrivals(fleet, pbxes * TRUNKS)
        used = cpu_seconds(node.pid) - cpu
        took = hits[-1][0] / 1e6 - begun
        arrivals(fleet, pbxes * TRUNKS, settle=SETTLED)
        return {"seconds": took, "cpu": used, "growth": (rss_kib(node.pid) - memory) / 1024}
    finally:
        node.end()
        fleet.end()


def peer_storm(count):
    fleet = Fleet(0)
    peer = one_of_each_alert(fleet)
    try:
        peer.start()
        memory, cpu, begun = rss_kib(peer.pid), cpu_seconds(peer.pid), time.monotonic()
        for first in range(0, count, BATCH):
            tell_alerts(peer, [{"alertname": "TrunkDown", "trunk": str(number)} for number in range(first, min(first + BATCH, count))])
        wait_for(f"{count} webhooks", lambda: fleet.stats()["hits"] >= count, 120, 0.02)
        hits = fleet.ask("hits")
        expect(f"{count} webhooks, got {len(hits)}", len(hits) == count)
        return {"seconds": hits[-1][0] / 1e6 - begun, "cpu": cpu_seconds(peer.pid) - cpu,
                "growth": (rss_kib(peer.pid) - memory) / 1024}
    finally:
        peer.end()
        fleet.end()


@line("storm10k", "10,000 transitions of one tenant, 10,000 webhooks")
def storm10k():
    """From the moment the trunks fail, which waits for polls and their confirmation, to the last webhook; Alertmanager has the
    same number of alerts posted to it as fast as it takes them."""
    count = 100 * TRUNKS
    pairs = [(our_storm(100), peer_storm(count)) for _ in range(3)]
    per_alert = [(1e6 * ours["cpu"] / count, 1e6 * theirs["cpu"] / count) for ours, theirs in pairs]
    growth = median([ours["growth"] for ours, _ in pairs])
    return [ratio("drain time", [(ours["seconds"], theirs["seconds"]) for ours, theirs in pairs], ("<=", 1.0), ("<=", 0.6), note="s; durable",
                  tried=TRIED["storm10k"]),
            ratio("CPU per alert", per_alert, ("<=", 0.4), note="us; the peer keeps nothing", tried=TRIED["storm10k"]),
            Figure("memory growth", growth, "MiB", ("<=", 64), None, growth, median([theirs["growth"] for _, theirs in pairs]))]


@line("storm_growth", "1,000, 3,000 and 10,000 transitions of one tenant")
def storm_growth():
    """How processor time and memory of a storm grow with it: the slope is 1 where they grow as it does."""
    storms = {pbxes * TRUNKS: our_storm(pbxes) for pbxes in (10, 30, 100)}
    used = ", ".join(f"{count}: {1e6 * part['cpu'] / count:.0f} us each" for count, part in storms.items())
    took = ", ".join(f"{count}: {part['seconds']:.2f} s" for count, part in storms.items())
    return [Figure("CPU, slope", slope([(count, part["cpu"]) for count, part in storms.items()]), "", note=used),
            Figure("drain time, slope", slope([(count, part["seconds"]) for count, part in storms.items()]), "", note=took)]


# --- somebody else ------------------------------------------------------------------------------------------------------
@line("fair", "one critical of tenant B during a storm of 10,000 of tenant A, 20 times")
def fair():
    """From B's confirming body to B's webhook while A's ten thousand are on their way."""
    fleet = Fleet(101, TRUNKS + 1)
    node = started(fleet, "1s", SINGLE, tenant_size=100)  # the last PBX is B's
    draw, took = random.Random(20261126), []
    try:
        for turn in range(20):
            up = turn % 2 == 1  # what failed recovers: a storm as well
            fleet.ask("clear")
            fleet.ask("mark 100")
            for pbx in range(100):
                fleet.ask(f"down {pbx} {0 if up else TRUNKS}")
            mark = draw.randrange(100, 3000)
            wait_for("the storm", lambda so_many=mark: fleet.stats()["hits"] >= so_many, 60, 0.005)
            fleet.ask(f"down 100 {turn + 1}")
            arrivals(fleet, 100 * TRUNKS + 1)
            took.append(of_the_other(fleet))
    finally:
        node.end()
        fleet.end()
    return [Figure("B end to end, p99", percentile(took, 99), "s", ("<=", 1), singles=took, note=f"p50 {median(took):.3f} s")]


def of_the_other(fleet):
    """Seconds from B's confirming body to its webhook, the only one of its path, with A's still coming after it."""
    of_b = fleet.ask("hits_at /t002")
    expect("B was told once", len(of_b) == 1)
    at = of_b[0][0]
    expect("the storm went on when B was told", max(hit[0] for hit in fleet.ask("hits_at /t001")) > at)
    took = (at - confirmed_at(fleet, 100)) / 1e6
    expect("the webhook follows the confirming body", took > 0)
    return took
