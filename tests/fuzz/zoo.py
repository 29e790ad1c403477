"""The packet zoo: 32 classes of replies, a hundred of each, the same ones in every run.

A class is a function with `@species`; its docstring says what it is. It gets a source of chance and returns the reply
to one question. What nameservers send comes first, then what they should not, then what nobody should.
"""

import random
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from k8sresolve._core.questions import AAAA, CAA, CNAME, HTTPS, MX, NS, PTR, RRSIG, SOA, SRV, TXT, A
from tests.core.wire.messages import AA, RA, TC, opt, record, reply, soa
from tests.fuzz.packets import Packet, asking

EACH = 100
OPT, TSIG = 41, 250

Sections: TypeAlias = tuple[Sequence[bytes], Sequence[bytes], Sequence[bytes]]
Species: TypeAlias = Callable[[random.Random], Packet]

SPECIES: dict[str, Species] = {}


def species(make: Callable[[random.Random], tuple[bytes, bytes, int]]) -> Species:
    """Register a class: a function that makes (message, name, type)."""
    kind = make.__name__

    def packet(rng: random.Random) -> Packet:
        message, name, rdtype = make(rng)
        return Packet(kind, message[:65535], asking(name, rdtype))

    SPECIES[kind] = packet
    return packet


def zoo() -> Iterator[Packet]:
    """Make every packet."""
    for kind, make in SPECIES.items():
        for number in range(EACH):
            yield make(random.Random(f"{kind} {number}"))


# -- parts -------------------------------------------------------------------------------------------------------------

_LABELS = (b"web", b"db-0", b"_http", b"_tcp", b"shop", b"svc", b"10-244-0-7", b"a", b"x" * 63)
_ODD = (b"a.b", b"\\", b"<b>", b" ", b"\x00\xff", b"-x", b"127", b'"', b"*", b"@", b"\xc0\x0c")
_ZONE = b"\x04shop\x03svc\x07cluster\x05local\0"
_QUESTION = 12  # where its name stands


def _label(octets: bytes) -> bytes:
    return bytes((len(octets),)) + octets


def _name(rng: random.Random, zone: bytes = _ZONE) -> bytes:
    return b"".join(_label(rng.choice(_LABELS[:-1])) for _ in range(rng.randint(1, 3))) + zone


def _owner(rng: random.Random, name: bytes) -> bytes:
    """The name asked for, written out or as a pointer."""
    return rng.choice((name, b"\xc0\x0c"))


def _suffix(rng: random.Random, name: bytes) -> bytes:
    """A pointer to the question's name, less some of its first labels."""
    at = _QUESTION
    for _ in range(rng.randint(0, 2)):
        length = name[at - _QUESTION]
        at += length + 1 if length else 0
    return struct.pack("!H", 0xC000 | at)


def _address(rng: random.Random, rdtype: int = A) -> bytes:
    return bytes((10, 244, rng.randrange(4), rng.randrange(8))) if rdtype == A else b"\xfd" + rng.randbytes(15)


def _pointer(at: int) -> bytes:
    return struct.pack("!H", 0xC000 | at)


def _data(rng: random.Random, rdtype: int, name: bytes) -> bytes:
    """Record data of a type, as it should be."""
    target = rng.choice((_name(rng), b"\x02ns" + _suffix(rng, name)))
    match rdtype:
        case 1 | 28:
            return _address(rng, rdtype)
        case 33:
            return struct.pack("!HHH", rng.randrange(3), rng.randrange(3), rng.choice((80, 443))) + target
        case 6:
            return target + _name(rng) + struct.pack("!5L", 1, 2, 3, 4, rng.choice((0, 5, 30, 2**31, 2**32 - 1)))
        case 16:
            return b"".join(_label(rng.randbytes(rng.randint(0, 20))) for _ in range(rng.randint(1, 3)))
        case 15:
            return struct.pack("!H", 10) + target
        case 46:
            return struct.pack("!HBBLLLH", A, 8, 2, 30, 2**31, 2**30, 7) + _name(rng) + rng.randbytes(16)
        case 257:
            return b"\0\x05issueca.test"
        case 65:
            return struct.pack("!H", 1) + b"\0" + struct.pack("!HH", 3, 2) + b"\x01\xbb"
        case 2 | 5 | 12:
            return target
        case _:
            return rng.randbytes(rng.randrange(12))


