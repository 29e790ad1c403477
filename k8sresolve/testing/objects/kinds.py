"""The kinds of Kubernetes objects that DNS answers come from, cut down to what the answers need."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

import attrs

from k8sresolve.testing.objects.addresses import IPFamily
from k8sresolve.testing.objects.label_selector import Term
from k8sresolve.testing.objects.manifested import Manifested
from k8sresolve.testing.objects.texts import Backend

NO_PORT = -1

PROTOCOLS = ("TCP", "UDP", "SCTP")
"""What a port may have for a protocol."""
"""The port of an endpoint or Service that declares none: it has addresses, but no SRV record."""

HEADLESS = "None"
"""`spec.clusterIP` of a headless Service."""

MIRRORING_CONTROLLER = "endpointslicemirroring-controller.k8s.io"

NO_LABELS: Mapping[str, str] = {}


Selector: TypeAlias = tuple[tuple[str, str], ...]
"""The labels, as pairs of key and value, that a thing must have to be selected. An empty one selects nothing."""


ServiceType: TypeAlias = Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]


IPFamilyPolicy: TypeAlias = Literal["SingleStack", "PreferDualStack", "RequireDualStack"]


class PortEntry(NamedTuple):
    """One port of a Service, a container, an EndpointSlice or a ServiceImport. `name` is empty for an unnamed port.

    `target` is a Service's `targetPort`: a number, the name of a container's port, or 0 where it is the Service's own.
    `node_port` is the one that a Service states, or 0.
    """

    name: str
    number: int
    protocol: str
    app_protocol: str = ""
    target: int | str = 0
    node_port: int = 0


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
class Namespace(Manifested):
    """A namespace: a name below it exists in DNS only if it does."""

    name: str
    namespace: str = ""
    labels: Mapping[str, str] = attrs.field(default=NO_LABELS, hash=False)


@attrs.frozen
class Service(Manifested):
    """A Service. `cluster_ips` is empty for an ExternalName Service, and until one is allocated.

    `families` are its IP families in order, once settled; before, those that it states, to which `policy` may add one.
    With `publish_not_ready`, DNS lists its pods ready or not. `external_ips` are where it
    is reached from outside, names of load balancers among them. One that is `terminating` is being deleted. `owner` is
    the controller that it belongs to, as `KIND/NAME`.
    """

    namespace: str
    name: str
    type: ServiceType = "ClusterIP"
    cluster_ips: tuple[str, ...] = ()
    external_name: str = ""
    ports: tuple[PortEntry, ...] = ()
    families: tuple[IPFamily, ...] = ()
    policy: IPFamilyPolicy = "SingleStack"
    selector: Selector = ()
    publish_not_ready: bool = False
    terminating: bool = False
    external_ips: tuple[str, ...] = ()
    labels: Mapping[str, str] = attrs.field(default=NO_LABELS, hash=False)
    owner: str = ""

    @property
    def headless(self) -> bool:
        """Whether DNS lists its endpoints rather than a ClusterIP."""
        return bool(self.cluster_ips) and self.cluster_ips[0] == HEADLESS

    @property
    def selects(self) -> bool:
        """Whether it has a selector: without one, a hand-made Endpoints object is mirrored."""
        return bool(self.selector)

    @property
    def has_any_families(self) -> bool:
        """Whether its families need not be the cluster's: whoever makes its endpoints says which they have."""
        return self.headless and not self.selects


@attrs.frozen
class EndpointSlice(Manifested):
    """An EndpointSlice with its ready addresses, in the order of the object.

    `service` is the label `kubernetes.io/service-name` (empty without it), `imported` the label
    `multicluster.kubernetes.io/service-name` (None without it) and `cluster_id` that of the source cluster.
    `address_type` is empty where nothing tells. One that `is_waiting` has addresses of which none is ready.
    """

    namespace: str
    name: str
    service: str = ""
    addresses: tuple[EndpointAddress, ...] = ()
    ports: tuple[PortEntry, ...] = ()
    imported: str | None = None
    cluster_id: str = ""
    managed_by: str = ""
    address_type: str = ""
    labels: Mapping[str, str] = attrs.field(default=NO_LABELS, hash=False)
    is_waiting: bool = False


