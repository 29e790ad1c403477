"""Records from their text, as it stands in zone files (RFC 1035, section 5.1)."""

import re
from typing import TYPE_CHECKING

from k8sresolve.testing.coredns.names import fqdn
from k8sresolve.testing.coredns.records import Rdata, Record

if TYPE_CHECKING:
    import dns.rdata

_DEFAULT_TTL = 3600
_TTL = re.compile(r"\d+[smhdw]?(?:(?<=[smhdw])\d+[smhdw]?)*", re.IGNORECASE)
_TTL_PART = re.compile(r"(\d+)([smhdw]?)", re.IGNORECASE)
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_CLASSES = frozenset({"IN", "CH", "HS", "CS"})
_MAX_TTL = 0xFFFFFFFF


def parse_record(line: str) -> Record:
    """Read `OWNER [TTL] [CLASS] TYPE DATA`, as `dns.NewRR` of CoreDNS's library does. Raises `ValueError`.

    >>> str(parse_record("www.example.com 60 IN A 192.0.2.1"))
    'www.example.com. 60 A 192.0.2.1'
    """
    import dns.exception
    import dns.name
    import dns.rdata
    import dns.rdataclass
    import dns.rdatatype

    owner, *fields = line.split(None, 4) or ("",)
    ttl = _DEFAULT_TTL
    rest = line.strip()[len(owner) :].strip()
    for _ in range(2):
        word = fields[0] if fields else ""
        if _TTL.fullmatch(word):
            ttl = sum(int(number) * _UNITS[unit.lower()] for number, unit in _TTL_PART.findall(word))
        elif word.upper() not in _CLASSES:
            break
        fields.pop(0)
        rest = rest[len(word) :].strip()
    try:
        rdtype = dns.rdatatype.from_text(fields[0])
        data = rest[len(fields[0]) :].strip()
        rdata = dns.rdata.from_text(dns.rdataclass.IN, rdtype, data, dns.name.root, relativize=False)
        name = dns.name.from_text(owner).to_text()
    except (dns.exception.DNSException, IndexError, UnicodeError) as problem:
        raise ValueError(f"{line!r} is no record: {problem}") from None
    if ttl > _MAX_TTL:
        raise ValueError(f"{line!r} is no record: its TTL is too large")
    return Record(fqdn(name), int(rdtype), ttl, rdata_parts(rdata))


def rdata_parts(rdata: "dns.rdata.Rdata") -> Rdata:
    """Split a record's data at the domain names that a message may compress or that are followed."""
    wire = rdata.to_wire() or b""
    match int(rdata.rdtype):
        case 2 | 5 | 12:  # NS, CNAME, PTR
            return (str(rdata.to_text()),)
        case 33:  # SRV
            return (wire[:6], str(rdata.to_text()).split()[3])
        case 15:  # MX
            return (wire[:2], str(rdata.to_text()).split()[1])
        case 6:  # SOA
            mname, rname = str(rdata.to_text()).split()[:2]
            return (mname, rname, wire[-20:])
        case _:
            return (wire,)
