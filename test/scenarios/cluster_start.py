"""Nodes that start while their database is away, as after a power cut: they wait for it, and say so."""

import json
import re
import signal
import time

from cluster import Cluster
from harness import request, wait_for
from steps import expect

PBX = "pbx01"


def nodes_that_start_without_their_database_wait_for_it():
    """Everything lost its power. Of three nodes that come back before the database does each is alive, not ready, and says why; one that
    is asked to stop meanwhile ends in order, one whose file named another port goes on when the file is mended. When the database is back
    what failed meanwhile is told, once."""
    with Cluster("[fleet]\ntenants = 1\npbxes = 1\n", shards=3) as world:
        world.start()
        world.apply()
        world.settled(1)
        for node in world.nodes.values():
            node.kill()
        world.database.stop()
        world.do("trunk_down", pbx=PBX, trunk="10001")
        wrong = world.nodes["n2"]
        right = mistyped(wrong, world.database.port)
        for node in world.nodes.values():
            node.launch()
        for node in world.nodes.values():
            waits(node)
        asked = world.nodes["n3"]
        begun = time.monotonic()
        asked.daemon.send_signal(signal.SIGTERM)
        expect(asked.died(20) == 0, "a node that was asked to stop while it waited did not end in order")
        expect(time.monotonic() - begun < 10, "it took its time")
        world.database.start()
        world.nodes["n1"].begins(20)
        with open(wrong.config, "w", encoding="utf-8") as file:
            file.write(right)
        wrong.begins(20)
        asked.start()
        world.settled(1)
        wait_for("the failure is told", lambda: world.effects("webhook", "fired"))
        world.do("trunk_up", pbx=PBX, trunk="10001")
        wait_for("and its end", lambda: world.effects("webhook", "resolved"))
        fired = world.effects("webhook", "fired")
        expect(len(fired) == 1, f"it was told {len(fired)} times")


def mistyped(node, port):
    """Makes its file name a port where nothing listens; what it was."""
    with open(node.config, encoding="utf-8") as file:
        right = file.read()
    with open(node.config, "w", encoding="utf-8") as file:
        file.write(right.replace(f":{port}/", ":9/"))
    return right


def waits(node):
    """Whoever asks hears that it lives, that it is not ready, and why."""
    def listens():
        expect(node.daemon.poll() is None, f"{node.name} ended {node.daemon.returncode}: {node.log_tail()}")
        return re.findall(r"event=database_away .*listen=(\S+)", node.log_text())
    address = wait_for("it says that it waits", listens)[-1]
    expect(request(f"http://{address}/livez")[0] == 200, f"{node.name} is not alive")
    status, text = request(f"http://{address}/readyz")
    expect(status == 503 and "the database is away" in json.loads(text)["reasons"][0], f"{node.name}: {status} {text}")
    expect(request(f"http://{address}/api/v1/alerts")[0] == 503, f"{node.name} answers questions")
