"""Resource records as plugins give them, of class IN."""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import islice, repeat
from typing import Any, NamedTuple, Self, TypeAlias, cast, overload

from k8sresolve._core.questions import AAAA, CNAME, NS, PTR, SOA, SRV, A

MX, DS, IXFR, AXFR, ANY = 15, 43, 251, 252, 255

Rdata: TypeAlias = tuple[bytes | str, ...]
"""A record's data as it stands in a message: octets, and between them domain names as text."""

COMPRESSIBLE = frozenset({NS, CNAME, SOA, PTR, MX})
"""Types of RFC 1035 whose names in the data may be compressed (RFC 3597, section 4); SRV's may not (RFC 2782)."""


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


_record = cast("Callable[[tuple[str, int, int, Rdata]], Record]", partial(cast("Any", tuple).__new__, Record))
"""Makes a record of its fields without a call of Python's: a reply may have thousands."""


Row: TypeAlias = tuple[str, int, int, Any]
"""What a record says, in the order of its fields."""


class Columns(Sequence[Record]):
    """Records of one TTL, by their columns. They are made when somebody looks: a reply that is cut needs few of them.

    `data` are the parts of the records' data. A column may be endless, but for the last, which says how many there are.
    """

    __slots__ = ("_count", "_data", "_names", "_rdtypes", "_ttl")

    def __init__(self, names: Iterable[str], rdtypes: Iterable[int], ttl: int, *data: Iterable[bytes | str]) -> None:
        self._names, self._rdtypes, self._ttl, self._data = names, rdtypes, ttl, data
        self._count = len(cast("Sequence[object]", data[-1]))

    def __deepcopy__(self, _: object) -> Self:
        """Nothing of them changes, and endless columns cannot be copied from Python 3.14 on."""
        return self

    def rows(self) -> Iterator[Row]:
        """Walk over what they say."""
        return zip(self._names, self._rdtypes, repeat(self._ttl), zip(*self._data, strict=False))

    def owners(self) -> Iterator[str]:
        """Walk over the names that have them."""
        return islice(self._names, self._count)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Record]:
        return map(_record, self.rows())

    @overload
    def __getitem__(self, at: int) -> Record: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Record]: ...
    def __getitem__(self, at: int | slice) -> Record | Sequence[Record]:
        return tuple(self)[at]


class Targets(Columns):
    """The SRV records of one name that differ in their targets only. `fields` stand before each target."""

    __slots__ = ("fields", "name", "targets", "ttl")

    name: str
    ttl: int
    fields: bytes
    targets: Sequence[str]

    def __init__(self, name: str, ttl: int, fields: bytes, targets: Sequence[str]) -> None:
        super().__init__(repeat(name), repeat(SRV), ttl, repeat(fields), targets)
        self.name, self.ttl, self.fields, self.targets = name, ttl, fields, targets


def rows(records: Sequence[Record]) -> Iterable[Row]:
    """Walk over what records say, without making them."""
    return records.rows() if isinstance(records, Columns) else records


def owners(records: Sequence[Record]) -> Iterable[str]:
    """Walk over the names that have the records."""
    return records.owners() if isinstance(records, Columns) else [record[0] for record in records]


def rrset(name: str, rdtype: int, ttl: int, *data: Iterable[bytes | str]) -> Sequence[Record]:
    """Make the records of one name and type, of the parts of their data."""
    return Columns(repeat(name), repeat(rdtype), ttl, *data)


def with_ttl(records: Iterable[Record], ttl: int) -> tuple[Record, ...]:
    """Give records another TTL."""
    return tuple([_record((name, rdtype, ttl, rdata)) for name, rdtype, _, rdata in records])


def address_record(name: str, ttl: int, packed: bytes) -> Record:
    """Make an A record of 4 octets, or an AAAA record of 16."""
    return Record(name, A if len(packed) == 4 else AAAA, ttl, (packed,))


def address_records(ttl: int, names: Iterable[str], packed: Sequence[bytes]) -> Sequence[Record]:
    """Make the A and AAAA records of names and their addresses."""
    return Columns(names, [A if len(address) == 4 else AAAA for address in packed], ttl, packed)


def srv_fields(weight: int, port: int) -> bytes:
    """Write what stands before the target in an SRV record of priority 0."""
    return _SRV.pack(0, weight, port)


_SRV = struct.Struct("!HHH")


@lru_cache(maxsize=1024)
def soa_record(
    zone: str, ttl: int, serial: int, minimum: int, *, nameserver: str = "ns.dns", mailbox: str = "hostmaster"
) -> Record:
    """Make the SOA record that CoreDNS's service plugins give: the negative answer's lifetime is `minimum` seconds.

    The nameserver and the mailbox lie below the zone.
    """
    fixed = struct.pack("!IIIII", serial & 0xFFFFFFFF, 7200, 1800, 86400, minimum)
    below = "" if zone == "." else zone
    return Record(zone, SOA, ttl, (f"{nameserver}.{below}", f"{mailbox}.{below}", fixed))