@attrs.frozen
class Endpoints(Manifested):
    """An Endpoints object, as the slices that the mirroring controller makes of it.

    `skip` says that the object asks not to be mirrored, and `of_pods` that it is not made by hand: the controller lists
    in it the pods that a Service selects.
    """

    namespace: str
    name: str
    slices: tuple[EndpointSlice, ...] = ()
    skip: bool = False
    of_pods: bool = False


@attrs.frozen
class DNSConfig:
    """A pod's `dnsConfig`. `options` are pairs of name and value; the value is empty where there is none."""

    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


class HostPort(NamedTuple):
    """A port that a pod takes of its node, at one of the node's addresses or, where `ip` is empty, at all of them."""

    number: int
    protocol: str
    ip: str = ""

    def clashes(self, other: "HostPort") -> bool:
        """Whether two pods of one node cannot have both (`CheckConflict`, kube-scheduler)."""
        return self[:2] == other[:2] and (self.ip == other.ip or not self.ip or not other.ip)


@attrs.frozen
class PodSpec:
    """What a template says of all its pods, which share it.

    `ports` are those that a named `targetPort` may mean, in the order in which they are looked for: the containers',
    then those of sidecars (initContainers with restartPolicy Always). `undeclared` says that one of these declares
    none, or is filled in when a pod is made, so that it may listen on any. `host_aliases` are lines of its hosts file,
    each an address and its names. `hostname_override` is the host name inside the pod, of which DNS knows nothing.
    `host_ports` are those of its node that it takes, and one that is `gated` waits for something before it gets a node.
    """

    hostname: str = ""
    subdomain: str = ""
    ports: tuple[PortEntry, ...] = ()
    undeclared: bool = False
    host_network: bool = False
    node_selector: Selector = ()
    dns_policy: str = "ClusterFirst"
    dns_config: DNSConfig | None = None
    host_aliases: tuple[tuple[str, tuple[str, ...]], ...] = ()
    hostname_override: str = ""
    host_ports: tuple[HostPort, ...] = ()
    gated: bool = False

    def number_of(self, port: str, protocol: str) -> int | None:
        """Find the number that a named `targetPort` stands for: FindPort, k8s.io/endpointslice/util."""
        return next((entry.number for entry in self.ports if (entry.name, entry.protocol) == (port, protocol)), None)


@attrs.frozen
class Pod(Manifested):
    """A Pod, as `Cluster.pods` tells it.

    >>> from k8sresolve.testing import Cluster, headless
    >>> [pod] = Cluster.new(headless("db.shop", sql=5432)).pods("shop/db")
    >>> pod.name, pod.owner, pod.hostname, pod.ready
    ('db-0', 'StatefulSet/db', 'db-0', True)
    """

    namespace: str
    """Its namespace."""

    name: str
    """Its name."""

    ip: str = ""
    """`status.podIP` as written; empty while it has none."""

    ips: tuple[str, ...] = ()
    """All its addresses, in canonical form."""

    phase: str = ""
    """`status.phase`; empty until something says that the pod runs."""

    ready: bool | None = None
    """Whether it is ready; None where no condition tells."""

    terminating: bool = False
    """Whether it is to go."""

    labels: Mapping[str, str] = attrs.field(default=NO_LABELS, hash=False)
    """Its labels."""

    node: str = ""
    """The name of its node; empty where it has none."""

    owner: str = ""
    """Its controller, as `KIND/NAME`; empty where it has none."""

    own_hostname: str = ""
    """The host name that its controller gives it, whatever the template says; empty where it gives none."""

    spec: PodSpec = PodSpec()
    """What its template says."""

    spellings: tuple[tuple[str, str], ...] = ()
    """Those of `ips` that are written otherwise, each with how."""

    @property
    def hostname(self) -> str:
        """The host name that it has in DNS, below its `subdomain`; empty where it has none."""
        return self.own_hostname or self.spec.hostname

    @property
    def written_ips(self) -> tuple[str, ...]:
        """All its addresses as written, `ip` first."""
        written = dict(self.spellings)
        return (self.ip, *(written.get(ip, ip) for ip in self.ips[1:])) if self.ip else ()

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
class Workload(Manifested):
    """What makes pods. `owner` is its controller, as `KIND/NAME`, and `selector` is what it knows its pods by.

    `leaves_open` says that no manifest states how many `replicas` there are, or that somebody else has scaled it since.
    """

    namespace: str
    name: str
    replicas: int = 1
    template: PodTemplate = PodTemplate()
    owner: str = ""
    selector: tuple[Term, ...] = attrs.field(default=(), kw_only=True)
    leaves_open: bool = attrs.field(default=False, kw_only=True, eq=False)

    @property
    def title(self) -> str:
        """What pods have as their `owner`: `KIND/NAME`."""
        return f"{self.kind}/{self.name}"


