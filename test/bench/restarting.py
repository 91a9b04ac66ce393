"""The bench line about a restart with ten thousand PBXes."""

import time

from figures import Figure, line
from fleet import COMPLETE, Fleet, Node
from harness import wait_for
from machine import expect
from polling import prometheus

FLEET, OPEN_ALERTS = 10_000, 500
APART = FLEET // OPEN_ALERTS  # every so many-th PBX has one


@line("restart", f"a kill with {FLEET:,} PBXes at 60 s and {OPEN_ALERTS} open alerts")
def restart():
    """From the new process to readiness, to the trunks of every PBX with an open alert, and to every PBX read in full.

    Prometheus has its turn when ours is over."""
    ready, looked, polled = our_restart()
    peer_ready, peer_polled = peer_restart()
    return [Figure("ready", ready, "s", ("<=", 1), None, ready, peer_ready),
            Figure("open alerts re-checked", looked, "s", ("<=", 5), note=f"{OPEN_ALERTS} PBXes"),
            Figure("fleet polled", polled, "s", ("<=", 60), None, polled, peer_polled)]


def our_restart():
    fleet = Fleet(FLEET)
    node = Node(fleet, "60s", timing={"confirm_after": "1s"})
    try:
        node.start()
        node.apply()
        node.warm(150)
        have_open_alerts(fleet, node)
        node.kill()
        fleet.ask("clear")
        begun = time.monotonic()
        ready = node.start()
        wait_for("open alerts looked at again", lambda: fleet.stats()["asked"] == OPEN_ALERTS, 60, 0.02)
        looked = time.monotonic() - begun
        wait_for("the fleet polled", lambda: fleet.stats()["complete"] == FLEET, 120, 0.1)
        wait_for("what it answered read", lambda: node.metric(COMPLETE) >= FLEET, 20, 0.1)
        polled = time.monotonic() - begun
        expect(f"no alert came or ended by the restart, told {fleet.stats()['hits']}", fleet.stats()["hits"] == 0)
        expect("every alert is still open", node.metric("ringdown_alerts_open") == OPEN_ALERTS)
        return ready, looked, polled
    finally:
        node.end()
        fleet.end()


def have_open_alerts(fleet, node):
    """One trunk of each marked PBX is down, and told."""
    for pbx in range(0, FLEET, APART):
        fleet.ask(f"mark {pbx}")
        fleet.ask(f"down {pbx} 1")
    wait_for("the alerts", lambda: fleet.stats()["hits"] >= OPEN_ALERTS, 90, 0.2)
    expect("each was told once", fleet.stats()["hits"] == OPEN_ALERTS == node.metric("ringdown_alerts_open"))


def peer_restart():
    """Prometheus with as many targets, killed when each was scraped: ready again, and each scraped again."""
    fleet = Fleet(FLEET)
    peer = prometheus(fleet, "15s")
    try:
        peer.start()
        wait_for("every target scraped", lambda: fleet.stats()["complete"] == FLEET, 90, 0.2)
        peer.process.kill()
        peer.process.wait()
        fleet.ask("clear")
        begun = time.monotonic()
        peer.start()
        ready = time.monotonic() - begun
        wait_for("every target scraped again", lambda: fleet.stats()["complete"] == FLEET, 90, 0.1)
        return ready, time.monotonic() - begun
    finally:
        peer.end()
        fleet.end()