def _tail(rng: random.Random) -> list[bytes]:
    return rng.choice(([], [opt()]))


def _reply(
    rng: random.Random, name: bytes, rdtype: int, answer: Sequence[bytes], authority: Sequence[bytes] = (),
    additional: Sequence[bytes] = (), **options: int,
) -> tuple[bytes, bytes, int]:  # fmt: skip
    options.setdefault("flags", AA | rng.choice((0, RA)))
    return reply((name, rdtype), answer, authority, [*additional, *_tail(rng)], **options), name, rdtype


def _some(rng: random.Random) -> tuple[bytes, int]:
    return _name(rng), rng.choice((A, AAAA, SRV, PTR, NS, CNAME))


def _plain(rng: random.Random) -> tuple[bytes, bytes, int]:
    """An answer as most are."""
    name, rdtype = _some(rng)
    answer = [record(_owner(rng, name), rdtype, _data(rng, rdtype, name)) for _ in range(rng.randint(1, 4))]
    return _reply(rng, name, rdtype, answer)


# -- as nameservers send them ------------------------------------------------------------------------------------------


@species
def addresses(rng: random.Random) -> tuple[bytes, bytes, int]:
    """One to sixty IPv4 addresses."""
    name = _name(rng)
    owner = _owner(rng, name)
    return _reply(rng, name, A, [record(owner, A, _address(rng), rng.randrange(60)) for _ in range(rng.randint(1, 60))])


@species
def ipv6_addresses(rng: random.Random) -> tuple[bytes, bytes, int]:
    """One to thirty IPv6 addresses."""
    name = _name(rng)
    owner = _owner(rng, name)
    return _reply(rng, name, AAAA, [record(owner, AAAA, _address(rng, AAAA)) for _ in range(rng.randint(1, 30))])


@species
def ports(rng: random.Random) -> tuple[bytes, bytes, int]:
    """SRV records with the addresses of their targets, compressed or not."""
    name = b"\x05_http\x04_tcp" + _name(rng)
    answer: list[bytes] = []
    glue: list[bytes] = []
    at = len(reply((name, SRV)))
    for number in range(rng.randint(1, 20)):
        target = rng.choice((b"\x05db-%02d\xc0\x17" % number, b"\x05db-%02d" % number + _ZONE, _name(rng)))
        owner = _owner(rng, name)
        answer.append(record(owner, SRV, struct.pack("!HHH", 0, 1, 5432) + target))
        pointer = _pointer(at + len(owner) + 16)
        glue += [record(pointer, kind, _address(rng, kind)) for kind in rng.choice(((A,), (AAAA,), (A, AAAA), ()))]
        at += len(answer[-1])
    return _reply(rng, name, SRV, answer, (), glue)


@species
def reverse_names(rng: random.Random) -> tuple[bytes, bytes, int]:
    """PTR records in a reverse zone."""
    name = b"".join(_label(b"%d" % rng.randrange(256)) for _ in range(4)) + b"\x07in-addr\x04arpa\0"
    return _reply(rng, name, PTR, [record(_owner(rng, name), PTR, _name(rng)) for _ in range(rng.randint(1, 3))])


def _chain(rng: random.Random, name: bytes, length: int) -> list[bytes]:
    rdtype = A
    owner, records = name, []
    for number in range(length):
        target = _label(b"c%d" % number) + _name(rng)
        records.append(record(owner, CNAME, target, rng.randrange(60)))
        owner = target
    return [*records, *(record(owner, rdtype, _address(rng)) for _ in range(rng.randint(0, 3)))]


