#!/usr/bin/env python3
"""Includes obey the layers of docs/architecture.md: who may include which folder of ours, and which library."""

import argparse
import pathlib
import re
import sys
import tempfile

from cpp_text import without_comments_and_literals

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Longest prefix wins. Per layer: folders of ours it may include, and libraries it may include.
LAYERS = {
    "protocol/types": (["protocol/types"], ["address text"]),
    "protocol/wire": (["protocol/types", "protocol/wire"], ["rapidjson", "crypto"]),
    "protocol": (["protocol/types", "protocol"], ["caf"]),
    "persistence": (["protocol/types", "protocol/wire", "persistence"], ["sodium", "posix"]),
    "persistence/sqlite": (["protocol/types", "persistence", "persistence/sql", "persistence/sqlite"],
                           ["sqlite", "posix"]),
    "persistence/postgres": (["protocol/types", "protocol/wire", "persistence", "persistence/sql",
                              "persistence/postgres"], ["pq", "posix"]),
    "persistence/sql": (["protocol/types", "protocol/wire", "persistence", "persistence/sql"], ["sodium"]),
    "actors/logic": (["protocol/types", "actors/logic"], ["absl", "phonenumbers"]),
    "actors/net": (["protocol/types", "actors/net"], ["boost", "crypto", "ssl", "curl", "posix",
                                                          "address text"]),
    "actors/store": (["protocol/types", "protocol/wire", "protocol", "actors/logic", "actors", "actors/store",
                      "persistence"], ["caf"]),
    "actors/api": (["protocol/types", "protocol/wire", "protocol", "actors/logic", "actors/net", "actors",
                    "actors/api"], ["caf", "absl", "spdlog", "cli", "toml", "systemd", "prometheus"]),
    "actors": (["protocol/types", "protocol/wire", "protocol", "actors/logic", "actors/net", "actors"], ["caf"]),
    "bin": None,
    "test": None,
}

# Headers that are a seam by themselves: plain rows and abstract interfaces, no library behind them (decision 0006).
SEAMS = {
    "persistence/rows.hpp": {"protocol", "actors", "actors/api"},
    "persistence/store.hpp": {"actors", "actors/api"},
    "persistence/lease_register.hpp": {"actors"},
    "persistence/cursor.hpp": {"actors/api"},
    "actors/store/reader.hpp": {"actors/api"},
}

LIBRARIES = {
    "rapidjson/": "rapidjson", "caf/": "caf", "boost/": "boost", "SQLiteCpp/": "sqlite", "sqlite3": "sqlite",
    "sodium": "sodium", "libpq": "pq", "absl/": "absl", "phonenumbers/": "phonenumbers", "curl/": "curl",
    "spdlog/": "spdlog", "CLI/": "cli", "toml++/": "toml", "systemd/": "systemd", "prometheus/": "prometheus",
    "openssl/ssl": "ssl", "openssl/": "crypto", "catch2/": "test", "rapidcheck": "test",
    "sys/": "posix", "netinet/": "posix", "arpa/inet.h": "address text", "net/": "posix", "linux/": "posix",
    "unistd.h": "posix", "fcntl.h": "posix", "poll.h": "posix", "netdb.h": "posix", "signal.h": "posix",
    "pthread.h": "posix", "dirent.h": "posix", "termios.h": "posix", "spawn.h": "posix", "fmt/": "anywhere",
}

# One file of a layer that needs a library the layer does not have.
SINGLE_FILES = {"actors/flight_recorder.cpp": "posix"}

# Actors talk by messages: only the tree, and an actor's own files (same stem), see an actor's header. The base class
# they all derive from is no actor.
ACTOR_HEADER = re.compile(r"^actors/(?P<stem>poller|supervisor|(?!observed_)[a-z_]+_actor)\.hpp$")
KNOWS_ALL_ACTORS = ("actors/tree", "bin/", "test/")
INCLUDE = re.compile(r'^\s*#\s*include\s*(?P<how>[<"])(?P<what>[^>"]+)[>"]')


def layer_of(path):
    fits = [layer for layer in LAYERS if path.startswith(layer + "/")]
    return max(fits, key=len) if fits else None


def library_of(what):
    fits = [prefix for prefix in LIBRARIES if what.startswith(prefix)]
    return LIBRARIES[max(fits, key=len)] if fits else None


