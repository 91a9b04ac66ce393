"""Bench lines about how fast it tells: one transition, ten thousand, and one of somebody else among them."""

import random
import time

from figures import Figure, line, median, percentile, ratio
from fleet import Fleet, Node, free_port
from harness import pause, wait_for
from lasting import tell_alerts
from machine import ANYWHERE, OURS, cpu_seconds, expect, forget_peak, peak_kib
from peers import Peer
from tried import TRIED

STORM = {"confirm_after": "100ms", "flap_changes": 1000}
SINGLE = {**STORM, "confirm_after": "300ms"}
STORM_CONFIRM, SINGLE_CONFIRM = 98_000, 294_000  # microseconds: a look that comes 2 % early counts
TRUNKS = 100                 # of each PBX that fail; one more stays, or it would be another alert
FIRST_TRUNK = 40             # the id of a PBX's first; the others follow
BLOCKS, BLOCK, SINGLE_PBXES = 3, 100, 50
BATCH = 500                  # alerts in one request to Alertmanager
SETTLED = 1.0                # seconds in which nothing more must arrive


def one_of_each_alert(fleet, processors=OURS):
    """An Alertmanager that tells each alert by itself and at once."""
    config = ("route:\n  receiver: hook\n  group_by: ['...']\n  group_wait: 0s\n  group_interval: 1s\n"
              f"receivers:\n- name: hook\n  webhook_configs:\n  - url: http://127.0.0.1:{fleet.sink_port}/peer\n"
              "    send_resolved: false\n")
    return Peer("alertmanager", config, ["--storage.path={folder}/data", "--cluster.listen-address="], free_port(), processors)


def started(fleet, interval, timing, **extra):
    """A warm node; what it reads from now on is written down with its moment."""
    node = Node(fleet, interval, timing=timing, **extra)
    node.start()
    node.apply()
    node.warm(120)
    fleet.ask("mark all")
    fleet.ask("clear")
    return node


def arrivals(fleet, wanted, limit=120, settle=0.0):
    """Waits for so many webhooks, and so much longer for what is too many."""
    wait_for(f"{wanted} webhooks", lambda: fleet.stats()["hits"] >= wanted, limit, 0.02)
    pause(settle)
    hits = fleet.ask("hits")
    expect(f"{wanted} webhooks, got {len(hits)}", len(hits) == wanted)
    return hits


def we_told(fleet):
    """(event, PBX, trunk) of each webhook of ours, in order; each came under a webhook-id of its own."""
    told = fleet.ask("told")
    keys = {key for key, _ in told if key}
    expect(f"{len(told)} webhooks have {len(keys)} ids", len(keys) == len(told))
    return [(body["type"].removeprefix("alert."), body["data"]["instance"]["id"], body["data"]["resource"]["id"]) for _, body in told]


def the_peer_told(fleet):
    """(status, trunk) of each alert that Alertmanager told, in order."""
    return [(one["status"], one["labels"]["trunk"]) for _, body in fleet.ask("told") for one in body["alerts"]]


def trunk_of(pbx, number):
    return f"p{pbx:05}", str(FIRST_TRUNK + number)


def confirmed_at(fleet, pbx, after):
    """Microseconds when the body left in which the PBX confirmed its failure: the first that is old enough to."""
    bodies = fleet.ask(f"answered {pbx}")  # since it fails
    return next(at for at in bodies if at >= bodies[0] + after)


# --- one ----------------------------------------------------------------------------------------------------------------
@line("latency", f"{BLOCKS * BLOCK} single transitions, an idle node")
def latency():
    """From the body in which a PBX confirms a failure to the webhook at its receiver, committed to disk before.

    Beside it an alert posted to Alertmanager, which keeps it in memory. Each side has a hundred in turn."""
    blocks = [(our_singles(), peer_singles()) for _ in range(BLOCKS)]
    return [latency_figure(blocks, 50, ("<=", 3)), latency_figure(blocks, 99, ("<=", 10))]


def latency_figure(blocks, percent, goal):
    ours, theirs = ([one for block in side for one in block] for side in zip(*blocks))
    value = percentile(ours, percent)
    return Figure(f"p{percent}", value, "ms", goal, None, value, percentile(theirs, percent),
                  [percentile(block, percent) for block, _ in blocks], note=f"of all; samples: of each {BLOCK}")


