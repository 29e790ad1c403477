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


def of_process(kind: type[R]) -> R:
    """The one resolver of its kind in this process, made when first needed."""
    process = os.getpid()
    resolver: Any = _made.get((process, kind))
    if resolver is None:
        # A child after fork makes its own. No lock, which a fork might leave taken: of two threads' resolvers one is
        # kept, and the other has opened nothing.
        resolver = _made.setdefault((process, kind), kind())
        for other in [key for key in [*_made] if key[0] != process]:
            _made.pop(other, None)
    return resolver  # type: ignore[no-any-return]


def sync_resolver() -> Resolver:
    """The `Resolver` of the calls here, and of what is given none."""
    return of_process(Resolver)


def async_resolver() -> AsyncResolver:
    """The `AsyncResolver` of what is given none."""
    from k8sresolve.async_resolver import AsyncResolver

    return of_process(AsyncResolver)


def service(
    name: str | ServiceName, *, ports: Iterable[str | PortName] = (), timeout: float | None = None, fresh: bool = False
) -> Service:
    """Look up a Service: its addresses, and the ports named.

    As `Resolver.service`, of the process's own resolver. In a pod of namespace `shop`:

    >>> import k8sresolve
    >>> print(k8sresolve.service("payments", ports=["http"]))
    payments.shop.svc.cluster.local: 10.96.20.1; http/tcp 80
    """
    return sync_resolver().service(name, ports=ports, timeout=timeout, fresh=fresh)


def port(
    name: str | ServiceName,
    port: str | int | None = None,
    protocol: str = "tcp",
    *,
    timeout: float | None = None,
    fresh: bool = False,
) -> Port:
    """Look up one port of a Service by its name.

    As `Resolver.port`, of the process's own resolver. In a pod of namespace `shop`:

    >>> import k8sresolve
    >>> k8sresolve.port("payments", "http").number
    80
    """
    return sync_resolver().port(name, port, protocol, timeout=timeout, fresh=fresh)


def ports(name: str | ServiceName, *, timeout: float | None = None, fresh: bool = False) -> tuple[Port, ...]:
    """List a Service's ports by number, without names and protocols.

    As `Resolver.ports`, of the process's own resolver. In a pod of namespace `shop`:

    >>> import k8sresolve
    >>> [port.number for port in k8sresolve.ports("payments")]
    [80, 9090]
    """
    return sync_resolver().ports(name, timeout=timeout, fresh=fresh)


def endpoints(
    name: str | ServiceName,
    port: str | None = None,
    protocol: str = "tcp",
    *,
    timeout: float | None = None,
    fresh: bool = False,
) -> tuple[Endpoint, ...]:
    """List the pods that a headless Service publishes.

    As `Resolver.endpoints`, of the process's own resolver. In a pod:

    >>> import k8sresolve
    >>> print(k8sresolve.endpoints("cassandra.data", "cql")[0])
    10.244.1.21:9042 (cassandra-0)
    """
    return sync_resolver().endpoints(name, port, protocol, timeout=timeout, fresh=fresh)


def addresses(host: str | ZonalName, *, timeout: float | None = None, fresh: bool = False) -> Addresses:
    """Look up any host as the pod's libc would.

    As `Resolver.addresses`, of the process's own resolver. In a pod of namespace `shop`:

    >>> import k8sresolve
    >>> print(k8sresolve.addresses("payments"))
    payments: 10.96.20.1
    """
    return sync_resolver().addresses(host, timeout=timeout, fresh=fresh)


def reverse(
    address: str | IPAddress, *, timeout: float | None = None, fresh: bool = False
) -> tuple[ServiceName | EndpointName | str, ...]:
    """Tell whose address this is: a Service's, an endpoint's, or another host's.

    As `Resolver.reverse`, of the process's own resolver. In a pod:

    >>> import k8sresolve
    >>> print(*k8sresolve.reverse("10.96.20.1"))
    payments.shop.svc.cluster.local
    """
    return sync_resolver().reverse(address, timeout=timeout, fresh=fresh)


def pod(
    address: str | IPAddress, namespace: str | None = None, *, timeout: float | None = None, fresh: bool = False
) -> PodName:
    """Tell the pod name of an address, if DNS has it.

    As `Resolver.pod`, of the process's own resolver. In a pod:

    >>> import k8sresolve
    >>> print(k8sresolve.pod("10.244.1.11", "shop"))
    10-244-1-11.shop.pod.cluster.local
    """
    return sync_resolver().pod(address, namespace, timeout=timeout, fresh=fresh)


def lookup(name: str, rdtype: str, *, timeout: float | None = None, fresh: bool = False) -> Answer:
    """Look up an RRset of any type, with the search list.

    As `Resolver.lookup`, of the process's own resolver. In a pod:

    >>> import k8sresolve
    >>> print(*k8sresolve.lookup("dns-version.cluster.local.", "TXT").records)
    "1.1.0"
    """
    return sync_resolver().lookup(name, rdtype, timeout=timeout, fresh=fresh)


def explain(
    name: str, *, policy: Policy | None = None, timeout: float | None = None, fresh: bool = False
) -> Explanation:
    """Look a host up, and tell of every candidate why it was asked or left out, what came back, and what it cost.

    As `Resolver.explain`, of the process's own resolver. In a pod of namespace `shop`:

    >>> import k8sresolve
    >>> print(k8sresolve.explain("payments"))
    payments: found 10.96.20.1; 2 questions asked, policy kubernetes
    """
    return sync_resolver().explain(name, policy=policy, timeout=timeout, fresh=fresh)
