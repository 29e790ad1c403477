"""Replies put together octet by octet, and the questions that the tests ask."""

import struct
from ipaddress import IPv4Address

from k8sresolve._core.questions import CNAME, SOA, SRV, A

OPT, RRSIG, CH = 41, 46, 3
AA, TC, RA = 0x0400, 0x0200, 0x0080


def name(text):
    """Octets of a name without escapes."""
    return b"".join(bytes([len(label)]) + label.encode() for label in text.rstrip(".").split(".") if label) + b"\0"


def record(owner, rdtype, data, ttl=30, rdclass=1):
    owner = name(owner) if isinstance(owner, str) else owner
    return owner + struct.pack("!HHIH", rdtype, rdclass, ttl, len(data)) + data


def a(owner, text, ttl=30):
    return record(owner, A, IPv4Address(text).packed, ttl)


def srv(owner, target, port=80, priority=0, weight=10):
    target = name(target) if isinstance(target, str) else target
    return record(owner, SRV, struct.pack("!HHH", priority, weight, port) + target)


def cname(owner, target, ttl=30):
    return record(owner, CNAME, name(target) if isinstance(target, str) else target, ttl)


def soa(owner="cluster.local.", ttl=30, minimum=5):
    return record(
        owner, SOA, name("ns.dns.cluster.local.") + name("h.c.l.") + struct.pack("!5L", 1, 2, 3, 4, minimum), ttl
    )


def opt(ttl=0, data=b"", owner=b"\0"):
    return record(owner, OPT, data, ttl, 1232)


def reply(question, answer=(), authority=(), additional=(), flags=AA, rcode=0, counts=None):
    """A reply to (name, type); `answer`, `authority` and `additional` are octets of records."""
    text, rdtype = question
    head = struct.pack("!HH", 0, 0x8100 | flags | rcode)
    sizes = struct.pack("!HHHH", *(counts or (1, len(answer), len(authority), len(additional))))
    owner = name(text) if isinstance(text, str) else text
    return head + sizes + owner + struct.pack("!HH", rdtype, 1) + b"".join((*answer, *authority, *additional))


WEB = "web.shop.svc.cluster.local."
QUESTION = (WEB, A)
HTTP = ("_http._tcp.web.shop.svc.cluster.local.", SRV)

WHOLE = reply(QUESTION, [a(WEB, "10.0.0.1")])
