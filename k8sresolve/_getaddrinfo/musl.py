"""musl: getaddrinfo.c, lookup_name.c, lookup_serv.c, lookup_ipliteral.c and getnameinfo.c, names apart."""

from __future__ import annotations

import re
import socket
from functools import partial
from socket import AF_INET, AF_INET6, AF_UNSPEC
from typing import Final

from k8sresolve._core import ordering
from k8sresolve._core.questions import Lookup
from k8sresolve._core.search.rules import Failure
from k8sresolve._getaddrinfo.codes import EAI_NODATA
from k8sresolve._getaddrinfo.hints import (
    ADDRCONFIG,
    ALL,
    FLAGS,
    NUMERICHOST,
    NUMERICSERV,
    PASSIVE,
    V4MAPPED,
    Hints,
    Info,
)
from k8sresolve._getaddrinfo.libc import Eai, HostTuple, Libc, Named
from k8sresolve._getaddrinfo.names import Caller, HostEntry, Missing, Names
from k8sresolve._getaddrinfo.numeric import (
    ANY,
    LOOPBACK,
    Address,
    Literal,
    address_family,
    address_text,
    interface,
    literal,
    mapped,
)
from k8sresolve._getaddrinfo.results import infos
from k8sresolve._getaddrinfo.services import MUSL_SOCKETS, Triple, number, port_of

_MOST: Final = 48  # addresses; MAXADDRS of lookup.h
_PROTOCOLS = frozenset(row.protocol for row in MUSL_SOCKETS)


