"""Which socket a question leaves by, and when a socket has had its day: decisions for drivers that share sockets.

A and AAAA of one name never share a socket, since one lost of two packets from one port is what conntrack's race does;
a resend uses another socket than the send before. A socket is renewed after about 100 questions, one timeout, or 30
seconds: each has a port of its own, which nobody off the path is to learn in time (RFC 5452, section 9.2), and for
which kube-proxy chooses a CoreDNS replica anew, so that one that was added gets its share. Nothing here opens or uses
one.
"""

from collections.abc import Callable, Iterator
from itertools import chain
from socket import SocketType

from k8sresolve._core.engine.desk import Flight
from k8sresolve.config import Nameserver

USES = 100  # questions that one socket carries
AGE = 30.0  # seconds in which questions leave by it
CROWD = 32  # questions in flight on one socket; a socket's receive buffer holds some 250 small datagrams


class Slot:
    """A socket in the pool, and the sends that wait on it: by id, the flight and the send's number.

    `ids` are all that ever left by it: what comes for one of them that no longer waits is late, or a copy, not junk.
    """

    __slots__ = ("born", "ids", "names", "retired", "server", "sock", "waiting")

    def __init__(self, server: Nameserver, sock: SocketType, now: float) -> None:
        self.server = server
        self.sock = sock
        self.born = now
        self.retired = False
        self.ids: set[bytes] = set()
        self.waiting: dict[bytes, tuple[Flight, int]] = {}
        self.names: set[str] = set()

    def suits(self, flight: Flight) -> bool:
        """Whether the flight may leave by it: room, and no send of the same name on it."""
        return not self.worn and len(self.waiting) < CROWD and flight.key.name not in self.names

    @property
    def worn(self) -> bool:
        """Whether no question will leave by it any more."""
        return self.retired or len(self.ids) >= USES


class Ticket:
    """A send by a pooled socket, as its flight remembers it."""

    __slots__ = ("number", "slot")

    def __init__(self, slot: Slot, number: bytes) -> None:
        self.slot = slot
        self.number = number


class Pool:
    """The sockets of one loop, by nameserver. `close` is called with each that has had its day, once."""

    def __init__(self, close: Callable[[SocketType], None]) -> None:
        self._close = close
        self._slots: dict[Nameserver, list[Slot]] = {}
        self._retired = False

    def __iter__(self) -> Iterator[Slot]:
        return chain.from_iterable(self._slots.values())

    def choose(self, server: Nameserver, flight: Flight, now: float) -> Slot | None:
        """Find the socket that a flight's next send leaves by; None where one is to be opened and `add`ed."""
        for port in flight.ports:
            # A resend: the socket before may have hit a dead conntrack entry.
            if isinstance(port, Ticket):
                port.slot.retired = True
        for slot in tuple(self._slots.get(server, ())):
            if now - slot.born >= AGE:
                self.condemn(slot)
            elif slot.suits(flight):
                return slot
        return None

    def add(self, server: Nameserver, sock: SocketType, now: float) -> Slot:
        """Take in a socket that was opened."""
        slot = Slot(server, sock, now)
        slot.retired = self._retired
        self._slots.setdefault(server, []).append(slot)
        return slot

    @staticmethod
    def enter(slot: Slot, number: bytes, flight: Flight, send: int) -> Ticket:
        """Note that a flight's send left by the socket under that id, which is none of `slot.ids`."""
        slot.ids.add(number)
        slot.waiting[number] = flight, send
        slot.names.add(flight.key.name)
        return Ticket(slot, number)

    def leave(self, ticket: Ticket) -> None:
        """Give the send's place up."""
        slot = ticket.slot
        flight, _ = slot.waiting.pop(ticket.number, (None, 0))
        if flight is not None:
            slot.names.discard(flight.key.name)
            self._settle(slot)

    def condemn(self, slot: Slot) -> None:
        """Let no question leave by the socket any more."""
        slot.retired = True
        self._settle(slot)

    def _settle(self, slot: Slot) -> None:
        """Close the socket if nothing waits on it, and nothing will."""
        slots = self._slots.get(slot.server, [])
        if slot.worn and not slot.waiting and slot in slots:
            slots.remove(slot)
            self._close(slot.sock)

    def retire(self) -> None:
        """Keep no socket between questions from now on."""
        self._retired = True
        for slot in tuple(self):
            self.condemn(slot)

    def clear(self) -> None:
        """Forget all sockets; they are closed otherwise."""
        self._slots.clear()
