"""Several daemons on one PostgreSQL, in one world of PBXes and receivers."""

import datetime
import http.client
import json
import os
import signal

from database import Database
from harness import Daemon, Failed, World, request, stop, wait_for


class Node(Daemon):
    """One of several: what it is called, and by what way it reaches the database."""

    def __init__(self, folder, name, world):
        os.mkdir(folder)
        super().__init__(folder)
        self.name = name
        self.world = world
        self.frozen = False

    def configure(self, interval, timing, url, extra="", public_url=None, egress=None):
        shared = self.world.folder
        several = (f'[store]\nurl = "{url}"\nshards = {self.world.shards}\n[node]\nname = "{self.name}"\negress = "{egress or self.name}"\n'
                   f'[secrets]\nkey_file = "{shared}/secrets.key"\n[api]\ntoken_file = "{shared}/api.token"\n')
        self.write_config(interval, timing, several + extra, public_url)

    def runs(self):
        return self.daemon is not None and self.daemon.poll() is None and not self.frozen

    def is_ready(self):
        """As a load balancer sees it."""
        try:
            return request(self.url + "/readyz", timeout=2)[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def freeze(self):
        self.daemon.send_signal(signal.SIGSTOP)
        self.frozen = True

    def thaw(self):
        self.daemon.send_signal(signal.SIGCONT)
        self.frozen = False

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def end(self):
        if self.daemon is None:
            return
        if self.frozen:
            self.thaw()
        stop(self.daemon, 30)
        if self.daemon.stdout:
            self.daemon.stdout.close()


class Cluster(World):
    """What scenarios ask of a world, any node that runs answers."""

    def __init__(self, scenario, names=("n1", "n2", "n3"), interval="500ms", timing=None, shards=12, public_url=None, egress=None):
        self.nodes = {}
        self.shards = shards
        self.database = None
        super().__init__(scenario, interval, timing)
        try:
            self.database = Database()
            for name in names:
                self.add(name, interval, timing, public_url=public_url, egress=egress)
        except BaseException:
            self.end()
            raise

    def write_config(self, *_, **__):
        """Each node has a file of its own: add() writes it."""

    def add(self, name, interval="500ms", timing=None, url=None, **more):
        node = Node(os.path.join(self.folder, name), name, self)
        node.configure(interval, timing, url or self.database.url(), **more)
        self.nodes[name] = node
        return node

    def start(self, prefix=(), limit=20, env=None):
        for node in self.nodes.values():
            node.start(prefix, limit, env)

    def some(self):
        """A node that runs."""
        node = next((one for one in self.nodes.values() if one.runs()), None)
        if not node:
            raise Failed("no node runs")
        return node

    def ended(self):
        """The exit code of a node that ended by itself, if one did."""
        return next((node.daemon.returncode for node in self.nodes.values() if node.daemon and node.daemon.poll() is not None), None)

    @property
    def url(self):
        return self.some().url

    @url.setter
    def url(self, value):
        assert value is None

    def api(self, path, method="GET", body=None, node=None):
        with open(os.path.join(self.folder, "api.token"), encoding="utf-8") as file:
            token = file.read().strip()
        status, text = request((node or self.some()).url + path, method, None if body is None else json.dumps(body),
                               {"Authorization": "Bearer " + token})
        return status, json.loads(text)

    @property
    def config(self):
        """Of the node that answers: ringdownctl takes the token's place from it."""
        return self.some().config if self.nodes else ""

    @config.setter
    def config(self, value):
        pass  # a world's own; here each node has one


    def take_overs(self, since):
        """(seconds after `since`, node, shard) of each shard that somebody took from then on, as the nodes' logs have it."""
        taken = []
        for node in self.nodes.values():
            for line in node.log_text().splitlines():
                if "event=shard_taken " in line:
                    words = dict(word.split("=", 1) for word in line.split() if "=" in word)
                    at = datetime.datetime.fromisoformat(words["time"].replace("Z", "+00:00")).timestamp() - since
                    if at >= 0:
                        taken.append((at, node.name, int(words["shard"])))
        return sorted(taken)

    def tenants_by_shard(self):
        """Of those that have instances."""
        found = {}
        for tenant, shard in self.database.ask("select tenant, shard from tenant_shard where instances > 0 order by 1"):
            found.setdefault(int(shard), []).append(tenant)
        return found

    def owner(self, tenant):
        """The node that holds the shard of a tenant, as the database has it; none: nobody whose lease runs."""
        found = self.database.ask("select n.name from tenant_shard t join shard s on s.id = t.shard join node n on n.id = s.owner "
                                  f"where t.tenant = '{tenant}' and s.lease_until > now()")
        return self.nodes[found[0][0]] if found else None

    def held(self):
        """By node: how many shards it holds."""
        rows = self.database.ask("select n.name, count(*) from shard s join node n on n.id = s.owner where s.lease_until > now() group by 1")
        return {name: int(count) for name, count in rows}

    def shared_out(self):
        """Every shard is held, and everybody who runs holds some."""
        running = [name for name, node in self.nodes.items() if node.runs()]
        held = self.held()
        return sum(held.values()) == self.shards and set(held) == set(running)

    def settled(self, pbxes):
        wait_for("the shards are shared out", self.shared_out, 40)

        def all_reachable():
            rows = self.items("/api/v1/instances?limit=1000")
            return len(rows) == pbxes and all(row["reach"] == "reachable" and row["node"] for row in rows)
        wait_for(f"{pbxes} PBXes read", all_reachable, 40)

    def metrics(self):
        sums = {}
        for node in self.nodes.values():
            if node.runs():
                _, text = request(node.url + "/metrics")
                for line in text.splitlines():
                    for key in ("polls", "transitions"):
                        if line.startswith(f"ringdown_{key}_total"):
                            sums[key] = sums.get(key, 0) + int(float(line.rsplit(" ", 1)[1]))
        return sums

    def end(self):
        for node in self.nodes.values():
            node.end()
        if self.database:
            self.database.end()
        super().end()
