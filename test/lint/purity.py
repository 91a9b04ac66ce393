#!/usr/bin/env python3
"""Clock, randomness and environment are arguments: only the places named here read them. Nothing sleeps, and no test
throws away what a property test found.
"""

import argparse
import ast
import pathlib
import re
import sys
import tempfile

from cpp_text import without_comments_and_literals

ROOT = pathlib.Path(__file__).resolve().parents[2]

RULES = [
    # Any `something::now`, because an alias of a clock has any name; ours say what they read (`moment`, `boot_now`).
    ("reads a clock", re.compile(
        r"::\s*now\b|\bclock_gettime\b|\bgettimeofday\b|\btimespec_get\b|\bmake_timestamp\b|\bftime\s*\("
        r"|\babsl::Now\b|(?<![\w.>])(?:std::|::)?time\s*\(\s*(?:nullptr|NULL|0|&)"
        r"|(?<![\w.>:])(?:std::|::)?clock\s*\(\s*\)|\blocaltime(?:_r)?\s*\(")),
    ("makes randomness", re.compile(
        r"\brandom_device\b|(?<![\w.>:])(?:std::|::)?s?rand(?:_r)?\s*\(|\bstd::s?rand\b|\barc4random\w*"
        r"|\bRAND_(?:priv_)?bytes\b|(?<![\w.>:])(?:::)?s?random(?:_r)?\s*\(|\b[dejlmn]rand48(?:_r)?\b|\bsrand48\b"
        r"|\bgetrandom\s*\(|\bgetentropy\s*\(|\brandombytes_\w+|\bmt19937(?:_64)?\s+\w+\s*;")),
    ("reads the environment", re.compile(r"\b(?:secure_)?getenv\b|\benviron\b")),
]
ALLOWED = re.compile(r"^(?:actors/clock\.(?:hpp|cpp)$|actors/net/|persistence/secrets|bin/|test/)")
SLEEP = re.compile(r"\bsleep_(?:for|until)\b|\b(?:u|nano)sleep\s*\(|(?<![\w.>:])sleep\s*\(\s*[^)\s]")
# RapidCheck's verdict is a value: who neither tests nor keeps it has a test that cannot fail.
PROPERTY = re.compile(r"\brc::check\s*\(")
VERDICT_USED = re.compile(r"(?:\b(?:CHECK|REQUIRE)\s*\(|[\w}]\s*=|\breturn|&&|\|\|)\s*$")


def dropped_verdicts(path, bare):
    for call in PROPERTY.finditer(bare):
        before = bare[:call.start()]
        if not VERDICT_USED.search(before) or before.rstrip().endswith("ignore ="):
            yield f"{path}:{before.count(chr(10)) + 1}: drops what rc::check found (CHECK it)"


def cpp_problems(path, text):
    bare = without_comments_and_literals(text)
    found = list(dropped_verdicts(path, bare))
    for number, line in enumerate(bare.split("\n"), 1):
        if SLEEP.search(line):
            found.append(f"{path}:{number}: sleeps")
        if ALLOWED.match(path):
            continue
        found += [f"{path}:{number}: {what}" for what, pattern in RULES if pattern.search(line)]
    return found


def python_problems(path, text):
    """A call of sleep, however it was imported. Waiting for what is awaited is test/scenarios/harness.py's."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "sleep":
            yield f"{path}:{node.lineno}: sleeps"


def check(root):
    found = []
    for folder in ("protocol", "persistence", "actors", "bin", "test"):
        for file in sorted((root / folder).rglob("*")):
            path = file.relative_to(root).as_posix()
            if file.suffix in (".cpp", ".hpp"):
                found += cpp_problems(path, file.read_text(encoding="utf-8"))
            elif file.suffix == ".py":
                found += python_problems(path, file.read_text(encoding="utf-8"))
    return found


PLANTED = {
    "actors/logic/a.cpp": "auto t = std::chrono::steady_clock::now();\n",
    "actors/logic/b.cpp": "std::random_device seed;\n",
    "protocol/wire/c.cpp": 'auto home = std::getenv("HOME");\n',
    "persistence/d.cpp": "auto t = time(nullptr);\n",
    "actors/e.cpp": "randombytes_buf(out, 16);\n",
    "test/logic/f_test.cpp": "std::this_thread::sleep_for(1s);\n",
    "test/logic/g_test.cpp": "sleep(1);\n",
    "actors/logic/h.cpp": "using tick = std::chrono::steady_clock;\nauto t = tick::now();\n",
    "actors/logic/i.cpp": "auto t = std::chrono::tai_clock::now();\n",
    "actors/logic/j.cpp": "auto t = std::clock();\n",
    "actors/logic/k.cpp": "timespec t;\nstd::timespec_get(&t, TIME_UTC);\n",
    "actors/logic/l.cpp": "auto n = random() % 6;\n",
    "actors/logic/m.cpp": "auto n = drand48();\n",
    "actors/n.cpp": "auto t = caf::make_timestamp();\n",
    "actors/o.cpp": "auto read = &std::chrono::system_clock::now;\n",
    "test/logic/p_test.cpp": 'TEST_CASE("x") {\n  rc::check([] {});\n}\n',
    "test/logic/q_test.cpp": 'TEST_CASE("x") {\n  (void)rc::check("name",\n    [] {});\n}\n',
    "test/logic/r_test.cpp": 'TEST_CASE("x") {\n  std::ignore = rc::check([] {});\n}\n',
    "test/scenarios/s.py": "import time\ntime.sleep(1)\n",
    "test/scenarios/t.py": "from time import sleep\nsleep(1)\n",
}
HARMLESS = {
    "actors/clock.hpp": "auto t = std::chrono::steady_clock::now();\n",
    "persistence/secrets.cpp": "randombytes_buf(nonce, 24);\n",
    "actors/logic/ok.cpp": '// steady_clock::now() is refused\nauto s = "getenv"; auto t = x.time(0);\n',
    "bin/main.cpp": 'auto e = getenv("X");\nvoid sleep();\n',
    "actors/logic/ok_too.cpp": "auto t = world.now(); auto c = in.clock(); auto r = draw.random(6);\n",
    "test/logic/ok_test.cpp": 'CHECK(rc::check([] {}));\nconst auto holds =\n    rc::check("name", [] {});\n',
    "test/scenarios/ok.py": "# time.sleep(1)\npause(1)\n",
}


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in {**PLANTED, **HARMLESS}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        caught = {problem.split(":")[0] for problem in check(root)}
    if caught != set(PLANTED):
        print(f"purity self-test: missed {set(PLANTED) - caught}, wrongly refused {caught - set(PLANTED)}")
        return 1
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--self-test", action="store_true", help="check that planted violations are found")
    if parser.parse_args().self_test:
        return self_test()
    found = check(ROOT)
    print("\n".join(found) if found else "purity: clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
