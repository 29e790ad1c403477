"""Which socket a question leaves by, and when a socket has had its day: decisions for drivers that share sockets.

A and AAAA of one name never share a socket, since one lost of two packets from one port is what conntrack's race does;
a resend uses another socket than the send before. A socket is renewed after about 100 questions, one timeout, or 30
seconds: each has a port of its own, which nobody off the path is to learn in time (RFC 5452, section 9.2), and for
which kube-proxy chooses a CoreDNS replica anew, so that one that was added gets its share. Nothing here opens or uses
one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from socket import SocketType

from k8sresolve._core.engine.desk import Flight
from k8sresolve.config import Nameserver

USES = 100  # questions that one socket carries
AGE = 30.0  # seconds in which questions leave by it
CROWD = 32  # questions in flight on one socket; a socket's receive buffer holds some 250 small datagrams


class Ticket:
    """A send by a pooled socket under an id: the flight, and the send's number."""

    __slots__ = ("flight", "id", "number", "slot")

    def __init__(self, slot: "Slot", id_: bytes, flight: Flight, number: int) -> None:
        self.slot = slot
        self.id = id_
        self.flight = flight
        self.number = number


class Slot:
    """A socket in the pool, and the sends that wait on it, by id.

    `names` are those of the waiting. `ids` are all that ever left by it: what comes for one of them that no longer
    waits is late, or a copy, not junk.
    """

    __slots__ = ("born", "ids", "names", "retired", "server", "sock", "waiting")

    def __init__(self, server: Nameserver, sock: SocketType, now: float, *, retired: bool) -> None:
        self.server = server
        self.sock = sock
        self.born = now
        self.retired = retired  # no question will leave by it any more
        self.ids: set[bytes] = set()
        self.waiting: dict[bytes, Ticket] = {}
        self.names: set[str] = set()


class Pool:
    """The sockets of one loop. `close` is called with each that has had its day, once."""

    def __init__(self, close: Callable[[SocketType], None]) -> None:
        self._close = close
        self._slots: set[Slot] = set()
        self._roomy: dict[Nameserver, list[Slot]] = defaultdict(list)  # those with room for another question
        self._retired = False

    def __iter__(self) -> Iterator[Slot]:
        return iter(self._slots)

    def choose(self, server: Nameserver, flight: Flight, now: float) -> Slot | None:
        """Find the socket that a flight's next send leaves by; None where one is to be opened and `add`ed."""
        for port in flight.ports:
            # A resend: the socket before may have hit a dead conntrack entry.
            if isinstance(port, Ticket):
                self.condemn(port.slot)
        name = flight.key.name
        for slot in self._roomy[server]:
            if now - slot.born >= AGE:
                self.condemn(slot)
                return self.choose(server, flight, now)
            if name not in slot.names:
                return slot
        return None

    def add(self, server: Nameserver, sock: SocketType, now: float) -> Slot:
        """Take in a socket that was opened."""
        slot = Slot(server, sock, now, retired=self._retired)
        self._slots.add(slot)
        if not self._retired:
            self._roomy[server].append(slot)
        return slot

    def enter(self, slot: Slot, id_: bytes, flight: Flight, number: int) -> Ticket:
        """Note that a flight's send left by the socket under that id, which is none of `slot.ids`."""
        slot.ids.add(id_)
        slot.names.add(flight.key.name)
        ticket = slot.waiting[id_] = Ticket(slot, id_, flight, number)
        if len(slot.ids) >= USES:
            self.condemn(slot)
        elif len(slot.waiting) >= CROWD:
            self._roomy[slot.server].remove(slot)
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Give the send's place up."""
        slot = ticket.slot
        if slot.waiting.pop(ticket.id, None) is None:
            return
        slot.names.discard(ticket.flight.key.name)
        if slot.retired:
            self._settle(slot)
        elif len(slot.waiting) == CROWD - 1 and slot in self._slots:
            self._roomy[slot.server].append(slot)

    def condemn(self, slot: Slot) -> None:
        """Let no question leave by the socket any more."""
        slot.retired = True
        roomy = self._roomy[slot.server]
        if slot in roomy:
            roomy.remove(slot)
        self._settle(slot)

    def _settle(self, slot: Slot) -> None:
        """Close the socket if nothing waits on it any more."""
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
        self._roomy.clear()
