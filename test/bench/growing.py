"""Bench lines about how cost grows with the work."""

from figures import growth, line
from fleet import Fleet, Node
from machine import rss_kib
from polling import polled
from storming import TRUNKS, our_storm


def idle_kib():
    """Resident memory of a node that watches nothing."""
    fleet = Fleet(0)
    node = Node(fleet, "10s")
    try:
        node.start()
        return rss_kib(node.pid)
    finally:
        node.end()
        fleet.end()


@line("poll_growth", "500, 1,500 and 5,000 PBXes at the same rate each")
def poll_growth():
    """How the cost of polling and the memory grow with the fleet: the slope is 1 where they grow as it does.

    The memory that a node has without PBXes is taken off."""
    idle, cost, memory = idle_kib(), [], []
    for pbxes in (500, 1500, 5000):
        parts, end = polled(pbxes, 10, 20, pbxes * 0.4)
        cost.append((pbxes, 1e6 * parts[0]["cpu"] / parts[0]["seconds"]))
        memory.append((pbxes, end["rss"] - idle))
    return [*growth("polling", cost, "us/s"), *growth("memory", memory, "KiB")]


@line("storm_growth", "1,000, 3,000 and 10,000 transitions of one tenant", pinned=False)
def storm_growth():
    """How processor time, memory and the time to the last webhook grow with a storm: the slope is 1 where they grow as it does."""
    # All is seen within an interval: with a long one the small storms would last as long as the large.
    storms = {pbxes * TRUNKS: our_storm(pbxes, "300ms") for pbxes in (10, 30, 100)}

    def points(key, factor):
        return [(count, factor * storm[key]) for count, storm in storms.items()]
    return [*growth("CPU", points("cpu", 1e6), "us"), *growth("first to last webhook", points("told", 1e3), "ms"),
            *growth("memory", points("growth", 1024), "KiB")]
