"""A cluster in a storm: nodes with addresses and ways to the database of their own, and how long a scenario makes trouble."""

import os
import time

import proxy
import sources
import storm
from cluster import Cluster
from harness import pause, wait_for

LEASE = 15.0
INTERVAL = 1.0
# Seconds of trouble. CI has little time; ./dev soak asks for more.
TROUBLE = float(os.environ.get("RINGDOWN_TROUBLE", "20"))
SEED = int(os.environ.get("RINGDOWN_SEED", "20261127"))
NODES = ("n1", "n2", "n3")


class StormyCluster(Cluster):
    """`by_proxy`: each node reaches the database over a proxy of its own."""

    def __init__(self, names=NODES, by_proxy=False, more_env=None, timing=None):
        self.proxies = {}
        self.by_proxy = by_proxy
        self.more_env = more_env or {}
        self.timing = timing
        super().__init__(storm.fleet(), (), f"{INTERVAL:.0f}s", timing)
        try:
            self.library = sources.build(self.folder)
            for name in names:
                self.join(name)
        except BaseException:
            self.end()
            raise

    def join(self, name):
        """Another node, which is not started yet."""
        url = None
        if self.by_proxy:
            self.proxies[name] = proxy.Proxy(self.database.port, SEED + len(self.proxies))
            url = self.database.url(self.proxies[name].port)
        return self.add(name, f"{INTERVAL:.0f}s", self.timing, url)

    def start_node(self, name):
        own = sources.environment(self.library, name, self.proxies[name].port if self.by_proxy else 0)
        more = self.more_env.get(name, {})
        preload = ":".join(one["LD_PRELOAD"] for one in (more, own) if "LD_PRELOAD" in one)
        self.nodes[name].start(limit=20, env={**own, **more, "LD_PRELOAD": preload})

    def start(self, prefix=(), limit=20, env=None):
        for name in self.nodes:
            self.start_node(name)

    def end(self):
        for one in self.proxies.values():
            one.go_on()
        super().end()
        for one in self.proxies.values():
            one.end()
        self.proxies = {}


def begin(**options):
    """A cluster in which every PBX is read."""
    world = StormyCluster(**options)
    try:
        world.start()
        world.apply()
        world.settled(storm.PBXES)
    except BaseException:
        world.end()
        raise
    return world


def busiest(world):
    """The node that holds most shards and runs."""
    held = world.held()
    return world.nodes[max((name for name in held if world.nodes[name].runs()), key=lambda name: (held[name], name))]


def until(moment):
    """Waits for a moment of the steady clock."""
    wait_for("its moment", lambda: time.monotonic() >= moment, 600)


def repeatedly(trouble, every, lasts):
    """Calls `trouble` each `every` seconds from now on, the first time at once, until `lasts` seconds have passed."""
    begun = time.monotonic()
    turn = 0
    while turn * every < lasts:
        until(begun + turn * every)
        trouble(turn)
        turn += 1
    until(begun + lasts)
    pause(0)
