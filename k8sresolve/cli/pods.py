"""`--pod`: the pod of the manifests in whose place a name is looked up, and its resolv.conf."""

from typing import TYPE_CHECKING, Any

import attrs

from k8sresolve.cli.screen import Screen
from k8sresolve.errors import ManifestError

if TYPE_CHECKING:
    from k8sresolve.testing import Cluster
    from k8sresolve.testing.objects.kinds import Pod

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


def find_pod(cluster: "Cluster", given: str, namespace: str) -> "Pod":
    """Find a pod by `NAME`, `NAMESPACE/NAME`, `KIND/NAME` or `NAMESPACE/KIND/NAME`: of a workload, its first.

    Raises `ManifestError` where there is none.
    """
    *before, name = given.split("/")
    kind = _BY_WORD.get(before[-1].lower(), "") if before else ""
    space = before[0] if before and (not kind or len(before) > 1) else namespace
    if len(before) > 2 or (len(before) > 1 and not kind) or not name or not space:
        raise ManifestError(f"--pod {given} names no pod: give NAME, NAMESPACE/NAME or KIND/NAME, such as deploy/web")
    from k8sresolve.testing.controllers.finding import find
    from k8sresolve.testing.objects.kinds import WORKLOADS, Pod, Workload

    every: tuple[type[Pod | Workload], ...] = (Pod, *WORKLOADS)
    kinds = [each for each in every if kind in ("", each.__name__)]
    found = find(cluster.store, kinds, f"{space}/{name}")
    if isinstance(found, Pod):
        return found
    pods = cluster.pods(f"{space}/{name}")
    if not pods:
        raise ManifestError(f"{found.kind} {space}/{name} has no pods")
    return pods[0]


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

    def told(self, on: Screen) -> list[str]:
        """Write the file, below whose it is."""
        where = f"{self.file}:{self.line}" if self.line else ""
        facts = (f"dnsPolicy {self.dns_policy}", "hostNetwork" if self.host_network else "", where)
        head = f"/etc/resolv.conf of pod {self.pod} ({', '.join(filter(None, facts))}):"
        lines = [line.partition(" ") for line in self.resolv_conf.splitlines()]
        return [
            on.wrapped(head),
            *(on.wrapped(rest, indent=len(word) + 3, first=f"  {word}") for word, _, rest in lines),
        ]


def view_of(cluster: "Cluster", given: str, namespace: str) -> PodView:
    """Take a pod's view. Raises `ManifestError` where there is no such pod, `ConfigError` where it would not start."""
    from k8sresolve.testing.checks.origins import origin_of
    from k8sresolve.testing.controllers.kubelet import NODE_RESOLV_CONF

    pod = find_pod(cluster, given, namespace)
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
