"""From bytes to bytes: a DNS message in, and what CoreDNS's server sends back.

The codec is written for this direction, since what is cut from a long reply depends on how CoreDNS's library counts its
octets (github.com/miekg/dns, `Msg.Truncate`): uncompressed if that fits, else compressed.
"""

import re
import struct
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from k8sresolve._core.questions import OPT, new
from k8sresolve._core.wire.names import Malformed, Unsendable
from k8sresolve._core.wire.rcodes import BADVERS, FORMERR, NOTIMP, REFUSED, SERVFAIL
from k8sresolve.testing.coredns.chain import IN, NOTIFY, Answering, CoreDNSServer, Endless, Reply, Request
from k8sresolve.testing.coredns.writing import question_octets, write_body
from k8sresolve.testing.objects.labels import MOST_LABEL
from k8sresolve.testing.versions import NO_OPTIONS, Version

_QR, _AA, _TC, _RD, _CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0010
_DO = 0x8000
OWN_PAYLOAD = 4096  # of an OPT record that a plugin makes
_Z, _AD, _RA = 0x0040, 0x0020, 0x0080
_QUERY = 0
_HEADER = struct.Struct("!HHHHHH")
_FIXED = struct.Struct("!HHIH")
_USUAL_END = struct.Struct("!BHHBHHBBHH")  # the root, a question's type and class, an OPT record without options
_TWO = struct.Struct("!HH")
_MIN_UDP = 512  # RFC 1035, section 2.3.4; also what CoreDNS reads of a datagram
_MAX_TCP = 65535
_NO_FRAGMENTS = 1480  # CoreDNS compresses a longer datagram, though it would fit
_MAX_POINTERS = 126
_MAX_NAME = 253  # without the first length and the root: 255 octets as it is sent (RFC 1035, section 2.3.4)
_ECHOED_OPTIONS = frozenset({3, 9, 10, 11, 12})  # NSID, EXPIRE, COOKIE, TCP-KEEPALIVE, PADDING
_SPECIAL = re.compile(rb"""[^!#-&*-:<-?A-\[\]-~]""")
_DOT = ord(".")
_PLAIN = bytes(octet for octet in range(256) if octet != _DOT and not _SPECIAL.match(bytes((octet,))))
_DOTTED = bytes(octet if octet in _PLAIN else _DOT for octet in range(256))


class Edns(NamedTuple):
    """The OPT record of a query (RFC 6891): the payload size in octets, version, flags as sent, and options.

    `options` are those that come back in the reply, `sent` all of them, both as sent.
    """

    size: int
    version: int
    flags: int
    options: bytes
    sent: bytes = b""


class Query(NamedTuple):
    """A query message as it came. `name` is absolute, and None where there is no question to echo.

    `problem` is the rcode of a message that no plugin is asked about, and None for a question. `octets` are the
    question's, where these can be sent back as they came.
    """

    id: int
    flags: int
    name: str | None
    rdtype: int
    rdclass: int
    edns: Edns | None
    tcp: bool
    problem: int | None = None
    octets: bytes = b""

    @property
    def opcode(self) -> int:
        """The kind of message: 0 is a query, 4 a notify, 5 an update."""
        return self.flags >> 11 & 0xF

    @property
    def dnssec_ok(self) -> bool:
        """Whether the client understands DNSSEC (RFC 3225)."""
        return self.edns is not None and self.edns.flags & _DO != 0

    @property
    def size(self) -> int:
        """The most octets that the reply may have."""
        if self.tcp:
            return _MAX_TCP
        return max(self.edns.size, _MIN_UDP) if self.edns is not None else _MIN_UDP


