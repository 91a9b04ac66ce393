"""Bench lines about several nodes on one PostgreSQL. Nobody else does this, so they have goals and no peers."""

import contextlib
import os
import shutil
import signal
import tempfile
import time

from cluster import Cluster
from database import Database
from figures import Figure, line, median, percentile, ratio
from fleet import COMPLETE, FAILED, PARTIAL, Fleet, Node
from harness import content, event_of, pause, wait_for
from machine import ANYWHERE, cpu_seconds, expect
from storming import STORM, TRUNKS, arrivals, we_told
from worlds import Tail

LEASE = 15                          # seconds
KILLS, FREEZES = 6, 2
TENANTS, INTERVAL = 12, 2           # of the fleet that is taken over: a PBX each, polled so often
SHARDS = 12
STALL = 5                           # seconds in which the database does nothing
BIG_FLEET, BIG_INTERVAL, BIG_SECONDS, BIG_TURNS = 10_000, 60, 30, 3
SPREADS = ((1, 1), (1, 64), (3, 64))  # nodes and shards
SPREAD_PBXES, SPREAD_TURNS = 64, 2  # of a tenant each, all of whose trunks but one fail


# --- take-overs ---------------------------------------------------------------------------------------------------------
@line("takeover", f"3 nodes, {TENANTS} tenants: {KILLS} kills, {FREEZES} freezes, a database that stalls for {STALL} s", pinned=False)
def takeover():
    """From the loss of a node to the first poll, by another, of each PBX that it had; and by how much later their outages are told.

    A trunk of each such PBX fails at the moment the node is lost."""
    fleet = f"[fleet]\ntenants = {TENANTS}\npbxes = {TENANTS}\ntrunks_per_pbx = {KILLS + FREEZES + 2}\n"
    with Cluster(fleet, interval=f"{INTERVAL}s", shards=SHARDS) as world:
        world.start()
        world.apply()
        world.settled(TENANTS)
        seen = Seen(world)
        usual = seen.told_of_a_failure({row["id"] for row in world.items("/api/v1/instances")}, 0)
        killed = [lose(world, seen, turn, "kill", "start") for turn in range(1, KILLS + 1)]
        frozen = [lose(world, seen, KILLS + turn, "freeze", "thaw") for turn in range(1, FREEZES + 1)]
        taken = stall(world)
    added = [delay - median(usual) for _, delays in killed + frozen for delay in delays]
    return [Figure("killed: all polled again", max(polled for polled, _ in killed), "s", ("<=", 5), samples=[polled for polled, _ in killed]),
            Figure("frozen: all polled again", max(polled for polled, _ in frozen), "s", ("<=", 20), samples=[polled for polled, _ in frozen]),
            Figure("told later, p99", percentile(added, 99), "s", ("<=", LEASE + INTERVAL),
                   note=f"of {len(added)} failures; {median(usual):.2f} s without trouble"),
            Figure("take-overs by a stall", taken, "", ("<=", 0))]


class Seen:
    """What the simulator's journals say."""

    def __init__(self, world):
        self.world, self.truth, self.effects = world, Tail(world, "truth.jsonl"), Tail(world, "effects.jsonl")

    def told_of_a_failure(self, pbxes, trunk):
        """Seconds from now, when a trunk of each PBX fails, to the webhook about it."""
        begun = time.time()
        for pbx in pbxes:
            self.world.do("trunk_down", pbx=pbx, trunk=str(10000 + trunk))
        told = {}

        def all_told():
            for one in self.effects.read():
                if one["kind"] == "webhook" and event_of(one) == "fired":
                    told.setdefault(content(one)["data"]["instance"]["id"], one["at"] - begun)
            return set(told) >= pbxes
        wait_for(f"what fails at {len(pbxes)} PBXes is told", all_told, 60)
        return [told[pbx] for pbx in pbxes]

    def polled_since(self, pbxes, begun):
        """Seconds from then to the last of the first polls."""
        first = {}
        self.truth.read()
        for one in self.truth.seen:
            if one["kind"] == "poll" and one["status"] == 200 and one["at"] > begun and one["pbx"] in pbxes:
                first.setdefault(one["pbx"], one["at"] - begun)
        expect(f"{len(pbxes)} PBXes are polled again, got {len(first)}", set(first) == pbxes)
        return max(first.values())


