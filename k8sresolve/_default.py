"""The resolvers that a process has of its own, made when first needed, and the module-level calls, which are theirs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from k8sresolve.config import Policy
from k8sresolve.names import EndpointName, IPAddress, PodName, PortName, ServiceName, ZonalName
from k8sresolve.records import Addresses, Answer, Endpoint, Port, Service
from k8sresolve.resolver import Resolver

if TYPE_CHECKING:
    from k8sresolve.async_resolver import AsyncResolver
    from k8sresolve.explanations import Explanation

R = TypeVar("R")

_made: dict[tuple[int, type[Any]], Any] = {}


def _of_process(kind: type[R]) -> R:
    """The one resolver of its kind in this process, made when first needed."""
    process = os.getpid()
    resolver: Any = _made.get((process, kind))
    if resolver is None:
        # A child after fork makes its own. No lock, which a fork might leave taken: of two threads' resolvers one is
        # kept, and the other has opened nothing.
        resolver = _made.setdefault((process, kind), kind())
        for other in [key for key in tuple(_made) if key[0] != process]:
            _made.pop(other, None)
    return resolver  # type: ignore[no-any-return]


def sync_resolver() -> Resolver:
    """The `Resolver` of the calls here, and of what is given none."""
    return _of_process(Resolver)


def async_resolver() -> AsyncResolver:
    """The `AsyncResolver` of what is given none."""
    from k8sresolve.async_resolver import AsyncResolver

    return _of_process(AsyncResolver)


def service(
    name: str | ServiceName, *, ports: Iterable[str | PortName] = (), timeout: float | None = None, fresh: bool = False
) -> Service:
    """See `Resolver.service`."""
    return sync_resolver().service(name, ports=ports, timeout=timeout, fresh=fresh)


def port(
    name: str | ServiceName,
    port: str | int | None = None,
    protocol: str = "tcp",
    *,
    timeout: float | None = None,
    fresh: bool = False,
) -> Port:
    """See `Resolver.port`."""
    return sync_resolver().port(name, port, protocol, timeout=timeout, fresh=fresh)


def ports(name: str | ServiceName, *, timeout: float | None = None, fresh: bool = False) -> tuple[Port, ...]:
    """See `Resolver.ports`."""
    return sync_resolver().ports(name, timeout=timeout, fresh=fresh)


def endpoints(
    name: str | ServiceName,
    port: str | None = None,
    protocol: str = "tcp",
    *,
    timeout: float | None = None,
    fresh: bool = False,
) -> tuple[Endpoint, ...]:
    """See `Resolver.endpoints`."""
    return sync_resolver().endpoints(name, port, protocol, timeout=timeout, fresh=fresh)


def addresses(host: str | ZonalName, *, timeout: float | None = None, fresh: bool = False) -> Addresses:
    """See `Resolver.addresses`."""
    return sync_resolver().addresses(host, timeout=timeout, fresh=fresh)


def reverse(
    address: str | IPAddress, *, timeout: float | None = None, fresh: bool = False
) -> tuple[ServiceName | EndpointName | str, ...]:
    """See `Resolver.reverse`."""
    return sync_resolver().reverse(address, timeout=timeout, fresh=fresh)


def pod(
    address: str | IPAddress, namespace: str | None = None, *, timeout: float | None = None, fresh: bool = False
) -> PodName:
    """See `Resolver.pod`."""
    return sync_resolver().pod(address, namespace, timeout=timeout, fresh=fresh)


def lookup(name: str, rdtype: str, *, timeout: float | None = None, fresh: bool = False) -> Answer:
    """See `Resolver.lookup`."""
    return sync_resolver().lookup(name, rdtype, timeout=timeout, fresh=fresh)


def explain(
    name: str, *, policy: Policy | None = None, timeout: float | None = None, fresh: bool = False
) -> Explanation:
    """See `Resolver.explain`."""
    return sync_resolver().explain(name, policy=policy, timeout=timeout, fresh=fresh)
