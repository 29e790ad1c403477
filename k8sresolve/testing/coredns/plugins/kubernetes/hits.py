"""What a name below a zone of the `kubernetes` plugin leads to."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from k8sresolve.testing.coredns.addresses import pack_address
from k8sresolve.testing.coredns.plugins.kubernetes.record_request import RecordRequest
from k8sresolve.testing.coredns.plugins.kubernetes.view import View
from k8sresolve.testing.objects.kinds import UNDECLARED_PORT, EndpointAddress, EndpointSlice, PortEntry, Service


class Hits(NamedTuple):
    """Some of what a name leads to: hosts, each at each of the ports, and the name that they have below the zone.

    A host is an address, or another name. Where they are those of `endpoints`, each has a name of its own below
    `owner`, which is made when it is needed.
    """

    hosts: Sequence[str]
    ports: Sequence[int]
    owner: str
    endpoints: Sequence[EndpointAddress] = ()


def find(view: View, wanted: RecordRequest, multicluster: bool) -> list[Hits] | None:
    """Find what a name below the zone stands for. None: it does not exist; empty: it does, with nothing at it."""
    if not wanted.kind:
        return []
    if not view.exposes(wanted.namespace):
        return None
    if wanted.kind == "pod":
        return _find_pods(view, wanted)
    if not wanted.service:
        return []
    if multicluster:
        return _find_import(view, wanted)
    return _find_service(view, wanted)


def _find_pods(view: View, wanted: RecordRequest) -> list[Hits] | None:
    if view.options.pods == "disabled":
        return None
    name = wanted.service
    if not name:
        return []
    ip = name.replace("-", "." if name.count("-") == 3 and "--" not in name else ":")
    if view.options.pods == "insecure":
        found = [ip] if pack_address(ip) is not None else []
    else:
        found = [ip for pod in view.pods_with(ip) if pod.namespace == wanted.namespace]
    return [Hits(found, (0,), f"{name}.{wanted.namespace}.pod")] if found else None


def _find_service(view: View, wanted: RecordRequest) -> list[Hits] | None:
    service = view.service(wanted.namespace, wanted.service)
    if service is None:
        return None
    owner = f"{service.name}.{service.namespace}.svc"
    if service.type == "ExternalName":
        return _find_external(service, wanted, owner)
    headless = service.headless
    if not headless and (wanted.zone or (view.options.ignore_empty_service and _is_empty(view.slices(service)))):
        return None
    if headless or wanted.endpoint:
        return _find_endpoints(view, view.slices(service), wanted, owner)
    return _cluster_ip_hits(service.ports or (UNDECLARED_PORT,), service.cluster_ips, wanted, owner)


def _find_external(service: Service, wanted: RecordRequest, owner: str) -> list[Hits] | None:
    # It has no endpoints and no ports that could be asked for, and an address is no target for a CNAME.
    if wanted.endpoint or wanted.port or wanted.protocol or wanted.zone or pack_address(service.external_name):
        return None
    return [Hits((service.external_name,), (0,), owner)]


def _find_import(view: View, wanted: RecordRequest) -> list[Hits] | None:
    imported = view.service_import(wanted.namespace, wanted.service)
    if imported is None:
        return None
    owner = f"{imported.name}.{imported.namespace}.svc"
    slices = view.imported_slices(imported)
    if not imported.headless and view.options.ignore_empty_service and _is_empty(slices):
        return None
    if imported.headless or wanted.endpoint:
        hits: list[Hits] = []
        for part in slices:
            if not wanted.endpoint or wanted.cluster == part.cluster_id.lower():
                hits += _slice_hits(view, (part,), wanted, f"{part.cluster_id}.{owner}")
        return hits or None
    return _cluster_ip_hits(imported.ports, imported.ips, wanted, owner)


def _is_empty(slices: Iterable[EndpointSlice]) -> bool:
    return not any(part.addresses for part in slices)


def _find_endpoints(
    view: View, slices: Sequence[EndpointSlice], wanted: RecordRequest, owner: str
) -> list[Hits] | None:
    if not wanted.zone:
        return _slice_hits(view, slices, wanted, owner) or None
    local = _slice_hits(view, slices, wanted, owner, zonal=True)
    return local if local or not wanted.prefer else _slice_hits(view, slices, wanted, owner)


def _slice_hits(
    view: View, slices: Sequence[EndpointSlice], wanted: RecordRequest, owner: str, *, zonal: bool = False
) -> list[Hits]:
    hits: list[Hits] = []
    for part in slices:
        ports = matching(part.ports or (UNDECLARED_PORT,), wanted)
        endpoints: Sequence[EndpointAddress] = part.addresses
        if wanted.endpoint:
            names = map(str.lower, view.endpoint_names(endpoints))
            endpoints = [entry for entry, name in zip(endpoints, names, strict=True) if name == wanted.endpoint]
        if zonal:
            zones = _zones_of(part)
            endpoints = [entry for entry in endpoints if zones.get(entry.address, "") == wanted.zone]
        if ports and endpoints:
            hits.append(Hits([entry[0] for entry in endpoints], ports, owner, endpoints))
    return hits


def _cluster_ip_hits(
    ports: Iterable[PortEntry], ips: Sequence[str], wanted: RecordRequest, owner: str
) -> list[Hits] | None:
    numbers = matching(ports, wanted)
    if not numbers:
        return None
    return [Hits(ips, numbers, owner)] if ips else []


def matching(ports: Iterable[PortEntry], wanted: RecordRequest) -> list[int]:
    """Find the ports that `_PORT._PROTOCOL` of the name means; an empty one matches any."""
    name, protocol = wanted.port, wanted.protocol
    return [
        port.number
        for port in ports
        if (not name or name == port.name.lower()) and (not protocol or protocol == port.protocol.lower())
    ]


def _zones_of(part: EndpointSlice) -> dict[str, str]:
    return {entry.address: entry.zone.lower() for entry in part.addresses if entry.zone is not None}
