"""Pods of nobody, which a workload's controller takes for its own where its selector fits them.

Source: `ClaimPods` (`pkg/controller/controller_ref_manager.go`), and who calls it: `pkg/controller/replicaset` and
`daemon`. A Deployment's selector has the hash of its template beside, and a StatefulSet takes pods by its own names.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain

from k8sresolve.testing.objects.kinds import DaemonSet, Pod, ReplicaSet, ReplicationController, Workload
from k8sresolve.testing.objects.label_selector import Term

ADOPTERS = (ReplicaSet, ReplicationController, DaemonSet)


def fits(selector: Sequence[Term], pod: Pod) -> bool:
    """Whether a workload's selector fits a pod. An empty one fits none."""
    return bool(selector) and all(term.matches(pod.labels) for term in selector)


def adopts(workload: Workload, pod: Pod) -> bool:
    """Whether a workload takes a pod for its own."""
    is_free = not pod.owner and not pod.gone and pod.namespace == workload.namespace
    return is_free and isinstance(workload, ADOPTERS) and fits(workload.selector, pod)


def kept(workload: Workload, claimed: Sequence[Pod]) -> Sequence[Pod]:
    """Tell which of the pods that a workload takes it keeps: as many as it should have, and the first of them.

    A DaemonSet replaces them by its own, as they are not of its template (`RollingUpdate`).
    """
    return () if isinstance(workload, DaemonSet) else claimed[: workload.replicas]


class BarePods:
    """Pods that belong to nobody, of which each is claimed once."""

    def __init__(self, pods: Iterable[Pod]) -> None:
        self._by_label: dict[tuple[str, str, str], dict[str, Pod]] = defaultdict(dict)
        self._by_namespace: dict[str, dict[str, Pod]] = defaultdict(dict)
        for pod in pods:
            if not pod.owner:
                self._by_namespace[pod.namespace][pod.name] = pod
                for label in pod.labels.items():
                    self._by_label[pod.namespace, *label][pod.name] = pod

    def claim(self, workload: Workload) -> list[Pod]:
        """Find the pods that a workload takes for its own, in the order in which they came."""
        there = self._by_namespace.get(workload.namespace, {})
        claimed = [pod for pod in self._likely(workload) if pod.name in there and adopts(workload, pod)]
        for pod in claimed:
            del there[pod.name]
        return claimed

    def _likely(self, workload: Workload) -> Iterable[Pod]:
        plain = (term for term in workload.selector if term.wanted and term.values is not None)
        term = next(plain, None)
        if term is None or term.values is None:
            return list(self._by_namespace.get(workload.namespace, {}).values())
        labels = [(workload.namespace, term.key, value) for value in term.values]
        return chain.from_iterable(self._by_label.get(label, {}).values() for label in labels)
