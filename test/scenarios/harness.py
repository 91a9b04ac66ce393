"""Real processes for scenarios and the demo: a simulator, a daemon and ringdownctl, in a folder of their own.

Nothing sleeps for a fixed time: everything waits for what it wants to see, up to a limit.
"""

import ctypes
import http.client
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("RINGDOWN_BIN", os.path.join(ROOT, "build", "release", "bin"))

FAST_TIMING = {
    "confirm_after": "300ms", "unreachable_repoll_1": "200ms", "unreachable_repoll_2": "400ms",
    "unreachable_repoll_3": "700ms", "starting_grace": "2s", "retry_base": "200ms", "retry_cap": "2s",
    "attempt_timeout": "3s", "flap_quiet": "6s",
}

LIBC = ctypes.CDLL(None)  # opened here: a child between fork and exec should do little
PR_SET_PTRACER, PR_SET_PTRACER_ANY = 0x59616D61, 2 ** 64 - 1  # linux/prctl.h


class Failed(AssertionError):
    """What a scenario expected did not come."""


def pause(seconds):
    """Lets time pass without a busy loop; only between looks at something awaited."""
    select.select([], [], [], seconds)


def wait_for(what, look, limit=20.0, step=0.05):
    """The first true answer of `look`, or Failed after `limit` seconds."""
    end = time.monotonic() + limit
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Failed(f"waited {limit:.0f} s in vain: {what}")
        pause(step)


def request(url, method="GET", body=None, headers=None, timeout=10):
    """(status, text) of one HTTP exchange."""
    parts = urllib.parse.urlsplit(url)
    link = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    try:
        target = parts.path + ("?" + parts.query if parts.query else "")
        link.request(method, target or "/", body=body, headers=headers or {})
        answer = link.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    finally:
        link.close()


