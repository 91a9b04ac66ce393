#!/usr/bin/env python3
"""ringdownctl and tenant files: apply, diff, export, check-config; no secret in any output."""

import json
import pathlib
import re
import unittest

from cli_case import Cli, one_list

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEBHOOK_SECRET = "whsec_" + "QUJD" * 8


class TenantFiles(Cli):
    def tenant(self, name="acme", more=""):
        folder = self.folder / "tenants"
        folder.mkdir(exist_ok=True)
        (folder / "hook").write_text(WEBHOOK_SECRET + "\n")
        file = folder / f"{name}.toml"
        file.write_text(f'[tenant]\nid = "{name}"\n[[channel]]\nid = "hook"\nkind = "webhook"\n'
                        f'url = "https://hook.example.com/x"\nsecret = {{ file = "hook" }}\n{more}')
        return file

    def put(self, name, changes=(), applied=True):
        answer = {"tenant": name, "version": 4, "changes": [{"action": a, "kind": k, "id": i} for a, k, i in changes]}
        return {f"PUT /api/v1/tenants/{name}/file?dry_run=1": {**answer, "applied": False},
                f"PUT /api/v1/tenants/{name}/file": {**answer, "applied": applied}}

    def test_apply_shows_then_changes_and_sends_secrets_apart(self):
        file = self.tenant()
        self.daemon.serve(**self.put("acme", [("add", "channel", "hook"), ("change", "tenant", ""), ("remove", "user", "jo")]))
        text = self.expect(0, "apply", str(file))
        self.assertEqual([line for line in text.splitlines() if line.startswith("  ")], ["  + channel hook", "  ~ tenant", "  - user jo"])
        self.assertIn("acme: applied, version 4", text)
        self.assertNotIn(WEBHOOK_SECRET, text)
        self.assertEqual([path for _, path, _ in self.daemon.asked],
                         ["/api/v1/tenants/acme/file?dry_run=1", "/api/v1/tenants/acme/file"])
        sent = json.loads(self.daemon.asked[-1][2])
        self.assertEqual(sent["secrets"], {"channel.hook.secret": WEBHOOK_SECRET})
        self.assertNotIn(WEBHOOK_SECRET, sent["toml"])
        self.assertIn("channel.hook.secret", sent["toml"])

    def test_what_will_not_work_is_a_warning_once_and_is_applied(self):
        file = self.tenant()
        routes = self.put("acme")
        for answer in routes.values():
            answer["warnings"] = [{"channel": "tickets", "message": "channel \"tickets\": company: none"}]
        self.daemon.serve(**routes)
        done = self.run_ctl("apply", str(file))
        self.assertEqual((done.returncode, done.stderr), (0, f'{file}: warning: channel "tickets": company: none\n'))
        self.assertIn("acme: applied", done.stdout)

    def test_one_unsound_file_and_nothing_is_asked(self):
        self.tenant()
        self.tenant("bad", '[[user]]\nid = "x"\nnmae = "y"\n')
        text = self.expect(78, "apply", str(self.folder / "tenants"))
        self.assertIn("bad.toml:10", text)
        self.assertIn('"name"', text)
        self.assertEqual(self.daemon.asked, [])

    def test_a_refusal_is_1_and_nothing_is_applied(self):
        self.tenant()
        self.tenant("beta")
        refused = (422, {"detail": "not sound", "errors": [{"file": "tenant file", "line": 3, "message": "zone: is none"}]})
        self.daemon.serve(**{**self.put("acme"), **self.put("beta"), "PUT /api/v1/tenants/beta/file?dry_run=1": refused})
        text = self.expect(1, "apply", str(self.folder / "tenants"))
        self.assertIn("beta.toml: zone: is none", text)
        self.assertIn("nothing was applied", text)
        self.assertTrue(all(path.endswith("dry_run=1") for _, path, _ in self.daemon.asked))

    def test_what_has_no_file_stays_unless_pruned(self):
        self.tenant()
        routes = {**self.put("acme"), "GET /api/v1/tenants": one_list({"id": "acme"}, {"id": "old"}), "DELETE /api/v1/tenants/old": {}}
        self.daemon.serve(**routes)
        self.assertIn("old: has no file here and stays", self.expect(0, "apply", str(self.folder / "tenants")))
        self.assertNotIn("DELETE", [method for method, _, _ in self.daemon.asked])
        self.assertIn("old: deleted", self.expect(0, "apply", "--prune", str(self.folder / "tenants")))
        pages = {"GET /api/v1/tenants": one_list({"id": "acme"}, following="c1"), "GET /api/v1/tenants?cursor=c1": one_list({"id": "old"})}
        self.daemon.serve(**{**routes, **pages})
        self.assertIn("old: deleted", self.expect(0, "apply", "--prune", str(self.folder / "tenants")))
        self.daemon.serve(**{**routes, "GET /api/v1/tenants": (503, {"detail": "busy"})})
        self.expect(75, "apply", "--prune", str(self.folder / "tenants"))
        self.expect(2, "apply", "--prune", str(self.folder / "tenants/acme.toml"))
        (self.folder / "empty").mkdir()
        self.expect(78, "apply", "--prune", str(self.folder / "empty"))

    def test_diff_shows_what_prune_would_delete(self):
        self.tenant()
        folder = str(self.folder / "tenants")
        gone = {"tenant": "old", "version": 1, "applied": False, "changes": [{"action": "remove", "kind": "tenant", "id": "old"}]}
        routes = {**self.put("acme"), "GET /api/v1/tenants": one_list({"id": "acme"}, {"id": "old"}), "DELETE /api/v1/tenants/old": gone}
        self.daemon.serve(**routes)
        self.expect(0, "diff", folder)
        self.assertIn("old (no file)\n  - tenant old\n", self.expect(1, "diff", "--prune", folder))
        self.assertTrue(all("dry_run=1" in path for method, path, _ in self.daemon.asked if method != "GET"))
        shown = json.loads(self.expect(1, "diff", "--prune", "--json", folder))
        self.assertEqual(shown["items"][-1], gone)
        self.daemon.serve(**{**routes, "DELETE /api/v1/tenants/old": (409, {"detail": "channel c, managed by console"})})
        self.assertIn("managed by console", self.expect(1, "diff", "--prune", folder))
        self.assertIn("managed by console", self.expect(1, "apply", "--prune", folder))
        self.expect(2, "diff", "--prune", folder + "/acme.toml")

    def test_prune_is_no_success_when_the_daemon_does_not_list_its_tenants(self):
        self.tenant()
        self.daemon.serve(**{**self.put("acme"), "GET /api/v1/tenants": (503, {"detail": "starting"})})
        self.expect(75, "apply", "--prune", str(self.folder / "tenants"))

    def test_diff_is_1_when_something_would_change(self):
        file = str(self.tenant())
        self.daemon.serve(**self.put("acme"))
        self.assertIn("no changes", self.expect(0, "diff", file))
        self.daemon.serve(**self.put("acme", [("change", "channel", "hook")]))
        self.assertIn("~ channel hook", self.expect(1, "diff", file))
        self.assertEqual(len(self.daemon.asked), 1)

    def test_two_files_of_one_tenant_are_refused(self):
        self.tenant()
        (self.folder / "tenants/zz.toml").write_text((self.folder / "tenants/acme.toml").read_text())
        self.assertIn("is also in", self.expect(78, "apply", str(self.folder / "tenants")))

    def test_export_prints_or_writes(self):
        self.daemon.serve(**{"GET /api/v1/tenants": one_list({"id": "acme"}),
                             "GET /api/v1/tenants/acme/file": {"tenant": "acme", "version": 1, "toml": "[tenant]\nid = \"acme\"\n"}})
        self.assertEqual(self.expect(0, "export"), "[tenant]\nid = \"acme\"\n")
        self.daemon.serve(**{"GET /api/v1/tenants": one_list({"id": "acme"}, following="c1"), "GET /api/v1/tenants?cursor=c1": one_list({"id": "beta"}),
                             "GET /api/v1/tenants/acme/file": {"tenant": "acme", "version": 1, "toml": "[tenant]\nid = \"acme\"\n"},
                             "GET /api/v1/tenants/beta/file": {"tenant": "beta", "version": 1, "toml": "[tenant]\nid = \"beta\"\n"}})
        self.assertIn("# beta.toml", self.expect(0, "export"))
        self.expect(0, "export", "acme", "--dir", str(self.folder / "out"))
        self.assertEqual((self.folder / "out/acme.toml").read_text(), "[tenant]\nid = \"acme\"\n")
        self.expect(2, "export", "../evil", "--dir", str(self.folder / "out"))
        self.daemon.serve(**{"GET /api/v1/tenants": one_list()})
        self.assertIn("no tenants", self.expect(0, "export"))


