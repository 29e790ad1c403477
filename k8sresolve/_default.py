"""The module-level calls: those of one `Resolver` in each process, made when first needed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from k8sresolve.config import Policy
from k8sresolve.names import EndpointName, IPAddress, PodName, PortName, ServiceName, ZonalName
from k8sresolve.records import Addresses, Answer, Endpoint, Port, Service
from k8sresolve.resolver import Resolver

if TYPE_CHECKING:
    from k8sresolve.explanations import Explanation

_made: dict[int, Resolver] = {}


def _resolver() -> Resolver:
    process = os.getpid()
    resolver = _made.get(process)
    if resolver is None:
        # A child after fork makes its own. No lock, which a fork might leave taken: of two threads' resolvers one is
        # kept, and the other has opened nothing.
        resolver = _made.setdefault(process, Resolver())
        for other in _made.keys() - {process}:
            _made.pop(other, None)
    return resolver


def service(
    name: str | ServiceName, *, ports: Iterable[str | PortName] = (), timeout: float | None = None, fresh: bool = False
) -> Service:
    """See `Resolver.service`."""
    return _resolver().service(name, ports=ports, timeout=timeout, fresh=fresh)


def port(
    name: str | ServiceName,
    port: str | int | None = None,
    protocol: str = "tcp",
    *,
    timeout: float | None = None,
    fresh: bool = False,
) -> Port:
    """See `Resolver.port`."""
    return _resolver().port(name, port, protocol, timeout=timeout, fresh=fresh)


def ports(name: str | ServiceName, *, timeout: float | None = None, fresh: bool = False) -> tuple[Port, ...]:
    """See `Resolver.ports`."""
    return _resolver().ports(name, timeout=timeout, fresh=fresh)


def endpoints(
    name: str | ServiceName,
    port: str | None = None,
    protocol: str = "tcp",
    *,
    timeout: float | None = None,
    fresh: bool = False,
) -> tuple[Endpoint, ...]:
    """See `Resolver.endpoints`."""
    return _resolver().endpoints(name, port, protocol, timeout=timeout, fresh=fresh)


def addresses(host: str | ZonalName, *, timeout: float | None = None, fresh: bool = False) -> Addresses:
    """See `Resolver.addresses`."""
    return _resolver().addresses(host, timeout=timeout, fresh=fresh)


def reverse(
    address: str | IPAddress, *, timeout: float | None = None, fresh: bool = False
) -> tuple[ServiceName | EndpointName | str, ...]:
    """See `Resolver.reverse`."""
    return _resolver().reverse(address, timeout=timeout, fresh=fresh)


def pod(
    address: str | IPAddress, namespace: str | None = None, *, timeout: float | None = None, fresh: bool = False
) -> PodName:
    """See `Resolver.pod`."""
    return _resolver().pod(address, namespace, timeout=timeout, fresh=fresh)


def lookup(name: str, rdtype: str, *, timeout: float | None = None, fresh: bool = False) -> Answer:
    """See `Resolver.lookup`."""
    return _resolver().lookup(name, rdtype, timeout=timeout, fresh=fresh)


def explain(
    name: str, *, policy: Policy | None = None, timeout: float | None = None, fresh: bool = False
) -> Explanation:
    """See `Resolver.explain`."""
    return _resolver().explain(name, policy=policy, timeout=timeout, fresh=fresh)