@species
def aliases(rng: random.Random) -> tuple[bytes, bytes, int]:
    """One to eight CNAMEs that follow each other, and addresses at their end, or none."""
    name = _name(rng)
    return _reply(rng, name, A, _chain(rng, name, rng.randint(1, 8)))


@species
def negative(rng: random.Random) -> tuple[bytes, bytes, int]:
    """NODATA and NXDOMAIN, with the SOA record that says for how long, or without."""
    name, rdtype = _name(rng), rng.choice((A, AAAA, SRV, PTR, TXT, MX, 65280))
    authority = rng.choice(([soa()], [record(_suffix(rng, name), SOA, _data(rng, SOA, name))], []))
    return _reply(rng, name, rdtype, (), authority, rcode=rng.choice((0, 3)))


@species
def failures(rng: random.Random) -> tuple[bytes, bytes, int]:
    """Every rcode, extended ones too, with an answer that does not count, or without."""
    name, rdtype = _some(rng)
    answer = [record(name, rdtype, _data(rng, rdtype, name))] if rng.random() < 0.3 else []
    additional = [opt(rng.randrange(3) << 24)] if rng.random() < 0.5 else []
    return reply((name, rdtype), answer, (), additional, rcode=rng.randrange(1, 16)), name, rdtype


@species
def text_types(rng: random.Random) -> tuple[bytes, bytes, int]:
    """Types that are given as text: TXT, MX, CAA, HTTPS, and one that nobody knows."""
    name, rdtype = _name(rng), rng.choice((TXT, MX, CAA, HTTPS, SOA, 65280))
    return _reply(rng, name, rdtype, [record(name, rdtype, _data(rng, rdtype, name)) for _ in range(rng.randint(1, 3))])


# -- as they may, and rarely do ----------------------------------------------------------------------------------------


@species
def shuffled_aliases(rng: random.Random) -> tuple[bytes, bytes, int]:
    """CNAMEs in any order."""
    name = _name(rng)
    records = _chain(rng, name, rng.randint(2, 8))
    rng.shuffle(records)
    return _reply(rng, name, A, records)


@species
def letter_case(rng: random.Random) -> tuple[bytes, bytes, int]:
    """Question and owners in other letter case than was asked."""
    message, name, rdtype = _plain(rng)
    return message.replace(name, name.upper()), name, rdtype


@species
def odd_labels(rng: random.Random) -> tuple[bytes, bytes, int]:
    """Names that no host has: dots, blanks, markup, control characters in labels."""
    rdtype = rng.choice((SRV, PTR, NS, CNAME))
    name = _name(rng) if rdtype != PTR or rng.random() < 0.5 else b"\x011\x07in-addr\x04arpa\0"
    answer = []
    for _ in range(rng.randint(1, 4)):
        target = _label(rng.choice(_ODD)) + _name(rng)
        answer.append(record(name, rdtype, (bytes(6) if rdtype == SRV else b"") + target))
    return _reply(rng, name, rdtype, answer)


@species
def records_beside(rng: random.Random) -> tuple[bytes, bytes, int]:
    """Signatures, texts, unknown types and classes beside the answer."""
    name, rdtype = _some(rng)
    sections: list[list[bytes]] = [[record(name, rdtype, _data(rng, rdtype, name))], [], []]
    for _ in range(rng.randint(1, 4)):
        kind = rng.choice((RRSIG, TXT, MX, NS, CAA, A, 65280))
        rdclass = rng.choice((1, 1, 3, 4, 254, 255, 65280))
        data = _data(rng, kind, name) if rdclass == 1 else rng.randbytes(4)
        rng.choice(sections).insert(0, record(rng.choice((name, _name(rng))), kind, data, rdclass=rdclass))
    return _reply(rng, name, rdtype, *sections)


