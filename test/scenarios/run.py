#!/usr/bin/env python3
"""Runs the scenarios on real processes: all, or those named. Ends 0 when every one held.

run.py [--jobs N] [NAME...]     three at a time unless told; one that is named alone runs in this process
run.py --list                   their names and what each demands

RINGDOWN_KEEP=1 keeps their folders; RINGDOWN_BIN says where the programs are; RINGDOWN_TROUBLE is for how many seconds clusters are
in trouble.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import pause  # noqa: E402
from scenarios import ALL, ALONE, HEAVY  # noqa: E402

# Seconds; a scenario that takes longer hangs. In a soak the longest storm is of five minutes.
LIMIT = 150 + (300 if float(os.environ.get("RINGDOWN_TROUBLE", "0")) >= 60 else 0)


class Running:
    """One scenario in a process of its own."""

    def __init__(self, scenario, places):
        self.name = scenario.__name__
        self.places = places
        self.begun = time.monotonic()
        self.output = tempfile.TemporaryFile()
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__), self.name], stdout=self.output, stderr=subprocess.STDOUT)

    def ended(self):
        if self.process.poll() is None and time.monotonic() - self.begun > LIMIT:
            self.end()
        return self.process.poll() is not None

    def end(self):
        """SIGTERM, at which it ends its own processes."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()

    def report(self):
        """Its whole output but the last line, which counts; true when it held."""
        self.output.seek(0)
        print("\n".join(self.output.read().decode("utf-8", "replace").splitlines()[:-1]), flush=True)
        self.output.close()
        if self.process.returncode not in (0, 1):
            print(f"FAIL {self.name} ended {self.process.returncode} after {time.monotonic() - self.begun:.1f} s", flush=True)
        return self.process.returncode == 0


def places_of(scenario, jobs):
    if scenario in ALONE:
        return jobs
    return min(2, jobs) if scenario in HEAVY else 1


def run_beside_each_other(scenarios, jobs):
    """How many failed. What needs most room begins first, so that nothing waits for it at the end."""
    waiting = sorted(scenarios, key=lambda one: -places_of(one, jobs))
    running, failed = [], 0
    try:
        while waiting or running:
            free = jobs - sum(one.places for one in running)
            fits = next((one for one in waiting if places_of(one, jobs) <= free), None)
            if fits:
                waiting.remove(fits)
                running.append(Running(fits, places_of(fits, jobs)))
                continue
            pause(0.05)
            for one in [one for one in running if one.ended()]:
                running.remove(one)
                failed += 0 if one.report() else 1
    finally:
        for one in running:
            one.end()
    return failed


def run_here(scenario):
    """1 if it failed."""
    begun = time.monotonic()
    try:
        scenario()
        verdict, failed = "ok  ", 0
    except Exception:  # whatever a scenario ends with is its verdict
        traceback.print_exc(file=sys.stdout)
        verdict, failed = "FAIL", 1
    print(f"{verdict} {scenario.__name__} ({time.monotonic() - begun:.1f} s)", flush=True)
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=3, metavar="N", help="scenarios at a time")
    parser.add_argument("--list", action="store_true", help="their names and what each demands")
    parser.add_argument("names", nargs="*", metavar="NAME")
    asked = parser.parse_args()
    known = {scenario.__name__: scenario for scenario in ALL}
    if asked.list:
        for name, scenario in known.items():
            print(f"{name}\n    {' '.join(scenario.__doc__.split())}")
        return 0
    unknown = sorted(set(asked.names) - set(known))
    if unknown or asked.jobs < 1:
        print("no such scenario: " + ", ".join(unknown) if unknown else "--jobs needs a number from 1", file=sys.stderr)
        return 2
    # Ends like an exception, so that every `with` on the way ends what it began.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    chosen = [known[name] for name in dict.fromkeys(asked.names)] or ALL
    failed = run_here(chosen[0]) if len(chosen) == 1 else run_beside_each_other(chosen, asked.jobs)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