class CheckConfig(Cli):
    def test_the_examples_are_sound(self):
        secrets = self.folder / "secrets"
        secrets.mkdir()
        for name in ("bakery-pbx", "ntfy-token"):
            (secrets / name).write_text("a-secret\n")
        (secrets / "webhook").write_text(WEBHOOK_SECRET + "\n")
        tenant = self.folder / "acme.toml"
        tenant.write_text((ROOT / "deploy/examples/tenants/acme.toml").read_text())
        node = str(ROOT / "deploy/examples/ringdown.toml")
        done = self.run_ctl("check-config", node, str(tenant), where=False, variables={"CLINIC_PBX_SECRET": "s3cret"})
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, f"{node}: ok\n{tenant}: ok\n", ""))

    def test_what_will_not_work_is_a_warning_and_no_fault(self):
        file = self.folder / "x.toml"
        (self.folder / "secret").write_text("a-secret\n")
        file.write_text('[tenant]\nid = "x"\n[voice]\ntypes = ["trunk_down"]\n[[user]]\nid = "jo"\nphone = "+4930123456"\nvoice_consent = "by mail"\n'
                        '[oncall]\nuser = "jo"\n'
                        '[[channel]]\nid = "phone"\nkind = "twilio"\naccount = "AC0123456789abcdef0123456789abcdef"\nfrom = "+12025550100"\n'
                        'auth_token = { file = "secret" }\n')
        node = self.folder / "ringdown.toml"
        node.write_text('state_dir = "state"\n')
        done = self.run_ctl("check-config", str(file), where=False)
        self.assertEqual((done.returncode, done.stdout), (0, f"{file}: ok\n"))
        self.assertRegex(done.stderr, r"^\S+x\.toml: warning: channel \"phone\": regions: .* one of DE: .*\n$")
        # What the daemon's file says is known where it is checked too, or is that of --config.
        for words in ([str(node)], ["--config", str(node)]):
            self.assertIn("[http] public_url", self.run_ctl("check-config", str(file), *words, where=False).stderr)
        node.write_text('state_dir = "state"\n[http]\npublic_url = "https://ringdown.example.com"\n')
        self.assertNotIn("public_url", self.run_ctl("check-config", str(file), str(node), where=False).stderr)

    def test_the_whole_file_of_the_documentation_is_sound_and_nothing_in_it_is_warned_of(self):
        text = (ROOT / "docs/operating.md").read_text().split("**A whole file**")[1].split("```toml\n")[1].split("```")[0]
        file = self.folder / "acme.toml"
        file.write_text(text)
        (self.folder / "secrets").mkdir()
        for name in re.findall(r'file = "secrets/([^"]+)"', text):
            hook = "https://hooks.slack.com/services/T0/B0/x"
            (self.folder / "secrets" / name).write_text(hook if name == "slack-hook" else "a-secret")
        node = self.folder / "ringdown.toml"
        node.write_text('state_dir = "state"\n[http]\npublic_url = "https://ringdown.example.com"\n')
        done = self.run_ctl("check-config", str(file), str(node), where=False)
        self.assertEqual((done.stdout, done.stderr), (f"{file}: ok\n{node}: ok\n", ""))
        for kind in ("slack", "autotask", "email", "twilio", "ntfy"):
            self.assertIn(f'kind = "{kind}"', text)

    def test_all_faults_are_told_with_line_and_no_secret(self):
        file = self.folder / "x.toml"
        file.write_text('[tenant]\nid = "x"\nzone = "Mars/Olympus"\n[[channel]]\nid = "h"\nkind = "webhok"\n'
                        '[[channel]]\nid = "n"\nkind = "ntfy"\ntopic = "t"\ntoken = "tk_in_plain_sight"\n')
        text = self.expect(78, "check-config", str(file), where=False)
        for expected in ("x.toml:3:", "x.toml:6:", 'did you mean "webhook"?', "x.toml:11:", "{ file ="):
            self.assertIn(expected, text)
        self.assertNotIn("tk_in_plain_sight", text)

    def test_a_misspelt_tenant_is_told_as_one(self):
        file = self.folder / "x.toml"
        file.write_text('[tennant]\nid = "x"\n')
        text = self.expect(78, "check-config", str(file), where=False)
        self.assertIn('did you mean "tenant"?', text)
        self.assertNotIn("state_dir", text)
        file.write_text('[[user]]\nid = "x"\n')
        self.assertIn("[tenant] is required", self.expect(78, "check-config", str(file), where=False))
        file.write_text('[http]\nlisten = "127.0.0.1:1"\n')
        self.assertIn("state_dir: is required", self.expect(78, "check-config", str(file), where=False))

    def test_a_file_that_is_no_toml_is_refused(self):
        file = self.folder / "x.toml"
        file.write_text("[tenant\n")
        self.assertIn("x.toml:1", self.expect(78, "check-config", str(file), where=False))
        self.expect(78, "check-config", str(self.folder / "none.toml"), where=False)


