"""Bench lines about more polls than can be done."""

import contextlib
import time

from figures import Figure, line, median
from fleet import Fleet, Node, wait_until
from machine import cpu_seconds, expect
from polling import answered, prometheus, scrape_config, together
from worlds import within

PBXES = 5000
OFFERED = (3000, 5000, 8000, 11_000, 14_000, 20_000, 28_000, 40_000)  # GET/s, until it does less than that
OFFERED_FIRST = (5000, 10_000, 20_000, 40_000)                        # the overload itself looks further
SCRAPED = (1600, 1900, 2200, 2600, 3200, 4000, 5000)                  # scrapes/s of a Prometheus
SCRAPED_FIRST = (1600, 2200, 3200, 5000)
STEP, WINDOW, WINDOWS = 5, 6, 3                       # seconds of one look, of one window that counts, and how many
SETTLING = 12                                         # seconds that Prometheus has to scrape everything twice
TIMES = (1.5, 3)


# --- ours ---------------------------------------------------------------------------------------------------------------
@contextlib.contextmanager
def warm_node():
    """A node on a fleet that it has read once, at the slowest pace."""
    fleet = Fleet(PBXES)
    node = Node(fleet, interval_of(OFFERED[0]))
    try:
        node.start()
        node.apply()
        node.warm(120)
        yield node
    finally:
        node.end()
        fleet.end()


def interval_of(rate):
    return f"{4000 * PBXES / rate:.0f}ms"


def offered(node, rate, seconds, windows=1):
    """Windows of a node that is offered so many GETs a second, once it has read every PBX at this pace: whoever is given a new
    interval connects anew."""
    node.poll_every(interval_of(rate))
    node.fleet.read_since(f"at {rate:.0f} GET/s", 60)
    return [loaded(node, seconds) for _ in range(windows)]


def loaded(node, seconds):
    """One window: the fleet must not have been the limit, and what it answered must have been read."""
    load = cpu_seconds(node.fleet.process.pid)
    part = node.window(seconds)
    load = (cpu_seconds(node.fleet.process.pid) - load) / part["seconds"]
    expect(f"no connection failed, got {part['failed']}", part["failed"] == 0)
    expect(f"the fleet was not the limit: {load:.2f} of its processor", load < 0.95)
    read = 4 * part["polls_complete"] / part["polls_seconds"]
    # At the edges of a window a PBX has one poll under way, mostly in the middle.
    expect(f"{goodput(part):.0f} GETs a second were answered and {read:.0f} read",
           abs(read - goodput(part)) * part["seconds"] <= 2 * PBXES)
    return part


def goodput(part):
    """GETs a second that the fleet answered with 200."""
    return answered(part) / part["seconds"]


def climb(node, rates):
    """(goodput, offered) where the most was done."""
    return until_less(rates, lambda rate: goodput(offered(node, rate, STEP)[0]))


def until_less(rates, done_at):
    """(done, offered) where the most was done; the rates rise until less is done than offered."""
    seen = []
    for rate in rates:
        seen.append((done_at(rate), rate))
        if seen[-1][0] < 0.95 * rate:
            break
    expect(f"it was offered more than it did: {seen[-1]}", seen[-1][0] < 0.95 * seen[-1][1])
    return max(seen)


def after_a_drop(node):
    """A window after every connection was lost at once, and how many were made for each PBX in all."""
    node.fleet.read_since("after all connections were lost", 60, "drop")
    part = loaded(node, WINDOW)
    return part, node.fleet.stats()["accepted"] / PBXES


# --- Prometheus ---------------------------------------------------------------------------------------------------------
@contextlib.contextmanager
def warm_peer():
    fleet = Fleet(PBXES)
    peer = prometheus(fleet, f"{1000 * PBXES / SCRAPED[0]:.0f}ms")
    try:
        yield fleet, peer.start()
    finally:
        peer.end()
        fleet.end()


