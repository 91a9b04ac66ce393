#!/usr/bin/env python3
"""ringdownd as a process, without a PBX: exit codes, reload, tenants that cannot be read, the heartbeat. Loopback only."""

import http.server
import json
import pathlib
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

DAEMON = ""
CTL = ""
FAILING_SYNC = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e", "inject=fdatasync,fsync:error=EIO:when=1+")


class Beats:
    """Counts the heartbeats that arrive."""

    def __init__(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.server.beats += 1
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.beats = 0
        self.url = f"http://127.0.0.1:{self.server.server_port}/beat"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def count(self):
        return self.server.beats

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Daemon(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.config = self.folder / "ringdown.toml"
        self.log = self.folder / "log"
        self.write()

    def write(self, more="", listen="127.0.0.1:0", state="state", interval="5s"):
        self.config.write_text(f'state_dir = "{state}"\n[http]\nlisten = "{listen}"\n[egress]\nallow = ["127.0.0.0/8"]\n'
                               f'[limits]\nmin_poll_interval = "{interval}"\n{more}')

    def refused(self, code, says, prefix=()):
        done = subprocess.run([*prefix, DAEMON, "--config", str(self.config)], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertIn(says, done.stdout + done.stderr)

    def start(self):
        with open(self.log, "ab") as log:
            daemon = subprocess.Popen([DAEMON, "--config", str(self.config)], stdout=subprocess.PIPE, stderr=log)
        self.addCleanup(self.end, daemon)
        ready, _, _ = select.select([daemon.stdout], [], [], 20)
        line = daemon.stdout.readline().decode() if ready else ""
        self.assertIn("listening on", line, self.log.read_text())
        self.url = line.split("listening on ", 1)[1].strip()
        return daemon

    @staticmethod
    def end(daemon):
        if daemon.poll() is None:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(30)
        daemon.stdout.close()

    def until(self, what, look):
        end = time.monotonic() + 20
        while not look():
            self.assertLess(time.monotonic(), end, f"{what}; the log: {self.log.read_text()}")
            select.select([], [], [], 0.05)

    def logged(self, text):
        self.until(f"not logged: {text}", lambda: text in self.log.read_text())

    def get(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read().decode()

    def put(self, text):
        token = (self.folder / "state/api.token").read_text().strip()
        request = urllib.request.Request(self.url + "/api/v1/tenants/acme/file", method="PUT", headers={"Authorization": "Bearer " + token},
                                         data=json.dumps({"toml": text, "secrets": {"s": "x"}}).encode())
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code

    def database(self, sql):
        with sqlite3.connect(self.folder / "state/ringdown.db") as link:
            link.execute(sql)
        link.close()


class ExitCodes(Daemon):
    def test_what_only_its_operator_can_mend_is_78(self):
        (self.folder / "file").write_text("")
        self.write(state="file")
        self.refused(78, "state_dir")
        self.write(state="file/below")
        self.refused(78, "cannot create state_dir")
        self.write(listen="localhost:8480")
        self.refused(78, "127.0.0.1:8480")

    def test_a_folder_as_its_file_is_78_and_no_crash(self):
        self.config = self.folder
        self.refused(78, "cannot be read")

    def test_another_schema_is_78(self):
        self.end(self.start())
        self.database("pragma user_version = 99")
        self.refused(78, "99")

    def test_a_place_that_is_taken_is_75(self):
        self.start()
        self.refused(75, "another ringdown uses")
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            self.write(state="second", listen=f"127.0.0.1:{other.getsockname()[1]}")
            self.refused(75, "Address already in use")

    @unittest.skipUnless(shutil.which("strace"), "strace makes the disk fail")
    def test_a_disk_that_fails_at_the_start_is_70_and_may_pass(self):
        self.end(self.start())
        self.refused(70, "disk I/O error", FAILING_SYNC)
        self.start()

    def test_tenants_that_cannot_be_listed_are_no_start(self):
        self.end(self.start())
        self.database("alter table config_document rename to away")
        self.refused(70, "config_document")


class Reload(Daemon):
    def test_a_reload_outlives_the_next_apply(self):
        tenant = ('[tenant]\nid = "acme"\n[[instance]]\nid = "hq"\nurl = "https://127.0.0.1:9"\nclient_id = "c"\n'
                  'secret = { secret = "s" }\ninterval = "1s"\n')
        daemon = self.start()
        self.assertEqual(self.put(tenant), 422)
        self.write(interval="1s")
        daemon.send_signal(signal.SIGHUP)
        self.logged("event=reloaded")
        self.assertEqual(self.put(tenant), 200)

    def test_what_waits_for_a_start_is_said(self):
        daemon = self.start()
        self.write(listen="127.0.0.1:1", more='[log]\nlevel = "debug"\n[poll]\ntimeout = "9s"\n')
        daemon.send_signal(signal.SIGHUP)
        self.logged("event=reload_needs_restart keys=http.listen,poll.timeout\n")

    def test_the_level_of_the_log_changes_at_once(self):
        self.write('[log]\nlevel = "warning"\n')
        daemon = self.start()
        self.write('[log]\nlevel = "info"\n')
        daemon.send_signal(signal.SIGHUP)
        self.logged("event=reloaded")
        self.assertNotIn("event=started", self.log.read_text())

    def test_a_file_that_is_not_sound_changes_nothing(self):
        daemon = self.start()
        self.config.write_text("state_dir = 1\n")
        daemon.send_signal(signal.SIGHUP)
        self.logged("event=reload_refused")
        self.assertEqual(self.get("/readyz")[0], 200)


class Heartbeat(Daemon):
    def test_beats_stop_while_a_tenant_cannot_be_read(self):
        beats = Beats()
        self.addCleanup(beats.stop)
        self.write(f'[heartbeat]\nurl = "{beats.url}"\ninterval = "1s"\n')
        daemon = self.start()
        self.until("no beat", lambda: beats.count >= 1)
        self.assertEqual(self.put('[tenant]\nid = "acme"\n'), 200)
        self.assertEqual(self.get("/readyz")[0], 200)
        self.end(daemon)
        self.database("update config_object set body = 'id = 5'")
        before = beats.count
        self.start()
        self.logged('event=heartbeat_withheld reason="tenant acme cannot be read"')
        status, text = self.get("/readyz")
        self.assertEqual((status, json.loads(text)["ready"]), (503, False))
        self.assertIn("tenant acme cannot be read: ", text)
        self.assertIn("\nringdown_tenants_unreadable 1\n", self.get("/metrics")[1])
        self.assertEqual(beats.count, before)
        self.assertEqual(self.put('[tenant]\nid = "acme"\n'), 200)
        self.until("no beat again", lambda: beats.count > before)
        self.assertEqual(self.get("/readyz")[0], 200)

    def test_beats_stop_while_nothing_is_polled(self):
        beats = Beats()
        self.addCleanup(beats.stop)
        self.write(f'[heartbeat]\nurl = "{beats.url}"\ninterval = "1s"\n')
        self.start()
        # Its first poll is up to half a minute away.
        self.assertEqual(self.put('[tenant]\nid = "acme"\n[[instance]]\nid = "hq"\nurl = "https://127.0.0.1:9"\nclient_id = "c"\n'
                                  'secret = { secret = "s" }\ninterval = "1h"\n'), 200)
        self.logged('event=heartbeat_withheld reason="no poll ended within two intervals"')


# A channel of each kind, with all its secrets.
EVERY_KIND = """[tenant]
id = "acme"
[[channel]]
id = "push"
kind = "ntfy"
topic = "acme-7f3a"
token = { file = "plain" }
[[channel]]
id = "chat"
kind = "slack"
webhook_url = { file = "hook" }
[[channel]]
id = "tickets"
kind = "autotask"
username = "api@example.com"
secret = { file = "plain" }
integration_code = { file = "plain" }
company = 0
queue = 1
priority_critical = 1
priority_warning = 2
note_type = 1
[[channel]]
id = "mail"
kind = "email"
host = "smtp.example.com"
from = "a@example.com"
to = "b@example.com"
username = "a"
password = { file = "plain" }
[[channel]]
id = "phone"
kind = "twilio"
account = "AC0123456789abcdef0123456789abcdef"
from = "+12025550100"
auth_token = { file = "plain" }
api_key = { file = "plain" }
api_secret = { file = "plain" }
signing_key = { file = "plain" }
[[channel]]
id = "events"
kind = "webhook"
url = "https://events.example.com/x"
secret = { file = "signing" }
previous_secret = { file = "signing" }
"""


class Commands(Daemon):
    def ctl(self, *words):
        done = subprocess.run([CTL, "--config", str(self.config), *words], capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr


class Export(Commands):
    def ctl(self, *words):
        return super().ctl(*words, "--url", self.url)  # its port is known once it listens

    def test_what_is_exported_is_sound_and_changes_nothing_for_every_kind_of_channel(self):
        self.start()
        (self.folder / "plain").write_text("a-secret\n")
        (self.folder / "hook").write_text("https://hooks.slack.com/services/T0/B0/x\n")
        (self.folder / "signing").write_text("whsec_" + "QUJD" * 8 + "\n")
        (self.folder / "acme.toml").write_text(EVERY_KIND)
        (self.folder / "kinds.toml").write_text('[tenant]\nid = "x"\n[[channel]]\nid = "c"\nkind = "none"\n')
        kinds = self.ctl("check-config", str(self.folder / "kinds.toml"))[1].split("the kinds are ")[1].split()
        for kind in kinds:
            self.assertIn(f'kind = "{kind.strip(",")}"', EVERY_KIND)
        code, text = self.ctl("apply", str(self.folder / "acme.toml"))
        self.assertEqual(code, 0, text)
        out = str(self.folder / "out")
        self.assertEqual(self.ctl("export", "--dir", out)[0], 0)
        code, text = self.ctl("check-config", out)
        self.assertEqual((code, text.splitlines()[0]), (0, f"{out}/acme.toml: ok"), text)
        code, text = self.ctl("diff", out)
        self.assertIn("no changes", text)
        self.assertEqual(code, 0, text)
        self.assertIn("acme: unchanged", self.ctl("apply", out)[1])

    def test_a_misspelt_name_is_no_empty_list(self):
        self.start()
        (self.folder / "acme.toml").write_text('[tenant]\nid = "acme"\n[[channel]]\nid = "chat"\nkind = "ntfy"\ntopic = "t"\n')
        self.assertEqual(self.ctl("apply", str(self.folder / "acme.toml"))[0], 0)
        for words in (["alerts"], ["deliveries"], ["deliveries", "--state", "dead"], ["audit"], ["instances"], ["trunks"], ["oncall"]):
            self.assertEqual(self.ctl(*words, "--tenant", "acmee"), (1, 'ringdownctl: no such tenant: acmee; did you mean "acme"?\n'), words)
        self.assertEqual(self.ctl("deliveries", "--channel", "chta"), (1, 'ringdownctl: no such channel: chta; did you mean "chat"?\n'))
        self.assertEqual(self.ctl("alerts", "--tenant", "acme"), (0, "no open alerts\n"))


class Restore(Commands):
    def test_nothing_of_another_database_stays_beside_a_restored_one(self):
        self.end(self.start())
        copy = str(self.folder / "copy.db")
        self.assertEqual(self.ctl("backup", copy)[0], 0)
        database = self.folder / "state/ringdown.db"
        code, text = self.ctl("restore", copy)
        self.assertEqual(code, 1, text)
        self.assertIn(str(database), text)
        database.rename(self.folder / "moved-away")
        for rest in ("-wal", "-shm"):
            pathlib.Path(str(database) + rest).write_text("left by a crash")
        code, text = self.ctl("restore", copy)
        self.assertEqual(code, 1, text)
        self.assertIn(f"{database}-wal, {database}-shm", text)
        for rest in ("-wal", "-shm"):
            pathlib.Path(str(database) + rest).unlink()
        self.assertEqual(self.ctl("restore", copy)[0], 0)
        self.start()


if __name__ == "__main__":
    CTL = sys.argv.pop(2)
    DAEMON = sys.argv.pop(1)
    unittest.main(verbosity=1)
