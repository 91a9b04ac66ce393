#!/usr/bin/env python3
"""ringdownctl doctor against the simulator: each cause is found at its step, and the login is tried once.

Usage: doctor_test.py RINGDOWNCTL RINGDOWN-SIM
"""

import http.server
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

PROGRAM, SIMULATOR = "", ""
SCENARIO = "[fleet]\ntenants = 1\npbxes = 1\ntrunks_per_pbx = 3\nbridges_per_pbx = 0\n[run]\nstart = \"told\"\n"
NOW = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
WRONG_PIN = "sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


class FakeDaemon:
    """Answers what it is told to whoever asks for instances."""

    def __init__(self):
        self.answers = None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                status, body = outer.answers
                text = body if isinstance(body, str) else json.dumps(body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.server.server_close()


class Doctor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.space = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.space.name)
        (folder / "scenario.toml").write_text(SCENARIO)
        (folder / "wrong").write_text("not-the-secret\n")
        cls.simulator = subprocess.Popen([SIMULATOR, "--scenario", folder / "scenario.toml", "--control", "127.0.0.1:0",
                                          "--journal", folder], stdout=subprocess.PIPE, text=True)
        cls.simulator.stdout.readline()
        cls.ready = json.loads((folder / "ready.json").read_text())
        text = next(pathlib.Path(cls.ready["tenants"]).glob("*.toml")).read_text()

        def field(name):
            return re.search(rf'^{name} = .*?"(.*?)"', text, re.MULTILINE)[1]

        cls.folder = folder
        cls.daemon = FakeDaemon()
        cls.url, cls.address = field("url"), field("address")
        cls.login = ["--client-id", field("client_id"), "--secret-file", field("secret")]
        cls.trust = ["--ca-file", cls.ready["ca"]]

    @classmethod
    def tearDownClass(cls):
        cls.simulator.terminate()
        cls.simulator.wait()
        cls.simulator.stdout.close()
        cls.daemon.end()
        cls.space.cleanup()

    def examine(self, code, *words, **more_env):
        done = subprocess.run([PROGRAM, "doctor", "--json", "--url", self.url, "--address", self.address, *words],
                              capture_output=True, text=True, timeout=60, check=False, env={"PATH": os.environ["PATH"], **more_env})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertNotIn("not-the-secret", done.stdout + done.stderr)
        return {step["step"]: step for step in json.loads(done.stdout)["items"]}

    def examine_any(self, *words):
        done = subprocess.run([PROGRAM, "doctor", "--json", "--url", self.url, "--address", self.address, *words], capture_output=True, text=True,
                              timeout=60, check=False, env={"PATH": os.environ["PATH"]})
        return json.loads(done.stdout)

    def causes(self, *words):
        return {name: step["cause"] for name, step in self.examine(1, *words).items() if step["state"] == "failed"}

    def test_a_healthy_pbx_passes_every_step(self):
        steps = self.examine(0, *self.trust, *self.login)
        self.assertTrue(steps["trunks"]["found"].startswith("3 trunks: 3 registered"))
        self.assertIn("only login attempt", steps["login"]["advice"])
        self.assertEqual({"http", "login", "trunks", "sbcs", "system_status", "services"} - set(steps), set())

    def logins(self):
        return sum(json.loads(line)["kind"] == "login" for line in (self.folder / "truth.jsonl").read_text().splitlines())

    def asked(self, code, answer, *words, by=()):
        """The steps with a daemon that answers this about its instances; `by` says to the doctor where it is."""
        self.daemon.answers = answer
        before = self.logins()
        steps = self.examine(code, *words, *self.trust, *self.login, *(by or ("--daemon-url", self.daemon.url)))
        return steps, self.logins() - before

    def watched(self, **what):
        return 200, {"items": [{"tenant": "t1", "id": "hq", "url": self.url, "node": "n1", "reach": "reachable", "last_poll": NOW,
                                "last_complete_poll": NOW, "blind": [], **what}], "next": None}

    def test_what_a_daemon_watches_is_left_to_it(self):
        steps, logins = self.asked(0, self.watched())
        self.assertEqual((steps["login"]["state"], logins), ("skipped", 0))
        self.assertIn("t1/hq is watched by n1, which says reachable, read in full", steps["login"]["found"])
        self.assertEqual(self.asked(0, self.watched(), "--login")[1], 1)

    def test_that_nobody_reads_it_is_never_fine(self):
        for cause, what in (("unowned", {"node": None}), ("unknown", {"reach": "unknown"}), ("unauthorized", {"why": "login refused"}),
                            ("app_down", {"reach": "unreachable", "cause": "app_down"}), ("waiting", {"why": "waiting for the store"}),
                            ("stale", {"next_poll": "2026-01-01T00:00:00.000Z"}), ("not_readable", {"blind": ["trunks"]})):
            steps, logins = self.asked(1, self.watched(**what))
            self.assertEqual((steps["login"]["cause"], logins), (cause, 0))

    def test_of_another_nodes_reads_nothing_is_claimed(self):
        steps, _ = self.asked(0, self.watched(last_poll=None, last_complete_poll=None))
        self.assertIn("is known to that node alone", steps["login"]["found"])

    def test_it_is_known_by_its_address_too(self):
        other = {"url": "https://another.example:" + self.url.rsplit(":", 1)[1]}
        self.assertEqual(self.asked(0, self.watched(address=self.address, **other))[1], 0)
        self.assertEqual(self.asked(0, self.watched(address="127.9.9.9:5001", **other))[1], 1)

    def test_a_daemon_that_cannot_be_asked_may_watch_it(self):
        for answer in ((503, {"title": "not ready"}), (401, {"title": "unauthorized"}), (200, "no JSON")):
            steps, logins = self.asked(1, answer)
            self.assertEqual((steps["owner"]["state"], steps["login"]["state"], logins), ("failed", "skipped", 0))
            self.assertIn("--login", steps["owner"]["advice"])
        config = self.folder / "absent.toml"
        config.write_text('state_dir = "nowhere"\n')
        steps, logins = self.asked(1, None, by=("--config", str(config)))
        self.assertEqual((steps["owner"]["state"], logins), ("failed", 0))
        self.assertEqual(self.asked(0, None, "--login", by=("--config", str(config)))[1], 1)

    def test_of_several_that_are_this_pbx_the_worst_counts(self):
        one, other = (self.watched(id=name, **what)[1]["items"][0] for name, what in (("a", {}), ("b", {"why": "login paused"})))
        for items in ([one, other], [other, one]):
            self.assertIn("t1/b is watched", self.asked(1, (200, {"items": items, "next": None}))[0]["login"]["found"])

    def test_it_is_known_by_a_name_of_its_certificate(self):
        name = "pbx.test"  # of the simulator's, beside *.pbx.test
        by_address = f"https://{self.address.rsplit(':', 1)[0]}:" + self.url.rsplit(":", 1)[1]
        self.daemon.answers = self.watched(url=f"https://{name}:" + self.url.rsplit(":", 1)[1])
        before = self.logins()
        done = subprocess.run([PROGRAM, "doctor", "--json", "--url", by_address, "--server-name", name, "--daemon-url", self.daemon.url, *self.trust,
                               *self.login], capture_output=True, text=True, timeout=60, check=False, env={"PATH": os.environ["PATH"]})
        self.assertIn("not tried", done.stdout)
        self.assertEqual(self.logins(), before)

    def test_a_token_alone_means_the_daemon_of_this_machine(self):
        token = self.folder / "token"
        token.write_text("0123456789abcdef0123\n")
        token.chmod(0o600)
        self.assertNotIn("no daemon is known", json.dumps(self.examine_any(*self.trust, *self.login, "--token-file", str(token))))

    def test_before_the_command_a_url_is_the_daemons(self):
        self.daemon.answers = self.watched()
        before = self.logins()
        done = subprocess.run([PROGRAM, "--url", self.daemon.url, "doctor", "--url", self.url, "--address", self.address, *self.trust, *self.login],
                              capture_output=True, text=True, timeout=60, check=False, env={"PATH": os.environ["PATH"]})
        self.assertIn("not tried: t1/hq is watched by n1", done.stdout)
        self.assertEqual(self.logins(), before)

    def test_a_pbx_that_no_daemon_watches_is_logged_in_to(self):
        steps, logins = self.asked(0, (200, {"items": [], "next": None}))
        self.assertEqual((steps["owner"]["state"], steps["login"]["state"], logins), ("skipped", "ok", 1))
        self.assertIn("watches no PBX of this name", steps["owner"]["found"])
        steps = self.examine(0, *self.trust, *self.login)
        self.assertIn("no daemon is known here", steps["owner"]["found"])

    def test_without_a_client_no_login_is_tried(self):
        steps = self.examine(0, *self.trust)
        self.assertEqual(steps["login"]["state"], "skipped")
        self.assertNotIn("trunks", steps)

    def test_an_unknown_authority_is_named(self):
        self.assertEqual(self.causes(*self.login), {"tls": "tls_untrusted"})

    def test_another_name_is_named(self):
        self.assertEqual(self.causes(*self.trust, "--server-name", "other.example.com"), {"tls": "tls_name"})

    def test_the_pin_it_shows_is_the_pin_it_takes(self):
        shown = self.examine(0, *self.trust)["certificate"]["found"]
        self.examine(0, "--pin", re.search(r"sha256//\S+", shown)[0], *self.login)
        self.assertEqual(self.causes("--pin", WRONG_PIN), {"tls": "tls_pin"})

    def test_a_wrong_secret_is_named_after_one_try(self):
        wrong = [*self.login[:3], str(self.folder / "wrong")]
        steps = self.examine(1, *self.trust, *wrong)
        self.assertEqual(steps["login"]["cause"], "unauthorized")
        self.assertIn("only login attempt", steps["login"]["advice"])
        self.assertNotIn("trunks", steps)
        # A second try inside the same run would have used up what the PBX forgives; a good login still works.
        self.examine(0, *self.trust, *self.login)

    def inject(self, verb, **keys):
        body = json.dumps({"do": verb, **keys}).encode()
        with urllib.request.urlopen(f"http://{self.ready['control']}/do", body, timeout=10) as answer:
            self.assertEqual(answer.status, 200)

    def while_it_is(self, faults, *words):
        """The failed steps and their causes while these faults lie over the PBX."""
        try:
            for verb, keys in faults:
                self.inject(verb, pbx="pbx*", **keys)
            return self.causes(*words)
        finally:
            self.inject("pbx_up", pbx="pbx*")
            self.inject("cert_ok", pbx="pbx*")

    def test_a_port_nobody_listens_on_is_named(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))  # bound and not listening: refused for sure
            done = subprocess.run([PROGRAM, "doctor", "--json", "--url", self.url, "--address", "127.0.0.1:%d" % free.getsockname()[1]],
                                  capture_output=True, text=True, timeout=60, check=False, env={"PATH": os.environ["PATH"]})
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        steps = json.loads(done.stdout)["items"]
        self.assertEqual([(step["step"], step["cause"]) for step in steps if step["state"] == "failed"], [("tcp", "refused")])
        self.assertIn("nothing listens on this port", steps[-1]["advice"])

    def test_an_expired_certificate_is_named(self):
        self.assertEqual(self.while_it_is([("cert_expired", {})], *self.trust, *self.login), {"tls": "tls_expired"})

    def test_a_role_that_may_read_nothing_is_named(self):
        endpoints = {"trunks": "Trunks", "sbcs": "Sbcs", "system_status": "SystemStatus", "services": "Services"}
        faults = [("pbx_403", {"endpoint": theirs}) for theirs in endpoints.values()]
        self.assertEqual(self.while_it_is(faults, *self.trust, *self.login), dict.fromkeys(endpoints, "forbidden"))

    def test_one_failing_endpoint_is_named_and_the_others_are_read(self):
        self.assertEqual(self.while_it_is([("pbx_500", {"endpoint": "Services"})], *self.trust, *self.login),
                         {"services": "server_error"})

    def test_a_name_that_does_not_exist_is_named(self):
        done = subprocess.run([PROGRAM, "doctor", "--json", "--url", "https://no-such-name.invalid"], capture_output=True,
                              text=True, timeout=60, check=False, env={"PATH": os.environ["PATH"]})
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["items"][0]["cause"], "dns")


if __name__ == "__main__":
    SIMULATOR = sys.argv.pop(2)
    PROGRAM = sys.argv.pop(1)
    unittest.main(verbosity=1)