def stop(process, grace=10):
    """Ends a process we started, by its pid."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def allow_tracing():
    """Lets strace attach to the daemon where only ancestors may (Yama's ptrace_scope 1, the default of Ubuntu)."""
    LIBC.prctl(PR_SET_PTRACER, ctypes.c_ulong(PR_SET_PTRACER_ANY), 0, 0, 0)


def shim(folder, name, source):
    """The path of a library to preload, made of a C text."""
    written, library = os.path.join(folder, name + ".c"), os.path.join(folder, name + ".so")
    with open(written, "w", encoding="ascii") as file:
        file.write(source)
    done = subprocess.run([shutil.which("cc") or "gcc", "-shared", "-fPIC", "-O1", "-o", library, written, "-ldl"],
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"the shim {name} does not compile: {done.stderr}")
    return library


class Daemon:
    """A folder with a daemon's file, its state and its log, and one life of it after the other."""

    def __init__(self, folder):
        self.folder = folder
        self.config = os.path.join(folder, "ringdown.toml")
        self.log = os.path.join(folder, "ringdownd.log")
        self.state = os.path.join(folder, "state")
        self.daemon = None
        self.url = None

    def write_config(self, interval, timing=None, extra="", public_url=None):
        """The daemon's file; a running daemon reads it again at SIGHUP."""
        times = {**FAST_TIMING, **(timing or {})}
        public = [f'public_url = "{public_url}"'] if public_url else []
        lines = ['state_dir = "state"', "[http]", 'listen = "127.0.0.1:0"', *public, "[egress]", 'allow = ["127.0.0.0/8"]',
                 "[limits]", 'min_poll_interval = "100ms"', "[poll]", f'interval = "{interval}"', 'timeout = "3s"',
                 'connect_timeout = "1s"', "[timing]"]
        lines += [f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in times.items()]
        with open(self.config, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n" + extra)

    def start(self, prefix=(), limit=10, env=None):
        """Starts the daemon and returns the seconds until it was ready."""
        begun = time.monotonic()
        self.launch(prefix, env)
        self.begins(limit)
        return time.monotonic() - begun

    def launch(self, prefix=(), env=None):
        with open(self.log, "ab") as log:
            self.daemon = subprocess.Popen([*prefix, os.path.join(BIN, "ringdownd"), "--config", self.config], env={**os.environ, **(env or {})},
                                           stdout=subprocess.PIPE, stderr=log, preexec_fn=allow_tracing)

    def begins(self, limit=10):
        """Waits until it says where it listens, and that it is ready."""
        ready, _, _ = select.select([self.daemon.stdout], [], [], limit)
        line = self.daemon.stdout.readline().decode() if ready else ""
        if "listening on" not in line:
            raise Failed(f"the daemon did not start: {line!r}; its log ends: {self.log_tail()}")
        self.url = line.split("listening on ", 1)[1].strip()
        with open(os.path.join(self.folder, "pid"), "w", encoding="utf-8") as file:
            file.write(str(self.daemon.pid))
        wait_for("readiness", self._is_ready, limit)

    def _is_ready(self):
        try:
            return request(self.url + "/readyz")[0] == 200
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"no readiness: {error!r}; the log ends: {self.log_tail()}") from error

    def log_tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()[-1500:]

    def died(self, limit=30):
        """Waits for the daemon to end by itself: its exit code, negative for a signal."""
        try:
            return self.daemon.wait(limit)
        except subprocess.TimeoutExpired as error:
            raise Failed(f"the daemon still runs after {limit} s") from error
        finally:
            self.daemon.stdout.close()

    def kill(self):
        self.daemon.kill()
        self.died()

    def terminate(self, limit=30):
        """SIGTERM; the seconds it took to end, which must be in order."""
        begun = time.monotonic()
        self.daemon.send_signal(signal.SIGTERM)
        code = self.died(limit)
        if code != 0:
            raise Failed(f"the daemon ended {code} at SIGTERM; its log ends: {self.log_tail()}")
        return time.monotonic() - begun


class World(Daemon):
    """A folder, a simulator, and as many daemon lives as a scenario wants."""

    def __init__(self, scenario, interval="500ms", timing=None, node_extra=""):
        super().__init__(tempfile.mkdtemp(prefix="ringdown-"))
        self.journal = os.path.join(self.folder, "journal")
        self.simulator = None
        try:
            self.write_config(interval, timing, node_extra)
            self._start_simulator(scenario)
        except BaseException:
            self.end()
            raise

    def _start_simulator(self, scenario):
        path = os.path.join(self.folder, "scenario.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(scenario)
        self.simulator = subprocess.Popen(
            [os.path.join(BIN, "ringdown-sim"), "--scenario", path, "--control", "127.0.0.1:0", "--journal", self.journal],
            stdout=subprocess.DEVNULL)
        ready = os.path.join(self.journal, "ready.json")

        def is_ready():
            if self.simulator.poll() is not None:
                raise Failed(f"the simulator ended {self.simulator.returncode}")
            return os.path.exists(ready) and os.path.getsize(ready) > 2
        wait_for("the simulator", is_ready)
        with open(ready, encoding="utf-8") as file:
            self.ready = json.load(file)

    # --- the daemon -----------------------------------------------------------------------------------------------
    def ctl(self, *words, check=True):
        """What ringdownctl printed."""
        done = subprocess.run([os.path.join(BIN, "ringdownctl"), "--config", self.config, "--url", self.url, *words],
                              capture_output=True, text=True, timeout=60, check=False)
        if check and done.returncode != 0:
            raise Failed(f"ringdownctl {' '.join(words)} ended {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def apply(self):
        return self.ctl("apply", self.ready["tenants"])

    def api(self, path, method="GET", body=None):
        with open(os.path.join(self.folder, "state", "api.token"), encoding="utf-8") as file:
            token = file.read().strip()
        status, text = request(self.url + path, method, None if body is None else json.dumps(body),
                               {"Authorization": "Bearer " + token})
        return status, json.loads(text)

    def items(self, path):
        status, answer = self.api(path)
        if status != 200:
            raise Failed(f"{path}: {status} {answer}")
        return answer["items"]

    def metrics(self):
        """Sums of the counters scenarios ask about."""
        _, text = request(self.url + "/metrics")
        sums = {"polls": 0, "transitions": 0}
        for line in text.splitlines():
            for key in sums:
                if line.startswith(f"ringdown_{key}_total"):
                    sums[key] += int(float(line.rsplit(" ", 1)[1]))
        return sums

    def ended(self):
        """The exit code of the daemon, if it ended by itself."""
        return self.daemon.poll()

    def settled(self, pbxes):
        """Every PBX was read in full at least once and its first judgement is committed."""
        def all_seen():
            rows = self.items("/api/v1/instances")
            return len(rows) == pbxes and all(row["last_complete_poll"] and row["reach"] == "reachable" for row in rows)
        wait_for(f"{pbxes} PBXes read", all_seen, 40)

    # --- the simulator --------------------------------------------------------------------------------------------
    def do(self, verb, **keys):
        status, text = request("http://" + self.ready["control"] + "/do", "POST", json.dumps({"do": verb, **keys}))
        if status != 200:
            raise Failed(f"the simulator refused {verb}: {text}")

    def lines(self, name):
        path = os.path.join(self.journal, name)
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def effects(self, kind=None, event=None):
        """What arrived at the receivers, oldest first; events by the webhook's type or ntfy's tags."""
        found = [line for line in self.lines("effects.jsonl") if kind is None or line["kind"] == kind]
        return [line for line in found if event is None or event_of(line) == event]

    def refused_reads(self):
        """Polls that a PBX refused as wrong although nothing was wrong with it (D-04: we only read, and ask what exists)."""
        if not os.path.exists(os.path.join(self.journal, "truth.jsonl")):
            return []
        return [line for line in self.lines("truth.jsonl") if line["kind"] == "poll" and line["status"] in (400, 405) and "fault" not in line]

    def end(self):
        """Ends every process and removes the folder, unless RINGDOWN_KEEP asks to keep it."""
        stop(self.daemon)
        stop(self.simulator)
        for process in (self.daemon, self.simulator):
            if process is not None and process.stdout is not None:
                process.stdout.close()
        if os.environ.get("RINGDOWN_KEEP"):
            print("kept:", self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def close(self):
        """The end of a world in which all went well so far: what went unnoticed fails it now."""
        try:
            refused = self.refused_reads()
        finally:
            self.end()
        if refused:
            raise Failed(f"{len(refused)} polls were refused by sound PBXes, such as {refused[0]}")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.close()
        else:
            self.end()


def content(line):
    """The JSON body of an effect."""
    try:
        return json.loads(line.get("body") or "{}")
    except json.JSONDecodeError:
        return {}


def event_of(line):
    """fired, resolved, acknowledged, summary, ... of a webhook or ntfy effect."""
    body = content(line)
    if line["kind"] == "webhook":
        return body.get("type", "").removeprefix("alert.")
    words = ("fired", "resolved", "summary", "reminder", "escalated", "test")
    return next((tag for tag in body.get("tags", []) if tag in words), "")
