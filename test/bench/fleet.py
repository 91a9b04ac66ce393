"""A fleet of PBXes with a receiver of webhooks (bench-fleet), and a ringdown node that watches it."""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from harness import BIN, Failed, request, stop, wait_for
from machine import LOAD, OURS, Unfit, cpu_seconds, expect

PBX_DOMAIN = "bench.test"
TENANT_SIZE = 50
SECRET = "whsec_YmVuY2gtc2VjcmV0LW9mLWEtcmVjZWl2ZXItMDAwMQ=="
COMPLETE, PARTIAL, FAILED = (f'ringdown_polls_total{{result="{result}"' for result in ("complete", "partial", "failed"))


def free_port():
    """A port that nobody has on any loopback address now."""
    with socket.socket() as probe:
        probe.bind(("0.0.0.0", 0))
        return probe.getsockname()[1]


def pbx_address(number):
    return f"127.1.{number // 256}.{number % 256}"


class Fleet:
    """The bench-fleet program, told what to do line by line: its main.cpp says what it knows."""

    def __init__(self, pbxes, trunks=9, processors=LOAD):
        self.pbxes = pbxes
        self.folder = tempfile.mkdtemp(prefix="bench-fleet-")
        self.ca_file = os.path.join(self.folder, "ca.pem")
        self.port, self.sink_port = free_port(), free_port()
        command = [os.path.join(BIN, "bench-fleet"), "--pbxes", str(pbxes), "--port", str(self.port), "--sink-port",
                   str(self.sink_port), "--trunks", str(trunks), "--ca-file", self.ca_file]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", bufsize=1,
                                        preexec_fn=lambda: os.sched_setaffinity(0, processors))
        expect("the fleet listens", self.process.stdout.readline().strip() == "ready")

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        expect(f"the fleet answers {command}", answer)
        return json.loads(answer)

    def stats(self):
        return self.ask("stats")

    def read_since(self, what, limit, *commands):
        """Forgets what it has seen, does as told, and waits until every PBX was read in full since."""
        for command in ("clear", *commands):
            self.ask(command)
        wait_for(f"every PBX read {what}", lambda: self.stats()["complete"] >= self.pbxes, limit, 0.1)

    def end(self):
        self.process.stdin.close()
        stop(self.process)
        self.process.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Node:
    """One ringdownd that polls a fleet, in a folder of its own, usually on one processor."""

    def __init__(self, fleet, interval, timing=None, tenant_size=TENANT_SIZE, processors=OURS, extra=""):
        self.fleet = fleet
        self.folder = tempfile.mkdtemp(prefix="bench-node-")
        self.log = os.path.join(self.folder, "log")
        self.config = os.path.join(self.folder, "ringdown.toml")
        self.process = self.url = None
        self._processors, self._timing, self._extra = processors, timing or {}, extra
        self._write_config(interval)
        self._write_tenants(tenant_size)

    def _write_config(self, interval):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write('state_dir = "state"\n[http]\nlisten = "127.0.0.1:0"\n[egress]\nallow = ["127.0.0.0/8"]\n'
                       f'[limits]\nmin_poll_interval = "100ms"\n[poll]\ninterval = "{interval}"\n' + toml("timing", self._timing) + self._extra)

    def poll_every(self, interval):
        """The running daemon reads its file again."""
        before = self._reloads()
        self._write_config(interval)
        self.process.send_signal(signal.SIGHUP)
        wait_for("the new interval", lambda: self._reloads() > before, 30, 0.1)

    def _reloads(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return sum("event=reloaded" in row for row in file)

    def _write_tenants(self, size):
        self.tenants = os.path.join(self.folder, "tenants")
        os.makedirs(self.tenants)
        for name, text in (("pbx", "bench-secret"), ("hook", SECRET)):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                os.chmod(file.name, 0o600)
                file.write(text + "\n")
        for first in range(0, self.fleet.pbxes, size):
            name = f"t{first // size + 1:03}"
            with open(os.path.join(self.tenants, name + ".toml"), "w", encoding="utf-8") as file:
                file.write(self._tenant(name, range(first, min(first + size, self.fleet.pbxes))))

    def _tenant(self, name, numbers):
        rows = [f'[tenant]\nid = "{name}"\nname = "Tenant {name}"\n[[customer]]\nid = "c"\nname = "A customer"\n']
        for n in numbers:
            rows.append(f'[[instance]]\nid = "p{n:05}"\nname = "PBX {n}"\ncustomer = "c"\n'
                        f'url = "https://p{n:05}.{PBX_DOMAIN}:{self.fleet.port}"\naddress = "{pbx_address(n)}"\nclient_id = "900"\n'
                        f'secret = {{ file = "{self.folder}/pbx" }}\ntls.ca_file = "{self.fleet.ca_file}"\n')
        rows.append(f'[[channel]]\nid = "hook"\nkind = "webhook"\nname = "Receiver"\n'
                    f'url = "http://127.0.0.1:{self.fleet.sink_port}/{name}"\nsecret = {{ file = "{self.folder}/hook" }}\n')
        return "".join(rows)

    def start(self, limit=60, wrap=()):
        """Seconds from the start of the process to readiness."""
        begun = time.monotonic()
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([*wrap, os.path.join(BIN, "ringdownd"), "--config", self.config],
                                            stdout=subprocess.PIPE, stderr=log,
                                            preexec_fn=lambda: os.sched_setaffinity(0, self._processors))
        ready, _, _ = select.select([self.process.stdout], [], [], limit)
        said = self.process.stdout.readline().decode() if ready else ""
        if "listening on" not in said:
            raise Unfit(f"the daemon did not start: {self.log_tail()}")
        self.url = said.split("listening on ", 1)[1].strip()
        wait_for("readiness", lambda: request(self.url + "/readyz")[0] == 200, limit, 0.005)
        return time.monotonic() - begun

    def apply(self):
        done = subprocess.run([os.path.join(BIN, "ringdownctl"), "--config", self.config, "--url", self.url, "apply", self.tenants],
                              capture_output=True, text=True, timeout=240, check=False,
                              preexec_fn=lambda: os.sched_setaffinity(0, LOAD))
        expect(f"the tenants are applied: {(done.stdout + done.stderr)[-300:]}", done.returncode == 0)

    def log_tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()[-1200:]

    def metrics(self):
        return request(self.url + "/metrics", timeout=30)[1]

    def metric(self, name, text=None):
        """The sum of one family whose name, with its labels, begins so."""
        rows = (text if text is not None else self.metrics()).splitlines()
        return sum(float(row.rsplit(" ", 1)[1]) for row in rows if row.startswith(name))

    @property
    def pid(self):
        return self.process.pid

    def warm(self, limit=120):
        """Waits until every PBX has logged in and was read in full since."""
        wait_for(f"{self.fleet.pbxes} PBXes connected", lambda: self.fleet.stats()["tokens"] >= self.fleet.pbxes, limit, 0.2)
        self.fleet.read_since("once it was connected", limit)

    def window(self, seconds):
        """What happened in a stretch of time: the fleet's counts, the seconds and the processor seconds used."""
        before, cpu, begun = self.fleet.stats(), cpu_seconds(self.pid), time.monotonic()
        polls, polls_begun = self.metrics(), time.monotonic()  # a busy daemon takes its time to say them
        wait_until(begun + seconds, self)
        took, used, after = time.monotonic() - begun, cpu_seconds(self.pid) - cpu, self.fleet.stats()
        now, polls_took = self.metrics(), time.monotonic() - polls_begun
        counted = {key: after[key] - before[key] for key in after}
        for name, key in (("complete", COMPLETE), ("partial", PARTIAL), ("failed", FAILED)):
            counted["polls_" + name] = self.metric(key, now) - self.metric(key, polls)
        return {**counted, "seconds": took, "cpu": used, "polls_seconds": polls_took}

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def end(self):
        stop(self.process, 30)
        if self.process is not None and not self.process.stdout.closed:
            self.process.stdout.close()
        if os.environ.get("RINGDOWN_KEEP"):
            print("kept:", self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def wait_until(when, node):
    """Lets time pass while the process under the bench lives."""
    while (left := when - time.monotonic()) > 0:
        if node.process.poll() is not None:
            raise Failed(f"the process ended {node.process.returncode}")
        select.select([], [], [], min(left, 0.5))


def toml(section, values):
    rows = [f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in values.items()]
    return f"[{section}]\n" + "".join(row + "\n" for row in rows) if rows else ""
