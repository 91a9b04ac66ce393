"""What a customer would ask of ringdown, on real processes. Each function is one scenario; its docstring says what must hold."""

import collections
import os
import shutil
import signal
import subprocess
import time

from harness import Failed, World, content, event_of, pause, request, wait_for

SMALL = "[fleet]\ntenants = 1\npbxes = 2\ntrunks_per_pbx = 3\n"


def expect(holds, what):
    if not holds:
        raise Failed(what)


def polls_served(world, pbx):
    return sum(1 for line in world.lines("truth.jsonl") if line["kind"] == "poll" and line["pbx"] == pbx and line["endpoint"] == "Trunks")


def wait_polls(world, pbx, more):
    goal = polls_served(world, pbx) + more
    wait_for(f"{more} more polls of {pbx}", lambda: polls_served(world, pbx) >= goal, 60)


def quiet(world):
    """Nothing is owed any more."""
    wait_for("nothing pending", lambda: not world.items("/api/v1/deliveries?state=pending") and not world.items("/api/v1/deliveries?state=claimed"), 40)


def begin(scenario, pbxes, **options):
    world = World(scenario, **options)
    try:
        world.start()
        world.apply()
        world.settled(pbxes)
    except BaseException:
        world.close()
        raise
    return world


def thirty_equal_polls_are_one_message():
    """A trunk that stays down for 30 polls is told once per channel, and its recovery once."""
    with begin(SMALL, 2, interval="200ms") as world:
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("the push", lambda: world.effects("ntfy", "fired"))
        wait_polls(world, "pbx01", 30)
        for kind in ("ntfy", "webhook"):
            expect(len(world.effects(kind, "fired")) == 1, f"{kind}: told {len(world.effects(kind, 'fired'))} times")
        world.do("trunk_up", pbx="pbx01", trunk="10000")
        wait_for("the recovery", lambda: world.effects("ntfy", "resolved") and world.effects("webhook", "resolved"))
        wait_polls(world, "pbx01", 10)
        quiet(world)
        expect(len(world.effects()) == 4, f"{len(world.effects())} messages instead of 4")


def restart_in_mid_outage_repeats_nothing():
    """A daemon killed and started again while a trunk is down says nothing, and resolves it when it recovers."""
    with begin(SMALL, 2, interval="300ms") as world:
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("both told", lambda: len(world.effects()) == 2)
        quiet(world)
        for end in (world.kill, world.terminate):
            end()
            took = world.start()
            expect(took <= 5, f"start took {took:.1f} s")
            wait_polls(world, "pbx01", 8)
            expect(len(world.effects()) == 2, f"a restart made {len(world.effects()) - 2} more messages")
        world.kill()
        world.do("trunk_up", pbx="pbx01", trunk="10000")
        world.start()
        wait_for("the recovery", lambda: len(world.effects(event="resolved")) == 2)
        quiet(world)
        expect(len(world.effects()) == 4, f"{len(world.effects())} messages instead of 4")


def hostile_bodies_change_nothing():
    """HTML, truncated, 60 MB and 200,000-deep trunk lists: no crash, nothing told but degraded, nothing resolved."""
    with begin(SMALL, 2, interval="300ms", timing={"degraded_polls": 200}) as world:
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("both told", lambda: len(world.effects()) == 2)
        for verb in ("pbx_html", "pbx_truncated", "pbx_huge", "pbx_deep", "pbx_bad_json", "empty_trunks"):
            keys = {} if verb == "empty_trunks" else {"endpoint": "Trunks"}
            world.do(verb, pbx="pbx*", **keys)
            wait_polls(world, "pbx01", 4)
            world.do("pbx_up", pbx="pbx*")
            wait_polls(world, "pbx01", 3)
            expect(world.daemon.poll() is None, f"{verb}: the daemon died: {world.log_tail()}")
            expect(len(world.effects()) == 2, f"{verb}: {len(world.effects()) - 2} more messages")
        open_alerts = world.items("/api/v1/alerts")
        expect(len(open_alerts) == 1, f"{len(open_alerts)} alerts are open instead of 1")


