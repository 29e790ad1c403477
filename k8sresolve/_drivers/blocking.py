"""The blocking driver: threads share one desk under one lock, and each polls the sockets of the flights it leads.

The first batch of a flight leads it. A caller that follows another's flight waits on a bell of its own, a pair of
sockets; when a leader leaves, the next batch leads and is told so by its bell. There is no thread of the driver's own.
"""

from __future__ import annotations

from _socket import SHUT_RDWR, SocketType
from collections.abc import Callable

from k8sresolve._core.engine.desk import Desk, Unsent
from k8sresolve._core.engine.flights import Batch, Flight, Lone, Sending
from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.engine.sends import Send
from k8sresolve._core.events import Events
from k8sresolve._core.questions import Question, Results, Round, Terms
from k8sresolve._drivers import forks
from k8sresolve._drivers.clock import monotonic
from k8sresolve._drivers.polling import READ, WRITE, Poll, new_poll, wait
from k8sresolve._drivers.running import report_fault
from k8sresolve._drivers.sockets import (
    MOST_DATAGRAM,
    Address,
    Stream,
    addresses_of,
    open_datagram,
    open_pair,
    query_id,
    text_of,
)
from k8sresolve._locks import Lock
from k8sresolve.errors import ResolverClosed

_LOOK = 0.02  # seconds between looks of a thread that nobody can wake
_REST = 1.0  # seconds that a fork waits for other threads' work, which takes microseconds


class _Waiter:
    """A thread that waits for what it asked a desk. Its bell is made only when another thread may have to wake it."""

    bell: tuple[SocketType, SocketType] | None = None
    desk: Desk | None = None
    asked: Batch | Lone | None = None

    def listen(self) -> bool:
        """Be there to be woken; False where the process has no file descriptor left for that."""
        if self.bell is None:
            try:
                self.bell = open_pair()
            except OSError:
                return False
        return True

    def poke(self) -> None:
        if self.bell is not None:
            try:
                self.bell[1].send(b"\0")
            except OSError:
                return  # it is full of pokes already, or this is a child whose bell belonged to the parent

    def drain(self) -> None:
        if self.bell is not None:
            try:
                self.bell[0].recv(4096)
            except BlockingIOError:
                return

    def close(self) -> None:
        if self.bell is not None:
            for end in self.bell:
                end.close()
            self.bell = None


class _Datagrams:
    """One send over UDP, on a socket of its own."""

    __slots__ = ("id", "number", "sock")

    number: int
    id: bytes
    sock: SocketType
    wants_write = False

    @staticmethod
    def of(send: Sending, address: Address) -> _Datagrams:
        """Send it; raises OSError."""
        port = _Datagrams()
        port.number = send.number
        port.id = id_ = query_id()
        sock: SocketType | None = None
        try:
            port.sock = sock = open_datagram(address)
            sock.send(id_ + send.payload[2:])
            return port  # noqa: TRY300 - here nothing can come in between
        except BaseException:
            if sock is not None:
                sock.close()
            raise

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
        self.number = send.number
        super().__init__(send.nameserver, send.payload)


_Port = _Datagrams | _Connection
_Ports = dict[int, tuple[Flight | Lone, _Port]]  # what is polled, by its descriptor


