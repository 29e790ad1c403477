"""Which socket a question leaves by, and when a socket has had its day: decisions for drivers that share sockets.

A and AAAA of one name never share a socket, since one lost of two packets from one port is what conntrack's race does;
a resend uses another socket than the send before. A socket is renewed after about 100 questions or one timeout.
Nothing here opens, uses or closes one.
"""

from collections.abc import Iterator
from itertools import chain
from socket import SocketType

from k8sresolve._core.engine.desk import Flight
from k8sresolve.config import Nameserver

USES = 100  # questions that one socket carries
CROWD = 32  # questions in flight on one socket; a socket's receive buffer holds some 250 small datagrams


class Slot:
    """A socket in the pool, and the sends that wait on it: by id, the flight and the send's number."""

    __slots__ = ("names", "retired", "server", "sock", "uses", "waiting")

    def __init__(self, server: Nameserver, sock: SocketType) -> None:
        self.server = server
        self.sock = sock
        self.uses = 0
        self.retired = False
        self.waiting: dict[bytes, tuple[Flight, int]] = {}
        self.names: set[str] = set()

    def suits(self, flight: Flight) -> bool:
        """Whether the flight may leave by it: room, and no send of the same name on it."""
        return not self.retired and self.uses < USES and len(self.waiting) < CROWD and flight.key.name not in self.names

    @property
    def spent(self) -> bool:
        """Whether it is to be closed: no question will leave by it, and none waits on it."""
        return not self.waiting and (self.retired or self.uses >= USES)


class Ticket:
    """A send by a pooled socket, as its flight remembers it."""

    __slots__ = ("number", "slot")

    def __init__(self, slot: Slot, number: bytes) -> None:
        self.slot = slot
        self.number = number


class Pool:
    """The sockets of one loop, by nameserver."""

    def __init__(self) -> None:
        self._slots: dict[Nameserver, list[Slot]] = {}
        self._retired = False

    def __iter__(self) -> Iterator[Slot]:
        return chain.from_iterable(self._slots.values())

    def choose(self, server: Nameserver, flight: Flight) -> Slot | None:
        """Find the socket that a flight's next send leaves by; None where one is to be opened and `add`ed."""
        for port in flight.ports:
            # A resend: the socket before may have hit a dead conntrack entry.
            if isinstance(port, Ticket):
                port.slot.retired = True
        return next((slot for slot in self._slots.get(server, ()) if slot.suits(flight)), None)

    def add(self, server: Nameserver, sock: SocketType) -> Slot:
        """Take in a socket that was opened."""
        slot = Slot(server, sock)
        slot.retired = self._retired
        self._slots.setdefault(server, []).append(slot)
        return slot

    @staticmethod
    def enter(slot: Slot, number: bytes, flight: Flight, send: int) -> Ticket:
        """Note that a flight's send left by the socket under that id."""
        slot.waiting[number] = flight, send
        slot.names.add(flight.key.name)
        slot.uses += 1
        return Ticket(slot, number)

    def leave(self, ticket: Ticket) -> bool:
        """Give the send's id back; True if the socket is to be closed now, and is no longer here."""
        slot = ticket.slot
        flight, _ = slot.waiting.pop(ticket.number, (None, 0))
        if flight is not None:
            slot.names.discard(flight.key.name)
        return self.drop(slot)

    def drop(self, slot: Slot) -> bool:
        """Take the socket out if it has had its day; True if it is to be closed now."""
        slots = self._slots.get(slot.server, [])
        if not slot.spent or slot not in slots:
            return False
        slots.remove(slot)
        return True

    def retire(self) -> list[Slot]:
        """Keep no socket between questions from now on; returns those to be closed now, which are no longer here."""
        self._retired = True
        for slot in self:
            slot.retired = True
        return [slot for slot in tuple(self) if self.drop(slot)]

    def clear(self) -> None:
        """Forget all sockets; they are closed otherwise."""
        self._slots.clear()
