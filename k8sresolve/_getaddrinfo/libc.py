"""getaddrinfo(3) and its kin as glibc and musl have them, DNS apart: flags, families, services, order and errors.

Nothing here asks a nameserver: who calls says what a name or an address has, or raises `Missing`. Only names of
services and of network interfaces are looked up on this machine.

Sources: glibc 2.36, `sysdeps/posix/getaddrinfo.c`, `inet/getnameinfo.c`, `resolv/nss_dns/dns-host.c`; musl 1.2.5,
`src/network/getaddrinfo.c`, `lookup_name.c`, `lookup_serv.c`, `lookup_ipliteral.c`, `getnameinfo.c`.
"""

import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import IPv6Address, IPv6Network
from socket import AF_INET, AF_INET6, AF_UNSPEC, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_STREAM
from typing import Any, Final, NamedTuple, TypeAlias

import attrs

from k8sresolve._core.addresses import parse_inet_aton
from k8sresolve._core.questions import AAAA, A
from k8sresolve._core.search.rules import Failure
from k8sresolve.errors import ConfigError

Info: TypeAlias = tuple[int, int, int, str, tuple[Any, ...]]
"""What Python's `getaddrinfo` returns a list of: family, socket type, protocol, canonical name, address."""

_PASSIVE: Final = int(socket.AI_PASSIVE)
_CANONNAME: Final = int(socket.AI_CANONNAME)
_NUMERICHOST: Final = int(socket.AI_NUMERICHOST)
_NUMERICSERV: Final = int(socket.AI_NUMERICSERV)
_ADDRCONFIG: Final = int(socket.AI_ADDRCONFIG)
_V4MAPPED: Final = int(socket.AI_V4MAPPED)
_ALL: Final = int(socket.AI_ALL)
_FLAGS = _PASSIVE | _CANONNAME | _NUMERICHOST | _NUMERICSERV | _ADDRCONFIG | _V4MAPPED | _ALL
_IDN = 0x40 | 0x80 | 0x300  # AI_IDN, AI_CANONIDN and two that are deprecated; <netdb.h> of glibc

_MAPPED = b"\0" * 10 + b"\xff\xff"
_ANY: Mapping[int, bytes] = {AF_INET: bytes(4), AF_INET6: bytes(16)}
_LOOPBACK: Mapping[int, bytes] = {AF_INET: b"\x7f\0\0\1", AF_INET6: bytes(15) + b"\1"}


class Missing(Exception):
    """A name, or an address, has nothing: `failure` says why, `old` as glibc's gethostbyname2_r(3) reports it."""

    def __init__(self, failure: Failure, old: Failure | None = None) -> None:
        super().__init__(failure)
        self.failure: Failure = failure
        self.old: Failure = old or failure


class Host(NamedTuple):
    """What a name has: its canonical name, the aliases on the way there, and packed addresses in the order received."""

    canonical: str
    aliases: tuple[str, ...]
    addresses: tuple[bytes, ...]


class Hints(NamedTuple):
    """What the caller wants: address family, socket type, protocol, and `AI_` flags."""

    family: int
    kind: int
    protocol: int
    flags: int

    def has(self, flag: int) -> bool:
        """Whether a flag is set."""
        return self.flags & flag != 0

    def takes(self, family: int) -> bool:
        """Whether addresses of that family are wanted."""
        return self.family in (AF_UNSPEC, family)

    @property
    def rdtypes(self) -> tuple[int, ...]:
        """The types of the addresses that are wanted."""
        return tuple(rdtype for family, rdtype in ((AF_INET, A), (AF_INET6, AAAA)) if self.takes(family))


Ask: TypeAlias = Callable[[str, tuple[int, ...]], Host]
"""Finds a name's addresses of these types, A before AAAA. Raises `Missing`."""

AskPointer: TypeAlias = Callable[[str], Sequence[str]]
"""Finds the names of an address, given as text. Raises `Missing`."""


class Pod(NamedTuple):
    """Where the caller seems to be: its own addresses, packed, and how it finds names."""

    own: tuple[bytes, ...]
    ask: Ask

    def has(self, family: int) -> bool:
        """Whether it has an address of that family."""
        return any(_family(packed) == family for packed in self.own)


