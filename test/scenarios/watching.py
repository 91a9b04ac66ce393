"""PBXes that answer nonsense, hang, lose their name, their certificate or our secret."""

import glob
import os
import re
import subprocess
import time

from faults import dead_resolver
from harness import BIN, World, content, pause, request, wait_for
from steps import (SMALL, alarmed_trunks, begin, both_told, crash, expect, failing_trunks, instance, logins, polls, push_delays, quiet, seconds,
                   widest_gaps)

HOSTILE = ("pbx_html", "pbx_truncated", "pbx_huge", "pbx_deep", "pbx_bad_json", "empty_trunks")
INTERVAL = 2  # seconds, of the large fleets
LOOK_FOR = 12


def most_memory(world):
    """Bytes the daemon ever had resident."""
    with open(f"/proc/{world.daemon.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))


def spoil(world, verb):
    """Every PBX shows it in its trunks; waits until it was seen four times."""
    before = len(polls(world, "pbx01"))
    world.do(verb, pbx="pbx*", **({} if verb == "empty_trunks" else {"endpoint": "Trunks"}))

    def spoilt():
        return [line for line in polls(world, "pbx01")[before:] if line.get("fault") == verb]
    wait_for(f"{verb} served four times", lambda: len(spoilt()) >= 4, 60)


def shows_blindness(world):
    """What cannot be read is shown as the last seen, never as fine."""
    rows = [row for row in world.items("/api/v1/trunks?instance=pbx01")]
    return "trunks" in " ".join(instance(world, "pbx01")["blind"]).lower() and len(rows) == 3 and all(row["stale"] for row in rows)


def hostile_bodies_change_nothing():
    """HTML, half, 60 MB, 200,000-deep, broken and empty trunk lists: no crash, bounded memory, shown as blind while it lasts;
    nothing is told but degraded, and nothing resolved, although the 60 MB say that all is well."""
    with begin(SMALL, 2, interval="150ms", timing={"degraded_polls": 500}) as world:
        world.do("trunk_down", pbx="pbx01", trunk="10000")
        wait_for("both told", lambda: both_told(world))
        for verb in HOSTILE:
            spoil(world, verb)
            wait_for(f"{verb} shown as blind", lambda: shows_blindness(world), 10)
            world.do("pbx_up", pbx="pbx*")
            wait_for("read again", lambda: not shows_blindness(world), 10)
            expect(world.daemon.poll() is None, f"{verb}: the daemon died: {world.log_tail()}")
            expect(len(world.effects()) == 2, f"{verb}: {len(world.effects()) - 2} more messages")
            expect(alarmed_trunks(world) == failing_trunks(world), f"{verb}: the open alerts are {alarmed_trunks(world)}")
        memory = most_memory(world)
        expect(memory < 300 << 20, f"the daemon grew to {memory >> 20} MB")
    degraded_is_all_that_is_told()


def degraded_is_all_that_is_told():
    with begin(SMALL, 2, interval="150ms", timing={"degraded_polls": 5}) as world:
        for verb in ("pbx_html", "pbx_deep"):
            world.do(verb, pbx="pbx01", endpoint="Trunks")
            wait_for("degraded", lambda: [row for row in world.items("/api/v1/alerts") if row["type"] == "instance_degraded"])
            world.do("pbx_up", pbx="pbx01")
            wait_for("no longer degraded", lambda: not world.items("/api/v1/alerts"))
        quiet(world)
        types = {row["type"] for row in world.items("/api/v1/alerts?state=all")}
        expect(types == {"instance_degraded"}, f"also alerted: {types}")
        told = {content(line)["data"]["alert"]["type"] for line in world.effects("webhook")}
        expect(told <= types, f"also told: {told}")


def on_schedule(world, good, since, until):
    """Of these PBXes exactly all were polled, none of them with a gap of more than two intervals."""
    gaps = {pbx: gap for pbx, gap in widest_gaps(world, since, until).items() if pbx in good}
    expect(set(gaps) == good, f"{len(gaps)} of {len(good)} good PBXes were polled")
    worst = max(gaps, key=gaps.get)
    expect(gaps[worst] <= 2 * INTERVAL, f"{worst} was not polled for {gaps[worst]:.1f} s at an interval of {INTERVAL} s")


def hanging_pbxes_shift_nobody():
    """200 PBXes that accept and never answer leave 50 good ones on their schedule."""
    fleet = "[fleet]\ntenants = 2\npbxes = 250\ntrunks_per_pbx = 2\nservices = 3\n"
    good = {f"pbx{n}" for n in range(201, 251)}
    with begin(fleet, 250, interval=f"{INTERVAL}s") as world:
        for names in ("pbx0*", "pbx1*", "pbx200"):
            world.do("pbx_hang", pbx=names)
        since = time.time()
        pause(LOOK_FOR)
        on_schedule(world, good, since, time.time())
        alarmed = {row["instance"] for row in world.items("/api/v1/alerts?limit=1000")}
        expect(not alarmed & good, f"alerts of good PBXes: {alarmed & good}")
        hung = {line["pbx"] for line in world.lines("truth.jsonl") if line.get("fault") == "pbx_hang" and "status" in line}
        expect(len(hung) == 200, f"only {len(hung)} of 200 PBXes were asked and hung")


def without_addresses(world, dead):
    """The tenant files as they are where DNS tells the addresses; these PBXes' names are lost."""
    for path in glob.glob(os.path.join(world.ready["tenants"], "*.toml")):
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"(?m)^address = .*\n", "", file.read())
        for name in dead:
            text = text.replace(f"https://{name}.pbx.test:", f"https://{name}.dead.test:")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def read_in_full(world):
    return {row["id"] for row in world.items("/api/v1/instances?limit=1000") if row["last_complete_poll"]}


