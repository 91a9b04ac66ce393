#!/usr/bin/env python3
"""The demo: 6 tenants, 40 simulated PBXes and one ringdown node play two and a half minutes of outages, told in plain words.

./dev demo             play, then leave everything running until Ctrl-C
./dev demo --exit      play, print the table and end; non-zero if anything was lost or doubled
./dev demo --cluster   three nodes on a PostgreSQL of the demo's own: one is killed, one freezes, the database starts again
"""

import argparse
import collections
import functools
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "test", "scenarios"))
import several  # noqa: E402
from account import (content, doubled, doubled_calls, is_acknowledged_by_key, lost, lost_calls, unheard,  # noqa: E402
                     wrongly_told)
from calling import PUBLIC, rings_for, verify_number  # noqa: E402
from harness import Failed, World, pause  # noqa: E402
from steps import widest_gaps  # noqa: E402
from teller import WHY, Teller, told  # noqa: E402

FLEET = """
[fleet]
tenants = 6
pbxes = 40
trunks_per_pbx = 4
sbcs_per_pbx = 2
[twilio]
ring = "10s"
listen = "5s"
"""

TIMING = {
    "confirm_after": "1s", "unreachable_repoll_1": "500ms", "unreachable_repoll_2": "2s", "unreachable_repoll_3": "4s",
    "starting_grace": "12s", "flap_window": "60s", "flap_quiet": "12s", "episode_window": "60s",
    "call_after_outage": "3s", "ring_again_after": "12s",
    "provider_window": "36s", "provider_quiet": "5s",  # a tenth of six minutes: REGISTERs are refreshed within 60 to 300 s
}
PBXES = 40
CARRIER = "sip.larkfield.example"
CUSTOMERS = ("pbx35", "pbx36", "pbx37", "pbx38", "pbx39", "pbx40")  # of one tenant; each has trunks of that carrier
PLAYED = {"pbx03", "pbx08", "pbx12", "pbx17", "pbx30", *CUSTOMERS}  # what breaks, and must be told
CALLED = "t2"                                           # whose phone rings, for an SBC of the next
RINGING = "pbx08"
UPDATED = "pbx21"                                       # what must not


def breaks(world, teller, pbx, text, verb, **keys):
    name = teller.names[pbx]
    teller.step(text.format(name=name))
    world.do(verb, pbx=pbx, **keys)
    teller.until(f"{name} is told", lambda: told(world, "fired", name))


def trunk_fails(world, teller):
    trunks = world.items("/api/v1/trunks")
    trunk = next(row["name"] for row in trunks if row["instance"] == "pbx03" and row["number"] == "10001")
    breaks(world, teller, "pbx03", f"A provider rejects trunk {trunk} of {{name}}.", "trunk_down", trunk="10001")


def technician_acknowledges(world, teller):
    alert = next(row for row in world.items("/api/v1/alerts") if row["instance"] == "pbx03")
    teller.step("The technician acknowledges it.")
    world.ctl("ack", alert["id"], "--by", "jo")


def sbc_fails(world, teller):
    breaks(world, teller, RINGING, "A branch office's SBC at {name} goes offline. Nobody looks at the push, so that a phone "
           "rings, and the callee presses 1.", "sbc_down", sbc="11000")
    alert = teller.until("somebody presses 1 and that acknowledges", lambda: acknowledged(world), 40)
    name = teller.users.get(alert["acknowledged"]["by"], alert["acknowledged"]["by"])
    teller.say(f"    acknowledged by {name}, over the {alert['acknowledged']['via']}: it rings no more")


def acknowledged(world):
    rows = world.items("/api/v1/alerts")
    return next((row for row in rows if row["instance"] == RINGING and row["state"] == "acknowledged"), None)


def service_fails(world, teller):
    breaks(world, teller, "pbx12", "The service nginx on {name} stops.", "service_down", service="nginx")


def pbx_fails(world, teller):
    breaks(world, teller, "pbx17", "{name} loses power: nothing answers. Its trunks and SBCs are down with it, and "
           "nobody needs to hear that.", "pbx_down")


def pbx_updates(world, teller):
    teller.step(f"{teller.names[UPDATED]} installs an update: 502 for two seconds, then its trunks come back. "
                "Nobody is woken.")
    world.do("pbx_update", pbx=UPDATED, **{"for": "2s", "settle": "4s"})


def trunk_flaps(world, teller):
    teller.step(f"A trunk of {teller.names['pbx30']} flaps: it is told, then called flapping, then kept quiet.")

    def down():
        open_alerts = world.items("/api/v1/alerts")
        return any(row["instance"] == "pbx30" and row["state"] == "firing" for row in open_alerts)

    for _ in range(5):
        world.do("trunk_down", pbx="pbx30", trunk="10000")
        if not told(world, "fired", "flapping"):
            teller.until("the trunk is seen down", down)
        world.do("trunk_up", pbx="pbx30", trunk="10000")
        if told(world, "fired", "flapping"):
            break
        teller.until("the trunk is seen up", lambda: not down())
    teller.until("flapping is told", lambda: told(world, "fired", "flapping"))