def lose(world, seen, turn, how, back):
    """A node that has work is lost: seconds until all that it had is polled, and those until what fails there is told."""
    rows = world.items("/api/v1/instances")
    by_node = {}
    for row in rows:
        by_node.setdefault(row["node"], set()).add(row["id"])
    name = max((name for name in by_node if name), key=lambda one: (len(by_node[one]), one))
    node, pbxes = world.nodes[name], by_node[name]
    getattr(node, how)()
    begun = time.time() + 0.05  # what was under way has arrived
    delays = seen.told_of_a_failure(pbxes, turn)
    polled = seen.polled_since(pbxes, begun)
    getattr(node, back)()
    wait_for(f"{name} is back", node.is_ready, 30)
    world.settled(TENANTS)
    return polled, delays


def stall(world):
    """Every process of the database stands still: how many shards are taken because of it."""
    def epochs():
        return int(world.database.ask("select sum(epoch) from shard")[0][0])
    before = settled_epochs(epochs)
    processes = world.database.processes()
    for how in (signal.SIGSTOP, signal.SIGCONT):
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):  # of somebody who has just asked
                os.kill(pid, how)
        if how == signal.SIGSTOP:
            pause(STALL)
    wait_for("everybody is ready", lambda: all(node.is_ready() for node in world.nodes.values()), 30)
    pause(LEASE)
    return epochs() - before


def settled_epochs(epochs):
    """What they are once nobody hands anything over any more: who came back takes its share."""
    seen, since = epochs(), time.monotonic()

    def unchanged():
        nonlocal seen, since
        if (now := epochs()) != seen:
            seen, since = now, time.monotonic()
        return time.monotonic() - since > 5
    wait_for("nothing moves any more", unchanged, 60, 0.5)
    return seen


# --- what it costs to be several ----------------------------------------------------------------------------------------
class Several:
    """Some nodes on one database, watching a fleet."""

    def __init__(self, fleet, count, shards, interval, timing=None, tenant_size=50):
        self.fleet, self.nodes, self.database = fleet, [], None
        self.folder = tempfile.mkdtemp(prefix="bench-several-")
        try:
            self.database = Database()
            for number in range(count):
                several = (f'[store]\nurl = "{self.database.url()}"\nshards = {shards}\n[node]\nname = "n{number}"\n'
                           f'[secrets]\nkey_file = "{self.folder}/key"\n[api]\ntoken_file = "{self.folder}/token"\n')
                self.nodes.append(Node(fleet, interval, timing, tenant_size, ANYWHERE, several))
            for node in self.nodes:
                node.start()
            wait_for("the shards are held", lambda: self.all_held(shards), 40)
            self.nodes[0].apply()
        except BaseException:
            self.end()
            raise

    def all_held(self, shards):
        rows = self.database.ask("select count(*), count(distinct owner) from shard where lease_until > now()")
        return [int(value) for value in rows[0]] == [shards, min(shards, len(self.nodes))]

    def warm(self, limit=180):
        wait_for("every PBX connected", lambda: self.fleet.stats()["tokens"] >= self.fleet.pbxes, limit, 0.2)
        self.fleet.read_since("once it was connected", limit)

    def cpu(self, with_database):
        pids = [node.pid for node in self.nodes] + (self.database.processes() if with_database else [])
        return sum(cpu_seconds(pid) for pid in pids)

    def end(self):
        for node in self.nodes:
            node.end()
        if self.database:
            self.database.end()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def several(*what, **how):
    fleet = Fleet(*what[:1], trunks=how.pop("trunks", 9), processors=ANYWHERE)
    try:
        nodes = Several(fleet, *what[1:], **how)
        try:
            yield fleet, nodes
        finally:
            nodes.end()
    finally:
        fleet.end()


