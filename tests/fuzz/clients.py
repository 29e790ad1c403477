"""The whole client over a nameserver that sends what it likes: real lookups, in virtual time."""

from collections.abc import Callable
from typing import NamedTuple

from k8sresolve import Error, InternalError, ResolverConfig
from k8sresolve._core.engine.flights import Sending
from k8sresolve._core.questions import TYPE_NAMES
from k8sresolve._core.wire.names import Malformed
from k8sresolve._core.wire.reply import read_reply
from k8sresolve._core.wire.rules import BadAnswer
from k8sresolve._facade import Options
from k8sresolve.testing.network.clock import Clock
from k8sresolve.testing.network.parcels import Arrival
from k8sresolve.testing.programs.resolvers import OfflineResolver, Place
from tests.fuzz.packets import Packet
from tests.fuzz.telling import told

CONFIG = ResolverConfig.for_cluster("10.96.0.10", namespace="shop")
_ROUND_TRIP = 0.0005


class Replies(NamedTuple):
    """What a nameserver may send: the packet that was changed, the right one, and that there is more over TCP."""

    changed: bytes
    whole: bytes
    truncated: bytes


# By the number of the send, from 0, and whether it is over TCP.
MANNERS: dict[str, Callable[[int, bool, Replies], list[bytes]]] = {
    "that packet alone": lambda number, _tcp, replies: [replies.changed] if number == 0 else [],
    "that packet always": lambda _number, _tcp, replies: [replies.changed],
    "then the right one": lambda _number, tcp, replies: [replies.whole] if tcp else [replies.changed, replies.whole],
    "the right one when asked again": lambda number, _tcp, replies: [replies.whole if number else replies.changed],
    "over TCP": lambda _number, tcp, replies: [replies.changed if tcp else replies.truncated],
}
_RIGHT = ("then the right one", "the right one when asked again")


class Nameserver:
    """Sends what `manner` says; the id is always right, so that everything is looked at."""

    def __init__(self, manner: str, packet: Packet, whole: bytes) -> None:
        self._replies = Replies(packet.message, whole, packet.query[:2] + b"\x83\x80" + packet.query[4:])
        self._manner = MANNERS[manner]
        self._sends = 0

    def exchange(self, send: Sending, message: bytes) -> list[Arrival]:
        """Say what comes back for a message."""
        tcp = send.transport == "tcp"
        replies = self._manner(self._sends, tcp, self._replies)
        self._sends += 1
        arrivals = [
            Arrival(_ROUND_TRIP * number, message[:2] + data[2:] if len(data) > 1 else data)
            for number, data in enumerate(replies, 1)
        ]
        return arrivals[:1] if tcp else arrivals


def look_up(packet: Packet, manner: str, whole: bytes) -> object:
    """Look the packet's question up; return the answer, or the class of the error, which must be one of ours.

    Raises AssertionError where an error is internal, was only logged, or where something is left behind.
    """
    nameserver = Nameserver(manner, packet, whole)
    place = Place(CONFIG, nameserver, frozenset({4, 6}))
    resolver = OfflineResolver(place, Clock(), Options(timeout=2.0))
    rdtype = TYPE_NAMES.get(packet.question.rdtype, f"TYPE{packet.question.rdtype}")
    with told() as lines:
        try:
            outcome: object = resolver.lookup(packet.question.name, rdtype)
        except InternalError:
            raise
        except Error as error:
            if not str(error).isprintable():
                lines.append(str(error))
            outcome = type(error)
    assert not lines  # what is logged is a fault of the library's own
    assert resolver.stats().in_flight == 0
    desk = resolver._line.driver.desk
    assert not desk.flights
    assert desk.active == 0
    resolver.close()
    return outcome


def is_junk(packet: Packet) -> bool:
    """Whether the packet is none that could answer, or change anything but the number of packets."""
    try:
        return read_reply(packet.message, packet.query, packet.question.rdtype) is None
    except BadAnswer:
        return False
    except Malformed:
        return True


_expected: dict[tuple[bytes, str, int], object] = {}


def check_client(whole: Packet, changed: Packet, manner: str) -> object:
    """Let a lookup meet the changed packet. Where that is junk, it comes to what it would come to without it."""
    outcome = look_up(changed, manner, whole.message)
    if manner in _RIGHT and is_junk(changed):
        key = (whole.message, whole.question.name, whole.question.rdtype)
        if key not in _expected:
            _expected[key] = look_up(whole, "that packet always", whole.message)
        assert outcome == _expected[key], (outcome, _expected[key])
    return outcome
