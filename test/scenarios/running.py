"""The daemon as its operators have it: supervised, configured, measured, audited."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time

from faults import Meddling
from harness import World, request, wait_for
from receivers import Heartbeats, NotifySocket
from steps import SMALL, actor, alert_of, begin, both_told, crash, expect, expect_told_once, polls, push_delays, quiet, wait_polls

METRICS = ("ringdown_polls_total", "ringdown_poll_seconds_bucket", "ringdown_transitions_total", "ringdown_alerts_open", "ringdown_deliveries_total",
           "ringdown_oldest_pending_seconds", "ringdown_deliveries_unknown_total", "ringdown_actor_restarts_total", "ringdown_actors_tripped",
           "ringdown_actor_mailbox_depth", "ringdown_scheduler_lag_seconds_bucket", "ringdown_store_commit_seconds_bucket", "ringdown_build_info")
SECRETS = (b"sim-secret", b"whsec_")


# --- configuration ------------------------------------------------------------------------------------------------------
def log_of(world):
    with open(world.log, encoding="utf-8", errors="replace") as file:
        return file.read()


def reload(world):
    before = log_of(world).count("event=reloaded")
    world.daemon.send_signal(signal.SIGHUP)
    wait_for("the reload", lambda: log_of(world).count("event=reloaded") > before)


def no_secret_is_written(world):
    """Neither the log nor any file of the state directory holds one; what is secret itself is left out."""
    files = [os.path.join(folder, name) for folder, _, names in os.walk(world.state) for name in names if name not in ("secrets.key", "api.token")]
    expect(any(name.endswith("-wal") for name in files), f"no write-ahead log among {files}")
    for path in [*files, world.log]:
        with open(path, "rb") as file:
            text = file.read()
        expect(not any(secret in text for secret in SECRETS), f"{path} holds a secret in plain")


def without_channel(text, channel):
    """A tenant file less one of its channels."""
    parts = re.split(r"(?m)^(?=\[)", text)
    return "".join(part for part in parts if not (part.startswith("[[channel]]") and f'"{channel}"' in part))


def reload_and_configuration_send_nothing():
    """SIGHUP takes a new interval and, like an unchanged apply, sends nothing; a removed channel's rows are accounted for;
    secrets are shown and stored nowhere."""
    with begin(SMALL, 2, interval="300ms") as world:
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("both told", lambda: both_told(world))
        quiet(world)
        world.ctl("diff", world.ready["tenants"])  # ends 1 if anything would change
        world.apply()
        world.write_config("100ms")
        reload(world)
        since = time.monotonic()
        wait_polls(world, "pbx01", 20)
        took = time.monotonic() - since
        expect(took <= 4, f"20 polls took {took:.1f} s after the interval became 100 ms")
        expect(len(world.effects()) == 2, "a reload sent something")
        exported = world.ctl("export")
        expect(not any(secret.decode() in exported for secret in SECRETS), "export shows a secret")
        no_secret_is_written(world)
        a_removed_channel_is_accounted_for(world)


def a_removed_channel_is_accounted_for(world):
    world.do("sink_fault", sink="webhook", mode="status", status=503)
    world.do("trunk_down", pbx="pbx02", trunk="10000")
    owed = wait_for("a row that waits", lambda: [row for row in world.items("/api/v1/deliveries?state=pending") if row["channel"] == "t1-hook"])
    path = os.path.join(world.ready["tenants"], "t1.toml")
    with open(path, encoding="utf-8") as file:
        text = without_channel(file.read(), "t1-hook")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    world.apply()

    def ends():
        rows = [world.api(f"/api/v1/deliveries/{row['id']}")[1] for row in owed]
        return all((row["state"], row["reason"]) == ("suppressed", "channel_removed") for row in rows)
    wait_for("its rows end as channel_removed", ends)


# --- metrics and audit --------------------------------------------------------------------------------------------------
def promtool_accepts(text):
    if not shutil.which("promtool"):
        expect(not os.environ.get("CI"), "promtool is not installed, and CI must ask it")
        print("     (promtool is not installed: the page was not checked by it)")
        return
    judged = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False)
    expect(judged.returncode == 0, f"promtool: {judged.stdout}{judged.stderr}")


def edit_audit(world):
    """Somebody changes a row of the stopped daemon's database: (sequence, action)."""
    with sqlite3.connect(os.path.join(world.state, "ringdown.db")) as database:
        found = database.execute("select seq, action from audit where tenant = 't1' order by seq limit 1").fetchone()
        database.execute("update audit set detail = 'edited' where tenant = 't1' and seq = ?", found[:1])
    database.close()
    return found


