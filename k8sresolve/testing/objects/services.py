"""Reading Services, what lies behind them, and Services of other clusters, cut down to what DNS depends on."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from sys import intern
from typing import Any, cast, get_args

from k8sresolve._core.questions import new
from k8sresolve._escaping import told
from k8sresolve.testing.objects.addresses import FAMILIES, IPFamily, canonical, is_address, packed_ipv4
from k8sresolve.testing.objects.fields import (
    LEAST_INT32,
    MOST_INT32,
    MOST_PORT,
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
from k8sresolve.testing.objects.labels import are_plain, wrong_with_name

_TYPES: Mapping[str, ServiceType] = {one: one for one in get_args(ServiceType)}
_POLICIES: Mapping[str, IPFamilyPolicy] = {one: one for one in get_args(IPFamilyPolicy)}

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
    name, number, protocol, app_protocol, _, _ = read_port(entry, path, least=1)
    if number == NO_PORT:
        raise Wrong("no port; state one, or take the '-' away if this goes on the item before", (*path, "port"))
    node_port, target = entry.get("nodePort"), entry.get("targetPort") or 0
    if type(target) is not str and (type(target) is not int or not 0 <= target <= 65535):
        raise Wrong(f"{told(target)} is neither a port nor the name of one", (*path, "targetPort"))
    return PortEntry(name, number, protocol, app_protocol, target, node_port if type(node_port) is int else 0)


def read_service(obj: Object, path: FieldPath) -> Service:
    """Read a Service."""
    meta, spec, at = read_meta(obj, path), take(obj, "spec", dict, {}, path), (*path, "spec")
    meta.check_name()
    cluster_ips, selector = _cluster_ips(spec, at), read_labels(spec, "selector", at)
    return Service(
        namespace=meta.namespace,
        name=meta.name,
        type=_TYPES.get(take(spec, "type", str, "", at), "ClusterIP"),
        cluster_ips=cluster_ips,
        external_name=take_name(spec, "externalName", at),
        ports=_service_ports(spec, at),
        families=_families(texts(spec, "ipFamilies", at)),
        policy=_policy(spec, at, is_free=cluster_ips[:1] == (HEADLESS,) and not selector),
        selector=selector,
        publish_not_ready=take(spec, "publishNotReadyAddresses", bool, default=False, path=at),
        terminating=meta.deleted,
        external_ips=(*texts(spec, "externalIPs", at), *_ingress(obj, path)),
        labels=meta.labels,
        owner=read_owner(obj, path),
    )


@lru_cache(maxsize=64)
def _families(stated: tuple[str, ...]) -> tuple[IPFamily, ...]:
    return tuple(known for family in dict.fromkeys(stated) for known in FAMILIES if known == family)


def _policy(spec: Object, path: FieldPath, *, is_free: bool) -> IPFamilyPolicy:
    stated = take(spec, "ipFamilyPolicy", str, "", path)
    if is_free and not stated:
        return "RequireDualStack"
    # Where families and addresses are stated, an API server has done its part.
    has_settled = spec.get("ipFamilies") and spec.get("clusterIPs", [HEADLESS]) != [HEADLESS]
    return "SingleStack" if has_settled else _POLICIES.get(stated, "SingleStack")


def _cluster_ips(spec: Object, path: FieldPath) -> tuple[str, ...]:
    ip, ips = take(spec, "clusterIP", str, "", path), texts(spec, "clusterIPs", path)
    for index, text in enumerate(ips or (ip,)):
        if text not in ("", HEADLESS) and not is_address(text):
            capital = f"; write {HEADLESS}, if it is headless" if text.lower() == HEADLESS.lower() else ""
            at = ("clusterIPs", index) if ips else ("clusterIP",)
            raise Wrong(f"{told(text)} is neither an IP address nor {HEADLESS}{capital}", (*path, *at))
    return tuple(filter(None, ips or (ip,)))


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
    is_one = NO_PORT <= port.number <= MOST_PORT
    return port if is_one else port._replace(number=port.number & 0xFFFF)


def _endpoints(obj: Object, path: FieldPath, *, of_hosts: bool) -> tuple[EndpointAddress, ...]:
    entries: list[Any] = take(obj, "endpoints", list, [], path)
    ordinary = None if of_hosts else _ordinary_endpoints(entries)
    if ordinary is not None:
        return ordinary
    found: list[EndpointAddress] = []
    for index, entry in enumerate(entries):
        try:
            if type(entry) is not dict:
                raise not_a_mapping(entry, ())
            found += _endpoint(cast(Object, entry), of_hosts=of_hosts)
        except Wrong as wrong:
            raise wrong.below((*path, "endpoints", index)) from None
    return tuple(found)


def _ordinary_endpoints(entries: Sequence[Any]) -> tuple[EndpointAddress, ...] | None:
    """Read endpoints column by column, as a cluster has a hundred thousand.

    None unless each is as the EndpointSlice controller writes it: ready, with a single IPv4 address and a pod.
    """
    try:
        ready = [entry["conditions"]["ready"] for entry in entries]
        each = [entry["addresses"] for entry in entries]
        addresses = tuple([address for [address] in each])
        pods = [entry["targetRef"]["name"] for entry in entries]
        hostnames = [entry.get("hostname", "") for entry in entries]
        zones = [entry.get("zone") for entry in entries]
        names: set[Any] = {*hostnames, *zones}
        is_ordinary = (
            all(ready)
            and {bool}.issuperset(map(type, ready))
            and {list}.issuperset(map(type, each))
            and packed_ipv4(addresses) is not None
            and are_plain(pods)
            and None not in hostnames
            and not any(wrong_with_name(name) for name in names if name)
        )
        shared = {name: intern(name) for name in names if name is not None}
    except (KeyError, TypeError, ValueError):  # a field is absent, or of another type, or lists several
        return None
    made = zip(addresses, hostnames, pods, map(shared.get, zones), strict=False)
    return tuple(map(new, repeat(EndpointAddress), made)) if is_ordinary else None


def _endpoint(entry: Object, *, of_hosts: bool) -> Sequence[EndpointAddress]:
    """Read an endpoint, whose fields are named from here on.

    Ready is what is not said to be otherwise (EndpointConditions, discovery.k8s.io/v1).
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
