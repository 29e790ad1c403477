"""What a scripted nameserver does, step by step: data that a real server on loopback and a virtual network both play.

A `Nameserver` has a zone, which says what it would answer, and for each kind of query a list of steps, which say what
it makes of that. Each query takes the next step; the last one holds for all that follow. Messages are made and read by
dnspython here, never by the code under test.
"""

import copy
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

import attrs
import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class Out(NamedTuple):
    """Something that a nameserver sends after `delay` seconds.

    `kind` is `"message"`, `"elsewhere"` (a datagram from another source), `"bytes"` (raw octets of a TCP stream),
    `"close"` or `"reset"`.
    """

    kind: str
    delay: float = 0.0
    data: bytes = b""


Step = Callable[[bytes, dns.message.Message], list[Out]]

SHOP = """
    cluster.local. 30 SOA ns.dns.cluster.local. hostmaster.cluster.local. 7 7200 1800 86400 30
    payments.shop.svc.cluster.local. 30 A 10.96.20.1
    dual.shop.svc.cluster.local. 30 A 10.96.20.2
    dual.shop.svc.cluster.local. 30 AAAA fd00::20:2
    _http._tcp.payments.shop.svc.cluster.local. 30 SRV 0 100 80 payments.shop.svc.cluster.local.
    _cql._tcp.cassandra.shop.svc.cluster.local. 30 SRV 0 50 9042 cassandra-0.cassandra.shop.svc.cluster.local.
    _cql._tcp.cassandra.shop.svc.cluster.local. 30 SRV 0 50 9042 cassandra-1.cassandra.shop.svc.cluster.local.
    cassandra-0.cassandra.shop.svc.cluster.local. 30 A 10.244.1.10
    cassandra-1.cassandra.shop.svc.cluster.local. 30 A 10.244.1.11
    _none._tcp.payments.shop.svc.cluster.local. 30 SRV 0 0 0 .
    short.shop.svc.cluster.local. 1 A 10.96.20.3
    unkept.shop.svc.cluster.local. 0 A 10.96.20.4
    alias.shop.svc.cluster.local. 30 CNAME second.example.com.
    second.example.com. 20 CNAME third.example.com.
    third.example.com. 10 A 192.0.2.80
    dangling.shop.svc.cluster.local. 30 CNAME nothing.example.com.
    ring.shop.svc.cluster.local. 30 CNAME gnir.shop.svc.cluster.local.
    gnir.shop.svc.cluster.local. 30 CNAME ring.shop.svc.cluster.local.
    example.com. 300 SOA ns.example.com. hostmaster.example.com. 1 7200 1800 86400 300
    api.example.com. 60 A 192.0.2.7
    a\\.b\\032c\\0071.example.com. 60 TXT "it is"
    brief.example.com. 1 CNAME api.example.com.
    . 300 NS a.root.test.
"""


@attrs.frozen
class Nameserver:
    """`steps` by kind of query: words that must all be true of it, such as `"A udp"`, `"tcp"`, a name, or `""`.

    The first kind that fits counts. `udp` and `tcp` say whether its ports are open. `stuck`: as IPVS may lead them,
    all packets from the first one's source go to a replica that is gone (kubernetes#71514).
    """

    steps: Mapping[str, tuple[Step, ...]] = attrs.field(factory=dict)
    zone: str = SHOP
    udp: bool = True
    tcp: bool = True
    stuck: bool = False


class Playing:
    """A nameserver at work: what it was asked, and which step comes next for each kind of query."""

    def __init__(self, nameserver: Nameserver) -> None:
        self.nameserver = nameserver
        self.asked: Counter[str] = Counter()
        self.ids: list[bytes] = []
        self.names: list[str] = []
        self.sources: list[tuple[str, object]] = []  # type of the question, and where it came from
        self._taken: Counter[str] = Counter()
        self._watchers: list[tuple[str, int, Callable[[], None]]] = []
        self._lock = threading.Lock()

    def after(self, count: int, call: Callable[[], None], kind: str = "") -> None:
        """Call that, in whatever thread it may be, when so many messages have come, or so many of one kind."""
        self._watchers.append((kind, count, call))

    def play(self, message: bytes, transport: str, source: object) -> list[Out]:
        """Take a message in and say what comes back."""
        try:
            query = dns.message.from_wire(message)
        except dns.exception.DNSException:
            self.asked[f"malformed {transport}"] += 1
            return []
        question = query.question[0]
        words = {question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype), transport}
        with self._lock:
            self.ids.append(message[:2])
            self.names.append(question.name.to_text().lower())
            self.sources.append((dns.rdatatype.to_text(question.rdtype), source))
            self.asked[f"{dns.rdatatype.to_text(question.rdtype)} {transport}"] += 1
            lost = self.nameserver.stuck and source == self.sources[0][1]
            step = silent if lost else self._step(words)
            word = f"{dns.rdatatype.to_text(question.rdtype)} {transport}"
            due = [
                call
                for kind, count, call in self._watchers
                if (count == self.asked[word] if kind == word else not kind and count == self.asked.total())
            ]
        for call in due:
            call()
        return step(message, reply_to(query, self.nameserver.zone))

    def _step(self, words: set[str]) -> Step:
        for kind, steps in self.nameserver.steps.items():
            if set(kind.split()) <= words:
                self._taken[kind] += 1
                return steps[min(self._taken[kind], len(steps)) - 1]
        return answer