@species
def edns_options(rng: random.Random) -> tuple[bytes, bytes, int]:
    """An OPT record with options: extended errors, cookies, client subnets, padding, unknown ones."""
    name, rdtype = _some(rng)
    options = b""
    for _ in range(rng.randint(1, 4)):
        code, data = rng.choice((
            (15, b"\0\x03stale"), (10, rng.randbytes(16)), (8, b"\0\1\x18\0\x0a\0\0"), (12, bytes(20)),
            (3, b"ns1"), (65001, rng.randbytes(5)),
        ))  # fmt: skip
        options += struct.pack("!HH", code, len(data)) + data
    answer = [record(name, rdtype, _data(rng, rdtype, name))]
    return reply((name, rdtype), answer, (), [opt(rng.choice((0, 1 << 15)), options)]), name, rdtype


@species
def duplicates(rng: random.Random) -> tuple[bytes, bytes, int]:
    """The same record several times, with names in other letter case and other TTLs."""
    name, rdtype = _some(rng)
    data = _data(rng, rdtype, name)
    swapped = data if rdtype in (A, AAAA) else data.swapcase() if b"\xc0" not in data else data
    answer = [record(name, rdtype, rng.choice((data, swapped)), rng.randrange(60)) for _ in range(rng.randint(2, 6))]
    return _reply(rng, name, rdtype, answer)


@species
def lifetimes(rng: random.Random) -> tuple[bytes, bytes, int]:
    """TTLs from 0 to 2**32 - 1."""
    name, rdtype = _some(rng)
    ttls = (0, 1, 3600, 86400, 2**31 - 1, 2**31, 2**32 - 1)
    answer = [record(name, rdtype, _data(rng, rdtype, name), rng.choice(ttls)) for _ in range(rng.randint(1, 3))]
    return _reply(rng, name, rdtype, answer, [soa(ttl=rng.choice(ttls), minimum=rng.choice(ttls))])


@species
def trailing_octets(rng: random.Random) -> tuple[bytes, bytes, int]:
    """Octets behind the last record."""
    message, name, rdtype = _plain(rng)
    return message + rng.randbytes(rng.randint(1, 40)), name, rdtype


@species
def referrals(rng: random.Random) -> tuple[bytes, bytes, int]:
    """NS records instead of an answer, with glue, from a nameserver that does not recurse."""
    name, rdtype = _some(rng)
    authority = [record(rng.choice((_suffix(rng, name), _ZONE)), NS, _data(rng, NS, name)) for _ in range(3)]
    glue = [record(_name(rng), A, _address(rng)) for _ in range(2)]
    return _reply(rng, name, rdtype, (), authority[: rng.randint(0, 3)], glue, flags=rng.choice((0, RA)))


@species
def truncated(rng: random.Random) -> tuple[bytes, bytes, int]:
    """TC set, and cut anywhere behind the question, or not at all."""
    name, rdtype = _some(rng)
    answer = [record(name, rdtype, _data(rng, rdtype, name)) for _ in range(rng.randint(0, 4))]
    message, _, _ = _reply(rng, name, rdtype, answer, flags=AA | TC)
    return message[: rng.randint(len(name) + 16, len(message))], name, rdtype


@species
def long_names(rng: random.Random) -> tuple[bytes, bytes, int]:
    """Names of 253 to 258 octets, written out or ended by a pointer, as data and as owners."""
    name = b"".join(_label(b"q" * 63) for _ in range(3)) + b"\0"
    first = _label(b"x" * rng.randint(58, 63))
    target = first + rng.choice((name, b"\xc0\x0c"))
    rdtype = rng.choice((CNAME, NS, SRV, PTR))
    beside = [record(target, A, _address(rng))] if rng.random() < 0.5 else []
    return _reply(rng, name, rdtype, [record(name, rdtype, (bytes(6) if rdtype == SRV else b"") + target)], beside)


