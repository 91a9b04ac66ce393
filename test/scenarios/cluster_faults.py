"""Several nodes in a storm of outages, and what is done to them meanwhile: nothing may be lost, and nothing told twice."""

import re
import time

import cluster_account as account
import parting
import skew
import storm
from cluster_world import INTERVAL, SEED, TROUBLE, begin, busiest, repeatedly, until
from harness import World, request, wait_for
from steps import expect

SHORTEST = 8.0   # seconds that an outage lasts at least where owners die: longer than it takes to notice
OUTAGES = 120 if TROUBLE >= 60 else 70
ANSWERS_AFTER = "300ms"  # each receiver
FAILED_OVER = 20.0  # seconds that an outage lasts at least where a lease has to run out first
LEASES = 45.0  # three


def three_nodes_tell_what_one_tells():
    """The same storm of half a minute (five in a soak) is played to three nodes on PostgreSQL and to one on SQLite: each channel hears of the same
    failures and recoveries, and they are those that really happened."""
    lasts = 300.0 if TROUBLE >= 60 else 30.0
    outages = storm.plan(SEED, lasts, 120, 3.0)
    with begin() as several, World(storm.fleet(), interval=f"{INTERVAL:.0f}s") as alone:
        alone.start()
        alone.apply()
        alone.settled(storm.PBXES)
        since = time.time()
        for world in (several, alone):
            storm.begin(world, outages)
        until(time.monotonic() + lasts + SHORTEST)
        for world in (several, alone):
            storm.calm(world, outages)
        for world in (several, alone):
            account.settled(world)
        for kind in ("webhook", "ntfy"):
            one, many = account.told(alone, kind), account.told(several, kind)
            expect(one == many, f"{kind}: one node told {sorted(one - many)} beside, three {sorted(many - one)}")
            expect(one == storm.owed(outages), f"{kind}: {sorted(one ^ storm.owed(outages))}")
        account.judge(several, outages, since, time.time())


def in_a_storm(world, trouble, every, lasts=TROUBLE, begin_within=None, shortest=SHORTEST, clocks=None):
    """Plays a storm while `trouble(turn)` is made, then waits for the calm and judges."""
    outages = storm.plan(SEED, begin_within or lasts, OUTAGES, shortest)
    for sink in ("ntfy", "webhook"):  # so that there always is something under way
        world.do("sink_fault", sink=sink, mode="slow", delay=ANSWERS_AFTER)
    since, begun = time.time(), time.monotonic()
    storm.begin(world, outages)
    repeatedly(trouble, every, lasts)
    until(begun + outages[-1].at + shortest)
    storm.calm(world, outages)
    account.settled(world)
    account.judge(world, outages, since, time.time(), clocks)


def owners_are_killed_in_a_storm():
    """Each ten seconds the node that holds most is killed, and started again a second later: others take what it had, nothing is
    lost, nothing is told twice, no PBX goes unread for longer than a lease, and none is logged in to by two."""
    with begin() as world:
        def kill(_):
            node = busiest(world)
            node.kill()
            wait_for("somebody else has it", lambda: node.name not in world.held(), 20)
            world.start_node(node.name)
        in_a_storm(world, kill, 10)


def an_owner_is_frozen_in_a_storm():
    """An owner is stopped for three leases and goes on then: others take what it had, and of what they took it says nothing any
    more, asks no PBX for a token and settles no delivery, also not the one that was under way when it was stopped."""
    with begin() as world:
        stops = []

        def freeze(_):
            node = busiest(world)
            wait_for("it tells somebody", lambda: is_telling(world, node), 15, step=0.01)
            begun, stopped = time.monotonic(), time.time()
            node.freeze()
            wait_for("others have it", lambda: node.name not in world.held(), 20)
            until(begun + LEASES)
            stops.append((stopped, time.time()))
            knew = node.log_text().count("event=shard_lost")
            node.thaw()
            wait_for("it knows", lambda: node.log_text().count("event=shard_lost") > knew, 10)
        lasts = (2 if TROUBLE >= 60 else 1) * (LEASES + 5) - 2
        in_a_storm(world, freeze, LEASES + 5, lasts, lasts - FAILED_OVER - 3, FAILED_OVER)
        for stopped, went_on in stops:
            before = f"from attempt where started < {stopped * 1e6:.0f}"
            expect(world.database.ask(f"select 1 {before} and ended > {(stopped - 60) * 1e6:.0f} limit 1"), "nothing was told before an owner was stopped")
            late = world.database.ask(f"select tenant, delivery, number {before} and ended > {went_on * 1e6:.0f}")
            expect(not late, f"attempts that an owner settled after it had been stopped: {late}")


def is_telling(world, node):
    """Whether a delivery is under way at this node."""
    found = world.database.ask("select 1 from delivery d join shard s on s.owner = d.owner join node n on n.id = s.owner "
                               f"where d.state = 'claimed' and n.name = '{node.name}' limit 1")
    return bool(found)


