"""The machine under the bench: processor time and memory of processes, pinning, and how noisy it is."""

import os
import resource
import time

OURS, LOAD = {0}, {1}  # processors: what is measured runs on the first, what loads it on the second


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


def cpu_seconds(pid):
    """User and system time of all threads, ended ones too, to the clock tick (10 ms)."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_kib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        for text in file:
            if text.startswith("VmRSS:"):
                return int(text.split()[1])
    raise Unfit(f"process {pid} has no resident memory: it has ended")


def pin(pids, processors):
    """All threads of a process, and those they start."""
    for pid in pids:
        for thread in os.listdir(f"/proc/{pid}/task"):
            os.sched_setaffinity(int(thread), processors)


def _spin():
    begun = time.perf_counter()
    total = 0
    for i in range(400_000):
        total += i
    return time.perf_counter() - begun


def noise():
    """The spread of one fixed piece of work over twenty turns, in percent of its median, and the share of time that
    other machines took (steal) meanwhile."""
    def stolen():
        with open("/proc/stat", encoding="utf-8") as file:
            fields = [int(word) for word in file.readline().split()[1:9]]
        return fields[7], sum(fields)
    steal, total = stolen()
    turns = sorted(_spin() for _ in range(20))
    steal_after, total_after = stolen()
    spread = 100 * (turns[17] - turns[2]) / turns[10]
    share = 100 * (steal_after - steal) / max(1, total_after - total)
    return {"spread_percent": round(spread, 1), "steal_percent": round(share, 1), "load": round(os.getloadavg()[0], 2)}
