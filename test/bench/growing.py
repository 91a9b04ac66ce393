"""Bench lines about how cost grows with the work."""

from figures import growth, line
from fleet import Fleet, Node
from machine import rss_kib
from polling import polled


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
