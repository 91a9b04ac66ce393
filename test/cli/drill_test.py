#!/usr/bin/env python3
"""`ringdownctl drill` against a fake daemon: what it shows as it happens, at the end, and how it ends."""

import json
import os
import subprocess
import unittest

from cli_case import PROGRAM, Cli

DRILLED = {"opened_at": "2026-01-02T03:00:00Z", "since": "2026-01-02T03:00:00Z"}  # an alert that began there for the first time


class Drills(Cli):
    def test_a_drill_waits_for_the_key_and_tells_each_hop(self):
        alert = {"id": "al_1", **DRILLED, "acknowledged": None}
        taken = {**alert, "acknowledged": {"by": "jo", "via": "phone", "at": "2026-01-02T03:00:09.500Z"}}
        made = {"event": "fired", "state": "sent", "created_at": "2026-01-02T03:00:00Z"}
        push = {"id": "dl_1", "channel": "push", "target": "", **made}
        call = {"id": "dl_2", "channel": "voice", "target": "+49****00", **made}
        whole = {"reason": None, "attempts": [{"started_at": "2026-01-02T03:00:00.250Z", "ended_at": "2026-01-02T03:00:01Z", "answer": "HTTP 200"}]}
        self.daemon.serve(**{"POST /api/v1/tenants/acme/drill": (200, {"answer": "done", "text": "the drill has begun: al_1"}),
                             "GET /api/v1/alerts/al_1": iter([alert, alert, taken]),
                             "GET /api/v1/alerts/al_1/explain": {"alert": alert, "items": []},
                             "GET /api/v1/deliveries": {"items": [call, push]},
                             "GET /api/v1/deliveries/dl_1": {**push, **whole}, "GET /api/v1/deliveries/dl_2": {**call, **whole, "state": "confirmed"}})
        lines = self.expect(0, "drill", "--tenant", "acme").splitlines()
        self.assertEqual(lines[:3], ["the drill has begun: al_1", "  push: sent", "  voice +49****00: confirmed"])
        self.assertEqual([line.split()[0] for line in lines[5:7]], ["push", "voice"])
        self.assertIn("+0.250 s     +1.000 s", lines[5])
        self.assertEqual(lines[-1], "acknowledged by jo over phone, +9.500 s")

    def drill(self, alert, *deliveries, verdict="done", text="the drill has begun: al_1", decided=()):
        """`deliveries`: for each the answers about it, one after the other."""
        made = {"created_at": "2026-01-02T03:00:00Z"}
        whole = {**made, "reason": None, "channel": "push", "event": "fired", "target": "", "state": "sent",
                 "attempts": [{"started_at": "2026-01-02T03:00:00.250Z", "ended_at": "2026-01-02T03:00:01Z", "answer": "HTTP 200"}]}
        rows = {f"GET /api/v1/deliveries/dl_{n}": iter([{**whole, "id": f"dl_{n}", **one} for one in answers])
                for n, answers in enumerate(deliveries)}
        self.daemon.serve(**{"POST /api/v1/tenants/acme/drill": (200, {"answer": verdict, "text": text}), "GET /api/v1/alerts/al_1": alert,
                             "GET /api/v1/alerts/al_1/explain": {"alert": {}, "items": list(decided)},
                             "GET /api/v1/deliveries": {"items": [{**made, "id": f"dl_{n}"} for n in reversed(range(len(deliveries)))]}, **rows})

    def test_a_drill_tells_what_a_call_does_as_it_does_it(self):
        call = {"channel": "voice", "target": "+49****00"}
        opened = {"id": "al_1", **DRILLED, "acknowledged": None}
        taken = {**opened, "acknowledged": {"by": "jo", "via": "phone", "at": "2026-01-02T03:00:09Z"}}
        steps = [{"state": "pending"}, {"call_stage": "ringing"}, {"call_stage": "ringing"}, {"state": "confirmed", "call_stage": "ended", "call_result": "human"}]
        self.drill(iter([opened, opened, opened, taken]), [{**call, **one} for one in steps])
        told = subprocess.Popen([PROGRAM, "drill", "--tenant", "acme", "--url", self.daemon.url, "--token-file", str(self.folder / "token")],
                                stdout=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"], "USER": "jo"})
        self.addCleanup(told.stdout.close)
        # Behind a pipe, before the next look: what is not written at once is not there yet.
        self.assertEqual([told.stdout.readline() for _ in range(2)], ["the drill has begun: al_1\n", "  voice +49****00: pending\n"])
        asked = len([path for _, path, _ in self.daemon.asked if path.endswith("dl_0")])
        self.assertLess(asked, 4)
        rest = told.stdout.read().splitlines()
        self.assertEqual(told.wait(60), 0)
        self.assertEqual(rest[:2], ["  voice +49****00: sent, ringing", "  voice +49****00: confirmed, ended (human)"])

    def test_a_drill_nobody_acknowledges_says_so_and_why_nobody_could(self):
        opened = {"id": "al_1", **DRILLED, "acknowledged": None}
        self.drill(opened, [{}], text="the drill has begun: al_1; calls have no keys, because of this")
        self.assertEqual(self.expect(0, "drill", "--tenant", "acme").splitlines()[-1],
                         "nobody acknowledged it so far; calls have no keys, because of this")

    def test_a_drill_says_what_it_did_not_try(self):
        opened = {"id": "al_1", **DRILLED, "acknowledged": None}
        busy = {"at": "2026-01-02T03:00:00Z", "episode": 1, "version": 1, "event": "fired", "channel": "voice", "target": "", "reason": "number_busy", "delivery": None}
        self.drill(opened, [{}], decided=[busy, {**busy, "channel": "push", "reason": "not_routed"}])
        lines = self.expect(0, "drill", "--tenant", "acme").splitlines()
        self.assertEqual(lines[-2], 'voice not told of "fired": a call to that number was live (number_busy)')
        self.assertFalse([line for line in lines if line.startswith("push not told")], lines)

    def test_a_drill_that_would_have_woken_nobody_ends_with_one(self):
        opened = {"id": "al_1", **DRILLED, "acknowledged": None}
        missed = {"at": "2026-01-02T03:00:00Z", "episode": 1, "version": 1, "event": "fired", "channel": "voice", "target": "", "delivery": None}
        for reason in ("nobody_callable", "kill_switch"):
            self.drill(opened, [{}], decided=[{**missed, "reason": reason}])
            self.assertIn("voice not told", self.expect(1, "drill", "--tenant", "acme"))

    def test_a_drill_without_keys_waits_for_none(self):
        opened = {"id": "al_1", **DRILLED, "acknowledged": None}
        self.drill(opened, [{"channel": "voice", "target": "+49****00"}], text="the drill has begun: al_1; calls have no keys, because of this")
        self.expect(0, "drill", "--tenant", "acme")
        self.assertEqual(len([path for _, path, _ in self.daemon.asked if path.endswith("/al_1")]), 1)

    def test_a_second_drill_says_that_it_is_the_first_one(self):
        opened = {"id": "al_1", **DRILLED, "acknowledged": None}
        self.drill(opened, [{}], verdict="already", text="a drill is under way since 03:00:00 UTC: al_1")
        lines = self.expect(0, "drill", "--tenant", "acme").splitlines()
        self.assertTrue(lines[1].startswith("NO NEW DRILL: what follows is the one that began at 2026-01-02 03:00:00 UTC ("), lines[1])

    def second_drill(self, verdict, text):
        """The first one's push was refused, and its phone rang; the second one's push arrives, and the phone is busy."""
        first, second = "2026-01-02T03:00:00Z", "2026-01-02T03:11:00Z"
        rows = [{"id": "dl_3", "channel": "push", "event": "fired", "target": "", "state": "sent", "created_at": second},
                {"id": "dl_2", "channel": "voice", "event": "fired", "target": "+49****00", "state": "confirmed", "created_at": first},
                {"id": "dl_1", "channel": "push", "event": "fired", "target": "", "state": "dead", "reason": "refused", "created_at": first}]
        attempt = {"started_at": "2026-01-02T03:11:00.250Z", "ended_at": "2026-01-02T03:11:01Z", "answer": "HTTP 200"}
        decided = [{"at": first, "episode": 1, "event": "fired", "channel": "chat", "target": "", "reason": "not_routed", "delivery": None},
                   {"at": second, "episode": 1, "event": "fired", "channel": "voice", "target": "", "reason": "number_busy", "delivery": None}]
        self.daemon.serve(**{"POST /api/v1/tenants/acme/drill": (200, {"answer": verdict, "text": text}),
                             "GET /api/v1/alerts/al_1": {"id": "al_1", "opened_at": first, "since": second, "acknowledged": {"by": "jo", "via": "link", "at": "2026-01-02T03:11:09Z"}},
                             "GET /api/v1/alerts/al_1/explain": {"alert": {}, "items": decided},
                             "GET /api/v1/deliveries": {"items": rows}, "GET /api/v1/deliveries/dl_3": {**rows[0], "attempts": [attempt]}})
        told = self.expect(0, "drill", "--tenant", "acme")
        self.assertNotIn("refused", told)
        self.assertNotIn("chat", told)
        self.assertIn("\ndecided at 2026-01-02 03:11:00 UTC;", told)
        self.assertRegex(told, r"\npush +fired +\+0\.250 s +\+1\.000 s +sent ")
        self.assertIn('\nvoice not told of "fired": a call to that number was live (number_busy)\n', told)
        self.assertTrue(told.endswith("acknowledged by jo over link, +9.000 s\n"), told)
        self.assertFalse([path for _, path, _ in self.daemon.asked if path.endswith(("/dl_1", "/dl_2"))])
        return told

    def test_a_drill_after_another_tells_of_itself_alone(self):
        self.second_drill("done", "the drill has begun: al_1")

    def test_who_joins_a_drill_after_another_is_told_of_the_one_under_way(self):
        told = self.second_drill("already", "a drill is under way since 03:11:00 UTC: al_1")
        self.assertIn("what follows is the one that began at 2026-01-02 03:11:00 UTC (", told)

    def test_a_drill_as_json_is_one_document(self):
        opened = {"id": "al_1", **DRILLED, "acknowledged": None}
        self.drill(opened, [{"state": "dead", "reason": "refused"}])
        done = self.run_ctl("drill", "--tenant", "acme", "--json")
        told = json.loads(done.stdout)
        self.assertEqual((done.returncode, told["answer"], told["alert"]["id"]), (1, "done", "al_1"))
        self.assertEqual((told["deliveries"][0]["state"], told["deliveries"][0]["attempts"][0]["answer"]), ("dead", "HTTP 200"))
        self.assertIn("--json", self.expect(0, "drill", "--help", where=False))


if __name__ == "__main__":
    unittest.main(verbosity=1)

