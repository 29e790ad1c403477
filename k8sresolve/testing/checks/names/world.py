"""What names are looked up in: the objects of the manifests and of an inventory, and what of them is known to lack."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, cached_property
from itertools import chain
from typing import NamedTuple, TypeAlias

from k8sresolve.findings import Severity
from k8sresolve.testing.checks.names.inventory import Inventory
from k8sresolve.testing.checks.names.makers import Makers
from k8sresolve.testing.checks.names.near import Names
from k8sresolve.testing.checks.names.sets import Sets
from k8sresolve.testing.checks.names.slips import (
    family,
    is_akin,
    is_one_edit,
    plain_slip,
    short_slip,
    swapped_letters,
    word_slip,
)
from k8sresolve.testing.checks.names.targets import Target, target_of
from k8sresolve.testing.checks.telling import slip_for
from k8sresolve.testing.objects.kinds import WORKLOADS, CustomResource, CustomWorkload, Namespace, Pod, Service
from k8sresolve.testing.objects.placeholders import is_template
from k8sresolve.testing.objects.store import Store
from k8sresolve.testing.objects.written import UNWRITTEN

Find: TypeAlias = Callable[[Pod, str], str | None]
"""Looks a host up as a program in a pod: the absolute name that answered, empty where no nameserver was needed."""

_EXPORTED = "mirror.linkerd.io/exported"
_NEAR = 0.85  # `adservice` is no slip for `cartservice`
COMMON_PORTS = frozenset({80, 443, 3000, 5000, 8000, 8080, 8081, 8443, 8888, 9000, 9090})
"""Which many Services have."""

_OF_THE_CLUSTER = "kube-system"  # there the cluster's own Services are, too


class Absence(NamedTuple):
    """What it weighs that something is not there, None where it may well be, and the Services that may be meant.

    That the name is a slip for one of them speaks for itself, whatever else may come.
    """

    severity: Severity | None
    meant: Sequence[Target]
    is_slip: bool = False


class World:
    """All that names may mean. `find` looks them up; `store` has the objects of an inventory, too."""

    def __init__(self, store: Store, cluster_domain: str, find: Find, inventory: Inventory | None = None) -> None:
        self.store = store
        self.cluster_domain = cluster_domain
        self._complete = frozenset(() if inventory is None else inventory.namespaces)
        self._find = find
        self._found: dict[tuple[Pod, str], str | None] = {}
        self._absent: dict[tuple[Target, int | str | None], Absence] = {}
        self._names_in = cache(self._gather_names_in)
        self._namespaces_with = cache(self._gather_namespaces_with)

    def find(self, pod: Pod, host: str) -> str | None:
        """Look a host up as a program in that pod."""
        key = (pod, host)
        if key not in self._found:
            self._found[key] = self._find(pod, host)
        return self._found[key]

    def target(self, host: str, namespace: str) -> Target | None:
        """Tell what a program in a namespace means by a host."""
        target = target_of(host, namespace, self.cluster_domain)
        if target is None or target.is_explicit or target.endpoint or self.service(target) is not None:
            return target
        below = Target(target.namespace, namespace, endpoint=target.service)  # of two labels: `db-0.db`
        if self.sets.are_below(below) and self.service(below) is not None:
            return below
        if self.has_namespace(target.namespace) or self.swapped(target) is not None:
            return target
        above = self.above(below)
        is_slip = above is not None and is_one_edit(below.service, above.service)
        return below if is_slip or self._is_of_pod(below) else target

    def _is_of_pod(self, below: Target) -> bool:
        """Whether `x.db` may be a pod of Service `db`, and not a Service in a namespace that is called so."""
        service = self.service(below)
        return service is not None and (service.headless or re.search("-[0-9]+$", below.endpoint) is not None)

    def swapped(self, target: Target) -> Target | None:
        """Find the Service that is meant where a name has the namespace first: `shop.web` for `web.shop`."""
        other = target._replace(service=target.namespace, namespace=target.service)
        is_pair = not target.endpoint and target.port is None and other != target
        return other if is_pair and self.service(other) is not None else None

    def service(self, target: Target) -> Service | None:
        """Find the Service that is meant."""
        return self.store.service(target.namespace, target.service)

    @cached_property
    def is_partial(self) -> bool:
        """Whether more was given than could be read, or is still to be filled in."""
        return self.store.is_partial or any(map(is_template, self.store.everything()))

    @property
    def is_inventoried(self) -> bool:
        """Whether there is an inventory, and so every namespace is known."""
        return bool(self._complete)

    def severity(self, target: Target) -> Severity | None:
        """Tell what it weighs that something is not there; None where it may well be, unseen.

        An inventory has all of its namespaces. Otherwise only one counts whose Namespace is among the manifests, with
        Services and what makes pods, as where the latter lack more is elsewhere; and nothing of which this may come.
        Beside what could not be read it is worth no more than a remark.
        """
        if target.namespace in self._complete:
            return "error"
        if target.namespace not in self._stated or self.may_come(target):
            return None
        return "remark" if self.is_partial else "warning"

    def may_come(self, target: Target) -> bool:
        """Whether a Service, or what is below it, may come of a custom resource."""
        return self._makers.may_make(target.namespace, target.service)

    def absence(self, target: Target, port: int | str | None = None) -> Absence:
        """Tell what it weighs that a Service is not there. A plain slip for one that is speaks for itself."""
        key = (target, port)
        if key not in self._absent:
            self._absent[key] = self._absence(target, port)
        return self._absent[key]

    def _absence(self, target: Target, port: int | str | None) -> Absence:
        if self._is_mirrored(target):
            return Absence(None, ())
        severity, above = self.severity(target), self.above(target)
        if above is not None:
            is_slip = severity is None or bool(self.slip(target))
            return Absence("error" if severity == "error" else "warning", [above], is_slip)
        if severity is not None:
            return Absence(
                severity, self.meant(target) or self._akin(target, port, is_known=True), bool(self.slip(target))
            )
        slip = self.slip(target) or self._short_slip(target, port) or self._swapped_slip(target)
        if slip:
            return Absence("warning", [target._replace(service=slip)], is_slip=True)
        word = self.word_slip(target, port)
        akin = [target._replace(service=word)] if word else self._akin(target, port)
        return Absence("warning" if akin else None, akin)

    def _is_mirrored(self, target: Target) -> bool:
        """Whether it may be the mirror of a Service in another cluster, as Linkerd names them: SERVICE-CLUSTER."""
        given = self._services.get(target.namespace, ())
        return self._has_exported and any(target.service.startswith(f"{one.name}-") for one in given)

    @cached_property
    def _has_exported(self) -> bool:
        """Whether a Service is exported to other clusters; others may be labelled by hand."""
        return any(_EXPORTED in one.labels for services in self._services.values() for one in services)

    def slip(self, target: Target) -> str:
        """Find the one Service of the namespace for whose name another is a plain slip; empty where there is none."""
        if self._makers.makes(target.namespace, target.service):
            return ""
        near = self._families.get((target.namespace, family(target.service)), ())
        return plain_slip(target.service, self._unlike(near, target))

    def _short_slip(self, target: Target, port: int | str | None) -> str:
        """Find the one Service with that port for whose name another is a slip in a short word."""
        with_port = () if port is None else self._with_port.get((target.namespace, port), ())
        if (
            not with_port
            or target.namespace not in self._lived_in
            or self._makers.makes(target.namespace, target.service)
        ):
            return ""
        is_certain = len(with_port) == 1 and port not in COMMON_PORTS
        slip = short_slip(target.service, self._unlike(with_port, target), is_certain=is_certain)
        return "" if self._is_called(target) else slip

    def _swapped_slip(self, target: Target) -> str:
        """Find the one Service for whose name another is, but for two letters, where nothing else is called so."""
        same = self._anagrams.get((target.namespace, "".join(sorted(target.service))), ())
        slip = swapped_letters(target.service, self._unlike(same, target))
        is_other = slip and (self._makers.makes(target.namespace, target.service) or self._is_called(target))
        return "" if is_other else slip

    def word_slip(self, target: Target, port: int | str | None = None) -> str:
        """Find the one Service of which a word has a few letters more or less, where nothing else is called so.

        A port that is stated has to be its own.
        """
        near = self._families.get((target.namespace, family(target.service)), ())
        fit = [one for one in near if port is None or any(port in (each.number, each.name) for each in one.ports)]
        slip = word_slip(target.service, self._unlike(filter(_is_written, fit), target))
        is_other = slip and (self._is_called(target) or self.may_come(target))
        return "" if is_other else slip

    def _akin(self, target: Target, port: int | str | None, *, is_known: bool = False) -> Sequence[Target]:
        """Find the one Service with a port that few have, where its name is much like that of a host.

        Where it is known that there is no such Service, any port will do to propose another.
        """
        is_host = not target.endpoint and target.port is None and (is_known or port not in COMMON_PORTS)
        other = self.only_with_port(target, port) if is_host else ""
        return [target._replace(service=other)] if other and is_akin(target.service, other) else []

    def only_with_port(self, target: Target, port: int | str | None) -> str:
        """Find the one Service given in a namespace with that port, where nothing tells of another that is meant."""
        if port is None or target.namespace not in self._lived_in or self.is_partial or self.may_come(target):
            return ""
        given = filter(_is_written, self._with_port.get((target.namespace, port), ()))
        names = self._unlike(given, target)
        return names[0] if len(names) == 1 and not self._is_called(target) else ""

    def is_meant(self, target: Target, port: int | None) -> bool:
        """Whether a name that may be no host's is like that of a Service."""
        return bool(self.meant(target) or self._akin(target, port))

    def _is_called(self, target: Target) -> bool:
        return self.sets.is_called(target.namespace, target.service)

    def absence_of_namespace(self, target: Target) -> Absence:
        """Tell what it weighs that a namespace is not there, by the one that is meant, where that has the Service."""
        namespaces = self._namespaces_with(target.service).near(target.namespace)
        near = slip_for(target.namespace, namespaces)
        severity = self.severity(target._replace(namespace=near)) if near else None
        if severity is None:
            known = [name for name in namespaces if name in self._lived_in]
            near = plain_slip(target.namespace, known) or short_slip(target.namespace, known, is_certain=False)
            severity = "warning" if near else None
        return Absence(severity, [target._replace(namespace=near)] if near else ())

    def severity_of_port(self, namespace: str) -> Severity:
        """Tell what it weighs that a Service has no such port: it is known, whatever else may come."""
        return "error" if namespace in self._complete else "warning"

    @cached_property
    def _stated(self) -> frozenset[str]:
        given = [item.name for item in self.store.all("Namespace") if isinstance(item, Namespace) and _is_written(item)]
        own = {name for name in given if any(map(_is_written, self._services.get(name, ())))}
        return self._lived_in & own - {_OF_THE_CLUSTER}

    @cached_property
    def _lived_in(self) -> frozenset[str]:
        return frozenset(item.namespace for kind in (*WORKLOADS, Pod) for item in self.store.all(kind.__name__))

    @cached_property
    def sets(self) -> Sets:
        """The StatefulSets, of whose pods names may tell."""
        return Sets(self.store)

    def has_namespace(self, name: str) -> bool:
        """Whether there is a namespace, or else a Service that lies in it."""
        return self.store.has_namespace(name) or name in self._services

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
    def _families(self) -> Mapping[tuple[str, tuple[str, ...]], Sequence[Service]]:
        """The Services of the namespaces with workloads, by what plain slips have in common with them."""
        found: dict[tuple[str, tuple[str, ...]], list[Service]] = defaultdict(list)
        for namespace in self._lived_in:
            for service in self._services.get(namespace, ()):
                found[namespace, family(service.name)].append(service)
        return found

    @cached_property
    def _anagrams(self) -> Mapping[tuple[str, str], Sequence[Service]]:
        """The Services of the namespaces with workloads, by the letters of their names."""
        found: dict[tuple[str, str], list[Service]] = defaultdict(list)
        for namespace in self._lived_in:
            for service in self._services.get(namespace, ()):
                found[namespace, "".join(sorted(service.name))].append(service)
        return found

    @cached_property
    def _with_port(self) -> Mapping[tuple[str, int | str], Sequence[Service]]:
        """The Services that have a port, by its number and its name."""
        found: dict[tuple[str, int | str], list[Service]] = defaultdict(list)
        for namespace, services in self._services.items():
            for service in services:
                for port in {each for entry in service.ports for each in (entry.number, entry.name)}:
                    found[namespace, port].append(service)
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
        names = self._names_in(target.namespace).near(target.service)
        near = [one for name in names if (one := self.store.service(target.namespace, name)) is not None]
        unlike = [name for name in self._unlike(near, target) if not _is_part(name, target.service)]
        slip = slip_for(target.service, unlike, _NEAR)
        return [target._replace(service=slip)] if slip else []

    def _gather_names_in(self, namespace: str) -> Names:
        return Names(service.name for service in self._services.get(namespace, ()))

    def _gather_namespaces_with(self, service: str) -> Names:
        return Names(self._namespaces_of.get(service, ()))

    def _unlike(self, services: Iterable[Service], target: Target) -> Sequence[str]:
        """The names of Services, but for aliases of what is not there itself."""
        return [one.name for one in services if not self._leads_to(one, target)]

    def _leads_to(self, service: Service, target: Target) -> bool:
        leads = self.target(service.external_name, service.namespace) if service.external_name else None
        return leads is not None and leads.key == target.key

    def above(self, target: Target) -> Target | None:
        """Find the Service of the StatefulSet whose pod a name tells of: that pod has no name below another one."""
        found = self.sets.of(target)
        if found is None or not found.template.spec.subdomain:
            return None
        above = target._replace(service=found.template.spec.subdomain)
        return above if above != target and self.service(above) is not None else None


def with_inventory(store: Store, inventory: Inventory) -> Store:
    """Put what an inventory has beside what is in a store, which wins."""
    whole = Store()
    whole.is_partial = store.is_partial
    for item in chain(inventory.objects(), store.everything()):
        whole.add(item)
    return whole


def _is_part(name: str, other: str) -> bool:
    """Whether one name is the other with more words: `web-ui` is no slip for `web`."""
    return f"{name}-".startswith(f"{other}-") or f"{other}-".startswith(f"{name}-")


def _is_written(item: Namespace | Service) -> bool:
    return item.written is not UNWRITTEN