def carrier_fails(world, teller):
    teller.step(f"The carrier at {CARRIER} fails. Six PBXes of one tenant notice one after the other, as each renews its "
                "registration: the first are told one by one, at the third it is one outage, told once. No phone names the rest; "
                "the webhook, a machine's, has every trunk.")
    for place, pbx in enumerate(CUSTOMERS):
        world.do("trunk_down", pbx=pbx, provider=CARRIER, reason="silent", at=f"{1 + 2 * place}s")

    def members():
        return {row["instance"] for row in world.items("/api/v1/alerts?limit=500") if "parent" in row["masks"]}
    teller.until("the outage is told", lambda: told(world, "fired", CARRIER))
    teller.until("all six are part of it", lambda: members() == set(CUSTOMERS))


def all_recovers(world, teller):
    teller.step("Everything recovers.")
    world.do("trunk_up", pbx="pbx03", trunk="10001")
    world.do("sbc_up", pbx="pbx08", sbc="11000")
    world.do("service_up", pbx="pbx12", service="nginx")
    world.do("pbx_up", pbx="pbx17")
    for pbx in CUSTOMERS:
        world.do("trunk_up", pbx=pbx, provider=CARRIER)
    teller.until("all alerts are resolved", lambda: not world.items("/api/v1/alerts"), 90)
    owed = ("/api/v1/deliveries?state=pending", "/api/v1/deliveries?state=claimed")
    teller.until("nothing is owed", lambda: not any(world.items(path) for path in owed))


# What happens, and how many seconds after the beginning.
STEPS = [(0, trunk_fails), (10, technician_acknowledges), (20, sbc_fails), (38, service_fails), (49, pbx_fails),
         (62, pbx_updates), (74, trunk_flaps), (104, carrier_fails), (128, all_recovers)]
TROUBLED_STEPS = [(0, trunk_fails), (8, several.acknowledges_elsewhere), (16, sbc_fails), (36, several.node_dies),
                  (50, several.node_returns), (56, pbx_updates), (66, several.node_freezes), (88, several.node_thaws),
                  (94, trunk_flaps), (122, several.database_restarts), (134, carrier_fails), (158, all_recovers)]
LAST_LOOK = 16  # seconds after the last step began; what comes late must be seen, too


def play(world, teller, trouble):
    steps = TROUBLED_STEPS if trouble else STEPS
    for at, step in steps:
        teller.until_second(at)
        if step.__module__ == several.__name__:
            step = functools.partial(step, trouble=trouble)
        step(world, teller)
    teller.until_second(steps[-1][0] + LAST_LOOK)


def silences(world):
    """(alert, channel, event, reason) of each message that was kept back, as the store explains it."""
    for row in all_pages(world, "/api/v1/alerts?state=all&limit=500"):
        _, answer = world.api(f"/api/v1/alerts/{row['id']}/explain")
        for item in answer["items"]:
            channel = item["channel"] or ""
            if channel.endswith("-voice"):
                continue  # calls are for one kind of outage of one tenant here, and that is no silence
            kept_back = item["delivery_why"] if item["delivery_state"] == "suppressed" else item["reason"]
            if not item["delivery"] or item["delivery_state"] == "suppressed":
                yield row, channel, item["event"], kept_back


def explain_silences(world, teller):
    """Says why, once for each reason, and how many silences there were: the flapping trunk must give one at least."""
    print(flush=True)
    quiet = list(silences(world))
    reasons = collections.Counter(reason for *_, reason in quiet)
    for row, channel, event, reason in quiet:
        if reason not in reasons:
            continue  # told already
        what = "the recovery" if event == "resolved" else "the failure" if event == "fired" else f"'{event}'"
        about = f"{row['resource'].get('name') or 'the PBX'} at {row['instance_name'] or 'all PBXes of the tenant'}"
        who = f"Why did {channel} hear nothing of" if channel else "Why did nobody hear of"
        teller.say(f"{who} {what} of {about}? Because {WHY.get(reason, reason)}.")
        others = reasons.pop(reason) - 1
        more = f"; {others} more for the same reason" if others else ""
        teller.say(f"    (ringdownctl explain {row['id']} says: {reason}{more})")
    if not any(reason in WHY for *_, reason in quiet):
        raise Failed("no silence has a reason, and the flapping trunk should")
    return len(quiet)


def all_pages(world, path):
    items, cursor = [], ""
    while True:
        _, answer = world.api(path + ("&cursor=" + cursor if cursor else ""))
        items += answer["items"]
        cursor = answer.get("next")
        if not cursor:
            return items


