"""The asyncio driver: pooled sockets for each nameserver, replies matched by id, one timer for all flights.

A and AAAA of one name never share a socket, since one lost of two packets from one port is what conntrack's race does;
a resend uses another socket than the send before. A socket is renewed after about 100 questions or one timeout.
"""

import asyncio
from collections.abc import Callable
from itertools import chain
from socket import SocketType
from typing import TypeVar
from weakref import finalize

from k8sresolve._core.engine.desk import Alarms, Batch, Desk, Flight
from k8sresolve._core.engine.inquiry import Send, Terms
from k8sresolve._core.questions import Lookup, Results, Round
from k8sresolve._drivers import forks
from k8sresolve._drivers.sockets import MOST_DATAGRAM, Stream, open_datagram, query_id, text_of
from k8sresolve.config import Nameserver
from k8sresolve.errors import ResolverClosed, WrongLoop

T = TypeVar("T")

_USES = 100  # questions that one socket carries
_CROWD = 32  # questions in flight on one socket; a socket's receive buffer holds some 250 small datagrams


class _Socket:
    """A pooled UDP socket and the sends that wait on it, by id."""

    __slots__ = ("retired", "server", "sock", "uses", "waiting")

    def __init__(self, server: Nameserver) -> None:
        self.server = server
        self.sock = open_datagram(server)
        self.uses = 0
        self.retired = False
        self.waiting: dict[bytes, tuple[Flight, int]] = {}

    def suits(self, flight: Flight) -> bool:
        """Whether the flight may use it: room, and no send of the same name on it."""
        return len(self.waiting) < _CROWD and all(
            other.key.name != flight.key.name for other, _ in self.waiting.values()
        )

    def send(self, flight: Flight, send: Send) -> None:
        """Send under an id that is free here; raises OSError."""
        number = query_id()
        while number in self.waiting:
            number = query_id()
        self.sock.send(number + send.payload[2:])
        self.waiting[number] = flight, send.number
        self.uses += 1


class _Ticket:
    """A send on a pooled socket, as a flight remembers it."""

    __slots__ = ("id", "socket")

    def __init__(self, socket: _Socket, number: bytes) -> None:
        self.socket = socket
        self.id = number