class _Musl(Libc):
    @property
    def _no_data(self) -> int:
        # EAI_NODATA came with 1.2.4.
        return socket.EAI_NONAME if self.name == "musl-1.2.3" else EAI_NODATA

    def getaddrinfo(self, host: str | None, service: str | None, hints: Hints, caller: Caller) -> Lookup[list[Info]]:
        self._check(host, service, hints)
        self._check_family(hints)
        wanted = hints.family
        if hints.has(ADDRCONFIG):
            hints = self._configured(hints, caller)
        triples = self._triples(service, hints)
        named = yield from self._named(host, hints, caller)
        if wanted not in (AF_UNSPEC, hints.family):
            raise Eai(self._no_data)
        # Asked for or not, the canonical name is there, and on each entry.
        return list(infos(named.addresses, triples, named.canonical))

    def _configured(self, hints: Hints, caller: Caller) -> Hints:
        """Turn to the other family if the caller has none of the one asked for."""
        for family, other in ((AF_INET, AF_INET6), (AF_INET6, AF_INET)):
            if hints.family != other and not caller.has(family, loopback=True):
                return hints._replace(family=other)
        return hints

    def _triples(self, service: str | None, hints: Hints) -> list[Triple]:
        """Follow __lookup_serv."""
        protocol = hints.protocol
        own = next((row.protocol for row in MUSL_SOCKETS if row.kind == hints.kind), None)
        if hints.kind and own is None:
            if service is not None:
                raise Eai(socket.EAI_SERVICE)
            return [Triple(hints.kind, protocol, 0)]
        if own is not None:
            if protocol not in (0, own):
                raise Eai(socket.EAI_SERVICE)
            protocol = own
        if service == "":
            raise Eai(socket.EAI_SERVICE)
        rows = [row for row in MUSL_SOCKETS if protocol not in _PROTOCOLS - {row.protocol}]
        port = number(service or "0")
        if port is not None:
            if port > 0xFFFF:
                raise Eai(socket.EAI_SERVICE)
            return [Triple(row.kind, row.protocol, port) for row in rows]
        if hints.has(NUMERICSERV):
            raise Eai(socket.EAI_NONAME)
        named = [(row, port) for row in rows if (port := port_of(service or "", row.name)) is not None]
        if not named:
            raise Eai(socket.EAI_SERVICE)
        return [Triple(row.kind, row.protocol, port) for row, port in named]

    def _named(self, host: str | None, hints: Hints, caller: Caller) -> Lookup[Named]:
        """Follow __lookup_name."""
        if host is not None and not 0 < len(host) < 255:
            raise Eai(socket.EAI_NONAME)
        mapping = hints.has(V4MAPPED) and hints.family == AF_INET6
        named = yield from self._unmapped(host, hints._replace(family=AF_UNSPEC) if mapping else hints, caller)
        addresses = named.addresses[:_MOST]
        if mapping:
            six = [address for address in addresses if len(address.packed) == 16]
            kept = six if six and not hints.has(ALL) else addresses
            addresses = [Address(mapped(packed), scope) for packed, scope in kept]
        if len(addresses) > 1 and any(len(address.packed) == 16 for address in addresses):
            addresses = self._sorted(addresses, caller)
        return named._replace(addresses=addresses)

    def _unmapped(self, host: str | None, hints: Hints, caller: Caller) -> Lookup[Named]:
        if host is None:
            known = ANY if hints.has(PASSIVE) else LOOPBACK
            return Named([Address(known[family]) for family in (AF_INET, AF_INET6) if hints.takes(family)])
        numeric = literal(host)
        if numeric is not None:
            if not hints.takes(address_family(numeric.packed)):
                raise Eai(self._no_data)
            return Named([Address(numeric.packed, self._scope(numeric))], host)
        if hints.has(NUMERICHOST):
            raise Eai(socket.EAI_NONAME)
        try:
            found = yield from caller.names.find(host, hints.rdtypes)
        except Missing as missing:
            raise self._failed(missing) from None
        return Named([Address(packed) for packed in found.addresses], found.canonical)

    def _scope(self, numeric: Literal) -> int:
        """Follow __lookup_ipliteral."""
        packed, scope = numeric
        if scope is None:
            return 0
        index = int(scope) if re.fullmatch("[0-9]+", scope) else interface(packed, scope) or None
        if index is None or index > 0xFFFFFFFF:
            raise Eai(socket.EAI_NONAME)
        return index

    def _code(self, failure: Failure) -> int:
        codes: dict[Failure, int] = {
            "nodata": self._no_data,
            "temporary": socket.EAI_AGAIN,
            "failed": socket.EAI_FAIL,
        }
        return codes.get(failure, socket.EAI_NONAME)

    def host_tuple(self, typed: str, host: HostEntry) -> HostTuple:
        canonical = host.canonical or typed
        # Its list of aliases begins with the canonical name itself.
        aliases = [canonical] if canonical == typed else [canonical, typed]
        return canonical, aliases, [address_text(packed) for packed in host.addresses[:_MOST]]

    def named(self, address: str, names: Names) -> Lookup[HostTuple]:
        name = yield from self.node(address, 0, names)
        return name, [name], [address]

    def node(self, address: str, flags: int, names: Names) -> Lookup[str]:
        try:
            # Each PTR record overwrites the one before.
            return (yield from names.pointers(address))[-1]
        except Missing as missing:
            if flags & socket.NI_NAMEREQD:
                raise Eai(socket.EAI_NONAME, missing.error) from None
        return address


_of_version = partial(
    _Musl,
    known_flags=FLAGS,
    messages={
        EAI_NODATA: "Name has no usable address",
        socket.EAI_BADFLAGS: "Invalid flags",
        socket.EAI_NONAME: "Name does not resolve",
        socket.EAI_AGAIN: "Try again",
        socket.EAI_FAIL: "Non-recoverable error",
        socket.EAI_FAMILY: "Unrecognized address family or invalid length",
        socket.EAI_SOCKTYPE: "Unrecognized socket type",
        socket.EAI_SERVICE: "Unrecognized service",
    },
    host_errors={
        1: "Host not found",
        2: "Try again",
        3: "Non-recoverable error",
        4: "Address not available",
    },
    selection=ordering.MUSL,
)

MUSL = _of_version("musl")
MUSL_1_2_3 = _of_version("musl-1.2.3")
