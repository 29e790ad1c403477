"""Replies of any kind, read with dnspython: the `rules`, followed independently of `reply`.

Imported only when `reply` meets something odd. Names and records are dnspython's, the walk over them is not:
`dns.message` compares the data of all records, which costs it ten seconds for 64 KiB of long names. What it refuses is
refused here. No exception of dnspython leaves this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any, NamedTuple

import dns.flags
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.wire

from k8sresolve._core.questions import AAAA, CNAME, NS, PTR, SOA, SRV, A, SrvData
from k8sresolve._core.wire.names import Malformed
from k8sresolve._core.wire.rules import (
    HOST_CHAINS,
    MAX_CHAIN,
    MAX_TTL,
    WITHOUT_QUESTION,
    BadAnswer,
    Reply,
    cap_counts,
)
from k8sresolve.names import IPAddress

_HOST = re.compile(r"(?=.*[A-Za-z_-])(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?\.)+")
_REVERSE = dns.name.from_text("arpa.")


class _Row(NamedTuple):
    owner: dns.name.Name
    rdtype: int
    rdclass: int
    ttl: int
    rdata: Any  # of the dnspython class for the type


def read_unusual_reply(message: bytes, query: bytes, rdtype: int) -> Reply | None:
    """Read a reply to `query`, which asked for that type; None if it is none.

    Raises `Malformed` (also as `BadAnswer`) for a reply that is ours and damaged.
    """
    asked = _question(dns.wire.Parser(query, 12))
    parser = dns.wire.Parser(message)
    try:
        _, flags, questions, *sections = [parser.get_uint16() for _ in range(6)]
        said = [_question(parser) for _ in range(questions)]
    except Exception:  # noqa: BLE001 - foreign code over hostile octets: whatever it raises, they cannot be read
        return None
    if not flags & dns.flags.QR or dns.opcode.from_flags(flags) != dns.opcode.QUERY:
        return None
    truncated = bool(flags & dns.flags.TC)
    bare = Reply(flags & 15, truncated, (), (), None, {}, None, lame=False, answers=sections[0])
    if not questions:
        return bare._replace(questioned=False) if bare.rcode in WITHOUT_QUESTION else None
    if said != [asked]:
        return None
    counts = cap_counts(*sections)
    try:
        reply = _read_sections(flags, [_records(parser, count) for count in counts], asked[0], rdtype)
    except Malformed:
        if truncated:
            return bare
        raise
    return reply if counts == sections else reply._replace(truncated=True)


def _question(parser: dns.wire.Parser) -> tuple[dns.name.Name, int, int]:
    return parser.get_name(decompress=True), parser.get_uint16(), parser.get_uint16()


def _records(parser: dns.wire.Parser, count: int) -> list[_Row]:
    try:
        return [_record(parser) for _ in range(count)]
    except Exception as problem:
        # Foreign code over hostile octets: whatever it raises, they cannot be read.
        raise Malformed("the reply is damaged") from problem


def _record(parser: dns.wire.Parser) -> _Row:
    owner = parser.get_name(decompress=True)
    rdtype = dns.rdatatype.RdataType.make(parser.get_uint16())
    rdclass = dns.rdataclass.RdataClass.make(parser.get_uint16())
    ttl = parser.get_uint32()
    with parser.restrict_to(parser.get_uint16()):
        rdata = dns.rdata.from_wire_parser(rdclass, rdtype, parser)
    return _Row(owner, rdtype, rdclass, ttl, rdata)


def _read_sections(flags: int, sections: list[list[_Row]], name: dns.name.Name, rdtype: int) -> Reply:
    upper = _upper_bits(*sections)
    answer, authority, additional = ([row for row in rows if row.rdclass == dns.rdataclass.IN] for rows in sections)
    answering = flags & 15 in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
    chain, rows = _follow(answer if answering else [], name, rdtype)
    data, dropped = _data(rows, name, rdtype)
    targets = [alias.rdata.target.to_text() for alias in chain]
    hosts = [target for target in targets if rdtype not in HOST_CHAINS or _HOST.fullmatch(target)]
    soa_ttl = next((_negative_ttl(row) for row in authority if row.rdtype == SOA), None)
    rcode = upper << 4 | flags & 15
    answered = sections[0] or soa_ttl is not None or flags & (dns.flags.AA | dns.flags.RA)
    return Reply(
        rcode,
        bool(flags & dns.flags.TC),
        data,
        tuple(hosts),
        min((_seconds(row.ttl) for row in (*chain, *rows)), default=None),
        _glue(additional, data) if rdtype == SRV else {},
        soa_ttl,
        lame=not rcode and not answered,
        answers=len(sections[0]),
        dropped=dropped + len(targets) - len(hosts),
    )


def _upper_bits(answer: list[_Row], authority: list[_Row], additional: list[_Row]) -> int:
    """Return the upper bits of the rcode; raises `Malformed` where a pseudo-record stands that cannot be there."""
    upper: int | None = None
    sound = not any(row.rdtype in (dns.rdatatype.OPT, dns.rdatatype.TSIG) for row in (*answer, *authority))
    for left, row in enumerate(reversed(additional)):
        if row.rdtype == dns.rdatatype.OPT:
            sound = sound and upper is None and row.owner == dns.name.root
            upper = row.ttl >> 24
        elif row.rdtype == dns.rdatatype.TSIG:
            # RFC 8945, section 5.1: the last record. We never sign, so whether it is right does not matter.
            sound = sound and not left and row.rdclass == dns.rdataclass.ANY
    if not sound:
        raise Malformed("an OPT or TSIG record that cannot be")
    return upper or 0


def _follow(answer: list[_Row], name: dns.name.Name, rdtype: int) -> tuple[list[_Row], list[_Row]]:
    """Return the CNAMEs from the name on, and the records of the type at their end, whatever their order."""
    by_key: dict[tuple[dns.name.Name, int], list[_Row]] = {}
    for row in answer:
        by_key.setdefault((row.owner, row.rdtype), []).append(row)
    chain: list[_Row] = []
    seen = {name}
    current = name
    while (current, rdtype) not in by_key and (current, CNAME) in by_key:
        alias = by_key[current, CNAME][0]
        chain.append(alias)
        current = alias.rdata.target
        if current in seen:
            raise BadAnswer("the CNAMEs lead in a circle")
        if len(chain) > MAX_CHAIN:
            raise BadAnswer(f"more than {MAX_CHAIN} CNAMEs follow each other")
        seen.add(current)
    rows = by_key.get((current, rdtype), [])
    if not chain and not rows and any(row.owner != name for row in answer):
        raise BadAnswer("the answer is about other names only")
    return chain, rows


def _data(rows: list[_Row], name: dns.name.Name, rdtype: int) -> tuple[tuple[Any, ...], int]:
    """Return the records as `Found.data` has them, and how many were dropped for their names."""
    hosts_only = rdtype == SRV or (rdtype == PTR and name.is_subdomain(_REVERSE))
    records: dict[Any, Any] = {}
    dropped = 0
    for row in rows:
        key, value = _value(row)
        if hosts_only:
            host = value.target if isinstance(value, SrvData) else value
            if not _HOST.fullmatch(host) and not (rdtype == SRV and host == "."):
                dropped += 1
                continue
        records.setdefault(key, value)
    if dropped and not records:
        raise BadAnswer("no record has a name that a host can have")
    return tuple(records.values()), dropped


def _value(row: _Row) -> tuple[Any, Any]:
    """Return what makes a record a duplicate (names have no letter case, RFC 4343), and the record."""
    rdata = row.rdata
    value: Any
    if row.rdtype in (A, AAAA):
        value = ip_address(rdata.address)
        return value, value
    if row.rdtype == SRV:
        value = SrvData(rdata.priority, rdata.weight, rdata.port, rdata.target.to_text())
        return value._replace(target=value.target.lower()), value
    if row.rdtype in (PTR, NS, CNAME):
        value = rdata.target.to_text()
        return value.lower(), value
    try:
        value = rdata.to_text()
    except Exception as problem:
        raise Malformed("a record has no text") from problem
    return value, value


def _negative_ttl(row: _Row) -> int:
    return min(_seconds(row.ttl), _seconds(row.rdata.minimum))


def _seconds(ttl: int) -> int:
    return ttl if ttl <= MAX_TTL else 0


def _glue(additional: Iterable[_Row], data: Iterable[SrvData]) -> Mapping[str, tuple[IPAddress, ...]]:
    targets = {record.target.lower() for record in data} - {"."}
    glue: dict[str, dict[IPAddress, None]] = {}
    for row in additional:
        if row.rdtype in (A, AAAA) and (owner := row.owner.to_text().lower()) in targets:
            glue.setdefault(owner, {})[_value(row)[1]] = None
    return {name: tuple(addresses) for name, addresses in glue.items()}
