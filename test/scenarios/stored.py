"""What must survive: the process killed at its syncs, and syncs that fail."""

import os
import sqlite3
import time

from faults import Meddling, at_sync
from harness import Failed, World, event_of, request, wait_for
from receivers import NotifySocket
from steps import SMALL, alarmed_trunks, alert_of, begin, both_told, expect, expect_told_once, failing_trunks, quiet, webhook_keys

SYNCS = range(1, 13)
EXIT_INTERNAL = 70


def intact(world):
    """The database of a daemon that is gone."""
    with sqlite3.connect(os.path.join(world.state, "ringdown.db")) as database:
        verdict = database.execute("pragma integrity_check").fetchall()
    database.close()
    expect(verdict == [("ok",)], f"the database is damaged: {verdict}")


def starts_again(world, after):
    took = world.start()
    expect(took <= 5, f"after {after} the start took {took:.1f} s")


def end_of_start(world, inject):
    """How a start ends whose syncs are meddled with."""
    try:
        world.start(prefix=at_sync(inject), limit=15)
    except Failed:
        return world.died()
    raise Failed(f"the start went well in spite of {inject}")


def flip(world, told):
    """A trunk of each PBX changes; waits until the webhook was told of both, or the daemon is gone."""
    verb = "trunk_up" if failing_trunks(world) else "trunk_down"
    world.do(verb, trunk="10000")
    wait_for("both flips told, or the end", lambda: world.daemon.poll() is not None or len(world.effects("webhook")) >= told + 2, 30, 0.02)


def kill_at_work(world, n):
    """At the n-th sync after the first flip."""
    begun = time.monotonic()
    with Meddling(world, f"signal=SIGKILL:when={n + 1}") as meddling:
        # To be seized wakes the watchdog, which tries the store at once and then in a second: that sync is not counted.
        wait_for("the watchdog's sync", lambda: meddling.syncs() >= 1, step=0.01)
        while world.daemon.poll() is None:
            expect(time.monotonic() - begun < 30, f"not killed at sync {n} within 30 s")
            flip(world, len(world.effects("webhook")))
    code = world.died()
    expect(code == -9, f"sync {n}: the daemon ended {code} instead of being killed")


def nothing_is_lost(world, after):
    """What is open is what is down, and the last that each channel told of an alert is how it is."""
    wait_for(f"the open alerts after {after} are what is down", lambda: alarmed_trunks(world) == failing_trunks(world), 30)
    quiet(world)
    told = {}
    for line in world.effects():
        told[line["kind"], alert_of(line)] = event_of(line)
    for row in world.items("/api/v1/alerts?state=all&limit=1000"):
        wanted = "resolved" if row["state"] == "resolved" else "fired"
        hook, push = told.get(("webhook", row["id"])), told.get(("ntfy", row["id"]))
        expect(hook == wanted, f"after {after} the webhook heard {hook} last of an alert that is {row['state']}")
        # A push that recovered before it was sent is not owed.
        expect(push == wanted or (push is None and wanted == "resolved"), f"after {after} the phone heard {push} last, {row['state']}")


def killed_at_each_sync():
    """kill -9 at the N-th fdatasync, N = 1..3 of a start and 1..12 of work: starts again within 5 s, what is open is what is
    down, fire and recovery reach both channels, nothing is doubled where keyed, a push only when marked."""
    with begin(SMALL, 2, interval="100ms", timing={"confirm_after": "100ms", "flap_changes": 1000}) as world:
        for n in (1, 2, 3):
            world.terminate()
            code = end_of_start(world, f"signal=SIGKILL:when={n}")
            expect(code == -9, f"a start that should be killed at sync {n} ended {code}")
            starts_again(world, f"a kill at sync {n} of a start")
        for n in SYNCS:
            kill_at_work(world, n)
            starts_again(world, f"a kill at sync {n}")
            nothing_is_lost(world, f"a kill at sync {n}")
        expect(len(webhook_keys(world)) >= len(SYNCS), "fewer events than kills: nothing was shown")
        expect_told_once(world)
        world.kill()
        intact(world)


def failing_sync_ends_the_process():
    """EIO at a sync, at work and in a start: the process ends 70 rather than trust the store, starts again intact, and both
    channels are told once."""
    with begin(SMALL, 2, interval="200ms") as world:
        with Meddling(world, "error=EIO:when=1"):
            world.do("trunk_down", pbx="pbx01", trunk="10000")
            code = world.died(10)
        expect(code == EXIT_INTERNAL, f"a failed sync ended the process with {code}")
        expect("event=fatal" in world.log_tail(), "the log does not say why")
        intact(world)
        starts_again(world, "a failed sync")
        wait_for("both told", lambda: both_told(world), 30)
        quiet(world)
        world.terminate()
        code = end_of_start(world, "error=EIO:when=3+")
        expect(code == EXIT_INTERNAL, f"a failed sync ended the start with {code}")
        intact(world)
        starts_again(world, "a start with failing syncs")
        wait_for("the alert is open", lambda: alarmed_trunks(world) == {("pbx01", "61")})
        quiet(world)
        expect(len(world.effects("webhook", "fired")) == 1, "the webhook was told again")
        expect_told_once(world)


def locked(world):
    """Somebody else holds the database's write lock until the connection is closed."""
    other = sqlite3.connect(os.path.join(world.folder, "state", "ringdown.db"), timeout=5, isolation_level=None)
    other.execute("begin immediate")
    return other


def busy_store_is_ill_and_not_dead():
    """A store that cannot be written for 12 s: not ready, and the watchdog is still fed; afterwards nothing is lost."""
    with World(SMALL, interval="300ms") as world, NotifySocket(world.folder) as systemd:
        world.start(env={"NOTIFY_SOCKET": systemd.path})
        world.apply()
        world.settled(2)
        other = locked(world)
        begun = time.monotonic()
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("not ready", lambda: request(world.url + "/readyz")[0] == 503, 15)
        fed = len(systemd.times("WATCHDOG=1"))
        wait_for("twelve seconds", lambda: systemd.listen() and time.monotonic() - begun > 12, 20, 0.5)
        expect(len(systemd.times("WATCHDOG=1")) > fed, "the watchdog starved though only the disk was ill")
        expect(world.daemon.poll() is None, "the daemon ended")
        expect(not world.effects(), "something was sent that could not be stored")
        other.close()
        wait_for("ready again", lambda: request(world.url + "/readyz")[0] == 200, 15)
        wait_for("both told", lambda: both_told(world), 20)


def sigterm_with_a_locked_store():
    """SIGTERM while nothing can be written: gone within 30 s, and the next start tells what was owed."""
    with begin(SMALL, 2, interval="300ms") as world:
        other = locked(world)
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("not ready", lambda: request(world.url + "/readyz")[0] == 503, 15)
        took = world.terminate()
        expect(took <= 30, f"it took {took:.1f} s")
        other.close()
        world.start()
        wait_for("both told", lambda: both_told(world), 20)
