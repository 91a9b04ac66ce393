#!/usr/bin/env python3
"""Plants the defects that are in the store's SQL, and lets the tests of each engine catch them, one by one: what only one of the two
would notice is not tested on the other. Ends with 1 when one is not caught, or when the tests fail without any.

mutated_stores.py PROGRAM [NAME...]     PROGRAM is test_mutated_stores
"""

import concurrent.futures
import os
import re
import subprocess
import sys

from mutants_table import MUTANTS

ENGINES = ("sqlite", "postgres")
LIMIT = 240  # seconds: who runs for ever is caught by that


def fails(program, engine, planted):
    """Whether a test of that engine fails, and which; None: nobody can tell."""
    try:
        done = subprocess.run([program, f"{engine}*", "--abort"], env={**os.environ, "CI": "1", "RINGDOWN_PLANTED": planted}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return None, f"does not end within {LIMIT} s"
    if done.returncode == 0:
        return False, "all passed"
    # Only a test that failed has caught something: not a server that did not start.
    failed = re.search(rf"^({engine}: [^\n]+)\n(?:[^\n]+\n)*?\.{{20,}}\n.*?^[^\n]*: FAILED:", done.stdout, re.M | re.S)
    return (True, failed[1]) if failed else (None, done.stdout[-300:].strip())


def main():
    program, names = sys.argv[1], sys.argv[2:]
    mutants = [one.name for one in MUTANTS if one.file.startswith("persistence/") and (not names or one.name in names)]
    wanted = [(engine, name) for name in [""] + mutants for engine in ENGINES]
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (engine, name), (failed, what) in zip(wanted, pool.map(lambda one: fails(program, *one), wanted)):
            good = failed is bool(name)
            bad += not good
            print(f"{name or '(none)':32} {engine:9} {what if good else 'WRONG: ' + what}", flush=True)
    print(f"stores: {len(mutants)} mutants at {len(ENGINES)} engines, {bad} wrong")
    return 0 if mutants and not bad else 1


if __name__ == "__main__":
    sys.exit(main())
