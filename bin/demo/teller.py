"""The demo's voice: each message once, in plain words, with the time from what caused it to its arrival.

Both moments are taken from the simulator's journals, so that neither polling nor printing adds to the delay.
"""

import datetime
import time

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
}


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Teller:
    def __init__(self, world):
        self.world = world
        self.seen = 0
        self.subjects = {}
        self.begun = time.monotonic()
        self.step_at = time.time()
        self.names = {row["id"]: row["name"] for row in world.items("/api/v1/instances")}

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
            phone = line["kind"] == "ntfy"
            who = "the phone " + line.get("topic", "?") if phone else "the webhook " + line.get("path", "?")
            body = content(line)
            title = body.get("title") or body.get("data", {}).get("title", "")
            event = event_of(line)
            after = seconds(line["t"]) - self.caused(line, event)
            self.say(f"    {who} {WORDS.get(event, event)} after {after:.1f} s: {title}")
        self.seen = len(effects)

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
