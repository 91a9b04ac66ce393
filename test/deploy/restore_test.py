#!/usr/bin/env python3
"""A database of ringdown is put back from a dump and to a point in time, by the very commands of docs/operating.md ("Backup and
restore of PostgreSQL"), on a PostgreSQL of its own; and deploy/postgres/after-restore.sql makes of it what S-K6 demands."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SQL = ROOT / "deploy/postgres/after-restore.sql"
NOBODY = 65534  # the server refuses to run as root

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


def programs():
    """The newest PostgreSQL's folder of programs."""
    return max((str(one.parent) for one in pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")), default=None)


def blocks(part="Backup and restore of PostgreSQL"):
    """What a part of operating.md tells to type, in its order."""
    text = (ROOT / "docs/operating.md").read_text().split(f"### {part}\n")[1].split("\n##")[0]
    return [re.sub(r"(?m)^   ", "", one) for one in re.findall(r"(?ms)^ *```\n(.*?)^ *```$", text)]


def statements(text):
    """Which tables are changed how, in which order: `update shard`, `delete from call`."""
    return re.findall(r"(?:(?<!do )update|delete from|insert (?:or replace )?into) \w+", text)


class Server:
    """A PostgreSQL that keeps its log in an archive, and what the document's variables are here."""

    def __init__(self, folder):
        self.folder = folder
        self.data = folder / "data"
        self.here = {"ADMIN": f"postgresql://postgres@/postgres?host={folder}", "DB": f"postgresql://ringdown@/ringdown?host={folder}",
                     "PUT_BACK": f"postgresql://ringdown@/ringdown_restored?host={folder}", "BACKUPS": folder / "backups",
                     "ARCHIVE": folder / "archive", "RESTORED": folder / "restored"}
        for name in ("backups", "archive"):
            self.bash(f'mkdir "{folder / name}"')
        self.bash(f'initdb -D "{self.data}" -U postgres -A trust -E UTF8 --locale C --no-sync')
        settings = blocks()[2].replace("/var/lib/postgresql/archive", str(folder / "archive"))
        settings += f"listen_addresses = ''\nunix_socket_directories = '{folder}'\nfsync = off\n"
        self.bash(f'cat >> "{self.data}/postgresql.conf"', settings)
        self.start(self.data)

    def bash(self, script, given=""):
        """Runs it as the server's user, who may write in `folder` alone; what it printed."""
        as_whom = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
        names = {name: str(value) for name, value in self.here.items()}
        where = {"PATH": f"{programs()}:{os.environ['PATH']}", "LC_ALL": "C", "HOME": str(self.folder)}
        done = subprocess.run([*as_whom, "bash", "-euo", "pipefail", "-c", script], input=given, capture_output=True, text=True, timeout=60,
                              check=False, cwd=ROOT, env={**where, **names})
        if done.returncode != 0:
            raise AssertionError(f"{script}: {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self, data):
        self.bash(f'pg_ctl --pgdata="{data}" --log="{data}.log" --wait start')

    def stop(self, data):
        self.bash(f'pg_ctl --pgdata="{data}" --wait --mode=fast stop')

    def run(self, sql, place="DB"):
        return self.bash(f'psql --no-psqlrc -qAt --set=ON_ERROR_STOP=1 --dbname="${place}"', sql).strip()


class Restore(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ringdown-restore-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        if os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
        self.server = Server(self.folder)
        self.addCleanup(self.end)
        self.server.run("create role ringdown login", "ADMIN")
        self.server.bash('createdb --owner=ringdown --encoding=UTF8 --template=template0 --maintenance-db="$ADMIN" ringdown')
        for step in sorted((ROOT / "persistence/schema/postgres").glob("*.sql")):
            self.server.run(step.read_text())
        self.server.run(AN_HOUR_AGO + AN_ALERT.format("a1"))

    def end(self):
        for data in (self.server.data, self.folder / "restored"):
            if (data / "postmaster.pid").exists():
                self.server.stop(data)

    def expect_aged(self, place):
        """What S-K6 demands of a database that was put back."""
        ask = lambda sql: self.server.run(sql, place)  # noqa: E731
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
        _, dump, _, _, back, _, tell = blocks()
        self.server.bash(dump)
        self.server.run(AN_ALERT.format("a2"))
        self.server.bash(back)
        self.assertEqual(self.server.run("select id, ladder from alert", "PUT_BACK"), "a1|a ladder")
        self.server.bash(tell)
        self.expect_aged("PUT_BACK")
        self.assertEqual(self.server.run("select owner, epoch from shard where id = 3"), "nd_old|7")  # the old one is as it was

    def test_to_a_point_in_time(self):
        _, _, _, base, _, back, tell = blocks()
        self.server.bash(base)
        self.server.run(AN_ALERT.format("a2"))
        until = self.server.run("select clock_timestamp()")
        self.server.run("delete from alert")
        self.server.run("select pg_switch_wal()", "ADMIN")
        self.server.stop(self.server.data)
        self.assertIn("\nUNTIL='", "\n" + back)
        self.server.bash(re.sub(r"(?m)^UNTIL=.*$", f"UNTIL='{until}'", back))
        self.assertEqual(self.server.run("select id from alert order by id"), "a1\na2")
        self.server.here["PUT_BACK"] = self.server.here["DB"]
        self.server.bash(tell)
        self.expect_aged("DB")

    def test_the_questions_about_shards_and_locks_are_answered(self):
        [questions] = blocks("What to do when")
        answer = self.server.bash(questions)
        self.assertIn("(64 rows)", answer)
        self.assertRegex(answer, r"ringdown .*select pid, usename")  # the question itself is under way

    def test_it_is_refused_while_a_node_is_connected(self):
        tell = blocks()[-1].replace("$PUT_BACK", "$DB")
        before = "select epoch, owner from shard where id = 3"
        with self.assertRaisesRegex(AssertionError, "stop them first: ringdown from this machine"):
            # Not the last command: bash would put it in its own place, and end the other session before.
            self.server.bash('coproc psql "$DB&application_name=ringdown" -qAt; echo "select 1;" >&"${COPROC[1]}"; '
                             f'read -r _ <&"${{COPROC[0]}}"; {tell}true')
        self.assertEqual(self.server.run(before), "7|nd_old")


class Same(unittest.TestCase):
    def test_it_changes_the_tables_that_sqlites_restore_changes(self):
        ours = statements(re.sub(r"(?m)^--.*$", "", SQL.read_text()))
        code = (ROOT / "persistence/sqlite/open.cpp").read_text().split("void age(")[1].split("\n}\n")[0]
        theirs = [one.replace("insert or replace into", "insert into").replace("insert into shard", "update shard") for one in statements(code)]
        self.assertIn("begin_lineage(db)", code)
        self.assertEqual(sorted(ours), sorted([*theirs, "insert into setting"]))


if __name__ == "__main__":
    if programs() is None:
        print("deploy_restore: FAILED: no PostgreSQL" if os.environ.get("CI") else "deploy_restore: skipped (no PostgreSQL)")
        sys.exit(1 if os.environ.get("CI") else 0)
    unittest.main()
