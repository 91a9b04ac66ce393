"""What a storm must have left behind, whatever happened to the nodes meanwhile: nothing lost, nothing doubled, nobody unread for
long, and never two nodes that speak for one tenant."""

import collections
import os
import re
import sys

import sources
import storm
from cluster_world import INTERVAL, LEASE
from harness import ROOT, Failed, event_of, wait_for
from steps import alert_of, expect, is_flagged, logins, seconds, webhook_keys, widest_gaps

sys.path.append(os.path.join(ROOT, "bin", "demo"))
from account import ENDED_WELL, identity, is_push, outages as outages_of, subject_of  # noqa: E402

SCAN = 1.0   # seconds between two looks of a node for shards that are free
SLACK = 1.0  # seconds that a busy machine may add to what is bounded
# A lease that has to run out and somebody who sees it, two looks at the PBX, and a receiver that is away for five seconds.
TOLD_WITHIN = LEASE + SCAN + 2 * INTERVAL + 5 + SLACK
TAKEN = re.compile(r"time=(\S+) .*event=shard_taken shard=(\d+) epoch=(\d+)")

Reign = collections.namedtuple("Reign", "node since until")  # seconds; until: when the next one had taken the shard


def every(world, path):
    """All pages of a list."""
    items, cursor = [], ""
    while cursor is not None:
        status, answer = world.api(path + ("&cursor=" + cursor if cursor else ""))
        if status != 200:
            raise Failed(f"{path}: {status} {answer}")
        items += answer["items"]
        cursor = answer.get("next")
    return items


def settled(world, limit=60):
    """Everything has recovered, and nothing is owed any more."""
    wait_for("all alerts resolved", lambda: not world.items("/api/v1/alerts?limit=10"), limit, step=0.3)
    wait_for("nothing owed", lambda: not any(world.items(f"/api/v1/deliveries?state={state}&limit=10") for state in ("pending", "claimed")),
             limit, step=0.3)


def subjects(world):
    """By alert: (PBX, kind, key)."""
    return {alert["id"]: subject_of(alert) for alert in every(world, "/api/v1/alerts?state=all&limit=500")}


def told(world, kind):
    """{(PBX, kind, key, event)} that arrived at the receivers of this kind. A summary tells that each of its alerts fired."""
    about = subjects(world)
    found = {(*about[alert_of(line)], event_of(line)) for line in world.effects(kind) if alert_of(line) in about}
    summaries = {line["key"] for line in world.effects(kind, "summary")}
    for alert in [one for one in about if summaries and (*about[one], "fired") not in found]:
        if summaries & {row["id"] for row in world.items(f"/api/v1/deliveries?alert={alert}&limit=100")}:
            found.add((*about[alert], "fired"))
    return found


def lost(world, outages):
    rows = every(world, "/api/v1/deliveries?limit=500")
    about = subjects(world)
    arrived = {line["key"] for line in world.effects("webhook")}
    found = [f"{row['event']} of {about.get(row['alert'])} for {row['channel']} ended as {row['state']}, {row['reason']} ({row['id']})"
             for row in rows if row["state"] not in ENDED_WELL and not (row["state"] == "unknown" and is_push(row))]
    found += [f"the webhook {row['id']} was sent and did not arrive"
              for row in rows if row["state"] in ("sent", "confirmed") and not is_push(row) and row["id"] not in arrived]
    unknown = {(*about[row["alert"]], row["event"]) for row in rows if row["state"] == "unknown" and is_push(row)}
    for kind, excused in (("webhook", set()), ("ntfy", unknown)):
        found += [f"no {kind} of {one}" for one in sorted(storm.owed(outages) - told(world, kind) - excused)]
    return found


def doubled(world):
    rows = every(world, "/api/v1/deliveries?limit=500")
    found = [f"under two webhook keys: {event}" for event, keys in webhook_keys(world).items() if len(keys) > 1]
    same = collections.Counter(identity(row) for row in rows if row["alert"])
    found += [f"{count} rows for one intent: {what}" for what, count in same.items() if count > 1]
    owed, attempts = collections.Counter(), collections.Counter()
    for row in rows:
        if is_push(row):
            what = row["id"] if row["event"] == "summary" else row["alert"], row["event"]
            owed[what] += 1
            attempts[what] += row["attempts"]
    plain, all_of = collections.Counter(), collections.Counter()
    for line in world.effects("ntfy"):
        what = alert_of(line), event_of(line)
        all_of[what] += 1
        plain[what] += 0 if is_flagged(line) else 1
    found += [f"pushed again without saying that it may be a repeat: {what}" for what in plain if plain[what] > owed[what]]
    found += [f"pushed more often than it was tried: {what}" for what in all_of if all_of[what] > attempts[what]]
    return found


