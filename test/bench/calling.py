"""Bench lines about people: how long a phone, a push or a call is waited for."""

import collections
import concurrent.futures
import random
import time

from figures import Figure, line, median, percentile
from harness import event_of, wait_for
from machine import expect
from phones import PUBLIC, has_account, number_of, rings_for, verify_numbers
from steps import alert_of, seconds
from worlds import Tail, Usual, within

SEED = 20261124
SHARED = 0x5100     # the simulated account itself, as every tenant file has it at first
AFTER_ACK = 2.0     # seconds after an acknowledgement in which a phone may still ring


def callable_world(tenants, interval, timing, ring):
    """A daemon that may call one verified person of each tenant, and has one account for all of them."""
    world = Usual(f'[fleet]\ntenants = {tenants}\npbxes = {tenants}\ntrunks_per_pbx = 2\n'
                  f'[twilio]\nring = "{ring}"\nlisten = "2s"\npace = "1s"\n')
    names = [f"t{number}" for number in range(1, tenants + 1)]
    try:
        world.write_config(interval, timing, public_url=PUBLIC)
        for number, tenant in enumerate(names, 1):
            rings_for(world, tenant, "trunk_down")
            has_account(world, tenant, number)  # codes are read out beside each other: they are not what is measured
        world.start()
        world.do("callbacks_to", address=world.url.removeprefix("http://"))
        world.apply()
        world.read_in_full(tenants)
        verify_numbers(world, names)
        for tenant in names:
            has_account(world, tenant, SHARED)
        world.apply()
    except BaseException:
        world.end()
        raise
    return world, names


def pbx_of(tenant, digits):
    return f"pbx{int(tenant[1:]):0{digits}}"


class Phones:
    """What happened at each number since it was made, and when each alert's call was due."""

    def __init__(self, world, call_after):
        self.world, self.call_after = world, call_after
        self.calls = collections.defaultdict(dict)  # by call: kind -> when
        self.numbers = {}                           # by call: the number
        self.effects = Tail(world, "effects.jsonl")
        self.effects.read()
        self.since = len(self.effects.seen)
        self.due, self.alerts = {}, {}

    def look(self):
        """What is new at the phones."""
        new = [one for one in self.effects.read() if one["kind"].startswith("call")]
        for one in new:
            if "sid" in one:
                self.calls[one["sid"]].setdefault(one["kind"], one["at"])
                self.numbers[one["sid"]] = one["number"]
        return new

    def learn_alerts(self):
        for row in self.world.all_items("/api/v1/alerts?state=all"):
            if row["type"] == "trunk_down":
                self.alerts[number_of(row["tenant"])] = row
                self.due[number_of(row["tenant"])] = seconds(row["opened_at"]) + self.call_after

    def by_number(self):
        found = collections.defaultdict(list)
        for sid, call in self.calls.items():
            found[self.numbers[sid]].append(call)
        return found

    def rings(self, number):
        """(from, to) of each ringing of this number, in order."""
        now = time.time()
        return sorted((call["call_ringing"], min(call.get("call_answered", now), call.get("call_ended", now)))
                      for call in self.by_number()[number] if "call_ringing" in call)

    def first_waits(self):
        """Seconds from when each number's call was due to its first ring."""
        return {number: self.rings(number)[0][0] - due for number, due in self.due.items() if self.rings(number)}

    def most_live(self):
        """The most calls of one number that lived at once."""
        most, now = 0, time.time()
        for calls in self.by_number().values():
            edges = sorted([(call["call_placed"], 1) for call in calls] + [(call.get("call_ended", now), -1) for call in calls])
            live = 0
            for _, step in edges:
                live += step
                most = max(most, live)
        return most

    def is_sound(self):
        """Guards: nothing was refused, cut short by an error or begun without a permit."""
        wrong = [one for one in self.effects.seen[self.since:] if one["kind"] in ("call_refused", "call_error")]
        expect(f"calls went wrong, such as {wrong[:1]}", not wrong)
        expect("calls were begun as if permitted", self.world.counter("ringdown_permits_assumed_total") == 0)


# --- carrier ------------------------------------------------------------------------------------------------------------
TENANTS = 180
PATIENCE = 220.0    # seconds after the last call was due
CALL_AFTER = 12.0   # seconds; the usual two minutes only make everybody wait longer for the same. Less than ten, and the look at
                    # the PBX that goes before a ring would come too late


