"""Replies: what they say of their question. Pure, and on the path of every cold lookup.

What is plain is read here: A, AAAA, SRV, PTR, NS and CNAME answers in the order that nameservers send them, with
nothing between them, and negative answers for any type. The rest raises `Odd`, and `read_reply` gives it to `fallback`,
which reads with dnspython and is imported only then. Both follow the same `rules`, and a differential test feeds both
the same octets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address
from struct import Struct, error
from types import MappingProxyType
from typing import Any

from k8sresolve._core.questions import AAAA, CNAME, NO_GLUE, NS, OPT, PTR, SOA, SRV, A, SrvData, new
from k8sresolve._core.wire.names import (
    MAX_NAME,
    Malformed,
    are_two_names,
    expand_name,
    host_parent,
    is_host,
    is_host_label,
    name_text,
)
from k8sresolve._core.wire.query import OPT_OCTETS
from k8sresolve._core.wire.rcodes import NOERROR, NXDOMAIN
from k8sresolve._core.wire.rules import (
    HOST_CHAINS,
    MAX_CHAIN,
    MAX_RECORDS,
    MAX_TTL,
    WITHOUT_QUESTION,
    BadAnswer,
    Reply,
    cap_counts,
)
from k8sresolve.names import IPAddress

_HEADER = Struct("!HBBHHHH")
_RECORD = Struct("!HHIH")
_SRV = Struct("!HHH")
_ANSWERING = frozenset({NOERROR, NXDOMAIN})
_NO_TARGETS: Mapping[bytes, str] = MappingProxyType({})
_NO_PLACES: Mapping[int, bytes] = MappingProxyType({})
_BARE_OPT = b"\0\0\x29"  # owner, type
_FAMILIES: dict[int, tuple[Callable[[int], IPAddress], int]] = {A: (IPv4Address, 4), AAAA: (IPv6Address, 16)}
_number = int.from_bytes
_NOWHERE = 1 << 14  # a pointer has fourteen bits


class Odd(Exception):
    """The reply is ours, and of a kind that the fallback must read; or it is too large to be read in passing."""


def read_reply(message: bytes, query: bytes, rdtype: int) -> Reply | None:
    """Read a reply of any kind to `query`, which asked for that type; None if it is none.

    Raises `Malformed` (also as `BadAnswer`) for a reply that is ours and damaged.
    """
    try:
        return read_plain_reply(message, query, rdtype)
    except Odd:
        from k8sresolve._core.wire.fallback import read_unusual_reply

        return read_unusual_reply(message, query, rdtype)


def read_plain_reply(message: bytes, query: bytes, rdtype: int) -> Reply | None:
    """Read a reply to `query`, which `encode_query` made for that type; None if it is none.

    Raises `Malformed` (also as `BadAnswer`) for a reply that is ours and damaged, `Odd` for the fallback's.
    """
    plain = read_one_address(message, query, rdtype)
    if plain is not None:
        data, ttl = plain
        return new(Reply, (NOERROR, False, data, (), ttl, NO_GLUE, None, False, 1, 0, True))
    if len(message) < 12 or message[2] & 0xF8 != 0x80:  # QR set, opcode QUERY
        return None
    behind = len(query) - OPT_OCTETS if query[11] else len(query)
    if message[4:6] != b"\0\x01":
        return _read_without_question(message)
    if not message.startswith(query[12:behind], 12) and not _same_question(message[12:behind], query[12:behind]):
        return None
    try:
        return _read_sections(message, behind, rdtype)
    except (IndexError, error):
        problem = Malformed("the reply ends within a record")
    except Malformed as caught:
        problem = caught
    if message[2] & 2:
        # Cut anywhere: that it is truncated is all that it has to say.
        return _bare(message)
    raise problem


def _bare(message: bytes) -> Reply:
    answers = int.from_bytes(message[6:8], "big")
    return Reply(message[3] & 15, bool(message[2] & 2), (), (), None, NO_GLUE, None, False, answers)


def _read_without_question(message: bytes) -> Reply | None:
    if message[4:6] == b"\0\0" and message[3] & 15 in WITHOUT_QUESTION:
        return _bare(message)._replace(questioned=False)
    return None


def _same_question(theirs: bytes, ours: bytes) -> bool:
    # RFC 4343: letter case does not count in names; type and class are numbers. Lengths are below any letter.
    return theirs[-4:] == ours[-4:] and theirs.lower() == ours.lower()


def _read_sections(message: bytes, at: int, rdtype: int) -> Reply:
    _, high, low, _, answers, authority, additional = _HEADER.unpack_from(message)
    truncated = high & 2 != 0
    if answers + authority + additional > MAX_RECORDS:
        truncated = True
        answers, authority, additional = cap_counts(answers, authority, additional)
    rcode = low & 15
    data: tuple[Any, ...] = ()
    chain: tuple[str, ...] = ()
    ttl: int | None = None
    targets: Mapping[bytes, str] = _NO_TARGETS
    places: Mapping[int, bytes] = _NO_PLACES
    dropped = 0
    if answers:
        if rcode not in _ANSWERING:
            raise Odd
        at, found = _read_answers(message, at, rdtype, answers)
        data, chain, ttl = found.data(), tuple(found.chain), found.ttl
        targets, places, dropped = found.targets, found.places, found.dropped
    soa_ttl: int | None = None
    if authority:
        at, soa_ttl = _read_authority(message, at, authority)
    glue = NO_GLUE
    if additional:
        at, upper, glue = _read_additional(message, at, additional, targets, places)
        rcode |= upper << 4
    if at > len(message):
        raise Malformed("the reply ends within a record")
    # Nothing, and no authority for there being nothing, from a nameserver that does not recurse: libc asks the next.
    lame = not (rcode or answers or high & 4 or low & 0x80 or soa_ttl is not None)
    return Reply(rcode, truncated, data, chain, ttl, glue, soa_ttl, lame, answers, dropped)


# How a reply of one address and an OPT record ends (TTL, length, address; owner and type, upper bits, length), where
# that is, and what is before it, how long the address is, and owner, type and class where the owner is a pointer.
_ENDS: dict[int, tuple[Struct, slice, slice, int, bytes]] = {
    A: (Struct("!IH4s3s2xB3xH"), slice(12, -21), slice(-21, None), 4, b"\xc0\x0c\0\x01\0\x01"),
    AAAA: (Struct("!IH16s3s2xB3xH"), slice(12, -33), slice(-33, None), 16, b"\xc0\x0c\0\x1c\0\x01"),
}
_HEAD = slice(2, 12)  # of the header, what is behind the id
_QUESTION = slice(12, -OPT_OCTETS)  # of a query with EDNS
_ONE_ADDRESS = frozenset(
    # RD, AA and what does not matter (RA, Z, AD, CD) of a NOERROR; one question, one answer, one additional record
    bytes((0x80 | high, low)) + b"\0\x01\0\x01\0\0\0\x01"
    for high in (0, 1, 4, 5)
    for low in range(0, 256, 16)
)


def read_one_address(message: bytes, query: bytes, rdtype: int) -> tuple[tuple[IPAddress], int] | None:
    """Read a reply of one address of the question's own name and an OPT record, and tell the address and its TTL.

    None for any other, right or wrong. Most replies are such, and all but the address and numbers is as it was sent, so
    that it needs to be compared only.
    """
    ends = _ENDS.get(rdtype)
    if ends is None or message[_HEAD] not in _ONE_ADDRESS or not query[11]:
        return None
    end, records, behind, size, pointed = ends
    question = query[_QUESTION]
    sections = message[records]
    # CoreDNS compresses only what would not fit. Owner, type and class are as in the question.
    if sections != question + question and sections != question + pointed:
        return None
    ttl, length, octets, opt, upper, options = end.unpack(message[behind])
    if length != size or ttl > MAX_TTL or opt != _BARE_OPT or upper or options:
        return None
    return (IPv4Address(_number(octets)) if size == 4 else IPv6Address(_number(octets)),), ttl


def _least(ttls: list[int]) -> int:
    return 0 if max(ttls) > MAX_TTL else min(ttls)


class _Answers:
    """What the answer section says, as far as it was read."""

    __slots__ = (
        "at",
        "chain",
        "dropped",
        "host_chain",
        "host_data",
        "name",
        "names",
        "places",
        "records",
        "targets",
        "ttl",
    )

    def __init__(self, name: bytes, rdtype: int) -> None:
        self.name = name  # whose records are wanted now: the question's, or that which the last alias leads to
        self.at = 12  # a pointer there is that name, as far as is known
        self.names = {name.lower()}  # all so far
        self.chain: list[str] = []
        self.records: dict[bytes, Any] = {}  # by what makes a duplicate, letter case of names apart; None: dropped
        self.targets: dict[bytes, str] = {}  # of SRV records, by lower-case octets
        self.places: dict[int, bytes] = {}  # the same octets by the offset, where the whole name stands there
        self.ttl: int | None = None
        self.dropped = 0
        # Services of DNS-SD are PTR data with any octets; those of reverse lookups are hosts, though the names that a
        # delegated reverse zone leads through have a slash (RFC 2317).
        self.host_data = rdtype == SRV or (rdtype == PTR and name.lower().endswith(b"\x04arpa\0"))
        self.host_chain = rdtype in HOST_CHAINS

    def data(self) -> tuple[Any, ...]:
        values = self.records.values()
        return tuple([value for value in values if value is not None] if self.dropped else values)


def _read_answers(message: bytes, at: int, rdtype: int, count: int) -> tuple[int, _Answers]:
    """Read an answer section in which each record's owner was named before, and follow its CNAMEs."""
    decode = _DECODERS.get(rdtype)
    if decode is None:
        raise Odd
    found = _Answers(message[12 : at - 4], rdtype)
    ttls: list[int] = []
    for _ in range(count):
        at = _pass_owner(message, at, found)
        kind, rdclass, ttl, length = _RECORD.unpack_from(message, at)
        at += 10
        end = at + length
        if end > len(message):
            raise Malformed("the reply ends within a record")
        if rdclass != 1:
            raise Odd
        ttls.append(ttl)
        if kind == rdtype:
            decode(message, at, end, found)
        elif kind == CNAME:
            _follow(message, at, end, found)
        else:
            raise Odd
        at = end
    if found.dropped and found.records and not any(found.records.values()):
        raise BadAnswer("no record has a name that a host can have")
    found.ttl = _least(ttls)
    return at, found