def flagged_without_cause(world):
    """Pushes that say they may be a repeat, of which no attempt was under way at a node or a channel that died, or ended without an answer:
    each such attempt excuses one more arrival."""
    doubted = {row[0]: int(row[1]) for row in world.database.ask("select delivery, count(*) from attempt where outcome = 'unknown' group by delivery")}
    excused = collections.Counter()
    for row in every(world, "/api/v1/deliveries?limit=500"):
        if is_push(row):
            excused[row["id"] if row["event"] == "summary" else row["alert"], row["event"]] += doubted.get(row["id"], 0)
    flagged = collections.Counter((alert_of(line), event_of(line)) for line in world.effects("ntfy") if is_flagged(line))
    return [f"{count} pushes of {what} say that they may be repeats, {excused[what]} attempts ended unknown"
            for what, count in flagged.items() if count > excused[what]]


# --- who did it -----------------------------------------------------------------------------------------------------------
def reigns(world, clocks=None):
    """By shard, in order: who had it from when until when, by the nodes' logs. `clocks`: by how many seconds a node's is wrong."""
    taken = collections.defaultdict(list)
    for node in world.nodes.values():
        for at, shard, epoch in TAKEN.findall(node.log_text()):
            taken[int(shard)].append((int(epoch), seconds(at) - (clocks or {}).get(node.name, 0), node.name))
    found = {}
    for shard, takes in taken.items():
        takes.sort()
        ends = [since for _, since, _ in takes[1:]] + [float("inf")]
        found[shard] = [Reign(node, since, end) for (_, since, node), end in zip(takes, ends)]
    return found


def shards(world):
    """By tenant."""
    return {tenant: int(shard) for tenant, shard in world.database.ask("select tenant, shard from tenant_shard")}


def usurpers(world, clocks=None):
    """Whatever a node said, or asked a PBX for a token, for a tenant whose shard it did not have at that moment."""
    of, rules = shards(world), reigns(world, clocks)
    said = [(line, line["path"][1:]) for line in world.effects("webhook")]
    said += [(line, line["topic"].removesuffix("-oncall")) for line in world.effects("ntfy")]
    said += [(line, storm.tenant_of(line["pbx"])) for line in world.lines("truth.jsonl") if line["kind"] == "login"]
    found = []
    for line, tenant in said:
        if line["source"] == sources.GONE:
            continue
        node, at = sources.node_of(line["source"]), seconds(line["t"])
        if not any(one.node == node and one.since <= at < one.until for one in rules.get(of[tenant], [])):
            found.append(f"{node} said {line['kind']} {line.get('key') or line.get('pbx')} for {tenant} at {line['t']}: {rules.get(of[tenant])}")
    return found


def excess_logins(world):
    """A token serves for all of the run: one login for each time that the shard was taken."""
    of, rules = shards(world), reigns(world)
    names = [storm.name_of(number) for number in range(1, storm.PBXES + 1)]
    counts = {pbx: (len(logins(world, pbx)), len(rules[of[storm.tenant_of(pbx)]])) for pbx in names}
    return [f"{pbx}: {asked} logins, its shard was taken {times} times" for pbx, (asked, times) in counts.items() if asked > times]


def unread(world, since, until, outages, bound=LEASE + SCAN + INTERVAL + SLACK):
    """PBXes with power that nobody read for longer than allowed."""
    off = {one.pbx for one in outages if one.verb == "pbx"}
    gaps = {pbx: gap for pbx, gap in widest_gaps(world, since, until).items() if pbx not in off}
    missing = storm.PBXES - len(off) - len(gaps)
    found = [f"{missing} PBXes were not read at all"] if missing else []
    return max(gaps.values(), default=0), found + [f"{pbx} was not read for {gap:.1f} s" for pbx, gap in gaps.items() if gap > bound]


def slowest(world):
    """Seconds from a failure to the first webhook about it, of the one that took longest."""
    about = subjects(world)
    first = {}
    for line in world.effects("webhook", "fired"):
        first.setdefault(about[alert_of(line)], seconds(line["t"]))
    played = {storm.name_of(number) for number in range(1, storm.PBXES + 1)}
    began = outages_of(world.lines("truth.jsonl"), played)
    return max((first[one] - seconds(at) for one, at in began.items() if one in first), default=0)


def judge(world, outages, since, until, clocks=None):
    """Fails with everything that is wrong; prints what there was."""
    widest, gaps = unread(world, since, until, outages)
    slow = slowest(world)
    flagged = sum(is_flagged(line) for line in world.effects("ntfy"))
    twice = len(world.effects("webhook")) - len({line["key"] for line in world.effects("webhook")})
    takes = sum(len(one) for one in reigns(world).values())
    print(f"     {len(outages)} outages, {len(world.effects())} messages; shards taken {takes} times; {flagged} pushes flagged as possible "
          f"repeats, {twice} webhooks again under their key; a PBX went unread for {widest:.1f} s at most, "
          f"and the slowest failure was told after {slow:.1f} s")
    found = {"lost": lost(world, outages), "doubled": doubled(world), "flagged without cause": flagged_without_cause(world),
             "spoken by a node that had no right to": usurpers(world, clocks),
             "logged in too often": excess_logins(world), "read too late": gaps,
             "told too late": [f"after {slow:.1f} s"] if slow > TOLD_WITHIN else []}
    for what, list_of in found.items():
        for one in list_of[:20]:
            print(f"     {what}: {one}")
    expect(not any(found.values()), ", ".join(f"{what}: {len(list_of)}" for what, list_of in found.items() if list_of))
