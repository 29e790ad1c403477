"""What the API server keeps of an object when another manifest of it is applied."""

import attrs

from k8sresolve.testing.objects.addresses import family_of
from k8sresolve.testing.objects.kinds import Pod, Resource, Service


def with_cluster_ips(service: Service, previous: Resource | None) -> Service:
    """Keep the ClusterIPs that a Service has, if it states none (`patchAllocatedValues`, pkg/registry/core/service)."""
    outside = "ExternalName" in (service.type, previous.type if isinstance(previous, Service) else "")
    if not isinstance(previous, Service) or service.cluster_ips or previous.headless or outside:
        return service
    kept = previous.cluster_ips
    if service.families:
        kept = tuple(ip for ip, family in zip(kept, service.families, strict=False) if family_of(ip) == family)
    return attrs.evolve(service, cluster_ips=kept)


def with_status(pod: Pod, previous: Resource | None) -> Pod:
    """Keep the status of a pod, which is the kubelet's to write, if its manifest states none."""
    if pod.phase or not isinstance(previous, Pod):
        return pod
    ready = previous.ready if pod.ready is None else pod.ready
    ips = (previous.ip, previous.ips) if not pod.ips else (pod.ip, pod.ips)
    return attrs.evolve(pod, phase=previous.phase, ready=ready, ip=ips[0], ips=ips[1], node=pod.node or previous.node)