def hanging_pbxes_shift_nobody():
    """200 PBXes that accept and never answer leave 50 good ones on their schedule."""
    fleet = "[fleet]\ntenants = 2\npbxes = 250\ntrunks_per_pbx = 2\nservices = 3\n"
    with begin(fleet, 250, interval="2s") as world:
        world.do("pbx_hang", pbx="pbx0*")
        world.do("pbx_hang", pbx="pbx1*")
        bad = {f"pbx{n:03}" for n in range(1, 200)}
        begun = time.time()
        wait_for("twenty seconds of polls", lambda: time.time() - begun > 20, 40, 0.5)
        by_pbx = collections.Counter()
        for line in world.lines("truth.jsonl"):
            if line["kind"] == "poll" and line["endpoint"] == "Services" and line["pbx"] not in bad:
                by_pbx[line["pbx"]] += 1
        good = [name for name in by_pbx if name not in bad]
        expect(len(good) >= 50, f"only {len(good)} good PBXes were polled")
        least = min(by_pbx[name] for name in good)
        expect(least >= 9, f"a good PBX was polled {least} times in 20 s at 2 s")
        expect(not [a for a in world.items("/api/v1/alerts?limit=1000") if a["instance"] not in bad], "a good PBX has an alert")


def hanging_webhook_leaves_push_alone():
    """With the webhook receiver hanging, every push still arrives within 2 s of its transition's commit (I6)."""
    with begin("[fleet]\ntenants = 1\npbxes = 20\ntrunks_per_pbx = 3\n", 20, interval="500ms") as world:
        world.do("sink_fault", sink="webhook", mode="hang")
        for n in range(1, 21):
            world.do("trunk_down", pbx=f"pbx{n:02}", trunk="10000")
        wait_for("twenty pushes", lambda: len(world.effects("ntfy", "fired")) >= 20, 30)
        made = {row["alert"]: row["created_at"] for row in world.items("/api/v1/deliveries?limit=500") if row["channel"].endswith("-push")}
        arrived = {content(line)["sequence_id"].rsplit("-", 1)[0]: line["t"] for line in world.effects("ntfy", "fired")}
        late = max(seconds(arrived[alert]) - seconds(at) for alert, at in made.items() if alert in arrived)
        expect(late <= 2, f"a push took {late:.2f} s")
        world.do("sink_ok", sink="webhook")
        quiet(world)
        expect(len({line["key"] for line in world.effects("webhook", "fired")}) == 20, "not every webhook arrived in the end")


def seconds(text):
    import datetime
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def receiver_kills_before_answering():
    """A receiver that records and then kills the daemon: the webhook comes again under the same key, the critical push at
    most once more and marked as a possible repeat."""
    for kind in ("webhook", "ntfy"):
        with begin(SMALL, 2, interval="300ms") as world:
            world.do("on_effect", sink=kind, action="kill", pid_file=os.path.join(world.folder, "pid"))
            world.do("trunk_down", pbx="pbx01", trunk="10000")
            world.daemon.wait(20)
            world.daemon.stdout.close()
            world.start()
            wait_for("both told", lambda: len(world.effects(kind, "fired")) >= 2 and world.effects("ntfy", "fired") and world.effects("webhook", "fired"), 30)
            quiet(world)
            hooks = {line["key"] for line in world.effects("webhook", "fired")}
            expect(len(hooks) == 1, f"{len(hooks)} webhook keys for one event")
            pushes = world.effects("ntfy", "fired")
            expect(len(pushes) <= 2, f"{len(pushes)} pushes")
            if kind == "ntfy":
                expect("ossible repeat" in pushes[-1]["body"], "the second push does not say that it may be a repeat")


