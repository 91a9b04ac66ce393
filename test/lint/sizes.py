#!/usr/bin/env python3
"""No file of more than 450 lines, no function of more than 60: C++, Python, shell and CMake."""

import argparse
import ast
import pathlib
import re
import sys

from cpp_text import tree_files, without_comments_and_literals

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILE_LIMIT = 450
FUNCTION_LIMIT = 60
CONTAINER = re.compile(r"\bnamespace\b|^extern\s*\"\"$|^(?:[^(]*\b)?(?:class|struct|union|enum)\b[^(]*$")
# A lambda's head up to its brace: captures, perhaps parameters, perhaps what it returns.
LAMBDA = re.compile(r"(?:^|[=,({])\s*\[[^\[\]]*\]\s*(?:<.*>\s*)?(?:\(.*\)\s*)?"
                    r"(?:(?:mutable|constexpr|noexcept)\s*)*(?:->.*)?$", re.DOTALL)
SHELL_NAMES = ("dev", ".ci/run")


def kind_of_brace(head, inside):
    """What an opening brace outside of functions begins; `head` is the text since the last ; { or }. Inside a value
    only a lambda is more than a part of it.
    """
    head = re.sub(r"^\s*#.*$", "", head, flags=re.MULTILINE).strip()
    head = re.sub(r"^template\s*<.*?>\s*(?=class|struct|union)", "", head, flags=re.DOTALL)
    if CONTAINER.search(head):
        return "container"
    if LAMBDA.search(head):
        return "function"
    if inside:
        return inside
    if head.endswith(("=", "(")) or (head and "(" not in head and head[0] not in ",:"):
        return "value"
    return "function"


def cpp_functions(text):
    """(first line, lines, head) of each function body that stands at namespace or class level."""
    bare = without_comments_and_literals(text)
    kinds, starts, head_from, line = [], [], 0, 1
    for position, char in enumerate(bare):
        if char == "\n":
            line += 1
        elif char == "{":
            inside = next((kind for kind in reversed(kinds) if kind != "container"), None)
            kinds.append("inner" if inside in ("function", "inner") else kind_of_brace(bare[head_from:position], inside))
            starts.append((line, bare[head_from:position].strip()))
            head_from = position + 1
        elif char == "}" and kinds:
            kind, (start, head) = kinds.pop(), starts.pop()
            head_from = position + 1
            if kind == "function":
                yield start, line - start + 1, head.split("\n")[-1][:60]
        elif char == ";" and not (kinds and kinds[-1] != "container"):
            head_from = position + 1


def python_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno - node.lineno + 1, node.name


def shell_functions(text):
    start, name = None, ""
    for number, line in enumerate(text.split("\n"), 1):
        begins = re.match(r"^(\w+)\(\) *\{", line)
        if begins and not line.rstrip().endswith("}"):
            start, name = number, begins[1]
        elif line.startswith("}") and start:
            yield start, number - start + 1, name
            start = None


def functions_of(path, text):
    if path.endswith((".cpp", ".hpp")):
        return cpp_functions(text)
    if path.endswith(".py"):
        return python_functions(text)
    if path.endswith(".sh") or path in SHELL_NAMES:
        return shell_functions(text)
    return []


def problems_in(path, text):
    found = []
    lines = text.count("\n")
    if lines > FILE_LIMIT:
        found.append(f"{path}:1: {lines} lines (limit {FILE_LIMIT})")
    for start, length, name in functions_of(path, text):
        if length > FUNCTION_LIMIT:
            found.append(f"{path}:{start}: function of {length} lines (limit {FUNCTION_LIMIT}): {name}")
    return found


def check(root):
    found = []
    for path in tree_files(root, "*.cpp", "*.hpp", "*.py", "*.sh", "*.cmake", "*CMakeLists.txt", *SHELL_NAMES):
        if "/fixtures/" not in path and "/corpus/" not in path:
            found += problems_in(path, (root / path).read_text(encoding="utf-8"))
    return found


def self_test():
    body = "  ++x;\n" * 60
    long_ones = {
        "a.cpp": "namespace n {\nint f(int x) {\n" + body + "}\n}\n",
        "b.cpp": "class c {\n  explicit c(int x) : a_{x}, b_{1} {\n" + body + "  }\n};\n",
        "c.cpp": 'TEST_CASE("a {brace}") {\n' + body + "}\n",
        "d.cpp": "// line\n" * 451,
        "e.py": "def f():\n" + "    x = 1\n" * 61,
        "f.sh": "f() {\n" + "  echo\n" * 60 + "}\n",
        "g.cpp": "template <class T>\nvoid f(T x) {\n  if (x) {\n" + body + "  }\n}\n",
        "h.cpp": 'extern "C" int LLVMFuzzerTestOneInput(const char* x) {\n' + body + "}\n",
        "i.cpp": 'extern "C" {\nint f(int x) {\n' + body + "}\n}\n",
        "j.cpp": "namespace {\nconst auto f = [] {\n" + body + "};\n}\n",
        "k.cpp": "const std::map<int, int> m = [&a](const b& c) mutable -> std::map<int, int> {\n" + body + "}();\n",
        "l.cpp": 'const std::vector<route> all = {\n  {"a", 1},\n  {"b", [](int x) {\n' + body + "  }},\n};\n",
        "m.hpp": "struct s {\n  call done = [](int x) {\n" + body + "  };\n};\n",
    }
    short_ones = {
        "a.cpp": "constexpr int table[] = {\n" + "  1,\n" * 80 + "};\n",
        "b.cpp": "namespace {\nstruct s {\n" + "  int x = 1;\n" * 80 + "};\n}\n",
        "c.cpp": "void f() {\n}\n" * 40,
        "c2.cpp": 'extern "C" {\n' + "int f();\n" * 80 + "}\nextern int table[] = {\n" + "  1,\n" * 80 + "};\n",
        "d.cpp": "const auto t = R\"(\nvoid f() {\n" + "x\n" * 80 + "})\";\n",
    }
    missed = [name for name, text in long_ones.items() if not problems_in(name, text)]
    wrong = [name for name, text in short_ones.items() if problems_in(name, text)]
    if missed or wrong:
        print(f"sizes self-test: missed {missed}, wrongly refused {wrong}")
        return 1
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--self-test", action="store_true", help="check that planted violations are found")
    if parser.parse_args().self_test:
        return self_test()
    found = check(ROOT)
    print("\n".join(found) if found else "sizes: clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
