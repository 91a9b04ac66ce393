"""Four tenants share one account of a voice provider, which takes one call a second."""

import os
import re
import time

from harness import World, request, wait_for
from phones import PUBLIC, number_of
from steps import expect, seconds

TENANTS = ["t1", "t2", "t3", "t4"]
FLEET = "[fleet]\ntenants = 4\npbxes = 4\ntrunks_per_pbx = 3\n[twilio]\nring = \"1s\"\nlisten = \"1s\"\n"
INTERVAL = 1.1  # seconds between two calls of one account
JITTER = 0.5    # what lies between a permit and its call on a busy machine


def begin_sharing():
    world = World(FLEET)
    times = {"call_after_trunk": "300ms", "call_after_outage": "300ms", "ring_again_after": "300ms", "attempt_timeout": "1s"}
    try:
        world.write_config("200ms", times, public_url=PUBLIC)
        for tenant in TENANTS:
            with open(os.path.join(world.ready["tenants"], f"{tenant}.toml"), "a", encoding="utf-8") as file:
                file.write('\n[voice]\ntypes = ["trunk_down"]\n')
        world.start()
        world.do("callbacks_to", address=world.url.removeprefix("http://"))
        world.apply()
        world.settled(4)
        for tenant in TENANTS:
            world.ctl("phone", "verify", f"{tenant}-tech", "--tenant", tenant, "--no-wait")
            code = wait_for("the code", lambda: code_said_to(world, number_of(tenant)), 20)
            world.ctl("phone", "confirm", f"{tenant}-tech", code, "--tenant", tenant)
            wait_for("its end", lambda: len(world.effects("call_ended")) == len(world.effects("call_placed")), 20)
        world.do("phone", does="no_answer")
    except BaseException:
        world.end()
        raise
    return world


def code_said_to(world, number):
    calls = [line["sid"] for line in world.effects("call_placed") if line["number"] == number]
    said = [re.search(r"Your code is ([0-9, ]+)\.", line["text"]) for line in world.effects("call_said") if line["sid"] in calls]
    return next((one.group(1).replace(", ", "") for one in said if one), None)


def figure(world, name):
    _, text = request(world.url + "/metrics")
    return next(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name + " "))


def calls_after(world, moment):
    return [line for line in world.effects("call_placed") if seconds(line["t"]) > moment]


def expect_paced(calls):
    """No stretch of calls is quicker than the account allows."""
    times = sorted(seconds(line["t"]) for line in calls)
    for first, begun in enumerate(times):
        for last in range(first + 1, len(times)):
            least = (last - first) * INTERVAL - JITTER
            expect(times[last] - begun >= least, f"{last - first + 1} calls in {times[last] - begun:.2f} s")


def storm(world, trunk, calls):
    """Three tenants ring nobody who answers, as fast as they may; returns when it began."""
    begun = time.time()
    for number in (1, 2, 3):
        world.do("trunk_down", pbx=f"pbx0{number}", trunk=trunk)
    wait_for("a storm", lambda: len(calls_after(world, begun)) >= calls, 30)
    return begun


def one_tenants_storm_holds_no_others_call_up():
    """Three tenants redial at an account they share with a fourth: whose single critical rings within 5 s, and no second sees
    more calls than the account takes. A "too many" of the provider rests the account for all of them, as long as it says."""
    with begin_sharing() as world:
        begun = storm(world, "10000", 2)
        world.do("trunk_down", pbx="pbx04", trunk="10000")
        failed = time.time()
        own = number_of("t4")
        first = wait_for("the fourth's call", lambda: [line for line in calls_after(world, failed) if line["number"] == own], 20)[0]
        expect(seconds(first["t"]) - failed < 5, f"it rang after {seconds(first['t']) - failed:.2f} s")
        wait_for("the others' calls", lambda: len(calls_after(world, begun)) >= 7, 30)
        expect_paced(calls_after(world, begun))
        world.do("sink_fault", sink="twilio", mode="status", status=429, retry_after=4, count=1)
        for number in (1, 2, 3):
            world.do("trunk_down", pbx=f"pbx0{number}", trunk="10001")
        wait_for("the pause", lambda: figure(world, "ringdown_accounts_paused") == 1, 20)
        paused = time.time()
        after = wait_for("a call after it", lambda: calls_after(world, paused), 30)[0]
        expect(seconds(after["t"]) - paused > 3, f"the account was left alone for {seconds(after['t']) - paused:.2f} s")
