"""A carrier fails at several PBXes: one outage for people, every trunk for machines. At several tenants: one sentence for each."""

from harness import content, event_of, wait_for
from steps import alert_of, begin, expect, quiet, wait_polls

CARRIER = "sip.carrier.example"
# Each PBX has one trunk of the carrier and one of another.
FLEET = ("[fleet]\ntenants = 1\npbxes = 4\ntrunks_per_pbx = 2\n"
         'providers = [{ name = "Carrier", host = "sip.carrier.example" }, { name = "Other", host = "sip.other.example" }]\n')
PBXES = ("pbx01", "pbx02", "pbx03", "pbx04")


SENTENCE = "This carrier fails elsewhere too."
# Two tenants at two registrars of one carrier, a third at another's; two PBXes each, with one trunk there and a spare.
REGISTRARS = {"t1": "sip1.carrier.example", "t2": "sip2.carrier.example", "t3": "sip.other.example"}
NEIGHBOURS = "[fleet]\ntenants = 3\npbxes = 6\n" + "".join(
    f'[[pbx]]\nid = "pbx0{i}"\nname = "Site {name}"\n[[pbx.trunk]]\nnumber = "10001"\nname = "Line {name}"\nhost = "{REGISTRARS[tenant]}"\n'
    '[[pbx.trunk]]\nnumber = "10002"\nname = "Spare"\nhost = "sip.spare.example"\n'
    for i, (tenant, name) in enumerate([("t1", "Acorn"), ("t1", "Birch"), ("t2", "Cedar"), ("t2", "Damson"), ("t3", "Elder"), ("t3", "Fir")], 1))
ALIASES = '[[carrier]]\nid = "carrier"\nhosts = ["sip1.carrier.example", "sip2.carrier.example"]\n'
NAMES = {"t1": ("Site Acorn", "Site Birch", "pbx01", "pbx02", "sip1."), "t2": ("Site Cedar", "Site Damson", "pbx03", "pbx04", "sip2."),
         "t3": ("Site Elder", "Site Fir", "pbx05", "pbx06", "sip.other.")}


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


def fail_at(world, tenant, pbx):
    world.do("trunk_down", pbx=pbx, provider=REGISTRARS[tenant], reason="silent")
    wait_for(f"the trunk of {pbx} is an alert", lambda: pbx in members(world))


def first_push(world, tenant):
    """What the phone showed of this tenant's first alert."""
    ids = {row["id"] for row in world.items("/api/v1/alerts?state=all") if row["tenant"] == tenant}
    found = [line for line in world.effects("ntfy", "fired") if alert_of(line) in ids]
    return content(found[0])["message"] if found else ""


def nothing_crosses(world):
    """No effect of one tenant holds a name of another's."""
    owners = {row["id"]: row["tenant"] for row in world.items("/api/v1/alerts?state=all")}
    for line in world.effects():
        owner = owners[alert_of(line)]
        for other in NAMES:
            crossed = [name for name in NAMES[other] if other != owner and name in line["body"]]
            expect(not crossed, f"{owner} was told of {crossed}: {line['body']}")


def watch_of(world):
    return next((row for row in world.items("/api/v1/actors?limit=1000") if row["kind"] == "carrier_watch"), None)


def neighbours(extra):
    return begin(NEIGHBOURS, 6, interval="200ms", node_extra=extra)


def a_carrier_that_fails_at_two_tenants_is_said_to_each():
    """A carrier fails at one tenant, then at another: the second is told that it fails elsewhere too, and nothing else of the first. A third
    tenant whose own carrier fails is not told, nor is anybody where the operator has switched it off."""
    with neighbours(ALIASES) as world:
        expect(watch_of(world)["state"] == "running", "there is no watch over carriers")
        for pbx in ("pbx03", "pbx04"):
            fail_at(world, "t2", pbx)
        fail_at(world, "t3", "pbx05")
        fail_at(world, "t1", "pbx01")
        fail_at(world, "t1", "pbx02")
        quiet(world)
        expect(first_push(world, "t1").endswith(SENTENCE), f"the second tenant was told: {first_push(world, 't1')}")
        for tenant in ("t2", "t3"):
            expect(first_push(world, tenant) and SENTENCE not in first_push(world, tenant), f"{tenant} was told: {first_push(world, tenant)}")
        nothing_crosses(world)
    with neighbours("[correlation]\nacross_tenants = false\n" + ALIASES) as world:
        expect(watch_of(world) is None, "there is a watch over carriers although it is switched off")
        for tenant, pbx in (("t2", "pbx03"), ("t2", "pbx04"), ("t1", "pbx01")):
            fail_at(world, tenant, pbx)
        quiet(world)
        expect(all(SENTENCE not in line["body"] for line in world.effects()), "it was said although it is switched off")
