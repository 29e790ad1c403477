"""What the EndpointSlice controller makes of a Service and its pods.

Source: `pkg/controller/endpointslice` of Kubernetes and `k8s.io/endpointslice`, recorded from 1.37.2.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

import attrs

from k8sresolve.errors import ManifestError
from k8sresolve.testing.controllers.workloads import matches
from k8sresolve.testing.objects.addresses import IPFamily, family_of
from k8sresolve.testing.objects.kinds import EndpointAddress, EndpointSlice, Node, Pod, PortEntry, Service
from k8sresolve.testing.objects.letters import letters

ENDPOINT_CONTROLLER = "endpointslice-controller.k8s.io"
_MAX_COMPARED = 2_000_000
_MAX_ENDPOINTS = 100  # kube-controller-manager, --max-endpoints-per-slice
_NUMBER = re.compile("[0-9]+")


@attrs.frozen
class Condition:
    """What an EndpointSlice says of an endpoint (EndpointConditions, discovery.k8s.io/v1)."""

    ready: bool
    serving: bool
    terminating: bool


@attrs.frozen
class MadeEndpoint:
    """One pod's address in a slice that the controller makes. `zone` is None where the node tells none."""

    address: str
    condition: Condition
    pod: str
    hostname: str = ""
    node: str = ""
    zone: str | None = None


@attrs.frozen
class MadeSlice:
    """What the controller makes for one IP family and one set of ports, before a slice is cut at 100 endpoints."""

    family: IPFamily
    ports: tuple[PortEntry, ...]
    endpoints: tuple[MadeEndpoint, ...]


def endpoint_slices(service: Service, pods: Iterable[Pod], nodes: Iterable[Node] = ()) -> list[MadeSlice]:
    """Make a Service's slices, as the EndpointSlice controller does, of the pods that it selects.

    `nodes` are the cluster's, if it says which it has: a pod on none of them is left out unless the Service publishes
    pods that are not ready. Endpoints are in the order of their pods' names, ordinals as numbers.
    """
    if not service.selects or service.type == "ExternalName" or service.terminating:
        return []
    by_name = {node.name: node for node in nodes}
    listed = [
        pod
        for pod in sorted(pods, key=name_order)
        if not pod.finished and (not by_name or pod.node in by_name or service.publish_not_ready)
    ]
    made: list[MadeSlice] = []
    for family in service.families:
        groups: dict[tuple[PortEntry, ...], list[MadeEndpoint]] = defaultdict(list)
        for pod in listed:
            address = next((ip for ip in pod.ips if family_of(ip) == family), None)
            if address is not None:
                groups[_ports_of(service, pod)].append(_endpoint(service, pod, address, by_name.get(pod.node)))
        # A family without any endpoint has an empty slice all the same.
        made += [MadeSlice(family, ports, tuple(endpoints)) for ports, endpoints in (groups or {(): []}).items()]
    return made


def cut(service: Service, made: MadeSlice) -> Iterator[EndpointSlice]:
    """Make EndpointSlices of at most 100 endpoints each, of which the addresses that are ready are kept."""
    base = f"{service.name}-{letters(f'{made.family} {made.ports}', 5)}"
    for start in range(0, max(len(made.endpoints), 1), _MAX_ENDPOINTS):
        yield EndpointSlice(
            service.namespace,
            base if start == 0 else f"{base}-{start // _MAX_ENDPOINTS}",
            service.name,
            tuple(
                EndpointAddress(endpoint.address, endpoint.hostname, endpoint.pod, endpoint.zone)
                for endpoint in made.endpoints[start : start + _MAX_ENDPOINTS]
                if endpoint.condition.ready
            ),
            made.ports,
            managed_by=ENDPOINT_CONTROLLER,
            address_type=made.family,
            labels=service.labels,
        )


def name_order(pod: Pod) -> str:
    """The key by which pods are sorted: their names, with ordinals as numbers."""
    return _NUMBER.sub(lambda number: number[0].rjust(20, "0"), pod.name)


def _endpoint(service: Service, pod: Pod, address: str, node: Node | None) -> MadeEndpoint:
    serving = pod.ready is True
    condition = Condition(
        ready=service.publish_not_ready or (serving and not pod.terminating),
        serving=serving,
        terminating=pod.terminating,
    )
    hostname = pod.hostname if pod.spec.subdomain == service.name else ""
    return MadeEndpoint(address, condition, pod.name, hostname, pod.node, node.zone if node is not None else None)


def _ports_of(service: Service, pod: Pod) -> tuple[PortEntry, ...]:
    """Find the number of each of the Service's ports in a pod. One that the pod lacks is left out."""
    found: list[PortEntry] = []
    for port in service.ports:
        target = port.target or port.number
        number = pod.spec.number_of(target, port.protocol) if isinstance(target, str) else target
        if number is not None:
            found.append(PortEntry(port.name, number, port.protocol, port.app_protocol))
    return tuple(found)


def select(services: Iterable[Service], pods: Iterable[Pod]) -> Iterator[tuple[Service, list[Pod]]]:
    """Find the pods of each Service that has a selector, in one walk over the pods.

    Raises `ManifestError` where it would take too long: no cluster has so many Services that so many pods nearly fit.
    """
    found: list[tuple[Service, list[Pod]]] = [(service, []) for service in services if service.selects]
    pods = list(pods)
    if not pods:  # as where a dump of a cluster has its slices alone
        yield from found
        return
    wanted = Counter((service.namespace, *label) for service, _ in found for label in service.selector)
    by_label: dict[tuple[str, str, str], list[tuple[Service, list[Pod]]]] = defaultdict(list)
    for service, selected in found:
        # Found by the label that the fewest select by: `app.kubernetes.io/instance` may be that of all.
        rarest = min(((service.namespace, *label) for label in service.selector), key=wanted.__getitem__)
        by_label[rarest].append((service, selected))
    left = _MAX_COMPARED
    for pod in pods:
        for key, value in pod.labels.items():
            candidates = by_label.get((pod.namespace, key, value), ())
            left -= len(candidates)
            if left < 0:
                raise ManifestError(f"Services and pods of namespace {pod.namespace} are too many for their selectors")
            for service, selected in candidates:
                if matches(service.selector, pod.labels):
                    selected.append(pod)
    yield from found
