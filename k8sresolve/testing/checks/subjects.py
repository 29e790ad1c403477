"""What is checked: a Service with its pods and slices, a namespace with its Services; and what is around them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple, TypeAlias, TypeVar

import attrs

from k8sresolve.findings import Finding, Severity
from k8sresolve.testing.checks.names.said import Said, stem
from k8sresolve.testing.checks.names.takers import Takers
from k8sresolve.testing.checks.names.world import World
from k8sresolve.testing.checks.nameservers import Nameservers
from k8sresolve.testing.checks.origins import Origin, Origins
from k8sresolve.testing.checks.telling import finding_in
from k8sresolve.testing.controllers.networks import Networks
from k8sresolve.testing.controllers.slices import select
from k8sresolve.testing.coredns.settings import ServerSettings
from k8sresolve.testing.objects.kinds import CustomResource, EndpointSlice, Namespace, Pod, Routing, Selector, Service
from k8sresolve.testing.objects.store import Store
from k8sresolve.testing.objects.written import UNWRITTEN, Written
from k8sresolve.testing.versions import Version

# `translateHTTPBackendRef`, control-plane/api-gateway of hashicorp/consul-k8s.
_OF_CONSUL = (
    "GatewayClassConfig",
    "GatewayPolicy",
    "JWTProvider",
    "RouteAuthFilter",
    "ServiceIntentions",
)


class Unmet(NamedTuple):
    """What does not meet in a namespace: workloads that no Service finds, and selectors that find none that serves."""

    serving: Sequence[Origin]
    left: Sequence[Origin]
    selectors: frozenset[Selector]


class AllObjects:
    """All objects there are, as they are now, among which rules look for what belongs to a subject."""

    def __init__(
        self, store: Store, networks: Networks, world: World, kubernetes: Version, settings: ServerSettings
    ) -> None:
        self.store = store
        self.cluster_domain: str = world.cluster_domain
        self.networks = networks
        self.world = world
        self.kubernetes = kubernetes
        self.settings = settings
        self.services: list[Service] = [item for item in store.all("Service") if isinstance(item, Service)]
        self.origins: Origins = Origins(store)

    @cached_property
    def takers(self) -> Takers:
        """What containers are told, and who takes what from ConfigMaps and Secrets."""
        return Takers(self.origins.all(), self.store)

    @cached_property
    def nameservers(self) -> Nameservers:
        """Which ConfigMap has the Corefile of which pods."""
        return Nameservers(self.origins.all())

    @property
    def is_partial(self) -> bool:
        """Whether more was given than could be read, or is still to be filled in."""
        return self.world.is_partial

    @cached_property
    def may_make_pods(self) -> Sequence[str]:
        """Objects of kinds that Kubernetes does not have: what an operator makes of them is not among the manifests."""
        return [f"{item.kind} {item.name}" for item in self.store.all("CustomResource")]

    @cached_property
    def is_of_consul(self) -> bool:
        """Whether Consul's controller answers for routes, which takes no notice of a backend's port."""
        given = (item for item in self.store.all("CustomResource") if isinstance(item, CustomResource))
        return any(item.kind in _OF_CONSUL for item in given)

    def has_grant(self, namespace: str) -> bool:
        """Whether a ReferenceGrant is given in a namespace, without which no route of another one leads there."""
        given = (item for item in self.store.all("CustomResource") if isinstance(item, CustomResource))
        return any(item.kind == "ReferenceGrant" and item.namespace == namespace for item in given)

    @cached_property
    def node_ports(self) -> Mapping[int, Service]:
        """The Services that are first to state a nodePort, by its number."""
        first: dict[int, Service] = {}
        for service in self.services:
            if service.type in ("NodePort", "LoadBalancer"):
                for port in service.ports:
                    first.setdefault(port.node_port, service)
        first.pop(0, None)
        return first

    def is_given(self, namespace: str) -> bool:
        """Whether a namespace is among the manifests, and no operator may make more in it than is there."""
        found = self.store.get("Namespace", "", namespace)
        return isinstance(found, Namespace) and found.written is not UNWRITTEN and not self.may_make_pods

    @cached_property
    def said(self) -> Said:
        """Which words stand anywhere."""
        return Said(self.origins.all(), self.store)

    @cached_property
    def headless(self) -> Mapping[str, Sequence[Service]]:
        """The headless Services of each namespace."""
        found: dict[str, list[Service]] = defaultdict(list)
        for service in self.services:
            if service.headless:
                found[service.namespace].append(service)
        return found

    @cached_property
    def unmet(self) -> Mapping[str, Unmet]:
        """What does not meet in each namespace of a Service that selects."""
        selectors: dict[str, set[Selector]] = defaultdict(set)
        for service in self.services:
            if service.selects:
                selectors[service.namespace].add(service.selector)
        return {namespace: self._unmet(namespace, of_it) for namespace, of_it in selectors.items()}

    def _unmet(self, namespace: str, selectors: Iterable[Selector]) -> Unmet:
        serving = [origin for origin in self.origins.of(namespace) if origin.may_serve]
        lost: set[Selector] = set()
        found: set[int] = set()
        for selector in selectors:
            selected = [id(each) for each in self.origins.selected_in(namespace, selector) if each.may_serve]
            found.update(selected)
            if not selected:
                lost.add(selector)
        return Unmet(serving, [origin for origin in serving if id(origin) not in found], frozenset(lost))

    @cached_property
    def waiting(self) -> Mapping[str, Sequence[Service]]:
        """The Services of each namespace that have neither a selector nor endpoints."""
        found: dict[str, list[Service]] = defaultdict(list)
        for service in self.services:
            needs_none = service.selects or service.type == "ExternalName"
            if not needs_none and not has_ready(self.store.slices(service.namespace, service.name)):
                found[service.namespace].append(service)
        return found

    @cached_property
    def services_by_stem(self) -> Mapping[tuple[str, str], Sequence[Service]]:
        """The Services of each namespace by their names without the last part."""
        found: dict[tuple[str, str], list[Service]] = defaultdict(list)
        for service in self.services:
            found[service.namespace, stem(service.name)].append(service)
        return found

    @cached_property
    def led_to(self) -> frozenset[tuple[str, str]]:
        """Namespace and name of each Service to which an Ingress, a route or the API server leads."""
        routings = (item for item in self.store.all("Routing") if isinstance(item, Routing))
        return frozenset((each.namespace, each.service) for routing in routings for each in routing.backends)

    @cached_property
    def service_names(self) -> Mapping[str, Sequence[str]]:
        """The names of the Services of each namespace that has one."""
        names: dict[str, list[str]] = defaultdict(list)
        for service in self.services:
            names[service.namespace].append(service.name)
        return names


@attrs.frozen
class ServiceSubject:
    """A Service, the pods that its selector finds and that have not ended, and its slices.

    `ended` are the pods that it finds and that have. `idle` is what its selector fits, where there is neither a pod nor
    a ready endpoint.
    """

    service: Service
    pods: Sequence[Pod]
    ended: Sequence[Pod]
    slices: Sequence[EndpointSlice]
    idle: Sequence[Origin]

    @property
    def has_ready(self) -> bool:
        """Whether the Service has a ready endpoint."""
        return has_ready(self.slices)

    def finding(self, rule: str, severity: Severity, field: str, problem: str, advice: str) -> Finding:
        """Find something about the Service."""
        name = f"Service {self.service.namespace}/{self.service.name}"
        return finding_in(
            self.service.written, name, rule, severity=severity, field=field, problem=problem, advice=advice
        )


def has_ready(slices: Iterable[EndpointSlice]) -> bool:
    """Whether slices list a ready endpoint."""
    return any(part.addresses for part in slices)


def service_subjects(services: Sequence[Service], around: AllObjects) -> Iterator[ServiceSubject]:
    """Gather what belongs to each of these Services."""
    pods = [item for item in around.store.all("Pod") if isinstance(item, Pod)]
    selected = {(service.namespace, service.name): found for service, found in select(services, pods)}
    for service in services:
        found = selected.get((service.namespace, service.name), [])
        running = [pod for pod in found if not pod.finished]
        slices = around.store.slices(service.namespace, service.name)
        yield ServiceSubject(
            service,
            pods=running,
            ended=[pod for pod in found if pod.finished],
            slices=slices,
            idle=() if running or has_ready(slices) else _idle(service, around.origins),
        )


def _idle(service: Service, origins: Origins) -> Sequence[Origin]:
    if not service.selects:
        return ()
    return origins.selected_in(service.namespace, service.selector)


@attrs.frozen
class NamespaceSubject:
    """A namespace, and those of its Services that are checked, of which one tells of it where no manifest does."""

    name: str
    services: Sequence[Service]
    written: Written

    def finding(self, rule: str, severity: Severity, field: str, problem: str, advice: str) -> Finding:
        """Find something about the namespace."""
        name = f"Namespace {self.name}"
        return finding_in(self.written, name, rule, severity=severity, field=field, problem=problem, advice=advice)


def namespace_subjects(services: Iterable[Service], around: AllObjects) -> Iterator[NamespaceSubject]:
    """Gather the namespaces of these Services, in their order."""
    by_namespace: dict[str, list[Service]] = defaultdict(list)
    for service in services:
        by_namespace[service.namespace].append(service)
    stated = {item.name: item.written for item in around.store.all("Namespace") if isinstance(item, Namespace)}
    for name, of_it in by_namespace.items():
        written = stated.get(name, UNWRITTEN)
        yield NamespaceSubject(name, of_it, written if written.file else of_it[0].written)


_Checked = TypeVar("_Checked")

Rule: TypeAlias = Callable[[_Checked, AllObjects], Iterable[Finding]]
"""What is to hold of a subject: gives findings where it does not."""