class _Address(NamedTuple):
    packed: bytes
    scope: int = 0


class _Named(NamedTuple):
    """What a host came to. `canonical` is empty where it has no name."""

    addresses: Sequence[_Address]
    canonical: str = ""


class _Triple(NamedTuple):
    kind: int
    protocol: int
    port: int


def _family(packed: bytes) -> int:
    return AF_INET if len(packed) == 4 else AF_INET6


def _mapped(packed: bytes) -> bytes:
    return _MAPPED + packed if len(packed) == 4 else packed


def text_of(packed: bytes) -> str:
    """Write an address as the C library does."""
    return socket.inet_ntop(_family(packed), packed)


class _Literal(NamedTuple):
    packed: bytes
    scope: str | None


def _literal(host: str) -> _Literal | None:
    """Read a numeric host; `scope` is what stands behind a `%`."""
    ipv4 = parse_inet_aton(host)
    if ipv4 is not None:
        return _Literal(ipv4.packed, None)
    text, percent, scope = host.partition("%")
    try:
        return _Literal(socket.inet_pton(AF_INET6, text), scope if percent else None)
    except (OSError, ValueError):
        return None


def literal_text(host: str) -> str | None:
    """Write a numeric host in the usual form, without its scope; None for a name."""
    literal = _literal(host)
    return None if literal is None else text_of(literal.packed)


def _has_interfaces(packed: bytes) -> bool:
    """Whether it is link-local, so that its scope may be an interface's name."""
    return (packed[0] == 0xFE and packed[1] & 0xC0 == 0x80) or (packed[0] == 0xFF and packed[1] & 0xF == 2)


def _interface(name: str) -> int:
    try:
        return socket.if_nametoindex(name)
    except (OSError, ValueError):
        return 0


_STRTOUL = re.compile(r"[ \t-\r]*([+-]?)([0-9]+)", re.ASCII)


def _number(text: str) -> int | None:
    """Read a number as strtoul(3) to its end; None where it does not end there."""
    match = _STRTOUL.fullmatch(text)
    if match is None:
        return None
    value = min(int(match[2]), 2**64 - 1)
    return -value % 2**64 if match[1] == "-" else value


class _Range(NamedTuple):
    """A row of the table that RFC 3484 and RFC 6724 sort by."""

    network: IPv6Network
    precedence: int
    label: int


def _table(*rows: tuple[str, int, int]) -> tuple[_Range, ...]:
    ranges = [_Range(IPv6Network(network), *rest) for network, *rest in rows]
    return tuple(sorted(ranges, key=lambda row: -row.network.prefixlen))


# RFC 3484, section 2.1, with two labels that glibc adds.
_GLIBC_TABLE = _table(
    ("::1/128", 50, 0),
    ("2001::/32", 40, 7),
    ("fec0::/10", 40, 5),
    ("fc00::/7", 40, 6),
    ("2002::/16", 30, 2),
    ("::ffff:0:0/96", 10, 4),
    ("::/96", 20, 3),
    ("::/0", 40, 1),
)
# RFC 6724, section 2.1, without what it calls deprecated.
_MUSL_TABLE = _table(
    ("::1/128", 50, 0),
    ("::ffff:0:0/96", 35, 4),
    ("2002::/16", 30, 2),
    ("2001::/32", 5, 5),
    ("fc00::/7", 3, 13),
    ("::/0", 40, 1),
)


def _scope_of(address: IPv6Address) -> int:
    ipv4 = address.ipv4_mapped
    if ipv4 is not None:
        return 2 if ipv4.is_loopback or ipv4.is_link_local else 14
    if address.is_multicast:
        return address.packed[1] & 15
    return 2 if address.is_loopback or address.is_link_local else 5 if address.is_site_local else 14


def _common_bits(one: IPv6Address, other: IPv6Address) -> int:
    return 128 - (int(one) ^ int(other)).bit_length()


