"""The store: the Kubernetes objects that DNS answers come from, cut down to what the answers need, and their indexes.

It knows nothing of YAML or DNS messages. Every question is answered from an index, never by a walk over the store.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, Protocol, TypeAlias, TypeVar

import attrs

NO_PORT = -1
"""The port of an endpoint or Service that declares none: it has addresses, but no SRV record."""

HEADLESS = "None"
"""`spec.clusterIP` of a headless Service."""

MIRRORING_CONTROLLER = "endpointslicemirroring-controller.k8s.io"

NO_LABELS: Mapping[str, str] = {}


Selector: TypeAlias = tuple[tuple[str, str], ...]
"""The labels, as pairs of key and value, that a thing must have to be selected. An empty one selects nothing."""


class PortEntry(NamedTuple):
    """One port of a Service, a container, an EndpointSlice or a ServiceImport. `name` is empty for an unnamed port.

    `target` is a Service's `targetPort`: a number, the name of a container's port, or 0 where it is the Service's own.
    """

    name: str
    number: int
    protocol: str
    app_protocol: str = ""
    target: int | str = 0


UNDECLARED_PORT = PortEntry("", NO_PORT, "")


class EndpointAddress(NamedTuple):
    """One ready address of an EndpointSlice. A tuple, as a store may hold a hundred thousand.

    `address` is kept as written, because a PTR question finds it by its exact text. `pod` is the name of `targetRef`.
    """

    address: str
    hostname: str = ""
    pod: str = ""
    zone: str | None = None


@attrs.frozen
class Namespace:
    """A namespace: a name below it exists in DNS only if it does."""

    name: str
    namespace: str = ""
    labels: Mapping[str, str] = attrs.field(default=NO_LABELS, hash=False)


@attrs.frozen
class Service:
    """A Service. `cluster_ips` is empty for an ExternalName Service, and until one is allocated.

    `families` are its IP families in order, once settled; before, those that it states, and `dual` says that it takes
    a second one where there is one. With `publish_not_ready`, DNS lists its pods ready or not.
    """

    namespace: str
    name: str
    type: str = "ClusterIP"
    cluster_ips: tuple[str, ...] = ()
    external_name: str = ""
    ports: tuple[PortEntry, ...] = ()
    families: tuple[str, ...] = ()
    dual: bool = False
    selector: Selector = ()
    publish_not_ready: bool = False
    labels: Mapping[str, str] = attrs.field(default=NO_LABELS, hash=False)

    @property
    def headless(self) -> bool:
        """Whether DNS lists its endpoints rather than a ClusterIP."""
        return bool(self.cluster_ips) and self.cluster_ips[0] == HEADLESS

    @property
    def selects(self) -> bool:
        """Whether it has a selector: without one, a hand-made Endpoints object is mirrored."""
        return bool(self.selector)


@attrs.frozen
class EndpointSlice:
    """An EndpointSlice with its ready addresses, in the order of the object.

    `service` is the label `kubernetes.io/service-name` (empty without it), `imported` the label
    `multicluster.kubernetes.io/service-name` (None without it) and `cluster_id` that of the source cluster.
    """

    namespace: str
    name: str
    service: str = ""
    addresses: tuple[EndpointAddress, ...] = ()
    ports: tuple[PortEntry, ...] = ()
    imported: str | None = None
    cluster_id: str = ""
    managed_by: str = ""
    labels: Mapping[str, str] = attrs.field(default=NO_LABELS, hash=False)


@attrs.frozen
class Endpoints:
    """A hand-made Endpoints object, as the slices that the mirroring controller makes of it.

    `skip` says that the object asks not to be mirrored.
    """

    namespace: str
    name: str
    slices: tuple[EndpointSlice, ...] = ()
    skip: bool = False


@attrs.frozen
class DNSConfig:
    """A pod's `dnsConfig`. `options` are pairs of name and value; the value is empty where there is none."""

    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


