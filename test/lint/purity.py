#!/usr/bin/env python3
"""Clock, randomness and environment are arguments: only the places named here read them. Nothing sleeps."""

import argparse
import pathlib
import re
import sys
import tempfile

from cpp_text import without_comments_and_literals

ROOT = pathlib.Path(__file__).resolve().parents[2]

RULES = [
    ("reads a clock", re.compile(
        r"\b(?:system|steady|high_resolution|utc|file)_clock\s*::\s*now\b|\bclock_gettime\b|\bgettimeofday\b"
        r"|\babsl::Now\b|(?<![\w.>])(?:std::|::)?time\s*\(\s*(?:nullptr|NULL|0|&)|\blocaltime(?:_r)?\s*\(")),
    ("makes randomness", re.compile(
        r"\brandom_device\b|(?<![\w.>:])s?rand\s*\(|\bstd::s?rand\b|\barc4random\w*|\bRAND_(?:priv_)?bytes\b"
        r"|\bgetrandom\s*\(|\bgetentropy\s*\(|\brandombytes_\w+|\bmt19937(?:_64)?\s+\w+\s*;")),
    ("reads the environment", re.compile(r"\b(?:secure_)?getenv\b|\benviron\b")),
]
ALLOWED = re.compile(r"^(?:actors/clock\.(?:hpp|cpp)$|actors/net/|persistence/secrets|bin/|test/)")
SLEEP = re.compile(r"\bsleep_(?:for|until)\b|\b(?:u|nano)sleep\s*\(|(?<![\w.>:])sleep\s*\(\s*[^)\s]")


def problems_in(path, text):
    found = []
    for number, line in enumerate(without_comments_and_literals(text).split("\n"), 1):
        if SLEEP.search(line):
            found.append(f"{path}:{number}: sleeps")
        if ALLOWED.match(path):
            continue
        found += [f"{path}:{number}: {what}" for what, pattern in RULES if pattern.search(line)]
    return found


def check(root):
    found = []
    for folder in ("protocol", "persistence", "actors", "bin", "test"):
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in (".cpp", ".hpp"):
                found += problems_in(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))
    return found


PLANTED = {
    "actors/logic/a.cpp": "auto t = std::chrono::steady_clock::now();\n",
    "actors/logic/b.cpp": "std::random_device seed;\n",
    "protocol/wire/c.cpp": 'auto home = std::getenv("HOME");\n',
    "persistence/d.cpp": "auto t = time(nullptr);\n",
    "actors/e.cpp": "randombytes_buf(out, 16);\n",
    "test/logic/f_test.cpp": "std::this_thread::sleep_for(1s);\n",
    "test/logic/g_test.cpp": "sleep(1);\n",
}
HARMLESS = {
    "actors/clock.hpp": "auto t = std::chrono::steady_clock::now();\n",
    "persistence/secrets.cpp": "randombytes_buf(nonce, 24);\n",
    "actors/logic/ok.cpp": '// steady_clock::now() is refused\nauto s = "getenv"; auto t = x.time(0);\n',
    "bin/main.cpp": 'auto e = getenv("X");\nvoid sleep();\n',
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
