"""The hot codec and its fallback read the same from the same octets, and nothing that dnspython refuses as a whole.

Some thousand seeded messages in the ordinary run; K8SRESOLVE_WIRE_MESSAGES=200000 makes it that many.
"""

import os
import random
from collections import Counter
from ipaddress import ip_address

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest

from k8sresolve._core.questions import AAAA, CNAME, NS, PTR, SOA, SRV, TXT, A, Question
from k8sresolve._core.wire import fallback
from k8sresolve._core.wire.names import Malformed
from k8sresolve._core.wire.query import encode_query
from k8sresolve._core.wire.reply import Odd, read_plain_reply
from k8sresolve._core.wire.rules import BadAnswer, Reply, cap_counts
from tests.core.wire.messages import opt, record, reply

MESSAGES = int(os.environ.get("K8SRESOLVE_WIRE_MESSAGES", "3000"))
MX, RRSIG = 15, 46

# -- messages --------------------------------------------------------------------------------------------------------

LABELS = [b"web", b"Web", b"_http", b"_tcp", b"shop", b"svc", b"cluster", b"local", b"10-0-0-1", b"127", b"a" * 63]
ODD_LABELS = [b"a.b", b"a\\b", b"<script>", b"sp ace", b"\x00\xff", b"-x", b"x-", b"0/25", b'"();@$', b"*"]


def random_name(rng, parents):
    labels = [rng.choice(LABELS if rng.random() < 0.9 else ODD_LABELS) for _ in range(rng.randint(1, 3))]
    parent = rng.choice(parents)
    labels += parent.labels if rng.random() < 0.8 else [b"example", b""]
    try:
        return dns.name.Name(labels)
    except dns.name.NameTooLong:
        return parent


def random_rdata(rng, rdtype, names):
    address4 = f"10.0.{rng.randint(0, 1)}.{rng.randint(0, 3)}"
    text = {
        A: address4,
        AAAA: f"fd00::{rng.randint(0, 3):x}",
        SRV: f"{rng.randint(0, 1)} {rng.randint(0, 1)} {rng.choice([80, 443, 0x4161, 0x6161])} {rng.choice(names)}",
        PTR: str(rng.choice(names)),
        NS: str(rng.choice(names)),
        CNAME: str(rng.choice(names)),
        SOA: f"{rng.choice(names)} {rng.choice(names)} 1 2 3 4 {rng.choice([0, 5, 30, 2**31 - 1, 2**32 - 1])}",
        TXT: f'"{rng.choice("abc")}" "with \\"quotes\\""',
        MX: f"10 {rng.choice(names)}",
        RRSIG: f"A 8 2 30 20300101000000 20200101000000 1 {rng.choice(names)} AAAA",
    }[rdtype]
    return dns.rdata.from_text("IN", rdtype, text)


def random_reply(rng):
    """Return (reply, query, rdtype): whole, mostly what nameservers send, with something odd here and there."""
    rdtype = rng.choice([A, A, A, AAAA, AAAA, SRV, SRV, SRV, PTR, PTR, NS, CNAME, TXT, MX])
    zone = dns.name.from_text("10.in-addr.arpa." if rdtype == PTR and rng.random() < 0.7 else "svc.cluster.local.")
    names = [zone]
    names += [random_name(rng, [zone]) for _ in range(rng.randint(2, 6))]
    qname = rng.choice(names)
    query = encode_query(Question(str(qname), rdtype), rng.choice([None, 1232]))
    reply = dns.message.make_response(dns.message.from_wire(query), recursion_available=rng.random() < 0.5)
    if rng.random() < 0.6:
        reply.flags |= dns.flags.AA
    if rng.random() < 0.05:
        reply.flags |= dns.flags.TC
    reply.use_edns(rng.choice([-1, 0]), options=[dns.edns.GenericOption(10, b"12345678")] if rng.random() < 0.2 else [])
    reply.set_rcode(rng.choices([0, 3, 2, 5, 16, 23], [20, 5, 1, 1, reply.edns == 0, reply.edns == 0])[0])
    sections = ([], [], [])
    owner = qname
    for _ in range(rng.choice([0, 0, 0, 0, 1, 2, 3, 9, 10])):
        target = rng.choice(names) if rng.random() < 0.3 else random_name(rng, names)
        sections[0].append((owner, CNAME, dns.rdata.from_text("IN", "CNAME", str(target))))
        owner = target
    for _ in range(rng.choice([0, 1, 1, 2, 3, 6])):
        sections[0].append((owner, rdtype, random_rdata(rng, rdtype, names)))
    targets = [rdata.target for _, kind, rdata in sections[0] if kind == SRV] or names
    for section in sections:
        while rng.random() < 0.12:
            kind = rng.choice([A, AAAA, TXT, RRSIG, CNAME, NS, SOA, SRV, rdtype])
            section.append((rng.choice([owner, qname, *names]), kind, random_rdata(rng, kind, names)))
    if rng.random() < 0.4:
        sections[1].append((zone, SOA, random_rdata(rng, SOA, names)))
    while rng.random() < 0.7:
        kind = rng.choice([A, AAAA])
        sections[2].append((rng.choice(targets), kind, random_rdata(rng, kind, names)))
    if rng.random() < 0.15:
        for section in sections:
            rng.shuffle(section)
    return write(rng, reply, sections), query, rdtype


