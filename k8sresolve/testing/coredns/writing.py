"""What stands behind the header of a reply: the question and records, as they are or with compression.

What is left of a long reply depends on how many octets CoreDNS's library needs for it (github.com/miekg/dns).
"""

import struct
from bisect import bisect
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from operator import is_
from typing import TypeAlias

from k8sresolve._core.questions import SOA, SRV
from k8sresolve.testing.coredns.names import name_to_wire, siblings_to_wire
from k8sresolve.testing.coredns.records import COMPRESSIBLE, Record, Row, Targets, owners, rows

_HEADER_OCTETS = 12
_IN = 1
_QUESTION = struct.Struct("!HH")  # type and class, behind the name
_FIXED = struct.Struct("!HHIH")  # type, class, TTL and length of the data, behind the name
_pack = _FIXED.pack
_POINTER = 0xC000
_TO_QUESTION = (_POINTER | _HEADER_OCTETS).to_bytes(2, "big")
_MAX_POINTED = 0x4000
_LEAST_SRV = 2 + _FIXED.size + 6 + 1  # octets, of a pointer and the root as target
_MANY = 16  # records: fewer are written sooner than counted
_MOST_BODIES = 4  # of a reply: over TCP, and over UDP as clients of a few payload sizes ask


Sections: TypeAlias = tuple[Sequence[Record], ...]
_Octets: TypeAlias = dict[str, bytes]
"""Names as octets. A reply has many of them more than once."""


