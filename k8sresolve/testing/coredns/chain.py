"""What the plugins of the offline nameserver are asked and give, and how they stand behind each other.

A plugin answers a request itself, or lets the rest of its chain answer, and may change what that says: so CoreDNS
works. A nameserver has a chain for each of its zones.
"""

import re
import socket
import struct
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from types import MappingProxyType
from typing import NamedTuple, Protocol, TypeAlias

from k8sresolve._core.questions import AAAA, CNAME, NS, PTR, SOA, SRV, A

MX, DS, IXFR, AXFR, ANY = 15, 43, 251, 252, 255
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, BADVERS = 0, 1, 2, 3, 4, 5, 16
NOTIFY = 4

EMPTY_INTERNET: Mapping[str, str] = MappingProxyType(
    {".": ". 86400 IN SOA a.root-servers.net. nstld.verisign-grs.com. 1 1800 900 604800 86400\n"}
)
"""An upstream where no name exists: a root zone with nothing in it."""

# Aliases, and zones that ask each other, may go on for ever: CoreDNS's file plugin stops after so many steps, too.
MAX_DEPTH = 8
_MAX_ALIASED = 100_000

Rdata: TypeAlias = tuple[bytes | str, ...]
"""A record's data as it stands in a message: octets, and between them domain names as text."""

Labels: TypeAlias = tuple[str, ...]

_LABEL = re.compile(r"(?:\\.|[^.\\])+")
_LENGTHS = [bytes((length,)) for length in range(64)]
_ESCAPE = re.compile(r"\\(\d{3}|.)", re.DOTALL)


def split(name: str) -> Labels:
    r"""Split an absolute name into its labels. A dot that is escaped (`\\.`) belongs to its label.

    >>> split("payments.shop.svc.")
    ('payments', 'shop', 'svc')
    """
    if "\\" in name:
        return tuple(_LABEL.findall(name))
    return tuple(name.rstrip(".").split(".")) if name != "." else ()


def is_below(name: Labels, zone: Labels) -> bool:
    """Whether a name is the zone's own or below it. Both are in lower case."""
    return not zone or name[-len(zone) :] == zone


def holds(zones: Iterable[Labels], name: Labels) -> bool:
    """Whether a name is in one of the zones."""
    return any(is_below(name, zone) for zone in zones)


def fqdn(name: str) -> str:
    """Make a name absolute, as it stands."""
    return name if name.endswith(".") else name + "."


class Record(NamedTuple):
    """One resource record of class IN. `name` is absolute, `ttl` in seconds."""

    name: str
    rdtype: int
    ttl: int
    rdata: Rdata

    def __str__(self) -> str:
        """Write it as a line of a zone file, without the class."""
        import dns.name
        import dns.rdata
        import dns.rdataclass
        import dns.rdatatype

        rdtype = dns.rdatatype.RdataType.make(self.rdtype)
        wire = b"".join(
            part if isinstance(part, bytes) else dns.name.from_text(part).to_wire() or b"" for part in self.rdata
        )
        text = dns.rdata.from_wire(dns.rdataclass.IN, rdtype, wire, 0, len(wire)).to_text()
        return f"{self.name} {self.ttl} {dns.rdatatype.to_text(rdtype)} {text}"


class Reply(NamedTuple):
    """What a plugin answers. `dropped` says that nothing is sent at all.

    `written` is False where no plugin answers and the server itself sends the rcode: then no plugin sees the reply, be
    it to remember or to change it. `question` is the name in the question section, where that is not the one asked.
    """

    rcode: int = NOERROR
    answer: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    authoritative: bool = True
    dropped: bool = False
    written: bool = True
    question: str = ""


def unwritten(rcode: int) -> Reply:
    """Make the reply that is nothing but an rcode from the server."""
    return Reply(rcode, authoritative=False, written=False)


FAILED = unwritten(SERVFAIL)
"""The reply to an error of CoreDNS's own, such as a question that the last plugin leaves over."""


class Malformed(ValueError):
    """The message cannot be read, or a reply cannot be written."""


