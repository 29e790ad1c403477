"""What the API server keeps of an object when another manifest of it is applied."""

import attrs

from k8sresolve.testing.objects.addresses import family_of
from k8sresolve.testing.objects.kinds import Pod, Resource, Service, Workload


def with_cluster_ips(service: Service, previous: Resource | None) -> Service:
    """Keep the ClusterIPs that a Service has, if it states none (`patchAllocatedValues`, pkg/registry/core/service)."""
    if not isinstance(previous, Service) or "ExternalName" in (service.type, previous.type):
        return service
    kept = previous.cluster_ips
    if previous.headless:
        families = service.families or previous.families
        policy = service.policy if service.selects else previous.policy
        return attrs.evolve(service, cluster_ips=kept, families=families, policy=policy)
    if service.cluster_ips:
        return service
    if service.families:
        kept = tuple(ip for ip, family in zip(kept, service.families, strict=False) if family_of(ip) == family)
    return attrs.evolve(service, cluster_ips=kept)


def with_replicas(resource: Resource, previous: Resource | None) -> Resource:
    """Keep a workload's number of pods that neither this manifest nor the one before states, or that was scaled since.

    Source: "Transferring ownership", kubernetes.io/docs/reference/using-api/server-side-apply/.
    """
    if not isinstance(resource, Workload) or not isinstance(previous, Workload):
        return resource
    stays = resource.leaves_open and previous.leaves_open
    return attrs.evolve(resource, replicas=previous.replicas) if stays else resource


def with_status(pod: Pod, previous: Resource | None) -> Pod:
    """Keep of a pod what its manifest leaves open: its status, which is the kubelet's to write, its node and owner.

    Of its spec nothing changes (see `check_update`), but gates may go, and until then its node may be chosen.
    """
    if not isinstance(previous, Pod):
        return pod
    spec = attrs.evolve(previous.spec, gated=pod.spec.gated)
    if previous.spec.gated:
        spec = attrs.evolve(spec, node_selector=pod.spec.node_selector or spec.node_selector)
    pod = attrs.evolve(
        pod,
        node=pod.node or previous.node,
        owner=pod.owner or previous.owner,
        own_hostname=previous.own_hostname,
        spec=spec,
    )
    if pod.phase:
        return pod
    # One that waits, waits for what may have come now.
    phase = previous.phase if previous.ips else ""
    ready = previous.ready if pod.ready is None else pod.ready
    ips = (previous.ip, previous.ips) if not pod.ips else (pod.ip, pod.ips)
    return attrs.evolve(pod, phase=phase, ready=ready, ip=ips[0], ips=ips[1])
