"""What a check comes to, and what it looks at: a Service with its pods, and where their labels and ports are stated."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Literal, NamedTuple, TypeAlias

import attrs

from k8sresolve.testing.controllers.workloads import matches
from k8sresolve.testing.objects.kinds import (
    NO_PORT,
    EndpointSlice,
    Pod,
    PodSpec,
    PortEntry,
    Selector,
    Service,
    Workload,
)
from k8sresolve.testing.objects.store import Store

Severity: TypeAlias = Literal["error", "warning", "remark"]

_WORKLOADS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job")


@attrs.frozen
class Finding:
    """One thing that does not fit, or that is good to know.

    `severity` is `"error"` where a lookup or a connection fails as the objects stand, or the API server refuses them,
    `"warning"` where one may fail, or leads elsewhere than meant, and `"remark"` otherwise. `object` is kind and name,
    as `Service shop/payments`, `field` the path of the field to look at, as `spec.ports[0].targetPort`, `problem` what
    is wrong with it and what comes of that, and `advice` what to do.
    """

    severity: Severity
    object: str
    field: str
    problem: str
    advice: str


class Source(NamedTuple):
    """Where pods come from, which is where people change them: a workload, or a pod of none."""

    namespace: str
    kind: str
    name: str
    labels: Mapping[str, str]
    spec: PodSpec

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def finding(self, severity: Severity, field: str, problem: str, advice: str) -> Finding:
        """Find something about it."""
        return Finding(severity, f"{self.kind} {self.namespace}/{self.name}", field, problem, advice)


def source_of(pod: Pod) -> tuple[str, str]:
    """Tell of which kind and name a pod's source is. That of a ReplicaSet is its Deployment, where it tells of one."""
    kind, _, name = pod.owner.partition("/")
    if not name:
        return "Pod", pod.name
    suffix = f"-{pod.labels.get('pod-template-hash')}"
    return ("Deployment", name.removesuffix(suffix)) if name.endswith(suffix) else (kind, name)


class Sources:
    """All that pods come from. Pods that share a source count once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_namespace: dict[str, list[Source]] = defaultdict(list)
        self._by_label: dict[tuple[str, str], list[Source]] = defaultdict(list)
        for source in chain(self._workloads(), self._pods()):
            self._by_namespace[source.namespace].append(source)
            for label in source.labels.items():
                self._by_label[label].append(source)

    def _workloads(self) -> Iterator[Source]:
        for kind in _WORKLOADS:
            for item in self._store.all(kind):
                if isinstance(item, Workload) and not self._is_stored(item.namespace, *item.owner.split("/", 1)):
                    yield Source(item.namespace, kind, item.name, item.template.labels, item.template.spec)

    def _pods(self) -> Iterator[Source]:
        """Walk over the pods whose workload is not in the store, one of each."""
        seen: set[tuple[str, str]] = set()
        for pod in self._store.all("Pod"):
            if not isinstance(pod, Pod):
                continue
            key = (pod.namespace, pod.owner or f"Pod/{pod.name}")
            if key not in seen:
                seen.add(key)
                kind, name = source_of(pod)
                if not self._is_stored(pod.namespace, kind, name):
                    yield Source(pod.namespace, kind, name, pod.labels, pod.spec)

    def _is_stored(self, namespace: str, kind: str, name: str = "") -> bool:
        return isinstance(self._store.get(kind, namespace, name), Workload)

    def all(self) -> Iterator[Source]:
        """Walk over all of them, namespace by namespace."""
        return chain.from_iterable(self._by_namespace.values())

    def of(self, namespace: str) -> Sequence[Source]:
        """Find those of a namespace."""
        return self._by_namespace.get(namespace, ())

    def selected(self, selector: Selector) -> Iterator[Source]:
        """Find those of any namespace that have all labels of a selector."""
        first, *others = selector
        return (source for source in self._by_label.get(first, ()) if matches(tuple(others), source.labels))


@attrs.frozen
class Subject:
    """A Service, the pods that its selector finds and that have not ended, and its slices.

    `ended` are the pods that it finds and that have.
    """

    service: Service
    pods: Sequence[Pod]
    ended: Sequence[Pod]
    slices: Sequence[EndpointSlice]

    @property
    def has_ready(self) -> bool:
        """Whether the Service has a ready endpoint."""
        return any(part.addresses for part in self.slices)

    def finding(self, severity: Severity, field: str, problem: str, advice: str) -> Finding:
        """Find something about the Service."""
        name = f"Service {self.service.namespace}/{self.service.name}"
        return Finding(severity, name, field, problem, advice)


def listed(items: Iterable[object], most: int = 3) -> str:
    """Write a list for people, each item once, and tell how many are left out.

    >>> listed(["a", "b", "a", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    told = list(dict.fromkeys(map(str, items)))
    more = f" and {len(told) - most} more" if len(told) > most else ""
    return ", ".join(told[:most]) + more


def labels_told(labels: Selector) -> str:
    """Write labels as kubectl does."""
    return ",".join(f"{key}={value}" for key, value in labels)


def ports_told(ports: Iterable[PortEntry]) -> str:
    """Write ports, by name where they have one.

    >>> ports_told([PortEntry("http", 8080, "TCP"), PortEntry("", 53, "UDP")])
    'http (8080/TCP), 53/UDP'
    """
    return listed(map(_told, ports), 5)


def _told(port: PortEntry) -> str:
    number = f"{'any' if port.number == NO_PORT else port.number}/{port.protocol}"
    return f"{port.name} ({number})" if port.name else number