class Doctor(Cli):
    def steps(self, code, *words):
        done = self.run_ctl("doctor", "--json", *words, where=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return {step["step"]: step for step in json.loads(done.stdout)["items"]}

    def test_a_closed_port_is_blamed_on_tcp(self):
        port = self.daemon.server.server_port
        self.daemon.stop()
        steps = self.steps(1, "--url", f"https://127.0.0.1:{port}")
        self.assertEqual((steps["dns"]["state"], steps["tcp"]["state"], steps["tcp"]["cause"]), ("skipped", "failed", "refused"))

    def test_plain_http_is_blamed_on_tls(self):
        steps = self.steps(1, "--url", f"https://localhost:{self.daemon.server.server_port}")
        self.assertEqual(steps["tls"]["state"], "failed")
        self.assertNotIn("login", steps)
        self.assertEqual(self.daemon.asked, [])

    def test_an_authority_that_cannot_be_read_is_wrong_usage(self):
        told = self.expect(2, "doctor", "--url", "https://pbx.example.com", "--ca-file", "/nonexistent/ca.pem", where=False)
        self.assertIn("--ca-file: /nonexistent/ca.pem cannot be read", told)

    def test_http_urls_and_half_a_login_are_wrong_usage(self):
        self.expect(2, "doctor", "--url", "http://pbx.example.com", where=False)
        self.expect(2, "doctor", "--url", "https://pbx.example.com", "--client-id", "x", where=False)


if __name__ == "__main__":
    unittest.main(verbosity=1)