def write(rng, reply, sections):
    """Serialise with or without compression, each record where it was put, letter case of owners at random."""
    octets = bytearray(reply.to_wire())[:12]
    octets += reply.question[0].name.to_wire() + reply.question[0].rdtype.to_bytes(2, "big") + b"\0\x01"
    compress = {reply.question[0].name: 12} if rng.random() < 0.6 else None
    for index, section in enumerate(sections):
        for owner, rdtype, rdata in section:
            spelt = dns.name.Name([label.swapcase() for label in owner.labels]) if rng.random() < 0.05 else owner
            octets += compressed(spelt, octets, compress)
            ttl = rng.choice([0, 5, 30, 30, 30, 2**31 - 1, 2**31, 2**32 - 1])
            rdclass = 4 if rng.random() < 0.02 else 1
            octets += rdtype.to_bytes(2, "big") + rdclass.to_bytes(2, "big") + ttl.to_bytes(4, "big")
            body = written(rdata, octets, compress)
            octets += len(body).to_bytes(2, "big") + body
        octets[6 + 2 * index : 8 + 2 * index] = len(section).to_bytes(2, "big")
    if reply.opt is not None:
        rdata = reply.opt[0].to_wire()
        octets += b"\0\0\x29\x04\xd0" + reply.opt.ttl.to_bytes(4, "big") + len(rdata).to_bytes(2, "big") + rdata
        octets[10:12] = (int.from_bytes(octets[10:12], "big") + 1).to_bytes(2, "big")
    return bytes(octets)


def compressed(name, before, table, ahead=0):
    if table is None:
        return name.to_wire()
    out = b""
    labels = list(name.labels)
    while labels != [b""]:
        suffix = dns.name.Name(labels)
        if suffix in table:
            return out + (0xC000 | table[suffix]).to_bytes(2, "big")
        table[suffix] = len(before) + ahead + len(out)
        out += bytes([len(labels[0])]) + labels.pop(0)
    return out + b"\0"


def written(rdata, before, table):
    if rdata.rdtype in (CNAME, PTR, NS):
        return compressed(rdata.target, before, table, ahead=2)
    if rdata.rdtype == SRV and table is not None:  # forbidden by RFC 2782, sent by older servers
        return rdata.to_wire()[:6] + compressed(rdata.target, before, table, ahead=8)
    return rdata.to_wire()


def damaged_reply(rng):
    message, query, rdtype = random_reply(rng)
    return mutated(rng, message), query, rdtype


def mutated(rng, message):
    octets = bytearray(message)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        at = rng.randrange(len(octets))
        match rng.randrange(7):
            case 0:
                octets[at] = rng.randrange(256)
            case 1:
                octets[at] ^= 1 << rng.randrange(8)
            case 2:
                del octets[max(at, 12) :]
            case 3:
                octets[at:at] = rng.randbytes(rng.randint(1, 4))
            case 4:
                del octets[at : at + rng.randint(1, 3)]
            case 5:
                octets[at : at + 2] = (0xC000 | rng.randrange(len(octets))).to_bytes(2, "big")
            case 6:
                octets[rng.choice([5, 7, 9, 11])] = rng.choice([0, 1, 2, 3, 255])
        if len(octets) < 13:
            break
    return bytes(octets)


# -- what they make of them -------------------------------------------------------------------------------------------