@species
def huge_sets(rng: random.Random) -> tuple[bytes, bytes, int]:
    """As many records as TCP carries, and more than are read."""
    name, rdtype = _name(rng), rng.choice((A, A, SRV))
    count = rng.choice((100, 400, 1000, 4000, 4096, 4200))
    answer = [record(b"\xc0\x0c", rdtype, _data(rng, rdtype, name)) for _ in range(20)]
    most = 65000 // max(map(len, answer))
    return _reply(rng, name, rdtype, [answer[number % 20] for number in range(min(count, most))])


@species
def costly_names(rng: random.Random) -> tuple[bytes, bytes, int]:
    """Names of 121 labels, owned by pointers, by labels before pointers, through several pointers."""
    name = _name(rng)
    rdtype = rng.choice((NS, SRV, PTR))
    long = (bytes(6) if rdtype == SRV else b"") + b"\x01x" * 121 + b"\0"
    at = len(reply((name, rdtype))) + 12 + (6 if rdtype == SRV else 0)
    owners = [_label(b"%d" % number) + _pointer(at + 2 * rng.randrange(60)) for number in range(rng.choice((20, 200)))]
    beside = [record(owner, A, _address(rng)) for owner in owners]
    return _reply(rng, name, rdtype, [record(b"\xc0\x0c", rdtype, long)], (), beside)


# -- as nobody should: forged, or wrong --------------------------------------------------------------------------------


@species
def other_questions(rng: random.Random) -> tuple[bytes, bytes, int]:
    """The reply to another name, type or class."""
    message, name, rdtype = _plain(rng)
    at = 12 + len(name)
    change = rng.choice((
        message[:13] + b"z" + message[14:],
        message[:at] + b"\0\x63" + message[at + 2 :],
        message[: at + 2] + b"\0\x03" + message[at + 4 :],
        reply((b"\xc0\x0c", rdtype)),
    ))  # fmt: skip
    return change, name, rdtype


@species
def no_replies(rng: random.Random) -> tuple[bytes, bytes, int]:
    """QR clear, another opcode; less than a header; nothing; octets at random."""
    message, name, rdtype = _plain(rng)
    change = rng.choice((
        message[:2] + bytes((message[2] ^ 0x80,)) + message[3:],
        message[:2] + bytes((message[2] ^ rng.randint(1, 15) << 3,)) + message[3:],
        message[: rng.randrange(12)],
        b"",
        rng.randbytes(rng.randint(1, 100)),
    ))  # fmt: skip
    return change, name, rdtype


@species
def question_counts(rng: random.Random) -> tuple[bytes, bytes, int]:
    """No question, two, or thousands, with every rcode."""
    message, name, rdtype = _plain(rng)
    count = rng.choice((0, 0, 0, 2, 65535))
    head = bytearray(message[:12])
    head[3], head[4:6] = head[3] & 0xF0 | rng.randrange(16), count.to_bytes(2, "big")
    rest = message[16 + len(name) :] if count == 0 else message[12:]
    return bytes(head) + rng.choice((rest, b"")), name, rdtype


@species
def other_owners(rng: random.Random) -> tuple[bytes, bytes, int]:
    """An answer about other names only, or about them too."""
    name, rdtype = _some(rng)
    answer = [record(b"\x05other" + _name(rng), rdtype, _data(rng, rdtype, name)) for _ in range(rng.randint(1, 3))]
    if rng.random() < 0.4:
        answer.insert(rng.randrange(len(answer) + 1), record(name, rdtype, _data(rng, rdtype, name)))
    return _reply(rng, name, rdtype, answer)


@species
def circles(rng: random.Random) -> tuple[bytes, bytes, int]:
    """CNAMEs that lead in a circle, and more of them than are followed."""
    name, count = _name(rng), rng.choice((1, 2, 3, 9, 10, 100, 1000))
    names = [name, *(_label(b"c%d" % number) + _ZONE for number in range(1, count))]
    end = [name] if rng.random() < 0.6 else [b"\x03end" + _ZONE]
    return _reply(rng, name, A, [record(owner, CNAME, to) for owner, to in zip(names, [*names[1:], *end], strict=True)])