class AsyncioDriver:
    """Runs lookups for the tasks of one event loop, the first that uses it."""

    def __init__(self, terms: Terms, *, in_flight: int, rotate: bool = False) -> None:
        self.desk = Desk(terms, self, in_flight, rotate=rotate)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._alarms = Alarms()
        self._timer: asyncio.TimerHandle | None = None
        self._sockets: dict[Nameserver, list[_Socket]] = {}
        self._closed = self._retired = False
        self._running = 0
        # What is open, for the case that loop and resolver are forgotten together, and nothing is closed in order.
        self._open: set[SocketType] = set()
        finalize(self, _close_all, self._open)
        forks.register(self)

    def now(self) -> float:
        """Seconds by the loop's clock."""
        return self._bound().time()

    async def run(self, lookup: Lookup[T], timeout: float, *, fresh: bool = False) -> T:
        """Run a lookup to its end, `timeout` seconds at most."""
        deadline = self._bound().time() + timeout
        self._running += 1
        try:
            ask = next(lookup)
            while True:
                ask = lookup.send(await self._ask(ask, deadline, fresh=fresh))
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]
        finally:
            self._running -= 1
            if self._retired:
                self.retire()

    def retire(self) -> None:
        """Let the lookups that are under way end, and then close the sockets: there will be no others."""
        self._retired = True
        if not self._running:
            self.close()

    def forget(self, name: str | None) -> None:
        """Drop what the cache knows of a name, or everything."""
        self.desk.terms.cache.forget(name)

    def close(self) -> None:
        """End what is pending and close the sockets."""
        if self._closed:
            return
        self._closed = True
        if self._loop is None:
            return
        if not self._loop.is_closed():
            self.desk.close(self._loop.time())
            if self._timer is not None:
                self._timer.cancel()
            for socket in chain.from_iterable(self._sockets.values()):
                self._loop.remove_reader(socket.sock)
        self._abandon()

    def after_fork(self) -> None:
        """Drop what belongs to the parent: its loop, sockets and flights."""
        self._abandon()
        self._loop = None

    def _abandon(self) -> None:
        """Close all sockets and forget all flights, whose loop can do nothing about them any more."""
        _close_all(self._open)
        self._sockets.clear()
        self._alarms = Alarms()
        self._timer = None
        self.desk.reset()

    # -- waiting -----------------------------------------------------------------------------------------------------

    def _bound(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        elif self._loop is not loop:
            raise WrongLoop("this AsyncResolver belongs to another event loop; make one for each loop")
        return loop

    def _home(self) -> asyncio.AbstractEventLoop:
        """The loop that this driver belongs to, for callbacks and for closing from outside it."""
        assert self._loop is not None  # noqa: S101 - nothing happens before a task has asked
        return self._loop

    async def _ask(self, ask: Round, deadline: float, *, fresh: bool) -> Results:
        loop = self._bound()
        if self._closed:
            raise ResolverClosed("this resolver is closed")
        batch = self.desk.ask(ask, deadline, loop.time(), fresh=fresh)
        if not batch.done:
            batch.waiter = loop.create_future()
            try:
                await batch.waiter
            finally:
                if not batch.done:
                    self.desk.leave(batch, loop.time())
        if self._closed:
            raise ResolverClosed("this resolver was closed during the lookup")
        return tuple(batch.answers)

    def _ring(self) -> None:
        self._timer = None
        now = self._home().time()
        try:
            for flight in self._alarms.due(now):
                self.desk.ring(flight, now)
        finally:
            self._set_timer()

    def _set_timer(self) -> None:
        when = self._alarms.next()
        if self._timer is not None:
            if when is not None and self._timer.when() <= when:
                return  # it rings early enough, and looks again then
            self._timer.cancel()
            self._timer = None
        if when is not None:
            self._timer = self._home().call_at(when, self._ring)

    # -- the desk's host ---------------------------------------------------------------------------------------------

    def send(self, flight: Flight, send: Send) -> str | None:
        """Perform a send on a pooled socket, or on a stream of its own."""
        try:
            if send.transport == "tcp":
                self._connect(flight, send)
            else:
                self._datagram(flight, send)
        except OSError as error:
            return text_of(error)
        return None

    def release(self, flight: Flight) -> None:
        """Give back the flight's ids, and close its streams."""
        for port in flight.ports:
            if isinstance(port, _Ticket):
                port.socket.waiting.pop(port.id, None)
                self._close_if_idle(port.socket)
            else:
                self._disconnect(port)
        flight.ports.clear()

    def wake(self, batch: Batch) -> None:
        """Let the batch's task go on."""
        if batch.waiter is not None and not batch.waiter.done():
            batch.waiter.set_result(None)

    def alarm(self, flight: Flight) -> None:
        """Note the flight's alarm."""
        self._alarms.set(flight)
        if self._timer is None or flight.alarm < self._timer.when():
            self._set_timer()

    # -- datagrams ---------------------------------------------------------------------------------------------------

    def _datagram(self, flight: Flight, send: Send) -> None:
        for port in flight.ports:
            # A resend: the socket before may have hit a dead conntrack entry.
            if isinstance(port, _Ticket):
                port.socket.retired = True
        sockets = self._sockets.setdefault(send.nameserver, [])
        socket = next((s for s in sockets if not s.retired and s.uses < _USES and s.suits(flight)), None)
        if socket is None:
            socket = _Socket(send.nameserver)
            sockets.append(socket)
            self._open.add(socket.sock)
            self._home().add_reader(socket.sock, self._readable, socket)
        try:
            socket.send(flight, send)
        except OSError as error:
            socket.retired = True
            self._home().call_soon(self._retire, socket, error)  # the desk is in the middle of this flight
            raise
        flight.ports.append(_Ticket(socket, next(reversed(socket.waiting))))

    def _retire(self, socket: _Socket, error: OSError) -> None:
        """Tell all that wait on the socket; an ICMP error does not say which question it is about."""
        socket.retired = True
        now = self._home().time()
        for flight, number in list(socket.waiting.values()):
            self.desk.error(flight, number, text_of(error), now)
        self._close_if_idle(socket)

    def _readable(self, socket: _Socket) -> None:
        now = self._home().time()
        try:
            data = socket.sock.recv(MOST_DATAGRAM)
        except BlockingIOError:
            return
        except OSError as error:
            self._retire(socket, error)
            return
        waiting = socket.waiting.get(data[:2])
        if waiting is not None:
            self.desk.datagram(*waiting, data, now)
            return
        # It counts as junk for all, since whoever floods this socket is after one of them.
        for flight, number in list(socket.waiting.values()):
            self.desk.datagram(flight, number, b"", now)

    def _close_if_idle(self, socket: _Socket) -> None:
        if (socket.retired or socket.uses >= _USES) and not socket.waiting:
            sockets = self._sockets.get(socket.server, [])
            if socket in sockets:
                sockets.remove(socket)
                self._home().remove_reader(socket.sock)
                self._close(socket.sock)

    # -- streams -----------------------------------------------------------------------------------------------------

    def _connect(self, flight: Flight, send: Send) -> None:
        stream = Stream(send.nameserver, send.payload)
        self._open.add(stream.sock)
        flight.ports.append(stream)
        self._watch(stream, lambda: self._advance(flight, stream, send.number))

    def _watch(self, stream: Stream, callback: Callable[[], None]) -> None:
        loop = self._home()
        if stream.wants_write:
            loop.add_writer(stream.sock, callback)
        else:
            loop.remove_writer(stream.sock)
            loop.add_reader(stream.sock, callback)

    def _advance(self, flight: Flight, stream: Stream, number: int) -> None:
        wrote = stream.wants_write
        try:
            data = stream.advance()
        except OSError as error:
            self._drop(flight, stream)
            self.desk.error(flight, number, text_of(error), self._home().time())
            return
        if data is not None:
            self._drop(flight, stream)
            self.desk.message(flight, number, data, self._home().time())
        elif wrote and not stream.wants_write:
            self._watch(stream, lambda: self._advance(flight, stream, number))

    def _drop(self, flight: Flight, stream: Stream) -> None:
        flight.ports.remove(stream)
        self._disconnect(stream)

    def _disconnect(self, stream: Stream) -> None:
        loop = self._home()
        loop.remove_writer(stream.sock)
        loop.remove_reader(stream.sock)
        self._close(stream.sock)

    def _close(self, sock: SocketType) -> None:
        sock.close()
        self._open.discard(sock)


def _close_all(socks: set[SocketType]) -> None:
    for sock in socks:
        sock.close()
    socks.clear()
