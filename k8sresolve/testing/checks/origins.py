"""Where pods come from: workloads, and pods of none. Their labels and ports are stated there."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from k8sresolve.findings import Finding, Severity
from k8sresolve.testing.checks.telling import finding_in
from k8sresolve.testing.controllers.workloads import matches
from k8sresolve.testing.objects.kinds import WORKLOADS, Pod, PodSpec, Selector, Workload
from k8sresolve.testing.objects.pod_texts import pod_spec_path
from k8sresolve.testing.objects.sources import field_name
from k8sresolve.testing.objects.store import Store
from k8sresolve.testing.objects.texts import NO_TEXTS
from k8sresolve.testing.objects.written import Written

_OWN_KINDS = frozenset(kind.__name__ for kind in WORKLOADS) | {"Pod"}


class Origin(NamedTuple):
    """Where pods come from, which is where people change them: a workload, or a pod of none."""

    namespace: str
    kind: str
    name: str
    labels: Mapping[str, str]
    spec: PodSpec
    written: Written

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def title(self) -> str:
        """Its kind and name, as findings have them: `KIND NAMESPACE/NAME`."""
        return f"{self.kind} {self.namespace}/{self.name}"

    @property
    def is_custom(self) -> bool:
        """Whether an operator makes the pods: it may label them, and put them into another namespace."""
        return self.kind not in _OWN_KINDS

    @property
    def may_serve(self) -> bool:
        """Whether pods are of a kind that Services find; those of a Job end, and a pod by itself is for trying."""
        return self.kind not in ("Job", "CronJob") and (self.kind != "Pod" or bool(self.spec.ports))

    def field(self, name: str) -> str:
        """Name a field of its pods' spec as its manifest has it."""
        return field_name((*pod_spec_path(self.kind), name))

    def finding(self, rule: str, severity: Severity, field: str, problem: str, advice: str) -> Finding:
        """Find something about it."""
        return finding_in(
            self.written, self.title, rule, severity=severity, field=field, problem=problem, advice=advice
        )


def origin_of(pod: Pod) -> tuple[str, str]:
    """Tell of which kind and name a pod's origin is. That of a ReplicaSet is its Deployment, where it tells of one."""
    kind, _, name = pod.owner.partition("/")
    if not name:
        return "Pod", pod.name
    suffix = f"-{pod.labels.get('pod-template-hash')}"
    return ("Deployment", name.removesuffix(suffix)) if name.endswith(suffix) else (kind, name)


class Origins:
    """All that pods come from. Pods that share one count once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_namespace: dict[str, list[Origin]] = defaultdict(list)
        self._by_label: dict[tuple[str, str], list[Origin]] = defaultdict(list)
        for origin in chain(self._workloads(), self._pods()):
            self._by_namespace[origin.namespace].append(origin)
            for label in origin.labels.items():
                self._by_label[label].append(origin)

    def _workloads(self) -> Iterator[Origin]:
        for kind in WORKLOADS:
            for item in self._store.all(kind.__name__):
                if isinstance(item, Workload) and self._store.workload(item.namespace, item.owner) is None:
                    yield Origin(
                        item.namespace, item.kind, item.name, item.template.labels, item.template.spec, item.written
                    )

    def _pods(self) -> Iterator[Origin]:
        """Walk over the pods whose workload is not in the store, one of each, and those that a workload adopted."""
        seen: set[tuple[str, str]] = set()
        for pod in self._store.all("Pod"):
            if not isinstance(pod, Pod):
                continue
            if pod.owner and pod.written.texts is not NO_TEXTS:  # its manifest says nothing of an owner
                yield Origin(pod.namespace, "Pod", pod.name, pod.labels, pod.spec, pod.written)
                continue
            key = (pod.namespace, pod.owner or f"Pod/{pod.name}")
            if key not in seen:
                seen.add(key)
                kind, name = origin_of(pod)
                if self._store.workload(pod.namespace, f"{kind}/{name}") is None:
                    yield Origin(pod.namespace, kind, name, pod.labels, pod.spec, pod.written)

    def all(self) -> Iterator[Origin]:
        """Walk over all of them, namespace by namespace."""
        return chain.from_iterable(self._by_namespace.values())

    def of(self, namespace: str) -> Sequence[Origin]:
        """Find those of a namespace."""
        return self._by_namespace.get(namespace, ())

    def selected(self, selector: Selector) -> Iterator[Origin]:
        """Find those of any namespace that have all labels of a selector."""
        first, *others = selector
        return (origin for origin in self._by_label.get(first, ()) if matches(tuple(others), origin.labels))

    def selected_in(self, namespace: str, selector: Selector) -> Sequence[Origin]:
        """Find those of a namespace that have all labels of a selector."""
        return [origin for origin in self.selected(selector) if origin.namespace == namespace]