class Responder:
    """The server in front of the plugins.

    `read`, `answer` and `write_reply` are the steps of `respond`, for those who want to see or change what passes
    between. `echoed` are the codes of the EDNS options that it sends back as they came.
    """

    def __init__(self, server: Answering, echoed: AbstractSet[int] = frozenset()) -> None:
        self._server = server
        self._echoed = echoed

    def read(self, message: bytes, *, tcp: bool = False) -> Query | None:
        """Read a message, as `read_query` does."""
        return read_query(message, tcp=tcp, echoed=self._echoed)

    def respond(self, message: bytes, *, tcp: bool = False, client: str = "") -> bytes | None:
        """Answer a message from the address `client`; None where CoreDNS sends nothing. Never raises."""
        query = self.read(message, tcp=tcp)
        return None if query is None else write_reply(query, self.answer(query, client))

    def answer(self, query: Query, client: str = "") -> Reply:
        """Decide what to say, without writing it."""
        if query.problem is not None:
            return Reply(query.problem, authoritative=False)
        if query.name is None:
            return Reply(SERVFAIL, authoritative=False)
        if query.rdclass != IN and not (isinstance(self._server, CoreDNSServer) and self._server.any_class):
            return Reply(REFUSED, authoritative=False)
        if query.edns is not None and query.edns.version != 0:
            return Reply(BADVERS, authoritative=False)
        edns = query.edns
        unchecked = query.flags & _CD != 0
        try:
            return self._server.answer(
                Request(
                    query.name,
                    query.rdtype,
                    query.opcode,
                    dnssec=query.dnssec_ok,
                    unchecked=unchecked,
                    client=client,
                    rdclass=query.rdclass,
                    tcp=query.tcp,
                    room=query.size,
                    options=None if edns is None else edns.sent,
                    id=query.id,
                )
            )
        except Endless:
            return Reply(SERVFAIL, authoritative=False)


def echoed_options(coredns: Version) -> AbstractSet[int]:
    """Tell the codes of the EDNS options that a version of CoreDNS sends back as they came."""
    return frozenset() if coredns.has(NO_OPTIONS) else _ECHOED_OPTIONS


def read_query(message: bytes, *, tcp: bool = False, echoed: AbstractSet[int] = frozenset()) -> Query | None:
    """Read a message; None for what is not answered at all: less than a header, or a response."""
    if not tcp:
        message = message[:_MIN_UDP]
    if len(message) < _HEADER.size:
        return None
    id_, flags, questions, answers, authorities, additionals = _HEADER.unpack_from(message)
    if flags & _QR:
        return None
    opcode = flags >> 11 & 0xF
    if opcode == _QUERY and questions == additionals == 1 and not answers and not authorities:
        usual = _read_usual(message, id_, flags, tcp=tcp)
        if usual is not None:
            return usual
    if opcode not in (_QUERY, NOTIFY):
        return Query(id_, flags, None, 0, 0, None, tcp, NOTIMP)
    # A notify may carry an SOA as answer, an IXFR one as authority (RFC 1996, section 3.7; RFC 1995, section 3).
    if questions != 1 or answers > 1 or authorities > 1 or additionals > 2:
        return Query(id_, flags, None, 0, 0, None, tcp, FORMERR)
    if len(message) == _HEADER.size:
        return Query(id_, flags, None, 0, 0, None, tcp)
    try:
        name, at = _read_name(message, _HEADER.size)
        rdtype, at = _read_number(message, at)
        rdclass, at = _read_number(message, at)
    except Malformed:
        return Query(id_, flags, None, 0, 0, None, tcp, FORMERR)
    try:
        edns = _read_edns(message, at, answers + authorities, additionals, echoed)
    except Malformed:
        return Query(id_, flags, name, rdtype, rdclass, None, tcp, FORMERR)
    return Query(id_, flags, name, rdtype, rdclass, edns, tcp)


