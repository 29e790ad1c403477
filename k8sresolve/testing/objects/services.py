"""Reading Services, what lies behind them, and Services of other clusters, cut down to what DNS depends on."""

from collections.abc import Sequence
from sys import intern
from typing import TypeVar, cast, get_args

import attrs

from k8sresolve._escaping import told
from k8sresolve.testing.objects.addresses import FAMILIES, canonical, is_address
from k8sresolve.testing.objects.fields import (
    LEAST_INT32,
    MOST_INT32,
    FieldPath,
    Meta,
    Object,
    Wrong,
    mappings,
    not_a_mapping,
    read_labels,
    read_meta,
    read_owner,
    read_port,
    take,
    take_name,
    take_text,
    texts,
)
from k8sresolve.testing.objects.kinds import (
    HEADLESS,
    NO_PORT,
    EndpointAddress,
    Endpoints,
    EndpointSlice,
    IPFamilyPolicy,
    PortEntry,
    Service,
    ServiceImport,
    ServiceType,
)

L = TypeVar("L", bound=str)

_MOST_MIRRORED = 1000  # kube-controller-manager, --mirroring-max-endpoints-per-subset

_SERVICE_NAME_LABEL = "kubernetes.io/service-name"
_IMPORTED_NAME_LABEL = "multicluster.kubernetes.io/service-name"
_CLUSTER_LABEL = "multicluster.kubernetes.io/source-cluster"
_MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
_ENDPOINTS_BY_LABEL = "endpoints.kubernetes.io/managed-by"
_SKIP_MIRROR_LABEL = "endpointslice.kubernetes.io/skip-mirror"
_LEADER_ANNOTATION = "control-plane.alpha.kubernetes.io/leader"


def _service_ports(obj: Object, path: FieldPath) -> tuple[PortEntry, ...]:
    return tuple(_service_port(entry, at) for entry, at in mappings(obj, "ports", path))


def _service_port(entry: Object, path: FieldPath) -> PortEntry:
    port = read_port(entry, path, least=1)
    if port.number == NO_PORT:
        raise Wrong("no port; state one, or take the '-' away if this goes on the item before", (*path, "port"))
    node_port = entry.get("nodePort")
    port = port._replace(node_port=node_port if type(node_port) is int else 0)
    target = entry.get("targetPort")
    if not target:
        return port
    if type(target) is not str and (type(target) is not int or not 1 <= target <= 65535):
        raise Wrong(f"{told(target)} is neither a port nor the name of one", (*path, "targetPort"))
    return port._replace(target=target)


def read_service(obj: Object, path: FieldPath) -> Service:
    """Read a Service."""
    meta, spec, at = read_meta(obj, path), take(obj, "spec", dict, {}, path), (*path, "spec")
    meta.check_name()
    families = dict.fromkeys(texts(spec, "ipFamilies", at))
    service = Service(
        namespace=meta.namespace,
        name=meta.name,
        type=_known(take(spec, "type", str, "", at), get_args(ServiceType)),
        cluster_ips=_cluster_ips(spec, at),
        external_name=take_name(spec, "externalName", at),
        ports=_service_ports(spec, at),
        families=tuple(known for family in families for known in FAMILIES if known == family),
        policy=_policy(spec, at),
        selector=read_labels(spec, "selector", at),
        publish_not_ready=take(spec, "publishNotReadyAddresses", bool, default=False, path=at),
        terminating=meta.deleted,
        external_ips=(*texts(spec, "externalIPs", at), *_ingress(obj, path)),
        labels=meta.labels,
        owner=read_owner(obj, path),
    )
    is_free = service.headless and not service.selects and not spec.get("ipFamilyPolicy")
    return attrs.evolve(service, policy="RequireDualStack") if is_free else service


def _policy(spec: Object, path: FieldPath) -> IPFamilyPolicy:
    policy: IPFamilyPolicy = _known(take(spec, "ipFamilyPolicy", str, "", path), get_args(IPFamilyPolicy))
    # Where families and addresses are stated, an API server has done its part.
    has_settled = spec.get("ipFamilies") and spec.get("clusterIPs", [HEADLESS]) != [HEADLESS]
    return "SingleStack" if has_settled else policy


