#!/usr/bin/env python3
"""ringdownctl against a fake daemon: tables, empty states, exit codes and acts."""

import json
import os
import pty
import re
import subprocess
import unittest

from cli_case import PROGRAM, Cli, one_list

ALERT = {
    "id": "al_1", "episode": 2, "version": 3, "type": "trunk_down", "category": "infrastructure", "state": "firing",
    "severity": "critical", "told_severity": None, "tenant": "acme", "instance": "hq", "instance_name": "Acme HQ",
    "customer": "bakery", "resource": {"kind": "trunk", "id": "61", "name": "Band\u001b[31mwidth", "provider": "sip.example.com"},
    "cause": "provider_silent", "detail": "408", "opened_at": "2026-01-02T03:04:05.000000Z",
    "since": "2026-01-02T03:04:05.000000Z", "not_before": None, "resolved_at": None, "masks": ["snooze", "parent"],
    "flapping": True, "acknowledged": {"by": "jo", "via": "link", "at": "2026-01-02T03:05:00Z", "episode": 2}, "trace": "tr1",
}
DELIVERY = {
    "id": "dl_1", "tenant": "acme", "channel": "push", "kind": "interrupt", "event": "fired", "severity": "critical",
    "alert": "al_1", "episode": 1, "version": 1, "state": "suppressed", "reason": "acknowledged", "attempts": 2,
    "created_at": "2026-01-02T03:04:05Z", "answer": "HTTP 503", "title": "Trunk down",
}


