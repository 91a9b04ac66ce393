#!/usr/bin/env python3
"""A database of ringdown is made, put back from a dump and to a point in time, and asked about, by the very commands of
docs/operating.md ("PostgreSQL", "Backup and restore of PostgreSQL", "What to do when"), as root of a machine with a PostgreSQL as Debian
installs it; and deploy/postgres/after-restore.sql makes of it what S-K6 demands.

That machine is this one with some folders and the network hidden from it (namespaces): nothing outside is read, written or stopped."""

import fcntl
import os
import pathlib
import pwd
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SQL = ROOT / "deploy/postgres/after-restore.sql"
SET_APART = "RINGDOWN_TEST_SET_APART"  # set in the process that has the namespaces
# Empty at first, and gone with the test. /run, so that there is no systemd to be asked to start or stop the real server.
FOLDERS = ("/run", "/etc/postgresql", "/var/lib/postgresql", "/var/log/postgresql", "/var/backups")
# What Debian's sudo gives, without what this machine happens to have in /usr/local.
STOCK_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# Debian's base system has no sudo, and where there is one it does not work in a user namespace. As its sudoers says, the caller's
# environment does not come along.
SUDO = """#!/bin/bash
[[ $1 == -u && $2 == postgres ]] || exit 1
((EUID != 0)) || change=(setpriv --reuid=postgres --regid=postgres --init-groups)
exec "${change[@]}" env --ignore-environment PATH=%s LC_ALL=C.UTF-8 "${@:3}"
""" % STOCK_PATH
NODES = "postgresql://ringdown:from-a-node@127.0.0.1/%s?application_name=ringdown"

# A database in the midst of things: a shard that is owned, deliveries of each kind and state, a call, a PBX that is read.
AN_HOUR_AGO = """
insert into shard(id) select generate_series(0, 63);
update shard set owner = 'nd_old', epoch = 7, lease_until = 'infinity' where id = 3;
insert into setting values ('lineage', 'before');
insert into live_number values ('+15551234567', 'acme', 'c1', 1);
insert into call(tenant, call, channel, alert, number, person, reference, stage, result, read, made, changed)
  values ('acme', 'c1', 'phone', 'a1', '+15551234567', 'jo', '', 'ringing', '', '', 1, 1);
insert into instance_health values ('acme', 'hq', 'reachable', 'none', 1, 1, 1, '20');
insert into resource values ('acme', 'hq', 'trunk', '10', 'Main', 'down', 1, '', '', '', '', '');
insert into delivery(tenant, id, channel, kind, event, alert, episode, version, target, step, round, level, state, why, attempts, handed,
    possible_repeat, created, not_before, give_up_at, reference, answer, trace, content, owner, epoch, claimed_at)
  select 'acme', kind || '-' || state, 'c', kind, 'fired', 'a1', 1, 1, 't', 0, 0, 'critical', state, 'none', 0, 0, 0, 1, 1, 1, '', '', '', '',
    case state when 'claimed' then 'nd_old' end, case state when 'claimed' then 7 end, case state when 'claimed' then 1 end
  from unnest(array['interrupt', 'mirror', 'log']) kind, unnest(array['pending', 'claimed', 'accepted']) state;
"""
AN_ALERT = """
insert into alert(tenant, id, instance, type, kind, key, label, provider, phase, level, episode, version, why, detail, opened, since,
    removed, masks, settling, first_sight, flapping, drill, changes, current, targets, trace, ladder, escalation)
  values ('acme', '{}', 'hq', 'trunk_down', 'trunk', '10', 'Main', '', 'firing', 'critical', 1, 1, 'none', '', 1, 1,
    0, 0, 0, 0, 0, 0, '', '', '', '', 'a ladder', 'a step');
"""


