"""What a cluster's controllers do to the store: ClusterIPs, pods of workloads, and EndpointSlices of Services.

What an object states wins: an address, a status, slices, or the pods that belong to a workload are used as they stand.
`ControlPlane.reconcile` works from the store as it is now, so that a test may change it at any time.
"""

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

import attrs

from k8sresolve.errors import ManifestError
from k8sresolve.testing.controllers.adopting import BarePods, kept
from k8sresolve.testing.controllers.networks import NODE_IPS, AddressPool, Networks
from k8sresolve.testing.controllers.slices import ENDPOINT_CONTROLLER, cut, endpoint_slices, select
from k8sresolve.testing.controllers.workloads import make_pods, matches, owners_of
from k8sresolve.testing.objects.addresses import FAMILIES, IPFamily, families_of, family_of
from k8sresolve.testing.objects.kinds import (
    WORKLOADS,
    DaemonSet,
    Endpoints,
    EndpointSlice,
    Node,
    Pod,
    ReplicaSet,
    Selector,
    Service,
    Workload,
)
from k8sresolve.testing.objects.store import Store
from k8sresolve.testing.objects.written import UNWRITTEN

MAX_PODS = 150_000
"""As many pods as Kubernetes is made for: kubernetes.io/docs/setup/best-practices/cluster-large."""


_Key = tuple[str, str]


def check_count(pods: int) -> None:
    """Raise `ManifestError` for more pods than a cluster can have."""
    if pods > MAX_PODS:
        raise ManifestError(f"the workloads have {pods:,} pods, more than the {MAX_PODS:,} that a cluster can have")


