"""What Services show outside: external IPs, and endpoints of headless ones (`plugin/kubernetes/external.go`)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from k8sresolve.testing.coredns.names import Labels
from k8sresolve.testing.coredns.plugins.kubernetes.hits import matching
from k8sresolve.testing.coredns.plugins.kubernetes.record_request import RecordRequest
from k8sresolve.testing.coredns.plugins.kubernetes.view import View
from k8sresolve.testing.objects.kinds import UNDECLARED_PORT, PortEntry, Service


class External(NamedTuple):
    """One host, which is an address or a name, at one port, and the name that it has below the zone."""

    host: str
    port: int
    owner: str


def find_external(view: View, labels: Labels, *, headless: bool) -> Sequence[External] | None:
    """Find what a name below an external zone stands for, `SVC.NS`. None: it does not exist; empty: it has nothing."""
    *front, namespace = labels
    if not view.exposes(namespace):
        return None
    if not front:
        return ()
    *front, name = front
    service = view.service(namespace, name)
    if service is None or len(front) > 2:
        return None
    endpoint = front[0].removeprefix("_") if len(front) == 1 else ""
    port, protocol = (label.removeprefix("_") for label in (front if len(front) == 2 else ("", "")))
    wanted = RecordRequest("svc", namespace, name, endpoint, "", port, protocol)
    if headless and not service.external_ips and (service.headless or endpoint):
        return list(_of_endpoints(view, service, wanted)) or None
    ports = matching(service.ports or (UNDECLARED_PORT,), wanted)
    owner = f"{name}.{namespace}"
    return [External(ip, number, owner) for ip in service.external_ips for number in ports] or None


def _of_endpoints(view: View, service: Service, wanted: RecordRequest) -> Iterator[External]:
    for part in view.slices(service):
        ports: Iterable[PortEntry] = part.ports or (UNDECLARED_PORT,)
        for entry, name in zip(part.addresses, view.endpoint_names(part.addresses), strict=True):
            if wanted.endpoint and wanted.endpoint != name.lower():
                continue
            owner = f"{name}.{service.name}.{service.namespace}"
            yield from (External(entry.address, number, owner) for number in matching(ports, wanted))