def _source(packed: bytes, own: Sequence[bytes]) -> bytes | None:
    """The address that a packet from this pod to there would come from."""
    family = _family(packed)
    if packed in (_ANY[family], _LOOPBACK[family]) or (family == AF_INET and packed[0] == 127):
        return _LOOPBACK[family]
    # The kernel reaches an IPv4-mapped address by IPv4.
    reached = AF_INET if packed.startswith(_MAPPED) else family
    return next((address for address in own if _family(address) == reached), None)


_Key: TypeAlias = tuple[float, ...]


@attrs.frozen
class Libc:
    """One C library. `version` is a part of `name` where versions differ."""

    name: str
    policy: str
    known_flags: int
    messages: Mapping[int, str]
    host_errors: Mapping[int, str]
    table: tuple[_Range, ...]

    def error(self, code: int) -> socket.gaierror:
        """Make the error that this library and Python make of an EAI code."""
        return socket.gaierror(code, self.messages.get(code, "Unknown error"))

    def host_error(self, failure: Failure) -> socket.herror:
        """Make the error of gethostbyname_ex() and gethostbyaddr()."""
        code = _HOST_CODES[failure]
        return socket.herror(code, self.host_errors[code])

    def _failed(self, failure: Failure) -> socket.gaierror:
        raise NotImplementedError

    def getaddrinfo(self, host: str | None, service: str | None, hints: Hints, pod: Pod) -> list[Info]:
        """Do as this library does, in Python's form. Raises `socket.gaierror`, and what `pod.ask` raises."""
        raise NotImplementedError

    def _check(self, host: str | None, service: str | None, hints: Hints) -> None:
        if host is None and service is None:
            raise self.error(socket.EAI_NONAME)
        if hints.flags & ~self.known_flags:
            raise self.error(socket.EAI_BADFLAGS)

    def _check_family(self, hints: Hints) -> None:
        if hints.family not in (AF_UNSPEC, AF_INET, AF_INET6):
            raise self.error(socket.EAI_FAMILY)

    def _sorted(self, addresses: Sequence[_Address], own: Sequence[bytes]) -> Sequence[_Address]:
        return sorted(addresses, key=lambda address: self._key(address.packed, own))

    def _key(self, packed: bytes, own: Sequence[bytes]) -> _Key:
        """Rules 1, 2, 5, 6, 8 and 9 of RFC 3484, section 6; sorting is stable, which is rule 10."""
        destination = IPv6Address(_mapped(packed))
        source_packed = _source(packed, own)
        precedence, label = self._row(destination)
        if source_packed is None:
            return (1, 1, 1, -precedence, _scope_of(destination), 0)
        source = IPv6Address(_mapped(source_packed))
        return (
            0,
            _scope_of(source) != _scope_of(destination),
            self._row(source)[1] != label,
            -precedence,
            _scope_of(destination),
            -self._prefix(destination, source),
        )

    def _row(self, address: IPv6Address) -> tuple[int, int]:
        row = next(row for row in self.table if address in row.network)
        return row.precedence, row.label

    def _prefix(self, destination: IPv6Address, source: IPv6Address) -> int:
        return _common_bits(destination, source)

    def host_entry(self, typed: str, host: Host) -> tuple[str, list[str], list[str]]:
        """What gethostbyname_ex() makes of a name's addresses."""
        raise NotImplementedError

    def named(self, address: str, ask: AskPointer) -> tuple[str, list[str], list[str]]:
        """Do as gethostbyaddr(3). Raises `socket.herror`."""
        raise NotImplementedError

    def node(self, address: str, flags: int, ask: AskPointer) -> str:
        """Give the host of getnameinfo(3): a name of the address, or itself. Raises `socket.gaierror`."""
        raise NotImplementedError