def scrapes_at(fleet, peer, interval, seconds):
    """Scrapes a second that came to something, by its own `up`."""
    peer.reload(scrape_config(fleet, interval))
    fleet.ask("clear")
    within(SETTLING, lambda: fleet.stats()["scrapes"] >= 2 * PBXES, 0.2)
    before = fleet.stats()["scrapes"]
    wait_until(time.monotonic() + seconds, peer)
    good, asked = peer.query(f"sum(sum_over_time(up[{seconds}s]))"), fleet.stats()["scrapes"] - before
    expect(f"{good:.0f} scrapes are said to be good, {asked} were answered", 0 < good <= 1.1 * asked)
    return good / seconds


def scrape_climb(fleet, peer, rates):
    return until_less(rates, lambda rate: scrapes_at(fleet, peer, f"{1000 * PBXES / rate:.0f}ms", STEP))[0]


# --- lines --------------------------------------------------------------------------------------------------------------
@line("poll_peak", "5,000 PBXes, one processor, offered more and more")
def poll_peak():
    """The most GETs a second, beside the most scrapes of a Prometheus."""
    with warm_node() as node:
        _, rate = climb(node, OFFERED)
        rates = [goodput(part) for part in offered(node, rate, WINDOW, WINDOWS)]
    with warm_peer() as (fleet, peer):
        theirs = scrape_climb(fleet, peer, SCRAPED)
    return [Figure("GET/s", median(rates), "/s", (">=", 5000), (">=", 8000), median(rates), theirs, rates, note=f"of {rate} offered"),
            Figure("PBXes at 60 s", 15 * median(rates), "", note="extrapolated: 4 GETs a minute each, their memory and logins left out")]


@line("overload", "1.5 and 3 times its own peak, the usual timeouts")
def overload():
    """What is still done when more is asked than can be: goodput beside the peak, and handshakes for each poll.

    Then every connection is lost at once: how many are made, and what is done once they are there."""
    with warm_node() as node:
        best, _ = climb(node, OFFERED_FIRST)
        parts = {times: offered(node, times * best, WINDOW, WINDOWS) for times in TIMES}
        dropped, made = after_a_drop(node)
    best = max([best, *(median([goodput(part) for part in windows]) for windows in parts.values())])
    theirs = peer_overload()
    figures = []
    for times, windows in parts.items():
        figures += overload_figures(times, windows, best, theirs[times])
    left = goodput(dropped) / best
    return [*figures, Figure("goodput / peak at 3x, once connected again", left, "ratio", (">=", 0.9), ours=left, note=polls_text(dropped)),
            Figure("connections per PBX for it", made, "", ("<=", 2), note="all lost at once; tried again included")]


def overload_figures(times, windows, best, theirs):
    whole = together(windows)
    lost = whole["polls_failed"] + whole["polls_partial"]
    expect(f"less than 1 % of the polls fail: {polls_text(whole)}", lost < 0.01 * (lost + whole["polls_complete"]))
    shares = [goodput(part) / best for part in windows]
    return [Figure(f"goodput / peak at {times}x", median(shares), "ratio", (">=", 0.9), None, median(shares), theirs, shares,
                   note=f"of {best:.0f}/s; {polls_text(whole)}"),
            Figure(f"handshakes per poll at {times}x", 4 * whole["handshakes"] / whole["gets"], "", ("<=", 0.02))]


def polls_text(part):
    return f"polls: {part['polls_complete']:.0f}, failed {part['polls_failed']:.0f}, partial {part['polls_partial']:.0f}"


def peer_overload():
    """Prometheus at as many times its own peak: goodput / peak."""
    with warm_peer() as (fleet, peer):
        best = scrape_climb(fleet, peer, SCRAPED_FIRST)
        rates = {times: scrapes_at(fleet, peer, f"{1000 * PBXES / (times * best):.0f}ms", WINDOW) for times in TIMES}
    best = max(best, *rates.values())
    return {times: rate / best for times, rate in rates.items()}
