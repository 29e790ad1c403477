"""The store: the Kubernetes objects of one cluster, and their indexes.

It knows nothing of YAML or DNS messages. Every question is answered from an index, never by a walk over the store.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Generic, Protocol, TypeVar

from k8sresolve.testing.objects.kinds import (
    MIRRORING_CONTROLLER,
    CustomResource,
    CustomWorkload,
    Endpoints,
    EndpointSlice,
    HostPort,
    Pod,
    Resource,
    Routing,
    Service,
    ServiceImport,
    Workload,
)


class _Named(Protocol):
    @property
    def namespace(self) -> str: ...
    @property
    def name(self) -> str: ...


_DNS_PORT = 53

T = TypeVar("T", bound=_Named)


class _Index(Generic[T]):
    """Objects by keys that several may share, in the order in which they came."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[str | tuple[str, str], tuple[T, ...] | list[T]] = {}

    def add(self, keys: Iterable[str | tuple[str, str]], item: T) -> None:
        alone = (item,)  # one for all of its keys: a slice has many addresses that no other has
        for key in keys:
            entries = self._entries.setdefault(key, alone)
            if entries is not alone and entries[-1] is not item:  # a slice may list one address twice
                if isinstance(entries, tuple):
                    self._entries[key] = entries = list(entries)
                entries.append(item)  # not into a copy: thousands may have one address

    def discard(self, keys: Iterable[str | tuple[str, str]], item: T) -> None:
        for key in keys:
            left = tuple(entry for entry in self._entries.get(key, ()) if entry is not item)
            if left:
                self._entries[key] = left
            else:
                self._entries.pop(key, None)

    def get(self, key: str | tuple[str, str]) -> Sequence[T]:
        return self._entries.get(key, ())


def place_of(resource: Resource) -> tuple[str, str, str]:
    """Tell the kind, namespace and name by which the store knows an object.

    The kinds that Kubernetes does not have are kept together, and so are those of routes, each of which may have an
    object of one name: there the name is `KIND/NAME`.
    """
    is_shared = isinstance(resource, (CustomWorkload, CustomResource, Routing))
    name = f"{resource.kind}/{resource.name}" if is_shared else resource.name
    return type(resource).__name__, resource.namespace, name


def _host_ports(pod: Pod) -> list[tuple[str, str]]:
    ports = () if pod.finished else pod.spec.host_ports
    return [(pod.node, f"{port.number}/{port.protocol}") for port in ports]


def _is_of_dns(service: Service) -> list[str]:
    return [""] if any(port.number == _DNS_PORT for port in service.ports) else []


