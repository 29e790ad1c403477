"""What is done to a query or to its reply: the effects that faults have.

An effect has something else come back for a query. The same parcels then go over real sockets or through virtual time.
"""

import math
from collections.abc import Callable
from typing import TypeAlias

import attrs

from k8sresolve._escaping import told
from k8sresolve.config import is_finite
from k8sresolve.errors import ConfigError
from k8sresolve.testing.coredns.chain import Reply
from k8sresolve.testing.coredns.messages import Query, Responder
from k8sresolve.testing.network.parcels import Parcel
from k8sresolve.testing.network.text import RCODES

_PLACES = 20  # replies that one window of `reversed_within` holds
_TRUNCATED = 0x02  # in the third octet of a message (RFC 1035, section 4.1.1)
_HEADER = 12  # octets
_NOISE = bytes(range(100, 150))


@attrs.frozen
class Lost:
    """The query does not come to the nameserver; `parcels` come back for it."""

    parcels: tuple[Parcel, ...] = ()


@attrs.frozen
class Answered:
    """Another answers in the nameserver's place, given that nameserver, the query and the client's address."""

    answer: Callable[[Responder, Query, str], Reply]


@attrs.frozen
class Changed:
    """What comes back is changed; `change` is given the parcels, and when the query came."""

    change: Callable[[list[Parcel], float], list[Parcel]]


@attrs.frozen
class Closed:
    """No query is let in: the port is closed."""


Effect: TypeAlias = Lost | Answered | Changed | Closed


def seconds(kind: str, value: float) -> float:
    """Check a time. Raises `ConfigError` for none that a reply could take."""
    if not is_finite(value) or value < 0:
        raise ConfigError(f"{kind}: a reply cannot come {told(value)} s after its query")
    return value


def reset() -> Lost:
    """The connection is reset."""
    return Lost((Parcel(0.0, b"", "reset"),))


def late(by: float) -> Changed:
    """What comes back comes later."""
    return Changed(lambda parcels, _at: [parcel._replace(delay=parcel.delay + by) for parcel in parcels])


def twice() -> Changed:
    """What comes back does so twice."""
    return Changed(lambda parcels, _at: parcels * 2)


def dripping(interval: float) -> Changed:
    """What comes back does so octet by octet."""
    return Changed(lambda parcels, _at: [parcel._replace(interval=interval) for parcel in parcels])


def bare(rcode: str) -> Answered:
    """The nameserver says nothing but an rcode. Raises `ConfigError` for one that there is not."""
    number = RCODES.get(rcode.upper()) if isinstance(rcode, str) else None
    if number is None:
        raise ConfigError(f"there is no rcode {told(rcode)}; use one of {', '.join(RCODES)}")
    return Answered(lambda _responder, _query, _client: Reply(number, authoritative=False))


def damaged(damage: Callable[[bytes], bytes]) -> Changed:
    """The messages that come back are damaged."""
    return Changed(lambda parcels, _at: [parcel._replace(data=damage(parcel.data)) for parcel in parcels])


def elsewhere() -> Changed:
    """What comes back comes from an address that was not asked."""
    return Changed(lambda parcels, _at: [parcel._replace(manner="elsewhere") for parcel in parcels])


def followed(effect: Changed) -> Changed:
    """What came back without the effect comes right after what comes with it."""
    return Changed(lambda parcels, at: [*effect.change(parcels, at), *parcels])


def reversed_within(within: float) -> Changed:
    """Replies to queries that come within some seconds of one another come in reverse order."""
    window = -math.inf
    count = 0

    def change(parcels: list[Parcel], at: float) -> list[Parcel]:
        nonlocal window, count
        if at >= window + within or count == _PLACES:
            window, count = at, 0
        # The later in the window a query comes, the earlier its reply goes, and none goes before the window's end.
        due = window + within * (2 - count / _PLACES)
        count += 1
        return [parcel._replace(delay=parcel.delay + due - at) for parcel in parcels]

    return Changed(change)


# -- damage to messages ------------------------------------------------------------------------------------------------


def cut(message: bytes) -> bytes:
    """Truncate a message to its header and question."""
    end = _question_end(message)
    return message[:2] + bytes((message[2] | _TRUNCATED, message[3])) + message[4:6] + bytes(6) + message[_HEADER:end]


def is_cut(message: bytes) -> bool:
    """Whether a message has the flag TC."""
    return message[2] & _TRUNCATED != 0


def with_other_id(message: bytes) -> bytes:
    """Change a message's id."""
    return bytes((message[0] ^ 0xFF,)) + message[1:]


def with_other_question(message: bytes) -> bytes:
    """Change a letter of the name that a message is about; that of the root is left, and its type changed."""
    at = _HEADER + 1
    if len(message) < at + 2:
        return message  # another fault has left no question
    if message[_HEADER:at] == b"\0":
        return message[:at] + bytes((message[at], message[at + 1] ^ 1)) + message[at + 2 :]
    letter = b"y" if message[at : at + 1] in b"xX" else b"x"
    return message[:at] + letter + message[at + 1 :]


def noise(message: bytes) -> bytes:
    """Make what is no message, with the id of one."""
    return message[:2] + _NOISE


def _question_end(message: bytes) -> int:
    at = _HEADER
    if not int.from_bytes(message[4:6]):
        return at
    while at < len(message) and message[at]:  # a question is never compressed
        at += message[at] + 1
    return min(at + 5, len(message))  # it ends early where another fault has damaged it
