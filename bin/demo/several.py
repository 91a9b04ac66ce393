"""The demo with several nodes: the same outages, and one node is killed, another frozen, and the database started again."""

import time

from calling import PUBLIC
from cluster import Cluster
from harness import wait_for
from teller import told

NODES = ("n1", "n2", "n3")
SHARDS = 12
DEAD, FROZEN = "pbx12", "pbx17"  # whose node is killed, and whose is frozen
LEASE = 15                       # seconds


class Trouble:
    """What is done to the nodes, and who took over what because of it."""

    def __init__(self, world):
        self.world = world
        self.tenants = {row["id"]: row["tenant"] for row in world.items("/api/v1/instances?limit=500")}
        self.worst = {}         # seconds, by what happened
        self.played_from = time.time()
        self.dead = self.frozen = None
        self.since, self.lost = 0.0, {}  # when a node was lost, and what it held: tenants by shard

    def owner_of(self, pbx):
        tenant = self.tenants[pbx]
        return wait_for(f"a node that runs {tenant}", lambda: self.world.owner(tenant), 30)

    def loses(self, node):
        """From now on `node` is lost, with all it holds."""
        self.since = time.time()
        rows = self.world.database.ask(f"select s.id from shard s join node n on n.id = s.owner where n.name = '{node.name}'")
        tenants = self.world.tenants_by_shard()
        self.lost = {int(row[0]): tenants[int(row[0])] for row in rows if int(row[0]) in tenants}

    def taken_over(self, teller, what, node, limit):
        """Waits until all tenants of a lost node are run by others, and says by whom and when."""
        def taken():
            return [one for one in self.world.take_overs(self.since) if one[1] != node.name and one[2] in self.lost]
        teller.until(f"what {node.name} had is taken over", lambda: {shard for *_, shard in taken()} >= set(self.lost), limit)
        self.worst[what] = max(after for after, *_ in taken())
        for name in self.world.nodes:
            mine = [(after, shard) for after, who, shard in taken() if who == name]
            if mine:
                tenants = ", ".join(sorted(tenant for _, shard in mine for tenant in self.lost[shard]))
                teller.say(f"    {name} takes over {tenants} after {max(after for after, _ in mine):.1f} s")


def begin(fleet, interval, timing):
    return Cluster(fleet, NODES, interval, timing, SHARDS, PUBLIC)


def calls_come_back_to_a_node_that_runs(world):
    """What a load balancer does."""
    world.do("callbacks_to", address=world.url.removeprefix("http://"))


def acknowledges_elsewhere(world, teller, trouble):
    alert = next(row for row in world.items("/api/v1/alerts") if row["instance"] == "pbx03")
    owner = trouble.owner_of("pbx03")
    other = next(node for node in world.nodes.values() if node is not owner)
    teller.step(f"The technician acknowledges it, at {other.name}; {owner.name} runs that tenant.")
    status, answer = world.api(f"/api/v1/alerts/{alert['id']}/ack", "POST", {"by": "jo"}, node=other)
    assert status == 200, answer


def node_dies(world, teller, trouble):
    node = trouble.dead = trouble.owner_of(DEAD)
    teller.step(f"{node.name} is killed (SIGKILL), and nginx stops on {teller.names[DEAD]}, which it watched.")
    trouble.loses(node)
    node.kill()
    world.do("service_down", pbx=DEAD, service="nginx")
    calls_come_back_to_a_node_that_runs(world)
    trouble.taken_over(teller, "killed", node, 20)
    teller.until("that is told", lambda: told(world, "fired", teller.names[DEAD]))


def node_returns(world, teller, trouble):
    teller.step(f"{trouble.dead.name} is started again, and gets a share of the work.")
    trouble.dead.start()
    teller.until("it holds shards", lambda: world.held().get(trouble.dead.name))


def node_freezes(world, teller, trouble):
    node = trouble.frozen = trouble.owner_of(FROZEN)
    teller.step(f"{node.name} freezes (SIGSTOP), and {teller.names[FROZEN]}, which it watched, loses power. A frozen node's lease of "
                f"{LEASE} s must end before anybody may take over.")
    trouble.loses(node)
    node.freeze()
    world.do("pbx_down", pbx=FROZEN)
    calls_come_back_to_a_node_that_runs(world)
    trouble.taken_over(teller, "frozen", node, 40)
    teller.until("that is told", lambda: told(world, "fired", teller.names[FROZEN]))


def node_thaws(world, teller, trouble):
    before = len(world.effects())
    teller.step(f"{trouble.frozen.name} goes on (SIGCONT), finds that others have what it had, and says nothing of it.")
    trouble.frozen.thaw()
    teller.until("it answers again", lambda: "shard_lost" in trouble.frozen.log_text(), 20)
    teller.until("it is ready", lambda: trouble.frozen.is_ready())
    assert len(world.effects()) == before, "a node that was frozen said something"


def database_restarts(world, teller, trouble):
    teller.step("PostgreSQL ends at once, as by a crash, and starts again after three seconds. Meanwhile a trunk of "
                f"{teller.names['pbx30']} fails.")
    world.database.stop()
    world.do("trunk_down", pbx="pbx30", trunk="10001")
    begun = time.monotonic()
    wait_for("every node says that it is not ready", lambda: not any(node.is_ready() for node in world.nodes.values()), 20)
    wait_for("three seconds", lambda: time.monotonic() - begun > 3)
    world.database.start()
    wait_for("every node is ready by itself", lambda: all(node.is_ready() for node in world.nodes.values()), 30)
    trouble.worst["database"] = time.monotonic() - begun
    teller.until("the trunk is told", lambda: told(world, "fired", teller.names["pbx30"]))
    world.do("trunk_up", pbx="pbx30", trunk="10001")

