"""A network of a scenario's own, in which answers of the database to a node get lost: what the node says arrives, and nothing comes back."""

import ctypes
import os
import shutil
import subprocess

import sources
from harness import Failed

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000  # linux/sched.h


def own_network():
    """From now on this process, and what it starts, has one with nothing but a loopback. False: it may not, which is said, and is no
    excuse in CI."""
    lacks = "root" if os.geteuid() != 0 else "the program ip" if not shutil.which("ip") else ""
    if not lacks and LIBC.unshare(CLONE_NEWNET) != 0:
        lacks = f"a network of its own ({os.strerror(ctypes.get_errno())})"
    if lacks:
        if os.environ.get("CI"):
            raise Failed(f"packets cannot be lost here: it lacks {lacks}")
        print(f"     no packets are lost, a proxy falls silent: this lacks {lacks}")
        return False
    _ip("link", "set", "lo", "up")
    # What is local is looked up first, unless somebody puts it behind other rules.
    _ip("rule", "add", "pref", "100", "lookup", "local")
    _ip("rule", "del", "pref", "0")
    return True


def cut(node, port):
    _ip("rule", "add", *_answers_to(node, port))


def mend(node, port):
    _ip("rule", "del", *_answers_to(node, port))


def _answers_to(node, port):
    return ("pref", "10", "to", sources.address_of(node), "ipproto", "tcp", "sport", str(port), "blackhole")


def _ip(*words):
    subprocess.run(["ip", *words], check=True)