def our_singles():
    fleet = Fleet(SINGLE_PBXES)
    node = started(fleet, "400ms", SINGLE)
    took, wanted = [], []
    try:
        for number in range(BLOCK):
            pbx, trunk = number % SINGLE_PBXES, number // SINGLE_PBXES
            fleet.ask(f"down {pbx} {trunk + 1}")
            wanted.append(("fired", *trunk_of(pbx, trunk)))
            hits = arrivals(fleet, len(wanted), 10)
            took.append((hits[-1][0] - confirmed_at(fleet, pbx, SINGLE_CONFIRM)) / 1000)
            expect("the webhook follows the confirming body", took[-1] > 0)
        arrivals(fleet, BLOCK, settle=SETTLED)
        expect("each is told in its turn, and nothing else", we_told(fleet) == wanted)
    finally:
        node.end()
        fleet.end()
    return took


def peer_singles():
    fleet = Fleet(0)
    peer = one_of_each_alert(fleet)
    took, wanted = [], []
    try:
        peer.start()
        for number in range(BLOCK):
            posted = time.monotonic()
            tell_alerts(peer, [{"alertname": "TrunkDown", "trunk": str(number)}])
            wanted.append(("firing", str(number)))
            wait_for("the webhook", lambda: fleet.stats()["hits"] == len(wanted), 10, 0.0005)
            took.append(fleet.ask("hits")[-1][0] / 1000 - posted * 1000)
        arrivals(fleet, BLOCK, settle=SETTLED)
        expect("each is told in its turn, and nothing else", the_peer_told(fleet) == wanted)
    finally:
        peer.end()
        fleet.end()
    return took


# --- ten thousand -------------------------------------------------------------------------------------------------------
def our_storm(pbxes, interval="1s"):
    """All but one trunk of every PBX fail at once: seconds from the first body that confirms one to the last webhook, processor
    time until nothing is owed, and how much more memory it had at the most."""
    count = pbxes * TRUNKS
    fleet = Fleet(pbxes, TRUNKS + 1, ANYWHERE)
    node = started(fleet, interval, STORM, tenant_size=pbxes, processors=ANYWHERE)
    try:
        forget_peak(node.pid)
        memory, cpu = peak_kib(node.pid), cpu_seconds(node.pid)
        fleet.ask(f"down all {TRUNKS}")
        hits = arrivals(fleet, count)
        nothing_owed(node, count)
        used, most = cpu_seconds(node.pid) - cpu, peak_kib(node.pid)
        begun = min(confirmed_at(fleet, pbx, STORM_CONFIRM) for pbx in range(pbxes))
        arrivals(fleet, count, settle=SETTLED)
        every = {("fired", *trunk_of(pbx, number)) for pbx in range(pbxes) for number in range(TRUNKS)}
        expect("every trunk is told once", set(we_told(fleet)) == every)
        return {"seconds": (hits[-1][0] - begun) / 1e6, "told": (hits[-1][0] - hits[0][0]) / 1e6, "cpu": used,
                "growth": (most - memory) / 1024}
    finally:
        node.end()
        fleet.end()


def nothing_owed(node, count):
    """Every delivery was sent, and the store knows it."""
    def all_sent():
        page = node.metrics()
        states = {state: node.metric(f'ringdown_deliveries{{state="{state}"}}', page) for state in ("pending", "claimed", "sent")}
        return states == {"pending": 0, "claimed": 0, "sent": count}
    wait_for(f"{count} deliveries sent", all_sent, 60, 0.1)


def peer_storm(count):
    fleet = Fleet(0, processors=ANYWHERE)
    peer = one_of_each_alert(fleet, ANYWHERE)
    try:
        peer.start()
        forget_peak(peer.pid)
        memory, cpu, begun = peak_kib(peer.pid), cpu_seconds(peer.pid), time.monotonic()
        for first in range(0, count, BATCH):
            tell_alerts(peer, [{"alertname": "TrunkDown", "trunk": str(number)} for number in range(first, min(first + BATCH, count))])
        hits = arrivals(fleet, count)
        used, most = cpu_seconds(peer.pid) - cpu, peak_kib(peer.pid)
        arrivals(fleet, count, settle=SETTLED)
        told = the_peer_told(fleet)
        expect("the peer tells every trunk once",
               len(told) == count and set(told) == {("firing", str(number)) for number in range(count)})
        return {"seconds": hits[-1][0] / 1e6 - begun, "cpu": used, "growth": (most - memory) / 1024}
    finally:
        peer.end()
        fleet.end()


