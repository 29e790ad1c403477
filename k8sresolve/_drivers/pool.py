"""Which socket a question leaves by, and when a socket has had its day: decisions for drivers that share sockets.

Questions for A, for AAAA and for all else never share a socket, since one lost of two packets from one port is what
conntrack's race does to those that are asked at once of one name; a resend uses another socket than the send before. A
socket is renewed after 100 questions, one timeout, or 30 seconds: each has a port of its own, which nobody off the path
is to learn in time (RFC 5452, section 9.2), and for which kube-proxy chooses a CoreDNS replica anew, so that one that
was added gets its share. Nothing here opens or uses one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from socket import SocketType
from typing import TypeAlias

from k8sresolve._core.engine.flights import Flight, Lone
from k8sresolve._core.questions import AAAA, A
from k8sresolve._drivers.sockets import Stream

USES = 100  # questions that one socket carries
AGE = 30.0  # seconds in which questions leave by it
CROWD = 32  # questions in flight on one socket; a socket's receive buffer holds some 250 small datagrams


Ticket: TypeAlias = tuple["Slot", bytes, Flight | Lone, int]
"""A send by a pooled socket: the socket, the id it has there, its flight, and its number in that."""

_Group: TypeAlias = tuple[int, int]
"""Who shares sockets: questions to one nameserver, those for A and those for AAAA apart from all others."""
_GROUPS = {A: 1, AAAA: 2}


class Slot:
    """A socket in the pool, and the sends that wait on it, by id.

    `ids` are all that ever left by it: what comes for one of them that no longer waits is late, or a copy, not junk.
    """

    __slots__ = ("born", "group", "ids", "retired", "sock", "waiting")

    def __init__(self, group: _Group, sock: SocketType, now: float) -> None:
        self.group = group
        self.sock = sock
        self.born = now
        self.retired = False  # no question will leave by it any more
        self.ids: set[bytes] = set()
        self.waiting: dict[bytes, Ticket] = {}

    def enter(self, id_: bytes, flight: Flight | Lone, number: int) -> Ticket:
        """Note that a flight's send left by it under that id, which is none of `ids`."""
        self.ids.add(id_)
        ticket = self.waiting[id_] = self, id_, flight, number
        return ticket


class Pool:
    """The sockets of one loop. `close` is called with each that has had its day."""

    def __init__(self, close: Callable[[SocketType], None]) -> None:
        self._close = close
        self._slots: set[Slot] = set()
        self._open: dict[_Group, list[Slot]] = defaultdict(list)  # those by which more questions may leave
        self._retired = False

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._slots)

    def choose(self, server: int, rdtype: int, now: float) -> Slot | None:
        """Find the socket that a send leaves by; None where one is to be opened and `add`ed."""
        for slot in self._open[server, _GROUPS.get(rdtype, 0)]:
            if len(slot.ids) >= USES or now - slot.born >= AGE:
                self.condemn(slot)
                return self.choose(server, rdtype, now)
            if len(slot.waiting) < CROWD:
                return slot
        return None

    def add(self, server: int, rdtype: int, sock: SocketType, now: float) -> Slot:
        """Take in a socket that was opened."""
        slot = Slot((server, _GROUPS.get(rdtype, 0)), sock, now)
        self._slots.add(slot)
        if self._retired:
            slot.retired = True
        else:
            self._open[slot.group].append(slot)
        return slot

    def avoid(self, ports: Iterable[Ticket | Stream]) -> None:
        """Let no question leave any more by what a flight has used: a resend may have hit a dead conntrack entry."""
        for port in ports:
            if isinstance(port, tuple):
                self.condemn(port[0])

    def give_up(self, port: Ticket | Stream) -> None:
        """Give a send's place back, or close a stream."""
        if not isinstance(port, tuple):
            self._close(port.sock)
            return
        slot, id_, _, _ = port
        if slot.waiting.pop(id_, None) is not None and slot.retired:
            self._settle(slot)

    def condemn(self, slot: Slot) -> None:
        """Let no question leave by the socket any more."""
        slot.retired = True
        others = self._open[slot.group]
        if slot in others:
            others.remove(slot)
        self._settle(slot)

    def _settle(self, slot: Slot) -> None:
        """Close one on which nothing waits any more and nothing will."""
        if not slot.waiting and slot in self._slots:
            self._slots.remove(slot)
            self._close(slot.sock)

    def retire(self) -> None:
        """Keep no socket between questions from now on."""
        self._retired = True
        for slot in tuple(self):
            self.condemn(slot)

    def clear(self) -> None:
        """Forget all sockets; they are closed otherwise."""
        self._slots.clear()
        self._open.clear()
