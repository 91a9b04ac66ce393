"""Nodes whose wall clock is wrong (libfaketime), and what is wrong with the signatures they give."""

import base64
import glob
import hashlib
import hmac
import os

from harness import Failed
from steps import seconds


def environment(offset):
    """A process in it has a wall clock that is so many seconds ahead; its other clocks are right."""
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not found:
        raise Failed("no libfaketime: the package libfaketime is not installed (./dev installs it)")
    return {"LD_PRELOAD": found[0], "FAKETIME": f"{offset:+d}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}


def signatures(world):
    """(webhooks that are not signed by us, seconds by which the time that one was signed with was wrong at most)."""
    with open(os.path.join(world.ready["tenants"], "secrets", "webhook.secret"), encoding="ascii") as file:
        secret = base64.b64decode(file.read().strip().removeprefix("whsec_"))
    forged, off = [], 0.0
    for line in world.effects("webhook"):
        head = line["headers"]
        signed = f"{head['webhook-id']}.{head['webhook-timestamp']}.{line['body']}".encode()
        right = "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
        if right not in head["webhook-signature"].split(" "):
            forged.append(line["key"])
        off = max(off, abs(float(head["webhook-timestamp"]) - seconds(line["t"])))
    return forged, off
