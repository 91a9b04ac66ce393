#!/usr/bin/env python3
"""Plants the defects that are in the store's SQL, and lets the tests of each engine catch them, one by one: what only one of the two
would notice is not tested on the other. Ends with 1 when one is not caught, or when the tests fail without any.

mutated_stores.py PROGRAM [NAME...]     PROGRAM is test_mutated_stores
"""

import concurrent.futures
import os
import subprocess
import sys

from mutants_table import MUTANTS

ENGINES = ("sqlite", "postgres")
LIMIT = 240  # seconds: who runs for ever is caught by that


def fails(program, engine, planted):
    """Whether the tests of that engine fail, and what failed."""
    try:
        done = subprocess.run([program, f"{engine}*", "--abort"], env={**os.environ, "CI": "1", "RINGDOWN_PLANTED": planted}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return True, "it never ends"
    named = [line for line in done.stdout.splitlines() if line.startswith(engine + ":")]
    return done.returncode != 0, named[-1] if named else done.stdout[-200:].strip()


def main():
    program, names = sys.argv[1], sys.argv[2:]
    mutants = [one.name for one in MUTANTS if one.file.startswith("persistence/") and (not names or one.name in names)]
    wanted = [(engine, name) for name in [""] + mutants for engine in ENGINES]
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (engine, name), (failed, what) in zip(wanted, pool.map(lambda one: fails(program, *one), wanted)):
            good = failed == bool(name)
            bad += not good
            said = what if failed else "all passed" if not name else "NOT CAUGHT"
            print(f"{name or '(none)':32} {engine:9} {said}", flush=True)
    print(f"stores: {len(mutants)} mutants at {len(ENGINES)} engines, {bad} wrong")
    return 0 if mutants and not bad else 1


if __name__ == "__main__":
    sys.exit(main())