def metrics_and_audit():
    """/metrics has what the contract names, and the audit chain verifies until somebody edits it: that row is named."""
    with begin(SMALL, 2, interval="300ms") as world:
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("both told", lambda: both_told(world))
        _, text = request(world.url + "/metrics")
        for name in METRICS:
            expect(name in text, f"{name} is missing")
        promtool_accepts(text)
        world.ctl("audit", "verify")
        backup = os.path.join(world.folder, "copy.db")
        world.ctl("backup", backup)
        expect(os.path.getsize(backup) > 0, "no backup")
        world.terminate()
        sequence, action = edit_audit(world)
        world.start()
        status, verdict = world.api("/api/v1/audit/verify")
        expect(status == 200 and verdict["intact"] is False, f"an edited audit row was not found: {status} {verdict}")
        named = [line for line in verdict["broken"] if line.startswith(f"t1 #{sequence} ") and action in line]
        expect(len(named) == 1 and len(verdict["broken"]) == 1, f"{verdict['broken']} instead of the edited row t1 #{sequence}")


# --- crashing actors ----------------------------------------------------------------------------------------------------
def restarts_in_metrics(world):
    """By kind of actor."""
    _, text = request(world.url + "/metrics")
    return {kind: int(float(value)) for kind, value in re.findall(r'ringdown_actor_restarts_total\{kind="(\w+)"\} (\S+)', text)}


def crashing_actors_lose_and_double_nothing():
    """A channel, a poller and the tenant crash amid 20 outages: each outage is told once per channel, a push again only when
    marked, the other channel within 2 s; the restarts are visible."""
    victims = ("channel/t1/t1-hook", "poller/t1/pbx07", "tenant/t1")
    with begin("[fleet]\ntenants = 1\npbxes = 20\ntrunks_per_pbx = 3\nsbcs_per_pbx = 1\n", 20, interval="300ms") as world:
        world.do("sink_fault", sink="webhook", mode="slow", delay="200ms")
        world.do("sbc_down", pbx="pbx*", sbc="11000")
        wait_for("rows in flight", lambda: world.effects("webhook"))
        for name in victims:
            crash(world, name)
        wait_for("all told", lambda: both_told(world, 20), 30)
        quiet(world)
        expect_told_once(world)
        for kind in ("ntfy", "webhook"):
            told = {alert_of(line) for line in world.effects(kind, "fired")}
            expect(len(told) == 20, f"{kind}: {len(told)} of 20 outages were told")
        delays = push_delays(world)
        expect(len(delays) == 20 and max(delays.values()) <= 2, f"{len(delays)} pushes, the slowest after {max(delays.values()):.1f} s")
        seen = restarts_in_metrics(world)
        expect(all(seen.get(name.split("/")[0], 0) >= 1 for name in victims), f"/metrics shows the restarts {seen}")
        expect(all("restarted by" in actor(world, name)["last_error"] for name in victims), "an actor does not show its last error")


def a_tripped_channel_stands_alone():
    """The sixth crash of a channel within its budget trips it: visible, its rows wait, and its siblings go on."""
    with begin(SMALL, 2, interval="200ms") as world:
        name = "channel/t1/t1-hook"
        for _ in range(5):
            crash(world, name)
        world.ctl("restart-actor", name)
        wait_for("it is tripped", lambda: actor(world, name)["state"] == "tripped")
        _, text = request(world.url + "/metrics")
        expect('ringdown_actors_tripped{kind="channel"} 1' in text, "/metrics does not show the tripped channel")
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("the push", lambda: world.effects("ntfy", "fired"))
        expect(max(push_delays(world).values()) <= 2, "the other channel was slow")
        wait_polls(world, "pbx02", 5)
        owed = world.items("/api/v1/deliveries?channel=t1-hook")
        expect(len(owed) == 1 and owed[0]["state"] in ("pending", "claimed"), f"the tripped channel's row: {owed}")
        expect(not world.effects("webhook"), "the tripped channel sent something")
        others = [row for row in world.items("/api/v1/actors?limit=100") if row["state"] != "running"]
        expect([row["name"] for row in others] == [name], f"not running: {[row['name'] for row in others]}")


