#!/usr/bin/env python3
"""clang-tidy on the C++ files that changed.

Changed means: since RINGDOWN_LINT_BASE if that is set; else since the merge base with origin/main if HEAD is ahead of
it; else in the last landing, taken as the commits of the four hours before HEAD. Without an older commit: all files.
A changed header is looked at in one unit: a changed one that includes it, else the cheapest (with --all, in every one). A
change of .clang-tidy counts for all units; whoever changes what this script passes on runs --all. What was clean is
remembered in build/tidy by the content of the unit, of its headers of ours and of .clang-tidy, so that a second run costs
nothing. The dearest units come first. The time is bounded: a unit not finished is no failure at a desk, where the next run
goes on from there, and is one in CI.

The 420 units of today need about 2000 s of one core, so 17 minutes on two: too long for every change. Without a bound on
the analyzer it would be twice that.
"""

import argparse
import concurrent.futures
import contextlib
import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from cpp_text import tree_files

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/release"
CACHE = ROOT / "build/tidy"
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
UNIT_SECONDS = 400
LANDING_SECONDS = 4 * 3600
RULES = (".clang-tidy",)
# What makes a unit dear, with how dear in bytes of our own code.
DEAR = {"boost/": 400_000, "caf/": 200_000, "toml++/": 200_000, "catch": 100_000}
# clang 16 with libstdc++ 12 has coroutines; Boost 1.74 does not see it. The analyzer goes through a tenth of the
# states it would by itself (225,000 for each function), which more than halves the time.
EXTRA = ["--extra-arg=-DBOOST_ASIO_HAS_CO_AWAIT=1", "--extra-arg=-DBOOST_ASIO_HAS_STD_COROUTINE=1",
         "--extra-arg=-Wno-unknown-warning-option", "--extra-arg=-Xclang", "--extra-arg=-analyzer-config",
         "--extra-arg=-Xclang", "--extra-arg=max-nodes=20000"]
# The analyzer of clang 16 takes a coroutine's frame for uninitialised memory, and needs most of its time there.
COROUTINE = ["--checks=-clang-analyzer-*"]


def git(*words):
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def changed_files():
    head = git("rev-parse", "HEAD")
    base = os.environ.get("RINGDOWN_LINT_BASE") or git("merge-base", "HEAD", "origin/main")
    if not base or base == head:
        landed = int(git("show", "-s", "--format=%ct", "HEAD") or 0)
        base = git("rev-list", "-1", f"--before={landed - LANDING_SECONDS}", "HEAD")
    everything = set(tree_files(ROOT, "*.cpp", "*.hpp"))
    if not base:
        return everything
    names = git("diff", "--name-only", base).split("\n") + git("ls-files", "--others", "--exclude-standard").split("\n")
    return touched(everything, set(names))


def touched(everything, names):
    """A change of the rules makes every file a changed one."""
    return everything if names & set(RULES) else everything & names


def closure(path, seen):
    """The unit and every header of ours that it reaches."""
    if path in seen or not (ROOT / path).is_file():
        return seen
    seen.add(path)
    for name in INCLUDE.findall((ROOT / path).read_text(encoding="utf-8")):
        closure(name, seen)
    return seen


def fingerprint(files):
    digest = hashlib.sha256()
    for name in (*RULES, *sorted(files)):
        digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes() + b"\0")
    return digest.hexdigest()


def price(files):
    """A guess of what a unit costs, good enough to begin with the dearest."""
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in files)
    return len(text) + sum(cost for library, cost in DEAR.items() if f"#include <{library}" in text)


def chosen(closures, changed, cost=price):
    """The changed units, and for each changed header that none of them includes the cheapest unit that does."""
    units = {unit for unit in closures if unit in changed}
    left = changed - {name for unit in units for name in closures[unit]}
    for _, unit in sorted((cost(files), unit) for unit, files in closures.items() if files & left):
        if closures[unit] & left:
            units.add(unit)
            left -= closures[unit]
    return units