@line("spread", f"{SPREAD_PBXES * TRUNKS:,} transitions of {SPREAD_PBXES} tenants, at 1 and 3 nodes, in 1 and 64 shards", pinned=False)
def spread():
    """Processor time of one transition that is told, of the nodes and of PostgreSQL together: the dearest way / the cheapest."""
    costs = {way: [storm_at(*way) for _ in range(SPREAD_TURNS)] for way in SPREADS}
    typical = {way: median(values) for way, values in costs.items()}
    words = ", ".join(f"{nodes} node{'s' if nodes > 1 else ''} and {shards} shard{'s' if shards > 1 else ''} {typical[nodes, shards]:.0f} us"
                      for nodes, shards in SPREADS)
    return [Figure("dearest / cheapest", max(typical.values()) / min(typical.values()), "", ("<=", 1.2), note=words)]


def storm_at(nodes, shards):
    with several(SPREAD_PBXES, nodes, shards, "1s", STORM, 1, trunks=TRUNKS + 1) as (fleet, all_nodes):
        all_nodes.warm()
        fleet.ask("clear")
        count = SPREAD_PBXES * TRUNKS
        before = all_nodes.cpu(True)
        fleet.ask(f"down all {TRUNKS}")
        arrivals(fleet, count, 180)
        used = all_nodes.cpu(True) - before
        told = we_told(fleet)
        expect("each trunk is told once", len(set(told)) == count and all(event == "fired" for event, *_ in told))
        return 1e6 * used / count


@line("fleet3", f"{BIG_FLEET:,} PBXes at {BIG_INTERVAL} s, at 3 nodes on PostgreSQL and at one on SQLite, in {BIG_TURNS} turns", pinned=False)
def fleet3():
    """Processor time of one GET at three nodes, all of them together / at one. Both watch a fleet of their own at the same time: what the
    machine does to the one it does to the other."""
    with several(BIG_FLEET, 3, 64, f"{BIG_INTERVAL}s") as (fleet, nodes), one_alone() as (other_fleet, alone):
        nodes.warm()
        alone.warm(180)
        pairs = []
        for _ in range(BIG_TURNS):
            watches = [polled(fleet, nodes.nodes), polled(other_fleet, [alone])]
            for watch in watches:
                next(watch)
            pause(BIG_SECONDS)
            pairs.append(tuple(next(watch) for watch in watches))
        held = [node.metric("ringdown_leases") for node in nodes.nodes]
    return [ratio("CPU per GET", pairs, ("<=", 1.2), None, note=f"us; shards {' + '.join(f'{count:.0f}' for count in held)}")]


@contextlib.contextmanager
def one_alone():
    fleet = Fleet(BIG_FLEET, processors=ANYWHERE)
    node = Node(fleet, f"{BIG_INTERVAL}s", processors=ANYWHERE)
    try:
        node.start()
        node.apply()
        yield fleet, node
    finally:
        node.end()
        fleet.end()


def polled(fleet, nodes):
    """Microseconds of processor time of one GET, between two steps of this."""
    def failed():
        return sum(node.metric(key) for node in nodes for key in (PARTIAL, FAILED))

    def complete():
        return sum(node.metric(COMPLETE) for node in nodes)
    before, ill, well, cpu, begun = fleet.stats(), failed(), complete(), sum(cpu_seconds(node.pid) for node in nodes), time.monotonic()
    yield None
    used, took, after = sum(cpu_seconds(node.pid) for node in nodes) - cpu, time.monotonic() - begun, fleet.stats()
    expect("no poll failed", failed() == ill and complete() > well)
    rate, wanted = (after["gets"] - before["gets"]) / took, 4 * fleet.pbxes / BIG_INTERVAL
    expect(f"{wanted:.0f} GET/s, got {rate:.0f}", abs(rate - wanted) < 0.05 * wanted)
    yield 1e6 * used / (after["gets"] - before["gets"])