class Listings(Cli):
    def test_nothing_is_said_in_words(self):
        self.daemon.serve(**{f"GET /api/v1/{name}": one_list() for name in
                             ("alerts", "instances", "trunks", "deliveries", "actors", "audit")})
        for words, expected in (
                (["alerts"], "no open alerts\n"), (["alerts", "--state", "all"], "no alerts\n"),
                (["instances"], "no instances; a tenant file"), (["trunks"], "no trunks; they appear"),
                (["deliveries"], "no deliveries\n"), (["actors"], "no actors\n"),
                (["audit", "--tenant", "acme"], "no audit entries\n")):
            self.assertTrue(self.expect(0, *words).startswith(expected), words)

    def test_a_silence_is_the_first_thing_said(self):
        quiet = {"until": "2026-01-02T03:04:05Z", "by": "jo", "reason": "fire\u001b[0m drill"}
        mutes = [{"type": kind, "until": "2026-01-02T03:04:05Z", "by": "sam", "reason": why}
                 for kind, why in (("sim_calls", ""), ("trunk_down", "line\u2019s work, all day"))]
        tenants = [{"id": "acme", "silenced": quiet, "mutes": []}, {"id": "globex", "silenced": None, "mutes": mutes}]
        pages = {"GET /api/v1/tenants": one_list(tenants[0], following="c&1"), "GET /api/v1/tenants?cursor=c%261": one_list(tenants[1])}
        self.daemon.serve(**{"GET /api/v1/alerts": one_list(), **pages})
        lines = self.expect(0, "alerts").splitlines()
        self.assertEqual(lines[0], "SILENCED: nothing interrupts for acme until 2026-01-02 03:04:05 UTC (by jo: fire [0m drill)")
        until = "until 2026-01-02 03:04:05 UTC (by sam"
        self.assertEqual(lines[1:], [f"muted for globex: sim_calls {until})", f"muted for globex: trunk_down {until}: line\u2019s work, all day)",
                                     "no open alerts"])
        self.assertEqual(self.expect(0, "alerts", "--tenant", "other"), "no open alerts\n")
        tenants[1]["silenced"] = {**quiet, "until": "2026-01-02T04:00:00Z"}
        self.assertIn("nothing interrupts for 2 tenants, among them acme; the last until 2026-01-02 04:00:00", self.expect(0, "alerts"))

    def test_a_silence_is_red_on_a_terminal_only(self):
        quiet = {"until": "2026-01-02T03:04:05Z", "by": "jo", "reason": "drill"}
        self.daemon.serve(**{"GET /api/v1/alerts": one_list(), "GET /api/v1/tenants": one_list({"id": "acme", "silenced": quiet})})
        self.assertNotIn("\x1b", self.expect(0, "alerts"))
        for variables, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
            ours, theirs = pty.openpty()
            self.addCleanup(os.close, ours)
            subprocess.run([PROGRAM, "alerts", "--url", self.daemon.url, "--token-file", str(self.folder / "token")], stdout=theirs,
                           env={"PATH": os.environ["PATH"], "USER": "jo", **variables}, timeout=60, check=True)
            os.close(theirs)
            self.assertEqual(os.read(ours, 4096).startswith(b"\x1b[1;31mSILENCED"), coloured)

    def test_nodes_are_listed(self):
        node = {"name": "n1", "site": None, "version": "1.2", "incarnation": "nd_1", "state": "running", "answers_here": True, "capacity": 1,
                "shards": 3, "instances": 40, "epoch": 4, "started_at": "2026-01-02T03:04:05Z", "ready": True}
        other = {**node, "name": "n2", "site": "Oslo", "incarnation": "nd_2", "state": "draining", "answers_here": False, "ready": None}
        self.daemon.serve(**{"GET /api/v1/nodes": one_list(node, other)})
        lines = self.expect(0, "nodes").splitlines()
        self.assertRegex(lines[1], r"^n1 \* +- +running +3 +40 +1 +1\.2 +nd_1$")
        self.assertRegex(lines[2], r"^n2 +Oslo +draining +3 +40 +1 +1\.2 +nd_2$")
        self.daemon.serve(**{"GET /api/v1/nodes": one_list({**node, "ready": False})})
        self.assertIn("running, not ready", self.expect(0, "nodes"))

    def test_a_node_is_drained_and_taken_back(self):
        done = {"answer": "done", "text": "it hands its shards over as others take them"}
        self.daemon.serve(**{"POST /api/v1/nodes/n%202/drain": done})
        self.assertIn("hands its shards over", self.expect(0, "node", "drain", "n 2"))
        self.expect(0, "node", "drain", "n 2", "--off")
        self.assertEqual([json.loads(body) for _, _, body in self.daemon.asked], [{"by": "jo"}, {"off": "true", "by": "jo"}])
        self.expect(2, "node", "stop", "n2")
        self.expect(2, "node", "drain")

    def test_alerts_stand_in_aligned_columns(self):
        self.daemon.serve(**{"GET /api/v1/alerts": one_list(ALERT, {**ALERT, "id": "al_longer", "masks": [], "flapping": False})})
        lines = self.expect(0, "alerts").splitlines()
        self.assertEqual(lines[-1], "2 open alerts")
        for head in ("SEVERITY", "TENANT", "RESOURCE", "SINCE"):
            column = lines[0].index(head)
            self.assertTrue(all(line[column - 1] == " " and line[column] != " " for line in lines[1:3]), head)
        self.assertIn("firing (snooze, parent, flapping)", lines[1])
        self.assertTrue(all(line == line.rstrip() for line in lines))

    def test_names_cannot_steer_the_terminal(self):
        self.daemon.serve(**{"GET /api/v1/alerts": one_list(ALERT), "GET /api/v1/alerts/al_1": ALERT})
        self.assertNotIn("\x1b", self.expect(0, "alerts") + self.expect(0, "alert", "al_1"))

    def test_members_stand_under_what_speaks_for_them(self):
        def one(name, parent, instance="hq"):
            return {**ALERT, "id": name, "parent": parent, "instance": instance, "cause": None}
        outage = {**one("al_out", None, None), "type": "provider_outage", "instance_name": None,
                  "resource": {"kind": "provider", "id": "sip.x", "name": "Carrier", "provider": "sip.x"}}
        page = [one("al_b", "al_out"), one("al_alone", None), outage, one("al_a", "al_out"), one("al_c", "al_gone")]
        self.daemon.serve(**{"GET /api/v1/alerts": one_list(*page), "GET /api/v1/alerts/al_out": outage})
        lines = self.expect(0, "alerts").splitlines()
        self.assertEqual([line.split("  ")[0] for line in lines[1:6]], ["al_alone", "al_out", "- al_b", "- al_a", "al_c"])
        self.assertIn("part of al_gone", lines[5])
        self.assertRegex(self.expect(0, "alert", "al_out"), r"\nwhere +acme\n")

    def test_filters_reach_the_daemon_encoded(self):
        self.daemon.serve(**{"GET /api/v1/deliveries": one_list(DELIVERY, following="c 2")})
        text = self.expect(0, "deliveries", "--tenant", "a&b", "--state", "sent", "--limit", "1")
        self.assertEqual(self.daemon.asked[0][1], "/api/v1/deliveries?tenant=a%26b&state=sent&limit=1")
        self.assertIn("suppressed (acknowledged)", text)
        self.assertIn("there are more: add --cursor c 2", text)

    def test_json_is_what_the_daemon_said(self):
        self.daemon.serve(**{"GET /api/v1/alerts": one_list(ALERT), "GET /api/v1/alerts/al_1/explain": {"alert": ALERT, "items": []}})
        self.assertEqual(json.loads(self.expect(0, "alerts", "--json"))["items"][0], ALERT)
        self.assertEqual(json.loads(self.expect(0, "explain", "al_1", "--json"))["alert"], ALERT)

    def test_explain_names_the_reason(self):
        decision = {"alert": "al_1", "episode": 1, "version": 1, "event": "fired", "channel": "push", "target": "",
                    "reason": "masked_snooze", "gates": "phase=firing mask=snooze", "detail": "snoozed by jo",
                    "delivery": None, "at": "2026-01-02T03:04:05Z"}
        self.daemon.serve(**{"GET /api/v1/alerts/al_1/explain": {"alert": ALERT, "items": [decision]}})
        text = self.expect(0, "explain", "al_1")
        for words in ("push not told of \"fired\": it is snoozed (masked_snooze): snoozed by jo", "phase=firing mask=snooze", "by jo over link",
                      "2026-01-02 03:04:05"):
            self.assertIn(words, text)

    def test_explain_says_who_was_told_who_not_and_why(self):
        def decided(channel, reason, state=None, why=None, answer=None, event="fired"):
            return {"alert": "al_1", "episode": 1, "version": 1, "event": event, "channel": channel, "target": "", "reason": reason, "gates": "g", "detail": "",
                    "delivery": state and "dl_1", "at": "2026-01-02T03:04:05Z", "delivery_state": state, "delivery_why": why, "answer": answer}
        items = [decided(None, "masked_parent"), decided("push", "mask_lifted", "sent", answer="HTTP 200"), decided("hook", "first", "pending"),
                 decided("mail", "below_floor"), decided("sms", "first", "suppressed", "acknowledged")]
        self.daemon.serve(**{"GET /api/v1/alerts/al_1/explain": {"alert": ALERT, "items": items}})
        text = self.expect(0, "explain", "al_1")
        short = text.split("\n\n")[1].splitlines()
        self.assertEqual(short, ["told: push", 'hook not yet told of "fired": it is new (first)',
                                 "mail not told of \"fired\": the channel's floor is above this severity (below_floor)",
                                 'sms not told of "fired": it is new (first); but it was acknowledged (acknowledged)'])
        table = text.split("\n\n")[2]
        self.assertLessEqual(max(len(line) for line in table.splitlines()), 120)
        for words in ("yes (sent)", "what kept it quiet is over", "(mask_lifted): HTTP 200", "a wider outage speaks for it"):
            self.assertIn(words, table)
        items.append(decided(None, "kill_switch"))
        self.assertIn('nobody told of "fired": the tenant is silenced (kill_switch)', self.expect(0, "explain", "al_1"))
        self.daemon.serve(**{"GET /api/v1/alerts/al_1/explain": {"alert": ALERT, "items": []}})
        self.assertIn("no decision about it is stored yet", self.expect(0, "explain", "al_1"))

    def test_explain_says_what_one_heard_before_the_last_is_on_its_way(self):
        fired = {"alert": "al_1", "episode": 1, "version": 1, "event": "fired", "channel": "chat", "target": "", "reason": "first", "gates": "g", "detail": "",
                 "delivery": "dl_1", "at": "2026-01-02T03:04:05Z", "delivery_state": "sent"}
        taken = {**fired, "event": "acknowledged", "reason": "acknowledged", "delivery": "dl_2", "delivery_state": "pending"}
        self.daemon.serve(**{"GET /api/v1/alerts/al_1/explain": {"alert": ALERT, "items": [fired, taken]}})
        self.assertIn('\nchat told of "fired", not yet of "acknowledged": it was acknowledged', self.expect(0, "explain", "al_1"))
        self.daemon.serve(**{"GET /api/v1/alerts/al_1/explain": {"alert": ALERT, "items": [{**fired, "episode": 0}, taken]}})
        self.assertIn('\nchat not yet told of "acknowledged"', self.expect(0, "explain", "al_1"))

    def test_an_alert_of_the_pbx_itself_names_nothing_of_it(self):
        whole = {**ALERT, "type": "instance_unreachable", "resource": {"kind": "instance", "id": "", "name": None, "provider": None}}
        self.daemon.serve(**{"GET /api/v1/alerts/al_1": whole})
        self.assertRegex(self.expect(0, "alert", "al_1"), r"\nwhat +instance_unreachable, critical\n")

    def test_a_long_answer_is_wrapped_and_not_cut(self):
        answer = " ".join(f"word{i}" for i in range(40)) + " [egress] allow permits it"
        attempt = {"number": 1, "started_at": "2026-01-02T03:04:05Z", "outcome": "retry", "status": None, "address": "https://ntfy.example.com", "answer": answer}
        self.daemon.serve(**{"GET /api/v1/deliveries/dl_1": {**DELIVERY, "answer": answer, "attempts": [attempt]},
                             "GET /api/v1/deliveries": one_list({**DELIVERY, "answer": answer})})
        for text, heading in ((self.expect(0, "delivery", "dl_1").split("\n\n")[1], "ANSWER"), (self.expect(0, "deliveries"), "ANSWER")):
            lines = text.splitlines()
            column = lines[0].index(heading)
            self.assertEqual(" ".join(line[column:].strip() for line in lines[1:] if line != "1 delivery"), answer)
        self.assertIn(answer, self.expect(0, "delivery", "dl_1").split("\n\n")[0])

    def test_what_has_ended_gives_nothing_up(self):
        for state, words in (("dead", False), ("suppressed", False), ("sent", False), ("pending", True), ("claimed", True)):
            self.daemon.serve(**{"GET /api/v1/deliveries/dl_1": {**DELIVERY, "state": state, "give_up_at": "2099-01-02T03:04:05Z", "attempts": []}})
            self.assertEqual("gives up" in self.expect(0, "delivery", "dl_1"), words, state)

    def test_explain_fits_a_terminal_and_loses_no_word(self):
        why = " ".join(f"gate{i}=passed" for i in range(8))
        item = {"alert": "al_1", "episode": 1, "version": 1, "event": "acknowledged", "channel": "the-push-channel-of-jo-at-night", "target": "",
                "reason": "mask_lifted", "gates": why, "detail": "", "delivery": None, "at": "2026-01-02T03:04:05Z"}
        self.daemon.serve(**{"GET /api/v1/alerts/al_1/explain": {"alert": ALERT, "items": [item, item]}})
        table = self.expect(0, "explain", "al_1").split("\n\n")[2].splitlines()
        self.assertLessEqual(max(len(line) for line in table), 120)
        column = table[0].index("GATES")
        second = next(n for n in range(2, len(table)) if table[n].startswith("2026"))
        self.assertEqual(" ".join(line[column:].strip() for line in table[1:second]), why)

    def test_explain_says_when_a_call_is_due(self):
        item = {"alert": "al_1", "episode": 2, "version": 1, "event": "fired", "channel": "phone", "target": "", "reason": "call_due", "gates": "voice=yes",
                "detail": "due by 03:06:05 UTC", "delivery": None, "at": "2026-01-02T03:04:05Z"}
        self.daemon.serve(**{"GET /api/v1/alerts/al_1/explain": {"alert": ALERT, "items": [item]}})
        text = self.expect(0, "explain", "al_1")
        self.assertIn('phone not yet told of "fired": its call comes later (call_due): due by 03:06:05 UTC\n', text)

    def test_explain_awaits_no_call_of_what_is_over_or_was_called_about(self):
        item = {"alert": "al_1", "episode": 1, "version": 1, "event": "fired", "channel": "phone", "target": "", "reason": "call_due", "gates": "voice=yes",
                "detail": "due by 03:06:05 UTC, unless it is over", "delivery": None, "at": "2026-01-02T03:04:05Z"}
        rang = {**item, "reason": "first", "detail": "", "delivery": "dl_1", "delivery_state": "confirmed"}
        over = 'phone not told of "fired": it was over or acknowledged before its call (call_due): due by 03:06:05 UTC\n'
        for alert, items, words in (({"state": "resolved"}, [item], over), ({"state": "acknowledged"}, [item], over), ({"episode": 2}, [item], over),
                                    ({}, [item, rang], "told: phone\n")):
            self.daemon.serve(**{"GET /api/v1/alerts/al_1/explain": {"alert": {**ALERT, "state": "firing", "episode": 1, **alert}, "items": items}})
            text = self.expect(0, "explain", "al_1")
            self.assertIn(words, text)
            self.assertNotIn("not yet", text)

    def test_explain_says_how_a_call_ended(self):
        item = {"alert": "al_1", "episode": 1, "version": 1, "event": "fired", "channel": "phone", "target": "", "reason": "first", "gates": "g",
                "detail": "", "delivery": "dl_1", "delivery_state": "sent", "answer": "HTTP 201", "at": "2026-01-02T03:04:05Z"}
        for stage, result, short, told in (
                ("ringing", None, 'phone not yet told of "fired": it is new (first): HTTP 201', "not yet (ringing)"),
                ("ended", "no_answer", 'phone not told of "fired": it is new (first); but nobody answered (no_answer)', "no (no_answer)"),
                ("ended", "listener", "told: phone", "yes (sent)")):
            self.daemon.serve(**{"GET /api/v1/alerts/al_1/explain": {"alert": ALERT, "items": [{**item, "call_stage": stage, "call_result": result}]}})
            text = self.expect(0, "explain", "al_1")
            self.assertIn(short + "\n", text)
            self.assertIn(told, text)

    def test_a_delivery_shows_its_attempts(self):
        attempt = {"delivery": "dl_1", "number": 1, "started_at": "2026-01-02T03:04:05Z", "outcome": "retry", "status": 503,
                   "address": "https://ntfy.example.com/acme...", "answer": "HTTP 503"}
        self.daemon.serve(**{"GET /api/v1/deliveries/dl_1": {**DELIVERY, "attempts": [attempt]}})
        self.assertIn("https://ntfy.example.com/acme...", self.expect(0, "delivery", "dl_1"))
        self.daemon.serve(**{"GET /api/v1/deliveries/dl_1": {**DELIVERY, "attempts": [], "call_stage": "ended", "call_result": "busy"}})
        text = self.expect(0, "delivery", "dl_1")
        self.assertIn("no attempt was made", text)
        self.assertRegex(text, r"call +ended \(busy\)")