def outcome(reader, *arguments):
    try:
        return reader(*arguments)
    except BadAnswer:
        return "bad"
    except Malformed:
        return "damaged"
    except Odd:
        return "odd"


def capped(message):
    """Return the message with counts for no more records than are read."""
    counts = cap_counts(*(int.from_bytes(message[at : at + 2], "big") for at in (6, 8, 10)))
    return message[:6] + b"".join(count.to_bytes(2, "big") for count in counts) + message[12:]


def compare(message, query, rdtype):
    """Return what both make of a message.

    Raises AssertionError where they differ, and what dnspython raises where it refuses what they accept.
    """
    hot = outcome(read_plain_reply, message, query, rdtype)
    slow = outcome(fallback.read_unusual_reply, message, query, rdtype)
    if isinstance(slow, Reply) and slow.questioned and not message[2] & 2:  # with TC it may be damaged
        dns.message.from_wire(capped(message), keyring=False, one_rr_per_rrset=True, ignore_trailing=True)
    if hot == "odd":
        return "odd"
    # What is said early: a bad answer is one, whatever damage follows in later sections.
    assert hot == slow or (hot, slow) == ("bad", "damaged"), (hot, slow)
    return "read" if isinstance(hot, Reply) else str(hot)


# -- the tests -------------------------------------------------------------------------------------------------------


def tally(seed, make):
    rng = random.Random(seed)
    seen = Counter()
    for number in range(MESSAGES // 4):
        message, query, rdtype = make(rng)
        try:
            seen[compare(message, query, rdtype)] += 1
        except (AssertionError, dns.exception.DNSException) as problem:
            raise AssertionError(f"seed {seed}, message {number}: {message.hex()} {query.hex()} {rdtype}") from problem
    return seen


@pytest.mark.parametrize("seed", range(4))
def test_both_read_the_same_from_whole_replies(seed):
    seen = tally(seed, random_reply)
    assert seen["damaged"] == seen["None"] == 0
    assert seen["bad"] > 0
    assert seen["read"] > 0
    assert seen["odd"] > 0


@pytest.mark.parametrize("seed", range(1000, 1004))
def test_both_read_the_same_from_damaged_replies(seed):
    """F20: what the hot codec accepts, the fallback accepts and reads alike; it is never the more lenient one."""
    seen = tally(seed, damaged_reply)
    assert all(seen[kind] for kind in ("read", "odd", "None", "damaged", "bad"))


@pytest.mark.parametrize("edns", [None, 1232])
@pytest.mark.parametrize("pointed", [False, True])
@pytest.mark.parametrize(("rdtype", "address"), [(A, "10.96.0.1"), (AAAA, "fd00::1")])
def test_both_read_the_same_from_each_neighbour_of_a_plain_reply(rdtype, address, pointed, edns):
    """F20: most replies are one address and an OPT record, and what is nearly such is none."""
    qname = "web.shop.svc.cluster.local."
    query = encode_query(Question(qname, rdtype), edns)
    owner = b"\xc0\x0c" if pointed else qname
    plain = reply((qname, rdtype), [record(owner, rdtype, ip_address(address).packed)], additional=[opt()])
    neighbours = [plain[:at] for at in range(len(plain))] + [plain + b"\0"]
    for at, octet in enumerate(plain):
        near = {octet ^ 1 << bit for bit in range(8)} | {(octet + 1) & 255, (octet - 1) & 255, 0, 255}
        neighbours += [plain[:at] + bytes((other,)) + plain[at + 1 :] for other in near]
        neighbours += [plain[:at] + plain[at + 1 :], plain[:at] + b"\0" + plain[at:]]
    assert compare(plain, query, rdtype) == "read"
    seen = Counter(compare(neighbour, query, rdtype) for neighbour in neighbours)
    assert all(seen[kind] for kind in ("read", "odd", "None", "damaged"))


def test_a_reply_to_a_part_of_the_question_is_none():
    """F20: of a query without EDNS no octets are left out, as if it had an OPT record."""
    query = encode_query(Question("web.shop.svc.cluster.local.", A), None)
    part = query[12:-11]
    header = b"\0\0\x85\x80\0\1\0\1\0\0\0\1"
    assert compare(header + part + part + b"\0\0\0\x1e\0\4\x0a\x60\0\1" + opt(), query, A) == "None"