def _pass_owner(message: bytes, at: int, found: _Answers) -> int:
    """Return the offset behind the name at that offset, which must be the wanted one."""
    pointer = _NOWHERE
    if message[at] >= 192:
        pointer = (message[at] & 63) << 8 | message[at + 1]
        if pointer == found.at:
            return at + 2
    elif message.startswith(found.name, at):
        return at + len(found.name)
    owner, behind = expand_name(message, at)
    if owner.lower() != found.name.lower():
        raise Odd
    found.at = pointer
    return behind


def _follow(message: bytes, at: int, end: int, found: _Answers) -> None:
    """Go on at the target of a CNAME."""
    target, behind = expand_name(message, at)
    if behind != end:
        raise Malformed("a CNAME's length is wrong")
    lower = target.lower()
    if found.records or lower in found.names or len(found.names) > MAX_CHAIN:
        raise Odd
    found.names.add(lower)
    found.name = target
    found.at = _NOWHERE
    if found.host_chain and not is_host(target):
        found.dropped += 1
    else:
        found.chain.append(name_text(target))


def _decode_a(message: bytes, at: int, end: int, found: _Answers) -> None:
    if end - at != 4:
        raise Malformed("an A record's length is wrong")
    octets = message[at:end]
    found.records[octets] = IPv4Address(_number(octets))