class _Glibc(Libc):
    def getaddrinfo(self, host: str | None, service: str | None, hints: Hints, pod: Pod) -> list[Info]:
        host, service = (None if text == "*" else text for text in (host, service))
        self._check(host, service, hints)
        if hints.has(_CANONNAME) and host is None:
            raise self.error(socket.EAI_BADFLAGS)
        self._check_family(hints)
        if hints.has(_ADDRCONFIG):
            hints = self._configured(hints, pod)
        triples = self._triples(service, hints)
        named = self._named(host, hints, pod)
        canonical = named.canonical if hints.has(_CANONNAME) else ""
        addresses = self._sorted(named.addresses, pod.own) if len(named.addresses) > 1 else named.addresses
        infos = list(_infos(addresses, triples))
        return [(*infos[0][:3], canonical, infos[0][4]), *infos[1:]]

    def _configured(self, hints: Hints, pod: Pod) -> Hints:
        families = [family for family in (AF_INET, AF_INET6) if pod.has(family)]
        if hints.family == AF_UNSPEC:
            return hints._replace(family=families[0]) if len(families) == 1 else hints
        if hints.family not in families:
            raise self.error(socket.EAI_NONAME)
        return hints

    def _triples(self, service: str | None, hints: Hints) -> list[_Triple]:
        """Follow getaddrinfo and get_servtuples."""
        number = _number(service or "0")
        if number is None and hints.has(_NUMERICSERV):
            raise self.error(socket.EAI_NONAME)
        free = not (hints.kind or hints.protocol)
        rows = _GLIBC_SOCKETS if free else [row for row in _GLIBC_SOCKETS if row.fits(hints)][:1]
        if not rows:
            raise self.error(socket.EAI_SOCKTYPE if hints.kind else socket.EAI_SERVICE)
        if not service:
            return [row.at(0, hints) for row in rows if row.usual or not free]
        if not free and rows[0].raw:
            raise self.error(socket.EAI_SERVICE)
        # It is kept as an int, and what is negative then is looked up by name.
        if number is not None and not number & 0x80000000:
            return [row.at(number & 0xFFFF, hints) for row in rows if row.usual or not free]
        named = [(row, port) for row in rows if not row.raw and (port := _port(service, row.name)) is not None]
        if not named:
            raise self.error(socket.EAI_SERVICE)
        return [row.at(port, hints) for row, port in named]

    def _named(self, host: str | None, hints: Hints, pod: Pod) -> _Named:
        if host is None:
            known = _ANY if hints.has(_PASSIVE) else _LOOPBACK
            return _Named([_Address(known[family]) for family in (AF_INET6, AF_INET) if hints.takes(family)])
        literal = _literal(host)
        if literal is not None:
            return _Named([self._of_literal(literal, hints)], host)
        if hints.has(_NUMERICHOST):
            raise self.error(socket.EAI_NONAME)
        if hints.family == AF_INET6 and hints.has(_V4MAPPED):
            return self._with_mapped(host, hints, pod)
        try:
            found = pod.ask(host, hints.rdtypes)
        except Missing as missing:
            # For IPv4 without the canonical name it calls the old function.
            old = hints.family == AF_INET and not hints.has(_CANONNAME)
            raise self._failed(missing.old if old else missing.failure) from None
        return _Named([_Address(packed) for packed in found.addresses], found.canonical)

    def _of_literal(self, literal: _Literal, hints: Hints) -> _Address:
        packed, scope = literal
        if len(packed) == 4:
            if hints.takes(AF_INET):
                return _Address(packed)
            if not hints.has(_V4MAPPED):
                raise self.error(socket.EAI_ADDRFAMILY)
            return _Address(_mapped(packed))
        if not hints.takes(AF_INET6) and not packed.startswith(_MAPPED):
            raise self.error(socket.EAI_ADDRFAMILY)
        number = 0 if scope is None else self._scope(packed, scope)
        return _Address(packed, number) if hints.takes(AF_INET6) else _Address(packed[12:])

    def _scope(self, packed: bytes, scope: str) -> int:
        """Follow __inet6_scopeid_pton."""
        number = _interface(scope) if _has_interfaces(packed) else 0
        if number:
            return number
        if not re.fullmatch("[0-9]+", scope) or int(scope) > 0xFFFFFFFF:
            raise self.error(socket.EAI_NONAME)
        return int(scope)

    def _with_mapped(self, host: str, hints: Hints, pod: Pod) -> _Named:
        """Ask for IPv6, then for IPv4 where there is none, or both are wanted. Follow get_nss_addresses."""
        found: list[Host] = []
        failures: list[Failure] = []
        for rdtype in (AAAA, A):
            if rdtype == A and found and not hints.has(_ALL):
                break
            try:
                found.append(pod.ask(host, (rdtype,)))
            except Missing as missing:
                failures.append(missing.failure)
        if not found:
            raise self._failed(_both(*failures))
        addresses = [_Address(_mapped(packed)) for host_ in found for packed in host_.addresses]
        return _Named(addresses, found[0].canonical)

    def _failed(self, failure: Failure) -> socket.gaierror:
        codes = {"nodata": socket.EAI_NODATA, "temporary": socket.EAI_AGAIN}
        return self.error(codes.get(failure, socket.EAI_NONAME))

    def _prefix(self, destination: IPv6Address, source: IPv6Address) -> int:
        # Of IPv4 addresses, prefixes count within the pod's own subnet only, which is its own address in most clusters.
        return 0 if destination.ipv4_mapped else _common_bits(destination, source)

    def host_entry(self, typed: str, host: Host) -> tuple[str, list[str], list[str]]:
        return host.canonical or typed, list(host.aliases), [text_of(packed) for packed in host.addresses]

    def named(self, address: str, ask: AskPointer) -> tuple[str, list[str], list[str]]:
        try:
            name, *aliases = ask(address)
        except Missing as missing:
            raise self.host_error(missing.failure) from None
        return name, aliases, [address]

    def node(self, address: str, flags: int, ask: AskPointer) -> str:
        try:
            return ask(address)[0]
        except Missing as missing:
            if missing.failure == "temporary":
                raise self.error(socket.EAI_AGAIN) from None
        if flags & socket.NI_NAMEREQD:
            raise self.error(socket.EAI_NONAME)
        return address


