"""What workload controllers make of a template: pods with names, labels and hostnames, not yet on a node.

Where Kubernetes takes random letters, these depend on what they stand for, so that each run gives the same names.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import count as count_from

import attrs

from k8sresolve.testing.objects.kinds import DaemonSet, Deployment, Job, Node, Pod, Selector, StatefulSet, Workload
from k8sresolve.testing.objects.labels import MOST_LABEL
from k8sresolve.testing.objects.letters import letters

# k8s.io/apiserver/pkg/storage/names: 63 characters with the five that are added.
_MAX_BASE = 58


def matches(selector: Selector, labels: Mapping[str, str]) -> bool:
    """Whether all labels of the selector are among the labels."""
    return all(labels.get(key) == value for key, value in selector)


def owners_of(pod: Pod) -> tuple[str, str]:
    """Tell a pod's controller, as `KIND/NAME`, and the Deployment behind it if that is a Deployment's ReplicaSet."""
    # Where the ReplicaSet is not among the manifests, its name tells which Deployment it is of.
    suffix = f"-{pod.labels.get('pod-template-hash')}"
    return pod.owner, f"Deployment/{pod.owner.removeprefix('ReplicaSet/').removesuffix(suffix)}"


def revision_of(pod: Pod) -> str:
    """Tell by its labels which template a pod is made from; empty if none of them says."""
    labels = pod.labels
    prefix = f"{pod.owner.partition('/')[2]}-" if pod.owner.startswith("StatefulSet/") else ""
    return labels.get("pod-template-hash") or labels.get("controller-revision-hash", "").removeprefix(prefix)


def make_pods(workload: Workload, nodes: Sequence[Node], used: Container[str] = ()) -> list[Pod]:
    """Make a workload's pods, in the order of their ordinals. `nodes` are the cluster's, if it says which it has.

    No pod gets one of the `used` names, unless its name is its ordinal's.

    Source: `pkg/controller/` of Kubernetes: `deployment/sync.go`, `statefulset/stateful_set_utils.go`,
    `daemon/daemon_controller.go`, `job/indexed_job_utils.go`.
    """
    match workload:
        case StatefulSet():
            return _stateful_pods(workload)
        case DaemonSet():
            return _daemon_pods(workload, nodes, used)
        case Job():
            return _job_pods(workload, used)
        case Deployment():
            suffix = workload.template.fingerprint
            replica_set = f"{workload.name}-{suffix}"
            return _replicas(workload, replica_set, f"ReplicaSet/{replica_set}", {"pod-template-hash": suffix}, used)
        case _:
            return _replicas(workload, workload.name, workload.title, {}, used)


def _pod(workload: Workload, name: str, owner: str, labels: Mapping[str, str]) -> Pod:
    return Pod(workload.namespace, name, labels=labels, owner=owner, spec=workload.template.spec)


def _names(workload: Workload, base: str, count: int, used: Container[str]) -> Iterator[str]:
    given: set[str] = set()
    for number in count_from():
        if len(given) == count:
            return
        attempt = 0
        while (suffix := letters(f"{workload.namespace}/{base}/{number}/{attempt}", 5)) in given:
            attempt += 1  # the API server refuses the name, and the controller tries again
        name = f"{base}-"[:_MAX_BASE] + suffix
        if name not in used:
            given.add(suffix)
            yield name


def _replicas(workload: Workload, base: str, owner: str, added: Mapping[str, str], used: Container[str]) -> list[Pod]:
    labels = {**workload.template.labels, **added}
    return [_pod(workload, name, owner, labels) for name in _names(workload, base, workload.replicas, used)]


def _stateful_pods(workload: StatefulSet) -> list[Pod]:
    pods: list[Pod] = []
    for ordinal in range(workload.first, workload.first + workload.replicas):
        name = f"{workload.name}-{ordinal}"
        if len(name) > MOST_LABEL:
            break  # the API server refuses the pod, and the controller waits for it before it makes the next
        labels = {
            **workload.template.labels,
            "statefulset.kubernetes.io/pod-name": name,
            "apps.kubernetes.io/pod-index": str(ordinal),
            "controller-revision-hash": f"{workload.name}-{workload.template.fingerprint}",
        }
        pods.append(attrs.evolve(_pod(workload, name, workload.title, labels), own_hostname=name))
    return pods


def _daemon_pods(workload: DaemonSet, nodes: Sequence[Node], used: Container[str]) -> list[Pod]:
    labels = {
        **workload.template.labels,
        "controller-revision-hash": workload.template.fingerprint,
        "pod-template-generation": "1",
    }
    owner = workload.title
    if not nodes:
        return [_pod(workload, name, owner, labels) for name in _names(workload, workload.name, 1, used)]
    fit = [node for node in nodes if matches(workload.template.spec.node_selector, node.labels)]
    return [
        attrs.evolve(_pod(workload, name, owner, labels), node=node.name)
        for name, node in zip(_names(workload, workload.name, len(fit), used), fit, strict=True)
    ]


def _job_pods(workload: Job, used: Container[str]) -> list[Pod]:
    owner = workload.title
    uid = letters(f"{workload.namespace}/{workload.name}", 8)
    labels = {
        **workload.template.labels,
        "batch.kubernetes.io/job-name": workload.name,
        "job-name": workload.name,
        "batch.kubernetes.io/controller-uid": uid,
        "controller-uid": uid,
    }
    if not workload.indexed:
        names = _names(workload, workload.name, workload.replicas, used)
        return [_pod(workload, name, owner, labels) for name in names]
    pods: list[Pod] = []
    for index in range(workload.replicas):
        hostname = f"{workload.name}-{index}"
        [name] = _names(workload, hostname, 1, used)
        of_index = {**labels, "batch.kubernetes.io/job-completion-index": str(index)}
        pods.append(attrs.evolve(_pod(workload, name, owner, of_index), own_hostname=hostname))
    return pods
