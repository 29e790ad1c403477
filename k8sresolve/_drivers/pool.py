"""Which socket a question leaves by, and when a socket has had its day: decisions for drivers that share sockets.

A and AAAA of one name never share a socket, since one lost of two packets from one port is what conntrack's race does;
a resend uses another socket than the send before. A socket is renewed after about 100 questions, one timeout, or 30
seconds: each has a port of its own, which nobody off the path is to learn in time (RFC 5452, section 9.2), and for
which kube-proxy chooses a CoreDNS replica anew, so that one that was added gets its share. Nothing here opens or uses
one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from socket import SocketType
from typing import TypeAlias

from k8sresolve._core.engine.flights import Flight, Lone
from k8sresolve._drivers.sockets import Stream

USES = 100  # questions that one socket carries
AGE = 30.0  # seconds in which questions leave by it
CROWD = 32  # questions in flight on one socket; a socket's receive buffer holds some 250 small datagrams


Ticket: TypeAlias = tuple["Slot", bytes, Flight | Lone, int]
"""A send by a pooled socket: the socket, the id it has there, its flight, and its number in that."""


class Slot:
    """A socket in the pool, and the sends that wait on it, by id.

    `names` are those of the waiting. `ids` are all that ever left by it: what comes for one of them that no longer
    waits is late, or a copy, not junk.
    """

    __slots__ = ("born", "free", "ids", "names", "retired", "server", "sock", "waiting")

    def __init__(self, server: int, sock: SocketType, now: float, *, retired: bool) -> None:
        self.server = server
        self.sock = sock
        self.born = now
        self.retired = retired  # no question will leave by it any more
        self.free = not retired  # the next one may
        self.ids: set[bytes] = set()
        self.waiting: dict[bytes, Ticket] = {}
        self.names: set[str] = set()


class Pool:
    """The sockets of one loop. `close` is called with each that has had its day, once."""

    def __init__(self, close: Callable[[SocketType], None]) -> None:
        self._close = close
        self._slots: set[Slot] = set()
        self._free: dict[int, list[Slot]] = defaultdict(list)  # those by which the next question may leave
        self._retired = False

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._slots)

    def choose(self, server: int, flight: Flight | Lone, now: float) -> Slot | None:
        """Find the socket that a flight's next send leaves by; None where one is to be opened and `add`ed."""
        ports: list[Ticket | Stream] = flight.ports
        for port in ports:
            # A resend: the socket before may have hit a dead conntrack entry.
            if isinstance(port, tuple):
                self.condemn(port[0])
        name = flight.key[0]
        for slot in self._free[server]:
            if now - slot.born >= AGE:
                self.condemn(slot)
                return self.choose(server, flight, now)
            if name not in slot.names:
                return slot
        return None

    def add(self, server: int, sock: SocketType, now: float) -> Slot:
        """Take in a socket that was opened."""
        slot = Slot(server, sock, now, retired=self._retired)
        self._slots.add(slot)
        if slot.free:
            self._free[server].append(slot)
        return slot

    def enter(self, slot: Slot, id_: bytes, flight: Flight | Lone, number: int) -> Ticket:
        """Note that a flight's send left by the socket under that id, which is none of `slot.ids`."""
        slot.ids.add(id_)
        slot.names.add(flight.key[0])
        ticket = slot.waiting[id_] = (slot, id_, flight, number)
        if len(slot.ids) >= USES:
            self.condemn(slot)
        elif len(slot.waiting) >= CROWD:
            self._withdraw(slot)
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Give the send's place up."""
        slot, id_, flight, _ = ticket
        if slot.waiting.pop(id_, None) is not None:
            slot.names.discard(flight.key[0])
            if not slot.free:
                self._settle(slot)

    def condemn(self, slot: Slot) -> None:
        """Let no question leave by the socket any more."""
        slot.retired = True
        self._withdraw(slot)
        self._settle(slot)

    def _withdraw(self, slot: Slot) -> None:
        slot.free = False
        others = self._free[slot.server]
        if slot in others:
            others.remove(slot)

    def _settle(self, slot: Slot) -> None:
        """Let one that was full be chosen again, or close one on which nothing waits any more and nothing will."""
        if slot not in self._slots:
            return
        if not slot.retired:
            slot.free = True
            self._free[slot.server].append(slot)
        elif not slot.waiting:
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
        self._free.clear()