def _both(six: Failure, four: Failure) -> Failure:
    """Join what two lookups of one name came to; follow the end of get_nss_addresses."""
    if {six, four} & {"nxdomain", "failed"}:
        return "nxdomain"
    return six if six == four else "nodata"


class _Socket(NamedTuple):
    """A row of glibc's gaih_inet_typeproto. A `usual` one is given to who states neither type nor protocol."""

    kind: int
    protocol: int
    name: str
    usual: bool

    @property
    def raw(self) -> bool:
        """Whether it takes any protocol, and no service."""
        return self.kind == SOCK_RAW

    def fits(self, hints: Hints) -> bool:
        return hints.kind in (0, self.kind) and (self.raw or hints.protocol in (0, self.protocol))

    def at(self, port: int, hints: Hints) -> _Triple:
        return _Triple(self.kind, hints.protocol if self.raw else self.protocol, port)


_SOCK_DCCP, _DCCP, _SCTP, _UDPLITE = 6, 33, 132, 136
_GLIBC_SOCKETS = (
    _Socket(SOCK_STREAM, socket.IPPROTO_TCP, "tcp", usual=True),
    _Socket(SOCK_DGRAM, socket.IPPROTO_UDP, "udp", usual=True),
    _Socket(_SOCK_DCCP, _DCCP, "dccp", usual=False),
    _Socket(SOCK_DGRAM, _UDPLITE, "udplite", usual=False),
    _Socket(SOCK_STREAM, _SCTP, "sctp", usual=False),
    _Socket(SOCK_SEQPACKET, _SCTP, "sctp", usual=False),
    _Socket(SOCK_RAW, 0, "raw", usual=True),
)


def _port(service: str, protocol: str) -> int | None:
    try:
        return socket.getservbyname(service, protocol)
    except (OSError, ValueError):
        return None


def _infos(addresses: Sequence[_Address], triples: Sequence[_Triple], canonical: str = "") -> Iterator[Info]:
    for packed, scope in addresses:
        text = text_of(packed)
        for kind, protocol, port in triples:
            place = (text, port) if len(packed) == 4 else (text, port, 0, scope)
            yield socket.AddressFamily(_family(packed)), _kind(kind), protocol, canonical, place


def _kind(kind: int) -> int:
    try:
        return socket.SocketKind(kind)
    except ValueError:
        return kind


_MUSL_MOST = 48  # addresses; MAXADDRS of lookup.h


