"""Pods of StatefulSets, which have names of their own below the one Service of their set."""

import re
from functools import cache

from k8sresolve.testing.checks.names.targets import Target
from k8sresolve.testing.controllers.workloads import matches
from k8sresolve.testing.objects.kinds import (
    WORKLOADS,
    CustomResource,
    CustomWorkload,
    HorizontalPodAutoscaler,
    Service,
    StatefulSet,
    Workload,
)
from k8sresolve.testing.objects.store import Store

_SCALES = "ScaledObject"  # of KEDA: of which of the namespace it does is not known


class Sets:
    """The StatefulSets there are, by the names of their pods."""

    def __init__(self, store: Store) -> None:
        given = (item for kind in WORKLOADS for item in store.all(kind.__name__))
        self._workloads = [item for item in given if isinstance(item, Workload)]
        self._sets = {(item.namespace, item.name): item for item in self._workloads if isinstance(item, StatefulSet)}
        self._names = cache(self._gather_names)
        self._scaled = {
            (item.namespace, item.of)
            for item in store.all("HorizontalPodAutoscaler")
            if isinstance(item, HorizontalPodAutoscaler)
        }
        custom = (item for item in store.all("CustomResource") if isinstance(item, CustomResource))
        self._scaled_somehow = {item.namespace for item in custom if item.custom_kind == _SCALES}

    def of(self, target: Target) -> StatefulSet | None:
        """Find the set to which the endpoint of a name belongs, whether or not it has so many pods."""
        name, _, ordinal = target.endpoint.rpartition("-")
        return self._sets.get((target.namespace, name)) if _is_ordinal(ordinal) else None

    def are_below(self, target: Target) -> bool:
        """Whether the set to which the endpoint of a name belongs has its pods' names below that Service."""
        found = self.of(target)
        return found is not None and found.template.spec.subdomain == target.service

    def only_pod(self, namespace: str, name: str) -> str:
        """The name of the pod that is alone in its set, and so finds it in its own hosts file; empty for any other."""
        found = self._sets.get((namespace, name))
        return f"{name}-{found.first}" if found is not None and found.replicas == 1 else ""

    def nameless(self, service: Service) -> Workload | None:
        """Find what makes the pods of a Service, where all of it is given and none of those have names below it."""
        near = [item for item in self._workloads if service.selects and item.namespace == service.namespace]
        fit = [item for item in near if matches(service.selector, item.template.labels)]
        have_names = any(isinstance(item, StatefulSet | CustomWorkload) or item.template.spec.subdomain for item in fit)
        return None if have_names or not fit else fit[0]

    def is_called(self, namespace: str, name: str) -> bool:
        """Whether a workload of a namespace is called so, by its name or a label: the name may well be meant for it."""
        return name in self._names(namespace)

    def _gather_names(self, namespace: str) -> frozenset[str]:
        of_it = [item for item in self._workloads if item.namespace == namespace]
        labels = (value for item in of_it for value in item.template.labels.values())
        return frozenset(item.name for item in of_it) | frozenset(labels)

    def lacks(self, target: Target) -> StatefulSet | None:
        """Find the set that has fewer pods than a name says, and that nobody scales, as far as is known."""
        found = self.of(target)
        if found is None or found.leaves_open or not found.replicas:
            return None
        ordinal = int(target.endpoint.rpartition("-")[2])
        is_scaled = target.namespace in self._scaled_somehow or (target.namespace, found.title) in self._scaled
        is_there = found.first <= ordinal < found.first + found.replicas
        return None if is_there or is_scaled else found


def _is_ordinal(text: str) -> bool:
    return bool(re.fullmatch("0|[1-9][0-9]{0,5}", text))
