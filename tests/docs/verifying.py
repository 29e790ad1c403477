"""The programs of docs/verify, and what a cluster would list of the objects that they make."""

import copy
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

FOLDER = Path(__file__).parents[2] / "docs/verify"
SERVICE_NAME = "kubernetes.io/service-name"
Object = dict[str, Any]


def load(name: str) -> ModuleType:
    """Import a program by its file, as it is no module of a package."""
    spec = importlib.util.spec_from_file_location(f"docs_verify_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def listed(namespace: str, objects: list[Object], generation: int = 1) -> list[Object]:
    """Say what kubectl lists of objects that were created: addresses, pods that are ready, and EndpointSlices."""
    made = [_placed(thing, namespace) for thing in copy.deepcopy(objects) if thing["kind"] == "Service"]
    workloads = {"web": (3, 10 * generation), "db": (2, 100)}
    pods = [
        _pod(namespace, app, number, f"10.244.{generation if app == 'web' else 9}.{first + number}")
        for app, (count, first) in workloads.items()
        for number in range(count)
    ]
    for number, service in enumerate(made, 1):
        spec = service["spec"]
        if spec.get("type") != "ExternalName":
            ip = spec.setdefault("clusterIP", f"10.96.7.{number}")
            spec |= {"clusterIPs": [ip], "ipFamilies": ["IPv4"], "type": "ClusterIP"}
    slices = [_slice(namespace, service, pods) for service in made if "selector" in service["spec"]]
    return [*made, *slices, *pods]


def _placed(thing: Object, namespace: str) -> Object:
    thing["metadata"]["namespace"] = namespace
    return thing


def _pod(namespace: str, app: str, number: int, address: str) -> Object:
    spec = {"containers": [{"name": "main", "image": "python"}]}
    if app == "db":
        spec |= {"hostname": f"db-{number}", "subdomain": "db"}
    status = {
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    metadata = {"name": f"{app}-{number}", "namespace": namespace, "labels": {"app": app}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}


def _slice(namespace: str, service: Object, pods: list[Object]) -> Object:
    name, chosen = service["metadata"]["name"], service["spec"]["selector"]["app"]
    endpoints = [
        {
            "addresses": [pod["status"]["podIP"]],
            "conditions": {"ready": True},
            "targetRef": {"kind": "Pod", "name": pod["metadata"]["name"], "namespace": namespace},
            **({"hostname": pod["spec"]["hostname"]} if pod["spec"].get("subdomain") == name else {}),
        }
        for pod in pods
        if pod["metadata"]["labels"]["app"] == chosen
    ]
    ports = [
        {"name": port["name"], "port": port["targetPort"], "protocol": port["protocol"]}
        for port in service["spec"]["ports"]
    ]
    metadata = {"name": f"{name}-abcde", "namespace": namespace, "labels": {SERVICE_NAME: name}}
    kind = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4"}
    return {**kind, "metadata": metadata, "endpoints": endpoints, "ports": ports if endpoints else []}
