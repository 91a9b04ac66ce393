#!/usr/bin/env python3
"""Runs the scenarios one after the other: all, or those whose names are given. Ends 0 when every one held."""

import os
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from scenarios import ALL  # noqa: E402


def main(wanted):
    unknown = set(wanted) - {scenario.__name__ for scenario in ALL}
    if unknown:
        print("no such scenario:", ", ".join(sorted(unknown)))
        return 2
    failed = 0
    ran = [scenario for scenario in ALL if not wanted or scenario.__name__ in wanted]
    for scenario in ran:
        begun = time.monotonic()
        try:
            scenario()
            verdict = "ok  "
        except Exception:  # a scenario's own fault must not hide the others' verdicts
            verdict = "FAIL"
            failed += 1
            traceback.print_exc()
        print(f"{verdict} {scenario.__name__} ({time.monotonic() - begun:.1f} s)", flush=True)
    print(f"{len(ran) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
