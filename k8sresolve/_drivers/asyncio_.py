"""The asyncio driver: pooled sockets for each nameserver, replies matched by id, one timer for all flights."""

import asyncio
from collections.abc import Callable
from socket import SocketType
from weakref import finalize

from k8sresolve._core.engine.alarms import Alarms
from k8sresolve._core.engine.desk import Batch, Desk, Flight
from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.engine.sends import Send
from k8sresolve._core.events import Events
from k8sresolve._core.questions import Results, Round, Terms
from k8sresolve._drivers import forks
from k8sresolve._drivers.pool import Pool, Slot, Ticket
from k8sresolve._drivers.running import report
from k8sresolve._drivers.sockets import MOST_DATAGRAM, Stream, open_datagram, query_id, text_of
from k8sresolve.errors import ResolverClosed, WrongLoop


class AsyncioDriver:
    """Runs lookups for the tasks of one event loop, the first that uses it."""

    def __init__(self, rules: Rules, ledger: Ledger, events: Events) -> None:
        self.rules = rules
        self._events = events
        self.desk = self._new_desk(ledger)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._alarms = Alarms()
        self._timer: asyncio.TimerHandle | None = None
        self._pool = Pool()
        self._closed = False
        # What is open, for the case that loop and resolver are forgotten together, and nothing is closed in order.
        self._open: set[SocketType] = set()
        finalize(self, _close_all, self._open)
        forks.register(self)

    def _new_desk(self, ledger: Ledger) -> Desk:
        return Desk(self.rules, ledger, self._events, self, turn=int.from_bytes(query_id()))

    def now(self) -> float:
        """Seconds by the loop's clock."""
        return self._bound().time()

    def retire(self) -> None:
        """Close each socket as the last question that waits on it ends."""
        if self._loop is not None and self._loop.is_closed():
            self.close()
        for slot in self._pool.retire():
            self._close(slot.sock)

    def forget(self, name: str | None) -> None:
        """Drop what the cache knows of a name, or everything."""
        self.desk.ledger.cache.forget(name)

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
            for slot in self._pool:
                self._loop.remove_reader(slot.sock)
        self._abandon()

    def after_fork(self) -> None:
        """Drop what belongs to the parent: its loop, sockets and flights."""
        self._abandon()
        self._loop = None

    def _abandon(self) -> None:
        """Close all sockets and forget all flights, whose loop can do nothing about them any more."""
        _close_all(self._open)
        self._pool.clear()
        self._alarms = Alarms()
        self._timer = None
        self.desk = self._new_desk(self.desk.ledger)

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

    async def ask(self, round_: Round, terms: Terms) -> Results:
        """Ask questions at once, and wait for what suffices."""
        loop = self._bound()
        if self._closed:
            raise ResolverClosed("this resolver is closed")
        batch = self.desk.ask(round_, terms, loop.time())
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

    def drop(self, flight: Flight, port: Ticket | Stream) -> None:
        """Give back one id of the flight's, or close a stream."""
        flight.ports.remove(port)
        if not isinstance(port, Ticket):
            self._disconnect(port)
        elif self._pool.leave(port):
            self._close(port.slot.sock)

    def release(self, flight: Flight) -> None:
        """Give back the flight's ids, and close its streams."""
        for port in tuple(flight.ports):
            self.drop(flight, port)

    def wake(self, batch: Batch) -> None:
        """Let the batch's task go on."""
        if batch.waiter is not None and not batch.waiter.done():
            batch.waiter.set_result(None)

    def alarm(self, flight: Flight) -> None:
        """Note the flight's alarm."""
        self._alarms.set(flight)
        if self._timer is None or flight.alarm < self._timer.when():
            self._set_timer()

    report = staticmethod(report)

    # -- datagrams ---------------------------------------------------------------------------------------------------

    def _datagram(self, flight: Flight, send: Send) -> None:
        slot = self._pool.choose(send.nameserver, flight)
        if slot is None:
            slot = self._pool.add(send.nameserver, open_datagram(send.nameserver))
            self._open.add(slot.sock)
            self._home().add_reader(slot.sock, self._readable, slot)
        number = query_id()
        while number in slot.waiting:
            number = query_id()
        try:
            slot.sock.send(number + send.payload[2:])
        except OSError as error:
            slot.retired = True
            self._home().call_soon(self._retire, slot, error)  # the desk is in the middle of this flight
            raise
        flight.ports.append(self._pool.enter(slot, number, flight, send.number))

    def _retire(self, slot: Slot, error: OSError) -> None:
        """Tell all that wait on the socket; an ICMP error does not say which question it is about."""
        slot.retired = True
        now = self._home().time()
        for flight, number in list(slot.waiting.values()):
            self.desk.error(flight, number, text_of(error), now)
        if self._pool.drop(slot):
            self._close(slot.sock)

    def _readable(self, slot: Slot) -> None:
        now = self._home().time()
        try:
            data = slot.sock.recv(MOST_DATAGRAM)
        except BlockingIOError:
            return
        except OSError as error:
            self._retire(slot, error)
            return
        waiting = slot.waiting.get(data[:2])
        if waiting is not None:
            self.desk.datagram(*waiting, data, now)
            return
        # It counts as junk for all, since whoever floods this socket is after one of them.
        for flight, number in list(slot.waiting.values()):
            self.desk.datagram(flight, number, b"", now)

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
            self.drop(flight, stream)
            self.desk.error(flight, number, text_of(error), self._home().time())
            return
        if data is not None:
            self.drop(flight, stream)
            self.desk.message(flight, number, data, self._home().time())
        elif wrote and not stream.wants_write:
            self._watch(stream, lambda: self._advance(flight, stream, number))

    def _disconnect(self, stream: Stream) -> None:
        self._home().remove_writer(stream.sock)
        self._close(stream.sock)

    def _close(self, sock: SocketType) -> None:
        self._home().remove_reader(sock)
        sock.close()
        self._open.discard(sock)


def _close_all(socks: set[SocketType]) -> None:
    for sock in socks:
        sock.close()
    socks.clear()
