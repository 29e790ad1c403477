"""What drivers for one loop have in common: pooled sockets for each nameserver, replies matched by id, one timer.

How to wait is the loop's: `asyncio_.py` and `trio_.py`. All of a driver but `abandon` runs in its loop's thread.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from functools import partial
from socket import SocketType
from typing import Any, TypeAlias
from weakref import finalize, ref

from k8sresolve._core.engine.alarms import Alarms
from k8sresolve._core.engine.desk import Desk, Unsent
from k8sresolve._core.engine.flights import Batch, Flight, Lone, Sending
from k8sresolve._core.engine.inquiry import Reading
from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.engine.sends import Send
from k8sresolve._core.events import Events
from k8sresolve._core.questions import Question, Results, Round, Terms
from k8sresolve._core.wire.reply import Odd
from k8sresolve._drivers.clock import monotonic
from k8sresolve._drivers.pool import CROWD, Pool, Slot, Ticket
from k8sresolve._drivers.running import report_fault
from k8sresolve._drivers.sockets import MOST_DATAGRAM, Stream, addresses_of, open_datagram, query_id, text_of
from k8sresolve.errors import ResolverClosed

AT_ONCE = 8  # datagrams of one socket; a crowd of them would hold up the other tasks of the loop for milliseconds

_Event: TypeAlias = Callable[[Flight | Lone, int, bytes | Reading, float], None]


class PooledDriver(ABC):
    """Runs lookups for the tasks of one loop, which it does not keep alive."""

    def __init__(self, rules: Rules, ledger: Ledger, events: Events, loop: Any) -> None:
        self._rules = rules
        self._addresses = addresses_of(rules.nameservers)
        self._events = events
        self.desk = self._new_desk(ledger)
        self._waiting: set[Batch | Lone] = set()
        self._alarms = Alarms()
        self._rings = math.inf  # when the timer is set to ring
        self._pool = Pool(self._close)
        self.give_up = self._pool.give_up
        self._closed = False
        # What is open, for the case that loop and driver are forgotten together, and nothing is closed in order.
        self._open: set[SocketType] = set()
        finalize(self, _close_all, self._open)
        self.loop = ref(loop, self._bereave)

    def _new_desk(self, ledger: Ledger) -> Desk:
        return Desk(self._rules, ledger, self._events, self, turn=int.from_bytes(query_id()), left=True)

    @property
    def over(self) -> bool:
        """Whether nothing runs in the loop any more, or this driver is closed."""
        loop = self.loop()
        return self._closed or loop is None or self._has_ended(loop)

    async def ask(self, asked: Question | Round, terms: Terms) -> Results:
        """Ask questions at once, and wait for what suffices."""
        while not self._closed:
            batch: Batch | Lone | None = None
            try:
                batch = self.desk.begin(asked, terms, monotonic())
                self._waiting.add(batch)
                await self._wait(batch)
                self._waiting.discard(batch)
            except BaseException:
                self._leave(batch)
                raise
            if isinstance(batch, Lone):
                if batch.answer is not None:
                    return (batch.answer,)
                batch = batch.batch
            if batch is not None and batch.done and not self._closed:
                return tuple(batch.answers)
        raise ResolverClosed("this resolver is closed")

    def _leave(self, batch: Batch | Lone | None) -> None:
        """An exception ends a task's waiting: as a rule it is cancelled."""
        if self.over:
            self.abandon()  # maybe a task that its loop left pending is collected
            return
        if batch is not None and batch in self._waiting:
            self._waiting.remove(batch)
            try:
                if not batch.done:
                    self.desk.leave(batch, monotonic())
            except BaseException:
                self._begin_anew()
                raise
        else:
            self._begin_anew()

    def _begin_anew(self) -> None:
        """Have another desk, of which all who wait ask again.

        An exception came out of nowhere, as a signal handler's may, and left the one before in the midst of its work.
        """
        ledger = self.desk.ledger
        ledger.mend()
        ledger.tally.leave(self.desk)
        self.desk = self._new_desk(ledger)
        self._alarms = Alarms()
        self._rings = math.inf
        self._pool.clear()
        for sock in tuple(self._open):
            self._close(sock)
        waiting, self._waiting = self._waiting, set()
        for batch in waiting:
            self.wake(batch)

    def retire(self) -> None:
        """Close each socket as the last question that waits on it ends."""
        self._pool.retire()

    def close(self) -> None:
        """End what is pending and close the sockets."""
        if self._closed:
            return
        self._closed = True
        self.desk.close(monotonic())
        self._pool.retire()
        self._stop()
        self.abandon()

    def abandon(self) -> None:
        """Close all sockets and forget all flights, whose loop can do nothing about them any more.

        As the loop is collected this comes in whatever thread, in the midst of anything: no lock is taken here.
        """
        self._closed = True
        _close_all(self._open)
        self._pool.clear()
        self._alarms = Alarms()
        self._waiting.clear()
        self.desk.reset()

    def _bereave(self, _: object) -> None:
        self.abandon()

    # -- what the loop does ------------------------------------------------------------------------------------------

    @staticmethod
    @abstractmethod
    def _has_ended(loop: Any) -> bool:
        """Whether nothing can run in the loop any more."""

    @abstractmethod
    def _wait(self, batch: Batch | Lone) -> Awaitable[Any]:
        """Return what is awaited until the batch is done, as it may be by now."""

    @abstractmethod
    def wake(self, batch: Batch | Lone) -> None:
        """Let the batch's task go on."""

    @abstractmethod
    def _soon(self, call: Callable[..., None], *what: Any) -> None:
        """Call it as soon as what runs now has ended."""

    @abstractmethod
    def _beside(self, read: Callable[[], Reading], then: Callable[[Reading], None]) -> None:
        """Call the one in a thread beside the loop, and then the other with what it returned, in the loop."""

    @abstractmethod
    def _set_timer(self, delay: float) -> None:
        """Let `_ring` be called after so many seconds by the loop's clock, and at no other time."""

    @abstractmethod
    def _listen(self, slot: Slot) -> None:
        """Let `_readable` be called whenever the socket has a datagram, until it is closed."""

    @abstractmethod
    def _follow(self, flight: Flight | Lone, stream: Stream, number: int) -> None:
        """Let `_advance` be called whenever the stream can go on, until it is closed."""

    @abstractmethod
    def _unwatch(self, sock: SocketType) -> None:
        """The socket is about to be closed."""

    @abstractmethod
    def _stop(self) -> None:
        """Nothing will happen any more: let go of the loop."""

    # -- time --------------------------------------------------------------------------------------------------------

    def _ring(self) -> None:
        """The timer rings. In this the loop is trusted: its time may be another than the clock's."""
        try:
            self._ring_for(max(monotonic(), self._rings))
        except BaseException:
            self._begin_anew()
            raise

    def _ring_for(self, now: float) -> None:
        self._rings = -math.inf  # no alarm is early enough to wind the timer before all have rung
        alone = self.desk.alone()
        later = [lone.alarm for lone in alone if lone.alarm > now]
        for flight in [*self._alarms.due(now), *(lone for lone in alone if lone.alarm <= now)]:
            self._look(flight)
            self.desk.ring(flight, now)
        self._rings = math.inf
        first = self._alarms.next()
        if first is not None:
            later.append(first)
        if later:
            self._wind(min(later), now)

    def _look(self, flight: Flight | Lone) -> None:
        """Read what has come meanwhile: whoever held up the loop held up its replies, too, which are here."""
        ports: list[Ticket | Stream] = flight.ports
        for port in tuple(ports):
            if isinstance(port, tuple):
                self._readable(port[0], CROWD)  # of a flood no more than can be theirs

    def _wind(self, when: float, now: float) -> None:
        self._rings = when
        self._set_timer(when - now)

    # -- the desk's host ---------------------------------------------------------------------------------------------

    def alarm(self, flight: Flight | Lone) -> None:
        """Note the flight's alarm. One that is put off leaves the timer as it is: it rings, and looks again then."""
        if not isinstance(flight, Lone):  # most of which need no alarm: `_ring` looks for those that are left
            self._alarms.set(flight)
        if flight.alarm < self._rings:
            self._wind(flight.alarm, monotonic())

    def send(self, flight: Flight | Lone, send: Sending) -> Ticket | Stream:
        """Perform a send on a pooled socket, or on a stream of its own."""
        try:
            if not isinstance(send, Lone):
                if send.transport == "tcp":
                    return self._connect(flight, send)
                self._pool.avoid(flight.ports)
            slot = self._pool.choose(send.server, flight.key[1], send.at) or self._open_slot(flight, send)
            id_ = query_id()
            while id_ in slot.ids:
                id_ = query_id()
            try:
                slot.sock.send(id_ + send.payload[2:])
            except OSError as error:
                self._pool.condemn(slot)
                self._soon(self._fail, slot, error)  # the desk is in the middle of this flight
                raise
        except OSError as error:
            raise Unsent(text_of(error)) from error
        return slot.enter(id_, flight, send.number)

    def goes_on(self, question: Question) -> bool:  # noqa: ARG002
        """The loop lets everything go on."""
        return True

    report = staticmethod(report_fault)

    # -- datagrams ---------------------------------------------------------------------------------------------------

    def _open_slot(self, flight: Flight | Lone, send: Sending) -> Slot:
        sock: SocketType | None = None
        try:
            sock = open_datagram(self._addresses[send.server])
            self._open.add(sock)
            slot = self._pool.add(send.server, flight.key[1], sock, send.at)
            self._listen(slot)
        except BaseException:
            if sock is not None:
                self._close(sock)
            raise
        return slot

    def _fail(self, slot: Slot, error: OSError) -> None:
        """Tell all that wait on the socket; an ICMP error does not say which question it is about."""
        now = monotonic()
        try:
            self._pool.condemn(slot)
            for _, _, flight, number in tuple(slot.waiting.values()):
                self.desk.error(flight, number, text_of(error), now)
        except BaseException:
            self._begin_anew()
            raise

    def _readable(self, slot: Slot, most: int = AT_ONCE) -> None:
        """Take what has come for those that wait; so much in one turn of the loop, and the rest in the next ones."""
        for _ in range(most):
            try:
                data = slot.sock.recv(MOST_DATAGRAM)
            except BlockingIOError:
                return
            except OSError as error:
                self._fail(slot, error)
                return
            now = monotonic()
            ticket = slot.waiting.get(data[:2])
            try:
                if ticket is not None:
                    _, _, flight, number = ticket
                    try:
                        self.desk.datagram(flight, number, data, now)
                    except Odd:
                        self._read_beside(self.desk.datagram, flight, number, data)
                elif data[:2] not in slot.ids:
                    # It counts as junk for all, since whoever floods this socket is after one of them.
                    for _, _, flight, number in tuple(slot.waiting.values()):
                        self.desk.datagram(flight, number, b"", now)
            except BaseException:
                self._begin_anew()
                raise
            if not slot.waiting:
                return

    # -- streams -----------------------------------------------------------------------------------------------------

    def _connect(self, flight: Flight | Lone, send: Send) -> Stream:
        stream: Stream | None = None
        try:
            stream = Stream(send.nameserver, send.payload)
            self._open.add(stream.sock)
            self._follow(flight, stream, send.number)
        except BaseException:
            if stream is not None:
                self._close(stream.sock)
            raise
        return stream

    def _advance(self, flight: Flight | Lone, stream: Stream, number: int) -> None:
        """Let the stream go on, and tell what comes of it; it is closed then."""
        outcome = data = None
        try:
            try:
                data = stream.advance()
            except OSError as error:
                outcome = text_of(error)
            if outcome is not None:
                self.desk.drop(flight, stream)
                self.desk.error(flight, number, outcome, monotonic())
            elif data is not None:
                self.desk.drop(flight, stream)
                try:
                    self.desk.message(flight, number, data, monotonic())
                except Odd:
                    self._read_beside(self.desk.message, flight, number, data)
        except BaseException:
            self._begin_anew()
            raise

    # -- what may take long to read ----------------------------------------------------------------------------------

    def _read_beside(self, event: _Event, flight: Flight | Lone, number: int, data: bytes) -> None:
        """Read a reply where it does not hold up the tasks of the loop, and then tell the desk."""
        from k8sresolve._drivers import beside  # most loops never need it

        flight = self.desk.unfold(flight)
        self._beside(partial(beside.read, flight, data), partial(self._was_read, event, flight, number))

    def _was_read(self, event: _Event, flight: Flight, number: int, reading: Reading) -> None:
        """Tell the desk what reading came to, unless the flight has landed meanwhile, or was given up with its desk."""
        if self.desk.flights.get(flight.key) is not flight:
            return
        try:
            event(flight, number, reading, monotonic())
        except BaseException:
            self._begin_anew()
            raise

    def _close(self, sock: SocketType) -> None:
        if sock.fileno() != -1:
            self._unwatch(sock)
            sock.close()
        self._open.discard(sock)


def _close_all(socks: set[SocketType]) -> None:
    while socks:
        try:
            sock = socks.pop()
        except KeyError:  # another thread was faster
            return
        sock.close()
