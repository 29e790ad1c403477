"""What controllers go on doing as a cluster changes: workloads keep as many pods as they should have.

Source: `pkg/controller/` of Kubernetes: `controller_utils.go` (ActivePods), `replicaset/replica_set.go`,
`statefulset/stateful_set_control.go`, `daemon/daemon_controller.go`.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from typing import TypeVar

import attrs

from k8sresolve.errors import ManifestError
from k8sresolve.testing.controllers.adopting import ADOPTERS, adopts, fits, kept
from k8sresolve.testing.controllers.control_plane import ControlPlane, check_count
from k8sresolve.testing.controllers.workloads import make_pods, matches, owners_of, revision_of
from k8sresolve.testing.objects.addresses import family_of
from k8sresolve.testing.objects.kinds import DaemonSet, Job, Pod, ReplicaSet, Resource, Service, StatefulSet, Workload
from k8sresolve.testing.objects.store import Store

T = TypeVar("T", bound=Resource)


class Upkeep:
    """The workloads and pods of one cluster as they change. EndpointSlices are made anew by `reconcile` only."""

    def __init__(self, store: Store, control_plane: ControlPlane) -> None:
        self._store = store
        self._control_plane = control_plane
        self._lives: Counter[tuple[str, str]] = Counter()  # the pods of a name that have gone, or moved
        self._rolled: set[tuple[str, str, str]] = set()
        self._has_freed_ports = False

    def checkpoint(self) -> Callable[[], None]:
        """Return what puts the cluster back to what it is now."""
        restore_cluster = self._control_plane.checkpoint()
        lives, rolled = self._lives.copy(), self._rolled.copy()

        def restore() -> None:
            restore_cluster()
            self._lives, self._rolled = lives, rolled

        return restore

    def reconcile(self, services: Callable[[Service], bool]) -> None:
        """Make the EndpointSlices of these Services anew, once pods run that waited for a port of a node."""
        if self._has_freed_ports:
            self._has_freed_ports = False
            for pod in list(self.all(Pod)):
                if pod.spec.host_ports and pod.phase == "Pending" and not pod.ips:
                    self.run(pod)
        self._control_plane.reconcile(filter(services, self.all(Service)))

    # Finding.

    def all(self, kind: type[T]) -> Iterator[T]:
        """Walk over the objects of a kind."""
        return (item for item in self._store.all(kind.__name__) if isinstance(item, kind))

    def pods(self, namespace: str) -> Iterator[Pod]:
        """Walk over the pods of a namespace."""
        return (pod for pod in self.all(Pod) if pod.namespace == namespace)

    def pods_of(self, workload: Workload) -> list[Pod]:
        """Find the pods of a workload, in the order in which they came."""
        owners = {workload.title, *(f"ReplicaSet/{item.name}" for item in self.replica_sets_of(workload))}
        return [pod for pod in self.pods(workload.namespace) if not owners.isdisjoint(owners_of(pod))]

    def replica_sets_of(self, workload: Workload) -> list[ReplicaSet]:
        """Find the ReplicaSets of a Deployment."""
        mine = (workload.namespace, workload.title)
        return [item for item in self.all(ReplicaSet) if (item.namespace, item.owner) == mine]

    def workloads_of(self, pods: Iterable[Pod]) -> list[Workload]:
        """Find the workloads that are to keep up the number of such pods."""
        owners = {(pod.namespace, owner) for pod in pods for owner in owners_of(pod)}
        found: dict[tuple[str, str], Workload] = {}
        for namespace, owner in sorted(owners):
            workload = self._store.workload(namespace, owner)
            if workload is not None:
                top = self._store.workload(namespace, workload.owner) or workload
                found[namespace, top.title] = top
        return list(found.values())

    def owner_of(self, workload: Workload) -> Workload | None:
        """Find the workload that a workload belongs to."""
        return self._store.workload(workload.namespace, workload.owner)

    # Pods come and go.

    def run(self, pod: Pod) -> Pod:
        """Let a pod run that is new, or waits for a node."""
        running = self._control_plane.run(pod, self._lives[pod.namespace, pod.name])
        self._store.add(running)
        return running

    def replace(self, pod: Pod) -> None:
        """Put a pod in place of what it was."""
        self._store.add(pod)

    def drop(self, pod: Pod) -> None:
        """Take a pod out."""
        self._store.remove("Pod", pod.namespace, pod.name)
        self._lives[pod.namespace, pod.name] += 1
        self._has_freed_ports |= bool(pod.spec.host_ports)
        self.release(pod)

    def move(self, pod: Pod, ips: tuple[str, ...]) -> None:
        """Give a pod these addresses, or, if there are none, others than it has. Raises `ManifestError`."""
        if not ips:
            self._lives[pod.namespace, pod.name] += 1
            given = self._control_plane.addresses(pod, pod.node, self._lives[pod.namespace, pod.name])
            others = {family_of(ip): ip for ip in given}
            ips = tuple(others.get(family_of(ip), ip) for ip in pod.ips)
            if ips == pod.ips:
                known = ", ".join(ips)
                raise ManifestError(f"move: the cluster has no network for another address than {known}; say to=")
        moved = attrs.evolve(pod, ip=ips[0], ips=ips)
        self._store.add(moved)
        self.release(pod)
        self._control_plane.take(moved)

    def release(self, holder: Pod | Service) -> None:
        """Free the addresses that a pod or Service had, unless others state the same."""
        if isinstance(holder, Pod):
            shared = any(self._store.pods_with(ip) for ip in holder.ips)
        else:
            shared = any(self._store.services_with(ip) for ip in holder.cluster_ips)
        if not shared:
            self._control_plane.release(holder)

    # Workloads.

    def claim(self, pod: Pod) -> None:
        """Let a pod that was applied go from the workload that does not fit it any more, and to the one that does."""
        for workload in self.workloads_of([pod]):
            if workload.selector and not fits(workload.selector, pod):
                pod = attrs.evolve(pod, owner="")
                self.replace(pod)
                self.resize(workload)
        found = (workload for kind in ADOPTERS for workload in self.all(kind) if adopts(workload, pod))
        for workload in islice(found, 1):
            self.replace(attrs.evolve(pod, owner=workload.title))
            if kept(workload, [pod]):
                self.resize(workload)
            else:
                self.drop(pod)

    def replace_template(self, workload: Workload) -> None:
        """Put a workload in whose template is another than before. Its pods stay as they are for now."""
        self._store.add(workload)
        self._rolled.add(_key(workload))

    def resize(self, workload: Workload) -> None:
        """Make pods, and take pods out, until a workload has those that it should have. Raises `ManifestError`."""
        check_count(workload.replicas)
        for pod in self._surplus(workload):
            self.drop(pod)
        for pod in self.missing(workload):
            self.run(pod)

    def missing(self, workload: Workload) -> list[Pod]:
        """Make the pods that a workload lacks; they do not run yet."""
        there = [pod for pod in self.pods_of(workload) if not pod.finished]
        live = [pod for pod in there if not pod.gone]
        workload = self._as_it_runs(workload, live)
        if self._slots(workload) is None:
            return self.more(workload, workload.replicas - len(live))
        # Where a pod has a place of its own, the next one waits until it has gone.
        filled = {_slot(pod) for pod in there}
        made = make_pods(workload, self._control_plane.nodes, self._used(workload.namespace))
        return [pod for pod in made if _slot(pod) not in filled]

    def more(self, workload: Workload, count: int) -> list[Pod]:
        """Make so many more pods of a workload whose pods have no places of their own; they do not run yet."""
        used = self._used(workload.namespace)
        return make_pods(attrs.evolve(workload, replicas=max(count, 0)), self._control_plane.nodes, used)

    def _surplus(self, workload: Workload) -> list[Pod]:
        live = [pod for pod in self.pods_of(workload) if not pod.gone]
        slots = self._slots(workload)
        if slots is None:
            # Those that are not ready go first, then those that came last.
            return sorted(live, key=lambda pod: not pod.ready)[workload.replicas :]
        return [pod for pod in live if _slot(pod) not in slots]

    def _as_it_runs(self, workload: Workload, live: Iterable[Pod]) -> Workload:
        """Go on with the revision that stated pods have, unless somebody changed the template since."""
        revisions = [revision for pod in live if (revision := revision_of(pod))]
        if not revisions or workload.template.fingerprint in revisions or _key(workload) in self._rolled:
            return workload
        return attrs.evolve(workload, template=attrs.evolve(workload.template, fingerprint=revisions[-1]))

    def _used(self, namespace: str) -> set[str]:
        had = {name for of, name in self._lives if of == namespace}
        return had.union(pod.name for pod in self.pods(namespace))

    def _slots(self, workload: Workload) -> Collection[str] | None:
        """Name the places that a workload's pods have, if each has one of its own."""
        match workload:
            case StatefulSet():
                return {f"{workload.name}-{workload.first + index}" for index in range(workload.replicas)}
            case DaemonSet() if self._control_plane.nodes:
                selector = workload.template.spec.node_selector
                return {node.name for node in self._control_plane.nodes if matches(selector, node.labels)}
            case DaemonSet():
                return {""}
            case Job() if workload.indexed:
                return {f"{workload.name}-{index}" for index in range(workload.replicas)}
            case _:
                return None


def _slot(pod: Pod) -> str:
    kind = pod.owner.partition("/")[0]
    return pod.node if kind == "DaemonSet" else pod.hostname if kind == "Job" else pod.name


def _key(workload: Workload) -> tuple[str, str, str]:
    return workload.kind, workload.namespace, workload.name