class Endless(Exception):
    """Answering would take more steps than a nameserver has time for."""


class Crash(Exception):
    """CoreDNS crashes on the way to answering for `name`, which its server survives with SERVFAIL."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Budget:
    """What may still be spent on following aliases for one message: records, and steps from name to name.

    Objects may alias each other so that a walk doubles with each step; no reply could hold what is found.
    """

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = _MAX_ALIASED

    def spend(self, count: int) -> None:
        """Count steps and records. Raises `Endless` when nothing is left."""
        self._left -= count
        if self._left < 0:
            raise Endless


class Request(NamedTuple):
    """A question as plugins see it.

    `dnssec` is the DO bit (RFC 3225), `unchecked` the CD bit (RFC 4035, section 3.2.2), `client` the address that it
    comes from, or empty. `depth` counts how often a plugin has asked the nameserver again to answer it.
    """

    name: str
    rdtype: int
    opcode: int = 0
    depth: int = 0
    dnssec: bool = False
    unchecked: bool = False
    client: str = ""
    budget: Budget | None = None


class Plugin(Protocol):
    """One plugin."""

    def answer(self, request: Request, rest: "Chain") -> Reply:
        """Answer, or have the rest of the chain answer."""
        ...


class Answering(Protocol):
    """A nameserver, seen from its plugins and from others that forward to it."""

    def answer(self, request: Request) -> Reply:
        """Answer a request."""
        ...


class Chain:
    """Plugins from some point on, in a nameserver.

    What the last one leaves over is SERVFAIL, as in CoreDNS; without any plugin, all is REFUSED.
    """

    __slots__ = ("_plugin", "_rest", "_server")

    def __init__(self, plugins: Sequence[Plugin], server: Answering | None = None) -> None:
        self._server = server or self
        self._plugin = plugins[0] if plugins else None
        self._rest = Chain(plugins[1:], self._server) if plugins else self

    @property
    def ended(self) -> bool:
        """Whether no plugin is left."""
        return self._plugin is None

    def answer(self, request: Request) -> Reply:
        """Ask the plugins."""
        if self._plugin is None:
            return FAILED
        return self._plugin.answer(request, self._rest)

    def look_up(self, name: str, rdtype: int, request: Request) -> Reply:
        """Ask the nameserver for another name, on the way to answering `request`."""
        if request.depth >= MAX_DEPTH:
            return unwritten(SERVFAIL)
        return self._server.answer(request._replace(name=fqdn(name), rdtype=rdtype, opcode=0, depth=request.depth + 1))


class Nameserver:
    """The server blocks of one port: the chain of the longest zone that holds a name answers for it."""

    def __init__(self, zones: Mapping[str, Sequence[Plugin]]) -> None:
        chains = {split(fqdn(zone.lower())): Chain(plugins, self) for zone, plugins in zones.items()}
        self._chains = sorted(chains.items(), key=lambda item: len(item[0]), reverse=True)

    def answer(self, request: Request) -> Reply:
        """Answer a request; a name in no zone is REFUSED."""
        chain = self._chain(request)
        if chain is None or chain.ended:
            return unwritten(REFUSED)
        try:
            return chain.answer(request)
        except Crash as crash:
            # What `rewrite` made of the question stands, as nobody is left to put it back.
            return unwritten(SERVFAIL)._replace(question=crash.name if crash.name != request.name else "")

    def _chain(self, request: Request) -> Chain | None:
        if len(self._chains) == 1 and not self._chains[0][0]:
            return self._chains[0][1]
        labels = split(request.name.lower())
        found = [(zone, chain) for zone, chain in self._chains if is_below(labels, zone)]
        if request.rdtype == DS:
            # A DS record belongs to the parent's zone (RFC 4035, section 3.1.4.1).
            found = [(zone, chain) for zone, chain in reversed(found) if zone] or found
        return found[0][1] if found else None


def address_record(name: str, ttl: int, packed: bytes) -> Record:
    """Make an A record of 4 octets, or an AAAA record of 16."""
    return Record(name, A if len(packed) == 4 else AAAA, ttl, (packed,))


def srv_record(name: str, ttl: int, weight: int, port: int, target: str) -> Record:
    """Make an SRV record of priority 0."""
    return Record(name, SRV, ttl, (struct.pack("!HHH", 0, weight, port), target))


@lru_cache(maxsize=1024)
def soa_record(zone: str, ttl: int, serial: int, minimum: int) -> Record:
    """Make the SOA record that CoreDNS's service plugins give: the negative answer's lifetime is `minimum` seconds."""
    fixed = struct.pack("!IIIII", serial & 0xFFFFFFFF, 7200, 1800, 86400, minimum)
    below = "" if zone == "." else zone
    return Record(zone, SOA, ttl, (f"ns.dns.{below}", f"hostmaster.{below}", fixed))


@lru_cache(maxsize=8192)
def pack_address(text: str) -> bytes | None:
    r"""Read an IP address as Go's `net.ParseIP` does; an IPv4-mapped IPv6 address is IPv4. None if it is none.

    >>> pack_address("10.96.0.1"), pack_address("::ffff:10.96.0.1"), pack_address("api.example.com")
    (b'\n`\x00\x01', b'\n`\x00\x01', None)
    """
    try:
        if ":" not in text:
            return socket.inet_pton(socket.AF_INET, text)
        packed = socket.inet_pton(socket.AF_INET6, text)
    except (OSError, ValueError):
        return None
    return packed[12:] if packed.startswith(b"\0" * 10 + b"\xff\xff") else packed


def address_text(packed: bytes) -> str:
    """Write an address of 4 or 16 octets in canonical text."""
    return str(IPv4Address(packed) if len(packed) == 4 else IPv6Address(packed))


def reversed_address(labels: Labels) -> str:
    """Read the address of a reverse name, in canonical text (RFC 1035, section 3.5; RFC 3596, section 2.5)."""
    if len(labels) < 3 or labels[-1] != "arpa":
        return ""
    digits = labels[-3::-1]
    if labels[-2] == "in-addr":
        packed = pack_address(".".join(digits))
        return address_text(packed) if packed is not None and len(packed) == 4 else ""
    if labels[-2] != "ip6":
        return ""
    # Up to three labels too many are not looked at.
    groups = ["".join(digits[start : start + 4]) for start in range(0, len(digits) // 4 * 4, 4)]
    packed = pack_address(":".join(groups))
    return address_text(packed) if packed is not None else ""


@lru_cache(maxsize=8192)
def name_to_wire(name: str) -> bytes:
    """Write an absolute name (RFC 1035, section 3.1). Raises `Malformed` if it has no such form."""
    if name == ".":
        return b"\0"
    try:
        labels = name.removesuffix(".").encode("ascii").split(b".") if "\\" not in name else _labels(name)
        wire = b"".join([_LENGTHS[len(label)] + label for label in labels]) + b"\0"
    except UnicodeEncodeError:
        raise Malformed(f"{name!r} has letters outside ASCII") from None
    except IndexError:
        raise Malformed(f"{name!r} has a label that is too long") from None
    if b"" in labels or len(wire) > 255:
        raise Malformed(f"{name!r} has an empty label or is too long")
    return wire


def _labels(name: str) -> list[bytes]:
    labels = [bytearray()]
    at = 0
    for found in _ESCAPE.finditer(name):
        _plain(name[at : found.start()], labels)
        code = found.group(1)
        labels[-1].append(int(code) & 0xFF if len(code) == 3 else ord(code) & 0xFF)
        at = found.end()
    _plain(name[at:].removesuffix("."), labels)
    return [bytes(label) for label in labels]


def _plain(text: str, labels: list[bytearray]) -> None:
    first, *rest = text.encode("ascii").split(b".")
    labels[-1] += first
    labels.extend(bytearray(part) for part in rest)


COMPRESSIBLE = frozenset({NS, CNAME, SOA, PTR, MX})
"""Types of RFC 1035 whose names in the data may be compressed (RFC 3597, section 4); SRV's may not (RFC 2782)."""
