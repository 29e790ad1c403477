"""`--pod`: the pod of the manifests in whose place a name is looked up."""

from typing import TYPE_CHECKING

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
    """Find a pod by `POD`, `NAMESPACE/POD`, `KIND/NAME` or `NAMESPACE/KIND/NAME`: of a workload, its first.

    Raises `ManifestError` where there is none.
    """
    *before, name = given.split("/")
    kind = _BY_WORD.get(before[-1].lower(), "") if before else ""
    space = before[0] if before and (not kind or len(before) > 1) else namespace
    if len(before) > 2 or (len(before) > 1 and not kind) or not name or not space:
        raise ManifestError(f"--pod {given} names no pod: give POD, NAMESPACE/POD or KIND/NAME, such as deploy/web")
    from k8sresolve.testing.controllers.finding import find
    from k8sresolve.testing.objects.kinds import WORKLOADS, Pod

    if kind in ("", "Pod"):
        return find(cluster.store, [Pod], f"{space}/{name}")
    workload = find(cluster.store, [each for each in WORKLOADS if each.__name__ == kind], f"{space}/{name}")
    pods = cluster.pods(f"{space}/{name}")
    if not pods:
        raise ManifestError(f"{workload.kind} {space}/{name} has no pods")
    return pods[0]
