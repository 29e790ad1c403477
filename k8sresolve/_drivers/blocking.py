"""The blocking driver: threads share one desk under one lock, and each polls the sockets of the flights it leads.

The first batch of a flight leads it. A caller that follows another's flight waits on a pipe of its own; when a leader
leaves, the next batch leads and is told so through its pipe. There is no thread of the driver's own.
"""

import os
import select
import threading
from time import monotonic

from k8sresolve._core.engine.desk import Batch, Desk, Flight
from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.engine.sends import Send
from k8sresolve._core.events import Events
from k8sresolve._core.questions import Results, Round, Terms
from k8sresolve._drivers import forks
from k8sresolve._drivers.running import report
from k8sresolve._drivers.sockets import MOST_DATAGRAM, Stream, open_datagram, query_id, text_of
from k8sresolve.errors import ResolverClosed

_LONGEST = 60_000.0  # milliseconds in one poll(), which takes no more than a C int
_LOOK = 0.02  # seconds between looks of a thread that nobody can wake


class _Waiter:
    """A thread that waits for a batch. Its pipe is made only when another thread may have to wake it."""

    __slots__ = ("pipe",)

    def __init__(self) -> None:
        self.pipe: tuple[int, int] | None = None

    def listen(self) -> bool:
        """Be there to be woken; False where the process has no file descriptor left for that."""
        if self.pipe is None:
            try:
                self.pipe = os.pipe()
            except OSError:
                return False
            os.set_blocking(self.pipe[0], False)
            os.set_blocking(self.pipe[1], False)
        return True

    def poke(self) -> None:
        if self.pipe is not None:
            try:
                os.write(self.pipe[1], b"\0")
            except BlockingIOError:
                return  # it is full of pokes already

    def drain(self) -> None:
        if self.pipe is not None:
            try:
                os.read(self.pipe[0], 4096)
            except BlockingIOError:
                return

    def close(self) -> None:
        if self.pipe is not None:
            os.close(self.pipe[0])
            os.close(self.pipe[1])
            self.pipe = None


class _Datagrams:
    """One send over UDP, on a socket of its own."""

    __slots__ = ("id", "number", "sock")

    def __init__(self, send: Send) -> None:
        self.number = send.number
        self.id = query_id()
        self.sock = open_datagram(send.nameserver)
        try:
            self.sock.send(self.id + send.payload[2:])
        except OSError:
            self.sock.close()
            raise

    wants_write = False

    def advance(self) -> bytes | None:
        """Return the next datagram; the desk learns of a foreign id as of any other junk."""
        try:
            data = self.sock.recv(MOST_DATAGRAM)
        except BlockingIOError:
            return None
        return data if data[:2] == self.id else b""


class _Connection(Stream):
    """One send over TCP."""

    __slots__ = ("number",)

    def __init__(self, send: Send) -> None:
        super().__init__(send.nameserver, send.payload)
        self.number = send.number


_Port = _Datagrams | _Connection