def _known(text: str, allowed: tuple[L, ...]) -> L:
    """Take one of a few texts, or else the first: what the API server does for one that is absent."""
    return next((one for one in allowed if one == text), allowed[0])


def _cluster_ips(spec: Object, path: FieldPath) -> tuple[str, ...]:
    ip, ips = take(spec, "clusterIP", str, "", path), texts(spec, "clusterIPs", path)
    stated = [(one, (*path, "clusterIPs", index)) for index, one in enumerate(ips)] or [(ip, (*path, "clusterIP"))]
    for text, at in stated:
        if text not in ("", HEADLESS) and not is_address(text):
            capital = f"; write {HEADLESS}, if it is headless" if text.lower() == HEADLESS.lower() else ""
            raise Wrong(f"{told(text)} is neither an IP address nor {HEADLESS}{capital}", at)
    return tuple(text for text, _ in stated if text)


def _ingress(obj: Object, path: FieldPath) -> tuple[str, ...]:
    """Read where a load balancer is reached: by address, or else by name."""
    status, at = take(obj, "status", dict, {}, path), (*path, "status")
    balancer, at = take(status, "loadBalancer", dict, {}, at), (*at, "loadBalancer")
    found = mappings(balancer, "ingress", at)
    return tuple(take(one, "ip", str, "", where) or take_name(one, "hostname", where) for one, where in found)


def read_endpoint_slice(obj: Object, path: FieldPath) -> EndpointSlice:
    """Read an EndpointSlice, the addresses that are ready."""
    meta, address_type = read_meta(obj, path), take(obj, "addressType", str, "", path)
    addresses = _endpoints(obj, path, of_hosts=address_type == "FQDN")
    imported = meta.label(_IMPORTED_NAME_LABEL) if _IMPORTED_NAME_LABEL in meta.labels else None
    return EndpointSlice(
        namespace=meta.namespace,
        name=meta.name,
        service=meta.label(_SERVICE_NAME_LABEL),
        addresses=addresses,
        ports=tuple(_slice_port(entry, at) for entry, at in mappings(obj, "ports", path)),
        imported=imported,
        cluster_id=meta.label(_CLUSTER_LABEL),
        managed_by=meta.label(_MANAGED_BY_LABEL),
        address_type=address_type,
        labels=meta.labels,
        is_waiting=not addresses and any(entry.get("addresses") for entry, _ in mappings(obj, "endpoints", path)),
    )


def _slice_port(entry: Object, path: FieldPath) -> PortEntry:
    """Read a port of which nobody checks the number: DNS has its last 16 bits."""
    port = read_port(entry, path, least=LEAST_INT32, most=MOST_INT32)
    return port if port.number == NO_PORT else port._replace(number=port.number & 0xFFFF)


def _endpoints(obj: Object, path: FieldPath, *, of_hosts: bool) -> tuple[EndpointAddress, ...]:
    found: list[EndpointAddress] = []
    for index, entry in enumerate(take(obj, "endpoints", list, [], path)):
        try:
            if type(entry) is not dict:
                raise not_a_mapping(entry, ())
            found += _endpoint(cast(Object, entry), of_hosts=of_hosts)
        except Wrong as wrong:
            raise wrong.below((*path, "endpoints", index)) from None
    return tuple(found)


def _endpoint(entry: Object, *, of_hosts: bool) -> Sequence[EndpointAddress]:
    """Read an endpoint. Ready is what is not said to be otherwise (EndpointConditions, discovery.k8s.io/v1).

    Its fields are named from here on, since a cluster has a hundred thousand and few of them are wrong.
    """
    conditions = take(entry, "conditions", dict, {}, ())
    if not take(conditions, "ready", bool, True, ("conditions",)):
        return ()
    hostname = take_name(entry, "hostname", ()) if "hostname" in entry else ""
    pod = _target_name(entry, ()) if "targetRef" in entry else ""
    zone = intern(take_name(entry, "zone", ())) if entry.get("zone") is not None else None
    addresses = texts(entry, "addresses", ())
    if not of_hosts:
        for index, address in enumerate(addresses):
            if not is_address(address):
                raise Wrong(_no_address(address), ("addresses", index))
    return [EndpointAddress(address, hostname, pod, zone) for address in addresses]


