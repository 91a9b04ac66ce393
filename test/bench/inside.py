"""Bench lines inside one process: decisions, commits and reading."""

import json
import os
import subprocess
import tempfile

from figures import Figure, line, median, slope
from harness import BIN
from machine import ANYWHERE, OURS, Unfit, disk_sync, expect
from tried import TRIED

CARRIERS, TRUNKS_AT_CARRIER = 20, 5  # of tenant_load.hpp: so many carriers, so many trunks of one PBX at each of its four
SIZES = [50, 150, 500]  # PBXes of 20 trunks
REPEATS = 3
READ_RUNS, READ_POLLS = 7, 2000
READ = {"trunks": 8, "sbcs": 20, "system_status": 1, "services": 40}


def run_on(processors, program, *arguments):
    """What a bench program printed."""
    done = subprocess.run([os.path.join(BIN, program), *map(str, arguments)], capture_output=True, text=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, processors), check=False)
    if done.returncode != 0:
        raise Unfit(f"{program} ended {done.returncode}: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout)


def run_pinned(program, *arguments):
    """The same, run alone on our processor."""
    return run_on(OURS, program, *arguments)


def expect_one_by_one(run):
    """Each failure and each recovery is told once to either channel, and nothing is an outage."""
    turns = run["transitions"] // 2
    expect("a tenth of the trunks stays down", run["open"] == run["trunks"] // 10)
    expect("every failure opened one alert", run["opened"] == turns + run["open"])
    expect("every recovery ended one", run["resolved"] == turns)
    for channel in ("push", "hook"):
        expect(f"{channel} heard of every failure", run[channel + "_fired"] == run["opened"])
        expect(f"{channel} heard of every recovery", run[channel + "_resolved"] == run["resolved"])
    expect("nothing was gathered", run["push_summaries"] == 0 and run["hook_updated"] == 0)


def expect_by_carrier(run):
    """The third PBX makes it an outage: two tell by themselves, in one summary each, and then the outage does."""
    failures, early = run["transitions"] // 2, 2 * TRUNKS_AT_CARRIER
    expect("nothing stays open", run["open"] == 0)
    expect("every trunk and every outage opened one alert", run["opened"] == failures + CARRIERS)
    expect("and ended", run["resolved"] == run["opened"])
    expect("the webhook heard of all", run["hook_fired"] == run["opened"] == run["hook_resolved"])
    expect("the phone heard of the outages", run["push_fired"] == CARRIERS)
    expect("and of what came before them", run["push_summaries"] == 2 * CARRIERS)
    expect("and that all of it is over", run["push_resolved"] == CARRIERS * (1 + early))
    expect("what was told before joined the outage", run["hook_updated"] == CARRIERS * early)


def brain_figures(name, key, check):
    runs = [run_pinned("bench-brain", *SIZES)[key] for _ in range(REPEATS)]
    for run in runs:
        for size in run:
            check(size)
    costs = [median([run[at]["seconds"] / run[at]["transitions"] for run in runs]) for at in range(len(SIZES))]
    rates = [run[-1]["transitions"] / run[-1]["seconds"] for run in runs]
    yield Figure(name, median(rates), "transitions/s", (">=", 50_000), samples=rates, note="of processor time", tried=TRIED["brain"])
    for factor, cost in zip(("1x", "3x", "10x"), costs):
        yield Figure(f"{name}, cost at {factor}", 1e6 * cost, "us per transition")
    yield Figure(f"{name}, slope of that cost", slope(list(zip(SIZES, costs))), "", note="0: no more for one of many")


@line("brain", "decisions of one tenant, no I/O: 50, 150 and 500 PBXes of 20 trunks, a push and a webhook, correlation on")
def brain():
    """Transitions a second that a tenant decides on one core, each with its rows' reports and the ticks that fall due."""
    return [*brain_figures("one by one", "one_by_one", expect_one_by_one),
            *brain_figures("carrier by carrier", "by_carrier", expect_by_carrier)]


@line("commit", "state, alert, delivery, decision and audit of 20,000 transitions of one tenant, through the store's actor")
def commit():
    """Transitions a second that become durable (WAL, synchronous FULL) in groups as they come; and each for itself."""
    together, alone = 20_000, 2_000
    runs, syncs = [], []
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory(prefix="bench-commit-") as folder:
            syncs.append(disk_sync(folder))
            run = run_pinned("bench-commit", folder, together, alone)
        rows = run["rows"]
        expect("every transition has its delivery, decision and audit entry",
               rows["delivery"] == rows["decision"] == rows["audit"] == together + alone)
        expect("every trunk has its state and its alert", rows["resource"] == rows["alert"] > 0)
        runs.append(run)
    rates = [run["transitions"] / run["seconds"] for run in runs]
    alone_rates = [run["alone"] / run["alone_seconds"] for run in runs]
    times = {key: [run["group"][key] for run in runs] for key in ("p50_ms", "p99_ms", "max_ms", "most_together")}
    return [
        Figure("durable transitions", median(rates), "1/s", (">=", 10_000), (">=", 20_000), samples=rates, tried=TRIED["commit"]),
        Figure("a commit, p50", median(times["p50_ms"]), "ms", samples=times["p50_ms"]),
        Figure("a commit, p99", median(times["p99_ms"]), "ms", samples=times["p99_ms"]),
        Figure("a commit, slowest", median(times["max_ms"]), "ms", ("<=", 5), samples=times["max_ms"], tried=TRIED["commit"]),
        Figure("folding the log, slowest", median([run["longest_fold_ms"] for run in runs]), "ms", note="between commits, when it has 8 MB"),
        Figure("most in one commit", median(times["most_together"]), "transitions", samples=times["most_together"]),
        Figure("one commit each", median(alone_rates), "1/s", samples=alone_rates),
        Figure("the disk's own fdatasync", median(syncs), "ms", samples=syncs, note="one page over another, before each run"),
    ]


@line("pg_commit", "the same transitions on a PostgreSQL server that syncs, over one connection, 100 to a transaction")
def pg_commit():
    """Transitions a second that become durable under a fence (fsync and synchronous_commit on); on both processors."""
    count, runs, syncs = 20_000, [], []
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory(prefix="bench-pg-commit-", dir="/var/tmp") as folder:
            os.chmod(folder, 0o755)  # the server is nobody's
            syncs.append(disk_sync(folder))
            run = run_on(ANYWHERE, "bench-pg-commit", folder, count)
        rows = run["rows"]
        expect("the server syncs", run["fsync"] == run["synchronous_commit"] == "on")
        expect("every transition has its delivery, decision and audit entry",
               rows["delivery"] == rows["decision"] == rows["audit"] == run["transitions"] == count)
        expect("every trunk has its state and its alert", rows["resource"] == rows["alert"] > 0)
        runs.append(run)
    rates = [run["transitions"] / run["seconds"] for run in runs]
    times = {key: [run["group"][key] for run in runs] for key in ("p50_ms", "p99_ms", "max_ms")}
    return [
        Figure("durable transitions", median(rates), "1/s", (">=", 15_000), samples=rates, tried=TRIED["pg_commit"]),
        Figure("a commit, p50", median(times["p50_ms"]), "ms", samples=times["p50_ms"]),
        Figure("a commit, p99", median(times["p99_ms"]), "ms", samples=times["p99_ms"]),
        Figure("a commit, slowest", median(times["max_ms"]), "ms", samples=times["max_ms"]),
        Figure("the disk's own fdatasync", median(syncs), "ms", samples=syncs, note="one page over another, before each run"),
    ]


@line("read", f"{READ_RUNS} runs of {READ_POLLS} polls of one unchanged PBX, its bytes from memory")
def read():
    """Processor time from the bytes of an answer to what it says, and of the verdict over all four."""
    runs = [run_pinned("bench-read", READ_POLLS) for _ in range(READ_RUNS)]  # it ends 1 when an answer was not read, or was news
    figures = []
    for name, items in READ.items():
        each = [run[name]["response"] + run[name]["reading"] for run in runs]
        note = f"{items} items, {runs[0][name]['bytes']} bytes with the head"
        figures.append(Figure(f"one answer of {name}", median(each), "us", samples=each, note=note))
    verdicts = [run["verdict"] for run in runs]
    return [*figures, Figure("one verdict over the four", median(verdicts), "us", samples=verdicts)]
