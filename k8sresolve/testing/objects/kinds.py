"""The kinds of Kubernetes objects that DNS answers come from, cut down to what the answers need."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

import attrs

from k8sresolve.testing.objects.addresses import IPFamily

NO_PORT = -1
"""The port of an endpoint or Service that declares none: it has addresses, but no SRV record."""

HEADLESS = "None"
"""`spec.clusterIP` of a headless Service."""

MIRRORING_CONTROLLER = "endpointslicemirroring-controller.k8s.io"

NO_LABELS: Mapping[str, str] = {}


Selector: TypeAlias = tuple[tuple[str, str], ...]
"""The labels, as pairs of key and value, that a thing must have to be selected. An empty one selects nothing."""


ServiceType: TypeAlias = Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]


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
    a second one where there is one. With `publish_not_ready`, DNS lists its pods ready or not. `external_ips` are where
    it is reached from outside, names of load balancers among them.
    """

    namespace: str
    name: str
    type: ServiceType = "ClusterIP"
    cluster_ips: tuple[str, ...] = ()
    external_name: str = ""
    ports: tuple[PortEntry, ...] = ()
    families: tuple[IPFamily, ...] = ()
    dual: bool = False
    selector: Selector = ()
    publish_not_ready: bool = False
    external_ips: tuple[str, ...] = ()
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