def _target_name(entry: Object, path: FieldPath) -> str:
    target = take(entry, "targetRef", dict, {}, path)
    return take_text(target, "name", (*path, "targetRef"))


def _mirrored(subset: Object, path: FieldPath) -> tuple[EndpointAddress, ...]:
    """Read the ready addresses of a subset: the first of each, unless it is not ready as well (`RepackSubsets`)."""
    found: dict[str, EndpointAddress] = {}
    for entry, at in mappings(subset, "addresses", path):
        ip = _mirrored_ip(entry, at)
        found.setdefault(ip, EndpointAddress(ip, take_name(entry, "hostname", at), _target_name(entry, at)))
    for entry, at in mappings(subset, "notReadyAddresses", path):
        found.pop(_mirrored_ip(entry, at), None)
    if len(found) > _MOST_MIRRORED:
        found = {ip: found[ip] for ip in sorted(found)[:_MOST_MIRRORED]}  # the API server sorts them as texts
    return tuple(found.values())


def _mirrored_ip(entry: Object, path: FieldPath) -> str:
    """Read an address as it is mirrored (`addressToEndpoint`, `pkg/controller/endpointslicemirroring`)."""
    ip = take(entry, "ip", str, "", path)
    if not is_address(ip):
        raise Wrong(_no_address(ip), (*path, "ip"))
    return canonical(ip)


def _no_address(text: str) -> str:
    address, _, port = text.strip().rpartition(":")
    is_beside = port.isdecimal() and is_address(address.strip("[]"))
    return f"{told(text)} is no IP address" + ("; state the port in ports" if is_beside else "")


def read_endpoints(obj: Object, path: FieldPath) -> Endpoints:
    """Read an Endpoints object as the slices that it is mirrored to."""
    meta = read_meta(obj, path)
    slices = tuple(
        EndpointSlice(
            namespace=meta.namespace,
            name=f"{meta.name}-{index}",
            service=meta.name,
            addresses=(addresses := _mirrored(subset, subset_path)),
            is_waiting=not addresses and bool(subset.get("notReadyAddresses")),
            ports=tuple(read_port(entry, at, least=1) for entry, at in mappings(subset, "ports", subset_path)),
            labels=meta.labels,
        )
        for index, (subset, subset_path) in enumerate(mappings(obj, "subsets", path))
    )
    skip = meta.label(_SKIP_MIRROR_LABEL) == "true" or _LEADER_ANNOTATION in meta.annotations
    return Endpoints(meta.namespace, meta.name, slices, skip, _is_of_pods(meta, obj, path))


def _is_of_pods(meta: Meta, obj: Object, path: FieldPath) -> bool:
    """Whether the Endpoints controller made it: it says so since Kubernetes 1.33, and before each address had a pod."""
    if meta.label(_ENDPOINTS_BY_LABEL):
        return True
    entries = [
        take(entry, "targetRef", dict, {}, at).get("kind") == "Pod"
        for subset, subset_path in mappings(obj, "subsets", path)
        for key in ("addresses", "notReadyAddresses")
        for entry, at in mappings(subset, key, subset_path)
    ]
    return bool(entries) and all(entries)


def read_service_import(obj: Object, path: FieldPath) -> ServiceImport:
    """Read a ServiceImport."""
    meta, spec, at = read_meta(obj, path), take(obj, "spec", dict, {}, path), (*path, "spec")
    meta.check_name()
    return ServiceImport(
        namespace=meta.namespace,
        name=meta.name,
        headless=take(spec, "type", str, "", at) == "Headless",
        ips=texts(spec, "ips", at),
        ports=_service_ports(spec, at),
        labels=meta.labels,
    )
