"""What stands behind the header of a reply: the question and records, as they are or with compression.

What is left of a long reply depends on how many octets CoreDNS's library needs for it (github.com/miekg/dns).
"""

import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import is_

from k8sresolve._core.questions import SOA
from k8sresolve.testing.coredns.names import name_to_wire
from k8sresolve.testing.coredns.records import COMPRESSIBLE, Record

_HEADER_OCTETS = 12
_IN = 1
_QUESTION = struct.Struct("!HH")  # type and class, behind the name
_FIXED = struct.Struct("!HHIH")  # type, class, TTL and length of the data, behind the name
_pack = _FIXED.pack
_POINTER = 0xC000
_MAX_POINTED = 0x4000
_MANY = 16  # records: fewer are written sooner than counted
_MOST_BODIES = 4  # of a reply: over TCP, and over UDP as clients of a few payload sizes ask


class _Octets(dict[str, bytes]):
    """Names as octets. A reply has many of them more than once. Raises `Unsendable`."""

    def __missing__(self, name: str) -> bytes:
        octets = self[name] = name_to_wire(name)
        return octets


def write_body(
    question: bytes, name: str | None, records: Sequence[Record], plain_room: int, room: int
) -> tuple[bytes, int]:
    """Write a question and the records behind it, and say how many of these there was room for.

    They are compressed where the message would have more than `plain_room` octets otherwise; `room` is the most that it
    may have. `question` are the octets of the one about `name`, empty where there is none. Raises `Unsendable`.
    """
    names = _Octets()
    if name is not None:
        names[name] = question[: -_QUESTION.size]
    plain = None if _is_longer(records, plain_room) else _plain(question, names, records, plain_room)
    return _compressed(question, names, records, room) if plain is None else (plain, len(records))


def question_octets(name: str, rdtype: int, rdclass: int) -> bytes:
    """Write a question. Raises `Unsendable`."""
    return name_to_wire(name) + _QUESTION.pack(rdtype, rdclass)


class Written:
    """What has been written of a reply that is given again: its body, by question and room."""

    __slots__ = ("_bodies", "_sections")

    def __init__(self, *sections: tuple[Record, ...]) -> None:
        self._sections = sections
        self._bodies: dict[tuple[bytes, int, int], tuple[bytes, int]] = {}

    def is_of(self, *sections: tuple[Record, ...]) -> bool:
        """Whether the sections are the very same as those of that reply."""
        return all(map(is_, sections, self._sections))

    def body(
        self, question: bytes, name: str | None, records: Sequence[Record], plain_room: int, room: int
    ) -> tuple[bytes, int]:
        """Do as `write_body`, or give what it did."""
        key = question, plain_room, room
        found = self._bodies.get(key)
        if found is None:
            if len(self._bodies) == _MOST_BODIES:
                self._bodies.clear()
            found = self._bodies[key] = write_body(question, name, records, plain_room, room)
        return found


def _is_longer(records: Sequence[Record], room: int) -> bool:
    """Whether the owners of records alone tell that there is no room for them without compression."""
    if len(records) < _MANY:
        return False
    owners = "".join([record[0] for record in records])
    return "\\" not in owners and len(owners) + len(records) * (1 + _FIXED.size) > room


def _plain(question: bytes, names: _Octets, records: Iterable[Record], room: int) -> bytes | None:
    """Write the records without compression; None where there is no room."""
    written, left = [question], room - _HEADER_OCTETS - len(question)
    for record in records:
        name, rdtype, ttl, rdata = record
        if rdtype == SOA:
            octets = _soa(record)
        else:
            data = b""
            for part in rdata:
                data += part if isinstance(part, bytes) else names[part]
            octets = names[name] + _pack(rdtype, _IN, ttl, len(data)) + data
        left -= len(octets)
        if left < 0:
            return None
        written.append(octets)
    return b"".join(written)


def _compressed(question: bytes, names: _Octets, records: Iterable[Record], room: int) -> tuple[bytes, int]:
    """Write as many records as there is room for, with compression, and how many these are."""
    written, pointers = [question], _Pointers()
    if question:
        pointers.place(question[: -_QUESTION.size], _HEADER_OCTETS, True)
    length = _HEADER_OCTETS + len(question)
    for name, rdtype, ttl, rdata in records:
        if length >= room:
            break
        octets = names[name]
        owner = pointers.get(octets) or pointers.place(octets, length, True)
        start = length + len(owner) + _FIXED.size
        data = b""
        for part in rdata:
            if isinstance(part, bytes):
                data += part
            else:
                data += pointers.place(names[part], start + len(data), rdtype in COMPRESSIBLE)
        length = start + len(data)
        if length > room:
            break
        written.append(owner + _pack(rdtype, _IN, ttl, len(data)) + data)
    return b"".join(written), len(written) - 1


@lru_cache(maxsize=256)
def _soa(record: Record) -> bytes:
    """Write an SOA record without compression. All negative replies of a zone have the same."""
    name, rdtype, ttl, rdata = record
    data = b"".join([part if isinstance(part, bytes) else name_to_wire(part) for part in rdata])
    return name_to_wire(name) + _pack(rdtype, _IN, ttl, len(data)) + data


class _Pointers(dict[bytes, bytes]):
    """The names of a message that pointers can lead to, by their octets, letter case kept apart (RFC 1035, 4.1.4)."""

    def place(self, name: bytes, start: int, compress: bool, /) -> bytes:
        """Say how a name is written that starts at that offset: the rest of it, if known, is a pointer.

        Without `compress` it is written whole, and what of it is not known can be led to all the same.
        """
        at = 0
        while name[at]:
            rest = name[at:]
            pointer = self.get(rest)
            if pointer is not None:
                return name[:at] + pointer if compress else name
            if start + at < _MAX_POINTED:
                self[rest] = (_POINTER | start + at).to_bytes(2, "big")
            at += name[at] + 1
        return name
