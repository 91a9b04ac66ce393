"""Real processes for bench lines: the daemon on the one processor, what loads it on the other."""

import json
import os
import time

from harness import Failed, World, request, wait_for
from machine import OURS, on
from steps import seconds

READ_LIMIT = 100  # seconds until every PBX was read in full


class Usual(World):
    """A world whose daemon file says no more than it must: what is not named in `timing` is what an operator has."""

    def write_config(self, interval, timing=None, extra="", public_url=None):
        public = [f'public_url = "{public_url}"'] if public_url else []
        lines = ['state_dir = "state"', "[http]", 'listen = "127.0.0.1:0"', *public, "[egress]", 'allow = ["127.0.0.0/8"]',
                 "[limits]", 'min_poll_interval = "100ms"', "[poll]", f'interval = "{interval}"', "[timing]"]
        lines += [f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in (timing or {}).items()]
        with open(self.config, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n" + extra)

    def start(self, *words, **options):
        with on(OURS):
            return super().start(*words, **options)

    def read_in_full(self, pbxes):
        """Every PBX was read and found reachable: what fails from now on is news."""
        def all_read():
            rows = self.items("/api/v1/instances?limit=1000")
            return len(rows) == pbxes and all(row["last_complete_poll"] and row["reach"] == "reachable" for row in rows)
        wait_for(f"{pbxes} PBXes read", all_read, READ_LIMIT, 0.25)

    def counter(self, name):
        """One figure of the metrics page, or the sum of a family."""
        _, text = request(self.url + "/metrics")
        return sum(float(row.rsplit(" ", 1)[1]) for row in text.splitlines() if row.startswith((name + " ", name + "{")))

    def all_items(self, path):
        """Every page of a listing."""
        found, after = [], ""
        while True:
            status, answer = self.api(f"{path}{'&' if '?' in path else '?'}limit=1000{after}")
            if status != 200:
                raise Failed(f"{path}: {status} {answer}")
            found += answer["items"]
            if not answer.get("next"):
                return found
            after = f"&cursor={answer['next']}"


class Tail:
    """A journal of the simulator, read on from where it was read before; each line with its time in seconds as `at`."""

    def __init__(self, world, name):
        self._path = os.path.join(world.journal, name)
        self._offset = 0
        self.seen = []

    def read(self):
        """What is new."""
        if not os.path.exists(self._path):
            return []
        with open(self._path, "rb") as file:
            file.seek(self._offset)
            data = file.read()
        data = data[:data.rfind(b"\n") + 1]
        self._offset += len(data)
        new = [json.loads(text) for text in data.splitlines()]
        for one in new:
            one["at"] = seconds(one["t"])
        self.seen += new
        return new


def within(limit, look, step=0.02):
    """Whether it came in time: what did not come is a figure, and no failure of the bench."""
    end = time.monotonic() + limit
    return wait_for("what is awaited, or the end", lambda: look() or ("over" if time.monotonic() >= end else ""), limit + 5, step) != "over"
