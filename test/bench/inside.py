"""Bench lines inside one process: decisions and commits."""

import json
import os
import subprocess

from figures import Figure, line, median
from harness import BIN
from machine import OURS, expect

READ_RUNS, READ_POLLS = 7, 2000
READ = {"trunks": 8, "sbcs": 20, "system_status": 1, "services": 40}


@line("read", f"{READ_RUNS} runs of {READ_POLLS} polls of one unchanged PBX, its bytes from memory")
def read():
    """Processor time from the bytes of an answer to what it says, and of the verdict over all four."""
    runs = []
    for _ in range(READ_RUNS):
        done = subprocess.run([os.path.join(BIN, "bench-read"), str(READ_POLLS)], capture_output=True, text=True,
                              check=False, preexec_fn=lambda: os.sched_setaffinity(0, OURS))
        expect(f"every answer was read, and nothing was new: {done.stderr.strip()}", done.returncode == 0)
        runs.append(json.loads(done.stdout))
    figures = []
    for name, items in READ.items():
        each = [run[name]["response"] + run[name]["reading"] for run in runs]
        note = f"{items} items, {runs[0][name]['bytes']} bytes with the head"
        figures.append(Figure(f"one answer of {name}", median(each), "us", samples=each, note=note))
    verdicts = [run["verdict"] for run in runs]
    return [*figures, Figure("one verdict over the four", median(verdicts), "us", samples=verdicts)]
