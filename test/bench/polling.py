"""Bench lines about polling."""

import time

from figures import Figure, line, ratio, slope
from fleet import Fleet, Node, free_port, pbx_address, wait_until
from harness import wait_for
from machine import cpu_seconds, expect, rss_kib
from peers import Peer

PAIRS = 3
MOST_OFFERED = 16_000        # GET/s, more than one processor does
WAN_ROUND_TRIP_MS, WAN_IDLE_S = 100, 30


def prometheus(fleet, interval, targets=None):
    """A Prometheus that scrapes the fleet over TLS and keeps six series of each PBX."""
    names = ", ".join(f'"{pbx_address(n)}:{fleet.port}"' for n in range(targets or fleet.pbxes))
    kept = "pbx_calls_active;|pbx_trunk_up;1000[0-4]"
    config = (f"global: {{scrape_interval: {interval}, scrape_timeout: {interval}}}\nscrape_configs:\n- job_name: pbx\n"
              f"  scheme: https\n  tls_config: {{ca_file: {fleet.ca_file}, server_name: p00000.bench.test}}\n"
              f"  metric_relabel_configs:\n  - {{source_labels: [__name__, number], regex: '{kept}', action: keep}}\n"
              f"  static_configs: [{{targets: [{names}]}}]\n")
    return Peer("prometheus", config, ["--storage.tsdb.path={folder}/data"], free_port())


def scraped(fleet, peer, seconds, warm=120):
    """What Prometheus did in a stretch of time, once every target has been scraped."""
    begin = fleet.stats()["scrapes"]
    wait_for("every target scraped", lambda: fleet.stats()["scrapes"] >= begin + 2 * fleet.pbxes, warm, 0.2)
    before, cpu, begun = fleet.stats(), cpu_seconds(peer.pid), time.monotonic()
    wait_until(begun + seconds, peer)
    took, used, after = time.monotonic() - begun, cpu_seconds(peer.pid) - cpu, fleet.stats()
    return {**{key: after[key] - before[key] for key in after}, "seconds": took, "cpu": used}


def sound(part, rate, tolerance=0.1):
    """Guards of one side's stretch: nothing failed, and it kept the rate that both sides are to keep."""
    done = part["gets"] + part["scrapes"]
    expect(f"no connection failed, got {part['failed']}", part["failed"] == 0)
    expect("no poll failed", part.get("polls_failed", 0) == 0 and part.get("polls_partial", 0) == 0)
    expect(f"{rate} requests a second, got {done / part['seconds']:.0f}",
           abs(done / part["seconds"] - rate) <= tolerance * rate)
    return part


def polled(pbxes, interval, seconds, rate, **extra):
    """One ringdown node on a fresh fleet, warm, for a stretch of time."""
    fleet = Fleet(pbxes)
    node = Node(fleet, f"{interval}s", **extra)
    try:
        node.start()
        node.apply()
        node.warm(180)
        part = sound(node.window(seconds), rate)
        return {**part, "rss": rss_kib(node.pid)}
    finally:
        node.end()
        fleet.end()


def scraped_alone(pbxes, interval, seconds, rate):
    """The same of a Prometheus."""
    fleet = Fleet(pbxes)
    peer = prometheus(fleet, f"{interval}s")
    try:
        peer.start()
        part = sound(scraped(fleet, peer, seconds), rate)
        expect("six series are kept of each PBX", peer.metric("prometheus_tsdb_head_series") >= 6 * pbxes)
        return {**part, "rss": rss_kib(peer.pid)}
    finally:
        peer.end()
        fleet.end()


def micros(part):
    return 1e6 * part["cpu"] / (part["gets"] + part["scrapes"])


@line("poll_cpu", "1,000 PBXes, kept connections, 1,000 GET/s, one processor")
def poll_cpu():
    """Processor time of one GET, the whole daemon, beside Prometheus's of one scrape (6 series kept)."""
    pairs = []
    for _ in range(PAIRS):
        ours = polled(1000, 4, 15, 1000)
        expect("connections are kept", ours["accepted"] == 0)
        pairs.append((micros(ours), micros(scraped_alone(1000, 1, 15, 1000))))
    return [ratio("CPU per GET", pairs, ("<=", 0.40), ("<=", 0.25), note="us")]


@line("poll_paced", "7,500 PBXes at 60 s: 500 GET/s")
def poll_paced():
    """The share of one processor that a paced fleet takes."""
    ours = polled(7500, 60, 60, 500)
    theirs = scraped_alone(7500, 15, 30, 500)
    share = ours["cpu"] / ours["seconds"]
    return [Figure("share of a core", share, "", ("<=", 0.10), ("<=", 0.05), share, theirs["cpu"] / theirs["seconds"]),
            Figure("CPU per GET", micros(ours), "us", ours=micros(ours), peer=micros(theirs))]