def _decode_aaaa(message: bytes, at: int, end: int, found: _Answers) -> None:
    if end - at != 16:
        raise Malformed("an AAAA record's length is wrong")
    octets = message[at:end]
    found.records[octets] = IPv6Address(_number(octets))


def _decode_name(message: bytes, at: int, end: int, found: _Answers) -> None:
    name, behind = expand_name(message, at)
    if behind != end:
        raise Malformed("a record's length is wrong")
    if found.host_data and not is_host(name):
        found.dropped += 1
        found.records.setdefault(name.lower(), None)
    else:
        found.records.setdefault(name.lower(), name_text(name))


def _decode_srv(message: bytes, at: int, end: int, found: _Answers) -> None:
    numbers = message[at : at + 6]
    priority, weight, port = _SRV.unpack(numbers)
    at += 6
    wire = message[at:end]
    length = wire[0]
    head = wire[1 : length + 1]
    parent = host_parent(wire[length + 1 :]) if 0 < length < 64 else None
    if parent and len(wire) <= MAX_NAME and is_host_label(head):
        target = f"{head.decode()}.{parent}"
        lower = found.places[at] = wire.lower()
    else:
        wire, behind = expand_name(message, at)
        if behind != end:
            raise Malformed("an SRV record's length is wrong")
        if wire != b"\0" and not is_host(wire):  # RFC 2782: the root says that the service is not there
            found.dropped += 1
            found.records.setdefault(numbers + wire.lower(), None)
            return
        target = name_text(wire)
        lower = wire.lower()
    if lower != b"\0":
        found.targets[lower] = target
    found.records.setdefault(numbers + lower, SrvData(priority, weight, port, target))


