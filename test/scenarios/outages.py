"""A carrier fails at several PBXes: one outage for people, every trunk for machines."""

from harness import content, event_of, wait_for
from steps import alert_of, begin, expect, quiet, wait_polls

CARRIER = "sip.carrier.example"
# Each PBX has one trunk of the carrier and one of another.
FLEET = ("[fleet]\ntenants = 1\npbxes = 4\ntrunks_per_pbx = 2\n"
         'providers = [{ name = "Carrier", host = "sip.carrier.example" }, { name = "Other", host = "sip.other.example" }]\n')
PBXES = ("pbx01", "pbx02", "pbx03", "pbx04")


def members(world):
    """By PBX: the open alert of its trunk."""
    return {row["instance"]: row for row in world.items("/api/v1/alerts") if row["type"] == "trunk_down"}


def outage(world):
    return next((row for row in world.items("/api/v1/alerts?state=all") if row["type"] == "provider_outage"), None)


def heard(world, kind, alert):
    """What came of this alert, in order."""
    return [event_of(line) for line in world.effects(kind) if alert_of(line) == alert]


def fails(world, pbx):
    world.do("trunk_down", pbx=pbx, provider=CARRIER, reason="silent")
    wait_for(f"the trunk of {pbx} is an alert", lambda: pbx in members(world))


def all_are_folded(world):
    one = outage(world)
    return one and len(members(world)) == 4 and all(row["parent"] == one["id"] for row in members(world).values())


def is_explained(world):
    shown = world.ctl("alerts").splitlines()
    ids = {row["id"] for row in members(world).values()}
    below = {line.split()[1] for line in shown if line.startswith("- al_")}
    expect(below == ids, f"alerts shows as members {below} and not {ids}")
    why = world.ctl("explain", members(world)["pbx04"]["id"])
    expect("t1-push not told" in why and "provider outage" in why, f"explain does not say why nobody was called: {why}")


def a_carrier_outage_is_told_once():
    """A carrier's trunks fail at one PBX after the other: the first is told by itself, then the outage once; the webhook has every
    trunk. A restart in its midst says nothing. What it leaves down is told by itself at its end."""
    with begin(FLEET, 4, interval="200ms", timing={"provider_quiet": "2s"}) as world:
        for pbx in PBXES:
            fails(world, pbx)
        wait_for("all four are folded", lambda: all_are_folded(world))
        quiet(world)
        ids = {pbx: row["id"] for pbx, row in members(world).items()}
        whole = outage(world)["id"]
        pushed = [alert_of(line) for line in world.effects("ntfy")]
        expect(pushed == [ids["pbx01"], whole], f"the phone rang for {pushed}, not for the first trunk and then the outage")
        title = content(world.effects("ntfy")[-1])["title"]
        expect(title.startswith(f"Provider {CARRIER}: trunks down at 2 PBXes"), f"it was told as {title}")
        for pbx in PBXES:
            events = heard(world, "webhook", ids[pbx])
            expect(events[0] == "fired" and events.count("fired") == 1, f"the webhook heard of {pbx}: {events}")
        is_explained(world)
        told = len(world.effects())
        for end in (world.kill, world.terminate):
            end()
            world.start()
            for pbx in PBXES:
                wait_polls(world, pbx, 4)
            expect(len(world.effects()) == told, f"a restart made {len(world.effects()) - told} more messages")
        expect(all_are_folded(world), "a restart changed who belongs to the outage")
        the_end_of_it(world, ids, whole)


def the_end_of_it(world, ids, whole):
    for pbx in PBXES[:3]:
        world.do("trunk_up", pbx=pbx, provider=CARRIER)
    wait_for("the outage is over", lambda: heard(world, "ntfy", whole) == ["fired", "resolved"])
    wait_for("what is left is told", lambda: heard(world, "ntfy", ids["pbx04"]) == ["fired"])
    quiet(world)
    expect(heard(world, "ntfy", ids["pbx01"]) == ["fired", "resolved"], "who was told of the first trunk was not told of its end")
    for pbx in PBXES[1:3]:
        expect(heard(world, "ntfy", ids[pbx]) == [], f"the phone heard of {pbx}")
        expect(heard(world, "webhook", ids[pbx])[-1] == "resolved", f"the webhook was not told that {pbx} recovered")
    world.do("trunk_up", pbx="pbx04", provider=CARRIER)
    wait_for("the last trunk", lambda: heard(world, "ntfy", ids["pbx04"]) == ["fired", "resolved"])
    quiet(world)
