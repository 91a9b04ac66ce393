"""The bench line about what survives kills."""

import collections
import json
import random
import urllib.request

from figures import Figure, line
from fleet import free_port
from harness import content, event_of, wait_for
from hooks import Hook
from machine import expect
from peers import Peer
from steps import alert_of, is_flagged
from worlds import Tail, Usual, within

SEED = 20261124
PBXES, WAVES = 200, 5       # each wave takes one trunk of each PBX down; five more bring them up again
KILLS = 2                   # in each wave
TRUNKS = WAVES + 1          # one stays: a PBX without any is another alert
TIMING = {"confirm_after": "300ms", "retry_base": "200ms", "retry_cap": "2s"}
PEER_ALERTS, GROUP_WAIT = 1000, 5


@line("crash", f"{2 * WAVES * KILLS} kills in {2 * WAVES * PBXES} transitions; Alertmanager: one kill, {PEER_ALERTS} alerts")
def crash():
    """What is lost and what is doubled when the daemon is killed at random numbers of arrivals and started again.

    Trunks fail and recover at a simulator, whose journal says which. Such a transition is lost when its webhook or its push never
    comes, and doubled when a receiver that knows webhook-id sees it twice; whatever else is told counts for nothing."""
    figures = our_crashes()
    lost = peer_crash()
    figures[0].peer = lost
    figures[0].ours = figures[0].value
    figures[0].note += (f"; Alertmanager lost {lost} of {PEER_ALERTS}, sent to it once, in its group_wait ({GROUP_WAIT} s, "
                        "30 s is usual): Prometheus would send those again that still fire")
    return figures


def our_crashes():
    fleet = f"[fleet]\ntenants = {PBXES}\npbxes = {PBXES}\ntrunks_per_pbx = {TRUNKS}\n"
    with Usual(fleet, interval="1s", timing=TIMING) as world:
        world.start()
        world.apply()
        world.read_in_full(PBXES)
        effects, truth, told, draw = Tail(world, "effects.jsonl"), Tail(world, "truth.jsonl"), Told(), random.Random(SEED)
        truth.read()

        def look():
            told.take(effects.read())
        for verb, event in (("trunk_down", "fired"), ("trunk_up", "resolved")):
            for wave in range(1, WAVES + 1):
                world.do(verb, trunk=str(9999 + wave))
                kill_amid(world, look, told, draw)
                within(40, lambda so_far=wave * PBXES, kind=event: look() or told.all_of(kind, so_far))
        wait_for("nothing is owed", lambda: not world.items("/api/v1/deliveries?state=pending")
                 and not world.items("/api/v1/deliveries?state=claimed"), 40)
        look()
        expected = transitions(truth.read())
        expect(f"{len(expected)} transitions of {2 * WAVES * PBXES}", len(expected) == 2 * WAVES * PBXES)
        return told.figures(expected, {row["id"]: subject_of(row) for row in world.all_items("/api/v1/alerts?state=all")})


def transitions(truth):
    """((PBX, trunk), event) of each trunk that failed or recovered at the simulator."""
    changes = [one for one in truth if one["kind"] == "state" and one["resource"] == "trunk"]
    return {((one["pbx"], one["key"]), "resolved" if one["to"] == "registered" else "fired") for one in changes}


def subject_of(alert):
    return alert["instance"], alert["resource"]["id"]