@attrs.frozen
class PodSpec:
    """What a template says of all its pods, which share it.

    `ports` are those that a named `targetPort` may mean, in the order in which they are looked for: the containers',
    then those of sidecars (initContainers with restartPolicy Always). `undeclared` says that one of these declares
    none, so that it may listen on any.
    """

    hostname: str = ""
    subdomain: str = ""
    ports: tuple[PortEntry, ...] = ()
    undeclared: bool = False
    host_network: bool = False
    node_selector: Selector = ()
    dns_policy: str = "ClusterFirst"
    dns_config: DNSConfig | None = None

    def number_of(self, port: str, protocol: str) -> int | None:
        """Find the number that a named `targetPort` stands for: FindPort, k8s.io/endpointslice/util."""
        return next((entry.number for entry in self.ports if (entry.name, entry.protocol) == (port, protocol)), None)


@attrs.frozen
class Pod:
    """A Pod.

    `ip` is `status.podIP` as written; `ips` are all its addresses, in canonical form. `phase` is empty until something
    says that the pod runs, and `ready` is None where no condition tells. `owner` is its controller, as `KIND/NAME`.
    `own_hostname` is the one that its controller gives it, whatever the template says.
    """

    namespace: str
    name: str
    ip: str = ""
    ips: tuple[str, ...] = ()
    phase: str = ""
    ready: bool | None = None
    terminating: bool = False
    labels: Mapping[str, str] = attrs.field(default=NO_LABELS, hash=False)
    node: str = ""
    owner: str = ""
    own_hostname: str = ""
    spec: PodSpec = PodSpec()

    @property
    def hostname(self) -> str:
        """`spec.hostname`."""
        return self.own_hostname or self.spec.hostname

    @property
    def finished(self) -> bool:
        """Whether its containers have ended for good."""
        return self.phase in ("Succeeded", "Failed")

    @property
    def gone(self) -> bool:
        """Whether CoreDNS does not see it: it asks the API server for pods in other phases only."""
        return self.terminating or self.finished or self.phase == "Unknown"


@attrs.frozen
class PodTemplate:
    """What a workload makes pods from. `fingerprint` changes when anything in it does."""

    labels: Mapping[str, str] = attrs.field(default=NO_LABELS, hash=False)
    spec: PodSpec = PodSpec()
    fingerprint: str = ""


@attrs.frozen
class Workload:
    """What makes pods. `owner` is its controller, as `KIND/NAME`."""

    namespace: str
    name: str
    replicas: int = 1
    template: PodTemplate = PodTemplate()
    owner: str = ""


@attrs.frozen
class Deployment(Workload):
    """A Deployment. Its pods belong to the ReplicaSet of its template."""


@attrs.frozen
class ReplicaSet(Workload):
    """A ReplicaSet."""


@attrs.frozen
class StatefulSet(Workload):
    """A StatefulSet. `first` is the lowest ordinal, and the template's `subdomain` is `spec.serviceName`."""

    first: int = 0


@attrs.frozen
class DaemonSet(Workload):
    """A DaemonSet: a pod on each node, so `replicas` does not count."""


@attrs.frozen
class Job(Workload):
    """A Job. `replicas` are the pods that run at once, none when it is done; `indexed` says that each has an index."""

    indexed: bool = False


@attrs.frozen
class Node:
    """A Node, with its addresses of type InternalIP."""

    name: str
    namespace: str = ""
    labels: Mapping[str, str] = attrs.field(default=NO_LABELS, hash=False)
    ips: tuple[str, ...] = ()

    @property
    def zone(self) -> str | None:
        """The label `topology.kubernetes.io/zone`."""
        return self.labels.get("topology.kubernetes.io/zone")


@attrs.frozen
class ServiceImport:
    """A ServiceImport of the multi-cluster Services API (KEP-1645)."""

    namespace: str
    name: str
    headless: bool = False
    ips: tuple[str, ...] = ()
    ports: tuple[PortEntry, ...] = ()
    labels: Mapping[str, str] = attrs.field(default=NO_LABELS, hash=False)


NAMESERVER_CONFIG = frozenset({("kube-system", "coredns"), ("kube-system", "coredns-custom")})
"""The ConfigMaps that are read: CoreDNS's Corefile, and what managed clusters let people add to it."""


@attrs.frozen
class ConfigMap:
    """A ConfigMap that configures the nameserver. `source` is the file that it comes from."""

    namespace: str
    name: str
    data: Mapping[str, str] = attrs.field(default=NO_LABELS, hash=False)
    source: str = ""


Resource: TypeAlias = (
    Namespace | Node | Service | EndpointSlice | Endpoints | Pod | Workload | ServiceImport | ConfigMap
)


