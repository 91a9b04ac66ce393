"""The demo's voice: each message once, in plain words, with the time from what caused it to its arrival.

Both moments are taken from the simulator's journals, so that neither polling nor printing adds to the delay.
"""

import datetime
import glob
import os
import time
import tomllib

from account import content, subject_of, subject_of_truth

from harness import event_of, pause, wait_for

WORDS = {"fired": "was told", "resolved": "was told of the recovery", "summary": "got one summary",
         "acknowledged": "was told it is taken", "reminder": "was reminded", "updated": "was updated"}

# Reasons of docs/http-api.md that keep a message back, for people.
WHY = {
    "flapping": "it goes up and down too often: one message said so, and then it is left alone until it stays up",
    "acknowledged": "somebody had taken it already",
    "duplicate": "nothing had changed",
    "resolved_first": "it was over before the message went out",
    "never_told": "nobody had heard that it broke, so nobody needs to hear that it works",
    "not_above_told": "no worse than what was told already",
    "masked_parent": "the PBX itself is down, and that was told",
    "correlated": "its provider has an outage, and that was told once for all",
    "masked_blind": "its state cannot be read at the moment",
    "masked_snooze": "somebody asked for quiet on this one for a while",
    "masked_mute": "somebody asked for quiet on this kind of alert",
    "masked_maintenance": "the PBX is being maintained",
    "settling": "it has only just become readable again, and is looked at twice first",
    "superseded": "a newer message says more",
    "not_routed": "the tenant does not want this kind of message there",
    "below_floor": "not grave enough for that channel",
    "call_due": "the phone rings later, should it still fail then",
    "not_critical": "only what is critical rings",
    "type_not_for_voice": "the tenant does not want the phone to ring for this",
    "first_sight": "what is broken when its PBX is first seen does not ring",
}


def told(world, event, label):
    """True once a push with this event names the thing."""
    pushes = (content(line) for line in world.effects("ntfy", event))
    return any(label in push.get("title", "") + push.get("message", "") for push in pushes)


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def users_of(world):
    """As the tenant files have them."""
    for path in glob.glob(os.path.join(world.ready["tenants"], "*.toml")):
        with open(path, "rb") as file:
            yield from tomllib.load(file)["user"]


class Teller:
    def __init__(self, world):
        self.world = world
        self.seen = 0
        self.heard = None
        self.subjects = {}
        self.begun = time.monotonic()
        self.step_at = time.time()
        self.names = {row["id"]: row["name"] for row in world.items("/api/v1/instances")}
        self.people = {user["phone"]: user["name"] for user in users_of(world)}
        self.users = {user["id"]: user["name"] for user in users_of(world)}

    def say(self, text):
        print(f"[{time.monotonic() - self.begun:6.1f} s] {text}", flush=True)

    def step(self, text):
        self.follow()
        print(flush=True)
        self.say(text)
        self.step_at = time.time()

    def follow(self):
        effects = self.world.effects()
        for line in effects[self.seen:]:
            if line["kind"].startswith("call"):
                self.hear(line)
                continue
            phone = line["kind"] == "ntfy"
            who = line.get("topic", "?") + " (push)" if phone else line.get("path", "?") + " (webhook)"
            body = content(line)
            title = body.get("title") or body.get("data", {}).get("title", "")
            event = event_of(line)
            after = seconds(line["t"]) - self.caused(line, event)
            self.say(f"    {who} {WORDS.get(event, event)} after {after:.1f} s: {title}")
        self.seen = len(effects)

    def hear(self, line):
        """What happens at a phone; how it comes about over the provider's callbacks is not told."""
        person = self.people.get(line.get("number"), line.get("number"))
        after = seconds(line["t"]) - self.step_at
        words = {"call_ringing": f"the phone of {person} rings after {after:.1f} s", "call_answered": f"{person} answers",
                 "call_said": f"the call says: {line.get('text')}", "call_digits": f"{person} presses {line.get('digit')}",
                 "call_ended": f"the call has ended ({line.get('status')})", "call_error": f"the call failed: {line.get('text')}"}
        if line["kind"] == "call_digits":
            self.step_at = seconds(line["t"])  # a person's act: what follows counts from it
        words = words.get(line["kind"])
        if words and words != self.heard:  # a code is read out twice
            self.say("    " + words)
        self.heard = words

    def caused(self, line, event):
        """When the simulator changed what the message is about; a person's act counts from when we did it."""
        subject = self.subject(line)
        if event not in ("fired", "resolved") or not subject:
            return self.step_at
        arrived = seconds(line["t"])
        changes = [seconds(truth["at"]) for truth in self.world.lines("truth.jsonl")
                   if truth["kind"] == "state" and truth["from"] is not None and subject_of_truth(truth) == subject]
        return max((at for at in changes if at <= arrived), default=self.step_at)

    def subject(self, line):
        body = content(line)
        alert = (body.get("data", {}).get("alert") or {}).get("id") or line.get("key", "").split("-")[0]
        if alert not in self.subjects:
            self.subjects = {row["id"]: subject_of(row) for row in self.world.items("/api/v1/alerts?state=all")}
        return self.subjects.get(alert)

    def until(self, what, look, limit=30):
        def looked():
            self.follow()
            return look()
        answer = wait_for(what, looked, limit, 0.1)
        self.follow()
        return answer

    def until_second(self, at):
        """Tells what comes until so many seconds after the beginning."""
        while time.monotonic() - self.begun < at:
            self.follow()
            pause(0.1)
