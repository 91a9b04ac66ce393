"""Bench lines about polling at a pace that is kept."""

import time

from figures import Figure, in_turn, line, median, ratio
from fleet import Fleet, Node, free_port, pbx_address, wait_until
from harness import wait_for
from machine import cpu_seconds, expect, peak_kib, rss_kib
from peers import Peer
from tried import TRIED

PAIRS = 5
SERIES = 6                   # that Prometheus keeps of each PBX
TOLERANCE = 0.02             # of the rate that both sides are to keep
WINDOWS = 3                  # of one warm node
WAN_PBXES, WAN_ROUND_TRIP_MS, WAN_IDLE_S = 2000, 100, 30


# --- Prometheus ---------------------------------------------------------------------------------------------------------
def scrape_config(fleet, interval):
    """Scrapes the fleet over TLS and keeps six series of each PBX."""
    names = ", ".join(f'"{pbx_address(n)}:{fleet.port}"' for n in range(fleet.pbxes))
    kept = "pbx_calls_active;|pbx_trunk_up;1000[0-4]"
    return (f"global: {{scrape_interval: {interval}, scrape_timeout: {interval}}}\nscrape_configs:\n- job_name: pbx\n"
            f"  scheme: https\n  tls_config: {{ca_file: {fleet.ca_file}, server_name: p00000.bench.test}}\n"
            f"  metric_relabel_configs:\n  - {{source_labels: [__name__, number], regex: '{kept}', action: keep}}\n"
            f"  static_configs: [{{targets: [{names}]}}]\n")


def prometheus(fleet, interval):
    return Peer("prometheus", scrape_config(fleet, interval), ["--storage.tsdb.path={folder}/data"], free_port())


def scraped(fleet, peer, seconds):
    """What Prometheus did in a stretch of time."""
    before, cpu, begun = fleet.stats(), cpu_seconds(peer.pid), time.monotonic()
    wait_until(begun + seconds, peer)
    took, used, after = time.monotonic() - begun, cpu_seconds(peer.pid) - cpu, fleet.stats()
    return {**{key: after[key] - before[key] for key in after}, "seconds": took, "cpu": used}


# --- both sides ---------------------------------------------------------------------------------------------------------
def together(parts):
    """Several stretches of time as one."""
    return {key: sum(part[key] for part in parts) for key in parts[0]}


def answered(part):
    """GETs or scrapes that the fleet answered with 200."""
    return part["gets"] + part["scrapes"]


def micros(part):
    return 1e6 * part["cpu"] / answered(part)


def sound(part, rate):
    """Guards of one side's work: nothing failed, and it kept the rate that both sides are to keep."""
    expect(f"no connection failed, got {part['failed']}", part["failed"] == 0)
    expect(f"no request was refused, got {part['refused']}", part["refused"] == 0)
    expect("no poll failed", part.get("polls_failed", 0) == 0 and part.get("polls_partial", 0) == 0)
    got = answered(part) / part["seconds"]
    expect(f"{rate:.0f} requests a second, got {got:.1f}", abs(got - rate) <= TOLERANCE * rate)


def kept_warm(fleet, pid, parts, rate):
    """Guards of a side whose connections are kept; what it is at the end."""
    sound(together(parts), rate)
    end = {**fleet.stats(), "rss": rss_kib(pid), "peak": peak_kib(pid)}
    expect(f"connections are kept, {together(parts)['accepted']} were made", together(parts)["accepted"] == 0)
    expect(f"all {fleet.pbxes} connections live, got {end['live']}", end["live"] == fleet.pbxes)
    expect(f"each of {fleet.pbxes} PBXes was read, got {end['complete']}", end["complete"] == fleet.pbxes)
    return end


def polled(pbxes, interval, seconds, rate, windows=1):
    """One ringdown node on a fresh fleet, warm, for stretches of time in which every PBX is read; and what it is then."""
    fleet = Fleet(pbxes)
    node = Node(fleet, f"{interval}s")
    try:
        node.start()
        node.apply()
        node.warm(180)
        fleet.ask("clear")
        parts = [node.window(seconds) for _ in range(windows)]
        return parts, kept_warm(fleet, node.pid, parts, rate)
    finally:
        node.end()
        fleet.end()


