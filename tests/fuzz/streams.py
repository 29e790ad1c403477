"""Frames over TCP, cut wherever they can be: what comes in pieces is put together, what ends early is an error."""

from collections.abc import Iterable, Sequence
from typing import Any

from k8sresolve._drivers.sockets import Stream

_ID = b"\x2a\x2a"
_LEAST = 12  # octets of a header: less is no message (RFC 1035, section 4.1.1)


class _Wire:
    """A socket that has what was given to it, then the end."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = list(chunks)

    def recv(self, _size: int) -> bytes:
        """Take the next piece."""
        return self._chunks.pop(0) if self._chunks else b""


class _Reading(Stream):
    """A stream that has asked already."""

    __slots__ = ()

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._id = _ID
        self._received = b""
        self._unsent = b""
        wire: Any = _Wire(chunks)
        self.sock = wire


def read(chunks: Sequence[bytes]) -> bytes | None:
    """Read a frame that comes in those pieces, then the end; None where the stream is refused."""
    stream = _Reading([chunk for chunk in chunks if chunk])
    try:
        while (message := stream.advance()) is None:
            pass
    except OSError:
        return None
    return message


def check_cuts(message: bytes, cuts: Iterable[int] | None = None) -> int:
    """Cut the frame of a message at all places, or at those given, and return how many these were."""
    message = (_ID + message[2:])[:65535]
    frame = len(message).to_bytes(2, "big") + message
    expected = message if len(message) >= _LEAST else None
    places = list(range(len(frame) + 1) if cuts is None else cuts)
    for cut in places:
        assert read([frame[:cut], frame[cut:]]) == expected, cut
        assert read([frame[:cut]]) == (expected if cut == len(frame) else None), cut
        assert read([frame[:cut], frame[cut:] + frame]) == expected, cut
    assert read([frame[at : at + 1] for at in range(len(frame))]) == expected
    return len(places)
