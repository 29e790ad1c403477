"""The addresses and the port of what a client was told to connect to: numbers, ports' names, SRV hosts.

A number is kept. A port's name is that of the Service, by SRV, where the host is a Service of the cluster; else it is
one of services(5). An SRV host, as `_sql._tcp.db.shop`, has its SRV records' port in place of the one given.
What is done is a generator of steps, each a call of a resolver's, so that it is written once for both kinds.
"""

from __future__ import annotations

import copy
import socket
from collections.abc import Callable, Generator
from typing import Any, TypeAlias

from k8sresolve._getaddrinfo.hints import Hints, Info
from k8sresolve.config import ResolverConfig
from k8sresolve.contrib._scope import SrvHost, port_name, service_at, srv_host
from k8sresolve.errors import InvalidHints, NotFound, ResolveError, ServerFailure
from k8sresolve.names import PortName
from k8sresolve.records import Port, Service

Step: TypeAlias = Callable[[Any, float | None], Any]
"""A call of a resolver's, awaited where that is an `AsyncResolver`; its timeout comes second."""

Steps: TypeAlias = Generator[Step, Any, list[Info]]


_PROTOCOLS: dict[int, str] = {socket.IPPROTO_TCP: "tcp", socket.IPPROTO_UDP: "udp", socket.IPPROTO_SCTP: "sctp"}
_TYPES: dict[int, str] = {socket.SOCK_STREAM: "tcp", socket.SOCK_DGRAM: "udp"}
_KINDS: dict[str, tuple[int, int]] = {
    "tcp": (socket.SOCK_STREAM, socket.IPPROTO_TCP),
    "udp": (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
}


def getaddrinfo(
    config: ResolverConfig, host: bytes | str | None, port: bytes | str | int | None, hints: Hints
) -> Steps:
    """Do as `socket.getaddrinfo`, with ports as this module finds them."""
    name = host.decode("latin-1") if isinstance(host, bytes) else host
    if name is None or hints.flags & socket.AI_NUMERICHOST:
        return (yield from _as_typed(host, port, hints))
    at = srv_host(name)
    if at is not None and service_at(at.service, config) is not None:
        return (yield from _at_srv_host(name, at, hints))
    word = port.decode("latin-1") if isinstance(port, bytes) else port
    if not isinstance(word, str) or word.isdigit() or hints.flags & socket.AI_NUMERICSERV:
        return (yield from _as_typed(host, port, hints))
    if not _names_service(name, config):
        return (yield from _as_typed(host, port, hints))
    found = yield from _named(name, word, hints)
    if found is None:
        found = yield from _as_typed(host, port, hints)
    return found


def _as_typed(host: bytes | str | None, port: bytes | str | int | None, hints: Hints) -> Steps:
    found: list[Info] = yield _plain(host, port, hints)
    return found


def _plain(host: bytes | str | None, port: bytes | str | int | None, hints: Hints) -> Step:
    return lambda resolver, timeout: resolver.getaddrinfo(host, port, *hints, timeout=timeout)


def _names_service(host: str, config: ResolverConfig) -> bool:
    """Whether a host is a Service's name, and no literal, `localhost`, or name of the hosts file."""
    lower = host.lower()
    if lower == "localhost" or any(lower == name for name, _ in config.hosts) or service_at(host, config) is None:
        return False
    try:
        socket.inet_aton(host)
    except OSError:
        return True
    return False


def _protocols(hints: Hints) -> tuple[str, ...]:
    """The protocols whose ports are meant, the likelier first."""
    found = _PROTOCOLS.get(hints.protocol) or _TYPES.get(hints.kind)
    if found:
        return (found,)
    return () if hints.protocol or hints.kind else ("tcp", "udp")


def _at_srv_host(host: str, at: SrvHost, hints: Hints) -> Generator[Step, Any, list[Info]]:
    try:
        service = yield _service(at.service, (PortName(at.port, at.protocol),))
    except ResolveError as error:
        raise _named_as_typed(error, host) from None
    return (yield from _infos(host, service, service.ports[0], hints))


def _named(host: str, word: str, hints: Hints) -> Generator[Step, Any, list[Info] | None]:
    """Find a port by its name; None where services(5) has the word: no such Service, or an ExternalName.

    Raises `InvalidHints` (EAI_SERVICE) for a Service without that port.
    """
    missing: NotFound | None = None
    for protocol in _protocols(hints):
        port = port_name(word, protocol)
        if port is None:
            return None
        try:
            service = yield _service(host, (port,))
        except NotFound as error:
            missing = missing or error
        else:
            return (yield from _infos(host, service, service.ports[0], hints))
    if missing is None:
        return None
    try:
        service = yield _service(host, ())
    except NotFound:
        return None
    if service.cname is not None:
        return None  # an ExternalName has no ports of its own
    raise InvalidHints(
        host, missing.problem, code=socket.EAI_SERVICE, attempts=missing.attempts, advice=missing.advice
    ) from None


def _service(host: str, ports: tuple[PortName, ...]) -> Step:
    return lambda resolver, timeout: resolver.service(host, ports=ports, timeout=timeout)


def _infos(host: str, service: Service, port: Port, hints: Hints) -> Generator[Step, Any, list[Info]]:
    """List a port's places as getaddrinfo(3) does, in the order of RFC 2782."""
    kind, protocol = _KINDS.get(port.protocol or "", (0, 0))
    exact = Hints(hints.family, hints.kind or kind, hints.protocol or protocol, hints.flags & ~socket.AI_CANONNAME)
    found: list[Info] = []
    refused: ResolveError | None = None
    for address, number in port.select():
        try:
            found += yield _plain(str(address), number, exact)
        except ResolveError as error:  # of the other family
            refused = error
    if found:
        first = found[0]
        canonical = service.name.host if hints.flags & socket.AI_CANONNAME else ""
        return [(first[0], first[1], first[2], canonical, first[4]), *found[1:]]
    if refused is not None:
        raise _named_as_typed(refused, host)
    raise _named_as_typed(_nowhere(service, port), host)


def _nowhere(service: Service, port: Port) -> ResolveError:
    return ServerFailure(service.name.host, f"the targets of port {port.name!r} came without an address")


def _named_as_typed(error: ResolveError, host: str) -> ResolveError:
    """The same error, of the host that the user typed."""
    renamed = copy.copy(error)
    renamed.name = host
    return renamed