@line("carrier", "180 tenants whose carrier fails at once, one person each, one Twilio account that takes 1 call/s")
def carrier():
    """From when each call is due to its first ring, and what rings after somebody acknowledged.

    Everybody's trunk fails at once and is seen within 5 s: spread over 300 s there would be no queue at all. A third press 1, a
    third are acknowledged over the API while the phone rings, a third do not pick up and are rung again."""
    world, tenants = callable_world(TENANTS, "5s", {"call_after_trunk": f"{CALL_AFTER * 1000:.0f}ms"}, ring="20s")
    with world:
        people = group_of_people(world, tenants)
        phones = Phones(world, CALL_AFTER)
        world.do("trunk_down", trunk="10000", reason="silent")
        wait_for("every alert", lambda: phones.learn_alerts() or len(phones.due) == TENANTS, 60, 0.5)
        acks = acknowledge_as_they_ring(world, phones, people)
        phones.is_sound()
        return carrier_figures(phones, people, acks)


def carrier_figures(phones, people, acks):
    """Who never rang has waited until now."""
    now, waits = time.time(), phones.first_waits()
    waited = sorted(waits.get(number, now - due) for number, due in phones.due.items())
    late = sorted(max([0.0] + [end - at for _, end in phones.rings(number)]) for number, at in acks.items())
    twice = sum(len(phones.rings(number)) > 1 for number in phones.due)
    expect("nobody is rung before the call is due", min(waits.values()) >= 0)
    expect("nobody was rung twice: no repeat was there to give way", twice > 0)
    expect(f"{len(acks)} acknowledgements of {2 * TENANTS // 3}", len(acks) == 2 * TENANTS // 3)
    by_key = sum(people[number] == "key" for number in acks)
    seen = max(phones.due.values()) - min(phones.due.values())
    return [Figure("live calls per number", phones.most_live(), "", ("<=", 1), note=f"{len(phones.calls)} calls in {now - min(phones.due.values()):.0f} s"),
            Figure("last first ring after due", waited[-1], "s", ("<=", 200), singles=waited,
                   note=f"due within {seen:.0f} s; {twice} rang twice meanwhile; {TENANTS - len(waits)} never rang"),
            Figure("ringing after acknowledge", late[-1], "s", ("<=", AFTER_ACK), singles=late,
                   note=f"until it stops; {len(acks)} acknowledged, {by_key} of them by key")]


def group_of_people(world, tenants):
    """How the phones behave: by number `key`, `api` or `nobody`."""
    people = {}
    for at, tenant in enumerate(tenants):
        people[number_of(tenant)] = kind = ("key", "api", "nobody")[at % 3]
        does = {"does": "answers", "after": "2s", "press": "1"} if kind == "key" else {"does": "no_answer"}
        world.do("phone", number=number_of(tenant), **does)
    return people


def acknowledge_as_they_ring(world, phones, people):
    """Until everybody was rung, and what is acknowledged has had the time to ring once more: when each was acknowledged."""
    draw = random.Random(SEED)
    acks, plans, rung = {}, {}, set()

    def all_done():
        for one in phones.look():
            number = one["number"]
            if one["kind"] == "call_ringing" and number not in rung:
                rung.add(number)
                if people[number] == "api":
                    plans[number] = time.time() + draw.uniform(0, 5)
            if one["kind"] == "callback_answer" and one["what"] == "digits" and people[number] == "key":
                acks.setdefault(number, one["at"])
        for number in [number for number, at in plans.items() if at <= time.time()]:
            del plans[number]
            acks[number] = acknowledge(world, phones.alerts[number]["id"])
        return len(rung) == len(people) and len(acks) == 2 * len(people) // 3 and time.time() > max(acks.values()) + AFTER_ACK + 1
    within(max(phones.due.values()) + PATIENCE - time.time(), all_done, 0.05)
    return acks


def acknowledge(world, alert):
    asked = time.time()
    status, answer = world.api(f"/api/v1/alerts/{alert}/ack", "POST", {"by": "bench"})
    expect(f"an acknowledgement was answered {status} {answer}", status == 200)
    return asked


# --- human --------------------------------------------------------------------------------------------------------------
PBXES, SITES = 1000, 200    # one PBX of each tenant fails: two would be its provider's outage
FAILURES = {"trunk": 60, "no TCP": 100, "hang": 40}
SPREAD = 60.0               # seconds: one interval
GIVE_UP = 150.0             # seconds after the last failure
PEOPLE, APART = 20, 2.0


@line("human", "1,000 PBXes at 60 s, 200 failures at random phase; 20 calls, 2 s apart")
def human():
    """From a failure at a PBX to its push, accepted, and from when a call is due to its ringing, with the usual timing.

    Each kind of failure meets every part of the interval between two polls equally often, at random within the part: a draw over
    the whole of it moves the median of sixty by four seconds. A path that is down is the worst one: connections are not refused,
    nobody answers them at all, and the first request waits on the one that was kept."""
    with concurrent.futures.ThreadPoolExecutor(1) as beside:
        calls = beside.submit(due_calls)
        pushes = failures_to_pushes()
        return pushes + calls.result()


def failures_to_pushes():
    with Usual(f"[fleet]\ntenants = {SITES}\npbxes = {PBXES}\ntrunks_per_pbx = 2\n", interval="60s") as world:
        world.start()
        world.apply()
        world.read_in_full(PBXES)
        effects, truth = Tail(world, "effects.jsonl"), Tail(world, "truth.jsonl")
        truth.read()
        effects.read()
        wanted = inject(world)
        pushed = {}

        def all_pushed():
            for one in effects.read():
                if one["kind"] == "ntfy" and one["answered"] == 200 and event_of(one) == "fired":
                    pushed.setdefault(one["topic"].removesuffix("-oncall"), one)
            return len(pushed) >= sum(FAILURES.values())
        wait_for("a push of each failure", all_pushed, SPREAD + GIVE_UP, 0.2)
        failed = {one["tenant"]: one["at"] for one in truth.read()
                  if one["kind"] == "state" and one["resource"] in ("trunk", "instance") and one["from"] in ("registered", "up")}
        expect(f"{len(failed)} failures instead of {len(wanted)}", failed.keys() == wanted.keys() == pushed.keys())
        of_what_failed(world, wanted, pushed)
        took = collections.defaultdict(list)
        for tenant, (kind, _) in wanted.items():
            took[kind].append(pushed[tenant]["at"] - failed[tenant])
            expect("a push follows its failure", took[kind][-1] > 0)
        return push_figures(took)


def of_what_failed(world, wanted, pushed):
    """Each push is about what was made to fail."""
    alerts = {row["id"]: row for row in world.all_items("/api/v1/alerts?state=all")}
    for tenant, (kind, pbx) in wanted.items():
        about = alerts[alert_of(pushed[tenant])]
        told = about["tenant"], about["instance"], about["type"]
        expect(f"{kind} of {pbx} was told as {told}", told == (tenant, pbx, "trunk_down" if kind == "trunk" else "instance_unreachable"))


def inject(world):
    """By tenant: what is going to fail and of which PBX, each at its moment of one interval."""
    draw = random.Random(SEED)
    plan = [(kind, SPREAD * (part + draw.random()) / count) for kind, count in FAILURES.items() for part in range(count)]
    draw.shuffle(plan)
    polls = {row["id"]: seconds(row["next_poll"]) for row in world.all_items("/api/v1/instances")}
    begins = time.time() + 2
    wanted = {}
    for number, (kind, before_poll) in enumerate(plan):
        pbx = f"pbx{number * (PBXES // SITES) + draw.randint(1, PBXES // SITES):04}"
        wanted[f"t{number + 1}"] = kind, pbx
        at = begins + (polls[pbx] - before_poll - begins) % SPREAD - time.time()
        if kind == "trunk":
            world.do("trunk_down", pbx=pbx, trunk="10000", at=f"{1000 * at:.0f}ms")
        else:
            world.do("pbx_silent" if kind == "no TCP" else "pbx_hang", pbx=pbx, at=f"{1000 * at:.0f}ms")
    expect("the plan was made in time", time.time() < begins)
    return wanted


def push_figures(took):
    trunk, path, hang = (sorted(took[kind]) for kind in FAILURES)
    many = "{} failures, spread evenly over the phases of the polls"
    return [Figure("trunk -> push p50", median(trunk), "s", ("<=", 42), singles=trunk, note=many.format(len(trunk))),
            Figure("trunk -> push p99", percentile(trunk, 99), "s", ("<=", 72), singles=trunk),
            Figure("no TCP -> push p99", percentile(path, 99), "s", ("<=", 115), singles=path, note=many.format(len(path))),
            Figure("hang -> push p99", percentile(hang, 99), "s", ("<=", 125), singles=hang, note=many.format(len(hang)))]


def due_calls():
    """Twenty calls at one account, two seconds apart."""
    world, tenants = callable_world(PEOPLE, "1s", {"call_after_trunk": "20s"}, ring="2s")
    with world:
        world.do("phone", does="answers", press="1")
        phones = Phones(world, 20.0)
        for at, tenant in enumerate(tenants):
            world.do("trunk_down", pbx=pbx_of(tenant, 2), trunk="10000", at=f"{at * APART * 1000:.0f}ms")
        wait_for("every phone", lambda: phones.look() is not None and len(phones.by_number()) == PEOPLE
                 and all(phones.rings(number) for number in phones.by_number()), 120, 0.1)
        phones.learn_alerts()
        phones.is_sound()
        waits = sorted(phones.first_waits().values())
        expect(f"{len(waits)} of {PEOPLE} phones rang", len(waits) == PEOPLE)
        expect("none before its call was due", waits[0] >= 0)
        return [Figure("call due -> ringing p99", percentile(waits, 99), "s", ("<=", 3), singles=waits,
                       note=f"{PEOPLE} calls, {APART:.0f} s apart, beside the rest; the most, with 50 ms of the simulator's")]