def account_of_nodes(world, trouble):
    """How long what was lost was run by nobody; a PBX that was off is not read by anybody."""
    gaps = widest_gaps(world, trouble.played_from, time.time())
    return {"nodes": len(several.NODES),
            "  killed: taken over within s": f"{trouble.worst['killed']:.1f}",
            "  frozen: taken over within s": f"{trouble.worst['frozen']:.1f}",
            "  database away for s": f"{trouble.worst['database']:.1f}",
            "  longest between reads of a PBX, s": f"{max(gap for pbx, gap in gaps.items() if pbx not in PLAYED):.1f}"}


def account(world, teller, quiet, trouble):
    """Prints the table and what is wrong; True when nothing is."""
    deliveries = all_pages(world, "/api/v1/deliveries?limit=500")
    alerts = all_pages(world, "/api/v1/alerts?state=all&limit=500")
    effects = world.effects()
    calls = {"  calls lost": lost_calls(deliveries, effects), "  calls doubled": doubled_calls(deliveries, effects)}
    faults_of_the_call = unheard(alerts, deliveries, effects, RINGING)
    faults = {"messages lost": lost(deliveries, alerts, effects, world.lines("truth.jsonl"), PLAYED),
              "messages doubled": doubled(deliveries, effects),
              "false alarms during the update": wrongly_told(alerts, effects, UPDATED, teller.names[UPDATED]),
              "reads that a PBX refused": world.refused_reads()}
    metrics = world.metrics()
    states = [row["state"] for row in deliveries]
    table = {"PBXes watched": PBXES, **(account_of_nodes(world, trouble) if trouble else {}), "polls": metrics["polls"], "transitions observed": metrics["transitions"],
             "alerts": len(alerts), "deliveries": len(deliveries),
             "  accepted": states.count("sent") + states.count("confirmed"),
             "  kept back, with a reason": quiet,
             "calls placed": len(world.effects("call_placed")),
             "  calls answered": len(world.effects("call_answered")),
             "  alerts acknowledged by key": len([alert for alert in alerts if is_acknowledged_by_key(alert)]),
             **{what: len(found) for what, found in calls.items()},
             **{what: len(found) for what, found in faults.items()}}
    print()
    for title, value in table.items():
        print(f"  {title:<36} {value:>6}")
    print(flush=True)
    faults = {**calls, **faults, "the call": faults_of_the_call}
    for what, found in faults.items():
        for fault in found:
            print(f"demo: {what.strip()}: {fault}", file=sys.stderr)
    return not any(faults.values())


def show(world, asked):
    rings_for(world, CALLED, "sbc_offline")
    world.start()
    world.do("callbacks_to", address=world.url.removeprefix("http://"))
    world.apply()
    world.settled(PBXES)
    teller = Teller(world)
    trunks = len(world.items("/api/v1/trunks"))
    teller.say(f"all {PBXES} PBXes are read, {trunks} trunks are watched; API and metrics: {world.url}")
    teller.step(f"{teller.users[CALLED + '-tech']} has agreed to be called. First a call reads out a code, to be given back: it "
                "proves the number.")
    verify_number(world, CALLED)
    world.do("phone", press="1", press_after="1s")
    trouble = several.Trouble(world) if asked.cluster else None
    play(world, teller, trouble)
    quiet = explain_silences(world, teller)
    sound = account(world, teller, quiet, trouble)
    if not asked.exit:
        ctl = f"build/release/bin/ringdownctl --config {world.config} --url {world.url}"
        if asked.cluster:
            print(f"The nodes:                                 {ctl} nodes")
        print(f"Still running. Who was told of what:       {ctl} deliveries\n"
              f"A drill, which rings the phone once more: {ctl} drill --tenant {CALLED}\nCtrl-C ends everything.", flush=True)
        while world.ended() is None:
            pause(1)
        raise Failed(f"a daemon ended by itself ({world.ended()})")
    return 0 if sound else 1


def begin(asked):
    nodes = "three ringdown nodes on one PostgreSQL" if asked.cluster else "one ringdown node"
    print(f"Starting 40 simulated 3CX systems of 6 tenants, and {nodes}; each PBX is polled every 2 s", flush=True)
    if asked.cluster:
        return several.begin(FLEET, "2s", TIMING)
    world = World(FLEET)
    world.write_config("2s", TIMING, public_url=PUBLIC)
    return world


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exit", action="store_true", help="end by itself; non-zero if anything was lost or doubled")
    parser.add_argument("--cluster", action="store_true", help="three nodes on PostgreSQL, with trouble of their own")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, interrupt)
    world = None
    try:
        world = begin(asked)
        return show(world, asked)
    except KeyboardInterrupt:
        print("\nended", flush=True)
        return 130 if asked.exit else 0
    except Exception as why:  # whatever it was: one line, and everything that was started ends
        print(f"demo: {' '.join(str(why).split()) or type(why).__name__}", file=sys.stderr)
        return 1
    finally:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)  # cleaning up takes a moment, and is bounded
        if world:
            world.end()


if __name__ == "__main__":
    sys.exit(main())
