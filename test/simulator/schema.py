#!/usr/bin/env python3
"""Checks what the simulator answers against xapi_schema.json, our own statement of the 3CX API's shapes.

Usage: schema.py PATH-TO-RINGDOWN-SIM. The checker must refuse planted violations before it is believed. Where the
official description lies beside the repository (and PyYAML is there) our statement is compared with it as well.
"""

import copy
import json
import os
import re
import sys
import tempfile

from smoke import Simulator

HERE = os.path.dirname(os.path.abspath(__file__))
OFFICIAL = os.path.join(HERE, "..", "..", "..", "shared", "specs", "3cx-xapi-20.0.10.yaml")
TIME = re.compile(r"\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)")
DURATION = re.compile(r"-?P(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
BOUND = {"int32": 2**31, "int64": 2**63}


def load_schema():
    with open(os.path.join(HERE, "xapi_schema.json"), encoding="utf-8") as file:
        return json.load(file)


def wrong(schema, kind, value, path):
    """Everything that is wrong with `value` as a `kind`, as a list of sentences."""
    if kind.endswith("?"):
        return [] if value is None else wrong(schema, kind[:-1], value, path)
    if kind.startswith("["):
        if not isinstance(value, list):
            return [f"{path}: not a list"]
        return [w for i, item in enumerate(value) for w in wrong(schema, kind[1:-1], item, f"{path}[{i}]")]
    if kind.startswith("#"):
        return wrong_shape(schema, kind[1:], value, path)
    if kind.startswith("="):
        good = value in schema["words"][kind[1:]]
    elif kind in BOUND:
        good = isinstance(value, int) and not isinstance(value, bool) and -BOUND[kind] <= value < BOUND[kind]
    elif kind == "boolean":
        good = isinstance(value, bool)
    else:
        pattern = {"string": None, "time": TIME, "duration": DURATION}[kind]
        good = isinstance(value, str) and (pattern is None or pattern.fullmatch(value) is not None)
    return [] if good else [f"{path}: {value!r} is no {kind}"]


def wrong_shape(schema, name, value, path):
    if not isinstance(value, dict):
        return [f"{path}: not an object"]
    shape = schema["shapes"][name]
    extra = schema["extra"].get(name, [])
    out = [f"{path}: unknown property {key}" for key in value
           if key not in shape and key not in extra and not key.startswith("@odata.")]
    for key, kind in shape.items():
        if key in value:
            out += wrong(schema, kind, value[key], f"{path}.{key}")
    return out


def wrong_answer(schema, endpoint, body):
    """An answer of one endpoint; collections must carry everything their shape has."""
    name = schema["answers"][endpoint]
    if "@odata.context" not in body:
        return [f"{endpoint}: no @odata.context"]
    if endpoint == "SystemStatus":
        items = [body]
    else:
        items = body.get("value")
        if not isinstance(items, list):
            return [f"{endpoint}: no value"]
    out = []
    for i, item in enumerate(items):
        out += wrong_shape(schema, name, item, f"{endpoint}[{i}]")
        out += [f"{endpoint}[{i}]: lacks {key}" for key in schema["shapes"][name] if key not in item]
    return out


def planted(schema, good):
    """Answers that must be refused, made from good ones."""
    def change(endpoint, act):
        body = copy.deepcopy(good[endpoint])
        act(body if endpoint == "SystemStatus" else body["value"][0])
        return endpoint, body
    return [
        change("Trunks", lambda t: t.update(IsOnline="true")),
        change("Trunks", lambda t: t.update(Id=None)),
        change("Trunks", lambda t: t.update(Id=2**31)),
        change("Trunks", lambda t: t["Gateway"].update(Type="SBC")),
        change("Trunks", lambda t: t["TrunkRegTimes"][0].update(Value=None)),
        change("Trunks", lambda t: t.update(Registered=True)),
        change("Trunks", lambda t: t.pop("Gateway")),
        change("Sbcs", lambda s: s["Connection"].update(ElapsedTime="3 days")),
        change("Services", lambda s: s.update(Status="running")),
        change("SystemStatus", lambda s: s.update(ExpirationDate="")),
        ("Trunks", {"@odata.context": "x", "value": {}}),
    ]


def official_differences(schema):
    """Where our statement and the official description disagree; None when it cannot be asked."""
    if not os.path.exists(OFFICIAL):
        print("schema: the official description is not here, our statement is not compared with it")
        return None
    try:
        import yaml  # pylint: disable=import-outside-toplevel
    except ImportError:
        print("schema: PyYAML is not installed, our statement is not compared with the official description")
        return None
    with open(OFFICIAL, encoding="utf-8") as file:
        official = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["components"]["schemas"]
    out = []
    for name, shape in schema["shapes"].items():
        known = properties(official, "Pbx." + name)
        for key, kind in shape.items():
            if key not in known:
                out.append(f"{name}.{key}: not in the description")
                continue
            theirs = describe(official, known[key])
            ours = json.dumps([schema["words"][kind.strip("=?")], kind.endswith("?")]) if kind[0] == "=" else kind
            if theirs != ours:
                out.append(f"{name}.{key}: {ours} here, {theirs} there")
    return out


def properties(official, name):
    """The properties of a schema with those of what it is made of."""
    entry = official[name]
    out = dict(entry.get("properties", {}))
    for part in entry.get("allOf", []):
        out.update(properties(official, part["$ref"].split("/")[-1]) if "$ref" in part else part.get("properties", {}))
    return out


def describe(official, entry):
    """A property in the notation of xapi_schema.json; enumerations as JSON [words, nullable]."""
    null = "?" if entry.get("nullable") else ""
    reference = entry.get("$ref") or (entry.get("allOf") or [{}])[0].get("$ref")
    if reference:
        name = reference.split("/")[-1]
        if "enum" in official[name]:
            return json.dumps([official[name]["enum"], bool(null)])
        return "#" + name.removeprefix("Pbx.") + null
    if entry["type"] == "array":
        item = describe(official, entry["items"])
        return "[string]" if item.startswith("[[") else f"[{item}]"  # lists of words are shown as lists of strings
    if entry["type"] == "integer":
        return entry["format"] + null
    formats = {"date-time": "time", "duration": "duration"}
    return formats.get(entry.get("format"), entry["type"]) + null


def check(program):
    schema = load_schema()
    problems = []
    with tempfile.TemporaryDirectory() as folder, Simulator(program, folder) as sim:
        sim.do("trunk_down", pbx="pbx01", trunk="10001")
        sim.do("trunk_down", pbx="pbx01", trunk="10002", reason="unregistered")
        sim.do("trunk_disable", pbx="pbx01", trunk="10000")
        sim.do("sbc_down", pbx="pbx02")
        sim.do("service_down", pbx="pbx02", service="nginx", status="StopPending")
        good = {}
        for number in (1, 2, 4):
            for endpoint in schema["answers"]:
                good[endpoint] = json.loads(sim.get(number, "/xapi/v1/" + endpoint)[2])
                problems += wrong_answer(schema, endpoint, good[endpoint])
        for path in ("Trunks?$top=101", "Trunks?$select=X", "Nowhere"):
            body = json.loads(sim.get(4, "/xapi/v1/" + path)[2])
            problems += wrong_shape(schema, "ODataErrors.ODataError", body, path)
    for endpoint, body in planted(schema, good):
        if not wrong_answer(schema, endpoint, body):
            problems.append(f"a planted violation of {endpoint} was not noticed")
    return problems + (official_differences(schema) or [])


def main():
    problems = check(sys.argv[1])
    for problem in problems:
        print("FAILED", problem)
    print(f"simulator schema: {'ok' if not problems else f'{len(problems)} problems'}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