def saturated(offered, pbxes=5000):
    """What a node does that is offered so many GETs a second, more or less than it can do."""
    fleet = Fleet(pbxes)
    node = Node(fleet, f"{4000 * pbxes / offered:.0f}ms")
    try:
        node.start()
        node.apply()
        node.warm(120)
        load = cpu_seconds(fleet.process.pid)
        part = node.window(20)
        load = (cpu_seconds(fleet.process.pid) - load) / part["seconds"]
        expect(f"no connection failed, got {part['failed']}", part["failed"] == 0)
        expect(f"the fleet was not the limit: {load:.2f} of its processor", load < 0.95)
        return part
    finally:
        node.end()
        fleet.end()


def goodput(part):
    """GETs a second of polls that were read in full."""
    return 4 * part["polls_complete"] / part["seconds"]


def own_peak():
    """Offered far more than it can do, and then just what it did: the better of both."""
    most = saturated(MOST_OFFERED)
    expect("it was offered more than it did", goodput(most) < 0.95 * MOST_OFFERED)
    return max(goodput(most), goodput(saturated(1.05 * goodput(most))))


def scrape_peak(interval):
    """Scrapes a second of a Prometheus that is offered 5,000 at this interval, half a minute after its start."""
    fleet = Fleet(5000)
    peer = prometheus(fleet, interval)
    try:
        peer.start()
        wait_until(time.monotonic() + 30, peer)
        before, begun = fleet.stats(), time.monotonic()
        wait_until(begun + 10, peer)
        done = fleet.stats()["scrapes"] - before["scrapes"]
        expect("Prometheus scrapes", done > 0)
        return done / (time.monotonic() - begun)
    finally:
        peer.end()
        fleet.end()


@line("poll_peak", "5,000 PBXes, one processor, offered more than it can do")
def poll_peak():
    """The most GETs a second, beside the most scrapes of a Prometheus."""
    rate = own_peak()
    theirs = max(scrape_peak(interval) for interval in ("1s", "2s"))
    return [Figure("GET/s", rate, "/s", (">=", 5000), (">=", 8000), rate, theirs),
            Figure("PBXes at 60 s", rate * 15, "", note="4 GETs a minute each")]


@line("poll_wan", f"{WAN_ROUND_TRIP_MS} ms round trip, peers close idle connections after {WAN_IDLE_S} s")
def poll_wan():
    """Processor time of a cycle of four GETs, on kept connections and with a new connection each time."""
    figures = []
    for name, interval, goal in (("kept", 20, 0.5), ("reconnecting", 60, 1.5)):
        fleet = Fleet(2000)
        node = Node(fleet, f"{interval}s")
        try:
            fleet.ask(f"delay {WAN_ROUND_TRIP_MS}")
            fleet.ask(f"idle {WAN_IDLE_S * 1000}")
            node.start()
            node.apply()
            node.warm(180)
            part = sound(node.window(interval), 4 * 2000 / interval)
        finally:
            node.end()
            fleet.end()
        cycles = part["gets"] / 4
        expect("connections are kept" if name == "kept" else "every cycle connects anew",
               part["handshakes"] == 0 if name == "kept" else abs(part["handshakes"] - cycles) <= 0.05 * cycles)
        figures.append(Figure(f"CPU per cycle, {name}", 1000 * part["cpu"] / cycles, "ms", ("<=", goal),
                              note=f"{part['resumed']} of {part['handshakes']} handshakes resumed" if part["handshakes"] else ""))
    return figures


@line("overload", "1.5 and 3 times its own peak")
def overload():
    """What is still done when more is asked than can be: goodput beside the peak, and handshakes for each poll."""
    best = own_peak()
    figures = []
    for times in (1.5, 3):
        part = saturated(best * times)
        figures.append(Figure(f"goodput / peak at {times}x", goodput(part) / best, "ratio", (">=", 0.9),
                              ours=goodput(part), peer=best, note="peer: its own peak"))
        figures.append(Figure(f"handshakes per poll at {times}x", part["handshakes"] / max(1, part["gets"] / 4), "",
                              ("<=", 0.02)))
    return figures


@line("rss", "10,000 warm TLS PBXes")
def rss():
    """Resident memory of the whole process for each instance, beside Prometheus's for each target."""
    ours = polled(10000, 60, 5, 667)
    theirs = scraped_alone(10000, 20, 5, 500)
    each = ours["rss"] / 10000
    return [Figure("KiB per instance", each, "KiB", ("<=", 96), ("<=", 48), each, theirs["rss"] / 10000)]


@line("poll_growth", "500, 1,500 and 5,000 PBXes at the same rate each")
def poll_growth():
    """How the cost of a poll and the memory grow with the fleet: the slope is 1 where they grow as it does."""
    cost, memory = [], []
    for pbxes in (500, 1500, 5000):
        part = polled(pbxes, 10, 20, pbxes * 0.4)
        cost.append((pbxes, part["cpu"] / part["seconds"]))
        memory.append((pbxes, part["rss"]))
    shown = ", ".join(f"{size}: {share:.3f} core" for size, share in cost)
    sizes = ", ".join(f"{size}: {kib / size:.0f} KiB" for size, kib in memory)
    return [Figure("polling, slope", slope(cost), "", note=shown), Figure("memory, slope", slope(memory), "", note=sizes)]
