"""The steps and looks that several scenarios share."""

import collections
import datetime
import json

from harness import Failed, World, content, event_of, request, wait_for

SMALL = "[fleet]\ntenants = 1\npbxes = 2\ntrunks_per_pbx = 3\n"


def expect(holds, what):
    if not holds:
        raise Failed(what)


def begin(scenario, pbxes, **options):
    """A world whose daemon knows every PBX."""
    world = World(scenario, **options)
    try:
        world.start()
        world.apply()
        world.settled(pbxes)
    except BaseException:
        world.end()
        raise
    return world


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


# --- PBXes --------------------------------------------------------------------------------------------------------------
def polls(world, pbx, endpoint="Trunks"):
    return [line for line in world.lines("truth.jsonl") if line["kind"] == "poll" and line["pbx"] == pbx and line["endpoint"] == endpoint]


def wait_polls(world, pbx, more):
    goal = len(polls(world, pbx)) + more
    wait_for(f"{more} more polls of {pbx}", lambda: len(polls(world, pbx)) >= goal, 60)


def logins(world, pbx):
    return [line for line in world.lines("truth.jsonl") if line["kind"] == "login" and line["pbx"] == pbx]


def widest_gaps(world, since, until):
    """By PBX: the longest time between two answered polls of its trunks from `since` to `until`, the ends included."""
    times = collections.defaultdict(list)
    for line in world.lines("truth.jsonl"):
        if line["kind"] == "poll" and line["endpoint"] == "Trunks" and line["status"] == 200 and since <= seconds(line["t"]) <= until:
            times[line["pbx"]].append(seconds(line["t"]))
    return {pbx: max(b - a for a, b in zip([since, *seen], [*seen, until])) for pbx, seen in times.items()}


def failing_trunks(world):
    """(PBX, trunk id) of what is down, as the simulator knows it."""
    _, text = request("http://" + world.ready["control"] + "/truth")
    return {(pbx["pbx"], one["key"]) for pbx in json.loads(text)["pbxes"] for one in pbx["resources"]
            if one["resource"] == "trunk" and one["state"] != "registered"}


def alarmed_trunks(world):
    """The same, as the daemon's open alerts have it."""
    return {(row["instance"], row["resource"]["id"]) for row in world.items("/api/v1/alerts?limit=1000") if row["type"] == "trunk_down"}


def instance(world, pbx):
    return next(row for row in world.items("/api/v1/instances?limit=1000") if row["id"] == pbx)


def actor(world, name):
    return next(row for row in world.items("/api/v1/actors?limit=1000") if row["name"] == name)


def firing_of(world, tenants, limit=30):
    """By tenant: an alert of each that fires."""
    known = {}

    def all_fire():
        known.update({row["tenant"]: row for row in world.items("/api/v1/alerts?limit=1000") if row["state"] == "firing"})
        return set(tenants) <= set(known)
    wait_for("their alerts", all_fire, limit, 0.2)
    return known


def crash(world, name):
    """One actor ends as by a fault of its own; waits until its supervisor has started it again."""
    before = actor(world, name)["restarts"]
    world.ctl("restart-actor", name)
    wait_for(f"{name} started again", lambda: actor(world, name)["restarts"] > before and actor(world, name)["state"] == "running")


# --- who was told -------------------------------------------------------------------------------------------------------
def quiet(world):
    """Nothing is owed any more."""
    def owed():
        return world.items("/api/v1/deliveries?state=pending") or world.items("/api/v1/deliveries?state=claimed")
    wait_for("nothing pending", lambda: not owed(), 40)


def both_told(world, times=1, event="fired"):
    """The push and the webhook of `times` events arrived."""
    return min(len(world.effects(kind, event)) for kind in ("ntfy", "webhook")) >= times


def is_flagged(push):
    return "ossible repeat" in push["body"]


def alert_of(line):
    """The alert's id in an effect."""
    if line["kind"] == "webhook":
        return content(line)["data"]["alert"]["id"]
    return content(line)["sequence_id"].rsplit("-", 2)[0]


def push_delays(world):
    """Seconds from the row's commit to its arrival, of each fired push."""
    made = {row["alert"]: row["created_at"] for row in world.items("/api/v1/deliveries?limit=1000") if row["channel"].endswith("-push")}
    arrived = {alert_of(line): line["t"] for line in world.effects("ntfy", "fired")}
    return {alert: seconds(arrived[alert]) - seconds(at) for alert, at in made.items() if alert in arrived}


def webhook_keys(world):
    """The keys under which each (alert, version, event) arrived."""
    keys = collections.defaultdict(set)
    for line in world.effects("webhook"):
        keys[alert_of(line), content(line)["data"]["version"], event_of(line)].add(line["key"])
    return keys


def expect_told_once(world):
    """Each event under one webhook key; each fired push once, or again and then marked as a possible repeat."""
    doubled = [event for event, keys in webhook_keys(world).items() if len(keys) > 1]
    expect(not doubled, f"under two webhook keys: {doubled}")
    rows = collections.Counter(row["alert"] for row in world.items("/api/v1/deliveries?limit=1000")
                               if row["channel"].endswith("-push") and row["event"] == "fired")
    plain = collections.Counter(alert_of(line) for line in world.effects("ntfy", "fired") if not is_flagged(line))
    extra = {alert: count for alert, count in plain.items() if count > rows[alert]}
    expect(not extra, f"pushed again without saying that it may be a repeat: {extra}")
