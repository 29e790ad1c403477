"""glibc: getaddrinfo.c, getnameinfo.c and dns-host.c, names apart."""

from __future__ import annotations

import re
import socket
from socket import AF_INET, AF_INET6, AF_UNSPEC
from typing import Final

from k8sresolve._core import ordering
from k8sresolve._core.questions import AAAA, A, Lookup
from k8sresolve._core.search.rules import Failure
from k8sresolve._getaddrinfo.codes import EAI_ADDRFAMILY, EAI_NODATA
from k8sresolve._getaddrinfo.hints import (
    ADDRCONFIG,
    ALL,
    CANONNAME,
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
    MAPPED,
    Address,
    Literal,
    address_text,
    interface,
    literal,
    mapped,
)
from k8sresolve._getaddrinfo.results import infos
from k8sresolve._getaddrinfo.services import GLIBC_SOCKETS, Triple, number, port_of

_IDN: Final = 0x40 | 0x80 | 0x300  # AI_IDN, AI_CANONIDN and two that are deprecated; <netdb.h>


class _Glibc(Libc):
    def getaddrinfo(self, host: str | None, service: str | None, hints: Hints, caller: Caller) -> Lookup[list[Info]]:
        host, service = (None if text == "*" else text for text in (host, service))
        self._check(host, service, hints)
        if hints.has(CANONNAME) and host is None:
            raise Eai(socket.EAI_BADFLAGS)
        self._check_family(hints)
        if hints.has(ADDRCONFIG):
            hints = self._configured(hints, caller)
        triples = self._triples(service, hints)
        named = yield from self._named(host, hints, caller)
        canonical = named.canonical if hints.has(CANONNAME) else ""
        addresses = self._sorted(named.addresses, caller) if len(named.addresses) > 1 else named.addresses
        first, *rest = infos(addresses, triples)
        return [(*first[:3], canonical, first[4]), *rest]

    def _configured(self, hints: Hints, caller: Caller) -> Hints:
        families = [family for family in (AF_INET, AF_INET6) if caller.has(family, loopback=False)]
        if hints.family == AF_UNSPEC:
            return hints._replace(family=families[0]) if len(families) == 1 else hints
        if hints.family not in families:
            raise Eai(socket.EAI_NONAME)
        return hints

    def _triples(self, service: str | None, hints: Hints) -> list[Triple]:
        """Follow getaddrinfo and get_servtuples."""
        port = number(service or "0")
        if port is None and hints.has(NUMERICSERV):
            raise Eai(socket.EAI_NONAME)
        free = not (hints.kind or hints.protocol)
        rows = GLIBC_SOCKETS if free else [row for row in GLIBC_SOCKETS if row.fits(hints)][:1]
        if not rows:
            raise Eai(socket.EAI_SOCKTYPE if hints.kind else socket.EAI_SERVICE)
        if not service:
            return [row.at(0, hints) for row in rows if row.usual or not free]
        if not free and rows[0].raw:
            raise Eai(socket.EAI_SERVICE)
        # It is kept as an int, and what is negative then is looked up by name.
        if port is not None and not port & 0x80000000:
            return [row.at(port & 0xFFFF, hints) for row in rows if row.usual or not free]
        named = [(row, port) for row in rows if not row.raw and (port := port_of(service, row.name)) is not None]
        if not named:
            raise Eai(socket.EAI_SERVICE)
        return [row.at(port, hints) for row, port in named]

    def _named(self, host: str | None, hints: Hints, caller: Caller) -> Lookup[Named]:
        if host is None:
            known = ANY if hints.has(PASSIVE) else LOOPBACK
            return Named([Address(known[family]) for family in (AF_INET6, AF_INET) if hints.takes(family)])
        numeric = literal(host)
        if numeric is not None:
            return Named([self._of_literal(numeric, hints)], host)
        if hints.has(NUMERICHOST):
            raise Eai(socket.EAI_NONAME)
        if hints.family == AF_INET6 and hints.has(V4MAPPED):
            return (yield from self._with_mapped(host, hints, caller))
        try:
            found = yield from caller.names.find(host, hints.rdtypes)
        except Missing as missing:
            # For IPv4 without the canonical name it calls the old function.
            old = hints.family == AF_INET and not hints.has(CANONNAME)
            raise self._failed(missing, missing.old if old else missing.failure) from None
        return Named([Address(packed) for packed in found.addresses], found.canonical)

    def _of_literal(self, numeric: Literal, hints: Hints) -> Address:
        packed, scope = numeric
        if len(packed) == 4:
            if hints.takes(AF_INET):
                return Address(packed)
            if not hints.has(V4MAPPED):
                raise Eai(EAI_ADDRFAMILY)
            return Address(mapped(packed))
        if not hints.takes(AF_INET6) and not packed.startswith(MAPPED):
            raise Eai(EAI_ADDRFAMILY)
        index = 0 if scope is None else self._scope(packed, scope)
        return Address(packed, index) if hints.takes(AF_INET6) else Address(packed[12:])

    def _scope(self, packed: bytes, scope: str) -> int:
        """Follow __inet6_scopeid_pton."""
        index = interface(packed, scope)
        if index:
            return index
        if not re.fullmatch("[0-9]+", scope) or int(scope) > 0xFFFFFFFF:
            raise Eai(socket.EAI_NONAME)
        return int(scope)

    def _with_mapped(self, host: str, hints: Hints, caller: Caller) -> Lookup[Named]:
        """Ask for IPv6, then for IPv4 where there is none, or both are wanted. Follow get_nss_addresses."""
        found: list[HostEntry] = []
        lacking: list[Missing] = []
        for rdtype in (AAAA, A):
            if rdtype == A and found and not hints.has(ALL):
                break
            try:
                found.append((yield from caller.names.find(host, (rdtype,))))
            except Missing as missing:
                lacking.append(missing)
        if not found:
            six, four = lacking
            joined = _both(six.failure, four.failure)
            # What failed for now is told before what is not there.
            told = max(lacking, key=lambda m: (m.failure in ("temporary", "failed"), m.failure == joined))
            raise self._failed(told, joined)
        addresses = [Address(mapped(packed)) for host_ in found for packed in host_.addresses]
        return Named(addresses, found[0].canonical)

    def _code(self, failure: Failure) -> int:
        codes: dict[Failure, int] = {"nodata": EAI_NODATA, "temporary": socket.EAI_AGAIN}
        return codes.get(failure, socket.EAI_NONAME)

    def host_tuple(self, typed: str, host: HostEntry) -> HostTuple:
        return host.canonical or typed, list(host.aliases), [address_text(packed) for packed in host.addresses]

    def named(self, address: str, names: Names) -> Lookup[HostTuple]:
        name, *aliases = yield from names.pointers(address)
        return name, aliases, [address]

    def node(self, address: str, flags: int, names: Names) -> Lookup[str]:
        try:
            return (yield from names.pointers(address))[0]
        except Missing as missing:
            if missing.failure == "temporary":
                raise self._failed(missing) from None
            if flags & socket.NI_NAMEREQD:
                raise Eai(socket.EAI_NONAME, missing.error) from None
        return address


def _both(six: Failure, four: Failure) -> Failure:
    """Join what two lookups of one name came to; follow the end of get_nss_addresses."""
    if {six, four} & {"nxdomain", "failed"}:
        return "nxdomain"
    return six if six == four else "nodata"


GLIBC = _Glibc(
    "glibc",
    FLAGS | _IDN,
    {
        EAI_NODATA: "No address associated with hostname",
        EAI_ADDRFAMILY: "Address family for hostname not supported",
        socket.EAI_BADFLAGS: "Bad value for ai_flags",
        socket.EAI_NONAME: "Name or service not known",
        socket.EAI_AGAIN: "Temporary failure in name resolution",
        socket.EAI_FAIL: "Non-recoverable failure in name resolution",
        socket.EAI_FAMILY: "ai_family not supported",
        socket.EAI_SOCKTYPE: "ai_socktype not supported",
        socket.EAI_SERVICE: "Servname not supported for ai_socktype",
    },
    {
        1: "Unknown host",
        2: "Host name lookup failure",
        3: "Unknown server error",
        4: "No address associated with name",
    },
    ordering.GLIBC,
)