def a_node_is_cut_from_the_database_in_a_storm():
    """A node does not hear from the database for longer than its leases last (25 s; a minute in a soak): it says that it is not ready and
    why, tells nothing, and comes back by itself; others take what it had. Its packets get lost in a network of the scenario's own; who
    may not make one has a proxy that falls silent."""
    away = 60.0 if TROUBLE >= 60 else 25.0
    apart = parting.own_network()
    with begin(by_proxy=not apart) as world:
        def cut(_):
            node = busiest(world)
            begun = time.monotonic()
            if apart:
                parting.cut(node.name, world.database.port)
            else:
                world.proxies[node.name].fall_silent()
            wait_for("it is not ready", lambda: request(node.url + "/readyz")[0] == 503, 20)
            why = request(node.url + "/readyz")[1]
            expect("database has not answered" in why or "store unavailable" in why, f"it does not say why: {why}")
            wait_for("others have it", lambda: node.name not in world.held(), 20)
            until(begun + away)
            if apart:
                parting.mend(node.name, world.database.port)
            else:
                world.proxies[node.name].go_on()
            wait_for("it is ready again", lambda: request(node.url + "/readyz")[0] == 200, 20)
        in_a_storm(world, cut, away + 20, max(away, TROUBLE), away - FAILED_OVER, FAILED_OVER)


def postgresql_is_stopped_in_a_storm():
    """PostgreSQL is stopped at once, as by a crash, and started again, each 20 s: nobody takes anything from anybody for that."""
    with begin() as world:
        before = sum(len(one) for one in account.reigns(world).values())

        def restart(_):
            world.database.stop()
            world.database.start()
        in_a_storm(world, restart, 20, max(25.0, TROUBLE))
        takes = sum(len(one) for one in account.reigns(world).values()) - before
        expect(takes == 0, f"{takes} shards were taken, and nobody was away for as long as a lease")


def connections_are_cut_behind_commits_in_a_storm():
    """One connection in so many is cut right after it carried a COMMIT to the database, so that nobody hears whether it was done:
    it was done once."""
    with begin(by_proxy=True) as world:
        for one in world.proxies.values():
            one.cut_one_in = 20
        in_a_storm(world, lambda _: None, 10)
        cuts = sum(one.cuts for one in world.proxies.values())
        print(f"     {cuts} connections were cut behind a COMMIT")
        expect(cuts >= 10, f"only {cuts} connections were cut")


def nodes_join_and_leave_in_a_storm():
    """A fourth node joins and one of the first leaves (SIGTERM), then the other way round."""
    with begin() as world:
        world.join("n4")

        def change(turn):
            comes, goes = ("n4", "n1") if turn % 2 == 0 else ("n1", "n4")
            world.start_node(comes)
            wait_for(f"{comes} has its share", lambda: comes in world.held(), 20)
            world.nodes[goes].terminate()
        in_a_storm(world, change, 10)


def a_node_is_drained_in_a_storm():
    """A node that is drained hands over all it has, others tell on, and it gets a share again when that is taken back."""
    with begin() as world:
        def drain(_):
            world.ctl("node", "drain", "n2")
            wait_for("it has nothing", lambda: "n2" not in world.held(), 20)
            world.ctl("node", "drain", "n2", "--off")
            wait_for("it has its share", lambda: "n2" in world.held(), 20)
        in_a_storm(world, drain, 10)


def clocks_are_apart_in_a_storm():
    """The wall clocks of two nodes are ten minutes ahead and ten behind, a receiver refuses for some seconds, and then who tries again
    is killed: the next owner goes on with it, and whoever has the secret finds each webhook signed, with the time that it is: all nodes
    go by the database's clock."""
    clocks = {"n1": 600, "n2": -600}
    with begin(more_env={name: skew.environment(seconds) for name, seconds in clocks.items()}) as world:
        def kill(turn):
            two = [world.nodes[name] for name in (("n1", "n2"), ("n2", "n1"))[turn % 2]]
            world.do("sink_fault", sink="webhook", mode="status", status="503", **{"for": "5s"})
            wait_for("one of the two will try again", lambda: any(tries_again(world, one) for one in two), 10)
            node = next((one for one in two if tries_again(world, one)), two[0])
            node.kill()
            wait_for("somebody else has it", lambda: node.name not in world.held(), 20)
            world.start_node(node.name)
        in_a_storm(world, kill, 10, clocks=clocks)
        forged, off = skew.signatures(world)
        expect(not forged, f"webhooks that are not signed: {forged}")
        expect(off < 5, f"a webhook was signed with a time that was {off:.0f} s wrong")
        for name, wrong in clocks.items():
            said = float(re.search(r"^ringdown_clock_off_seconds (\S+)$", request(world.nodes[name].url + "/metrics")[1], re.M)[1])
            expect(abs(said - wrong) < 5, f"{name} says its clock is {said} s off: libfaketime did nothing")


def tries_again(world, node):
    """Whether a delivery that failed waits for its next attempt at this node."""
    rows = world.items("/api/v1/deliveries?state=pending&limit=1000")
    return any(row["attempts"] > 0 and world.owner(row["tenant"]) is node for row in rows)
