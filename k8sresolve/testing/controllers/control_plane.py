"""What a cluster's controllers do to the store: ClusterIPs, pods of workloads, and EndpointSlices of Services.

What an object states wins: an address, a status, slices, or the pods that belong to a workload are used as they stand.
`ControlPlane.reconcile` works from the store as it is now, so that a test may change it at any time.

Source: `pkg/controller/endpointslice` of Kubernetes and `k8s.io/endpointslice`, recorded from 1.37.2.
"""

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from k8sresolve.errors import ManifestError
from k8sresolve.testing.controllers.networks import Networks, Pool
from k8sresolve.testing.controllers.workloads import make_pods, matches, owners_of
from k8sresolve.testing.objects.addresses import family_of
from k8sresolve.testing.objects.kinds import (
    DaemonSet,
    EndpointAddress,
    Endpoints,
    EndpointSlice,
    Node,
    Pod,
    PortEntry,
    ReplicaSet,
    Selector,
    Service,
    Workload,
)
from k8sresolve.testing.objects.letters import letters
from k8sresolve.testing.objects.store import Store

ENDPOINT_CONTROLLER = "endpointslice-controller.k8s.io"
MAX_PODS = 150_000
"""As many pods as Kubernetes is made for: kubernetes.io/docs/setup/best-practices/cluster-large."""

NODE_IPS = {"IPv4": "172.18.0.2", "IPv6": "fc00:f853:ccd:e793::2"}
"""The addresses of the node that a cluster has where the manifests hold none, as kind gives them."""

_MAX_COMPARED = 2_000_000
_MAX_ENDPOINTS = 100  # kube-controller-manager, --max-endpoints-per-slice
_WORKLOADS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job")

_NUMBER = re.compile("[0-9]+")

_Key = tuple[str, str]


@attrs.frozen
class Condition:
    """What an EndpointSlice says of an endpoint (EndpointConditions, discovery.k8s.io/v1)."""

    ready: bool
    serving: bool
    terminating: bool


@attrs.frozen
class MadeEndpoint:
    """One pod's address in a slice that the controller makes. `zone` is None where the node tells none."""

    address: str
    condition: Condition
    pod: str
    hostname: str = ""
    node: str = ""
    zone: str | None = None


@attrs.frozen
class MadeSlice:
    """What the controller makes for one IP family and one set of ports, before a slice is cut at 100 endpoints."""

    family: str
    ports: tuple[PortEntry, ...]
    endpoints: tuple[MadeEndpoint, ...]


def endpoint_slices(service: Service, pods: Iterable[Pod], nodes: Iterable[Node] = ()) -> list[MadeSlice]:
    """Make a Service's slices, as the EndpointSlice controller does, of the pods that it selects.

    `nodes` are the cluster's, if it says which it has: a pod on none of them is left out unless the Service publishes
    pods that are not ready. Endpoints are in the order of their pods' names, ordinals as numbers.
    """
    if not service.selects or service.type == "ExternalName":
        return []
    by_name = {node.name: node for node in nodes}
    listed = [
        pod
        for pod in sorted(pods, key=name_order)
        if not pod.finished and (not by_name or pod.node in by_name or service.publish_not_ready)
    ]
    made: list[MadeSlice] = []
    for family in service.families:
        groups: dict[tuple[PortEntry, ...], list[MadeEndpoint]] = defaultdict(list)
        for pod in listed:
            address = next((ip for ip in pod.ips if family_of(ip) == family), None)
            if address is not None:
                groups[_ports_of(service, pod)].append(_endpoint(service, pod, address, by_name.get(pod.node)))
        # A family without any endpoint has an empty slice all the same.
        made += [MadeSlice(family, ports, tuple(endpoints)) for ports, endpoints in (groups or {(): []}).items()]
    return made


def name_order(pod: Pod) -> str:
    """The key by which pods are sorted: their names, with ordinals as numbers."""
    return _NUMBER.sub(lambda number: number[0].rjust(20, "0"), pod.name)