def _read_usual(message: bytes, id_: int, flags: int, *, tcp: bool) -> Query | None:
    """Read a query as most are: a name without escapes and pointers, and EDNS without options. None for another."""
    end = message.find(0, _HEADER.size)
    wire = message[_HEADER.size : end]
    if end < 0 or len(wire) > 1 + _MAX_NAME or len(message) - end != _USUAL_END.size:
        return None
    # The octets that are no character of a name are the labels' lengths, unless these are such that they look like one.
    lengths, name = wire.translate(None, _PLAIN), wire.translate(_DOTTED)[1:]
    if bytes(map(len, name.split(b"."))) != lengths or max(lengths) > MOST_LABEL:
        return None
    _, rdtype, rdclass, owner, kind, size, _, version, edns_flags, length = _USUAL_END.unpack_from(message, end)
    if owner or kind != OPT or length:
        return None
    edns = new(Edns, (size, version, edns_flags, b"", b""))
    octets = message[_HEADER.size : end + 1 + _TWO.size]
    return new(Query, (id_, flags, f"{name.decode()}.", rdtype, rdclass, edns, tcp, None, octets))


def _read_number(message: bytes, at: int) -> tuple[int, int]:
    """Read a type or class; a question may end before it."""
    left = len(message) - at
    if left == 1:
        raise Malformed("the question ends early")
    return (message[at] << 8 | message[at + 1], at + 2) if left else (0, at)


def _read_name(message: bytes, at: int) -> tuple[str, int]:
    labels: list[bytes] = []
    end = pointers = 0
    try:
        while length := message[at]:
            at += 1
            if length < 64:
                labels.append(message[at : at + length])
                at += length
                continue
            pointers += 1
            if length < 192 or pointers > _MAX_POINTERS:
                raise Malformed("a bad pointer in a name")
            end = end or at + 1
            at = (length & 0x3F) << 8 | message[at]
    except IndexError:
        raise Malformed("a name ends early") from None
    return as_text(labels), end or at + 1


def as_text(labels: Sequence[bytes]) -> str:
    """Write an absolute name for people (RFC 1035, section 5.1), as CoreDNS's library does."""
    name = b".".join(labels)
    if len(name) > _MAX_NAME:
        raise Malformed("a name is too long")
    if not _SPECIAL.search(name) and name.count(b".") < max(1, len(labels)):
        return name.decode("ascii") + "."
    return "".join(f"{_escape(label)}." for label in labels) or "."


def _escape(label: bytes) -> str:
    return "".join(
        chr(octet)
        if octet != _DOT and not _SPECIAL.match(bytes([octet]))
        else f"\\{chr(octet)}"
        if 32 <= octet < 127
        else f"\\{octet:03}"
        for octet in label
    )


def _read_edns(message: bytes, at: int, others: int, additionals: int, echoed: AbstractSet[int]) -> Edns | None:
    """Walk over the records behind the question; the last additional OPT counts. Records may be fewer than stated."""
    edns = None
    for index in range(others + additionals):
        if at == len(message):
            break
        if message[at]:
            _, at = _read_name(message, at)
        else:
            at += 1  # the root, as it stands before OPT
        if at + _FIXED.size > len(message):
            raise Malformed("a record ends early")
        rdtype, rdclass, ttl, length = _FIXED.unpack_from(message, at)
        at += _FIXED.size
        rdata = message[at : at + length]
        if len(rdata) < length:
            raise Malformed("a record's data ends early")
        at += length
        if rdtype == OPT and index >= others:
            edns = Edns(rdclass, ttl >> 16 & 0xFF, ttl & 0xFFFF, _only(rdata, echoed) if rdata else b"", rdata)
    return edns


def _only(options: bytes, codes: AbstractSet[int]) -> bytes:
    kept, at = b"", 0
    while at < len(options):
        code, length = int.from_bytes(options[at : at + 2], "big"), int.from_bytes(options[at + 2 : at + 4], "big")
        if at + 4 + length > len(options):
            raise Malformed("an EDNS option ends early")
        if code in codes:
            kept += options[at : at + 4 + length]
        at += 4 + length
    return kept