def units_to_check(everywhere):
    """(unit, fingerprint) of each unit that was compiled, is to be looked at and not known to be clean; the dearest first."""
    known = {pathlib.Path(entry["file"]).resolve() for entry in
             json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8"))}
    closures = {unit: closure(unit, set()) for unit in tree_files(ROOT, "*.cpp") if (ROOT / unit).resolve() in known}
    found, remembered = [], 0
    for unit in closures if everywhere else chosen(closures, changed_files()):
        files = closures[unit]
        mark = fingerprint(files)
        if (CACHE / mark).exists():
            remembered += 1
        else:
            found.append((price(files), unit, mark))
    return [(unit, mark) for _, unit, mark in sorted(found, reverse=True)], remembered


def check_unit(unit, mark, deadline):
    if time.monotonic() > deadline:
        return unit, "not finished", ""
    extra = EXTRA + (COROUTINE if "co_await" in (ROOT / unit).read_text(encoding="utf-8") else [])
    try:
        done = subprocess.run(["clang-tidy-16", "--quiet", "-p", str(BUILD), *extra, unit], cwd=ROOT,
                              capture_output=True, text=True, check=False, timeout=UNIT_SECONDS)
    except subprocess.TimeoutExpired:
        return unit, "not finished", ""
    if done.returncode == 0:
        (CACHE / mark).write_text(unit, encoding="utf-8")
        return unit, "clean", ""
    return unit, "findings", done.stdout + (done.stderr if not done.stdout else "")


def check(minutes, everywhere):
    CACHE.mkdir(parents=True, exist_ok=True)
    units, remembered = units_to_check(everywhere)
    began = time.monotonic()
    deadline = began + minutes * 60
    results = {"clean": [], "findings": [], "not finished": []}
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        running = [pool.submit(check_unit, unit, mark, deadline) for unit, mark in units]
        for future in concurrent.futures.as_completed(running):
            unit, outcome, text = future.result()
            results[outcome].append(unit)
            if text:
                print(text, flush=True)
    print(f"tidy: {len(results['clean'])} clean, {remembered} clean before, {len(results['findings'])} with findings, "
          f"{len(results['not finished'])} not finished; {time.monotonic() - began:.0f} s")
    for outcome in ("findings", "not finished"):
        for unit in sorted(results[outcome]):
            print(f"  {outcome}: {unit}")
    return verdict(results, bool(os.environ.get("CI")))


def verdict(results, in_ci):
    """0 when it may pass. In CI nobody runs it again, so what was not looked at is not clean."""
    if results["not finished"] and in_ci:
        print(f"tidy: FAILED: {len(results['not finished'])} units were NOT CHECKED in the time given, see above")
    return 1 if results["findings"] or (results["not finished"] and in_ci) else 0


def finds_planted():
    planted = "#include <string>\n#include <utility>\nstd::size_t f(std::string a) {\n" \
              "  std::string b = std::move(a);\n  return a.size() + b.size();\n}\n" \
              "int g(int* p) {\n  if (p == nullptr) return *p;\n  return 0;\n}\n"
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "planted.cpp"
        source.write_text(planted, encoding="utf-8")
        (pathlib.Path(folder) / ".clang-tidy").write_bytes((ROOT / ".clang-tidy").read_bytes())
        done = subprocess.run(["clang-tidy-16", "--quiet", *EXTRA, str(source), "--", "-std=c++20"],
                              capture_output=True, text=True, check=False)
    wanted = ("bugprone-use-after-move", "clang-analyzer-core.NullDereference")
    return done.returncode != 0 and all(check in done.stdout for check in wanted)


def self_test():
    clean, late, bad = ({"findings": found, "not finished": unfinished}
                        for found, unfinished in (([], []), ([], ["a.cpp"]), (["a.cpp"], [])))
    with contextlib.redirect_stdout(io.StringIO()):
        verdicts = [verdict(results, in_ci) for results in (clean, late, bad) for in_ci in (False, True)]
    files = {"a.cpp", "b.hpp"}
    places = {"own.cpp": {"own.cpp"}, "near.cpp": {"near.cpp", "h.hpp"}, "far.cpp": {"far.cpp", "h.hpp", "g.hpp"}}
    choices = [chosen(places, set(names), len) for names in (["own.cpp"], ["h.hpp"], ["h.hpp", "far.cpp"], ["h.hpp", "g.hpp"])]
    faults = {
        "the units of a change were not chosen": [sorted(units) for units in choices] !=
                                                 [["own.cpp"], ["near.cpp"], ["far.cpp"], ["far.cpp", "near.cpp"]],
        "a use after move and a null dereference were not found": not finds_planted(),
        "a unit not finished must fail in CI, and a finding always": verdicts != [0, 0, 0, 1, 1, 1],
        "changed rules must mean all files": any(touched(files, {rule}) != files for rule in RULES),
        "a changed file must mean itself": touched(files, {"a.cpp", "c.md"}) != {"a.cpp"},
    }
    for fault in (fault for fault, there in faults.items() if there):
        print(f"tidy self-test: {fault}")
    return 1 if any(faults.values()) else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--self-test", action="store_true", help="check that a planted violation is found")
    parser.add_argument("--minutes", type=int, default=20, help="no unit is begun after this time (20)")
    parser.add_argument("--all", action="store_true", help="every unit, whatever changed")
    arguments = parser.parse_args()
    return self_test() if arguments.self_test else check(arguments.minutes, arguments.all)


if __name__ == "__main__":
    sys.exit(main())