def scraped_alone(pbxes, interval, seconds, rate, windows=1):
    """The same of a Prometheus."""
    fleet = Fleet(pbxes)
    peer = prometheus(fleet, f"{interval}s")
    try:
        peer.start()
        begin = fleet.stats()["scrapes"]
        wait_for("every target scraped", lambda: fleet.stats()["scrapes"] >= begin + 2 * pbxes, 120, 0.2)
        fleet.ask("clear")
        parts = [scraped(fleet, peer, seconds) for _ in range(windows)]
        end = kept_warm(fleet, peer.pid, parts, rate)
        expect("every target is up", peer.query("sum(up)") == pbxes)
        expect("six series are kept of each PBX", peer.query("sum(scrape_samples_post_metric_relabeling)") == SERIES * pbxes)
        return parts, end
    finally:
        peer.end()
        fleet.end()


# --- lines --------------------------------------------------------------------------------------------------------------
@line("poll_cpu", "1,000 PBXes, kept connections, 1,000 GET/s, one processor")
def poll_cpu():
    """Processor time of one GET, the whole daemon, beside Prometheus's of one scrape (6 series kept)."""
    def ours():
        return micros(polled(1000, 4, 16, 1000)[0][0])

    def theirs():
        return micros(scraped_alone(1000, 1, 16, 1000)[0][0])
    pairs = [in_turn(number, ours, theirs) for number in range(PAIRS)]
    return [ratio("CPU per GET", pairs, ("<=", 0.40), ("<=", 0.25), note=f"us; {PAIRS} pairs, each side first in turn")]


@line("poll_paced", "7,500 PBXes at 60 s: 500 GET/s")
def poll_paced():
    """The share of one processor that a paced fleet takes.

    Scaled to exactly the asked rate: a third of an interval has some polls more or fewer."""
    rate = 500
    ours, theirs = [[micros(part) for part in parts] for parts, _ in
                    (polled(7500, 60, 21, rate, WINDOWS), scraped_alone(7500, 15, 15, rate, WINDOWS))]
    shares = [rate * each / 1e6 for each in ours]
    peer = rate * median(theirs) / 1e6
    return [Figure("share of a core", median(shares), "", ("<=", 0.10), ("<=", 0.05), median(shares), peer, shares, tried=TRIED["poll_paced"]),
            Figure("CPU per GET", median(ours), "us", ours=median(ours), peer=median(theirs), samples=ours)]


@line("poll_wan", f"{WAN_ROUND_TRIP_MS} ms round trip, peers close idle connections after {WAN_IDLE_S} s")
def poll_wan():
    """Processor time of a cycle of four GETs, on kept connections and with a new connection each time."""
    return [cycles_over_a_wan("kept", 20, ("<=", 0.5)), cycles_over_a_wan("reconnecting", 60, ("<=", 1.5))]


def cycles_over_a_wan(name, interval, goal):
    fleet = Fleet(WAN_PBXES)
    node = Node(fleet, f"{interval}s")
    try:
        fleet.ask(f"delay {WAN_ROUND_TRIP_MS}")
        fleet.ask(f"idle {WAN_IDLE_S * 1000}")
        node.start()
        node.apply()
        node.warm(180)
        parts = [node.window(20) for _ in range(WINDOWS)]
    finally:
        node.end()
        fleet.end()
    whole = together(parts)
    sound(whole, 4 * WAN_PBXES / interval)
    cycles = whole["gets"] / 4
    expect("connections are kept" if name == "kept" else "every cycle connects anew",
           whole["handshakes"] == 0 if name == "kept" else abs(whole["handshakes"] - cycles) <= 0.05 * cycles)
    each = [4 * micros(part) / 1000 for part in parts]
    note = f"{whole['resumed']} of {whole['handshakes']} handshakes resumed" if whole["handshakes"] else ""
    return Figure(f"CPU per cycle, {name}", median(each), "ms", goal, samples=each, note=note, tried=TRIED["poll_wan"])


@line("rss", "10,000 warm TLS PBXes")
def rss():
    """Resident memory of the whole process for each instance, beside Prometheus's for each target; and the most it ever had."""
    count = 10_000
    _, ours = polled(count, 60, 63, count / 15)  # an interval, and a little: every PBX is read with its connection kept
    _, theirs = scraped_alone(count, 20, 21, count / 20)
    return [Figure("KiB per instance", ours["rss"] / count, "KiB", ("<=", 96), ("<=", 48), ours["rss"] / count, theirs["rss"] / count),
            Figure("the most it had", ours["peak"] / count, "KiB", ours=ours["peak"] / count, peer=theirs["peak"] / count,
                   note="VmHWM per instance, start and first logins included")]