class _Musl(Libc):
    @property
    def _no_data(self) -> int:
        # EAI_NODATA came with 1.2.4.
        return socket.EAI_NONAME if self.name == "musl-1.2.3" else socket.EAI_NODATA

    def getaddrinfo(self, host: str | None, service: str | None, hints: Hints, pod: Pod) -> list[Info]:
        self._check(host, service, hints)
        self._check_family(hints)
        wanted = hints.family
        if hints.has(_ADDRCONFIG):
            hints = self._configured(hints, pod)
        triples = self._triples(service, hints)
        named = self._named(host, hints, pod)
        if wanted not in (AF_UNSPEC, hints.family):
            raise self.error(self._no_data)
        # Asked for or not, the canonical name is there, and on each entry.
        return list(_infos(named.addresses, triples, named.canonical))

    def _configured(self, hints: Hints, pod: Pod) -> Hints:
        """Turn to the other family if the pod has none of the one asked for."""
        for family, other in ((AF_INET, AF_INET6), (AF_INET6, AF_INET)):
            if hints.family != other and not pod.has(family):
                return hints._replace(family=other)
        return hints

    def _triples(self, service: str | None, hints: Hints) -> list[_Triple]:
        """Follow __lookup_serv."""
        protocol = hints.protocol
        own = next((row.protocol for row in _MUSL_SOCKETS if row.kind == hints.kind), None)
        if hints.kind and own is None:
            if service is not None:
                raise self.error(socket.EAI_SERVICE)
            return [_Triple(hints.kind, protocol, 0)]
        if own is not None:
            if protocol not in (0, own):
                raise self.error(socket.EAI_SERVICE)
            protocol = own
        if service == "":
            raise self.error(socket.EAI_SERVICE)
        rows = [row for row in _MUSL_SOCKETS if protocol not in _PROTOCOLS - {row.protocol}]
        number = _number(service or "0")
        if number is not None:
            if number > 0xFFFF:
                raise self.error(socket.EAI_SERVICE)
            return [_Triple(row.kind, row.protocol, number) for row in rows]
        if hints.has(_NUMERICSERV):
            raise self.error(socket.EAI_NONAME)
        named = [(row, port) for row in rows if (port := _port(service or "", row.name)) is not None]
        if not named:
            raise self.error(socket.EAI_SERVICE)
        return [_Triple(row.kind, row.protocol, port) for row, port in named]

    def _named(self, host: str | None, hints: Hints, pod: Pod) -> _Named:
        """Follow __lookup_name."""
        if host is not None and not 0 < len(host) < 255:
            raise self.error(socket.EAI_NONAME)
        mapping = hints.has(_V4MAPPED) and hints.family == AF_INET6
        named = self._unmapped(host, hints._replace(family=AF_UNSPEC) if mapping else hints, pod)
        addresses = named.addresses[:_MUSL_MOST]
        if mapping:
            six = [address for address in addresses if len(address.packed) == 16]
            kept = six if six and not hints.has(_ALL) else addresses
            addresses = [_Address(_mapped(packed), scope) for packed, scope in kept]
        if len(addresses) > 1 and any(len(address.packed) == 16 for address in addresses):
            addresses = self._sorted(addresses, pod.own)
        return named._replace(addresses=addresses)

    def _unmapped(self, host: str | None, hints: Hints, pod: Pod) -> _Named:
        if host is None:
            known = _ANY if hints.has(_PASSIVE) else _LOOPBACK
            return _Named([_Address(known[family]) for family in (AF_INET, AF_INET6) if hints.takes(family)])
        literal = _literal(host)
        if literal is not None:
            if not hints.takes(_family(literal.packed)):
                raise self.error(self._no_data)
            return _Named([_Address(literal.packed, self._scope(literal))], host)
        if hints.has(_NUMERICHOST):
            raise self.error(socket.EAI_NONAME)
        try:
            found = pod.ask(host, hints.rdtypes)
        except Missing as missing:
            raise self._failed(missing.failure) from None
        return _Named([_Address(packed) for packed in found.addresses], found.canonical)

    def _scope(self, literal: _Literal) -> int:
        """Follow __lookup_ipliteral."""
        packed, scope = literal
        if scope is None:
            return 0
        number = int(scope) if re.fullmatch("[0-9]+", scope) else None
        if number is None:
            number = _interface(scope) if _has_interfaces(packed) else 0
            if not number:
                raise self.error(socket.EAI_NONAME)
        if number > 0xFFFFFFFF:
            raise self.error(socket.EAI_NONAME)
        return number

    def _failed(self, failure: Failure) -> socket.gaierror:
        codes = {"nodata": self._no_data, "temporary": socket.EAI_AGAIN, "failed": socket.EAI_FAIL}
        return self.error(codes.get(failure, socket.EAI_NONAME))

    def host_entry(self, typed: str, host: Host) -> tuple[str, list[str], list[str]]:
        canonical = host.canonical or typed
        # Its list of aliases begins with the canonical name itself.
        aliases = [canonical] if canonical == typed else [canonical, typed]
        return canonical, aliases, [text_of(packed) for packed in host.addresses[:_MUSL_MOST]]

    def named(self, address: str, ask: AskPointer) -> tuple[str, list[str], list[str]]:
        name = self.node(address, 0, ask)
        return name, [name], [address]

    def node(self, address: str, flags: int, ask: AskPointer) -> str:
        try:
            # Each PTR record overwrites the one before.
            return ask(address)[-1]
        except Missing:
            pass
        if flags & socket.NI_NAMEREQD:
            raise self.error(socket.EAI_NONAME)
        return address


