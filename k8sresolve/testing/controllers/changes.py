"""Changing the offline cluster while a test runs, as `kubectl` and the controllers would.

Each change is whole: no query is answered in the midst of it, and one that fails leaves all as it was. After it,
EndpointSlices are what a cluster's controllers would have made them. Only a roll-out goes step by step.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import groupby
from typing import Any, TypeAlias, TypeVar, cast

import attrs

from k8sresolve._escaping import told
from k8sresolve.errors import InvalidName, ManifestError
from k8sresolve.names import parse_address
from k8sresolve.testing.controllers.control_plane import ControlPlane
from k8sresolve.testing.controllers.finding import find, find_with_pods, key_of, missing
from k8sresolve.testing.controllers.immutable import check_update
from k8sresolve.testing.controllers.keeping import with_cluster_ips, with_replicas, with_status
from k8sresolve.testing.controllers.rollouts import Rollout, RolloutStep, check_pace, next_step
from k8sresolve.testing.controllers.slices import ENDPOINT_CONTROLLER, name_order
from k8sresolve.testing.controllers.upkeep import Upkeep
from k8sresolve.testing.controllers.workloads import matches
from k8sresolve.testing.objects.addresses import family_of
from k8sresolve.testing.objects.files import Manifests
from k8sresolve.testing.objects.kinds import (
    NAMESERVER_CONFIG,
    WORKLOADS,
    ConfigMap,
    CustomResource,
    CustomWorkload,
    DaemonSet,
    Deployment,
    Endpoints,
    EndpointSlice,
    HorizontalPodAutoscaler,
    Namespace,
    Node,
    Pod,
    PodTemplate,
    ReplicaSet,
    Resource,
    Routing,
    Secret,
    Service,
    ServiceImport,
    StatefulSet,
    Workload,
)
from k8sresolve.testing.objects.letters import letters
from k8sresolve.testing.objects.manifests import read_manifests, read_objects, read_pod_template
from k8sresolve.testing.objects.pods import MOST_PODS
from k8sresolve.testing.objects.store import Store, place_of

# In this order a namespace is emptied: workloads before their pods, so that nobody makes them again.
_NAMESPACED: tuple[type[Resource], ...] = (
    Service,
    EndpointSlice,
    Endpoints,
    ServiceImport,
    *WORKLOADS,
    Pod,
    CustomResource,
    ConfigMap,
    Secret,
    Routing,
    HorizontalPodAutoscaler,
)
# Objects of other kinds are not known by the kinds that they have.
_OTHERS = (CustomWorkload, CustomResource, Routing)
_KINDS = {kind.__name__: kind for kind in (Namespace, Node, *_NAMESPACED) if kind not in _OTHERS}

Manifest: TypeAlias = Manifests | Mapping[str, Any]
"""A path of manifests, an open file of them, or an object."""

T = TypeVar("T", bound=Resource)


class Changes:
    """What can be done to one cluster. What users are told of it stands at the methods of `Cluster`.

    `hold` gives a context in which no query is answered. With `any_namespace`, there is a namespace wherever an object
    lies, as no manifest told which there are. Objects that state no namespace lie in `apply_namespace`.
    """

    def __init__(
        self,
        store: Store,
        control_plane: ControlPlane,
        hold: Callable[[], AbstractContextManager[Any]],
        *,
        any_namespace: bool,
        apply_namespace: str,
    ) -> None:
        self._store = store
        self._control_plane = control_plane
        self._hold = hold
        self._any_namespace = any_namespace
        self._apply_namespace = apply_namespace
        self._upkeep = Upkeep(store, control_plane)

    def pods(self, name: str) -> tuple[Pod, ...]:
        """Find the pods of a workload, or else those that a Service selects."""
        found = find_with_pods(self._store, name)
        if isinstance(found, Workload):
            return tuple(sorted(self._upkeep.pods_of(found), key=name_order))
        there = self._upkeep.pods(found.namespace) if found.selects else ()
        return tuple(sorted((pod for pod in there if matches(found.selector, pod.labels)), key=name_order))

    def apply(self, manifests: Sequence[Manifest], *, recursive: bool) -> None:
        """Put objects in, or in place of those of the same name."""
        read = self._read(manifests, recursive=recursive)
        resources = {place_of(one): one for one in read}
        if not resources:
            raise ManifestError("apply: nothing is given that DNS depends on")
        with self._whole():
            self._apply(list(resources.values()))

    def _read(self, manifests: Sequence[Manifest], *, recursive: bool) -> Iterator[Resource]:
        namespace = self._apply_namespace
        for are_objects, group in groupby(manifests, lambda manifest: isinstance(manifest, Mapping)):
            if are_objects:
                yield from read_objects(cast(Iterable[Mapping[str, Any]], group), apply_namespace=namespace)
            else:
                paths = cast(Iterable[Manifests], group)
                yield from read_manifests(paths, recursive=recursive, apply_namespace=namespace)

    def delete(self, kind: str, name: str) -> None:
        """Take an object out, with all that goes with it."""
        if not isinstance(kind, str) or kind not in _KINDS:
            raise ManifestError(f"delete: there is no kind {told(kind)}; the kinds are {', '.join(_KINDS)}")
        found = find(self._store, [_KINDS[kind]], name)
        if isinstance(found, Pod):
            self._check_effect(found.namespace, [found.labels])
        if isinstance(found, EndpointSlice) and self._control_plane.has_made(found):
            service = f"{found.namespace}/{found.service}"
            raise ManifestError(f"EndpointSlice {key_of(found)} is made of the pods of Service {service}: change these")
        with self._whole():
            orphaned = self._remove(found)
            for workload in orphaned:
                self._upkeep.resize(workload)
            self._reconcile(found.namespace, everywhere=isinstance(found, Node))

    def scale(self, name: str, replicas: int) -> None:
        """Let a workload have so many pods."""
        workload = find(self._store, (Deployment, StatefulSet, ReplicaSet), name)
        if type(replicas) is not int or not 0 <= replicas <= MOST_PODS:
            raise ManifestError(f"scale: {told(replicas)} is no number of replicas")
        above = self._upkeep.owner_of(workload)
        if above is not None:
            raise ManifestError(f"scale: {workload.owner} decides how many pods {key_of(workload)} has: scale that")
        self._check_pods(workload)
        with self._whole():
            scaled = attrs.evolve(workload, replicas=replicas, leaves_open=True)
            self._store.add(scaled)
            self._upkeep.resize(scaled)
            self._reconcile(scaled.namespace)

    def roll_out(
        self, name: str, template: Mapping[str, Any] | None, *, max_surge: int, max_unavailable: int
    ) -> Rollout:
        """Make the roll-out of a template, or of the one that there is."""
        kinds: tuple[type[Workload], ...] = (Deployment, StatefulSet, DaemonSet)
        workload = find(self._store, kinds, name)
        check_pace(max_surge, max_unavailable)
        self._check_pods(workload)
        new = _again(workload.template) if template is None else read_pod_template(template, workload)
        begun = False

        def take_step() -> RolloutStep | None:
            nonlocal begun
            with self._whole():
                found = find(self._store, [type(workload)], key_of(workload))
                if not begun:
                    found = attrs.evolve(found, template=new)
                    self._upkeep.replace_template(found)
                step = next_step(self._upkeep, found, max_surge=max_surge, max_unavailable=max_unavailable)
                self._reconcile(found.namespace)
            begun = True
            return step

        return Rollout(take_step)

    def set_ready(self, pod: str | Pod, *, ready: bool) -> None:
        """Let a pod pass its readiness probe, or fail it."""
        found = self._running(pod)
        self._check_effect(found.namespace, [found.labels])
        with self._whole():
            self._upkeep.replace(attrs.evolve(found, ready=ready))
            self._reconcile(found.namespace)

    def move(self, pod: str | Pod, to: str | None) -> None:
        """Give a pod another address."""
        found = self._running(pod)
        if found.spec.host_network:
            raise ManifestError(f"move: pod {key_of(found)} has hostNetwork, and so the addresses of its node")
        self._check_effect(found.namespace, [found.labels])
        ips = () if to is None else self._with_address(found, to)
        with self._whole():
            self._upkeep.move(found, ips)
            self._reconcile(found.namespace)

    # Putting in.

    def _apply(self, given: Sequence[Resource]) -> None:
        self._provide_namespaces(given)
        resources = [with_replicas(one, self._store.get(*place_of(one))) for one in given]
        before = [(self._put(resource), resource) for resource in resources]
        if any(isinstance(resource, Node) for resource in resources):
            self._meet_nodes()
        self._control_plane.settle_services(
            [service for one in resources if (service := self._store.service(one.namespace, one.name)) is not None]
        )
        for one in resources:
            pod = self._store.get("Pod", one.namespace, one.name) if isinstance(one, Pod) else None
            if isinstance(pod, Pod):
                self._upkeep.claim(pod if pod.phase else self._upkeep.run(pod))
        self._apply_workloads([(was, one) for was, one in before if isinstance(one, Workload)])
        self._reconcile(*(resource.namespace for resource in resources))

    def _put(self, resource: Resource) -> Resource | None:
        """Put an object in, with what the API server keeps of the one before it, which is returned."""
        previous = self._store.get(*place_of(resource))
        check_update(resource, previous)
        match resource:
            case ConfigMap() if (resource.namespace, resource.name) in NAMESERVER_CONFIG:
                if not isinstance(previous, ConfigMap) or previous.data != resource.data:
                    raise ManifestError(
                        f"ConfigMap {key_of(resource)} sets up the nameserver, which is done when the cluster is made",
                        file=resource.source,
                    )
            case Service():
                self._put_service(resource, previous)
            case Pod():
                kept = with_status(resource, previous)
                self._store.add(kept)
                self._control_plane.take(kept)
            case _:
                self._store.add(resource)
        if isinstance(previous, (Pod, Service)):
            self._upkeep.release(previous)
        return previous

    def _put_service(self, service: Service, previous: Resource | None) -> None:
        self._store.add(with_cluster_ips(service, previous))
        if isinstance(previous, Service) and previous.selects is not service.selects:
            if service.selects:
                self._control_plane.take_up(service)
            else:
                self._control_plane.leave(previous)

    def _provide_namespaces(self, resources: Sequence[Resource]) -> None:
        given = {resource.name for resource in resources if isinstance(resource, Namespace)}
        for resource in resources:
            name = resource.namespace
            if not name or name in given or self._store.has_namespace(name):
                continue
            if not self._any_namespace:
                told = missing(self._store, [Namespace], name)
                raise ManifestError(f"apply: {resource.kind} {resource.name} lies in {name}, but {told}")
            self._store.add(Namespace(name))

    def _apply_workloads(self, applied: Sequence[tuple[Resource | None, Workload]]) -> None:
        new = [workload for before, workload in applied if before is None]
        for pod in list(self._control_plane.make_pods(new)):
            self._upkeep.run(pod)
        for before, workload in applied:
            # What a ReplicaSet of a Deployment has is up to that.
            if before in (None, workload) or self._upkeep.owner_of(workload) is not None:
                continue
            if isinstance(before, Workload) and before.template != workload.template:
                self._upkeep.replace_template(workload)
                for pod in self._upkeep.pods_of(workload):
                    self._upkeep.drop(pod)
            self._upkeep.resize(workload)

    def _meet_nodes(self) -> None:
        """Bring pods that have no node onto those that there are now."""
        self._control_plane.look_at_nodes()
        for pod in list(self._upkeep.all(Pod)):
            if pod.phase in ("Pending", "Running") and not (pod.node and pod.ips):
                self._upkeep.run(pod)
        for workload in list(self._upkeep.all(DaemonSet)):
            self._upkeep.resize(workload)
        self._reconcile(everywhere=True)

    # Taking out.

    def _remove(self, found: Resource) -> list[Workload]:
        """Take an object out with what goes with it. Returns the workloads that make pods again."""
        match found:
            case Pod():
                self._upkeep.drop(found)
                return self._upkeep.workloads_of([found])
            case Workload():
                return self._remove_workload(found)
            case Service():
                self._remove_service(found)
            case Namespace():
                for kind in _NAMESPACED:
                    for item in [item for item in self._upkeep.all(kind) if item.namespace == found.name]:
                        if self._store.get(*place_of(item)) is not None:
                            self._remove(item)
                self._store.remove("Namespace", "", found.name)
            case Node():
                return self._remove_node(found)
            case _:
                self._store.remove(*place_of(found))
        return []

    def _remove_workload(self, workload: Workload) -> list[Workload]:
        pods = self._upkeep.pods_of(workload)
        above = self._upkeep.owner_of(workload)
        for item in (workload, *self._upkeep.replica_sets_of(workload)):
            self._store.remove(*place_of(item))
        for pod in pods:
            self._upkeep.drop(pod)
        return [] if above is None else [above]

    def _remove_service(self, service: Service) -> None:
        key = (service.namespace, service.name)
        self._control_plane.unmake(service)
        if self._store.get("Endpoints", *key) is not None:
            self._store.remove("Endpoints", *key)  # `pkg/controller/endpoint`: none stay without a Service
        for part in self._store.slices(*key):
            # Only the controller's go with the Service that owns them.
            if part.managed_by == ENDPOINT_CONTROLLER:
                self._store.remove("EndpointSlice", part.namespace, part.name)
        self._store.remove("Service", *key)
        self._upkeep.release(service)

    def _remove_node(self, node: Node) -> list[Workload]:
        self._store.remove("Node", "", node.name)
        self._control_plane.look_at_nodes()
        lost = [pod for pod in self._upkeep.all(Pod) if pod.node == node.name]
        for pod in lost:
            self._upkeep.drop(pod)
        return self._upkeep.workloads_of(lost)

    def _reconcile(self, *namespaces: str, everywhere: bool = False) -> None:
        touched = frozenset(namespaces)
        self._upkeep.reconcile(lambda service: everywhere or service.namespace in touched)

    # What would come to nothing.

    def _running(self, pod: str | Pod) -> Pod:
        found = find(self._store, [Pod], key_of(pod) if isinstance(pod, Pod) else pod)
        if not found.ips or found.finished:
            raise ManifestError(f"pod {key_of(found)} does not run: its phase is {found.phase}")
        return found

    def _with_address(self, pod: Pod, to: str) -> tuple[str, ...]:
        try:
            address = str(parse_address(to))
        except InvalidName:
            raise ManifestError(f"move: {told(to)} is no IP address") from None
        family = family_of(address)
        if family not in map(family_of, pod.ips):
            raise ManifestError(f"move: pod {key_of(pod)} has no {family} address, only {', '.join(pod.ips)}")
        holder = next((other for other in self._upkeep.all(Pod) if address in other.ips and not other.gone), pod)
        if key_of(holder) != key_of(pod):
            raise ManifestError(f"move: {address} is the address of pod {key_of(holder)}")
        return tuple(address if family_of(ip) == family else ip for ip in pod.ips)

    def _check_pods(self, workload: Workload) -> None:
        pods = self._upkeep.pods_of(workload)
        self._check_effect(workload.namespace, [workload.template.labels, *(pod.labels for pod in pods)])

    def _check_effect(self, namespace: str, labels: Iterable[Mapping[str, str]]) -> None:
        """Raise where every Service that selects such pods keeps the endpoints that a manifest states."""
        selecting = {
            key_of(service): service
            for each in labels
            for service in self._upkeep.all(Service)
            if service.namespace == namespace and service.selects and matches(service.selector, each)
        }
        stated = [self._control_plane.stated(service) for service in selecting.values()]
        if selecting and all(stated):
            kind, _, name = stated[0][0].partition("/")
            raise ManifestError(
                f"nothing would change in DNS: Service {next(iter(selecting))} has the endpoints that {kind} "
                f"{namespace}/{name} states; cluster.delete({kind!r}, '{namespace}/{name}') leaves them to its pods"
            )

    @contextmanager
    def _whole(self) -> Generator[None]:
        """Let no query see half of a change, and undo one that fails."""
        with self._hold():
            restore = self._upkeep.checkpoint()
            try:
                yield
            except BaseException:
                restore()
                raise


def _again(template: PodTemplate) -> PodTemplate:
    """Make the same template anew, as the annotation does that `kubectl rollout restart` writes."""
    return attrs.evolve(template, fingerprint=letters(f"{template.fingerprint} again", 10))