class Store:
    """The objects of one cluster. `add` replaces an object of the same kind, namespace and name.

    `serial` goes up with each change; it stands for the time of the last change in SOA records. One that is not synced
    is empty because the API server has not told yet what there is. `given_twice` are the objects that came twice when
    it was filled: the earlier, and the one that holds. One that `is_partial` lacks what could not be read.
    """

    def __init__(self) -> None:
        self.serial: int = 0
        self.is_synced = True
        self.is_partial = False
        self.given_twice: list[tuple[Resource, Resource]] = []
        self._objects: dict[str, dict[tuple[str, str], Resource]] = {}
        self._services_by_ip = _Index[Service]()
        self._services_by_external_ip = _Index[Service]()
        self._services_of_dns = _Index[Service]()
        self._slices_by_service = _Index[EndpointSlice]()
        self._slices_by_address = _Index[EndpointSlice]()
        self._imported_slices = _Index[EndpointSlice]()
        self._pods_by_ip = _Index[Pod]()
        self._pods_by_host_port = _Index[Pod]()
        self._mirrored: dict[tuple[str, str], tuple[EndpointSlice, ...]] = {}

    @classmethod
    def unsynced(cls, serial: int) -> "Store":
        """Make a store before the API server has told what there is."""
        store = cls()
        store.serial, store.is_synced = serial, False
        return store

    def add(self, resource: Resource) -> Resource | None:
        """Put an object in, in place of the one of the same kind, namespace and name, if there is one: return that."""
        kind, namespace, name = place_of(resource)
        key = (namespace, name)
        objects = self._objects.setdefault(kind, {})
        previous = objects.get(key)
        if previous is not None:
            self._unindex(previous)
        objects[key] = resource
        self._index(resource)
        self._changed(resource)
        return previous

    def remove(self, kind: str, namespace: str, name: str) -> None:
        """Take an object out. Raises `KeyError` if there is none.

        `namespace` is empty for a Namespace. Taking one out leaves the objects in it, which DNS no longer answers.
        """
        resource = self._objects.get(kind, {}).pop((namespace, name))
        self._unindex(resource)
        self._changed(resource)

    def get(self, kind: str, namespace: str, name: str) -> Resource | None:
        """Find an object, or None."""
        return self._objects.get(kind, {}).get((namespace, name))

    def all(self, kind: str) -> Iterator[Resource]:
        """Walk over the objects of a kind, in the order in which they came. Not for answering questions."""
        return iter(self._objects.get(kind, {}).values())

    def everything(self) -> Iterator[Resource]:
        """Walk over all objects, kind by kind. Not for answering questions."""
        return chain.from_iterable(objects.values() for objects in self._objects.values())

    def checkpoint(self) -> Callable[[], None]:
        """Return what puts all objects back to what they are now; the serial goes on."""
        before = {kind: dict(objects) for kind, objects in self._objects.items()}

        def restore() -> None:
            for kind, objects in self._objects.items():
                then = before.get(kind, {})
                for key in [key for key in objects if key not in then]:
                    self.remove(kind, *key)
                for key, resource in then.items():
                    if objects.get(key) is not resource:
                        self.add(resource)

        return restore

    def has_namespace(self, name: str) -> bool:
        """Whether the namespace exists."""
        return ("", name) in self._objects.get("Namespace", ())

    def service(self, namespace: str, name: str) -> Service | None:
        """Find a Service."""
        found = self.get("Service", namespace, name)
        return found if isinstance(found, Service) else None

    def service_import(self, namespace: str, name: str) -> ServiceImport | None:
        """Find a ServiceImport."""
        found = self.get("ServiceImport", namespace, name)
        return found if isinstance(found, ServiceImport) else None

    def workload(self, namespace: str, title: str) -> Workload | None:
        """Find a workload by its title, which is what its pods have as their owner."""
        kind, _, name = title.partition("/")
        found = self.get(kind, namespace, name) or self.get("CustomWorkload", namespace, title)
        return found if isinstance(found, Workload) and found.title == title else None

    def slices(self, namespace: str, service: str) -> Sequence[EndpointSlice]:
        """Find the EndpointSlices of a Service."""
        return self._slices_by_service.get((namespace, service))

    def imported_slices(self, namespace: str, service: str) -> Sequence[EndpointSlice]:
        """Find the EndpointSlices of a ServiceImport."""
        return self._imported_slices.get((namespace, service))

    def slices_with(self, address: str) -> Sequence[EndpointSlice]:
        """Find the EndpointSlices that list an address, by its exact text."""
        return self._slices_by_address.get(address)

    def services_with(self, cluster_ip: str) -> Sequence[Service]:
        """Find the Services that have a ClusterIP, by its exact text. A real store may hold several."""
        return self._services_by_ip.get(cluster_ip)

    def services_outside(self, ip: str) -> Sequence[Service]:
        """Find the Services that have an external IP, by its exact text."""
        return self._services_by_external_ip.get(ip)

    def services_of_dns(self) -> Sequence[Service]:
        """Find the Services on whose ports is that of DNS."""
        return self._services_of_dns.get("")

    def pods_with(self, ip: str) -> Sequence[Pod]:
        """Find the Pods that have an IP, as any of theirs, by its exact text: several with hostNetwork."""
        return self._pods_by_ip.get(ip)

    def pods_at(self, node: str, port: HostPort) -> Sequence[Pod]:
        """Find the pods that take a port of a node, at whichever of its addresses."""
        return self._pods_by_host_port.get((node, f"{port.number}/{port.protocol}"))

    def _changed(self, resource: Resource) -> None:
        if isinstance(resource, (Service, Endpoints)):
            self._mirror(resource.namespace, resource.name)
        elif isinstance(resource, EndpointSlice) and resource.managed_by == MIRRORING_CONTROLLER:
            self._mirror(resource.namespace, resource.service)
        self.serial += 1  # last: what was made of the objects before is not what they say now

    def _mirror(self, namespace: str, name: str) -> None:
        """Do as the EndpointSlice mirroring controller: slices for the Endpoints of a Service without a selector.

        Where the manifests bring that controller's own slices, as a dump of a cluster does, those stand.
        """
        key = (namespace, name)
        for made in self._mirrored.pop(key, ()):
            self._unindex(made)
        endpoints = self.get("Endpoints", namespace, name)
        if not isinstance(endpoints, Endpoints) or endpoints.skip:
            return
        service = self.service(namespace, name)
        if service is None or service.selects:
            return
        if any(given.managed_by == MIRRORING_CONTROLLER for given in self.slices(namespace, name)):
            return
        self._mirrored[key] = endpoints.slices
        for made in endpoints.slices:
            self._index(made)

    def _index(self, resource: Resource) -> None:
        match resource:
            case Service():
                self._services_by_ip.add(resource.cluster_ips, resource)
                self._services_by_external_ip.add(resource.external_ips, resource)
                self._services_of_dns.add(_is_of_dns(resource), resource)
            case EndpointSlice():
                self._slices_by_service.add([(resource.namespace, resource.service)], resource)
                if resource.imported is not None:
                    self._imported_slices.add([(resource.namespace, resource.imported)], resource)
                self._slices_by_address.add([entry.address for entry in resource.addresses], resource)
            case Pod() if resource.ip:
                if not resource.gone:
                    self._pods_by_ip.add(resource.written_ips, resource)
                self._pods_by_host_port.add(_host_ports(resource), resource)
            case _:
                pass

    def _unindex(self, resource: Resource) -> None:
        match resource:
            case Service():
                self._services_by_ip.discard(resource.cluster_ips, resource)
                self._services_by_external_ip.discard(resource.external_ips, resource)
                self._services_of_dns.discard(_is_of_dns(resource), resource)
            case EndpointSlice():
                self._slices_by_service.discard([(resource.namespace, resource.service)], resource)
                if resource.imported is not None:
                    self._imported_slices.discard([(resource.namespace, resource.imported)], resource)
                self._slices_by_address.discard([entry.address for entry in resource.addresses], resource)
            case Pod() if resource.ip:
                self._pods_by_ip.discard(resource.written_ips, resource)
                self._pods_by_host_port.discard(_host_ports(resource), resource)
            case _:
                pass
