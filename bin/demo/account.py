"""What the demo demands of a run, from lists alone: what the store owed, what the receivers got, what really broke.

Everything found is a sentence, so that a failed demo says what was lost or doubled and not only how much.
"""

import collections
import json

ACCEPTED = (200, 201, 202, 204)
BAD = {"failed_registration", "unregistered", "down_unspecified", "down"}
SENT = ("sent", "confirmed")
ENDED_WELL = (*SENT, "suppressed", "digested")


def content(line):
    """The JSON body of an effect."""
    return json.loads(line.get("body") or "{}")


def push_of_effect(line):
    """(topic, sequence, event): ntfy's second tag is the event."""
    return line.get("topic", ""), line.get("key", ""), (content(line).get("tags") or ["", ""])[1]


def pushes_owed(rows, got):
    """The same of the rows sent. What a phone shows under one number is ntfy's business (protocol/wire/push/ntfy.cpp):
    an alert's version, its episode, or the row alone; whichever arrived is meant.
    """
    for row in rows:
        topic, episode = row["tenant"] + "-oncall", f"{row['alert']}-{row['episode']}"
        forms = [(topic, sequence, row["event"]) for sequence in (f"{episode}-{row['version']}", episode, row["id"])]
        yield next((form for form in forms if form in got), forms[0])


def identity(row):
    """Two rows that agree in all of this are one intent told twice."""
    return tuple(row[field] for field in ("alert", "version", "event", "channel", "target", "step", "round"))


def is_push(row):
    return row["channel"].endswith("-push")


def is_call(row):
    return row["channel"].endswith("-voice")


def subject_of(alert):
    """(PBX, kind, key), as the simulator's truth journal names it."""
    return alert["instance"], alert["resource"]["kind"], alert["resource"].get("id") or ""


def subject_of_truth(line):
    return line["pbx"], line["resource"], line["key"]


def outages(truth, played):
    """What of the played PBXes really went down: {subject: its first moment}."""
    found = {}
    for line in truth:
        if line["kind"] == "state" and line["pbx"] in played and line["from"] is not None and line["to"] in BAD:
            found.setdefault(subject_of_truth(line), line["at"])
    return found


def pushes(deliveries, accepted):
    """(owed, got), both counted."""
    got = collections.Counter(push_of_effect(line) for line in accepted if line["kind"] == "ntfy")
    sent = (row for row in deliveries if is_push(row) and row["state"] in SENT)
    return collections.Counter(pushes_owed(sent, got)), got


def accepted_messages(effects):
    return [line for line in effects if line["kind"] in ("ntfy", "webhook") and line["answered"] in ACCEPTED]


def surplus(more, less):
    """Everything of which `more` has more, with how many."""
    return sorted((more - less).items(), key=str)


def lost(deliveries, alerts, effects, truth, played):
    accepted = accepted_messages(effects)
    sent = [row for row in deliveries if row["state"] in SENT]
    arrived = {line["key"] for line in accepted if line["kind"] == "webhook"}
    owed, got = pushes(deliveries, accepted)
    found = [f"{row['event']} of {row['alert']} ended as {row['state']} ({row['id']})"
             for row in deliveries if row["state"] not in ENDED_WELL]
    found += [f"the webhook {row['id']} was sent and did not arrive"
              for row in sent if not is_push(row) and not is_call(row) and row["id"] not in arrived]
    found += [f"{count} x the push {push} was sent and did not arrive" for push, count in surplus(owed, got)]
    fired = {row["alert"] for row in deliveries if row["event"] in ("fired", "summary")}
    told = {subject_of(alert) for alert in alerts if alert["id"] in fired}
    found += [f"{subject} went down at {at} and nobody was told"
              for subject, at in outages(truth, played).items() if subject not in told]
    return found


def doubled(deliveries, effects):
    accepted = accepted_messages(effects)
    hooks = collections.Counter(line["key"] for line in accepted if line["kind"] == "webhook")
    owed, got = pushes(deliveries, accepted)
    found = [f"the webhook {key} arrived {count} times" for key, count in hooks.items() if count > 1]
    found += [f"{count} x the push {push} arrived and was not owed" for push, count in surplus(got, owed)]
    rows = collections.Counter(identity(row) for row in deliveries if row["alert"])
    found += [f"{count} rows for one intent: {what}" for what, count in rows.items() if count > 1]
    return found


def calls_placed(effects):
    """By delivery: how many calls were placed for it."""
    return collections.Counter(line["delivery"] for line in effects if line["kind"] == "call_placed")


def lost_calls(deliveries, effects):
    placed = calls_placed(effects)
    return [f"the call {row['id']} was made and no phone rang"
            for row in deliveries if is_call(row) and row["state"] in SENT and not placed[row["id"]]]


def doubled_calls(deliveries, effects):
    owed = {row["id"] for row in deliveries if is_call(row)}
    placed = calls_placed(effects)
    found = [f"{count} calls for {delivery}" for delivery, count in placed.items() if count > 1]
    return found + [f"a call for {delivery}, which is owed to nobody" for delivery in placed if delivery not in owed]


def is_acknowledged_by_key(alert):
    return (alert.get("acknowledged") or {}).get("via") == "phone"


def unheard(alerts, deliveries, effects, pbx):
    """What of the one call that must be heard did not happen: it rings about this PBX, is answered, 1 is pressed, and that
    acknowledges, for good."""
    about = next((alert for alert in alerts if alert["instance"] == pbx), {"id": ""})
    rows = {row["id"] for row in deliveries if is_call(row) and row["alert"] == about["id"]}
    seen = {line["kind"] for line in effects if line.get("delivery") in rows}
    found = [f"no {kind} of a call about {pbx}" for kind in ("call_ringing", "call_said", "call_digits") if kind not in seen]
    if not is_acknowledged_by_key(about):
        found.append(f"the outage at {pbx} is not acknowledged over the phone")
    return found


def wrongly_told(alerts, effects, quiet, quiet_name):
    """Messages about the PBX that nobody should have heard of: by its id, its alerts or its name."""
    ids = {alert["id"] for alert in alerts if alert["instance"] == quiet}  # an id has no dash
    found = []
    for line in effects:
        if line["kind"].startswith("call"):
            if quiet_name in line.get("text", ""):
                found.append(f"a call said: {line['text']}")
            continue
        data = content(line).get("data", {})
        about = (data.get("instance") or {}).get("id") == quiet or line.get("key", "").split("-")[0] in ids
        if about or quiet_name in line.get("title", "") or quiet_name in line.get("body", ""):
            where = line.get("topic") or line.get("path")
            found.append(f"{line['kind']} {where}: {line.get('title') or data.get('title')}")
    return found