class ExitCodes(Cli):
    def test_wrong_usage_is_2(self):
        for words in ([], ["nonsense"], ["alerts", "--nonsense"], ["ack"], ["snooze", "al_1", "soon"], ["mute", "trunk_down", "1h"],
                      ["mute", "no_such_type", "1h", "--tenant", "acme"], ["silence", "10m", "--reason", "x"],
                      ["silence", "10m", "--all"], ["silence", "10m", "--all", "--tenant", "a", "--reason", "x"], ["test-channel", "push"],
                      ["backup", "x"], ["psa", "discover", "tickets"], ["psa", "guess", "tickets", "--tenant", "a"], ["audit", "nonsense"], ["audit"], ["doctor"]):
            self.expect(2, *words, where=bool(words) and words[0] not in ("doctor", "nonsense"))

    def test_a_misspelt_command_names_the_one_that_was_meant(self):
        self.assertIn('no such command: aply; did you mean "apply"?', self.expect(2, "aply", "x.toml"))
        self.assertIn("no such command: nonsense; --help lists them", self.expect(2, "--json", "nonsense", where=False))
        self.assertIn("subcommand is required", self.expect(2, "--json", where=False))

    def test_a_missing_thing_is_1(self):
        self.daemon.serve()
        self.assertIn("no such thing", self.expect(1, "alert", "al_9"))

    def test_a_wrong_token_is_1_and_says_what_to_do(self):
        (self.folder / "token").write_text("wrong\n")
        self.assertIn("--token-file", self.expect(1, "alerts"))

    def test_trouble_of_the_daemon(self):
        self.daemon.serve(**{"GET /api/v1/alerts": (503, {"detail": "starting"}), "GET /api/v1/actors": (500, {"detail": "broken"}),
                             "GET /api/v1/instances": "<html>hello</html>", "GET /api/v1/trunks": "[1]"})
        self.assertIn("starting", self.expect(75, "alerts"))
        self.expect(70, "actors")
        self.assertIn("not ringdownd", self.expect(70, "instances"))
        self.expect(70, "trunks")

    def test_nobody_listening_is_75(self):
        self.daemon.stop()
        self.assertIn("is ringdownd running?", self.expect(75, "alerts"))

    def test_an_unreadable_token_or_configuration_is_78(self):
        (self.folder / "bad.toml").write_text("state_dir = 1\n")
        self.assertIn("bad.toml:1", self.expect(78, "alerts", "--config", str(self.folder / "bad.toml"), where=False))
        text = self.expect(78, "alerts", "--url", self.daemon.url, "--token-file", str(self.folder / "none"), where=False)
        self.assertIn("none does not exist: has ringdownd been started with this configuration?", text)
        (self.folder / "empty").write_text("")
        text = self.expect(78, "alerts", "--url", self.daemon.url, "--token-file", str(self.folder / "empty"), where=False)
        self.assertIn("it belongs to the daemon's user", text)
        text = self.expect(78, "doctor", "--url", "https://pbx.example.com", "--client-id", "c", "--secret-file", str(self.folder / "none"), where=False)
        self.assertTrue(text.strip().endswith("none: no such file"), text)

    def test_help_and_version_are_0(self):
        for words in (["--help"], ["--version"], ["apply", "--help"]):
            self.expect(0, *words, where=False)

    def test_help_explains_every_word_of_every_command(self):
        commands = self.expect(0, "--help", where=False).split("Subcommands:")[1].split("\n\n")[0]
        names = [line.split()[0] for line in commands.splitlines() if line.startswith("  ") and line[2] != " "]
        self.assertIn("snooze", names)
        for name in names:
            text = self.expect(0, name, "--help", where=False)
            usage = next(line for line in text.splitlines() if line.startswith("Usage:"))
            words = re.findall(r"[\w|]+", usage.split("[OPTIONS]")[1])
            positionals = text.split("Positionals:\n")[1].split("\n\n")[0].split("\nOptions:")[0] if words else ""
            for word in words:
                self.assertRegex(positionals, rf"(?m)^  {re.escape(word)}( \(optional\)| \.\.\.)? +[a-z].*", name)
            for raw in ("TEXT", "REQUIRED", "(2x)"):
                self.assertNotIn(raw, positionals + usage, name)

    def test_url_and_token_follow_from_the_configuration(self):
        self.daemon.serve(**{"GET /api/v1/alerts": one_list()})
        config = self.folder / "ringdown.toml"
        config.write_text(f'state_dir = "state"\n[http]\nlisten = "{self.daemon.url[7:]}"\n[api]\ntoken_file = "token"\n')
        self.expect(0, "alerts", "--config", str(config), where=False)
        self.expect(0, "alerts", where=False, variables={"RINGDOWN_CONFIG": str(config)})
        self.expect(0, "alerts", where=False, variables={"RINGDOWN_URL": self.daemon.url, "RINGDOWN_TOKEN_FILE": str(self.folder / "token")})