@attrs.frozen
class Deployment(Workload):
    """A Deployment. Its pods belong to the ReplicaSet of its template."""


@attrs.frozen
class ReplicaSet(Workload):
    """A ReplicaSet."""


@attrs.frozen
class ReplicationController(Workload):
    """A ReplicationController, from before there were ReplicaSets."""


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

    @property
    def completion_mode(self) -> str:
        """`spec.completionMode`."""
        return "Indexed" if self.indexed else "NonIndexed"


@attrs.frozen
class CronJob(Workload):
    """A CronJob. It has no pods now: `replicas` are none."""


@attrs.frozen
class CustomWorkload(Workload):
    """An object of a kind that Kubernetes does not have, with a template of pods: an Argo Rollout, a JobSet."""

    custom_kind: str = ""

    @property
    def kind(self) -> str:
        """Its kind, as manifests have it."""
        return self.custom_kind


WORKLOADS: tuple[type[Workload], ...] = (
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    ReplicationController,
    Job,
    CronJob,
    CustomWorkload,
)
"""What makes pods, in the order in which a name is looked for."""


@attrs.frozen
class CustomResource(Manifested):
    """An object of a kind that Kubernetes does not have. An operator may make pods for it, of which nothing tells."""

    namespace: str
    name: str
    custom_kind: str

    @property
    def kind(self) -> str:
        """Its kind, as manifests have it."""
        return self.custom_kind


@attrs.frozen
class Node(Manifested):
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
class ServiceImport(Manifested):
    """A ServiceImport of the multi-cluster Services API (KEP-1645)."""

    namespace: str
    name: str
    headless: bool = False
    ips: tuple[str, ...] = ()
    ports: tuple[PortEntry, ...] = ()
    labels: Mapping[str, str] = attrs.field(default=NO_LABELS, hash=False)


NAMESERVER_CONFIG = frozenset({("kube-system", "coredns"), ("kube-system", "coredns-custom")})
"""The ConfigMaps that set up the nameserver: CoreDNS's Corefile, and what managed clusters let people add to it."""


@attrs.frozen
class ConfigMap(Manifested):
    """A ConfigMap. `source` is the file that it comes from."""

    namespace: str
    name: str
    data: Mapping[str, str] = attrs.field(default=NO_LABELS, hash=False)
    source: str = ""


@attrs.frozen
class Secret(Manifested):
    """A Secret, with its texts as they are in a container. Read only where somebody asks for it.

    `stated` are the keys of `stringData`, which the others are not written in.
    """

    namespace: str
    name: str
    data: Mapping[str, str] = attrs.field(default=NO_LABELS, hash=False, repr=False)
    stated: frozenset[str] = frozenset()


@attrs.frozen
class Routing(Manifested):
    """What leads to Services: an Ingress or a route of the Gateway API from outside, or what the API server asks.

    The latter are webhooks and APIServices, which lie in no namespace: theirs is empty.
    """

    namespace: str
    name: str
    own_kind: str
    backends: tuple[Backend, ...] = ()

    @property
    def kind(self) -> str:
        """Its kind, as manifests have it."""
        return self.own_kind


@attrs.frozen
class HorizontalPodAutoscaler(Manifested):
    """What says how many pods a workload has, whatever its manifest states: `of` is the workload, as `KIND/NAME`."""

    namespace: str
    name: str
    of: str


Resource: TypeAlias = (
    Namespace
    | Node
    | Service
    | EndpointSlice
    | Endpoints
    | Pod
    | Workload
    | CustomResource
    | ServiceImport
    | ConfigMap
    | Secret
    | Routing
    | HorizontalPodAutoscaler
)
