"""What names are looked up in: the objects of the manifests and of an inventory, and what of them is known to lack."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from itertools import chain
from typing import TypeAlias

from k8sresolve.findings import Severity
from k8sresolve.testing.checks.names.inventory import Inventory
from k8sresolve.testing.checks.names.makers import Makers
from k8sresolve.testing.checks.names.near import Names
from k8sresolve.testing.checks.names.targets import Target, target_of
from k8sresolve.testing.checks.telling import slip_for
from k8sresolve.testing.objects.kinds import WORKLOADS, CustomResource, CustomWorkload, Namespace, Pod, Service
from k8sresolve.testing.objects.store import Store
from k8sresolve.testing.objects.written import UNWRITTEN

Find: TypeAlias = Callable[[Pod, str], str | None]
"""Looks a host up as a program in a pod: the absolute name that answered, empty where no nameserver was needed."""

_OF_THE_CLUSTER = "kube-system"  # there the cluster's own Services are, too


class World:
    """All that names may mean. `find` looks them up; `store` has the objects of an inventory, too."""

    def __init__(self, store: Store, cluster_domain: str, find: Find, inventory: Inventory | None = None) -> None:
        self.store = store
        self.cluster_domain = cluster_domain
        self._complete = frozenset(() if inventory is None else inventory.namespaces)
        self._find = find
        self._found: dict[tuple[Pod, str], str | None] = {}
        self._names_in = cache(self._gather_names_in)
        self._namespaces_with = cache(self._gather_namespaces_with)
        self._slip_for = cache(self._find_slip)

    def find(self, pod: Pod, host: str) -> str | None:
        """Look a host up as a program in that pod."""
        key = (pod, host)
        if key not in self._found:
            self._found[key] = self._find(pod, host)
        return self._found[key]

    def target(self, host: str, namespace: str) -> Target | None:
        """Tell what a program in a namespace means by a host."""
        return target_of(host, namespace, self.cluster_domain)

    def service(self, target: Target) -> Service | None:
        """Find the Service that is meant."""
        return self.store.service(target.namespace, target.service)

    @property
    def is_inventoried(self) -> bool:
        """Whether there is an inventory, and so every namespace is known."""
        return bool(self._complete)

    def severity(self, target: Target) -> Severity | None:
        """Tell what it weighs that something is not there; None where it may well be, unseen.

        An inventory has all of its namespaces. Otherwise only one counts whose Namespace is among the manifests, with
        Services and what makes pods, as where the latter lack more is elsewhere; and nothing of which this may come.
        """
        if target.namespace in self._complete:
            return "error"
        may_come = target.namespace not in self._stated or self._makers.may_make(target.namespace, target.service)
        return None if may_come else "warning"

    def severity_of_port(self, namespace: str) -> Severity:
        """Tell what it weighs that a Service has no such port: it is known, whatever else may come."""
        return "error" if namespace in self._complete else "warning"

    @cached_property
    def _stated(self) -> frozenset[str]:
        given = [item.name for item in self.store.all("Namespace") if isinstance(item, Namespace) and _is_written(item)]
        own = {name for name in given if any(map(_is_written, self._services.get(name, ())))}
        with_pods = {item.namespace for kind in (*WORKLOADS, Pod) for item in self.store.all(kind.__name__)}
        return frozenset(own & with_pods) - {_OF_THE_CLUSTER}

    @cached_property
    def _makers(self) -> Makers:
        custom = chain(self.store.all("CustomResource"), self.store.all("CustomWorkload"))
        return Makers([item for item in custom if isinstance(item, CustomResource | CustomWorkload)])

    @cached_property
    def _services(self) -> Mapping[str, Sequence[Service]]:
        found: dict[str, list[Service]] = defaultdict(list)
        for item in self.store.all("Service"):
            if isinstance(item, Service):
                found[item.namespace].append(item)
        return found

    @cached_property
    def _namespaces_of(self) -> Mapping[str, Sequence[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for namespace, services in self._services.items():
            for service in services:
                found[service.name].append(namespace)
        return found

    def meant(self, target: Target) -> Sequence[Target]:
        """Find Services that may be meant instead: of this name elsewhere, or else here of one much like it."""
        elsewhere = [target._replace(namespace=name) for name in self._namespaces_of.get(target.service, ())]
        if elsewhere:
            return elsewhere
        near = self._slip_for(target.namespace, target.service)
        return [target._replace(service=near)] if near else []

    def _gather_names_in(self, namespace: str) -> Names:
        return Names(service.name for service in self._services.get(namespace, ()))

    def _gather_namespaces_with(self, service: str) -> Names:
        return Names(self._namespaces_of.get(service, ()))

    def _find_slip(self, namespace: str, service: str) -> str:
        names = self._names_in(namespace).near(service)
        return slip_for(service, [name for name in names if not _is_part(name, service)])

    def slip_of_namespace(self, target: Target) -> str:
        """Find the namespace for whose name one that is not known is a slip, where it has the Service."""
        return slip_for(target.namespace, self._namespaces_with(target.service).near(target.namespace))


def with_inventory(store: Store, inventory: Inventory) -> Store:
    """Put what an inventory has beside what is in a store, which wins."""
    whole = Store()
    for item in chain(inventory.objects(), store.everything()):
        whole.add(item)
    return whole


def _is_part(name: str, other: str) -> bool:
    """Whether one name is the other with more words: `web-ui` is no slip for `web`."""
    return f"{name}-".startswith(f"{other}-") or f"{other}-".startswith(f"{name}-")


def _is_written(item: Namespace | Service) -> bool:
    return item.written is not UNWRITTEN