def version():
    """The newest PostgreSQL here; the document's is Debian 12's, 15."""
    found = [one.parts[-3] for one in pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(found, key=float) if found and shutil.which("pg_createcluster", path=STOCK_PATH) else None


def blocks(part):
    """What a part of operating.md tells to type, in its order."""
    text = (ROOT / "docs/operating.md").read_text().split(f"### {part}\n")[1].split("\n##")[0]
    found = [re.sub(r"(?m)^   ", "", one) for one in re.findall(r"(?ms)^ *```\n(.*?)^ *```$", text)]
    return [re.sub(r"\b15\b", version(), one) for one in found]


def statements(text):
    """Which tables are changed how, in which order: `update shard`, `delete from call`."""
    return re.findall(r"(?:(?<!do )update|delete from|insert (?:or replace )?into) \w+", text)


def namespaces():
    """The words that begin a command set apart from this machine. Who is not root becomes the server's user: both are then one."""
    if os.geteuid() == 0:
        return ["unshare", "--mount", "--net"]
    user = pwd.getpwnam("postgres")
    return ["unshare", "--mount", "--net", "--user", f"--map-user={user.pw_uid}", f"--map-group={user.pw_gid}", "--keep-caps"]


def raise_loopback():
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP


class Machine:
    """One with a PostgreSQL that was just installed: a cluster `main`, peer authentication, port 5432."""

    def __init__(self, folder):
        self.folder = folder

    def install(self):
        (self.folder / "sudo").write_text(SUDO)
        (self.folder / "sudo").chmod(0o755)
        for name in FOLDERS:
            self.bash(f"mount -t tmpfs -o mode=755 none {name}")
        self.bash("chown postgres:postgres /etc/postgresql /var/lib/postgresql /var/log/postgresql\n"
                  "install -d -o postgres -g postgres -m 2775 /run/postgresql\n"
                  f"pg_createcluster {version()} main --start")

    def bash(self, script, given=""):
        """What root's bash, in the folder of the sources and without a terminal, printed."""
        where = {"PATH": f"{self.folder}:{STOCK_PATH}", "LC_ALL": "C.UTF-8"}
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], input=given, capture_output=True, text=True, timeout=60,
                              check=False, cwd=ROOT, env=where, start_new_session=True)
        if done.returncode != 0:
            raise AssertionError(f"{script}: {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def run(self, sql, database="ringdown"):
        """As a node."""
        return self.bash(f'psql --no-psqlrc -qAt --set=ON_ERROR_STOP=1 --dbname="{NODES % database}"', sql).strip()

    def end(self):
        self.bash(f"pg_ctlcluster {version()} main stop --mode=immediate || true\n"
                  f"umount --lazy {' '.join(reversed(FOLDERS))}")


class Restore(unittest.TestCase):
    def setUp(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="ringdown-restore-"))
        self.addCleanup(shutil.rmtree, folder)
        self.machine = Machine(folder)
        self.addCleanup(self.machine.end)
        self.machine.install()
        (self.begin, self.dump, self.settings, self.base, self.from_dump, self.to_a_point, self.tell,
         self.rename) = blocks("Backup and restore of PostgreSQL")
        self.machine.bash(blocks("PostgreSQL")[0], "from-a-node\n" * 2)
        for step in sorted((ROOT / "persistence/schema/postgres").glob("*.sql")):
            self.machine.run(step.read_text())
        self.machine.run(AN_HOUR_AGO + AN_ALERT.format("a1"))

    def type(self, *given):
        """Into the bash that began as the document says."""
        return self.machine.bash("".join([self.begin, *given]))

    def to_the_point(self, until):
        [base] = pathlib.Path("/var/backups/ringdown-postgres").glob("base-*")
        script, found = re.subn(r"(?m)^UNTIL=.*$", f"UNTIL='{until}'", self.to_a_point)
        script, named = re.subn(r"base-\d{4}-\d\d-\d\d", base.name, script)
        self.assertEqual((found, named), (1, 1))
        return script

    def expect_aged(self, database="ringdown"):
        """What S-K6 demands of a database that was put back."""
        ask = lambda sql: self.machine.run(sql, database)  # noqa: E731
        self.assertEqual(ask("select min(epoch), max(epoch), max(owner), max(lease_until) from shard"), "1000000|1000007||-infinity")
        self.assertEqual(ask("select id, state from delivery where state <> 'accepted' order by id").splitlines(),
                         ["interrupt-claimed|suppressed", "interrupt-pending|suppressed", "log-claimed|claimed", "log-pending|pending",
                          "mirror-claimed|claimed", "mirror-pending|pending"])
        self.assertEqual(ask("select count(*) from delivery where state = 'suppressed' and why = 'superseded' and owner is null and "
                             "epoch is null and claimed_at is null and ended > 1700000000000000"), "2")
        self.assertEqual(ask("select count(*) from live_number"), "0")
        self.assertEqual(ask("select stage, result from call"), "ended|cancelled")
        self.assertEqual(ask("select distinct ladder, escalation from alert"), "|")
        self.assertEqual(ask("select reach, why, blind, starting from instance_health"), "unknown|none|0|0")
        self.assertEqual(ask("select state from resource"), "unknown")
        self.assertRegex(ask("select value from setting where key = 'restored'"), r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
        self.assertRegex(ask("select value from setting where key = 'lineage'"), r"^[0-9a-f]{32}$")

    def test_from_a_dump(self):
        self.type(self.dump)
        self.machine.run(AN_ALERT.format("a2"))
        self.type(self.from_dump)
        self.assertEqual(self.machine.run("select id, ladder from alert", "ringdown_restored"), "a1|a ladder")
        self.type("PUT_BACK=ringdown_restored\n", self.tell)
        self.expect_aged("ringdown_restored")
        self.type(self.rename)
        self.expect_aged()
        self.assertEqual(self.machine.run("select owner, epoch from shard where id = 3", "ringdown_before"), "nd_old|7")
        self.machine.run("alter table alert add column added int")  # a newer version's first node brings the schema forward

    def test_to_a_point_in_time(self):
        self.type(self.settings)
        self.type(self.base)
        self.machine.run(AN_ALERT.format("a2"))
        until = self.machine.run("select clock_timestamp()")
        self.machine.run("delete from alert")
        self.assertRegex(self.type(self.to_the_point(until)), r"main +5432 online +postgres")
        self.assertEqual(self.machine.run("select id from alert order by id"), "a1\na2")
        self.type("PUT_BACK=ringdown\n", self.tell)
        self.expect_aged()
        self.assertTrue(pathlib.Path(f"/var/lib/postgresql/{version()}/main.before/PG_VERSION").exists())

    def test_a_point_in_time_that_the_archive_does_not_reach(self):
        self.type(self.settings)
        self.type(self.base)
        until = self.machine.run("select clock_timestamp()")
        self.machine.run("delete from alert")
        # Who types goes on after a command that failed, as the start may.
        self.assertRegex(self.type("set +e\n", self.to_the_point("2999-01-01 00:00:00+00")), r"main +5432 down")
        log = pathlib.Path(f"/var/log/postgresql/postgresql-{version()}-main.log").read_text()
        self.assertIn("recovery ended before configured recovery target was reached", log)
        again = re.sub(r"(?m)^pg_ctlcluster .* stop\nmv .*$", 'rm -r "$DATA"', self.to_the_point(until))
        self.assertRegex(self.type(again), r"main +5432 online +postgres")
        self.assertEqual(self.machine.run("select id from alert"), "a1")

    def test_the_questions_about_shards_and_locks_are_answered(self):
        [questions] = blocks("What to do when")
        self.machine.bash("sudo -u postgres psql -q", "create role reader login password 'from-a-person'")
        end = re.search(r"`(sudo -u postgres psql -c 'select pg_terminate_backend\(PID\)')`", (ROOT / "docs/operating.md").read_text())
        # Not the last command: bash would put it in its own place, and end the other session before.
        answer = self.machine.bash('coproc psql "postgresql://reader:from-a-person@127.0.0.1/ringdown" -qAt\n'
                                   'echo "begin; select pg_backend_pid();" >&"${COPROC[1]}"; read -r pid <&"${COPROC[0]}"\n'
                                   + questions + end[1].replace("PID", "'$pid'") + "\ntrue")
        self.assertIn("(64 rows)", answer)
        self.assertRegex(answer, r"reader .*\| idle in transaction \| 00:00:\d\d[.\d]* +\| select pg_backend_pid")
        self.assertRegex(answer, r"pg_terminate_backend *\n-+\n t\n")

    def test_it_is_refused_while_a_node_is_connected(self):
        with self.assertRaisesRegex(AssertionError, "stop them first: ringdown from 127.0.0.1"):
            self.type(f'coproc psql "{NODES % "ringdown"}" -qAt; echo "select 1;" >&"${{COPROC[1]}}"; read -r _ <&"${{COPROC[0]}}"\n',
                      "PUT_BACK=ringdown\n", self.tell, "true")
        self.assertEqual(self.machine.run("select epoch, owner from shard where id = 3"), "7|nd_old")


class Same(unittest.TestCase):
    def test_it_changes_the_tables_that_sqlites_restore_changes(self):
        ours = statements(re.sub(r"(?m)^--.*$", "", SQL.read_text()))
        code = (ROOT / "persistence/sqlite/open.cpp").read_text().split("void age(")[1].split("\n}\n")[0]
        theirs = [one.replace("insert or replace into", "insert into").replace("insert into shard", "update shard") for one in statements(code)]
        self.assertIn("begin_lineage(db)", code)
        self.assertEqual(sorted(ours), sorted([*theirs, "insert into setting"]))


def why_not():
    """Why this cannot be tried here, if so."""
    if version() is None:
        return "no PostgreSQL as Debian has it"
    tried = subprocess.run([*namespaces(), "true"], capture_output=True, text=True, check=False)
    return f"no namespaces: {tried.stderr.strip()}" if tried.returncode else None


if __name__ == "__main__":
    if SET_APART not in os.environ:
        if why := why_not():
            print(f"deploy_restore: {'FAILED' if os.environ.get('CI') else 'skipped'} ({why})")
            sys.exit(1 if os.environ.get("CI") else 0)
        os.environ[SET_APART] = "1"
        os.execvp("unshare", [*namespaces(), sys.executable, *sys.argv])
    raise_loopback()
    unittest.main()
