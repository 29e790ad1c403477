"""A packet to read: octets that came back for a question."""

import random
from collections.abc import Sequence
from typing import NamedTuple

from k8sresolve._core.questions import Question
from k8sresolve._core.wire.names import name_text
from k8sresolve._core.wire.query import OPT_OCTETS, encode_query


class Packet(NamedTuple):
    """`message` came, with id 0, for `question`; `kind` says what it is an example of."""

    kind: str
    message: bytes
    question: Question

    @property
    def query(self) -> bytes:
        """The octets that asked."""
        return encode_query(self.question)


def asking(name: bytes, rdtype: int) -> Question:
    """Make the question for a name in octets."""
    return Question(name_text(name), rdtype)


# -- mutations ---------------------------------------------------------------------------------------------------------


def mutated(rng: random.Random, message: bytes, other: bytes, behind: int) -> bytes:
    """Change a message in one to four places, most of them behind its question, which ends there.

    What is spliced in comes of the other message.
    """
    octets = bytearray(message)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if len(octets) < 2:
            break
        least = behind if behind < len(octets) and rng.random() < 0.8 else 0
        rng.choice(_CHANGES)(rng, octets, rng.randrange(least, len(octets)), other)
    return bytes(octets)


def _flip(rng: random.Random, octets: bytearray, at: int, _other: bytes) -> None:
    octets[at] ^= 1 << rng.randrange(8)


def _overwrite(rng: random.Random, octets: bytearray, at: int, _other: bytes) -> None:
    octets[at] = rng.choice((0, 1, 0x3F, 0x40, 0x80, 0xC0, 0xFF, rng.randrange(256)))


def _cut(_rng: random.Random, octets: bytearray, at: int, _other: bytes) -> None:
    del octets[at:]


def _leave_out(rng: random.Random, octets: bytearray, at: int, _other: bytes) -> None:
    del octets[at : at + rng.randint(1, 12)]


def _insert(rng: random.Random, octets: bytearray, at: int, _other: bytes) -> None:
    octets[at:at] = rng.randbytes(rng.randint(1, 4))


def _splice(rng: random.Random, octets: bytearray, at: int, other: bytes) -> None:
    octets[at:] = other[rng.randrange(len(other) or 1) :]


def _repeat(rng: random.Random, octets: bytearray, at: int, _other: bytes) -> None:
    octets[at:at] = octets[at : at + rng.randint(1, 40)]


def _count(rng: random.Random, octets: bytearray, _at: int, _other: bytes) -> None:
    at = rng.choice((4, 6, 6, 8, 8, 10, 10))
    octets[at : at + 2] = rng.choice((0, 1, 2, 3, 255, 4096, 4097, 65535)).to_bytes(2, "big")


def _point(rng: random.Random, octets: bytearray, at: int, _other: bytes) -> None:
    octets[at : at + 2] = (0xC000 | rng.choice((12, at, rng.randrange(len(octets))))).to_bytes(2, "big")


def _flag(rng: random.Random, octets: bytearray, _at: int, _other: bytes) -> None:
    octets[rng.choice((2, 3, 3)) % len(octets)] ^= 1 << rng.randrange(8)


def _lengthen(rng: random.Random, octets: bytearray, at: int, _other: bytes) -> None:
    """Change a number of two octets by a little, as a record's length."""
    number = int.from_bytes(octets[at : at + 2], "big") + rng.choice((-2, -1, 1, 2))
    octets[at : at + 2] = (number & 0xFFFF).to_bytes(2, "big")


_CHANGES = (
    _flip, _flip, _overwrite, _cut, _leave_out, _insert, _splice, _repeat, _count, _point, _flag, _lengthen,
)  # fmt: skip


class Pool:
    """Packets to draw from: a long one as rarely as it is long, since a thousand short ones cost as much."""

    def __init__(self, packets: Sequence[Packet]) -> None:
        self._packets = packets
        total = 0.0
        self._weights = [total := total + 1 / max(1, len(packet.message) / 512) ** 1.5 for packet in packets]

    def draw(self, rng: random.Random) -> Packet:
        """Draw one as it is."""
        return rng.choices(self._packets, cum_weights=self._weights)[0]

    def mutate(self, rng: random.Random) -> tuple[Packet, Packet]:
        """Draw one; return it, and what became of it."""
        whole = self.draw(rng)
        behind = len(whole.query) - OPT_OCTETS
        return whole, whole._replace(message=mutated(rng, whole.message, self.draw(rng).message, behind))
