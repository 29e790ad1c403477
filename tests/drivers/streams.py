"""What a scripted nameserver makes of a TCP stream, as steps: cut, reset, dripping, or carrying something else."""

from collections.abc import Callable

import dns.message

from tests.drivers.script import Out, Step, wire_of


def _frame(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def stream(*outs: Callable[[bytes], Out]) -> Step:
    """Send parts of the framed answer, as each item makes them of it."""

    def step(_query: bytes, reply: dns.message.Message) -> list[Out]:
        frame = _frame(wire_of(reply))
        return [out(frame) for out in outs]

    return step


def raw(data: bytes) -> Step:
    return stream(lambda _frame: Out("bytes", 0.0, data))


def in_pieces(interval: float, count: int | None = None) -> Step:
    """Send the answer octet by octet, or only so many of them."""

    def step(_query: bytes, reply: dns.message.Message) -> list[Out]:
        octets = _frame(wire_of(reply))[:count]
        return [Out("bytes", index * interval, bytes((octet,))) for index, octet in enumerate(octets)]

    return step


reset_early = stream(lambda frame: Out("bytes", 0.0, frame[:9]), lambda _: Out("reset", 0.01))
reset_at_once = stream(lambda _: Out("reset"))
close_early = stream(lambda frame: Out("bytes", 0.0, frame[:9]), lambda _: Out("close", 0.01))
reset_after = stream(lambda frame: Out("bytes", 0.0, frame), lambda _: Out("reset", 0.01))
two_frames = stream(lambda frame: Out("bytes", 0.0, frame * 2))
other_id = stream(lambda frame: Out("bytes", 0.0, frame[:2] + bytes((frame[2] ^ 255,)) + frame[3:]))
other_question = stream(lambda frame: Out("bytes", 0.0, frame[:16] + b"x" + frame[17:]))