class BlockingDriver:
    """Runs lookups for threads that wait."""

    def __init__(self, rules: Rules, ledger: Ledger, events: Events) -> None:
        self.desk = Desk(rules, ledger, events, self)
        self._closed = False
        self._lock = threading.Lock()
        self._current: _Waiter | None = None
        forks.register(self)

    @staticmethod
    def now() -> float:
        """Seconds by the clock of deadlines and of the cache."""
        return monotonic()

    def forget(self, name: str | None) -> None:
        """Drop what the cache knows of a name, or everything."""
        with self._lock:
            self.desk.ledger.cache.forget(name)

    def retire(self) -> None:
        """Hold nothing between lookups: there is nothing to give up."""

    def close(self) -> None:
        """End what is pending, in this thread and in others."""
        with self._lock:
            self._closed = True
            self._current = None
            for flight in self.desk.flights.values():
                for port in flight.ports:
                    _shut(port)
            self.desk.close(monotonic())

    def after_fork(self) -> None:
        """Drop what belongs to the parent: the locks' state and flights, whose sockets are closed here, not used."""
        self._lock = threading.Lock()
        self.desk.ledger.share(threading.RLock())
        for flight in self.desk.flights.values():
            self.release(flight)
            for batch, _ in flight.batches:
                batch.waiter.close()
        self.desk.reset()

    # -- waiting -----------------------------------------------------------------------------------------------------

    def ask(self, round_: Round, terms: Terms) -> Results:
        """Ask questions at once, and wait for what suffices."""
        waiter = _Waiter()
        batch: Batch | None = None
        try:
            with self._lock:
                if self._closed:
                    raise ResolverClosed("this resolver is closed")
                self._current = waiter
                batch = self.desk.ask(round_, terms, monotonic(), waiter)
                waits = None if batch.done else self._waits(batch, waiter)
            while waits is not None:
                waits = self._turn(batch, waiter, *waits)
            if self._closed:
                raise ResolverClosed("this resolver was closed during the lookup")
            return tuple(batch.answers)
        finally:
            if batch is not None and (waiter.pipe is not None or not batch.done):
                self._leave(batch, waiter)

    def _leave(self, batch: Batch, waiter: _Waiter) -> None:
        with self._lock:
            if not batch.done:
                self._current = waiter
                self.wake(batch)
                self.desk.leave(batch, monotonic())
            waiter.close()

    def _waits(self, batch: Batch, waiter: _Waiter) -> tuple[select.poll, dict[int, tuple[Flight, _Port]], float]:
        """What to poll, and until when."""
        poll = select.poll()
        ports: dict[int, tuple[Flight, _Port]] = {}
        until = batch.deadline
        for flight in batch.flights.values():
            if flight.batches[0][0] is not batch or not flight.launched:
                if not waiter.listen():
                    until = min(until, monotonic() + _LOOK)
                continue
            until = min(until, flight.alarm)
            for port in flight.ports:
                fd = port.sock.fileno()
                poll.register(fd, select.POLLOUT if port.wants_write else select.POLLIN)
                ports[fd] = flight, port
        if waiter.pipe is not None:
            poll.register(waiter.pipe[0], select.POLLIN)
        return poll, ports, until

    def _turn(
        self, batch: Batch, waiter: _Waiter, poll: select.poll, ports: dict[int, tuple[Flight, _Port]], until: float
    ) -> tuple[select.poll, dict[int, tuple[Flight, _Port]], float] | None:
        """Wait once and handle what came; None when the batch is done."""
        ready = poll.poll(min(_LONGEST, max(0.0, (until - monotonic()) * 1000)))
        with self._lock:
            self._current = waiter
            waiter.drain()
            for fd, _ in ready:
                if fd in ports and not batch.done:
                    self._advance(*ports[fd])
            now = monotonic()
            for flight in list(batch.flights.values()):
                if flight.alarm <= now and flight.batches and flight.batches[0][0] is batch:
                    self.desk.ring(flight, now)
            self.desk.expire(batch, now)
            return None if batch.done else self._waits(batch, waiter)

    def _advance(self, flight: Flight, port: _Port) -> None:
        if port not in flight.ports:
            return
        try:
            data = port.advance()
        except OSError as error:
            self._drop(flight, port)
            self.desk.error(flight, port.number, text_of(error), monotonic())
            return
        if data is None:
            return
        if isinstance(port, _Connection):
            self._drop(flight, port)
            self.desk.message(flight, port.number, data, monotonic())
        else:
            self.desk.datagram(flight, port.number, data, monotonic())

    @staticmethod
    def _drop(flight: Flight, port: _Port) -> None:
        flight.ports.remove(port)
        port.sock.close()

    # -- the desk's host ---------------------------------------------------------------------------------------------

    def send(self, flight: Flight, send: Send) -> str | None:
        """Perform a send on a fresh socket."""
        try:
            flight.ports.append(_Datagrams(send) if send.transport == "udp" else _Connection(send))
        except OSError as error:
            return text_of(error)
        for batch, _ in flight.batches:
            self._poke(batch)  # another thread may have to poll this socket
        return None

    def release(self, flight: Flight) -> None:
        """Close the flight's sockets."""
        for port in flight.ports:
            port.sock.close()
        flight.ports.clear()

    def wake(self, batch: Batch) -> None:
        """Tell the batch's thread, and those that may have to lead its flights now."""
        self._poke(batch)
        for flight in batch.flights.values():
            for other, _ in flight.batches:
                self._poke(other)

    def alarm(self, flight: Flight) -> None:
        """Let whoever polls for this flight look at its sockets and alarm anew."""
        for batch, _ in flight.batches:
            self._poke(batch)

    report = staticmethod(report)

    def _poke(self, batch: Batch) -> None:
        if batch.waiter is not self._current:
            batch.waiter.poke()


def _shut(port: _Port) -> None:
    import socket

    try:
        # Unlike close(), this wakes a thread that polls the socket.
        port.sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