def write_reply(query: Query, reply: Reply) -> bytes | None:
    """Write a reply within the size that the client takes; None where it cannot be written, so that nothing is sent."""
    if reply.sender == "nobody":
        return None
    if reply.question or reply.marks.rdtype:
        query = query._replace(name=reply.question or query.name, rdtype=reply.marks.rdtype or query.rdtype, octets=b"")
    if reply.marks.options is not None:
        edns = query.edns or Edns(OWN_PAYLOAD, 0, 0, b"")
        query = query._replace(edns=edns._replace(options=reply.marks.options))
    payload = reply.marks.payload
    if payload and query.edns is not None and query.edns.size > payload:
        query = query._replace(edns=query.edns._replace(size=payload))
    try:
        return _written(query, reply)
    except Unsendable:
        return None


def cut_for(request: Request, reply: Reply) -> Reply:
    """Cut a reply to what another nameserver sends over UDP, where it has no room for all (RFC 1035, section 4.2.1)."""
    edns = Edns(request.room, 0, 0, b"") if request.room > _MIN_UDP else None
    octets = write_reply(Query(0, 0, request.name, request.rdtype, request.rdclass, edns, tcp=False), reply)
    _, flags, _, answers, authorities, additionals = _HEADER.unpack(octets[: _HEADER.size] if octets else bytes(12))
    if not flags & _TC:
        return reply
    kept = reply._replace(
        answer=reply.answer[:answers],
        authority=reply.authority[:authorities],
        additional=reply.additional[: additionals - (edns is not None)],
    )
    return kept.marked(truncated=True)


def _written(query: Query, reply: Reply) -> bytes:
    opt = _opt(query, reply)
    _, answer, authority, additional, *_, written = reply
    sections = answer, authority, additional
    name, room = query.name, query.size - len(opt)
    plain_room = room if query.tcp else min(room, _NO_FRAGMENTS - len(opt))
    question = query.octets or (b"" if name is None else question_octets(name, query.rdtype, query.rdclass))
    if written is not None and written.is_of(*sections):
        body, kept = written.body(question, name, sections, plain_room, room)
    else:
        body, kept = write_body(question, name, sections, plain_room, room)
    flags, answers, authorities, additionals = _flags(query, reply), len(answer), len(authority), len(additional)
    if kept < answers + authorities + additionals:
        flags |= _TC
        answers = min(kept, answers)
        authorities = min(kept - answers, authorities)
        additionals = kept - answers - authorities
    questions = 0 if name is None else 1
    return _HEADER.pack(query.id, flags, questions, answers, authorities, additionals + bool(opt)) + body + opt


def _flags(query: Query, reply: Reply) -> int:
    if query.problem is not None:
        # The header goes back as it came; only a message of an unknown kind keeps its opcode.
        kept = _TC | _RD | _RA | _AD | _CD | (0x7800 if query.problem == NOTIMP else 0)
        return _QR | query.flags & kept | reply.rcode
    marks = reply.marks
    copied = query.flags & (0x7800 if query.flags & 0x7800 else _RD | _CD)
    if marks.recursion_desired is not None:
        copied = copied & ~_RD | (_RD if marks.recursion_desired else 0)
    told = (_AA if reply.authoritative else 0) | (_RA if marks.recursion_available else 0)
    return _QR | copied | told | (_TC if marks.truncated else 0) | reply.rcode & 0xF


def _opt(query: Query, reply: Reply) -> bytes:
    error = reply.marks.extended_error
    if error:
        size = OWN_PAYLOAD if query.edns is None else query.edns.size
        return b"\0" + _FIXED.pack(OPT, size, _DO, len(error)) + error
    if query.edns is None or query.problem is not None:
        return b""
    if reply.rcode == BADVERS:
        return b"\0" + _FIXED.pack(OPT, 0, BADVERS >> 4 << 24, 0)
    edns = query.edns
    return b"\0" + _FIXED.pack(OPT, edns.size, edns.flags & 0xFF00, len(edns.options)) + edns.options