def _endpoint(service: Service, pod: Pod, address: str, node: Node | None) -> MadeEndpoint:
    serving = pod.ready is True
    condition = Condition(
        ready=service.publish_not_ready or (serving and not pod.terminating),
        serving=serving,
        terminating=pod.terminating,
    )
    hostname = pod.hostname if pod.spec.subdomain == service.name else ""
    return MadeEndpoint(address, condition, pod.name, hostname, pod.node, node.zone if node is not None else None)


def _ports_of(service: Service, pod: Pod) -> tuple[PortEntry, ...]:
    """Find the number of each of the Service's ports in a pod. One that the pod lacks is left out."""
    found: list[PortEntry] = []
    for port in service.ports:
        target = port.target or port.number
        number = pod.spec.number_of(target, port.protocol) if isinstance(target, str) else target
        if number is not None:
            found.append(PortEntry(port.name, number, port.protocol, port.app_protocol))
    return tuple(found)


def select(services: Iterable[Service], pods: Iterable[Pod]) -> Iterator[tuple[Service, list[Pod]]]:
    """Find the pods of each Service that has a selector, in one walk over the pods.

    Raises `ManifestError` where it would take too long: no cluster has so many Services that so many pods nearly fit.
    """
    found = [(service, list[Pod]()) for service in services if service.selects]
    wanted = Counter((service.namespace, *label) for service, _ in found for label in service.selector)
    by_label: dict[tuple[str, str, str], list[tuple[Service, list[Pod]]]] = defaultdict(list)
    for service, selected in found:
        # Found by the label that the fewest select by: `app.kubernetes.io/instance` may be that of all.
        rarest = min(((service.namespace, *label) for label in service.selector), key=wanted.__getitem__)
        by_label[rarest].append((service, selected))
    left = _MAX_COMPARED
    for pod in pods:
        for key, value in pod.labels.items():
            candidates = by_label.get((pod.namespace, key, value), ())
            left -= len(candidates)
            if left < 0:
                raise ManifestError(f"Services and pods of namespace {pod.namespace} are too many for their selectors")
            for service, selected in candidates:
                if matches(service.selector, pod.labels):
                    selected.append(pod)
    yield from found


def check_count(pods: int) -> None:
    """Raise `ManifestError` for more pods than a cluster can have."""
    if pods > MAX_PODS:
        raise ManifestError(f"the workloads have {pods:,} pods, more than the {MAX_PODS:,} that a cluster can have")


