"""Faults that come from below the daemon: the kernel's answers to its syncs, and a resolver that does not answer."""

import os
import subprocess

from harness import Failed, shim, wait_for

SHIM = r"""
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef int lookup(const char*, const char*, const struct addrinfo*, struct addrinfo**);

/* Names with ".dead." meet a resolver that never answers; pbxNN.pbx.test is the NN-th address of the simulator. */
int getaddrinfo(const char* host, const char* service, const struct addrinfo* hints, struct addrinfo** found) {
  lookup* real = (lookup*)dlsym(RTLD_NEXT, "getaddrinfo");
  char address[32];
  int n = 0;
  if (host != NULL && strstr(host, ".dead.") != NULL) {
    sleep(30);
    return EAI_AGAIN;
  }
  if (host != NULL && sscanf(host, "pbx%d.pbx.test", &n) == 1) {
    snprintf(address, sizeof address, "127.1.0.%d", n);
    host = address;
  }
  return real(host, service, hints, found);
}
"""


def dead_resolver(folder):
    """The environment in which a process meets it."""
    return {"LD_PRELOAD": shim(folder, "resolver", SHIM)}


def at_sync(inject, record="/dev/null"):
    """The beginning of a command line: strace that meddles with fdatasync. It counts the calls of each thread."""
    return ("strace", "-f", "-qq", "-o", record, "-e", "trace=fdatasync", "-e", "inject=fdatasync:" + inject)


class Meddling:
    """strace attached to a running daemon; `with` lets go of it."""

    def __init__(self, world, inject):
        self.daemon = world.daemon
        self.record = os.path.join(world.folder, "syncs")
        self.process = subprocess.Popen([*at_sync(inject, self.record), "-p", str(self.daemon.pid)], stderr=subprocess.PIPE)
        try:
            wait_for("strace attached", self._is_attached)
        except BaseException:
            self.let_go()
            raise

    def _is_attached(self):
        if self.daemon.poll() is not None:
            return True  # and its first sync ended it
        if self.process.poll() is not None:
            raise Failed(f"strace ended {self.process.returncode}: {self.process.stderr.read().decode()}")
        tasks = f"/proc/{self.daemon.pid}/task"
        return all(is_traced(f"{tasks}/{task}/status") for task in os.listdir(tasks))

    def syncs(self):
        """How many there were since it is attached."""
        with open(self.record, encoding="utf-8", errors="replace") as file:
            return sum(1 for line in file if "fdatasync(" in line)

    def let_go(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        self.process.stderr.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.let_go()


def is_traced(status):
    try:
        with open(status, encoding="ascii") as file:
            return any(line.startswith("TracerPid:") and line.split()[1] != "0" for line in file)
    except (FileNotFoundError, ProcessLookupError):
        return True  # a thread that has ended meanwhile
