"""What `k8sresolve explain` tells of manifests: what an answer comes from, and what a pod's resolv.conf is."""

from collections.abc import Sequence
from typing import Any

import attrs

from k8sresolve.errors import ManifestError, ResolveError
from k8sresolve.explanations import Explanation
from k8sresolve.resolver import Resolver
from k8sresolve.testing.checks.names.behind import Behind, behind_found, behind_missing
from k8sresolve.testing.checks.names.world import World
from k8sresolve.testing.checks.origins import origin_of
from k8sresolve.testing.cluster import Cluster
from k8sresolve.testing.controllers.finding import find
from k8sresolve.testing.controllers.kubelet import NODE_RESOLV_CONF
from k8sresolve.testing.objects.kinds import WORKLOADS, Pod, Workload

__all__ = ["Behind", "PodView", "behind", "pod_view"]

# kubectl's words: `kubectl api-resources`.
_KINDS = {
    "Pod": ("po", "pod", "pods"),
    "Deployment": ("deploy", "deployment", "deployments"),
    "StatefulSet": ("sts", "statefulset", "statefulsets"),
    "DaemonSet": ("ds", "daemonset", "daemonsets"),
    "ReplicaSet": ("rs", "replicaset", "replicasets"),
    "ReplicationController": ("rc", "replicationcontroller", "replicationcontrollers"),
    "Job": ("job", "jobs"),
}
_BY_WORD = {word: kind for kind, words in _KINDS.items() for word in words}


def behind(cluster: Cluster, resolver: Resolver, told: Explanation, namespace: str) -> Sequence[Behind]:
    """Tell what the manifests say of an answer that a program in a namespace got by a resolver, or of there being none.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> with cluster.resolver(namespace="shop") as resolver:
    ...     [said] = behind(cluster, resolver, resolver.explain("payments"), "shop")
    >>> said.text, said.line
    ('Service shop/payments has this address', 53)
    """
    domain = cluster.config().cluster_domain or ""
    if told.outcome == "found":
        found = [candidate.name for candidate in told.candidates if candidate.outcome == "found"]
        if not found:
            return ()
        return behind_found(
            cluster.store,
            domain,
            found[-1],
            told.addresses,
            lambda name: _aliases(resolver, name),
            is_made_up=cluster.is_made_up,
        )
    outcomes = {candidate.name: candidate.outcome for candidate in told.candidates if candidate.questions}
    world = World(cluster.store, domain, lambda _pod, _host: None)
    return behind_missing(world, told.name, namespace, outcomes, told.outcome)


def _aliases(resolver: Resolver, name: str) -> Sequence[str]:
    try:
        return resolver.lookup(name, "CNAME").records
    except ResolveError:
        return ()


@attrs.frozen
class PodView:
    """A pod's own view of DNS: its resolv.conf, and where it comes from. `notes` are the kubelet's warnings."""

    namespace: str
    pod: str
    dns_policy: str
    host_network: bool
    resolv_conf: str
    file: str = ""
    line: int | None = None
    notes: tuple[str, ...] = ()

    def fields(self) -> dict[str, Any]:
        """What JSON has of it."""
        told = attrs.asdict(self)
        return {name: told[name] for name in ("pod", "dns_policy", "host_network", "resolv_conf", "file", "line")}


def pod_view(cluster: Cluster, given: str, namespace: str) -> PodView:
    """Take a pod's view. Raises `ManifestError` where there is no such pod, `ConfigError` where it would not start."""
    pod = _find_pod(cluster, given, namespace)
    name = f"{pod.namespace}/{pod.name}"
    text = cluster.resolv_conf(name)
    written = (cluster.store.workload(pod.namespace, "/".join(origin_of(pod))) or pod).written
    notes = [str(event) for event in text.events]
    if pod.spec.host_network and pod.spec.dns_policy == "ClusterFirst":
        notes.append("with hostNetwork a pod has its node's resolv.conf, unless dnsPolicy is ClusterFirstWithHostNet")
    if NODE_RESOLV_CONF.split()[1] in text.split():
        notes.append(
            f"what the node's own resolv.conf has is not known: {NODE_RESOLV_CONF.split()[1]} stands for its nameserver"
        )
    return PodView(
        namespace=pod.namespace,
        pod=name,
        dns_policy=pod.spec.dns_policy,
        host_network=pod.spec.host_network,
        resolv_conf=str(text),
        file=written.file,
        line=written.line("metadata.name"),
        notes=tuple(notes),
    )


def _find_pod(cluster: Cluster, given: str, namespace: str) -> Pod:
    """Find a pod by `NAME`, `NAMESPACE/NAME`, `KIND/NAME` or `NAMESPACE/KIND/NAME`: of a workload, its first.

    Raises `ManifestError` where there is none.
    """
    *before, name = given.split("/")
    kind = _BY_WORD.get(before[-1].lower(), "") if before else ""
    space = before[0] if before and (not kind or len(before) > 1) else namespace
    if len(before) > 2 or (len(before) > 1 and not kind) or not name or not space:
        raise ManifestError(f"--pod {given} names no pod: give NAME, NAMESPACE/NAME or KIND/NAME, such as deploy/web")
    every: tuple[type[Pod | Workload], ...] = (Pod, *WORKLOADS)
    kinds = [each for each in every if kind in ("", each.__name__)]
    found = find(cluster.store, kinds, f"{space}/{name}")
    if isinstance(found, Pod):
        return found
    pods = cluster.pods(f"{space}/{name}")
    if not pods:
        raise ManifestError(f"{found.kind} {space}/{name} has no pods")
    return pods[0]
