#!/usr/bin/env python3
"""Planted defects: each is one or two changed places of the program, made in copies of its sources when test_mutants is
built, so that what is shipped holds no switch (docs/decisions/0012). A mutant is on when its name is; else the copy does
what the original does.

mutants.py --check          every place is found exactly once (a test of ctest: who changes such a line changes it here too)
mutants.py --generate DIR   writes the copies and the table
mutants.py --markdown       the table of docs/testing.md
"""

import argparse
import pathlib
import sys

from mutants_table import MUTANTS

ROOT = pathlib.Path(__file__).resolve().parents[2]
SWITCH = '::ringdown::simulation::is_planted("{}")'
DECLARATION = "#include <string_view>\nnamespace ringdown::simulation {\nbool is_planted(std::string_view name);\n}\n"


def problems():
    found = []
    names = [one.name for one in MUTANTS]
    found += [f"two mutants are called {name}" for name in sorted(set(names)) if names.count(name) > 1]
    for one in MUTANTS:
        text = (ROOT / one.file).read_text(encoding="utf-8")
        for place, put in one.edits:
            if text.count(place) != 1:
                found.append(f"{one.name}: found {text.count(place)} times in {one.file}: {place!r}")
            if "$on" not in put:
                found.append(f"{one.name}: has no switch: {put!r}")
    return found


def planted(file):
    """The text of one source with all its mutants. Places are looked up in the original, so that none hides another."""
    text = (ROOT / file).read_text(encoding="utf-8")
    edits = [(text.index(place), place, put.replace("$on", SWITCH.format(one.name)))
             for one in MUTANTS if one.file == file for place, put in one.edits]
    for start, place, put in sorted(edits, reverse=True):
        text = text[:start] + put + text[start + len(place):]
    return DECLARATION + f'#line 1 "{file}"\n' + text


def table():
    rows = "".join(f'    mutant{{"{one.name}", "{one.breaks}", installation::{one.shows_in}}},\n' for one in MUTANTS)
    return ('#include "test/simulation/mutants.hpp"\n\n#include <array>\n\nnamespace ringdown::simulation {\n\n'
            f"namespace {{\nconstexpr std::array all{{\n{rows}}};\n}} // namespace\n\n"
            "std::span<const mutant> mutants() { return all; }\n\n} // namespace ringdown::simulation\n")


def write_if_changed(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def generate(folder):
    for file in sorted({one.file for one in MUTANTS}):
        write_if_changed(folder / file, planted(file))
    write_if_changed(folder / "mutants_table.cpp", table())


def markdown():
    return "\n".join(["| mutant | what is broken |", "|---|---|"] +
                     [f"| `{one.name}` | {one.breaks} |" for one in MUTANTS])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true")
    what.add_argument("--generate", type=pathlib.Path)
    what.add_argument("--markdown", action="store_true")
    what.add_argument("--files", action="store_true", help="the sources that are copied, for CMake")
    asked = parser.parse_args()
    if asked.files:
        print(";".join(sorted({one.file for one in MUTANTS})), end="")
        return 0
    found = problems()
    if found:
        print("\n".join(f"mutants: {one}" for one in found))
        return 1
    if asked.generate:
        generate(asked.generate)
    if asked.markdown:
        print(markdown())
    if asked.check:
        print(f"mutants: {len(MUTANTS)}, each place is there")
    return 0


if __name__ == "__main__":
    sys.exit(main())