# -- what a nameserver would answer ----------------------------------------------------------------------------------


@lru_cache
def _read(zone: str) -> dict[str, dict[str, dns.rrset.RRset]]:
    names: dict[str, dict[str, dns.rrset.RRset]] = {}
    for line in filter(None, map(str.strip, zone.splitlines())):
        name, ttl, rdtype, data = line.split(maxsplit=3)
        rrset = dns.rrset.from_text(name, int(ttl), "IN", rdtype, data)
        held = names.setdefault(name, {}).setdefault(rdtype, rrset)
        held.update(rrset)
    return names


def reply_to(query: dns.message.Message, zone: str) -> dns.message.Message:
    names = _read(zone)
    reply = dns.message.make_response(query, recursion_available=True)
    question = query.question[0]
    rdtype = dns.rdatatype.to_text(question.rdtype)
    owner = question.name.to_text().lower()
    for _ in range(4):
        held = names.get(owner, {})
        if rdtype in held or "CNAME" not in held:
            break
        reply.answer.append(held["CNAME"])
        owner = held["CNAME"][0].target.to_text()
    if rdtype in held:
        reply.answer.append(held[rdtype])
    elif not reply.answer:
        inside = any(name.endswith("." + owner) for name in names)
        reply.set_rcode(dns.rcode.NOERROR if held or inside else dns.rcode.NXDOMAIN)
        reply.authority += [held["SOA"] for apex, held in names.items() if "SOA" in held and owner.endswith(apex)]
    targets = {srv.target.to_text() for rrset in reply.answer if rrset.rdtype == dns.rdatatype.SRV for srv in rrset}
    for target in sorted(targets):
        reply.additional += [rrset for kind, rrset in names.get(target, {}).items() if kind in ("A", "AAAA")]
    return reply


def wire_of(reply: dns.message.Message) -> bytes:
    return reply.to_wire(max_size=65535)  # whatever size the query stated


# -- steps -----------------------------------------------------------------------------------------------------------


def answer(_query: bytes, reply: dns.message.Message) -> list[Out]:
    return [Out("message", 0.0, wire_of(reply))]


def silent(_query: bytes, _reply: dns.message.Message) -> list[Out]:
    return []


def rcode(name: str) -> Step:
    def step(query: bytes, _reply: dns.message.Message) -> list[Out]:
        bare = dns.message.make_response(dns.message.from_wire(query))
        bare.set_rcode(dns.rcode.from_text(name))
        return [Out("message", 0.0, bare.to_wire())]

    return step


def bare(name: str) -> Step:
    """Say a response code without the question."""

    def step(query: bytes, _reply: dns.message.Message) -> list[Out]:
        reply = dns.message.make_response(dns.message.from_wire(query))
        reply.set_rcode(dns.rcode.from_text(name))
        reply.question.clear()
        return [Out("message", 0.0, reply.to_wire())]

    return step


def first(step: Step, then: Step) -> Step:
    """Send both: what the one makes of a query, and then what the other does."""

    def both(query: bytes, reply: dns.message.Message) -> list[Out]:
        return step(query, copy.deepcopy(reply)) + then(query, reply)

    return both


def without_edns(otherwise: Step) -> Step:
    """Answer queries without EDNS; make something else of the rest."""

    def step(query: bytes, reply: dns.message.Message) -> list[Out]:
        return (answer if dns.message.from_wire(query).edns < 0 else otherwise)(query, reply)

    return step


def with_edns(query: bytes, reply: dns.message.Message) -> list[Out]:
    """Answer queries with EDNS, and no others."""
    return [] if dns.message.from_wire(query).edns < 0 else answer(query, reply)


def late(seconds: float, then: Step = answer) -> Step:
    def step(query: bytes, reply: dns.message.Message) -> list[Out]:
        return [out._replace(delay=out.delay + seconds) for out in then(query, reply)]

    return step


def twice(then: Step = answer) -> Step:
    def step(query: bytes, reply: dns.message.Message) -> list[Out]:
        return then(query, reply) * 2

    return step


def elsewhere(then: Step = answer) -> Step:
    """Let it come from another socket than the one that was asked."""

    def step(query: bytes, reply: dns.message.Message) -> list[Out]:
        return [out._replace(kind="elsewhere") for out in then(query, reply)]

    return step


Junk = Callable[[bytes, dns.message.Message], bytes]


def junk(*items: Junk, then: Step = answer) -> Step:
    """Send what does not answer the query first."""

    def step(query: bytes, reply: dns.message.Message) -> list[Out]:
        return [Out("message", 0.0, item(query, reply)) for item in items] + then(query, reply)

    return step