def write_body(question: bytes, name: str | None, sections: Sections, plain_room: int, room: int) -> tuple[bytes, int]:
    """Write a question and the records behind it, and say how many of these there was room for.

    They are compressed where the message would have more than `plain_room` octets otherwise; `room` is the most that it
    may have. `question` are the octets of the one about `name`, empty where there is none. Raises `Unsendable`.
    """
    names = {} if name is None else {name: question[: -_QUESTION.size]}
    answer = sections[0]
    if len(answer) < _MANY:
        records = list(chain(*sections))
        plain = _plain(question, names, records, plain_room)
        return _compressed(question, names, sections, room, None) if plain is None else (plain, len(records))
    many = answer.targets[: room // _LEAST_SRV + 1] if isinstance(answer, Targets) else ()
    targets = siblings_to_wire(many) if many else None
    if not _is_longer(sections, targets or (), plain_room):
        names.update(zip(many, targets or (), strict=False))
        plain = _plain(question, names, _rows(sections), plain_room)
        if plain is not None:
            return plain, sum(map(len, sections))
    return _compressed(question, names, sections, room, targets)


def _rows(sections: Sections) -> Iterable[Row]:
    return chain.from_iterable(map(rows, sections))


def question_octets(name: str, rdtype: int, rdclass: int) -> bytes:
    """Write a question. Raises `Unsendable`."""
    return name_to_wire(name) + _QUESTION.pack(rdtype, rdclass)


class Written:
    """What has been written of a reply that is given again: its body, by question and room."""

    __slots__ = ("_bodies", "_sections")

    def __init__(self, *sections: Sequence[Record]) -> None:
        self._sections = sections
        self._bodies: dict[tuple[bytes, int, int], tuple[bytes, int]] = {}

    def is_of(self, *sections: Sequence[Record]) -> bool:
        """Whether the sections are the very same as those of that reply."""
        return all(map(is_, sections, self._sections))

    def body(
        self, question: bytes, name: str | None, sections: Sections, plain_room: int, room: int
    ) -> tuple[bytes, int]:
        """Do as `write_body`, or give what it did."""
        key = question, plain_room, room
        found = self._bodies.get(key)
        if found is None:
            if len(self._bodies) == _MOST_BODIES:
                self._bodies.clear()
            found = self._bodies[key] = write_body(question, name, sections, plain_room, room)
        return found


def _is_longer(sections: Sections, targets: Sequence[bytes], room: int) -> bool:
    """Whether targets, or the owners of all records, tell that there is no room for them without compression."""
    if sum(map(len, targets)) + len(targets) * _LEAST_SRV > room:
        return True
    names = "".join(chain.from_iterable(map(owners, sections)))
    return "\\" not in names and len(names) + sum(map(len, sections)) * (1 + _FIXED.size) > room


def _plain(question: bytes, names: _Octets, records: Iterable[Row], room: int) -> bytes | None:
    """Write the records without compression; None where there is no room."""
    written, left = [question], room - _HEADER_OCTETS - len(question)
    for record in records:
        name, rdtype, ttl, rdata = record
        if rdtype == SOA:
            octets = _soa(record)
        else:
            data = b""
            for part in rdata:
                data += part if isinstance(part, bytes) else names.get(part) or _put(names, part)
            octets = (names.get(name) or _put(names, name)) + _pack(rdtype, _IN, ttl, len(data)) + data
        left -= len(octets)
        if left < 0:
            return None
        written.append(octets)
    return b"".join(written)


def _compressed(
    question: bytes, names: _Octets, sections: Sections, room: int, targets: Sequence[bytes] | None
) -> tuple[bytes, int]:
    """Write as many records as there is room for, with compression, and how many these are."""
    written, pointers = [question], _Pointers()
    asked = question[: -_QUESTION.size]
    if asked:
        pointers.whole.append((asked, _HEADER_OCTETS))
    length = _HEADER_OCTETS + len(question)
    answer, *rest = sections
    if asked and targets is not None and isinstance(answer, Targets) and names.get(answer.name) == asked:
        # Nothing in these records but their owner depends on what stands before.
        written += _services(answer, _TO_QUESTION, targets)
        ends = list(accumulate(map(len, written), initial=_HEADER_OCTETS))
        kept = max(0, bisect(ends, room) - 2)  # there may be no room for the question itself
        if kept < len(answer):
            return b"".join(written[: 1 + kept]), kept
        pointers.whole += [(target, end - len(target)) for target, end in zip(targets, ends[2:], strict=True)]
        length, sections = ends[-1], tuple(rest)
    for name, rdtype, ttl, rdata in _rows(sections):
        if length >= room:
            break
        octets = names.get(name) or _put(names, name)
        owner = pointers.get(octets) or pointers.shorten(octets, length)
        length += len(owner) + _FIXED.size
        if rdtype == SRV:
            fields, target = rdata
            octets = names.get(target) or _put(names, target)
            pointers.whole.append((octets, length + len(fields)))
            data = fields + octets
        elif rdtype in COMPRESSIBLE:
            data = b""
            for part in rdata:
                if isinstance(part, bytes):
                    data += part
                else:
                    data += pointers.shorten(names.get(part) or _put(names, part), length + len(data))
        else:
            data = b"".join(rdata)
        length += len(data)
        if length > room:
            break
        written.append(owner + _pack(rdtype, _IN, ttl, len(data)) + data)
    return b"".join(written), len(written) - 1


def _services(records: Targets, owner: bytes, targets: Sequence[bytes]) -> list[bytes]:
    """Write SRV records of targets as octets, in one pass."""
    ttl, fields = records.ttl, records.fields
    starts = {length: owner + _pack(SRV, _IN, ttl, len(fields) + length) + fields for length in set(map(len, targets))}
    return [starts[len(target)] + target for target in targets]


def _put(names: _Octets, name: str) -> bytes:
    octets = names[name] = name_to_wire(name)
    return octets


@lru_cache(maxsize=256)
def _soa(record: Row) -> bytes:
    """Write an SOA record without compression. All negative replies of a zone have the same."""
    name, rdtype, ttl, rdata = record
    data = b"".join([part if isinstance(part, bytes) else name_to_wire(part) for part in rdata])
    return name_to_wire(name) + _pack(rdtype, _IN, ttl, len(data)) + data


class _Pointers(dict[bytes, bytes]):
    """The names of a message that pointers can lead to, by their octets, letter case kept apart (RFC 1035, 4.1.4).

    `whole` are names that were written without compression, and where. They are put in when a name is not found: a long
    SRV reply that is cut has often but targets.
    """

    def __init__(self) -> None:
        self.whole: list[tuple[bytes, int]] = []

    def shorten(self, name: bytes, start: int) -> bytes:
        """Say how a name is written that starts at that offset: the rest of it, if known, is a pointer."""
        for one in self.whole:
            self.put(*one)
        self.whole.clear()
        return self.put(name, start)

    def put(self, name: bytes, start: int) -> bytes:
        """Have pointers lead to what is not known of a name that starts at that offset, and shorten the name."""
        at = 0
        while name[at]:
            rest = name[at:]
            pointer = self.get(rest)
            if pointer is not None:
                return name[:at] + pointer
            if start + at < _MAX_POINTED:
                self[rest] = (_POINTER | start + at).to_bytes(2, "big")
            at += name[at] + 1
        return name
