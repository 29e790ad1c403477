"""Reading Services, what lies behind them, and Services of other clusters, cut down to what DNS depends on."""

from collections.abc import Sequence
from sys import intern
from typing import cast, get_args

from k8sresolve._escaping import told
from k8sresolve.testing.objects.addresses import IPFamily
from k8sresolve.testing.objects.fields import (
    FieldPath,
    Object,
    Wrong,
    mappings,
    not_a_mapping,
    one_of,
    read_labels,
    read_meta,
    read_port,
    take,
    take_name,
    take_text,
    texts,
)
from k8sresolve.testing.objects.kinds import (
    NO_PORT,
    EndpointAddress,
    Endpoints,
    EndpointSlice,
    PortEntry,
    Service,
    ServiceImport,
    ServiceType,
)

_SERVICE_NAME_LABEL = "kubernetes.io/service-name"
_IMPORTED_NAME_LABEL = "multicluster.kubernetes.io/service-name"
_CLUSTER_LABEL = "multicluster.kubernetes.io/source-cluster"
_MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
_SKIP_MIRROR_LABEL = "endpointslice.kubernetes.io/skip-mirror"
_LEADER_ANNOTATION = "control-plane.alpha.kubernetes.io/leader"


def _service_ports(obj: Object, path: FieldPath) -> tuple[PortEntry, ...]:
    return tuple(_service_port(entry, at) for entry, at in mappings(obj, "ports", path))


def _service_port(entry: Object, path: FieldPath) -> PortEntry:
    port = read_port(entry, path, least=1)
    if port.number == NO_PORT:
        raise Wrong("no port", (*path, "port"))
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
    cluster_ip = take(spec, "clusterIP", str, "", at)
    return Service(
        namespace=meta.namespace,
        name=meta.name,
        type=one_of(take(spec, "type", str, "ClusterIP", at), get_args(ServiceType), (*at, "type")),
        cluster_ips=texts(spec, "clusterIPs", at) or ((cluster_ip,) if cluster_ip else ()),
        external_name=take_name(spec, "externalName", at),
        ports=_service_ports(spec, at),
        families=tuple(
            one_of(family, get_args(IPFamily), (*at, "ipFamilies")) for family in texts(spec, "ipFamilies", at)
        ),
        dual=_takes_both_families(spec, at),
        selector=read_labels(spec, "selector", at),
        publish_not_ready=take(spec, "publishNotReadyAddresses", bool, default=False, path=at),
        external_ips=(*texts(spec, "externalIPs", at), *_ingress(obj, path)),
        labels=meta.labels,
    )


def _ingress(obj: Object, path: FieldPath) -> tuple[str, ...]:
    """Read where a load balancer is reached: by address, or else by name."""
    status, at = take(obj, "status", dict, {}, path), (*path, "status")
    balancer, at = take(status, "loadBalancer", dict, {}, at), (*at, "loadBalancer")
    found = mappings(balancer, "ingress", at)
    return tuple(take(one, "ip", str, "", where) or take_name(one, "hostname", where) for one, where in found)


def _takes_both_families(spec: Object, path: FieldPath) -> bool:
    policy = take(spec, "ipFamilyPolicy", str, "SingleStack", path)
    # Where both are stated, an API server has done its part.
    return policy != "SingleStack" and not (spec.get("ipFamilies") and spec.get("clusterIPs"))


def read_endpoint_slice(obj: Object, path: FieldPath) -> EndpointSlice:
    """Read an EndpointSlice, the addresses that are ready."""
    meta = read_meta(obj, path)
    imported = meta.label(_IMPORTED_NAME_LABEL) if _IMPORTED_NAME_LABEL in meta.labels else None
    return EndpointSlice(
        namespace=meta.namespace,
        name=meta.name,
        service=meta.label(_SERVICE_NAME_LABEL),
        addresses=_endpoints(obj, path),
        ports=tuple(read_port(entry, at, least=0) for entry, at in mappings(obj, "ports", path)),
        imported=imported,
        cluster_id=meta.label(_CLUSTER_LABEL),
        managed_by=meta.label(_MANAGED_BY_LABEL),
        labels=meta.labels,
    )


def _endpoints(obj: Object, path: FieldPath) -> tuple[EndpointAddress, ...]:
    found: list[EndpointAddress] = []
    for index, entry in enumerate(take(obj, "endpoints", list, [], path)):
        try:
            if type(entry) is not dict:
                raise not_a_mapping(entry, ())
            found += _endpoint(cast(Object, entry))
        except Wrong as wrong:
            raise wrong.below((*path, "endpoints", index)) from None
    return tuple(found)


def _endpoint(entry: Object) -> Sequence[EndpointAddress]:
    """Read an endpoint. Ready is what is not said to be otherwise (EndpointConditions, discovery.k8s.io/v1).

    Its fields are named from here on, since a cluster has a hundred thousand and few of them are wrong.
    """
    conditions = take(entry, "conditions", dict, {}, ())
    if not take(conditions, "ready", bool, default=True, path=("conditions",)):
        return ()
    hostname = take_name(entry, "hostname", ()) if "hostname" in entry else ""
    pod = _target_name(entry, ())
    zone = intern(take_name(entry, "zone", ())) if entry.get("zone") is not None else None
    return [EndpointAddress(address, hostname, pod, zone) for address in texts(entry, "addresses", ())]


def _target_name(entry: Object, path: FieldPath) -> str:
    target = take(entry, "targetRef", dict, {}, path)
    return take_text(target, "name", (*path, "targetRef"))


def read_endpoints(obj: Object, path: FieldPath) -> Endpoints:
    """Read an Endpoints object as the slices that it is mirrored to."""
    meta = read_meta(obj, path)
    slices = tuple(
        EndpointSlice(
            namespace=meta.namespace,
            name=f"{meta.name}-{index}",
            service=meta.name,
            addresses=tuple(
                EndpointAddress(
                    take(entry, "ip", str, "", at), take_name(entry, "hostname", at), _target_name(entry, at)
                )
                for entry, at in mappings(subset, "addresses", subset_path)
            ),
            ports=tuple(read_port(entry, at, least=1) for entry, at in mappings(subset, "ports", subset_path)),
            labels=meta.labels,
        )
        for index, (subset, subset_path) in enumerate(mappings(obj, "subsets", path))
    )
    skip = meta.label(_SKIP_MIRROR_LABEL) == "true" or _LEADER_ANNOTATION in meta.annotations
    return Endpoints(meta.namespace, meta.name, slices, skip)


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
