"""Whose address it is that asked: the pods of `kubectl get pods -A -o json`, and what makes them."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from k8sresolve.errors import ConfigError

Kind: TypeAlias = Literal["pod", "node", "unknown"]

_ADVICE = "give what `kubectl get pods -A -o json` prints"
_ENDED = ("Succeeded", "Failed")
# A CronJob names a Job for the minute of its turn, counted from 1970: these are of 2021 to 2046.
_CRON_JOB = re.compile(r"(.+)-(?:2[7-9]|3\d)\d{6}")
_NODE_LOCAL = ("node-local-dns", "nodelocaldns")


class Who(NamedTuple):
    """Who asks from an address: the name of a workload, or of a node, and the namespace where that is known."""

    name: str
    kind: Kind
    namespace: str | None = None


class Pods:
    """Pods by their addresses. Those of the host's network are the node's, and cannot be told apart."""

    def __init__(self, items: Sequence[Mapping[str, Any]]) -> None:
        self._pods: dict[str, Who] = {}
        self._nodes: dict[str, str] = {}
        self._on_host: dict[str, set[str]] = defaultdict(set)
        for item in sorted(items, key=lambda item: _object(item, "status").get("phase") not in _ENDED):
            self._add(item)

    def _add(self, item: Mapping[str, Any]) -> None:
        metadata, spec, status = (_object(item, key) for key in ("metadata", "spec", "status"))
        node = str(spec.get("nodeName", ""))
        hosts = _addresses(status, "hostIPs", "hostIP")
        for address in hosts:
            self._nodes[address] = node
        if spec.get("hostNetwork"):
            for address in hosts:
                if status.get("phase") not in _ENDED:
                    self._on_host[address].add(_title(metadata))
            return
        who = Who(_title(metadata), "pod", str(metadata.get("namespace", "default")))
        # A pod that has ended keeps an address that another may have by now: that one comes later.
        self._pods.update(dict.fromkeys(_addresses(status, "podIPs", "podIP"), who))

    def who(self, address: str) -> Who:
        """Tell who asks from an address."""
        if address in self._pods:
            return self._pods[address]
        if address not in self._nodes:
            return Who(f"{address} (of no pod)", "unknown")
        on_host = self._on_host[address]
        local = any(name in title for title in on_host for name in _NODE_LOCAL)
        others = len(on_host) - local
        told = ["NodeLocal"] * local + ([f"{others} with hostNetwork"] if others else [])
        name = f"node {self._nodes[address] or address}"
        return Who(f"{name} ({', '.join(told)})" if told else name, "node")


def read_pods(data: bytes) -> Pods:
    """Read what kubectl printed. Raises `ConfigError`."""
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError):
        raise ConfigError("the pods are no JSON", advice=_ADVICE) from None
    pods = _objects(cast("dict[str, Any]", value), "items") if isinstance(value, dict) else []
    if not pods:
        raise ConfigError("the pods are no list of objects", advice=_ADVICE)
    return Pods(pods)


def _object(item: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = item.get(key)
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _objects(item: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = item.get(key)
    entries = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("dict[str, Any]", entry) for entry in entries if isinstance(entry, dict)]


def _addresses(status: Mapping[str, Any], many: str, one: str) -> list[str]:
    addresses = [entry.get("ip") for entry in _objects(status, many)]
    return [str(address) for address in [*addresses, status.get(one)] if address]


def _title(metadata: Mapping[str, Any]) -> str:
    """Name what made a pod: `shop/Deployment/web`. The pod itself, where nothing did."""
    namespace = metadata.get("namespace", "default")
    owners = _objects(metadata, "ownerReferences")
    if not owners:
        return f"{namespace}/Pod/{metadata.get('name', '')}"
    kind, name = str(owners[0].get("kind", "")), str(owners[0].get("name", ""))
    suffix = f"-{_object(metadata, 'labels').get('pod-template-hash')}"
    if kind == "ReplicaSet" and name.endswith(suffix):
        kind, name = "Deployment", name.removesuffix(suffix)
    elif kind == "Job" and (job := _CRON_JOB.fullmatch(name)):
        kind, name = "CronJob", job[1]
    return f"{namespace}/{kind}/{name}"
