"""A Service by itself: its namespace, its ClusterIPs, or the name for which it stands."""

from collections.abc import Iterator

from k8sresolve.findings import Finding
from k8sresolve.testing.checks.subjects import AllObjects, ServiceSubject
from k8sresolve.testing.checks.telling import listed, slip_for
from k8sresolve.testing.controllers.built_ins import API_SERVER
from k8sresolve.testing.coredns.addresses import pack_address
from k8sresolve.testing.objects.kinds import HEADLESS

NXDOMAIN = "DNS answers NXDOMAIN"


def check_namespace(subject: ServiceSubject, around: AllObjects) -> Iterator[Finding]:
    """Whether its namespace is there, where manifests state any."""
    namespace = subject.service.namespace
    if around.store.has_namespace(namespace):
        return
    told = f"the namespace {namespace} is not among the manifests, though others are: without it {NXDOMAIN}"
    near = slip_for(namespace, [other.name for other in around.store.all("Namespace")])
    if near:
        yield subject.finding(
            "namespace-missing",
            "warning",
            "metadata.namespace",
            f"{told}; {near} is",
            f"write {near}, if that is meant",
        )
    else:
        yield subject.finding(
            "namespace-missing", "remark", "metadata.namespace", told, "nothing, if it is there already"
        )


def check_cluster_ips(subject: ServiceSubject, around: AllObjects) -> Iterator[Finding]:
    """Whether its ClusterIPs are its own."""
    own = subject.service
    for ip in own.cluster_ips:
        first = next(iter(around.store.services_with(ip)), own)
        if first is not own and ip != HEADLESS:
            told = f"{ip} is the ClusterIP of Service {first.namespace}/{first.name} too"
            yield subject.finding(
                "cluster-ip-taken",
                "error",
                "spec.clusterIP",
                f"{told}, and the API server refuses the later one",
                "leave it out, so that each gets one of its own",
            )
        is_own = (own.namespace, own.name) == API_SERVER
        if around.networks.are_stated and ip == around.networks.api_server and not is_own:
            told = f"{ip} is the ClusterIP of the API server, Service {'/'.join(API_SERVER)}"
            yield subject.finding(
                "cluster-ip-taken", "error", "spec.clusterIP", told, "leave it out, and the cluster gives another"
            )
        if around.networks.are_stated and ip != HEADLESS and not around.networks.may_be_cluster_ip(ip):
            told = f"{ip} is no host's address of {listed(around.networks.services)}, and the API server refuses it"
            yield subject.finding(
                "cluster-ip-range", "error", "spec.clusterIP", told, "leave it out, and the cluster gives one"
            )


def check_node_ports(subject: ServiceSubject, around: AllObjects) -> Iterator[Finding]:
    """Whether its nodePorts are its own: a number is given once, whatever the protocol.

    Source: `updateNodePorts`, `pkg/registry/core/service/storage/alloc.go` of Kubernetes.
    """
    own = subject.service
    for position, port in enumerate(own.ports):
        first = around.node_ports.get(port.node_port, own)
        if first is not own:
            told = f"{port.node_port} is a nodePort of Service {first.namespace}/{first.name} too"
            yield subject.finding(
                "node-port-taken",
                "error",
                f"spec.ports[{position}].nodePort",
                f"{told}, and the API server refuses the later one",
                "leave it out, and the cluster gives one",
            )


def check_families(subject: ServiceSubject, around: AllObjects) -> Iterator[Finding]:
    """Whether the cluster has the families that it asks for, where a test says which there are."""
    own, there = subject.service, around.networks.families
    if not around.networks.are_stated or own.has_any_families:
        return
    if own.policy == "RequireDualStack" and len(there) == 1:
        told = f"the cluster has {there[0]} alone, and the API server refuses to require two families"
        yield subject.finding(
            "family-missing", "error", "spec.ipFamilyPolicy", told, "write PreferDualStack, or leave it out"
        )
    for position, family in enumerate(own.families):
        if family not in there:
            told = f"the cluster has no {family}, and the API server refuses it"
            yield subject.finding(
                "family-missing", "error", f"spec.ipFamilies[{position}]", told, f"write {there[0]}, or leave it out"
            )


def check_alias(subject: ServiceSubject, around: AllObjects) -> Iterator[Finding]:
    """Whether an ExternalName Service can lead somewhere, and states nothing that has no effect."""
    service = subject.service
    # The API server refuses an IPv6 address, and takes one of IPv4 for labels of digits.
    if ":" not in service.external_name and pack_address(service.external_name) is not None:
        yield subject.finding(
            "alias-to-address",
            "error",
            "spec.externalName",
            f"{service.external_name} is an IP address, to which no CNAME can lead: {NXDOMAIN}",
            "make a headless Service without a selector (clusterIP: None), and an EndpointSlice with the address",
        )
    else:
        yield from _target(subject, around)
    if service.ports:
        told = "an ExternalName Service is an alias and no more: DNS has no SRV records for its ports"
        yield subject.finding(
            "alias-ports", "remark", "spec.ports", told, "leave them out, and let clients know the port"
        )
    if service.selector:
        told = "an ExternalName Service is an alias and no more: its selector does nothing"
        yield subject.finding(
            "alias-selector", "remark", "spec.selector", told, "leave it out, or leave out type: ExternalName"
        )


def _target(subject: ServiceSubject, around: AllObjects) -> Iterator[Finding]:
    """Whether an alias of a Service is written in full, as it must be, and the Service is there."""
    labels = subject.service.external_name.lower().rstrip(".").split(".")
    if len(labels) not in (2, 3) or labels[2:] not in ([], ["svc"]):
        return
    service, namespace = labels[:2]
    if len(labels) == 3 or around.store.service(namespace, service) is not None:
        told = f"is no full name, and nobody puts a search domain behind what an alias leads to: {NXDOMAIN}"
        full = f"{service}.{namespace}.svc.{around.cluster_domain}"
        yield subject.finding("alias-short-name", "warning", "spec.externalName", told, f"write {full}")
