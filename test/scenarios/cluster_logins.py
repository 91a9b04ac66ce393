"""What a PBX counts of failed logins it counts by the address they come from: so do all nodes behind it."""

from cluster import Cluster
from harness import wait_for
from steps import expect, logins
from watching import doctored

PBX = "pbx01"


def failed_logins_are_counted_for_all_nodes_of_an_address():
    """A secret became wrong. It was tried twice when its node dies: the next one, which has the same address, does not try it, and one
    of another address does. The doctor that asks a node tells what the owner says, and does not try it either."""
    with Cluster("[fleet]\ntenants = 1\npbxes = 1\n", ("n1", "n2"), shards=2, egress="office") as world:
        world.start()
        world.apply()
        world.settled(1)
        world.do("creds_change", pbx=PBX, secret="another-secret")
        wait_for("auth_failed told", lambda: [line for line in world.effects("webhook", "fired") if "instance_auth_failed" in line["body"]])
        refused(world, 2, "one node")
        first = owner(world)
        said = doctored(world, PBX, world.nodes[{"n1": "n2", "n2": "n1"}[first]])
        expect(f"not tried: t1/{PBX} is watched by {first}" in said and "the cause is at step login" in said, f"the doctor says: {said}")
        refused(world, 2, "the doctor")
        world.nodes[first].kill()
        taken_over(world, {"n1": "n2", "n2": "n1"}[first])
        refused(world, 2, "another node of the same address")
        world.add("n3", egress="elsewhere").start()
        other = owner(world)
        if other != "n3":  # it was not given half of the shards, or not this one
            world.nodes[other].kill()
        taken_over(world, "n3")
        refused(world, 3, "a node of another address")  # which the PBX blocks then: to it they all have one


def owner(world):
    return world.items("/api/v1/instances")[0]["node"]


def taken_over(world, by):
    def looks():
        row = world.items("/api/v1/instances")[0]
        return row["node"] == by and row["polls"] >= 5
    wait_for(f"{by} has looked at it", looks, 20)


def refused(world, count, what):
    failed = [line for line in logins(world, PBX) if not line["granted"]]
    expect(len(failed) == count, f"{what}: {len(failed)} logins failed, and not {count}")
