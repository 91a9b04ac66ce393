#!/usr/bin/python3
"""deploy/kubernetes: Kubernetes' own types take every manifest, the parts name each other, and nothing runs with more rights
than it needs. Debian's interpreter, because Debian's modules are asked."""

import os
import pathlib
import sys
import unittest

try:
    from kubernetes_schema import documents, faults_of
except ModuleNotFoundError as missing:
    print(f"deploy_kubernetes: {'FAILED' if os.environ.get('CI') else 'skipped'} ({missing}: apt install python3-kubernetes)")
    sys.exit(1 if os.environ.get("CI") else 0)

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "deploy/kubernetes"
FILES = sorted([*FOLDER.glob("*.yaml"), FOLDER / "secret.yaml.example"])


def everything():
    return [one for file in FILES for one in documents(file.read_text())]


def the(kind, name="ringdown"):
    return next(one for one in everything() if one["kind"] == kind and one["metadata"]["name"] == name)


class Schema(unittest.TestCase):
    def test_kubernetes_takes_every_manifest(self):
        for file in FILES:
            for document in documents(file.read_text()):
                with self.subTest(file=file.name):
                    self.assertEqual(faults_of(document), [])

    def test_what_it_would_refuse_is_noticed(self):
        text = (FOLDER / "nodes.yaml").read_text()
        for right, wrong, said in (
                ("readOnlyRootFilesystem: true", "readOnlyRootFileSystem: true", "V1SecurityContext has no such field"),
                ("replicas: 3", 'replicas: "3"', "is no int"),
                ("maxSkew: 1", "maxSkew: true", "is no int"),
                ("  serviceName: ringdown-nodes\n", "", "service_name"),
                ("drop:", "drops:", "V1Capabilities has no such field"),
                ("apiVersion: apps/v1", "apiVersion: apps/v1beta1", "no such kind"),
                ("            - /given/api.token", "            - 7", "is no str")):
            with self.subTest(wrong=wrong):
                self.assertIn(right, text)
                self.assertRegex("\n".join(faults_of(documents(text.replace(right, wrong))[0])), said)

    def test_a_key_that_stands_twice_is_noticed(self):
        with self.assertRaisesRegex(Exception, "replicas stands twice"):
            documents("spec:\n  replicas: 3\n  replicas: 2\n")


class Parts(unittest.TestCase):
    def setUp(self):
        self.set = the("StatefulSet")
        self.pod = self.set["spec"]["template"]
        self.main = self.pod["spec"]["containers"][0]

    def test_everything_is_in_one_namespace(self):
        for one in everything():
            self.assertEqual(one["metadata"].get("namespace", one["metadata"]["name"]), "ringdown")

    def test_selectors_find_the_pods(self):
        labels = self.pod["metadata"]["labels"]
        self.assertEqual(self.set["spec"]["selector"]["matchLabels"], labels)
        for name in ("ringdown", "ringdown-nodes"):
            self.assertEqual(the("Service", name)["spec"]["selector"], labels)
        self.assertEqual(the("PodDisruptionBudget")["spec"]["selector"]["matchLabels"], labels)
        self.assertEqual(the("NetworkPolicy")["spec"]["podSelector"]["matchLabels"], labels)
        for spread in self.pod["spec"]["topologySpreadConstraints"]:
            self.assertEqual(spread["labelSelector"]["matchLabels"], labels)
        self.assertIsNotNone(the("Service", self.set["spec"]["serviceName"]))

    def test_what_is_mounted_is_there(self):
        volumes = {one["name"]: one for one in self.pod["spec"]["volumes"]}
        self.assertEqual(the("ConfigMap")["metadata"]["name"], volumes["config"]["configMap"]["name"])
        secret = the("Secret")
        self.assertEqual(secret["metadata"]["name"], volumes["given"]["secret"]["secretName"])
        used = set()
        for container in [*self.pod["spec"]["initContainers"], self.main]:
            used |= {mount["name"] for mount in container["volumeMounts"]}
        self.assertEqual(used, set(volumes))
        copied = [word.removeprefix("/given/") for word in self.pod["spec"]["initContainers"][0]["command"] if word.startswith("/given/")]
        self.assertEqual(sorted(copied), sorted(secret["stringData"]))

    def test_the_file_names_what_the_pod_holds(self):
        text = the("ConfigMap")["data"]["ringdown.toml"]
        for name in ("secrets.key", "api.token", "database-url"):
            self.assertIn(f'"/run/ringdown/{name}"', text)
        self.assertIn("sslrootcert=/run/ringdown/database-ca.pem", the("Secret")["stringData"]["database-url"])
        self.assertIn('state_dir = "/var/lib/ringdown"', text)
        self.assertIn(f':{self.main["ports"][0]["containerPort"]}"', text)
        self.assertNotIn("[node]\nname", text)  # one file for all: names would not be unique

    def test_its_health_is_asked_and_it_has_time_to_end(self):
        asked = {name: self.main[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
        self.assertEqual(asked, {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"})
        self.assertGreaterEqual(self.pod["spec"]["terminationGracePeriodSeconds"], 35)

    def test_it_has_no_more_rights_than_it_needs(self):
        pod = self.pod["spec"]
        self.assertTrue(pod["securityContext"]["runAsNonRoot"])
        self.assertEqual(pod["securityContext"]["seccompProfile"], {"type": "RuntimeDefault"})
        self.assertFalse(pod["automountServiceAccountToken"])
        for container in [*pod["initContainers"], self.main]:
            self.assertEqual(container["securityContext"], {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                                            "capabilities": {"drop": ["ALL"]}})
        self.assertEqual(the("Namespace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted")

    def test_the_secret_is_an_example_that_the_daemon_refuses(self):
        given = the("Secret")["stringData"]
        self.assertEqual((given["secrets.key"], given["api.token"]), ("replace", "replace"))
        self.assertIn(":replace@", given["database-url"])


if __name__ == "__main__":
    unittest.main()