def kill_amid(world, look, told, draw):
    """Twice in a wave, each at a random number of arrivals of what is new in it."""
    begun = told.arrivals
    for mark in sorted(draw.sample(range(PBXES // 10, 2 * PBXES * 9 // 10), KILLS)):
        wait_for("the middle of a storm", lambda: look() or told.arrivals - begun >= mark, 40, 0.002)
        world.kill()
        world.start()


class Told:
    """What reached the receivers."""

    def __init__(self):
        self.keys = collections.defaultdict(set)       # of webhooks, by ((PBX, trunk), event)
        self.pushes = collections.Counter()            # by (alert, event)
        self.repeats = collections.Counter()           # pushes that say they may be one
        self.again = 0                                 # webhooks that came again under their key
        self.arrivals = 0                              # that were new

    def take(self, effects):
        for one in effects:
            if one["kind"] == "webhook":
                self._take_webhook(one)
            elif one["kind"] == "ntfy":
                seen = self.repeats if is_flagged(one) else self.pushes
                seen[alert_of(one), event_of(one)] += 1
                self.arrivals += not is_flagged(one)

    def _take_webhook(self, one):
        data = content(one)["data"]
        if data["alert"]["type"] != "trunk_down":
            return
        keys = self.keys[(data["instance"]["id"], data["resource"]["id"]), event_of(one)]
        self.again += one["key"] in keys
        self.arrivals += one["key"] not in keys
        keys.add(one["key"])

    def all_of(self, event, wanted):
        """Webhook and push of so many transitions came."""
        hooks = sum(1 for (_, kind), keys in self.keys.items() if kind == event and keys)
        pushes = {alert for alert, kind in [*self.pushes, *self.repeats] if kind == event}
        return hooks >= wanted and len(pushes) >= wanted

    def figures(self, expected, subjects):
        """Of each expected ((PBX, trunk), event); `subjects` says what each alert is about."""
        plain, all_pushes = collections.Counter(), set()
        for (alert, event), count in self.pushes.items():
            plain[subjects.get(alert), event] += count
        for alert, event in [*self.pushes, *self.repeats]:
            all_pushes.add((subjects.get(alert), event))
        lost_hooks = sum(not self.keys.get(one) for one in expected)
        lost_pushes = len(expected - all_pushes)
        doubled = sum(max(0, len(self.keys.get(one, ())) - 1) for one in expected)
        unsaid = sum(max(0, plain[one] - 1) for one in expected)
        return [Figure(f"lost of {len(expected):,}", lost_hooks + lost_pushes, "", ("<=", 0),
                       note=f"{2 * WAVES * KILLS} kills; {lost_hooks} webhooks and {lost_pushes} pushes"),
                Figure("doubled where keyed", doubled, "", ("<=", 0), note=f"{self.again} came again under their webhook-id"),
                Figure("pushes doubled unsaid", unsaid, "", ("<=", 0), note=f"{sum(self.repeats.values())} more say 'possible repeat'")]


# --- the peer -----------------------------------------------------------------------------------------------------------
def peer_crash():
    """How many of its alerts Alertmanager lost; without a kill it loses none, which is tried first."""
    expect("Alertmanager delivers all when it is left alone", peer_lost(killed=False) == 0)
    return peer_lost(killed=True)


def peer_lost(killed):
    with Hook() as hook:
        config = ("route:\n  receiver: hook\n  group_by: ['...']\n"
                  f"  group_wait: {GROUP_WAIT}s\n  group_interval: 5s\n"
                  f"receivers:\n- name: hook\n  webhook_configs:\n  - url: {hook.url}/\n")
        peer = Peer("alertmanager", config, ["--storage.path={folder}/data", "--cluster.listen-address="], free_port())
        try:
            peer.start()
            tell_alerts(peer, [{"alertname": "TrunkDown", "trunk": str(number)} for number in range(PEER_ALERTS)])
            expect("Alertmanager has every alert", len(json.loads(peer.get("/api/v2/alerts")[1])) == PEER_ALERTS)
            expect("nothing was told in the wait", not hook.arrived)
            if killed:
                peer.process.kill()
                peer.process.wait()
                peer.start()
            return PEER_ALERTS - len(arrived_within(hook, PEER_ALERTS, 3 * GROUP_WAIT))
        finally:
            peer.end()


def arrived_within(hook, count, limit):
    """The trunks that were told, as soon as it is all of them or when the time is up."""
    def told():
        return {one["labels"]["trunk"] for _, body in hook.bodies() for one in body["alerts"]}
    within(limit, lambda: len(told()) >= count)
    return told()


def tell_alerts(peer, labels):
    body = json.dumps([{"labels": one} for one in labels]).encode()
    asked = urllib.request.Request(peer.url + "/api/v2/alerts", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=20) as answer:
        expect("Alertmanager takes the alerts", answer.status == 200)
