#!/usr/bin/env python3
"""clang-tidy on the C++ files that changed.

Changed means: since RINGDOWN_LINT_BASE if that is set; else since the merge base with origin/main if HEAD is ahead of
it; else in the last landing, taken as the commits of the eight hours before HEAD. Without an older commit: all files.
A changed header counts for the units that include it. What was clean is remembered in build/tidy by the content of
the unit, of its headers of ours and of .clang-tidy, so that a second run costs nothing. The time is bounded: units
not finished are listed, and are neither clean nor failed.
"""

import argparse
import concurrent.futures
import hashlib
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
LANDING_SECONDS = 8 * 3600
# clang 16 with libstdc++ 12 has coroutines; Boost 1.74 does not see it.
EXTRA = ["--extra-arg=-DBOOST_ASIO_HAS_CO_AWAIT=1", "--extra-arg=-DBOOST_ASIO_HAS_STD_COROUTINE=1",
         "--extra-arg=-Wno-unknown-warning-option"]


# The analyzer of clang 16 takes a coroutine's frame for uninitialised memory.
COROUTINE = ["--checks=-clang-analyzer-core.CallAndMessage"]


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
    return everything & set(names)


def closure(path, seen):
    """The unit and every header of ours that it reaches."""
    if path in seen or not (ROOT / path).is_file():
        return seen
    seen.add(path)
    for name in INCLUDE.findall((ROOT / path).read_text(encoding="utf-8")):
        closure(name, seen)
    return seen


def fingerprint(files):
    digest = hashlib.sha256((ROOT / ".clang-tidy").read_bytes())
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + (ROOT / name).read_bytes() + b"\0")
    return digest.hexdigest()


def units_to_check():
    """(unit, fingerprint) of each unit that was compiled, is touched by the change and not known to be clean."""
    known = {pathlib.Path(entry["file"]).resolve() for entry in
             json.loads((BUILD / "compile_commands.json").read_text(encoding="utf-8"))}
    changed = changed_files()
    found, remembered = [], 0
    for unit in tree_files(ROOT, "*.cpp"):
        if (ROOT / unit).resolve() not in known:
            continue
        files = closure(unit, set())
        if not files & changed:
            continue
        mark = fingerprint(files)
        if (CACHE / mark).exists():
            remembered += 1
        else:
            found.append((unit, mark))
    return found, remembered


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


def check(minutes):
    CACHE.mkdir(parents=True, exist_ok=True)
    units, remembered = units_to_check()
    deadline = time.monotonic() + minutes * 60
    results = {"clean": [], "findings": [], "not finished": []}
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        running = [pool.submit(check_unit, unit, mark, deadline) for unit, mark in units]
        for future in concurrent.futures.as_completed(running):
            unit, outcome, text = future.result()
            results[outcome].append(unit)
            if text:
                print(text, flush=True)
    print(f"tidy: {len(results['clean'])} clean, {remembered} clean before, {len(results['findings'])} with findings, "
          f"{len(results['not finished'])} not finished in {minutes} min")
    for outcome in ("findings", "not finished"):
        for unit in sorted(results[outcome]):
            print(f"  {outcome}: {unit}")
    return 1 if results["findings"] else 0


def self_test():
    planted = "#include <string>\n#include <utility>\nstd::size_t f(std::string a) {\n" \
              "  std::string b = std::move(a);\n  return a.size() + b.size();\n}\n"
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "planted.cpp"
        source.write_text(planted, encoding="utf-8")
        (pathlib.Path(folder) / ".clang-tidy").write_bytes((ROOT / ".clang-tidy").read_bytes())
        done = subprocess.run(["clang-tidy-16", "--quiet", str(source), "--", "-std=c++20"],
                              capture_output=True, text=True, check=False)
    if done.returncode == 0 or "bugprone-use-after-move" not in done.stdout:
        print("tidy self-test: a use after move was not found\n" + done.stdout + done.stderr)
        return 1
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--self-test", action="store_true", help="check that a planted violation is found")
    parser.add_argument("--minutes", type=int, default=15, help="no unit is begun after this time (15)")
    arguments = parser.parse_args()
    return self_test() if arguments.self_test else check(arguments.minutes)


if __name__ == "__main__":
    sys.exit(main())