class Acts(Cli):
    def test_each_act_says_who_asked(self):
        done = (200, {"answer": "done", "text": "it is done"})
        self.daemon.serve(**{f"POST /api/v1/{path}": done for path in (
            "alerts/al_1/ack", "alerts/al_1/snooze", "alerts/al_1/renotify", "mutes", "silence", "deliveries/dl_1/resend",
            "tenants/acme/channels/push/test")})
        for words, body in (
                (["ack", "al_1"], {"by": "jo", "via": "cli"}),
                (["snooze", "al_1", "2h"], {"for": "2h", "by": "jo", "via": "cli"}),
                (["renotify", "al_1", "--by", "sam"], {"by": "sam", "via": "cli"}),
                (["mute", "trunk_down", "1h", "--tenant", "acme", "--reason", "works"],
                 {"tenant": "acme", "type": "trunk_down", "for": "1h", "reason": "works", "by": "jo"}),
                (["mute", "trunk_down", "off", "--tenant", "acme"], {"off": True, "by": "jo", "tenant": "acme", "type": "trunk_down"}),
                (["silence", "10m", "--all", "--reason", "test"], {"for": "10m", "reason": "test", "by": "jo"}),
                (["silence", "10m", "--tenant", "acme", "--reason", "test"],
                 {"tenant": "acme", "for": "10m", "reason": "test", "by": "jo"}),
                (["silence", "off", "--all"], {"off": True, "by": "jo"}),
                (["silence", "off", "--tenant", "acme", "--reason", "over"], {"off": True, "by": "jo", "tenant": "acme", "reason": "over"}),
                (["resend", "dl_1"], {"by": "jo"}), (["test-channel", "acme/push"], {"by": "jo"}),
                (["test-channel", "push", "--tenant", "acme"], {"by": "jo"})):
            self.assertEqual(self.expect(0, *words), "it is done\n")
            self.assertEqual(json.loads(self.daemon.asked[-1][2]), body, words)

    def test_psa_discover_lists_ids_by_setting(self):
        rows = [{"field": "queue", "id": "7", "label": "Voice"}, {"field": "company", "id": "174", "label": "Bakery"}]
        self.daemon.serve(**{"GET /api/v1/tenants/acme/channels/tickets/choices": (200, {"items": rows, "next": None})})
        text = self.expect(0, "psa", "discover", "tickets", "--tenant", "acme")
        self.assertEqual(text, "SETTING  ID   MEANS\nqueue    7    Voice\ncompany  174  Bakery\n2 choices\n")
        self.daemon.serve(**{"GET /api/v1/tenants/acme/channels/tickets/choices": (424, {"detail": "zone: HTTP 500"})})
        self.assertIn("zone: HTTP 500", self.expect(1, "psa", "discover", "tickets", "--tenant", "acme"))

    def test_who_is_on_call_and_whether_a_call_would_reach_them(self):
        jo = {"user": "jo", "number": "+12****01", "consent": True, "verified": "2026-01-02T03:04:05Z", "not_called": None}
        kim = {**jo, "user": "kim", "verified": None, "not_called": "not_verified"}
        lee = {**jo, "user": "lee", "number": None, "consent": False, "verified": None, "not_called": "no_consent"}
        told = {"user": "jo", "from": "file", "by": None, "at": None, "phones": [], "calls": True, "people": [jo, kim, lee]}
        path = "/api/v1/tenants/acme/oncall"
        routes = {f"GET {path}": told, f"POST {path}": (200, {"answer": "done", "text": "on call from now on"})}
        self.daemon.serve(**routes)
        self.assertEqual(self.expect(0, "oncall", "--tenant", "acme"),
                         "jo is on call (by the file)\nphone +12****01, consent given, verified 2026-01-02 03:04:05 UTC\n")
        self.assertEqual(self.expect(0, "oncall", "jo", "--tenant", "acme"), "on call from now on\n")
        verify = "warning: kim will not be called: the number is not verified: ringdownctl phone verify kim --tenant acme\n"
        self.assertEqual(self.expect(0, "oncall", "kim", "--tenant", "acme"), "on call from now on\n" + verify)
        self.assertIn("lee will not be called: no voice_consent", self.expect(0, "oncall", "lee", "--tenant", "acme"))
        self.daemon.serve(**{**routes, f"GET {path}": {**told, "user": "kim"}})
        self.assertIn(verify, self.expect(0, "oncall", "--tenant", "acme"))
        self.assertIn(verify, self.expect(0, "oncall", "file", "--tenant", "acme"))
        # Where nothing rings, nobody is told that it will not.
        self.daemon.serve(**{**routes, f"GET {path}": {**told, "calls": False}})
        self.assertEqual(self.expect(0, "oncall", "kim", "--tenant", "acme"), "on call from now on\n")

    def test_under_sudo_the_one_who_called_it_acts(self):
        self.daemon.serve(**{"POST /api/v1/alerts/al_1/ack": (200, {"answer": "done", "text": "fine"})})
        self.expect(0, "ack", "al_1", variables={"USER": "root", "SUDO_USER": "sam"})
        self.assertEqual(json.loads(self.daemon.asked[-1][2])["by"], "sam")
        self.expect(0, "ack", "al_1", "--by", "jo", variables={"USER": "root", "SUDO_USER": "sam"})
        self.assertEqual(json.loads(self.daemon.asked[-1][2])["by"], "jo")

    def test_a_test_ends_with_what_the_provider_said(self):
        sent = (200, {"answer": "done", "text": "a test is on its way to push", "delivery": "dl_9"})
        for state, reason, answer, code in (("sent", None, "HTTP 200", 0), ("dead", "refused", "HTTP 403", 1), ("suppressed", "acknowledged", None, 1)):
            self.daemon.serve(**{"POST /api/v1/tenants/acme/channels/push/test": sent, "POST /api/v1/deliveries/dl_1/resend": sent,
                                 "GET /api/v1/deliveries/dl_9": {"id": "dl_9", "state": state, "reason": reason, "answer": answer}})
            for words in (["test-channel", "acme/push"], ["resend", "dl_1"]):
                text = self.expect(code, *words)
                outcome = state + (f" ({reason})" if reason else "") + (f": {answer}" if answer else "")
                self.assertEqual(text, f"a test is on its way to push\n{outcome}\n")
            self.assertEqual(json.loads(self.run_ctl("resend", "dl_1", "--json").stdout)["state"], state)
        self.assertEqual(self.expect(0, "test-channel", "acme/push", "--no-wait"), "a test is on its way to push\n")
        self.assertEqual(self.daemon.asked[-1][0], "POST")

    def test_a_test_that_takes_its_time_is_looked_at_again(self):
        self.daemon.serve(**{"POST /api/v1/tenants/acme/channels/push/test": (200, {"answer": "done", "text": "on its way", "delivery": "dl_9"}),
                             "GET /api/v1/deliveries/dl_9": iter([{"id": "dl_9", "state": "pending"}, {"id": "dl_9", "state": "claimed"},
                                                                  {"id": "dl_9", "state": "sent", "answer": "HTTP 200"}])})
        self.assertTrue(self.expect(0, "test-channel", "acme/push").endswith("sent: HTTP 200\n"))
        self.daemon.serve(**{"POST /api/v1/deliveries/dl_1/resend": (200, {"answer": "done", "text": "on its way", "delivery": "dl_9"}),
                             "GET /api/v1/deliveries/dl_9": {"id": "dl_9", "state": "pending", "answer": "HTTP 503"}})
        self.assertIn("still pending after 10 s: HTTP 503; ringdownctl delivery dl_9", self.expect(75, "resend", "dl_1"))

    def verify(self, code, *calls):
        self.daemon.serve(**{"POST /api/v1/tenants/acme/phones/code": (200, {"answer": "done", "text": "calling +4930***5678 to read out a code", "delivery": "dl_9"}),
                             "GET /api/v1/deliveries/dl_9": iter([{"id": "dl_9", "target": "+4930***5678", "state": "sent", "answer": "HTTP 201", **one} for one in calls])})
        lines = self.expect(code, "phone", "verify", "jo", "--tenant", "acme").splitlines()
        self.assertEqual(lines[0], "calling +4930***5678 to read out a code")
        return lines[1:]

    def test_a_number_is_verified_by_what_the_call_does_and_what_comes_next(self):
        placed = {"call_stage": "placed"}
        self.assertEqual(
            self.verify(0, {"state": "pending", "answer": None, "call_stage": "wanted"}, placed, placed, {"call_stage": "ringing"}, {"call_stage": "answered"},
                        {"call_stage": "ended", "call_result": "listener"}),
            ["  the call is placed: HTTP 201", "  ringing", "  answered", "  ended (listener)", "now: ringdownctl phone confirm jo CODE --tenant acme"])

    def test_a_call_that_nobody_took_reads_out_no_code(self):
        again = "no code was heard; to call again: ringdownctl phone verify jo --tenant acme"
        self.assertEqual(self.verify(1, {"call_stage": "ringing"}, {"call_stage": "ended", "call_result": "no_answer"}),
                         ["  ringing", "  ended (no_answer)", again])
        self.assertEqual(self.verify(1, {"state": "dead", "reason": "refused", "answer": "HTTP 403"}),
                         ["  not called, dead (refused): HTTP 403", again])
        self.assertEqual(self.verify(0, {"state": "unknown", "answer": "no answer: timeout"})[-1], "now: ringdownctl phone confirm jo CODE --tenant acme")

    def test_a_call_that_cannot_be_placed_yet_is_not_waited_for_as_long_as_one_that_rings(self):
        waits = {"id": "dl_9", "target": "+4930***5678", "state": "pending", "answer": "HTTP 503", "call_stage": "wanted"}
        self.daemon.serve(**{"POST /api/v1/tenants/acme/phones/code": (200, {"answer": "done", "text": "calling", "delivery": "dl_9"}),
                             "GET /api/v1/deliveries/dl_9": waits})
        self.assertEqual(self.expect(75, "phone", "verify", "jo", "--tenant", "acme"),
                         "calling\nstill pending after 10 s: HTTP 503; ringdownctl delivery dl_9 shows how it goes on\n")

    def test_a_store_that_is_away_is_75(self):
        self.daemon.serve(**{"POST /api/v1/alerts/al_1/ack": (503, {"detail": "not stored yet"})})
        self.assertIn("not stored yet", self.expect(75, "ack", "al_1"))

    def test_a_negative_verdict_is_1(self):
        for status, verdict in ((409, "refused"), (409, "unknown_subject"), (200, "stale")):
            self.daemon.serve(**{"POST /api/v1/alerts/al_1/ack": (status, {"answer": verdict, "text": "an earlier episode"})})
            self.assertIn("an earlier episode", self.expect(1, "ack", "al_1"))

    def test_already_and_accepted_are_0(self):
        for status, verdict in ((200, "already"), (202, "accepted")):
            self.daemon.serve(**{"POST /api/v1/alerts/al_1/ack": (status, {"answer": verdict, "text": "fine"})})
            self.expect(0, "ack", "al_1")


if __name__ == "__main__":
    unittest.main(verbosity=1)