def a_crashing_poller_starts_in_quarantine():
    """Three quick deaths of a poller are remembered over a kill -9: it starts in quarantine, visible, and the others poll. A
    fault of the whole process is recorded, and nobody is blamed who had nothing in hand."""
    with begin(SMALL, 2, interval="300ms") as world:
        bad = next(row["name"] for row in world.items("/api/v1/actors") if row["kind"] == "poller" and row["name"].endswith("/pbx01"))
        for _ in range(3):
            crash(world, bad)

        def deaths():
            database = sqlite3.connect(os.path.join(world.folder, "state", "ringdown.db"))
            found = database.execute("select count from crash where actor = ?", [bad]).fetchone()
            database.close()
            return found and found[0]
        wait_for("three deaths in the store", lambda: deaths() == 3)
        world.kill()
        world.start()
        wait_for("the quarantine", lambda: any(row["name"] == bad and row["state"] == "quarantined"
                                               for row in world.items("/api/v1/actors?limit=1000")))
        expect("quarantined: 1" in request(world.url + "/readyz")[1], "/readyz does not say it")
        expect('ringdown_actors_tripped{kind="poller"} 1' in request(world.url + "/metrics")[1], "the gauge does not show it")
        before = len(polls(world, "pbx01"))
        wait_polls(world, "pbx02", 5)
        expect(len(polls(world, "pbx01")) == before, "a quarantined poller polled")

        os.kill(world.daemon.pid, signal.SIGSEGV)
        world.died()
        world.start()
        expect("event=died_in actor=none signal=11" in log_of(world), "the fault was not recorded")


# --- supervised ---------------------------------------------------------------------------------------------------------
def silence_of(listen, limit):
    """Waits until nothing new was heard for `limit` seconds."""
    heard, since = len(listen()), time.monotonic()

    def is_silent():
        nonlocal heard, since
        if len(listen()) != heard:
            heard, since = len(listen()), time.monotonic()
        return time.monotonic() - since >= limit
    wait_for(f"{limit} s of silence", is_silent, 20)


def widest(times):
    return max(b - a for a, b in zip(times, times[1:]))


def supervised_by_systemd():
    """READY=1 at the start, WATCHDOG=1 about each second, STOPPING=1 at SIGTERM; with a store that stalls both the watchdog and
    the heartbeat stop, and they come back with it."""
    with Heartbeats() as heartbeats, World(SMALL, node_extra=f'[heartbeat]\nurl = "{heartbeats.url}"\ninterval = "1s"\n') as world, \
            NotifySocket(world.folder) as systemd:
        world.start(env={"NOTIFY_SOCKET": systemd.path})
        wait_for("READY=1", lambda: systemd.times("READY=1"), 5)
        wait_for("five rounds of the watchdog", lambda: len(systemd.times("WATCHDOG=1")) >= 5, 10)
        expect(widest(systemd.times("WATCHDOG=1")) <= 2, f"the watchdog was {widest(systemd.times('WATCHDOG=1')):.1f} s late")
        with Meddling(world, "delay_enter=8000000"):
            stalled = time.monotonic()
            silence_of(lambda: systemd.times("WATCHDOG=1"), 7)  # longer than the watchdog itself waits for the store
            late = [at - stalled for at in heartbeats.beats if at > stalled + 2]
            expect(not late, f"heartbeats {late} s after the store stalled")
        back = len(systemd.times("WATCHDOG=1"))
        wait_for("the watchdog again", lambda: len(systemd.times("WATCHDOG=1")) >= back + 2)
        world.terminate()
        expect(len(systemd.times("STOPPING=1")) == 1, "no STOPPING=1 at SIGTERM")
        expect(len(systemd.times("READY=1")) == 1, "READY=1 more than once")


def heartbeats_end_with_the_process():
    """The outside is asked at its interval while all is well, and hears nothing after kill -9."""
    with Heartbeats() as heartbeats, World(SMALL, node_extra=f'[heartbeat]\nurl = "{heartbeats.url}"\ninterval = "1s"\n') as world:
        world.start()
        wait_for("five heartbeats", lambda: len(heartbeats.beats) >= 5, 15)
        gaps = [b - a for a, b in zip(heartbeats.beats, heartbeats.beats[1:])]
        expect(0.5 <= min(gaps) and max(gaps) <= 2.5, f"the gaps are {[round(gap, 1) for gap in gaps]} s at an interval of 1 s")
        _, text = request(world.url + "/metrics")
        expect(int(float(re.search(r"(?m)^ringdown_heartbeats_total (\S+)", text)[1])) >= 4, "/metrics does not count them")
        world.kill()
        killed = len(heartbeats.beats)
        silence_of(lambda: heartbeats.beats, 2.5)
        expect(len(heartbeats.beats) <= killed + 1, "heartbeats after kill -9")  # one may have been on its way
