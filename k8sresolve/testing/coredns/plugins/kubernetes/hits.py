"""What a name below a zone of the `kubernetes` plugin leads to."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from k8sresolve.testing.coredns.addresses import pack_address
from k8sresolve.testing.coredns.plugins.kubernetes.record_request import RecordRequest
from k8sresolve.testing.coredns.plugins.kubernetes.view import View
from k8sresolve.testing.objects.kinds import UNDECLARED_PORT, EndpointAddress, EndpointSlice, PortEntry, Service


class Hit(NamedTuple):
    """One thing that a name leads to: an address (or another name) and port, and the name it has below the zone.

    That of an endpoint is below `owner`, and is made when it is needed.
    """

    host: str
    port: int
    owner: str
    endpoint: EndpointAddress | None = None


def find(view: View, wanted: RecordRequest, multicluster: bool) -> list[Hit] | None:
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


def _find_pods(view: View, wanted: RecordRequest) -> list[Hit] | None:
    if view.options.pods == "disabled":
        return None
    name = wanted.service
    if not name:
        return []
    ip = name.replace("-", "." if name.count("-") == 3 and "--" not in name else ":")
    hit = Hit(ip, 0, f"{name}.{wanted.namespace}.pod")
    if view.options.pods == "insecure":
        return [hit] if pack_address(ip) is not None else None
    return [hit for pod in view.pods_with(ip) if pod.namespace == wanted.namespace] or None


def _find_service(view: View, wanted: RecordRequest) -> list[Hit] | None:
    service = view.service(wanted.namespace, wanted.service)
    if service is None:
        return None
    owner = f"{service.name}.{service.namespace}.svc"
    if service.type == "ExternalName":
        return _find_external(service, wanted, owner)
    if not service.headless and (wanted.zone or _is_empty(view, view.slices(service))):
        return None
    if service.headless or wanted.endpoint:
        return _find_endpoints(view, view.slices(service), wanted, owner)
    ports = service.ports or (UNDECLARED_PORT,)
    return _cluster_ip_hits(ports, service.cluster_ips, wanted, owner)


def _find_external(service: Service, wanted: RecordRequest, owner: str) -> list[Hit] | None:
    # It has no endpoints and no ports that could be asked for, and an address is no target for a CNAME.
    if wanted.endpoint or wanted.port or wanted.protocol or wanted.zone or pack_address(service.external_name):
        return None
    return [Hit(service.external_name, 0, owner)]


def _find_import(view: View, wanted: RecordRequest) -> list[Hit] | None:
    imported = view.service_import(wanted.namespace, wanted.service)
    if imported is None:
        return None
    owner = f"{imported.name}.{imported.namespace}.svc"
    slices = view.imported_slices(imported)
    if not imported.headless and _is_empty(view, slices):
        return None
    if imported.headless or wanted.endpoint:
        hits: list[Hit] = []
        for part in slices:
            if not wanted.endpoint or wanted.cluster == part.cluster_id.lower():
                hits.extend(_slice_hits(view, part, wanted, f"{part.cluster_id}.{owner}"))
        return hits or None
    return _cluster_ip_hits(imported.ports, imported.ips, wanted, owner)


def _is_empty(view: View, slices: Iterable[EndpointSlice]) -> bool:
    return view.options.ignore_empty_service and not any(part.addresses for part in slices)


def _find_endpoints(view: View, slices: Sequence[EndpointSlice], wanted: RecordRequest, owner: str) -> list[Hit] | None:
    if not wanted.zone:
        return [hit for part in slices for hit in _slice_hits(view, part, wanted, owner)] or None
    local = [hit for part in slices for hit in _slice_hits(view, part, wanted, owner, _zones_of(part))]
    if local or not wanted.prefer:
        return local
    return [hit for part in slices for hit in _slice_hits(view, part, wanted, owner)]


def _slice_hits(
    view: View, part: EndpointSlice, wanted: RecordRequest, owner: str, zones: dict[str, str] | None = None
) -> Iterator[Hit]:
    ports = [port for port in part.ports or (UNDECLARED_PORT,) if _port_matches(port, wanted)]
    if not ports:
        return
    for entry in part.addresses:
        if zones is not None and zones.get(entry.address, "") != wanted.zone:
            continue
        if wanted.endpoint and view.endpoint_name(entry).lower() != wanted.endpoint:
            continue
        for port in ports:
            yield Hit(entry.address, port.number, owner, entry)


def _cluster_ip_hits(
    ports: Iterable[PortEntry], ips: Iterable[str], wanted: RecordRequest, owner: str
) -> list[Hit] | None:
    matching = [port for port in ports if _port_matches(port, wanted)]
    return [Hit(ip, port.number, owner) for port in matching for ip in ips] if matching else None


def _port_matches(port: PortEntry, wanted: RecordRequest) -> bool:
    """Compare with `_PORT._PROTOCOL` of the name; an empty one matches any."""
    return (not wanted.port or wanted.port == port.name.lower()) and (
        not wanted.protocol or wanted.protocol == port.protocol.lower()
    )


def _zones_of(part: EndpointSlice) -> dict[str, str]:
    return {entry.address: entry.zone.lower() for entry in part.addresses if entry.zone is not None}
