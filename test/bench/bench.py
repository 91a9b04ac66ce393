#!/usr/bin/env python3
"""Speed and size of ringdown beside what people would use instead: `./dev bench`.

Both sides do the same work in turn; a line's figures are medians of the ratios of pairs. Each line guards itself: when
something failed or both sides did not do the same, it has no figure and the bench ends 1. A missed goal does not: the
table says it.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(1, os.path.join(os.path.dirname(HERE), "scenarios"))

import calling  # noqa: F401,E402 pylint: disable=unused-import,wrong-import-position
import clustering  # noqa: F401,E402 pylint: disable=unused-import,wrong-import-position
import growing  # noqa: F401,E402 pylint: disable=unused-import,wrong-import-position
import inside  # noqa: F401,E402 pylint: disable=unused-import,wrong-import-position
import lasting  # noqa: F401,E402 pylint: disable=unused-import,wrong-import-position
import peaking  # noqa: F401,E402 pylint: disable=unused-import,wrong-import-position
import polling  # noqa: F401,E402 pylint: disable=unused-import,wrong-import-position
import restarting  # noqa: F401,E402 pylint: disable=unused-import,wrong-import-position
import storming  # noqa: F401,E402 pylint: disable=unused-import,wrong-import-position
import telling  # noqa: F401,E402 pylint: disable=unused-import,wrong-import-position
import peers  # noqa: E402 pylint: disable=wrong-import-position
from figures import LINES, as_plain, table  # noqa: E402 pylint: disable=wrong-import-position
from harness import ROOT, Failed  # noqa: E402 pylint: disable=wrong-import-position
from machine import LOAD, Foreign, Unfit, expect, noise, on, open_files, write_on_disk  # noqa: E402 pylint: disable=wrong-import-position

DESCRIPTORS = 16384  # 10,000 connections on either side, and what else is open
LIMIT = 300          # seconds that a line may take
QUIET_PERCENT = 10  # of all processors that others used: more, and the verdict says so


def arguments():
    parse = argparse.ArgumentParser(prog="./dev bench", description=__doc__.splitlines()[0])
    parse.add_argument("names", nargs="*", metavar="NAME", help="lines to run; all when none is given")
    parse.add_argument("--list", action="store_true", help="say which lines there are, and run none")
    parse.add_argument("--json", default=os.path.join(ROOT, "build", "bench.json"), help="where the figures are written")
    words = parse.parse_args()
    unknown = [name for name in words.names if name not in LINES]
    if unknown:
        parse.error(f"there is no bench {', '.join(unknown)}; there are {', '.join(LINES)}")
    return words


def source():
    """Which source is measured, and whether it is just that; nothing where it is no clone."""
    def git(*words):
        return subprocess.run(["git", "-C", ROOT, *words], capture_output=True, text=True, check=True).stdout.strip()
    try:
        return {"commit": git("rev-parse", "HEAD"), "dirty": git("status", "--porcelain") != ""}
    except (OSError, subprocess.CalledProcessError):
        return {}


def measured(each):
    """The figures of a line and what the machine did beside it; Unfit when it could not say anything."""
    before, foreign, begun = noise(), Foreign(), time.monotonic()
    with on(LOAD) if each.pinned else contextlib.nullcontext():
        figures = each.run()
    took = time.monotonic() - begun
    expect(f"it took {took:.0f} s, more than {LIMIT}", took <= LIMIT)
    return figures, {"seconds": round(took, 1), **foreign.shares(), "noise_before": before, "noise_after": noise()}


def run_line(each):
    """Its figures, or None when it could not say anything."""
    print(f"{each.name}: {each.load}", flush=True)
    try:
        figures, about = measured(each)
    except (Unfit, Failed) as why:
        print(f"  no figure: {why}", flush=True)
        return None, None
    except Exception:  # pylint: disable=broad-except
        # A fault of the bench itself must not take the other lines' figures with it.
        print("  no figure:\n" + traceback.format_exc(), flush=True)
        return None, None
    if about["foreign_percent"] > QUIET_PERCENT:
        for figure in figures:
            figure.noisy = True
    for figure in figures:
        print(f"  {figure.name}: {figure.value:.4g} {figure.unit} {figure.verdict}".rstrip(), flush=True)
    print(f"  {about['seconds']} s; machine: foreign {about['foreign_percent']} %, steal {about['steal_percent']} %, equal work varied by "
          f"{about['noise_before']['spread_percent']} % before and {about['noise_after']['spread_percent']} % after", flush=True)
    return figures, about


def write_json(path, results, runs, failed):
    """Lines that were not run keep what the file says of them, that they failed too; one that failed has no figures any more."""
    before = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            before = json.load(file)
    kept = {name: said for name, said in before.get("lines", {}).items() if name not in failed}
    for name, figures in results.items():
        kept[name] = {"run": runs[name], "figures": as_plain(figures)}
    failed = [name for name in before.get("failed", []) if name not in results and name not in failed] + failed
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"lines": kept, "failed": failed}, file, indent=1)


def main():
    words = arguments()
    if words.list:
        for each in LINES.values():
            print(f"{each.name:12} {each.load}\n{'':12} {each.about.splitlines()[0]}")
        return 0
    try:
        open_files(DESCRIPTORS)
        write_on_disk()
    except Unfit as why:
        print(f"bench: {why}", file=sys.stderr)
        return 1
    results, runs, failed = {}, {}, []
    for name in words.names or LINES:
        figures, about = run_line(LINES[name])
        if figures is None:
            failed.append(name)
        else:
            results[name], runs[name] = figures, about
    print("\n" + table(results))
    about = {"processors": os.cpu_count(), "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **source(),
             "peers": {name: peers.version(name) for name in peers.PACKAGES}}
    write_json(words.json, results, {name: {**about, **run} for name, run in runs.items()}, failed)
    print(f"\nwritten: {os.path.relpath(words.json)}")
    missed = sum(figure.is_missed for figures in results.values() for figure in figures)
    print(f"{len(results)} lines measured, {missed} figures missed their goal, {len(failed)} lines failed {failed or ''}".rstrip())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
