#!/usr/bin/python3
"""deploy/compose.yaml: compose takes it, its parts name each other, nothing runs with more rights than it needs; and the image
gets every package that the programs load. Debian's interpreter, because Debian's YAML is asked. usage: compose_test.py BIN"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
NODES = ["node-1", "node-2", "node-3"]


def end_without(what):
    print(f"deploy_compose: {'FAILED' if os.environ.get('CI') else 'skipped'} (no {what}: deploy/packages.txt)")
    sys.exit(1 if os.environ.get("CI") else 0)


try:
    import yaml
except ModuleNotFoundError:
    end_without("python3-yaml")


def compose():
    """The words that begin a compose command here: docker's own, else Debian's."""
    if shutil.which("docker") and subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


def configured(text):
    """What compose says of it: exit code, all that it printed."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "compose.yaml"
        file.write_text(text)
        done = subprocess.run([*compose(), "-f", str(file), "config"], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


class Compose(unittest.TestCase):
    def setUp(self):
        self.text = (DEPLOY / "compose.yaml").read_text()
        self.file = yaml.safe_load(self.text)
        self.services = self.file["services"]

    def test_compose_takes_it(self):
        code, said = configured(self.text)
        self.assertEqual(code, 0, said)

    def test_what_compose_would_refuse_is_noticed(self):
        for right, wrong in (("read_only: true", "readonly: true"), ("stop_grace_period: 40s", "stop_grace_period: [40]"),
                             ("- database:/var", "- databases:/var")):
            with self.subTest(wrong=wrong):
                self.assertIn(right, self.text)
                self.assertNotEqual(configured(self.text.replace(right, wrong))[0], 0)

    def test_there_are_three_nodes_each_with_a_name_of_its_own(self):
        self.assertEqual(sorted(name for name, one in self.services.items() if "build" in one), NODES)
        for name in NODES:
            self.assertEqual(self.services[name]["hostname"], name)
            self.assertEqual({**self.services[name], "hostname": ""}, {**self.services[NODES[0]], "hostname": ""})

    def test_nothing_has_more_rights_than_it_needs(self):
        for name, one in self.services.items():
            with self.subTest(service=name):
                self.assertTrue(one["read_only"])
                self.assertEqual(one["cap_drop"], ["ALL"])
                self.assertEqual(one["security_opt"], ["no-new-privileges:true"])
        self.assertRegex((DEPLOY / "Dockerfile").read_text(), r"(?m)^USER 10001:10001$")
        self.assertTrue(self.file["networks"]["store"]["internal"])
        self.assertEqual(self.services["postgres"]["networks"], ["store"])
        published = [port for one in self.services.values() for port in one.get("ports", [])]
        self.assertEqual(published, ["127.0.0.1:8480:8480"])

    def test_a_node_has_time_to_end(self):
        for name in NODES:
            self.assertGreaterEqual(int(self.services[name]["stop_grace_period"].removesuffix("s")), 35)

    def test_secrets_are_files_that_are_not_in_the_tree(self):
        self.assertEqual(sorted(self.file["secrets"]), ["api.token", "database-password", "database-url", "secrets.key"])
        for name, one in self.file["secrets"].items():
            self.assertEqual(one, {"file": f"./compose/secrets/{name}"})
        given = {name for one in self.services.values() for name in one.get("secrets", [])}
        self.assertEqual(given, set(self.file["secrets"]))
        ignored = (DEPLOY.parent / ".gitignore").read_text().splitlines()
        self.assertIn("/deploy/compose/secrets/", ignored)
        self.assertIn("deploy/compose/secrets", (DEPLOY.parent / ".dockerignore").read_text().splitlines())

    def test_the_daemons_file_names_what_the_node_is_given(self):
        text = (DEPLOY / "compose/ringdown.toml").read_text()
        named = re.findall(r'"/run/secrets/([^"]+)"', text)
        self.assertEqual(sorted(named), sorted(self.services[NODES[0]]["secrets"]))
        self.assertIn('state_dir = "/var/lib/ringdown"', text)
        self.assertNotIn("[node]\nname", text)  # one file for all: names would not be unique

    def test_the_balancer_asks_every_node_whether_it_is_ready(self):
        text = (DEPLOY / "compose/haproxy.cfg").read_text()
        self.assertEqual(re.findall(r"(?m)^  server (\S+) (\S+)$", text), [(name, f"{name}:8480") for name in NODES])
        self.assertIn("uri /readyz\n", text)


class Image(unittest.TestCase):
    def packages(self, *programs):
        return subprocess.run([DEPLOY / "runtime-packages.sh", *programs], capture_output=True, text=True, timeout=60, check=False)

    def test_it_gets_every_package_that_the_programs_load(self):
        done = self.packages(*(f"{BIN}/{name}" for name in ("ringdownd", "ringdownctl")))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        found = done.stdout.split()
        for one in ("libc6", "libcaf-core", "libssl", "libstdc++"):
            self.assertTrue([name for name in found if name.startswith(one)], f"no {one} in {found}")
        self.assertFalse([one for one in found if one.endswith("-dev")])

    def test_a_program_that_is_not_there_is_an_error(self):
        self.assertNotEqual(self.packages(f"{BIN}/ringdown-nothing").returncode, 0)


if __name__ == "__main__":
    BIN = sys.argv.pop(1)
    if compose() is None:
        end_without("docker compose or docker-compose")
    unittest.main()