class _Named(Protocol):
    @property
    def namespace(self) -> str: ...
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=_Named)


class _Index(Generic[T]):
    """Objects by a key that several may share, in the order in which they came."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[object, list[T]] = {}

    def add(self, key: object, item: T) -> None:
        entries = self._entries.get(key)
        if entries is None:
            self._entries[key] = [item]
        elif entries[-1] is not item:  # a slice may list one address twice
            entries.append(item)

    def discard(self, key: object, item: T) -> None:
        left = [entry for entry in self._entries.get(key, ()) if entry is not item]
        if left:
            self._entries[key] = left
        else:
            self._entries.pop(key, None)

    def get(self, key: object) -> Sequence[T]:
        return self._entries.get(key, ())


class Store:
    """The objects of one cluster. `add` replaces an object of the same kind, namespace and name.

    `serial` goes up with each change; it stands for the time of the last change in SOA records.
    """

    def __init__(self) -> None:
        self.serial = 0
        self._objects: dict[str, dict[tuple[str, str], Resource]] = {}
        self._services_by_ip = _Index[Service]()
        self._slices_by_service = _Index[EndpointSlice]()
        self._slices_by_address = _Index[EndpointSlice]()
        self._imported_slices = _Index[EndpointSlice]()
        self._pods_by_ip = _Index[Pod]()
        self._mirrored: dict[tuple[str, str], tuple[EndpointSlice, ...]] = {}

    def add(self, resource: Resource) -> None:
        """Put an object in, in place of the one of the same kind, namespace and name, if there is one."""
        key = (resource.namespace, resource.name)
        objects = self._objects.setdefault(type(resource).__name__, {})
        previous = objects.get(key)
        if previous is not None:
            self._unindex(previous)
        objects[key] = resource
        self._index(resource)
        self._changed(resource)

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

    def pods_with(self, ip: str) -> Sequence[Pod]:
        """Find the Pods that have an IP, by its exact text: several with hostNetwork."""
        return self._pods_by_ip.get(ip)

    def _changed(self, resource: Resource) -> None:
        self.serial += 1
        if isinstance(resource, (Service, Endpoints)):
            self._mirror(resource.namespace, resource.name)
        elif isinstance(resource, EndpointSlice) and resource.managed_by == MIRRORING_CONTROLLER:
            self._mirror(resource.namespace, resource.service)

    def _mirror(self, namespace: str, name: str) -> None:
        """Do as the EndpointSlice mirroring controller: slices for the Endpoints of a Service without a selector.

        Where the manifests bring that controller's own slices, as a dump of a cluster does, those stand.
        """
        key = (namespace, name)
        for made in self._mirrored.pop(key, ()):
            self._unindex(made)
        endpoints = self.get("Endpoints", namespace, name)
        service = self.service(namespace, name)
        if not isinstance(endpoints, Endpoints) or endpoints.skip or service is None or service.selects:
            return
        if any(given.managed_by == MIRRORING_CONTROLLER for given in self.slices(namespace, name)):
            return
        self._mirrored[key] = endpoints.slices
        for made in endpoints.slices:
            self._index(made)

    def _index(self, resource: Resource) -> None:
        match resource:
            case Service():
                for ip in resource.cluster_ips:
                    self._services_by_ip.add(ip, resource)
            case EndpointSlice():
                self._slices_by_service.add((resource.namespace, resource.service), resource)
                if resource.imported is not None:
                    self._imported_slices.add((resource.namespace, resource.imported), resource)
                for entry in resource.addresses:
                    self._slices_by_address.add(entry.address, resource)
            case Pod() if resource.ip and not resource.gone:
                self._pods_by_ip.add(resource.ip, resource)
            case _:
                pass

    def _unindex(self, resource: Resource) -> None:
        match resource:
            case Service():
                for ip in resource.cluster_ips:
                    self._services_by_ip.discard(ip, resource)
            case EndpointSlice():
                self._slices_by_service.discard((resource.namespace, resource.service), resource)
                if resource.imported is not None:
                    self._imported_slices.discard((resource.namespace, resource.imported), resource)
                for entry in resource.addresses:
                    self._slices_by_address.discard(entry.address, resource)
            case Pod() if resource.ip and not resource.gone:
                self._pods_by_ip.discard(resource.ip, resource)
            case _:
                pass