def changed(change: Callable[[dns.message.Message], object]) -> Step:
    """Answer with a message that is changed first."""

    def step(_query: bytes, reply: dns.message.Message) -> list[Out]:
        change(reply)
        return [Out("message", 0.0, wire_of(reply))]

    return step


def _cut(reply: dns.message.Message) -> None:
    reply.flags |= dns.flags.TC
    reply.answer.clear()
    reply.additional.clear()


def _lame(reply: dns.message.Message) -> None:
    reply.flags &= ~(dns.flags.RA | dns.flags.AA)
    for section in (reply.answer, reply.authority, reply.additional):
        section.clear()


def _referred(reply: dns.message.Message) -> None:
    _lame(reply)
    reply.authority.append(dns.rrset.from_text("cluster.local.", 30, "IN", "NS", "ns.elsewhere.example."))


def _other_owner(reply: dns.message.Message) -> None:
    reply.answer = [dns.rrset.from_text("bank.example.com.", 30, "IN", "A", "6.6.6.6")]


def _ring(reply: dns.message.Message) -> None:
    name = reply.question[0].name.to_text()
    reply.answer = [dns.rrset.from_text(name, 30, "IN", "CNAME", name)]


other_owner = changed(_other_owner)
ring = changed(_ring)
found_in_nxdomain = changed(lambda reply: reply.set_rcode(dns.rcode.NXDOMAIN))
truncated = changed(_cut)
lame = changed(_lame)
referral = changed(_referred)
no_glue = changed(lambda reply: reply.additional.clear())
partial_glue = changed(lambda reply: reply.additional.__delitem__(slice(1, None)))
partly = changed(lambda reply: setattr(reply, "flags", reply.flags | dns.flags.TC))  # TC, and yet records


# Junk.


def empty(_query: bytes, _reply: dns.message.Message) -> bytes:
    return b""


def short(query: bytes, _reply: dns.message.Message) -> bytes:
    return query[:11]


def noise(query: bytes, _reply: dns.message.Message) -> bytes:
    return query[:2] + bytes(range(100, 160))


def _forged(query: bytes, reply: dns.message.Message) -> bytes:
    """A reply to the query, all in order but for its address, for one thing or another to be made wrong in it."""
    other = dns.message.make_response(dns.message.from_wire(query), recursion_available=True)
    other.answer.append(dns.rrset.from_text(reply.question[0].name, 30, "IN", "A", "6.6.6.6"))
    return wire_of(other)


def wrong_id(query: bytes, reply: dns.message.Message) -> bytes:
    wire = _forged(query, reply)
    return bytes((wire[0] ^ 255, wire[1])) + wire[2:]


def wrong_id_truncated(query: bytes, reply: dns.message.Message) -> bytes:
    wire = wrong_id(query, reply)
    return wire[:2] + bytes((wire[2] | 2,)) + wire[3:]


def no_qr(query: bytes, reply: dns.message.Message) -> bytes:
    wire = _forged(query, reply)
    return wire[:2] + bytes((wire[2] & 0x7F,)) + wire[3:]


def wrong_opcode(query: bytes, reply: dns.message.Message) -> bytes:
    wire = _forged(query, reply)
    return wire[:2] + bytes((wire[2] | 0x20,)) + wire[3:]


def _asking(query: bytes, name: str, rdtype: str, rdclass: str = "IN") -> bytes:
    other = dns.message.make_response(dns.message.make_query(name, rdtype, rdclass))
    other.answer.append(dns.rrset.from_text(name, 30, rdclass, rdtype, "6.6.6.6" if rdtype == "A" else '"forged"'))
    return query[:2] + other.to_wire()[2:]


def wrong_name(query: bytes, _reply: dns.message.Message) -> bytes:
    return _asking(query, "paymentz.shop.svc.cluster.local.", "A")


def wrong_type(query: bytes, reply: dns.message.Message) -> bytes:
    return _asking(query, reply.question[0].name.to_text(), "TXT")


def wrong_class(query: bytes, reply: dns.message.Message) -> bytes:
    wire = _forged(query, reply)
    at = wire.index(b"\0", 12) + 4
    return wire[:at] + b"\x03" + wire[at + 1 :]


def no_question(query: bytes, reply: dns.message.Message) -> bytes:
    bare = dns.message.from_wire(_forged(query, reply))
    bare.question.clear()
    return wire_of(bare)


def two_questions(query: bytes, reply: dns.message.Message) -> bytes:
    wire = _forged(query, reply)
    end = wire.index(b"\0", 12) + 5
    return wire[:4] + b"\0\2" + wire[6:end] + wire[12:end] + wire[end:]


def pointer_loop(query: bytes, reply: dns.message.Message) -> bytes:
    wire = wire_of(reply)
    end = wire.index(b"\0", 12) + 5
    loop = b"\xc0" + bytes((end,)) + b"\0\1\0\1\0\0\0\x1e\0\4\6\6\6\6"
    return wire[:6] + b"\0\1\0\0\0\0" + wire[12:end] + loop


def oversize(query: bytes, reply: dns.message.Message) -> bytes:
    """A reply that is larger than the size that was advertised."""
    return _forged(query, reply).ljust(1233, b"\0")