def killed_at_each_sync():
    """kill -9 at the N-th fdatasync, N = 1..12: starts again within 5 s, nothing is lost, nothing doubled where keyed."""
    with begin(SMALL, 2, interval="300ms") as world:
        world.terminate()
        killed = 0
        for n in range(1, 13):
            before = {line["key"] for line in world.effects("webhook")}
            try:
                world.start(prefix=("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", f"inject=fdatasync:signal=SIGKILL:when={n}"), limit=15)
            except Failed:
                expect(world.daemon.poll() is not None or world.daemon.wait(10) is not None, "neither started nor died")
            down = n % 2 == 1
            world.do("trunk_down" if down else "trunk_up", pbx="pbx01", trunk="10000")
            try:
                world.daemon.wait(12)
                killed += 1
            except Exception:
                # Fewer syncs than n in one thread: end it as an operator would.
                pause(0)
                kill_tracee(world)
            world.daemon.stdout.close()
            took = world.start()
            expect(took <= 5, f"kill at sync {n}: start took {took:.1f} s")
            event = "fired" if down else "resolved"
            wait_for(f"{event} after a kill at sync {n}", lambda: {line["key"] for line in world.effects("webhook", event)} - before, 30)
            quiet(world)
            open_alerts = len(world.items("/api/v1/alerts"))
            expect(open_alerts == (1 if down else 0), f"kill at sync {n}: {open_alerts} open alerts")
            world.terminate()
        expect(killed >= 6, f"only {killed} of 12 runs were really killed at their sync")
        counts = collections.Counter((content(line)["data"]["alert"]["version"], event_of(line)) for line in world.effects("webhook"))
        keys = collections.defaultdict(set)
        for line in world.effects("webhook"):
            keys[(content(line)["data"]["alert"]["version"], event_of(line))].add(line["key"])
        expect(all(len(found) == 1 for found in keys.values()), f"one event under two keys: {counts}")


def kill_tracee(world):
    with open(f"/proc/{world.daemon.pid}/task/{world.daemon.pid}/children", encoding="ascii") as file:
        children = file.read().split()
    for pid in children:
        os.kill(int(pid), signal.SIGKILL)
    world.daemon.wait(10)


def failing_sync_ends_the_process():
    """EIO at a sync: the process ends rather than trust the store, and starts again intact."""
    with begin(SMALL, 2, interval="300ms") as world:
        world.terminate()
        try:
            world.start(prefix=("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=3+"), limit=15)
        except Failed:
            pause(0)
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        code = world.daemon.wait(30)
        world.daemon.stdout.close()
        expect(code != 0, "the process went on after a failed sync")
        expect(world.start() <= 5, "start took more than 5 s")
        wait_for("both told", lambda: world.effects("webhook", "fired") and world.effects("ntfy", "fired"), 30)
        quiet(world)
        expect(len({line["key"] for line in world.effects("webhook", "fired")}) == 1, "one event under two keys")


def sigterm_with_a_hung_receiver():
    """SIGTERM while a receiver hangs: the daemon is gone within 30 s, and the message is sent by the next one."""
    with begin(SMALL, 2, interval="300ms", timing={"attempt_timeout": "10s"}) as world:
        world.do("sink_fault", sink="webhook", mode="hang")
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("the push", lambda: world.effects("ntfy", "fired"))
        took = world.terminate()
        expect(took <= 30, f"it took {took:.1f} s")
        world.do("sink_ok", sink="webhook")
        world.start()
        wait_for("the webhook", lambda: [line for line in world.effects("webhook", "fired") if line["answered"] == 200], 30)