_DECODERS: dict[int, Callable[[bytes, int, int, _Answers], None]] = {
    A: _decode_a,
    AAAA: _decode_aaaa,
    SRV: _decode_srv,
    PTR: _decode_name,
    NS: _decode_name,
    CNAME: _decode_name,
}


def _read_authority(message: bytes, at: int, count: int) -> tuple[int, int | None]:
    """Return the offset behind the section, and how long its SOA lets a negative answer be kept."""
    seconds: int | None = None
    for _ in range(count):
        _, at = expand_name(message, at)
        kind, rdclass, ttl, length = _RECORD.unpack_from(message, at)
        if kind not in (SOA, NS) or rdclass != 1:
            raise Odd
        start = at + 10
        at = start + length
        if kind == NS:
            if expand_name(message, start)[1] != at:
                raise Malformed("a record's length is wrong")
            continue
        if not are_two_names(message[start : at - 20]) and _behind_two_names(message, start) != at - 20:
            raise Malformed("an SOA record's length is wrong")
        if seconds is None:
            minimum = int.from_bytes(message[at - 4 : at], "big")
            seconds = min(ttl if ttl <= MAX_TTL else 0, minimum if minimum <= MAX_TTL else 0)
    return at, seconds


def _behind_two_names(message: bytes, at: int) -> int:
    return expand_name(message, expand_name(message, at)[1])[1]


def _read_additional(  # noqa: PLR0912 - of up to a thousand records each goes this way
    message: bytes, at: int, count: int, targets: Mapping[bytes, str], places: Mapping[int, bytes]
) -> tuple[int, int, Mapping[str, tuple[IPAddress, ...]]]:
    """Return the offset behind the section, the upper bits of the rcode, and the addresses of the targets."""
    upper: int | None = None
    glue: dict[str, dict[bytes, IPAddress]] = {}
    known: dict[int, str | None] = {}  # owners that are but a pointer
    parents: dict[bytes, bytes] = {}  # what is behind the first label, by the pointer that says so
    for _ in range(count):
        start = at
        name: str | None = None
        first = message[at]
        if not first:
            at += 1
        elif first < 192:
            behind = at + first + 1
            pointer = message[behind : behind + 2]
            parent = parents.get(pointer) if first < 64 else None
            if parent is not None and first + len(parent) < MAX_NAME:
                at = behind + 2
                name = targets.get(message[start:behind].lower() + parent)
            else:
                # A name's octets end with their first zero, if they are those of a target.
                at = message.find(0, at) + 1
                name = targets.get(message[start:at].lower())
                if name is None:
                    owner, at = expand_name(message, start)
                    name = targets.get(owner.lower())
                    if at == behind + 2 and pointer[0] >= 192:
                        parents[pointer] = owner[first + 1 :].lower()
        else:
            offset = (first & 63) << 8 | message[at + 1]
            at += 2
            if offset not in known:
                known[offset] = targets.get(places.get(offset) or expand_name(message, start)[0].lower())
            name = known[offset]
        kind, rdclass, ttl, length = _RECORD.unpack_from(message, at)
        at += 10 + length
        if kind == OPT:
            if length or message[start] or upper is not None:
                raise Odd  # options, another name than the root's, a second one
            upper = ttl >> 24
        elif rdclass == 1 and kind in _FAMILIES:
            make, size = _FAMILIES[kind]
            if length != size or at > len(message):
                raise Malformed("an address record's length is wrong")
            if name is not None:
                octets = message[at - size : at]
                glue.setdefault(name, {})[octets] = make(_number(octets))
        else:
            raise Odd
    return at, upper or 0, {name.lower(): tuple(found.values()) for name, found in glue.items()} if glue else NO_GLUE
