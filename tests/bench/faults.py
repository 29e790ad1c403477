"""What becomes of a datagram on a bad way: decisions by a seed, without sockets."""

import random
from collections.abc import Callable
from typing import NamedTuple

HELD = 0.01  # seconds that a datagram is held back so that others overtake it
_REPLY = 0x80  # the bit QR in a message's third octet


class Faults(NamedTuple):
    """Chances are those of each datagram, each way; `delay` and `jitter` (at most) are seconds, each way."""

    loss: float = 0.0
    duplicates: float = 0.0
    delay: float = 0.0
    jitter: float = 0.0
    reordering: float = 0.0
    junk: float = 0.0  # that of a reply to have a datagram beside it that is none to its question


class Bad:
    """A bad way: tells for each datagram what comes out at the other end, and after how many seconds."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self.faults = faults
        self._rng = random.Random(seed)

    def way(self, data: bytes) -> list[tuple[float, bytes]]:
        """Copies of the datagram, and what is no copy of it, each with the seconds until it arrives."""
        faults, chance = self.faults, self._rng.random
        out = []
        if faults.junk and data[2] & _REPLY and chance() < faults.junk:
            out.append((self._delay(), self._rng.choice(JUNK)(data, self._rng)))
        if faults.loss and chance() < faults.loss:
            return out
        out.append((self._delay(), data))
        if faults.duplicates and chance() < faults.duplicates:
            out.append((self._delay(), data))
        return out

    def _delay(self) -> float:
        faults, delay = self.faults, self.faults.delay
        if faults.jitter:
            delay += self._rng.uniform(0.0, faults.jitter)
        if faults.reordering and self._rng.random() < faults.reordering:
            delay += HELD
        return delay


def _empty(_: bytes, __: random.Random) -> bytes:
    return b""


def _noise(data: bytes, rng: random.Random) -> bytes:
    return rng.randbytes(rng.randrange(1, len(data) + 1))


def _other_id(data: bytes, rng: random.Random) -> bytes:
    return (int.from_bytes(data[:2]) ^ rng.randrange(1, 65536)).to_bytes(2) + data[2:]


def _other_name(data: bytes, _: random.Random) -> bytes:
    """A reply with the right id to a question whose first letter is another one."""
    return data[:13] + bytes([data[13] ^ 1]) + data[14:]


JUNK: tuple[Callable[[bytes, random.Random], bytes], ...] = (_empty, _noise, _other_id, _other_name)
