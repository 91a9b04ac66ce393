"""The machine under the bench: processor time and memory of processes, pinning, its disk, and how noisy it is."""

import contextlib
import os
import resource
import statistics
import subprocess
import tempfile
import time

from harness import ROOT

OURS, LOAD = {0}, {1}  # processors: what is measured runs on the first, what loads it on the second
ANYWHERE = OURS | LOAD
STATE = os.path.join(ROOT, "build", "bench-state")  # where everything that is started keeps its files
PAGE, PAGES, SYNCS = 4096, 512, 200                 # of the disk's own sync


class Unfit(Exception):
    """The bench cannot say anything: a tool is missing, both sides did not do the same work, or something failed."""


def expect(what, true):
    """A guard of the bench itself: a figure of a run in which something failed is no figure."""
    if not true:
        raise Unfit(what)


def open_files(count):
    """Lets this process and its children hold so many descriptors."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= count:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, max(hard, count)))
    except (ValueError, OSError) as error:
        raise Unfit(f"needs {count} open files, allowed are {hard}: ulimit -n ({error})") from error


def write_on_disk():
    """Temporary folders are made where a sync costs something from now on: /tmp may be memory."""
    os.makedirs(STATE, exist_ok=True)
    kind = subprocess.run(["stat", "-f", "-c", "%T", STATE], capture_output=True, text=True, check=True).stdout.strip()
    expect(f"{STATE} is on a disk, and no {kind}", kind not in ("tmpfs", "ramfs"))
    tempfile.tempdir = STATE


def disk_sync(folder):
    """Milliseconds of the disk alone: the median of writing one page over another and waiting for it."""
    took, page = [], os.urandom(PAGE)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(bytes(PAGE * PAGES))
        file.flush()
        os.fsync(file.fileno())
        for number in range(SYNCS):
            begun = time.perf_counter()
            os.pwrite(file.fileno(), page, PAGE * (number % PAGES))
            os.fdatasync(file.fileno())
            took.append(1000 * (time.perf_counter() - begun))
    return statistics.median(took)


# --- processes ----------------------------------------------------------------------------------------------------------
def cpu_seconds(pid):
    """User and system time of all threads, ended ones too, to the clock tick (10 ms)."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_kib(pid, name):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        for text in file:
            if text.startswith(name + ":"):
                return int(text.split()[1])
    raise Unfit(f"process {pid} has no resident memory: it has ended")


def rss_kib(pid):
    return _memory_kib(pid, "VmRSS")


def peak_kib(pid):
    """The most it ever had, or has had since forget_peak()."""
    return _memory_kib(pid, "VmHWM")


def forget_peak(pid):
    """The peak of a process is what it has now."""
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


@contextlib.contextmanager
def on(processors):
    """This thread, and what it starts, on these processors."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


# --- noise --------------------------------------------------------------------------------------------------------------
def _spin():
    begun = time.perf_counter()
    total = 0
    for i in range(400_000):
        total += i
    return time.perf_counter() - begun


def noise():
    """The spread of one fixed piece of work over twenty turns where what is measured runs, in percent of its median."""
    with on(OURS):
        turns = sorted(_spin() for _ in range(20))
    return {"spread_percent": round(100 * (turns[17] - turns[2]) / turns[10], 1), "load": round(os.getloadavg()[0], 2)}


def _ticks():
    """Of each processor: clock ticks in which it did something, and those that other machines took (steal)."""
    with open("/proc/stat", encoding="utf-8") as file:
        rows = [row.split() for row in file if row.startswith("cpu") and row[3].isdigit()]
    # user, nice, system, irq and softirq; neither idle nor waiting for a disk
    return [(sum(int(row[at]) for at in (1, 2, 3, 6, 7)), int(row[8])) for row in rows]


class Foreign:
    """What the machine did from now on that is none of this process's and its ended children's work."""

    def __init__(self):
        self._ticks, self._own, self._begun = _ticks(), self._own_seconds(), time.monotonic()

    @staticmethod
    def _own_seconds():
        uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(use.ru_utime + use.ru_stime for use in uses)

    def shares(self):
        """In percent: of the whole machine what was foreign and stolen, and how busy each processor was."""
        took, tick = time.monotonic() - self._begun, os.sysconf("SC_CLK_TCK")
        parts = [((busy - busy_before) / tick, (stolen - stolen_before) / tick)
                 for (busy, stolen), (busy_before, stolen_before) in zip(_ticks(), self._ticks)]
        foreign = sum(busy for busy, _ in parts) - (self._own_seconds() - self._own)
        whole = took * len(parts)
        return {"foreign_percent": round(100 * max(0.0, foreign) / whole, 1),
                "steal_percent": round(100 * sum(stolen for _, stolen in parts) / whole, 1),
                "busy_percent": [round(100 * busy / took, 1) for busy, _ in parts]}