class BlockingDriver:
    """Runs lookups for threads that wait.

    An exception may come out of nowhere, at any line: a signal handler's (KeyboardInterrupt, a timeout by SIGALRM) or
    one set in this thread from outside. A desk that it left in the midst of its work is `torn`, and is given up for a
    new one, of which all who wait ask again. A handler may also look up itself; where its thread is at work here, it
    does so apart.
    """

    def __init__(self, rules: Rules, ledger: Ledger, events: Events) -> None:
        self.rules = rules
        self._addresses = addresses_of(rules.nameservers)
        self._events = events
        self.desk = self._new_desk(ledger)
        self.ask_elsewhere: Callable[[Question], object] = _leave_it
        self._closed = self._torn = False
        self._current: _Waiter | None = None
        self._waiters: dict[_Waiter, None] = {}
        self._new_lock()
        ledger.share(self._lock)
        forks.register(self)
        forks.let_rest(self)

    def _new_desk(self, ledger: Ledger) -> Desk:
        return Desk(self.rules, ledger, self._events, self, turn=int.from_bytes(query_id()), locked=True)

    def _new_lock(self) -> None:
        self._lock = Lock()
        # As threading.Condition asks. Who holds it is told and taken in one step, which no signal can part.
        self._holds: Callable[[], bool] = self._lock._is_owned  # type: ignore[attr-defined]  # noqa: SLF001

    now = staticmethod(monotonic)

    def forget(self, name: str | None) -> None:
        """Drop what the cache knows of a name, or everything."""
        with self._lock:
            self.desk.ledger.cache.forget(name)

    def retire(self) -> None:
        """Hold nothing between lookups: there is nothing to give up."""

    def close(self) -> None:
        """End what is pending, in this thread and in others."""
        self._closed = True
        if self._holds():
            return  # a signal handler's call: this thread itself does it as soon as it can
        with self._lock:
            if self._torn:
                self._give_up_desk()
            self._current, self._torn = None, True
            for port in self._ports():
                _shut(port)
            self.desk.close(monotonic())
            self._torn = False

    def before_fork(self) -> None:
        """Let no other thread be in the midst of its work; within bounds, since that may wait for what fork holds."""
        self._lock.acquire(timeout=_REST)

    def after_fork_in_parent(self) -> None:
        """Go on."""
        if self._holds():
            self._lock.release()

    def after_fork(self) -> None:
        """Drop what belongs to the parent: its lock, threads and flights, whose sockets are closed here, not used."""
        self._new_lock()
        self.desk.ledger.share(self._lock)
        self.desk.ledger.tally.lock = Lock()
        for port in self._ports():
            port.sock.close()
        for waiter in self._waiters:
            waiter.close()
        self._waiters.clear()
        self._begin_anew()

    # -- waiting -----------------------------------------------------------------------------------------------------

    def ask(self, asked: Question | Round, terms: Terms) -> Results:
        """Ask questions at once, and wait for what suffices."""
        if self._holds():
            return self._ask_apart(asked, terms)
        waiter = _Waiter()
        try:
            return self._ask_alone(waiter, asked, terms) or self._ask(waiter, asked, terms)
        except BaseException:
            self._leave(waiter)
            raise

    def _ask_alone(self, waiter: _Waiter, asked: Question | Round, terms: Terms) -> Results | None:
        """Ask, and wait for a lone question's answer; `_ask` goes on where the round is none, or is one no more."""
        # `with` takes twice the time; an exception here ends in `_leave`, which lets go of the lock.
        lock = self._lock
        lock.acquire()
        if self._closed or self._torn:
            lock.release()
            return None
        self._current = waiter
        self._torn = True
        waiter.desk = desk = self.desk
        waiter.asked = lone = desk.begin(asked, terms, monotonic(), waiter)
        if not isinstance(lone, Lone):
            if lone.done:
                waiter.asked = None  # each would keep the other, until the collector comes
            else:
                self._waiters[waiter] = None
            self._torn = False
            lock.release()
            return tuple(lone.answers) if lone.done else None
        self._torn = False
        port: _Port = lone.port
        # Not after the lock: another thread may join it then, and keep the time from then on, or close all.
        number, alarm = port.sock.fileno(), lone.alarm
        lock.release()
        poll = new_poll()
        poll.register(number, READ)
        ready = wait(poll, alarm - monotonic())
        lock.acquire()
        if self._torn or desk is not self.desk:
            lock.release()
            return None
        self._current = waiter
        self._torn = True
        if ready:
            self._advance(lone, port)
        answer = lone.answer
        if answer is None:
            self._waiters[waiter] = None
        else:
            waiter.asked = None  # each would keep the other, until the collector comes
        self._torn = False
        lock.release()
        return None if answer is None else (answer,)

    def _ask(self, waiter: _Waiter, asked: Question | Round, terms: Terms) -> Results:
        """Ask, unless that is done, and wait for what suffices."""
        ready: list[tuple[int, int]] = []  # what can go on
        ports: _Ports = {}
        results: Results | None = None
        while True:
            with self._lock:
                if self._closed:
                    break
                if self._torn:
                    self._give_up_desk()
                self._current = waiter
                self._torn = True
                if waiter.desk is not self.desk:  # it is the first, or the one before was given up
                    self._waiters[waiter] = None
                    waiter.desk = self.desk
                    waiter.asked = self.desk.ask(asked, terms, monotonic(), waiter)
                batch = waiter.asked
                if isinstance(batch, Lone):
                    self.desk.unfold(batch)
                    batch = waiter.asked = batch.batch
                assert batch is not None  # noqa: S101 - it has asked
                if not batch.done:
                    self._handle(batch, waiter, ports, ready)
                if batch.done:
                    self._waiters.pop(waiter, None)
                    if waiter.bell is not None:
                        waiter.close()
                    waiter.asked = None  # each would keep the other, until the collector comes
                    self._torn = False
                    results = tuple(batch.answers)
                    break
                waits = self._waits(batch, waiter)
                self._torn = False
            poll, ports, until = waits
            ready = wait(poll, until - monotonic())
        if self._closed:
            self.close()  # a signal handler's call may have left that to this thread
        if results is None:
            raise ResolverClosed("this resolver is closed")
        return results

    def _ask_apart(self, asked: Question | Round, terms: Terms) -> Results:
        """Look up for a signal handler, whose thread it was that worked here: that work stands still until it ends."""
        apart = BlockingDriver(self.rules, Ledger(self.rules, self.desk.ledger.tally), self._events)
        return apart.ask(asked, terms)

    def _leave(self, waiter: _Waiter) -> None:
        """An exception ends this thread's waiting, wherever it came from."""
        while self._holds():
            self._lock.release()
        with self._lock:
            if self._torn:
                self._give_up_desk()
            self._current, self._torn = waiter, True
            asked = waiter.asked
            if isinstance(asked, Lone) and asked.batch is not None:
                asked = asked.batch  # which others may follow
            if asked is not None and waiter.desk is self.desk and not asked.done:
                self.wake(asked)
                self.desk.leave(asked, monotonic())
            self._waiters.pop(waiter, None)
            self._torn = False
        waiter.close()

    def _give_up_desk(self) -> None:
        """An exception left the desk in the midst of its work: close what it has open, and let all who wait know."""
        for port in self._ports():
            _shut(port)
            port.sock.close()
        for other in self._waiters:
            other.poke()
        self._begin_anew()

    def _ports(self) -> set[_Port]:
        """All that is open, as far as a torn desk tells."""
        flights = {*self.desk.flights.values()}
        # Whose question is alone is not among those that wait.
        for waiter in {*self._waiters, self._current}:
            asked = None if waiter is None else waiter.asked
            if isinstance(asked, Lone):
                flights.add(asked)
            elif asked is not None:
                flights.update(asked.flights.values())
        return {port for flight in flights for port in flight.ports}

    def _begin_anew(self) -> None:
        self.desk.ledger.tally.leave(self.desk)
        self.desk = self._new_desk(self.desk.ledger)
        if self._torn:
            self.desk.ledger.mend()
        self._torn = False

    def _waits(self, batch: Batch, waiter: _Waiter) -> tuple[Poll, _Ports, float]:
        """What to poll, and until when."""
        poll = new_poll()
        ports: _Ports = {}
        until = batch.due
        for flight in batch.flights.values():
            if not flight.launched or flight.leader is not batch:
                if not waiter.listen():
                    until = min(until, monotonic() + _LOOK)
                continue
            until = min(until, flight.alarm)
            for port in flight.ports:
                fd = port.sock.fileno()
                poll.register(fd, WRITE if port.wants_write else READ)
                ports[fd] = flight, port
        if waiter.bell is not None:
            poll.register(waiter.bell[0].fileno(), READ)
        return poll, ports, until

    def _handle(self, batch: Batch, waiter: _Waiter, ports: _Ports, ready: list[tuple[int, int]]) -> None:
        """Handle what came while it waited."""
        if waiter.bell is not None:
            waiter.drain()
        for fd, _ in ready:
            if fd in ports and not batch.done:
                self._advance(*ports[fd])
        if batch.done:
            return
        now = monotonic()
        for flight in list(batch.flights.values()):
            if flight.alarm <= now and flight.batches and flight.leader is batch:
                self.desk.ring(flight, now)
        self.desk.expire(batch, now)

    def _advance(self, flight: Flight | Lone, port: _Port) -> None:
        if port not in flight.ports:
            return
        try:
            data = port.advance()
        except OSError as error:
            self.desk.drop(flight, port)
            self.desk.error(flight, port.number, text_of(error), monotonic())
            return
        if data is None:
            return
        if isinstance(port, _Datagrams):
            self.desk.datagram(flight, port.number, data, monotonic())
        else:
            self.desk.drop(flight, port)
            self.desk.message(flight, port.number, data, monotonic())

    # -- the desk's host ---------------------------------------------------------------------------------------------

    def send(self, flight: Flight | Lone, send: Sending) -> _Port:
        """Perform a send on a fresh socket."""
        if flight.batches and not self._is_alone():
            for batch, _ in flight.batches:
                self._poke(batch)  # another thread may have to poll this socket
        try:
            if isinstance(send, Send) and send.transport == "tcp":
                return _Connection(send)
            return _Datagrams.of(send, self._addresses[send.server])
        except OSError as error:
            raise Unsent(text_of(error)) from error

    def give_up(self, port: _Port) -> None:
        """Close a socket."""
        port.sock.close()

    def wake(self, batch: Batch | Lone) -> None:
        """Tell the batch's thread, and those that may have to lead its flights now."""
        if isinstance(batch, Lone) or self._is_alone():
            return
        self._poke(batch)
        for flight in batch.flights.values():
            for other, _ in flight.batches:
                self._poke(other)

    def alarm(self, flight: Flight | Lone) -> None:
        """Let whoever polls for this flight look at its sockets and alarm anew."""
        if not flight.batches or self._is_alone():
            return
        for batch, _ in flight.batches:
            self._poke(batch)

    def goes_on(self, question: Question) -> bool:
        """Nothing goes on here that no thread waits for."""
        self.ask_elsewhere(question)
        return False

    report = staticmethod(report_fault)

    def _is_alone(self) -> bool:
        """Whether the thread at work is all that waits here, so that there is nobody to poke."""
        return len(self._waiters) == 1 and self._current in self._waiters

    def _poke(self, batch: Batch) -> None:
        if batch.waiter is not self._current:
            batch.waiter.poke()


def _leave_it(_question: Question) -> None:
    """Ask nothing: the next caller does."""


def _shut(port: _Port) -> None:
    try:
        # Unlike close(), this wakes a thread that polls the socket.
        port.sock.shutdown(SHUT_RDWR)
    except OSError:
        return
