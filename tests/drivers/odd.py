"""Replies that are odd, most put together octet by octet, as steps of a scripted nameserver: right ones, and junk."""

import struct
from collections.abc import Callable

import dns.message
import dns.rdatatype

from tests.core.wire import messages
from tests.core.wire.messages import AA, RA, a, cname, opt, record, srv
from tests.drivers.script import Out, Step, answer, changed, truncated, wire_of

FOUND = "10.96.20.1"
_TXT, _UNKNOWN, _HESIOD = 16, 65280, 4


def made(make: Callable[[str], bytes]) -> Step:
    """Answer with what is made for the name that is asked for; its id is the query's."""

    def step(query: bytes, reply: dns.message.Message) -> list[Out]:
        return [Out("message", 0.0, query[:2] + make(reply.question[0].name.to_text())[2:])]

    return step


def answering(*records: bytes, rdtype: int = 1, **options: object) -> Step:
    """Answer with these records, whatever the zone says."""
    return made(lambda name: _reply(name, rdtype, records, **options))


def then(first: Step, second: Step) -> Step:
    """Send what both send."""
    return lambda query, reply: first(query, reply) + second(query, reply)


def _reply(name: str, rdtype: int, records: tuple[bytes, ...], **options: object) -> bytes:
    return messages.reply((name, rdtype), records, **{"flags": AA | RA, "additional": [opt()], **options})


def fitting(query: bytes, reply: dns.message.Message) -> list[Out]:
    """Answer over UDP as nameservers do: cut, with TC, what does not fit the size that the query states (RFC 6891)."""
    asked = dns.message.from_wire(query)
    size = max(512, asked.payload) if asked.edns >= 0 else 512
    return (answer if len(wire_of(reply)) <= size else truncated)(query, reply)


alias_alone = changed(lambda reply: reply.answer.__delitem__(slice(1, None)))  # coredns#4684: cut, and no TC

OWN = b"\xc0\x0c"  # a pointer to the question's name
ADDRESS = a(OWN, FOUND)

# Right, if odd.
srv_by_pointer = answering(srv(OWN, b"\xc0\x17"), rdtype=33, additional=[a(b"\xc0\x17", FOUND)])  # after `_http._tcp`
unknown_beside = answering(
    record(OWN, _UNKNOWN, b"anything"), record(OWN, 1, bytes(4), rdclass=_HESIOD), ADDRESS, record(OWN, 0xFF00, b"")
)
signed_beside = answering(
    record(OWN, 46, struct.pack("!HBBIIIH", 1, 13, 5, 30, 0, 0, 0) + b"\0" + bytes(64)),
    ADDRESS,
    record("other.test.", _TXT, b"\4text"),
)
trailing = made(lambda name: _reply(name, 1, (ADDRESS,)) + b"trailing octets")
doubled = answering(ADDRESS, a(OWN, "10.96.20.2"), ADDRESS)
upper_case = made(lambda name: _reply(name, 1, (a(name.upper(), FOUND),)))
authority_of_a_second = answering(ADDRESS, authority=[record("cluster.local.", 2, b"\2ns\xc0\x0c", 1)])
without_soa = answering(rcode=3)
full = made(lambda name: _reply(name, 1, (ADDRESS,)).ljust(65535, b"\0"))

# Junk: what follows is to be waited for.
two_opt = answering(ADDRESS, additional=[opt(), opt()])
lying_counts = answering(a(OWN, "6.6.6.6"), counts=(1, 3, 0, 0))
overlong = made(
    # 255 octets by way of the question's name are a name, 256 are none.
    lambda name: _reply(name, 1, (cname(OWN, _filler(256 - len(messages.name(name))) + OWN), a(OWN, "6.6.6.6")))
)


def _filler(octets: int) -> bytes:
    """Labels of so many octets in all."""
    whole, rest = divmod(octets, 64)
    return (b"\x3f" + b"x" * 63) * whole + (bytes([rest - 1]) + b"x" * (rest - 1) if rest > 1 else b"")


def _pointers(name: str) -> bytes:
    """64 KiB: a chain of 8,000 pointers, each to the one before, and names that enter it at its end."""
    at = 12 + len(messages.name(name)) + 4 + 11  # header, question, and the head of the record that has the chain
    chain = OWN + b"".join(struct.pack("!H", 0xC000 | at + 2 * number) for number in range(7999))
    entry = struct.pack("!H", 0xC000 | at + 2 * 7999)
    return _reply(name, 1, (record(b"\0", _UNKNOWN, chain), *[record(entry, 1, b"\6\6\6\6")] * 2900), additional=())


pointer_chain = made(_pointers)
