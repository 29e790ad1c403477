"""Resource records as plugins give them, of class IN."""

import struct
from functools import lru_cache
from typing import NamedTuple, TypeAlias

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