@species
def answers_in_nxdomain(rng: random.Random) -> tuple[bytes, bytes, int]:
    """NXDOMAIN with records of the name that is said not to exist."""
    name, rdtype = _some(rng)
    answer = [record(_owner(rng, name), rdtype, _data(rng, rdtype, name)) for _ in range(rng.randint(1, 3))]
    return _reply(rng, name, rdtype, answer, [soa()], rcode=3)


@species
def cut_short(rng: random.Random) -> tuple[bytes, bytes, int]:
    """Cut behind the question without TC."""
    message, name, rdtype = _plain(rng)
    return message[: rng.randint(len(name) + 16, len(message) - 1)], name, rdtype


@species
def pointers(rng: random.Random) -> tuple[bytes, bytes, int]:
    """Pointers to themselves, forward, in chains of up to forty, and out of the message."""
    name = _name(rng)
    start = len(reply((name, A)))
    chain = b"\xc0\x0c" + b"".join(_pointer(start + 11 + 2 * number) for number in range(rng.randrange(40)))
    carrier = record(b"\0", 65280, chain)
    owner = rng.choice((
        _pointer(start + len(carrier)), _pointer(start + len(carrier) + rng.randrange(30)), b"\xff\xff",
        _pointer(start + 11 + len(chain) - 2), b"\x01x" + _pointer(start + 11 + len(chain) - 2),
        _pointer(rng.randrange(start)),
    ))  # fmt: skip
    return _reply(rng, name, A, [record(b"\xc0\x0c", A, _address(rng))], [carrier], [record(owner, A, _address(rng))])


@species
def lying_counts(rng: random.Random) -> tuple[bytes, bytes, int]:
    """Counts of more records than there are, or of fewer."""
    message, name, rdtype = _plain(rng)
    octets = bytearray(message)
    for at in rng.sample((6, 8, 10), rng.randint(1, 3)):
        octets[at : at + 2] = rng.choice((0, 1, 2, 9, 65535)).to_bytes(2, "big")
    return bytes(octets), name, rdtype


@species
def lying_lengths(rng: random.Random) -> tuple[bytes, bytes, int]:
    """Records of every type with a length that is not theirs."""
    name = _name(rng)
    rdtype = rng.choice((A, AAAA, SRV, PTR, NS, CNAME, SOA, TXT, MX, RRSIG))
    data = bytearray(record(rng.choice((name, b"\xc0\x0c")), rdtype, _data(rng, rdtype, name)))
    at = (len(name) if data[0] < 192 else 2) + 8
    number = int.from_bytes(data[at : at + 2], "big") + rng.choice((-20, -2, -1, 1, 2, 300))
    data[at : at + 2] = (number & 0xFFFF).to_bytes(2, "big")
    sections: list[list[bytes]] = [[record(name, A, _address(rng))], [], []]
    rng.choice(sections).append(bytes(data))
    return _reply(rng, name, A, *sections)


@species
def pseudo_records(rng: random.Random) -> tuple[bytes, bytes, int]:
    """OPT and TSIG records where they cannot stand, several of them, with names; damaged options."""
    name, rdtype = _some(rng)
    tsig = record(b"\x03key\0", TSIG, b"\x08hmac-md5\0" + bytes(6) + b"\x01\x2c\0\0" + bytes(6), 0, 255)
    sections: list[list[bytes]] = [[record(name, rdtype, _data(rng, rdtype, name))], [], []]
    for _ in range(rng.randint(1, 3)):
        odd = rng.choice((opt(), opt(owner=name), opt(owner=_pointer(12 + len(name) - 1)), tsig, opt(data=b"\0\x0a\0"),
                          opt(data=b"\0\x0a\0\x03abc"), opt(data=b"\0\x0f\0\x03\0\0\xff"), opt(2**32 - 1)))  # fmt: skip
        rng.choice(sections).append(odd)
    return _reply(rng, name, rdtype, *sections)
