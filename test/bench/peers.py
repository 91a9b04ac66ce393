"""Prometheus and Alertmanager as Debian builds them, unpacked and never installed: a package of theirs would enable and
start a service that nobody asked for."""

import functools
import json
import os
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request

from machine import OURS, Unfit
from harness import ROOT, stop, wait_for

PACKAGES = {"prometheus": "prometheus", "alertmanager": "prometheus-alertmanager"}
FOLDER = os.path.join(ROOT, "build", "peers")


def program(name):
    """The path of a peer's program, fetched when it is not here yet."""
    package = PACKAGES[name]
    path = os.path.join(FOLDER, package, "usr", "bin", package)
    if os.path.exists(path):
        return path
    with tempfile.TemporaryDirectory() as fetched:
        # As root, apt would fetch as a user of its own that may not write here.
        command = ["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", package]
        done = subprocess.run(command, cwd=fetched, capture_output=True, text=True, check=False)
        files = [os.path.join(fetched, file) for file in os.listdir(fetched) if file.endswith(".deb")]
        if done.returncode != 0 or not files:
            raise Unfit(f"{package} cannot be fetched: {done.stderr.strip()[-300:]}")
        part = os.path.join(FOLDER, package + ".part")
        shutil.rmtree(part, ignore_errors=True)
        os.makedirs(part)
        subprocess.run(["dpkg-deb", "-x", files[0], part], check=True)
        look_beside(os.path.join(part, "usr", "bin", package))
        os.rename(part, os.path.join(FOLDER, package))
    return path


def look_beside(path):
    """Debian's Alertmanager reads its templates where the package would be installed: unpacked, it reads them from where it is
    started, by a relative path of the same length."""
    installed = b"/usr/share/prometheus/alertmanager"
    relative = b"alertmanager".rjust(len(installed) - 1, b"/")
    with open(path, "rb") as file:
        code = file.read()
    with open(path, "wb") as file:
        file.write(code.replace(installed, b"." + relative))


@functools.cache
def version(name):
    """As the program says it, or None when it was never fetched."""
    path = os.path.join(FOLDER, PACKAGES[name], "usr", "bin", PACKAGES[name])
    if not os.path.exists(path):
        return None
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True)
    return (said.stdout + said.stderr).split("version ", 1)[1].split()[0]


class Peer:
    """One running peer in a folder of its own, usually on one processor."""

    def __init__(self, name, config, arguments, port, processors=OURS):
        self.folder = tempfile.mkdtemp(prefix=f"bench-{name}-")
        self.config = os.path.join(self.folder, "config.yml")
        self.url = f"http://127.0.0.1:{port}"
        self.log = open(os.path.join(self.folder, "log"), "wb")  # pylint: disable=consider-using-with
        self._write(config)
        self._command = [program(name), f"--config.file={self.config}", f"--web.listen-address=127.0.0.1:{port}",
                         *[text.format(folder=self.folder) for text in arguments]]
        self._processors = processors
        self._files = os.path.join(FOLDER, PACKAGES[name], "usr", "share", "prometheus")  # if it has any
        self.process = None

    def _write(self, config):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(config)

    def start(self, limit=60):
        self.process = subprocess.Popen(self._command, stdout=self.log, stderr=self.log, cwd=self._files,
                                        preexec_fn=lambda: os.sched_setaffinity(0, self._processors))

        def ready():
            if self.process.poll() is not None:
                raise Unfit(f"the peer ended {self.process.returncode}: {self.log.name}")
            try:
                return self.get("/-/ready")[0] == 200
            except OSError:
                return False
        wait_for("the peer", ready, limit, 0.01)
        return self

    def get(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""

    def metric(self, name, metrics=None):
        """The sum of one family on its /metrics page."""
        text = metrics if metrics is not None else self.get("/metrics")[1]
        return sum(float(row.rsplit(" ", 1)[1]) for row in text.splitlines()
                   if row.startswith(name + "{") or row.startswith(name + " "))

    def query(self, expression):
        """One number that Prometheus makes of its series now; 0 when there are none."""
        answer = json.loads(self.get("/api/v1/query?" + urllib.parse.urlencode({"query": expression}))[1])
        return sum(float(row["value"][1]) for row in answer["data"]["result"])

    def reload(self, config):
        """The running peer reads another configuration."""
        loaded = "prometheus_config_last_reload_success_timestamp_seconds"
        before = self.metric(loaded)
        self._write(config)
        self.process.send_signal(signal.SIGHUP)
        wait_for("the peer's new configuration", lambda: self.metric(loaded) > before, 60, 0.1)
        return self

    @property
    def pid(self):
        return self.process.pid

    def end(self):
        stop(self.process, 20)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