def unreachable(world, cause):
    return {row["instance"] for row in world.items("/api/v1/alerts?limit=1000") if row["type"] == "instance_unreachable" and row["cause"] == cause}


def dead_dns_delays_nobody_else():
    """100 PBXes whose names a dead resolver is asked for, in vain for 30 s each: 50 others stay on their schedule, a push
    leaves within 2 s, and the 100 are told as path_down."""
    dead = {f"pbx{n:03}" for n in range(1, 101)}
    good = {f"pbx{n}" for n in range(101, 151)}
    with World("[fleet]\ntenants = 2\npbxes = 150\ntrunks_per_pbx = 2\nservices = 3\n", interval=f"{INTERVAL}s") as world:
        without_addresses(world, dead)
        world.start(env=dead_resolver(world.folder))
        world.apply()
        wait_for("the good PBXes read", lambda: good == read_in_full(world), 15)  # not after the 30 s of a dead lookup
        since = time.time()
        for name in ("pbx101", "pbx125", "pbx150"):
            world.do("trunk_down", pbx=name, trunk="10000")
        wait_for("three pushes", lambda: len(push_delays(world)) >= 3)
        delays = push_delays(world)
        expect(max(delays.values()) <= 2, f"a push took {max(delays.values()):.1f} s")
        wait_for("a while of polls", lambda: time.time() - since > LOOK_FOR, 2 * LOOK_FOR, 0.5)
        on_schedule(world, good, since, time.time())
        wait_for("the dead ones are path_down", lambda: dead == unreachable(world, "path_down"))


def a_bad_certificate_is_told_and_nothing_is_sent():
    """A certificate of another name or one that has expired: told as tls_invalid, and the host sees no login meanwhile."""
    with begin(SMALL, 2, interval="200ms") as world:
        for verb in ("cert_name", "cert_expired"):
            world.do(verb, pbx="pbx01")
            before = len(logins(world, "pbx01"))
            wait_for(f"{verb} told as tls_invalid", lambda: unreachable(world, "tls_invalid") == {"pbx01"})
            expect(len(world.items("/api/v1/alerts")) == 1, f"{verb}: more than one alert")
            expect(len(logins(world, "pbx01")) == before, f"{verb}: a login was sent to a host that cannot prove who it is")
            world.do("cert_ok", pbx="pbx01")
            wait_for("its recovery", lambda: not world.items("/api/v1/alerts"))


def refused_logins(world, pbx):
    return sum(1 for line in logins(world, pbx) if not line["granted"])


def looked_since(world, pbx, moment):
    last = instance(world, pbx)["last_poll"]
    return last is not None and seconds(last) > moment


def few_logins(world, after):
    expect(refused_logins(world, "pbx01") <= 2, f"after {after} the PBX refused {refused_logins(world, 'pbx01')} logins; it blacklists at three")


def doctored(world, pbx, node=None):
    """What ringdownctl doctor says of a PBX of t1's, with the credentials in its file; it asks that node, or the one there is."""
    asked = node or world
    with open(os.path.join(world.ready["tenants"], "t1.toml"), encoding="utf-8") as file:
        part = next(one for one in file.read().split("[[") if re.search(rf'^id = "{pbx}"', one, re.M))
    given = {key: re.search(rf'^{key} = "(.*?)"', part, re.M)[1] for key in ("url", "address", "client_id")}
    secret = os.path.join(world.ready["tenants"], "secrets", f"{pbx}.secret")
    done = subprocess.run([os.path.join(BIN, "ringdownctl"), "doctor", "--url", given["url"], "--address", given["address"], "--ca-file",
                           world.ready["ca"], "--client-id", given["client_id"], "--secret-file", secret],
                          env={**os.environ, "RINGDOWN_CONFIG": asked.config, "RINGDOWN_URL": asked.url}, stdout=subprocess.PIPE, text=True, timeout=60, check=False)
    return done.stdout


def a_wrong_secret_is_not_tried_thrice():
    """A secret that became wrong is tried twice, whatever is killed or crashes; it is told, and the right one is tried within
    one interval."""
    with begin(SMALL, 2, interval="500ms") as world:
        world.do("creds_change", pbx="pbx01", secret="another-secret")
        wait_for("auth_failed told", lambda: [line for line in world.effects("webhook", "fired") if "instance_auth_failed" in line["body"]])
        few_logins(world, "the alert")
        said = doctored(world, "pbx01")
        expect("not tried: t1/pbx01 is watched by" in said and "login refused" in said, f"doctor says: {said}")
        few_logins(world, "the doctor")
        world.kill()
        world.start()
        wait_for("it looked again", lambda: instance(world, "pbx01")["polls"] >= 3)
        few_logins(world, "a restart")
        for _ in range(2):
            crash(world, "poller/t1/pbx01")
            crashed = time.time()
            wait_for("the poller looked again", lambda: looked_since(world, "pbx01", crashed))
            few_logins(world, "a crash of the poller")
        with open(os.path.join(world.ready["tenants"], "secrets", "pbx01.secret"), "w", encoding="ascii") as file:
            file.write("another-secret\n")
        before = len(logins(world, "pbx01"))
        world.apply()
        applied = time.monotonic()
        wait_for("a login with the right secret", lambda: len(logins(world, "pbx01")) > before, 10)
        took = time.monotonic() - applied
        expect(logins(world, "pbx01")[before]["granted"], "the right secret was refused")
        expect(took <= 1, f"the right secret was tried only after {took:.1f} s")
        wait_for("the recovery", lambda: not world.items("/api/v1/alerts"))