def own_include_problem(path, layer, what):
    target = layer_of(what)
    if what == "ringdown_version.hpp":
        return None if layer in ("actors/api",) else "the version is known to actors/api, bin and test only"
    if target is None:
        return f"'{what}' is not a path from the root of the tree"
    is_tree = path.startswith("actors/tree.")
    if layer in SEAMS.get(what, ()):
        return None
    if target not in LAYERS[layer][0] and not (is_tree and target == "actors/store"):
        return f"{layer} may not include {target}"
    actor = ACTOR_HEADER.match(what)
    stem = pathlib.PurePosixPath(path).stem
    if actor and not stem.startswith(actor["stem"]) and not path.startswith(KNOWS_ALL_ACTORS):
        return f"only actors/tree.cpp knows other actors ({what})"
    return None


def library_problem(path, layer, what):
    library = library_of(what)
    if library is None:
        standard = "/" not in what and not what.endswith(".h")
        return None if standard else f"<{what}> is no known library of this project (a decision record first)"
    if library in ("anywhere", SINGLE_FILES.get(path)) or library in LAYERS[layer][1]:
        return None
    return f"{layer} may not use {library} (<{what}>)"


def problems_in(path, text):
    layer = layer_of(path)
    if layer is None:
        return [f"{path}:1: belongs to no layer of docs/architecture.md"]
    if LAYERS[layer] is None:
        return []
    found = []
    for number, line in enumerate(without_comments_and_literals(text).split("\n"), 1):
        include = INCLUDE.match(line)
        if not include:
            continue
        own = include["how"] == '"'
        problem = own_include_problem(path, layer, include["what"]) if own else library_problem(path, layer, include["what"])
        if problem:
            found.append(f"{path}:{number}: {problem}")
    return found


def check(root):
    found = []
    for folder in ("protocol", "persistence", "actors", "bin", "test"):
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in (".cpp", ".hpp"):
                found += problems_in(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))
    return found


PLANTED = {
    "protocol/types/a.hpp": '#include "protocol/wire/json.hpp"\n',
    "protocol/types/b.hpp": "#include <caf/actor.hpp>\n",
    "protocol/wire/c.cpp": "#include <openssl/ssl.h>\n",
    "actors/logic/d.cpp": '#include "actors/net/http_port.hpp"\n',
    "actors/logic/e.cpp": "#include <unistd.h>\n",
    "actors/poller.cpp": '#include "actors/tenant_actor.hpp"\n',
    "actors/clock.cpp": '#include "persistence/sqlite_store.hpp"\n',
    "actors/net/f.cpp": "#include <rapidjson/reader.h>\n",
    "persistence/g.cpp": "#include <new_library/thing.hpp>\n",
    "persistence/sql/h.cpp": "#include <SQLiteCpp/Database.h>\n",
    "persistence/sqlite/j.cpp": "#include <libpq-fe.h>\n",
    "persistence/sql/i.cpp": '#include "persistence/sqlite/connection.hpp"\n',
}
HARMLESS = {
    "protocol/wire/ok.cpp": '#include "protocol/types/http.hpp"\n#include <rapidjson/reader.h>\n#include <vector>\n',
    "actors/tree.cpp": '#include "actors/tenant_actor.hpp"\n#include "actors/store/store_actor.hpp"\n',
    "actors/tenant_actor_effects.cpp": '#include "actors/tenant_actor.hpp"\n#include "actors/observed_actor.hpp"\n#include <fmt/format.h>\n',
    "actors/logic/ok.cpp": '// #include <unistd.h>\n#include <absl/time/time.h>\n',
    "bin/main.cpp": '#include "persistence/store.hpp"\n#include <boost/asio.hpp>\n',
}


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in {**PLANTED, **HARMLESS}.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        caught = {problem.split(":")[0] for problem in check(root)}
    if caught != set(PLANTED):
        print(f"layers self-test: missed {set(PLANTED) - caught}, wrongly refused {caught - set(PLANTED)}")
        return 1
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--self-test", action="store_true", help="check that planted violations are found")
    if parser.parse_args().self_test:
        return self_test()
    found = check(ROOT)
    print("\n".join(found) if found else "layers: clean")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
