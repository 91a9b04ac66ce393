"""What Kubernetes would refuse in a manifest, by the types of its own Python client (Debian's python3-kubernetes, API 1.22).

Unknown keys, wrong types, missing values, wrong words and keys given twice are faults; what depends on other objects is not seen.
"""

import re

import kubernetes.client
import yaml

# Where a kind lives; what is not listed is not used here.
HOMES = {"Namespace": "v1", "ConfigMap": "v1", "Secret": "v1", "Service": "v1", "StatefulSet": "apps/v1",
         "PodDisruptionBudget": "policy/v1", "NetworkPolicy": "networking.k8s.io/v1"}
PLAIN = {"str": str, "int": int, "bool": bool}


class Strict(yaml.SafeLoader):
    """A key that stands twice in one table is a fault, not the last word."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key) for key, _ in node.value]
        twice = [key for key in keys if keys.count(key) > 1]
        if twice:
            raise yaml.YAMLError(f"{twice[0]} stands twice{node.start_mark}")
        return super().construct_mapping(node, deep)


def documents(text):
    return [one for one in yaml.load_all(text, Strict) if one is not None]  # pylint: disable=unsafe-any-load


def faults_of(document):
    """Lines like `spec.replicas: "3" is no int`."""
    kind, home = document.get("kind"), document.get("apiVersion")
    if HOMES.get(kind) is None or HOMES[kind] != home:
        return [f"{home} {kind}: no such kind here"]
    faults = []
    read_model(document, f"V1{kind}", "", faults)
    return faults


def read(value, kind, where, faults):
    """The value as the client wants it; None after a fault."""
    listed, mapped = re.fullmatch(r"list\[(.+)\]", kind), re.fullmatch(r"dict\(str, (.+)\)", kind)
    if listed and isinstance(value, list):
        return [read(one, listed[1], f"{where}[{at}]", faults) for at, one in enumerate(value)]
    if mapped and isinstance(value, dict):
        return {key: read(one, mapped[1], f"{where}.{key}", faults) for key, one in value.items()}
    if kind == "object" and isinstance(value, (str, int)) and not isinstance(value, bool):  # IntOrString
        return value
    if kind in PLAIN and type(value) is PLAIN[kind]:  # a bool is an int to Python
        return value
    if kind.startswith("V1") and isinstance(value, dict):
        return read_model(value, kind, where, faults)
    faults.append(f'{where}: "{value}" is no {kind}')
    return None


def read_model(table, kind, where, faults):
    model = getattr(kubernetes.client, kind)
    names = {outside: inside for inside, outside in model.attribute_map.items()}
    made, before = {}, len(faults)
    for key, value in table.items():
        place = f"{where}.{key}".lstrip(".")
        if key not in names:
            faults.append(f"{place}: {kind} has no such field")
        else:
            made[names[key]] = read(value, model.openapi_types[names[key]], place, faults)
    if len(faults) > before:
        return None
    try:
        return model(**made)  # looks for what must be there, and at words of which there are only some
    except ValueError as missing:
        faults.append(f"{where or kind}: {missing}")
        return None