@line("storm10k", "10,000 transitions of one tenant, 10,000 webhooks; both sides have both processors", pinned=False)
def storm10k():
    """From the first body that confirms a failure to the last webhook, which waits for the polls of the other PBXes.

    Alertmanager has as many alerts posted as fast as it takes them, and is measured from the first request on. One pair."""
    count = 100 * TRUNKS
    ours, theirs = our_storm(100), peer_storm(count)
    per_alert = [1e6 * side["cpu"] / count for side in (ours, theirs)]
    return [ratio("drain time", [(ours["seconds"], theirs["seconds"])], ("<=", 1.0), ("<=", 0.6), tried=TRIED["storm10k"],
                  note="s, from the first confirming body and the first request; ours is durable"),
            ratio("CPU per alert", [per_alert], ("<=", 0.4), tried=TRIED["storm10k"], note="us, until nothing is owed; the peer keeps nothing"),
            Figure("memory growth", ours["growth"], "MiB", ("<=", 64), None, ours["growth"], theirs["growth"], note="the most it had meanwhile")]


# --- somebody else ------------------------------------------------------------------------------------------------------
FAIR_TURNS = 20
B = 100                      # the last PBX is B's
STILL_TO_COME = 1000         # of A's webhooks at B's confirming body, or the turn says nothing
MOST_TURNS = 3 * FAIR_TURNS


@line("fair", "one critical of tenant B during a storm of 10,000 of tenant A, 20 times; both processors", pinned=False)
def fair():
    """From B's confirming body to B's webhook while A's ten thousand are on their way.

    And how long B's PBX is not asked meanwhile."""
    fleet = Fleet(B + 1, TRUNKS + 1, ANYWHERE)
    node = started(fleet, "1s", SINGLE, tenant_size=B, processors=ANYWHERE)
    draw, took, gaps = random.Random(20261126), [], []
    try:
        for turn in range(MOST_TURNS):
            still, waited, gap = in_a_storm(fleet, turn, draw.randrange(B))
            gaps.append(gap)
            if still >= STILL_TO_COME:
                took.append(waited)
            if len(took) == FAIR_TURNS:
                break
        expect(f"B's critical falls into the storm often enough, {len(took)} of {MOST_TURNS} times did", len(took) == FAIR_TURNS)
    finally:
        node.end()
        fleet.end()
    return [Figure("B end to end, p99", percentile(took, 99), "s", ("<=", 1), singles=took,
                   note=f"p50 {median(took):.3f} s; {len(took)} of {len(gaps)} turns, in the others A's storm was nearly over"),
            Figure("widest gap between B's bodies", max(gaps), "s", ("<=", 2), singles=gaps, note="it is asked every second; of all turns")]


def in_a_storm(fleet, turn, place):
    """B fails among A's PBXes: how many of A's webhooks come after B's confirming body, seconds from that until B is told, and
    the widest gap between the bodies of B's PBX."""
    up = turn % 2 == 1  # what failed recovers: a storm as well
    fleet.ask("clear")
    begun, bodies = 1e6 * time.monotonic(), []
    for pbx in range(B):
        if pbx == place:
            bodies = fleet.ask(f"answered {B}")
            fleet.ask(f"down {B} {turn + 1}")
        fleet.ask(f"down {pbx} {0 if up else TRUNKS}")
    hits = arrivals(fleet, B * TRUNKS + 1)
    expect("each is told once", len(set(we_told(fleet))) == len(hits))
    bodies += fleet.ask(f"answered {B}")
    edges = [begun, *(at for at in bodies if at < hits[-1][0]), hits[-1][0]]
    return *of_the_other(fleet), max(after - before for before, after in zip(edges, edges[1:])) / 1e6


def of_the_other(fleet):
    """How many of A's webhooks come after B's confirming body, and seconds from that to B's, the only one of its path."""
    of_b = fleet.ask("hits_at /t002")
    expect("B was told once", len(of_b) == 1)
    confirmed = confirmed_at(fleet, B, SINGLE_CONFIRM)
    took = (of_b[0][0] - confirmed) / 1e6
    expect("the webhook follows the confirming body", took > 0)
    return sum(hit[0] > confirmed for hit in fleet.ask("hits_at /t001")), took
