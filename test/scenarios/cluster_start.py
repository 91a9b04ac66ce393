"""Nodes that start while their database is away, as after a power cut: they wait for it, and say so."""

import json
import os
import re
import signal
import socket
import time

from cluster import Cluster
from harness import request, wait_for
from steps import expect

PBX = "pbx01"


def nodes_that_start_without_their_database_wait_for_it():
    """Everything lost its power. Of three nodes that come back before the database does each is alive, not ready, and says why. One whose
    database takes connections and never answers ends as soon as it is asked to; one whose file names another port says what is wrong
    with a file that is no better, and goes on when it is mended. When the database is back what failed meanwhile is told, once."""
    with Cluster("[fleet]\ntenants = 1\npbxes = 1\n", shards=3) as world, socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        world.start()
        world.apply()
        world.settled(1)
        for node in world.nodes.values():
            node.kill()
        world.database.stop()
        world.do("trunk_down", pbx=PBX, trunk="10001")
        wrong, hangs = world.nodes["n2"], world.nodes["n3"]
        right = renamed(wrong, world.database.port, 9)
        renamed(hangs, world.database.port, silent.getsockname()[1])
        for node in world.nodes.values():
            node.launch()
        for node in world.nodes.values():
            waits(node)
        begun = time.monotonic()
        hangs.daemon.send_signal(signal.SIGTERM)
        expect(hangs.died(20) == 0, "a node that was asked to stop while it waited did not end in order")
        expect(time.monotonic() - begun < 2, f"that took {time.monotonic() - begun:.1f} s")
        world.database.start()
        world.nodes["n1"].begins(20)
        write(wrong, right.replace("postgresql://", "postgresql://%zz"))
        wait_for("it says that the file is not sound", lambda: "event=reload_refused" in wrong.log_text())
        waits(wrong)
        write(wrong, right)
        wrong.begins(20)
        write(hangs, right.replace("n2", "n3"))
        hangs.start(limit=20)
        world.settled(1)
        wait_for("the failure is told", lambda: world.effects("webhook", "fired"))
        world.do("trunk_up", pbx=PBX, trunk="10001")
        wait_for("and its end", lambda: world.effects("webhook", "resolved"))
        fired = world.effects("webhook", "fired")
        expect(len(fired) == 1, f"it was told {len(fired)} times")


def renamed(node, port, other):
    """Makes its file name another port of the database; what it was."""
    with open(node.config, encoding="utf-8") as file:
        right = file.read()
    expect(right.count(f":{port}/") == 1, "its file names the database once")
    write(node, right.replace(f":{port}/", f":{other}/"))
    return right


def write(node, text):
    """As editors do: it is never half there."""
    with open(node.config + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(node.config + ".new", node.config)


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
