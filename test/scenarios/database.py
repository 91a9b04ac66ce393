"""A PostgreSQL of a scenario's own: its programs come with the package postgresql, it listens on 127.0.0.1, and it ends with us.

Commits wait for the disk, as they do for everybody else.
"""

import ctypes
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile

from harness import Failed, wait_for

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1  # linux/prctl.h
SETTINGS = {"listen_addresses": "127.0.0.1", "max_connections": "60", "shared_buffers": "64MB", "log_min_messages": "warning"}


def programs():
    """The newest version's folder."""
    found = [path for path in glob.glob("/usr/lib/postgresql/*/bin") if os.path.exists(os.path.join(path, "initdb"))]
    if not found:
        raise Failed("no PostgreSQL: the package postgresql is not installed (./dev installs it)")
    return max(found, key=lambda path: int(path.split("/")[-2]))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Database:
    def __init__(self):
        self.programs = programs()
        self.folder = tempfile.mkdtemp(prefix="ringdown-postgres-")
        self.port = free_port()
        self.server = None
        # It refuses to run as root.
        self.user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if self.user:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        try:
            self._run("initdb", "-D", self._path("data"), "-U", "ringdown", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions", "-N")
            with open(self._path("data/pg_hba.conf"), "a", encoding="utf-8") as file:
                file.write("host all all 127.0.0.0/8 trust\n")  # each node has an address of its own
            self.start()
        except BaseException:
            self.end()
            raise

    def url(self, port=None):
        return f"postgresql://ringdown@127.0.0.1:{port or self.port}/postgres"

    def start(self):
        settings = [word for key, value in SETTINGS.items() for word in ("-c", f"{key}={value}")]
        with open(self._path("log"), "ab") as log:
            self.server = subprocess.Popen(
                [os.path.join(self.programs, "postgres"), "-D", self._path("data"), "-p", str(self.port), "-k", self.folder, *settings],
                stdout=log, stderr=log, preexec_fn=self._become, cwd=self.folder)
        wait_for("PostgreSQL", self._answers, 60)

    def stop(self):
        """At once, as a crash would: it starts again from its log."""
        self.server.send_signal(signal.SIGQUIT)
        self.server.wait(30)

    def processes(self):
        """Of the server: the first, and those that it has started."""
        with open(f"/proc/{self.server.pid}/task/{self.server.pid}/children", encoding="ascii") as file:
            return [self.server.pid, *(int(word) for word in file.read().split())]

    def ask(self, sql):
        """Rows of text."""
        done = subprocess.run([os.path.join(self.programs, "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "ringdown", "-d", "postgres",
                               "-XAtc", sql], capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise Failed(f"psql: {done.stderr}")
        return [line.split("|") for line in done.stdout.splitlines()]

    def end(self):
        if self.server and self.server.poll() is None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self):
        if self.server.poll() is not None:
            with open(self._path("log"), encoding="utf-8", errors="replace") as log:
                raise Failed(f"PostgreSQL ended {self.server.returncode}: {log.read()[-1500:]}")
        return self._run("pg_isready", "-h", "127.0.0.1", "-p", str(self.port), "-q", check=False) == 0

    def _run(self, program, *words, check=True):
        done = subprocess.run([os.path.join(self.programs, program), *words], capture_output=True, text=True, timeout=120, check=False,
                              preexec_fn=self._become, cwd=self.folder)
        if check and done.returncode != 0:
            raise Failed(f"{program} ended {done.returncode}: {done.stdout}{done.stderr}")
        return done.returncode

    def _become(self):
        if self.user:
            os.setgroups([])
            os.setgid(self.user.pw_gid)
            os.setuid(self.user.pw_uid)
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)  # gone with us, however we end

    def _path(self, name):
        return os.path.join(self.folder, name)
