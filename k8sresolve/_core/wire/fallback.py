"""Replies of any kind, read with dnspython: the `rules`, followed independently of `reply`.

Imported only when `reply` meets something odd. No exception of dnspython leaves this module.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Any, NamedTuple, cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rrset

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
    ttl: int
    rdata: Any  # of the dnspython class for the type


def read_unusual_reply(message: bytes, query: bytes, rdtype: int) -> Reply | None:
    """Read a reply to `query`, which asked for that type; None if it is none.

    Raises `Malformed` (also as `BadAnswer`) for a reply that is ours and damaged.
    """
    try:
        header = _parse(message, question_only=True)
    except Malformed:
        return None
    if not header.flags & dns.flags.QR or header.opcode() != 0:
        return None
    truncated = bool(header.flags & dns.flags.TC)
    rcode = int(header.flags) & 15
    sections = [int.from_bytes(message[at : at + 2], "big") for at in (6, 8, 10)]
    bare = Reply(rcode, truncated, (), (), None, {}, None, lame=False, answers=sections[0])
    if not header.question:
        return bare._replace(questioned=False) if rcode in WITHOUT_QUESTION else None
    asked = dns.message.from_wire(query, question_only=True).question
    if [_question(question) for question in header.question] != [_question(question) for question in asked]:
        return None
    counts = cap_counts(*sections)
    try:
        reply = _read_whole(_parse(_cap(message, counts)), asked[0].name, rdtype, counts)
    except Malformed:
        if truncated:
            return bare
        raise
    return reply if counts == sections else reply._replace(truncated=True)


def _parse(message: bytes, *, question_only: bool = False) -> dns.message.Message:
    try:
        # Each record stays apart, in the order of the wire. keyring=False: we never sign, so signatures do not matter.
        return dns.message.from_wire(
            message, keyring=False, question_only=question_only, one_rr_per_rrset=True, ignore_trailing=True
        )
    except Exception as problem:
        # Foreign code over hostile octets: whatever it raises, they cannot be read.
        raise Malformed("the reply is damaged") from problem


def _question(question: dns.rrset.RRset) -> tuple[dns.name.Name, int, int]:
    return question.name, question.rdtype, question.rdclass


def _cap(message: bytes, counts: Iterable[int]) -> bytes:
    """Return the message with counts for no more records than are read."""
    return message[:6] + b"".join(count.to_bytes(2, "big") for count in counts) + message[12:]


def _read_whole(reply: dns.message.Message, name: dns.name.Name, rdtype: int, counts: list[int]) -> Reply:
    answering = int(reply.flags) & 15 in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
    chain, rows = _follow(list(_rows(reply.answer)) if answering else [], name, rdtype)
    data, dropped = _data(rows, name, rdtype)
    targets = [alias.rdata.target.to_text() for alias in chain]
    hosts = [target for target in targets if rdtype not in HOST_CHAINS or _HOST.fullmatch(target)]
    soa_ttl = next((_negative_ttl(row) for row in _rows(reply.authority) if row.rdtype == SOA), None)
    rcode = int(reply.rcode())
    answered = counts[0] or soa_ttl is not None or reply.flags & (dns.flags.AA | dns.flags.RA)
    return Reply(
        rcode,
        bool(reply.flags & dns.flags.TC),
        data,
        tuple(hosts),
        min((row.ttl for row in (*chain, *rows)), default=None),
        _glue(reply.additional, data) if rdtype == SRV else {},
        soa_ttl,
        lame=not rcode and not answered,
        answers=counts[0],
        dropped=dropped + len(targets) - len(hosts),
    )


def _rows(section: Iterable[dns.rrset.RRset]) -> Iterator[_Row]:
    for rrset in section:
        if rrset.rdclass == dns.rdataclass.IN:
            for rdata in cast("Iterable[Any]", rrset):
                yield _Row(rrset.name, int(rrset.rdtype), rrset.ttl, rdata)


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
    minimum = row.rdata.minimum
    return min(row.ttl, minimum if minimum <= MAX_TTL else 0)


def _glue(additional: Iterable[dns.rrset.RRset], data: Iterable[SrvData]) -> Mapping[str, tuple[IPAddress, ...]]:
    targets = {record.target.lower() for record in data} - {"."}
    glue: dict[str, dict[IPAddress, None]] = {}
    for row in _rows(additional):
        owner = row.owner.to_text().lower()
        if owner in targets and row.rdtype in (A, AAAA):
            glue.setdefault(owner, {})[_value(row)[1]] = None
    return {name: tuple(addresses) for name, addresses in glue.items()}
