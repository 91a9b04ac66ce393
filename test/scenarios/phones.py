"""Phones of the simulator's tenants: which rings for what, how its number is verified, and when it rang."""

import collections
import json
import os
import re

from harness import wait_for
from steps import expect, seconds

PUBLIC = "http://ringdown.test"


def number_of(tenant):
    return f"+493023125{int(tenant[1:]) - 1:03}"


def rings_for(world, tenant, *types):
    """Its file says what the phone rings for."""
    with open(os.path.join(world.ready["tenants"], tenant + ".toml"), "a", encoding="utf-8") as file:
        file.write(f"\n[voice]\ntypes = {json.dumps(types)}\n")


def has_account(world, tenant, number):
    """A sub-account of that number: one account takes one call a second."""
    path = os.path.join(world.ready["tenants"], tenant + ".toml")
    with open(path, encoding="utf-8") as file:
        text = re.sub(r'(?m)^account = "(AC.{28}).{4}"$', rf'account = "\g<1>{number:04x}"', file.read())
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def verify_numbers(world, tenants):
    """All of them are called at once, and each code is given back."""
    for tenant in tenants:
        status, answer = world.api(f"/api/v1/tenants/{tenant}/phones/code", "POST", {"user": f"{tenant}-tech", "by": "test"})
        expect(status == 200, f"no code for {tenant}: {answer}")
    wait_for("the codes", lambda: len(codes_by_number(world)) == len(tenants), 60, step=0.5)
    codes = codes_by_number(world)
    for tenant in tenants:
        given = {"user": f"{tenant}-tech", "code": codes[number_of(tenant)], "by": "test"}
        status, answer = world.api(f"/api/v1/tenants/{tenant}/phones/confirm", "POST", given)
        expect(status == 200, f"the code of {tenant}: {answer}")
    wait_for("their ends", lambda: len(world.effects("call_ended")) >= len(tenants), 60, step=0.5)


def codes_by_number(world):
    found = {line["number"]: re.search(r"Your code is ([0-9, ]+)\.", line["text"]) for line in world.effects("call_said")}
    return {number: one.group(1).replace(", ", "") for number, one in found.items() if one}


def rings_by_number(world, kind):
    """When each number was called for an outage: the first call read out a code."""
    found = collections.defaultdict(list)
    for line in world.effects(kind):
        found[line["number"]].append(seconds(line["t"]))
    return collections.defaultdict(list, {number: sorted(times)[1:] for number, times in found.items()})