_MUSL_SOCKETS = (_GLIBC_SOCKETS[0], _GLIBC_SOCKETS[1])
_PROTOCOLS = frozenset(row.protocol for row in _MUSL_SOCKETS)

# HOST_NOT_FOUND, TRY_AGAIN, NO_RECOVERY and NO_DATA of <netdb.h>.
_HOST_CODES: Mapping[Failure, int] = {"nxdomain": 1, "temporary": 2, "failed": 3, "nodata": 4}

# gai_strerror(3) and hstrerror(3).
_GLIBC_MESSAGES = {
    socket.EAI_BADFLAGS: "Bad value for ai_flags",
    socket.EAI_NONAME: "Name or service not known",
    socket.EAI_AGAIN: "Temporary failure in name resolution",
    socket.EAI_FAIL: "Non-recoverable failure in name resolution",
    socket.EAI_NODATA: "No address associated with hostname",
    socket.EAI_FAMILY: "ai_family not supported",
    socket.EAI_SOCKTYPE: "ai_socktype not supported",
    socket.EAI_SERVICE: "Servname not supported for ai_socktype",
    socket.EAI_ADDRFAMILY: "Address family for hostname not supported",
}
_MUSL_MESSAGES = {
    socket.EAI_BADFLAGS: "Invalid flags",
    socket.EAI_NONAME: "Name does not resolve",
    socket.EAI_AGAIN: "Try again",
    socket.EAI_FAIL: "Non-recoverable error",
    socket.EAI_NODATA: "Name has no usable address",
    socket.EAI_FAMILY: "Unrecognized address family or invalid length",
    socket.EAI_SOCKTYPE: "Unrecognized socket type",
    socket.EAI_SERVICE: "Unrecognized service",
}
_GLIBC_HOST_ERRORS = {
    1: "Unknown host",
    2: "Host name lookup failure",
    3: "Unknown server error",
    4: "No address associated with name",
}
_MUSL_HOST_ERRORS = {
    1: "Host not found",
    2: "Try again",
    3: "Non-recoverable error",
    4: "Address not available",
}

LIBCS: Mapping[str, Libc] = {
    row.name: row
    for row in (
        _Glibc("glibc", "glibc", _FLAGS | _IDN, _GLIBC_MESSAGES, _GLIBC_HOST_ERRORS, _GLIBC_TABLE),
        _Musl("musl", "musl", _FLAGS, _MUSL_MESSAGES, _MUSL_HOST_ERRORS, _MUSL_TABLE),
        _Musl("musl-1.2.3", "musl-1.2.3", _FLAGS, _MUSL_MESSAGES, _MUSL_HOST_ERRORS, _MUSL_TABLE),
    )
}


def libc(name: str) -> Libc:
    """Find a C library by its name. Raises `ConfigError`, which lists those there are."""
    if name not in LIBCS:
        raise ConfigError(f"there is no libc {name!r}", advice=f"use one of {', '.join(LIBCS)}")
    return LIBCS[name]