def acknowledge_by_link():
    """The link of a push shows a page and acknowledges only on POST; a second POST and last night's link change nothing."""
    with begin(SMALL, 2, interval="300ms") as world:
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        push = wait_for("the push", lambda: world.effects("ntfy", "fired"))[0]
        link = content(push)["actions"][0]["url"]
        status, page = request(link)
        expect(status == 200 and "<button" in page, f"GET gave {status}")
        expect(world.items("/api/v1/alerts")[0]["state"] == "firing", "GET acknowledged")
        expect(request(link + "0")[0] == 404, "a changed link was accepted")
        status, page = request(link, "POST")
        expect(status == 200 and "Acknowledged" in page, f"POST gave {status}")
        alert = world.items("/api/v1/alerts")[0]
        expect(alert["state"] == "acknowledged", f"state {alert['state']}")
        expect("lready acknowledged" in request(link, "POST")[1], "a second POST did not say so")
        world.do("trunk_up", pbx="pbx01", trunk="10000")
        wait_for("the recovery", lambda: world.effects("ntfy", "resolved"))
        expect("recovered" in request(link)[1], "the page does not say that it recovered")


def reload_and_configuration_send_nothing():
    """SIGHUP and an unchanged apply send nothing; a removed channel's rows are accounted for; secrets are never shown."""
    with begin(SMALL, 2, interval="300ms") as world:
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("both told", lambda: len(world.effects()) == 2)
        world.daemon.send_signal(signal.SIGHUP)
        world.ctl("diff", world.ready["tenants"])   # ends 1 if anything would change
        world.apply()
        wait_polls(world, "pbx01", 6)
        expect(len(world.effects()) == 2, "a reload sent something")
        exported = world.ctl("export")
        expect("sim-secret" not in exported and "whsec_" not in exported, "export shows a secret")
        with open(world.log, encoding="utf-8") as file:
            log = file.read()
        expect("sim-secret" not in log and "whsec_" not in log, "the log holds a secret")
        with open(os.path.join(world.folder, "state", "ringdown.db"), "rb") as file:
            expect(b"sim-secret" not in file.read(), "the database holds a secret in plain")


def metrics_and_audit():
    """/metrics has what the contract names, and the audit chain verifies until somebody edits it."""
    with begin(SMALL, 2, interval="300ms") as world:
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("both told", lambda: len(world.effects()) == 2)
        _, text = request(world.url + "/metrics")
        for name in ("ringdown_polls_total", "ringdown_poll_seconds_bucket", "ringdown_transitions_total", "ringdown_alerts_open", "ringdown_deliveries_total",
                     "ringdown_oldest_pending_seconds", "ringdown_deliveries_unknown_total", "ringdown_actor_restarts_total", "ringdown_actors_tripped",
                     "ringdown_actor_mailbox_depth", "ringdown_scheduler_lag_seconds_bucket", "ringdown_store_commit_seconds_bucket", "ringdown_build_info"):
            expect(name in text, f"{name} is missing")
        if shutil.which("promtool"):
            judged = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False)
            expect(judged.returncode == 0, f"promtool: {judged.stdout}{judged.stderr}")
        else:
            print("     (promtool is not installed: the page was not checked by it)")
        world.ctl("audit", "verify")
        backup = os.path.join(world.folder, "copy.db")
        world.ctl("backup", backup)
        expect(os.path.getsize(backup) > 0, "no backup")
        world.terminate()
        import sqlite3
        with sqlite3.connect(os.path.join(world.folder, "state", "ringdown.db")) as database:
            database.execute("update audit set detail = 'edited' where seq = 1")
        database.close()
        world.start()
        try:
            world.ctl("audit", "verify")
        except Failed:
            return
        raise Failed("an edited audit row was not found")


ALL = [thirty_equal_polls_are_one_message, restart_in_mid_outage_repeats_nothing, hostile_bodies_change_nothing, hanging_pbxes_shift_nobody,
       hanging_webhook_leaves_push_alone, receiver_kills_before_answering, killed_at_each_sync, failing_sync_ends_the_process,
       sigterm_with_a_hung_receiver, acknowledge_by_link, reload_and_configuration_send_nothing, metrics_and_audit]