class ControlPlane:
    """A cluster's controllers, scheduler and kubelets, as far as DNS shows what they do."""

    def __init__(self, store: Store, networks: Networks) -> None:
        self.networks = networks
        self._store = store
        self._cluster_ips = {f"IPv{network.version}": Pool(network) for network in networks.services}
        self._pod_ips = {f"IPv{network.version}": Pool(network) for network in networks.pods}
        self._made: dict[_Key, tuple[EndpointSlice, ...]] = {}
        self._nodes: tuple[Node, ...] = ()
        self._fit: dict[Selector, list[str]] = {}

    def start(self) -> None:
        """Do for all that is in the store what a cluster would have done by the time all pods run.

        Raises `ManifestError` where there is no address left, or for more pods than a cluster can have.
        """
        self.look_at_nodes()
        self.settle_services(self._services())
        for pod in self._pods():
            self.take(pod)
        for pod in (*self._pods(), *self.make_pods(self._workloads())):
            if not pod.phase:
                self._store.add(self.run(pod))
        self.reconcile(self._services())

    def checkpoint(self) -> Callable[[], None]:
        """Return what puts the store, and what is known of it here, back to where they are now."""
        pools = (*self._cluster_ips.values(), *self._pod_ips.values())
        steps = [self._store.checkpoint(), *(pool.checkpoint() for pool in pools)]
        made, nodes = dict(self._made), self._nodes

        def restore() -> None:
            for step in steps:
                step()
            self._made, self._nodes = made, nodes
            self._fit.clear()

        return restore

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The cluster's nodes, if it says which it has."""
        return self._nodes

    def look_at_nodes(self) -> None:
        """Note which nodes the store holds now."""
        self._nodes = tuple(item for item in self._store.all("Node") if isinstance(item, Node))
        self._fit.clear()

    def take(self, holder: Pod | Service) -> None:
        """Note that the addresses of a pod or a Service are taken."""
        for address, pool in self._held(holder):
            pool.take(address)

    def release(self, holder: Pod | Service) -> None:
        """Note that nobody has the addresses of a pod or a Service any more."""
        for address, pool in self._held(holder):
            pool.release(address)

    def _held(self, holder: Pod | Service) -> list[tuple[str, Pool]]:
        ips, pools = (holder.ips, self._pod_ips) if isinstance(holder, Pod) else (holder.cluster_ips, self._cluster_ips)
        return [(ip, pools[family_of(ip)]) for ip in ips if family_of(ip) in pools]

    def run(self, pod: Pod, lives: int = 0) -> Pod:
        """Bring a pod onto a node and let it run: it is Ready unless it says otherwise, and has addresses.

        `lives` tells how many pods of its name there were before, as each gets an address of its own. Raises
        `ManifestError` if there is no address left.
        """
        node = pod.node or self._schedule(pod)
        if node is None:
            return attrs.evolve(pod, phase="Pending")  # its nodeSelector fits no node
        ips = pod.ips or self.addresses(pod, node, lives)
        return attrs.evolve(pod, phase="Running", ready=pod.ready is not False, node=node, ip=pod.ip or ips[0], ips=ips)

    def reconcile(self, services: Iterable[Service]) -> None:
        """Make the slices of these Services anew from the pods in the store. What does not change stays as it is.

        A Service with slices of somebody else's, or with an Endpoints object, keeps those.
        """
        for service, pods in select(services, self._pods()):
            key = (service.namespace, service.name)
            self._replace(key, () if self._has_stated(key) else tuple(self._slices(service, pods)))

    def _slices(self, service: Service, pods: Sequence[Pod]) -> Iterator[EndpointSlice]:
        endpoints = self._store.get("Endpoints", service.namespace, service.name)
        if isinstance(endpoints, Endpoints):
            yield from endpoints.slices
            return
        for made in endpoint_slices(service, pods, self._nodes):
            base = f"{service.name}-{letters(f'{made.family} {made.ports}', 5)}"
            for start in range(0, max(len(made.endpoints), 1), _MAX_ENDPOINTS):
                yield EndpointSlice(
                    service.namespace,
                    base if start == 0 else f"{base}-{start // _MAX_ENDPOINTS}",
                    service.name,
                    tuple(
                        EndpointAddress(endpoint.address, endpoint.hostname, endpoint.pod, endpoint.zone)
                        for endpoint in made.endpoints[start : start + _MAX_ENDPOINTS]
                        if endpoint.condition.ready
                    ),
                    made.ports,
                    managed_by=ENDPOINT_CONTROLLER,
                    labels=service.labels,
                )

    def stated(self, service: Service) -> tuple[str, ...]:
        """Name the EndpointSlices and Endpoints, as `KIND/NAME`, for which the Service gets none made of its pods."""
        key = (service.namespace, service.name)
        if self._store.get("Endpoints", *key) is not None:
            return (f"Endpoints/{service.name}",)
        made = {part.name for part in self._made.get(key, ())}
        return tuple(f"EndpointSlice/{part.name}" for part in self._store.slices(*key) if part.name not in made)

    def has_made(self, part: EndpointSlice) -> bool:
        """Whether a slice is made here of a Service's pods."""
        return part in self._made.get((part.namespace, part.service), ())

    def unmake(self, service: Service) -> None:
        """Take out the slices that are made here of a Service's pods."""
        self._replace((service.namespace, service.name), ())

    def _has_stated(self, key: _Key) -> bool:
        made = {part.name for part in self._made.get(key, ())}
        return any(part.name not in made for part in self._store.slices(*key))

    def _replace(self, key: _Key, slices: tuple[EndpointSlice, ...]) -> None:
        before = {part.name: part for part in self._made.pop(key, ())}
        if slices:
            self._made[key] = slices
        for part in slices:
            if before.pop(part.name, None) != part:
                self._store.add(part)
        for name in before:
            self._store.remove("EndpointSlice", key[0], name)

    # Services.

    def settle_services(self, services: Sequence[Service]) -> None:
        """Settle these Services of the store, as in `settle`."""
        for service in services:
            self.take(service)
        for service in services:
            settled = self.settle(service)
            if settled != service:
                self._store.add(settled)

    def settle(self, service: Service) -> Service:
        """Give a Service its IP families and, where it needs them, ClusterIPs (`pkg/registry/core/service/storage`).

        Raises `ManifestError` for a family that the cluster has not, and when addresses run out.
        """
        if service.type == "ExternalName":
            return service
        families = self._families(service)
        ips = service.cluster_ips
        if not service.headless:
            name = f"{service.namespace}/{service.name}"
            ips += tuple(self._cluster_ip(name, family) for family in families[len(ips) :])
        return attrs.evolve(service, families=families, cluster_ips=ips, dual=False)

    def _families(self, service: Service) -> tuple[str, ...]:
        stated = service.families or (
            () if service.headless else tuple(dict.fromkeys(map(family_of, service.cluster_ips)))
        )
        families = stated or self.networks.families[:1]
        if service.dual and len(families) == 1:
            families += tuple(family for family in self.networks.families if family not in families)
        return families

    def _cluster_ip(self, name: str, family: str) -> str:
        pool = self._cluster_ips.get(family)
        if pool is None:
            raise ManifestError(f"Service {name} asks for {family}, of which the cluster has no service network")
        return pool.allocate(name)

    # Pods.

    def make_pods(self, workloads: Iterable[Workload]) -> Iterator[Pod]:
        """Make the pods of workloads that have none yet, nor ReplicaSets to make them, in the store.

        Raises `ManifestError` for more pods than a cluster can have.
        """
        owners = self._owners()
        lone = [
            workload
            for workload in workloads
            if (workload.namespace, f"{type(workload).__name__}/{workload.name}") not in owners
        ]
        check_count(sum(len(self._nodes) if isinstance(one, DaemonSet) else one.replicas for one in lone))
        for workload in lone:
            yield from make_pods(workload, self._nodes)

    def _owners(self) -> set[_Key]:
        """Tell which workloads have pods or ReplicaSets among the manifests."""
        owners = {(pod.namespace, owner) for pod in self._pods() for owner in owners_of(pod)}
        for replica_set in self._store.all("ReplicaSet"):
            if isinstance(replica_set, ReplicaSet):
                owners.add((replica_set.namespace, replica_set.owner))
        return owners

    def _schedule(self, pod: Pod) -> str | None:
        """Choose a node for a pod: empty where the manifests hold no Nodes, None where none fits."""
        if not self._nodes:
            return ""
        selector = pod.spec.node_selector
        if selector not in self._fit:
            self._fit[selector] = [node.name for node in self._nodes if matches(selector, node.labels)]
        fit = self._fit[selector]
        return fit[zlib.crc32(f"{pod.namespace}/{pod.name}".encode()) % len(fit)] if fit else None

    def addresses(self, pod: Pod, node: str, lives: int = 0) -> tuple[str, ...]:
        """Give a pod an address of each IP family: its own, or its node's. See `run`."""
        if pod.spec.host_network:
            found = self._store.get("Node", "", node)
            ips = found.ips if isinstance(found, Node) else ()
            return ips or tuple(NODE_IPS[family] for family in self.networks.families)
        owner = f"{pod.namespace}/{pod.name}" + (f"/{lives}" if lives else "")
        return tuple(pool.allocate(owner) for pool in self._pod_ips.values())

    # The store, by kind.

    def _services(self) -> list[Service]:
        return [item for item in self._store.all("Service") if isinstance(item, Service)]

    def _pods(self) -> list[Pod]:
        return [item for item in self._store.all("Pod") if isinstance(item, Pod)]

    def _workloads(self) -> list[Workload]:
        return [item for kind in _WORKLOADS for item in self._store.all(kind) if isinstance(item, Workload)]