class ControlPlane:
    """A cluster's controllers, scheduler and kubelets, as far as DNS shows what they do."""

    def __init__(self, store: Store, networks: Networks) -> None:
        self.networks = networks
        self._store = store
        self._cluster_ips = {family_of(str(network)): AddressPool(network) for network in networks.services}
        self._pod_ips = {family_of(str(network)): AddressPool(network) for network in networks.pods}
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
        made = list(self.make_pods(self._workloads()))
        for pod in (*self._pods(), *made):
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

    def _held(self, holder: Pod | Service) -> list[tuple[str, AddressPool]]:
        ips, pools = (holder.ips, self._pod_ips) if isinstance(holder, Pod) else (holder.cluster_ips, self._cluster_ips)
        return [(ip, pools[family_of(ip)]) for ip in ips if family_of(ip) in pools]

    def run(self, pod: Pod, lives: int = 0) -> Pod:
        """Bring a pod onto a node and let it run: it is Ready unless it says otherwise, and has addresses.

        `lives` tells how many pods of its name there were before, as each gets an address of its own. Raises
        `ManifestError` if there is no address left.
        """
        node = self._place(pod)
        if node is None:
            return attrs.evolve(pod, phase="Pending")
        ips = pod.ips or self.addresses(pod, node, lives)
        return attrs.evolve(pod, phase="Running", ready=pod.ready is not False, node=node, ip=pod.ip or ips[0], ips=ips)

    def reconcile(self, services: Iterable[Service]) -> None:
        """Make the slices of these Services anew from the pods in the store. What does not change stays as it is.

        A Service with slices of somebody else's, or with the Endpoints of its pods, as a dump has them, keeps those.
        """
        for service, pods in select(services, self._pods()):
            key = (service.namespace, service.name)
            self._replace(key, () if self._has_stated(key) else tuple(self._slices(service, pods)))

    def _slices(self, service: Service, pods: Sequence[Pod]) -> Iterator[EndpointSlice]:
        endpoints = self._endpoints(service)
        if endpoints is not None:
            yield from endpoints.slices
            return
        for made in endpoint_slices(service, pods, self._nodes):
            yield from cut(service, made)

    def _endpoints(self, service: Service) -> Endpoints | None:
        """Find the Endpoints that tell of a Service's pods. Others beside a selector the controller overwrites."""
        found = self._store.get("Endpoints", service.namespace, service.name)
        return found if isinstance(found, Endpoints) and found.of_pods else None

    def stated(self, service: Service) -> tuple[str, ...]:
        """Name the EndpointSlices and Endpoints, as `KIND/NAME`, for which the Service gets none made of its pods."""
        key = (service.namespace, service.name)
        if self._endpoints(service) is not None:
            return (f"Endpoints/{service.name}",)
        made = {part.name for part in self._made.get(key, ())}
        return tuple(f"EndpointSlice/{part.name}" for part in self._store.slices(*key) if part.name not in made)

    def has_made(self, part: EndpointSlice) -> bool:
        """Whether a slice is made here of a Service's pods."""
        return part in self._made.get((part.namespace, part.service), ())

    def unmake(self, service: Service) -> None:
        """Take out the slices that are made here of a Service's pods."""
        self._replace((service.namespace, service.name), ())

    def leave(self, service: Service) -> None:
        """Leave behind what is made of a Service's pods, as its selector goes: slices, and Endpoints to be mirrored.

        Source: `syncService` of `pkg/controller/endpointslice` and `pkg/controller/endpoint`, which look no more at a
        Service without a selector.
        """
        left = self._made.pop((service.namespace, service.name), ())
        if left and self._endpoints(service) is None:
            own = [part for part in left if part.address_type == service.families[0]]
            mirrored = [
                attrs.evolve(part, name=f"{service.name}-{index}", managed_by="") for index, part in enumerate(own)
            ]
            self._store.add(Endpoints(service.namespace, service.name, tuple(mirrored), of_pods=True))

    def take_up(self, service: Service) -> None:
        """Look again at a Service that has a selector anew: what was left behind of its pods goes."""
        for part in self._store.slices(service.namespace, service.name):
            if part.managed_by == ENDPOINT_CONTROLLER:
                self._store.remove("EndpointSlice", part.namespace, part.name)
        if self._endpoints(service) is not None:
            self._store.remove("Endpoints", service.namespace, service.name)

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
            if settled is not service:
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
        if (families, ips) == (service.families, service.cluster_ips):
            return service  # a dump of a cluster has thousands of these
        return attrs.evolve(service, families=families, cluster_ips=ips)

    def _families(self, service: Service) -> tuple[IPFamily, ...]:
        stated = service.families or (() if service.headless else families_of(service.cluster_ips))
        families = stated or self.networks.families[:1]
        if service.policy != "SingleStack" and len(families) == 1:
            there = FAMILIES if service.has_any_families else self.networks.families
            families = tuple(dict.fromkeys((*families, *there)))
        return families

    def _cluster_ip(self, name: str, family: IPFamily) -> str:
        pool = self._cluster_ips.get(family)
        if pool is None:
            told = f"it asks for {family}, of which the cluster has no service network"
            raise ManifestError(told, object=f"Service {name}", field="spec.ipFamilies")
        return pool.allocate(name)

    def is_made_up(self, address: str) -> bool:
        """Whether an address stands in no object, and somebody has it all the same, as a cluster would give one."""
        if any(pool.gave(address) for pool in (*self._cluster_ips.values(), *self._pod_ips.values())):
            return True
        if address in NODE_IPS.values():
            return not any(address in node.ips for node in self._nodes)
        return any(service.written is UNWRITTEN for service in self._store.services_with(address))

    # Pods.

    def make_pods(self, workloads: Iterable[Workload]) -> Iterator[Pod]:
        """Make the pods of workloads that have none yet, nor ReplicaSets to make them, in the store.

        Pods of nobody that their selectors fit count, too.
        Raises `ManifestError` for more pods than a cluster can have.
        """
        owners = self._owners()
        lone = [workload for workload in workloads if (workload.namespace, workload.title) not in owners]
        check_count(sum(len(self._nodes) if isinstance(one, DaemonSet) else one.replicas for one in lone))
        used: dict[str, set[str]] = defaultdict(set)
        for pod in self._pods():
            used[pod.namespace].add(pod.name)
        bare = BarePods(self._pods())
        for workload in lone:
            names = used[workload.namespace]
            adopted = self._adopt(workload, bare.claim(workload))
            lacking = attrs.evolve(workload, replicas=workload.replicas - adopted) if adopted else workload
            made = make_pods(lacking, self._nodes, names)
            names.update(pod.name for pod in made)
            yield from made

    def _adopt(self, workload: Workload, claimed: Sequence[Pod]) -> int:
        """Let a workload have these pods, and take out those that are too many. Returns how many it has."""
        own = kept(workload, claimed)
        for pod in claimed:
            self._store.remove("Pod", pod.namespace, pod.name)
            if pod in own:
                self._store.add(attrs.evolve(pod, owner=workload.title))
            else:
                self.release(pod)
        return len(own)

    def _owners(self) -> set[_Key]:
        """Tell which workloads have pods or ReplicaSets among the manifests."""
        owners = {(pod.namespace, owner) for pod in self._pods() for owner in owners_of(pod)}
        for replica_set in self._store.all("ReplicaSet"):
            if isinstance(replica_set, ReplicaSet):
                owners.add((replica_set.namespace, replica_set.owner))
        return owners

    def _place(self, pod: Pod) -> str | None:
        """Tell a pod's node, or choose one: empty where the manifests hold no Nodes, None while there is none for it.

        Source: `pkg/scheduler/framework/plugins` of Kubernetes: `schedulinggates`, `nodename`, `nodeaffinity`,
        `nodeports`.
        """
        if pod.spec.gated and not pod.ips:
            return None
        if not self._nodes or (pod.node and pod.ips):
            return pod.node
        if pod.node:
            there = self._store.get("Node", "", pod.node) is not None
            return pod.node if there and self._has_ports(pod.node, pod) else None
        selector = pod.spec.node_selector
        if selector not in self._fit:
            self._fit[selector] = [node.name for node in self._nodes if matches(selector, node.labels)]
        fit = self._fit[selector]
        start = zlib.crc32(f"{pod.namespace}/{pod.name}".encode())
        turns = (fit[(start + turn) % len(fit)] for turn in range(len(fit)))
        return next((name for name in turns if self._has_ports(name, pod)), None)

    def _has_ports(self, node: str, pod: Pod) -> bool:
        """Whether the ports that a pod takes of its node are free there."""
        return not any(
            wanted.clashes(taken)
            for wanted in pod.spec.host_ports
            for other in self._store.pods_at(node, wanted)
            if (other.namespace, other.name) != (pod.namespace, pod.name)
            for taken in other.spec.host_ports
        )

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
        return [item for kind in WORKLOADS for item in self._store.all(kind.__name__) if isinstance(item, Workload)]
