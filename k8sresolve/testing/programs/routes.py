"""Where connections to the cluster's addresses go: each route leads from a Service's port to a local one.

It knows of addresses and ports only; `k8sresolve.testing.programs.patch` sends the connections there.
"""

import difflib
import errno
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_address
from typing import NamedTuple

from k8sresolve._escaping import told
from k8sresolve.errors import ConfigError, InvalidName
from k8sresolve.names import EndpointName, ServiceName, dashed
from k8sresolve.testing.controllers.networks import Networks
from k8sresolve.testing.objects.kinds import NO_PORT, EndpointAddress, PortEntry, Service
from k8sresolve.testing.objects.store import Store

SocketAddress = tuple[str, int]


class _Way(NamedTuple):
    """A port of a Service, by its name, at one of its addresses; `endpoint` is empty for a ClusterIP."""

    namespace: str
    service: str
    port: str
    endpoint: str = ""


class Routes:
    """The routes of one cluster. What has an address is looked up as connections come, so pods may come and go."""

    def __init__(self, store: Store, networks: Networks, cluster_domain: str) -> None:
        self._store = store
        self._networks = networks
        self._cluster_domain = cluster_domain
        self._routes: dict[_Way, SocketAddress] = {}

    def add(self, name: str | ServiceName | EndpointName, port: str | int, to: SocketAddress, namespace: str) -> None:
        """Lead connections to a port of a Service, or of one of its endpoints, to a local address.

        `namespace` is that of a Service whose name tells none.

        Raises `ConfigError` if there is no such Service or port, and for an address that is not IPv4 loopback.
        """
        place, endpoint = self._place(name, namespace)
        service = self._store.service(place.namespace, place.service)
        if service is None:
            raise ConfigError(f"route: there is no Service {place.service}.{place.namespace}", advice=self._near(place))
        if service.type == "ExternalName":
            raise ConfigError(
                f"route: {place.service}.{place.namespace} is an alias of {service.external_name}, outside the cluster",
                advice="only what has an address in the cluster can be routed",
            )
        entry = _entry(service, port)
        self._routes[_Way(place.namespace, place.service, entry.name, endpoint)] = _local(to)

    def find(self, address: str, port: int, protocol: str) -> SocketAddress | None:
        """Tell where a connection goes; None for an address that is not the cluster's.

        Raises `ConnectionRefusedError`, which says what is missing, for one of the cluster's without a route.
        """
        ways = list(self._ways(address, port, protocol))
        for way in ways:
            for key in (way, way._replace(endpoint="")):
                if key in self._routes:
                    return self._routes[key]
        owners = dict.fromkeys(self._owners(address))
        if not owners and not self._is_inside(address):
            return None
        told = self._missing(ways, list(owners), protocol)
        raise ConnectionRefusedError(errno.ECONNREFUSED, f"{address}:{port} {told}")

    def serves(self, address: str, port: int, protocol: str) -> bool:
        """Whether a ready pod stands behind an address and port, as far as the cluster's objects tell."""
        return any(
            part.addresses and any(entry.name == way.port and entry.protocol == protocol for entry in part.ports)
            for way in self._ways(address, port, protocol)
            for part in self._store.slices(way.namespace, way.service)
        )

    def leads(self, address: str, port: int, protocol: str) -> bool:
        """Whether a route leads from there."""
        ways = self._ways(address, port, protocol)
        return any(way in self._routes or way._replace(endpoint="") in self._routes for way in ways)

    def _place(self, name: str | ServiceName | EndpointName, namespace: str) -> tuple[ServiceName, str]:
        if isinstance(name, EndpointName):
            return name.service, name.endpoint
        if isinstance(name, ServiceName):
            return name, ""
        with suppress(InvalidName):
            return ServiceName.parse(name, namespace=namespace, cluster_domain=self._cluster_domain), ""
        endpoint = EndpointName.parse(name)
        return endpoint.service, endpoint.endpoint

    def _near(self, place: ServiceName) -> str:
        there = [f"{item.name}.{item.namespace}" for item in self._store.all("Service")]
        near = difflib.get_close_matches(f"{place.service}.{place.namespace}", there, 5, 0.3)
        return f"near it are {', '.join(near)}" if near else f"the cluster has {len(there)} Services"

    def _ways(self, address: str, port: int, protocol: str) -> Iterator[_Way]:
        """The Services' ports that an address and port stand for."""
        wanted = (port, protocol)
        for service in self._store.services_with(address):
            for entry in service.ports:
                if (entry.number, entry.protocol) == wanted:
                    yield _Way(service.namespace, service.name, entry.name)
        for part in self._store.slices_with(address):
            for entry in part.ports if part.service else ():
                if (entry.number, entry.protocol) == wanted:
                    for endpoint in part.addresses:
                        if endpoint.address == address:
                            yield _Way(part.namespace, part.service, entry.name, _label(endpoint))

    def _owners(self, address: str) -> Iterator[tuple[str, str]]:
        """The Services, as (namespace, name), that have an address."""
        for service in self._store.services_with(address):
            yield service.namespace, service.name
        for part in self._store.slices_with(address):
            if part.service:
                yield part.namespace, part.service

    def _is_inside(self, address: str) -> bool:
        ip = ip_address(address)
        networks = (*self._networks.services, *self._networks.pods)
        return bool(self._store.pods_with(address)) or any(ip in network for network in networks)

    def _missing(self, ways: list[_Way], owners: list[tuple[str, str]], protocol: str) -> str:
        """Say what is missing, and what would help."""
        if not owners:
            return "is in the cluster's networks, but no Service and no endpoint of one has this address"
        namespace, name = ways[0][:2] if ways else owners[0]
        service = self._store.service(namespace, name)
        ports = () if service is None else service.ports
        if not ways:
            known = ", ".join(map(_told, ports)) or "none"
            return f"is an address of {name}.{namespace}, which has no such {protocol} port; its ports are {known}"
        port = ways[0].port or next((entry.number for entry in ports), 0)
        call = f"cluster.route('{name}.{namespace}', {port!r}, to=('127.0.0.1', PORT))"
        return f"is port {port} of {name}.{namespace}, where no route leads: call {call}"


def _label(endpoint: EndpointAddress) -> str:
    return endpoint.hostname or dashed(ip_address(endpoint.address))


def _told(entry: PortEntry) -> str:
    number = f"{entry.number}/{entry.protocol}"
    return f"{entry.name} ({number})" if entry.name else number


def _entry(service: Service, port: str | int) -> PortEntry:
    """Find a Service's port by its name or number."""
    there = [entry for entry in service.ports if entry.number != NO_PORT]
    for entry in there:
        if port == (entry.name if isinstance(port, str) else entry.number):
            return entry
    raise ConfigError(
        f"route: {service.name}.{service.namespace} has no port {told(port)}",
        advice=f"it has {', '.join(map(_told, there))}" if there else "it has none",
    )


def _local(to: SocketAddress) -> SocketAddress:
    with suppress(TypeError, ValueError):
        host, port = to
        address = ip_address(host)
        if address.version == 4 and address.is_loopback and isinstance(port, int) and 0 < port < 65536:
            return str(address), port
    raise ConfigError(
        f"route: to={told(to)} is no local address and port",
        advice="give an IPv4 loopback address, which sockets of both families reach, and a port: ('127.0.0.1', 8080)",
    )
